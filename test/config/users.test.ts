import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatUser, isUserName, parseUsers, replaceUser, USER_ROLES, type WebUser } from '../../src/config/users.ts';
import { bad, good } from './fake-source.ts';

const SALT = 's'.repeat(22);
const KEY = 'k'.repeat(43);
const line = (name: string, role = 'viewer', hash = `scrypt$16384$8$5$${SALT}$${KEY}`): string =>
  `${name}:${role}:${hash}`;
const D = '[supervisord]\n';

const PLAIN = { noNullPrototype: true } as const;
const user: fc.Arbitrary<WebUser> = fc.record(
  {
    name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isUserName),
    role: fc.constantFrom(...USER_ROLES),
    hash: fc.record(
      {
        cost: fc.constantFrom(2, 1024, 2 ** 15),
        blockSize: fc.integer({ min: 1, max: 8 }),
        parallel: fc.integer({ min: 1, max: 16 }),
        salt: fc.stringMatching(/^[\w-]{16,32}$/),
        key: fc.stringMatching(/^[\w-]{43,64}$/),
      },
      PLAIN,
    ),
  },
  PLAIN,
);

test('parseUsers() reads back what formatUser() writes', () => {
  fc.assert(
    fc.property(fc.uniqueArray(user, { selector: ({ name }) => name }), (users) => {
      const parsed = parseUsers(users.map((one) => `${formatUser(one)}\n`).join('# with a comment\n\n'));
      assert.deepEqual([...parsed.users.values()], users);
      assert.deepEqual(parsed.problems, []);
    }),
  );
});

test('parseUsers() names each line that is no user, and never what may be a password', () => {
  const text = [
    '# users',
    line('bob', 'operator'),
    '',
    'eve',
    'eve:viewer:hunter2',
    line('eve', 'vewer'),
    line('eve', 'root'),
    line('', 'viewer'),
    line('e e'),
    `${line('eve')}:more`,
    line('bob', 'admin'),
    line('big', 'viewer', `scrypt$1048576$32$16$${SALT}$${KEY}`),
    line('odd', 'viewer', `scrypt$1000$8$5$${SALT}$${KEY}`),
    line('short', 'viewer', `scrypt$16384$8$5$${SALT}$k`),
    line('eve', 'admin'),
  ].join('\r\n');
  const { users, problems } = parseUsers(`\ufeff${text}`);
  assert.deepEqual([...users.keys()], ['bob', 'eve']);
  assert.equal(users.get('bob')?.role, 'operator');
  assert.deepEqual(
    problems.map((problem) => problem.line),
    [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
  );
  assert.ok(problems.every(({ message, hint }) => !`${message} ${hint ?? ''}`.includes('hunter2')));
  assert.equal(problems[2]?.hint, 'did you mean viewer?');
  assert.equal(problems[3]?.hint, 'there are viewer, operator, admin');
});

test('isUserName() refuses what would spoil a line', () => {
  for (const name of ['bob', 'bøb', 'a#b', '-', 'ops@example.com', '__proto__']) assert.ok(isUserName(name), name);
  for (const name of ['', '#bob', 'a:b', 'a b', 'a\nb', 'a\u202eb', 'a\0', 'x'.repeat(65)])
    assert.ok(!isUserName(name), name);
});

test('replaceUser() changes one line, and leaves the rest as it was', () => {
  const text = `# the team\n${line('bob')}\n\nbroken\n${line('eve')}`;
  const hash = parseUsers(line('x')).users.get('x')?.hash;
  assert.ok(hash !== undefined);
  const changed = replaceUser(text, 'bob', { name: 'bob', role: 'admin', hash });
  assert.equal(changed, `# the team\n${line('bob', 'admin')}\n\nbroken\n${line('eve')}\n`);
  assert.equal(replaceUser(changed, 'bob', undefined), `# the team\n\nbroken\n${line('eve')}\n`);
  assert.equal(replaceUser('', 'new', { name: 'new', role: 'viewer', hash }), `${line('new')}\n`);
  assert.equal(replaceUser(`${line('only')}\n`, 'only', undefined), '');
  assert.equal(replaceUser(`${line('twice')}\n${line('twice', 'admin')}\n`, 'twice', undefined), '');
});

test('loadConfig() reads the keys of servers that are not supervisord’s', () => {
  const text = `${D}[unix_http_server]\nfile=/s\nusers=%(here)s/u\n[inet_http_server]\nport=*:1\nusers=u2\ncertfile=c\nkeyfile=%(here)s/k\nallow_anonymous=yes\n`;
  const [inet, unix] = good(text).servers;
  assert.ok(inet?.kind === 'inet' && unix?.kind === 'unix');
  assert.equal(unix.users, '/etc/u');
  assert.equal(inet.users, '/etc/u2');
  assert.deepEqual(inet.tls, { certfile: '/etc/c', keyfile: '/etc/k' });
  assert.equal(inet.allowAnonymous, true);
});

test('loadConfig() warns of a server that others reach and nothing protects', () => {
  const warned = (keys: string): boolean =>
    good(`${D}[inet_http_server]\n${keys}`).warnings.some(({ message }) => message.includes('will not be opened'));
  for (const keys of [
    'port=9001',
    'port=*:9001',
    'port=0.0.0.0:9001',
    'port=box:9001',
    'port=[::]:9001',
    'port=10.0.0.1:1\nallow_anonymous=false',
  ]) {
    assert.ok(warned(keys), keys);
  }
  for (const keys of [
    'port=127.0.0.1:9001',
    'port=127.1.2.3:9001',
    'port=localhost:9001',
    'port=[::1]:9001',
    'port=9001\nusername=a\npassword=b',
    'port=9001\nusers=u',
    'port=9001\nallow_anonymous=true',
  ]) {
    assert.ok(!warned(keys), keys);
  }
});

test('loadConfig() looks into the files of servers when asked to, and blames file, line and key', () => {
  const head = `${D}[inet_http_server]\nport=127.0.0.1:1\n`;
  const files = { '/etc/u': `${line('bob')}\nbroken\n`, '/etc/empty': '# nobody\n', '/etc/c': 'cert', '/etc/k': 'key' };
  const problems = (keys: string, more: Parameters<typeof good>[1] = {}): readonly string[] => {
    const machine = { ...more, files: { ...files, '/etc/s.conf': head + keys }, withFiles: true };
    const loaded = load(machine);
    return loaded.map(
      ({ severity, place, key, message }) => `${severity} ${place?.file}:${place?.line} ${key}: ${message}`,
    );
  };
  const load = (machine: Parameters<typeof good>[1]): ReturnType<typeof bad>['problems'] => {
    try {
      return good(head, machine).warnings;
    } catch {
      return bad(head, machine).problems;
    }
  };
  assert.deepEqual(problems('users=/etc/u'), ['warning /etc/u:2 undefined: cannot read a user: want name:role:hash']);
  assert.deepEqual(problems('users=/etc/empty'), [
    'warning /etc/s.conf:4 users: /etc/empty names no user: nobody gets in',
  ]);
  assert.deepEqual(problems('users=/etc/none'), [
    'error /etc/s.conf:4 users: cannot read /etc/none: there is no such file',
  ]);
  assert.deepEqual(problems('certfile=/etc/c'), ['error /etc/s.conf:2 keyfile: HTTPS needs both certfile and keyfile']);
  assert.deepEqual(problems('certfile=/etc/c\nkeyfile=/etc/x'), [
    'error /etc/s.conf:5 keyfile: cannot read /etc/x: there is no such file',
  ]);
  const inspectTls = (cert: Uint8Array, key: Uint8Array): { key: 'keyfile'; message: string; isUsable: boolean } => ({
    key: 'keyfile',
    message: `${Buffer.from(cert).toString()} is not of ${Buffer.from(key).toString()}`,
    isUsable: false,
  });
  assert.deepEqual(problems('certfile=/etc/c\nkeyfile=/etc/k', { inspectTls }), [
    'error /etc/s.conf:5 keyfile: /etc/k: cert is not of key',
  ]);
  assert.deepEqual(problems('certfile=/etc/c\nkeyfile=/etc/k'), []);
});
