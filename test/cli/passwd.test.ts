import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatUser, parseUsers } from '../../src/config/users.ts';
import { webUser } from '../support/fake-access.ts';
import { type FakeOptions, play } from './fake-session.ts';

const FILE = '/etc/u';
const EVE = formatUser(webUser('eve', 'viewer', 'old'));
const TEXT = `# the team\n${EVE}\n`;

const passwd = (options: Omit<FakeOptions, 'server'>, line: string): ReturnType<typeof play> =>
  play({ server: {}, files: { [FILE]: TEXT }, ...options }, `passwd ${line}`);

test('passwd adds a user who may look, or as the role says, and needs no server', async () => {
  const plain = await passwd({ typed: ['long enough'] }, `${FILE} bob`);
  assert.deepEqual(
    [plain.exit, plain.stdout, plain.stderr],
    [0, 'New password for bob: \nbob: added, role viewer\n', ''],
  );
  assert.equal(plain.files.get(FILE), `${TEXT}${formatUser(webUser('bob', 'viewer', 'long enough'))}\n`);
  const admin = await passwd({ typed: ['long enough'] }, `--role=admin /etc/new bob`);
  assert.equal(admin.files.get('/etc/new'), `${formatUser(webUser('bob', 'admin', 'long enough'))}\n`);
  assert.deepEqual(admin.calls, []);
});

test('passwd changes the password of a user, who keeps the role unless another is given', async () => {
  const changed = await passwd(
    { typed: ['long enough'], files: { [FILE]: EVE.replace('viewer', 'operator') } },
    `${FILE} eve`,
  );
  assert.equal(parseUsers(changed.files.get(FILE) ?? '').users.get('eve')?.role, 'operator');
  assert.match(changed.stdout, /eve: changed, role operator\n$/);
  const promoted = await passwd({ typed: ['long enough'] }, `${FILE} eve --role=admin`);
  assert.equal(promoted.files.get(FILE), `# the team\n${formatUser(webUser('eve', 'admin', 'long enough'))}\n`);
});

test('passwd asks a person twice, and a file once', async () => {
  const twice = await passwd({ atTerminal: true, typed: ['long enough', 'long enough'] }, `${FILE} bob`);
  assert.equal(twice.exit, 0);
  const unlike = await passwd({ atTerminal: true, typed: ['long enough', 'long enougf'] }, `${FILE} bob`);
  assert.deepEqual(
    [unlike.exit, unlike.stderr, unlike.files.get(FILE)],
    [1, 'Error: the two are not the same\n', TEXT],
  );
  for (const typed of [[], ['']]) {
    const none = await passwd({ typed }, `${FILE} bob`);
    assert.deepEqual([none.exit, none.stderr, none.files.get(FILE)], [1, 'Error: no password was given\n', TEXT]);
  }
  const short = await passwd({ typed: ['short'] }, `${FILE} bob`);
  assert.deepEqual([short.exit, short.stderr], [0, 'warning: a password of less than 8 characters is guessed soon\n']);
});

test('passwd --delete removes a user', async () => {
  const gone = await passwd({}, `--delete ${FILE} eve`);
  assert.deepEqual([gone.exit, gone.stdout, gone.files.get(FILE)], [0, 'eve: removed\n', '# the team\n']);
  const nobody = await passwd({}, `--delete ${FILE} bob`);
  assert.deepEqual([nobody.exit, nobody.stderr, nobody.files.get(FILE)], [1, `Error: ${FILE} has no user bob\n`, TEXT]);
});

test('passwd says what is wrong, and changes nothing', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['/etc/u a:b', /a name has 1 to 64 characters/],
    ['/etc/u #bob', /a name has 1 to 64 characters/],
    ['/etc/u bob --role=root', /there is no role root; there are viewer, operator, admin/],
    ['/secret bob', /cannot read \/secret: EACCES/],
    ['/full bob', /cannot write \/full: ENOSPC/],
  ];
  for (const [line, message] of cases) {
    const refused = await passwd({ typed: ['long enough'] }, line);
    assert.equal(refused.exit, 2, line);
    assert.match(refused.stderr, message);
    assert.equal(refused.files.get(FILE), TEXT);
  }
  assert.equal((await passwd({}, FILE)).exit, 2);
  const broken = await passwd({ typed: ['long enough'], files: { [FILE]: 'eve\n' } }, `${FILE} bob`);
  assert.match(broken.stderr, /^\/etc\/u:1: cannot read a user: want name:role:hash\n$/);
  assert.match(broken.files.get(FILE) ?? '', /^eve\nbob:/);
});

test('what a role may not do has the exit code of missing privileges', async () => {
  const { RpcFault } = await import('../../src/rpc/faults.ts');
  const forbidden = new RpcFault('FORBIDDEN', 'supervisor.shutdown is for the role admin, this user is viewer');
  const shutdown = await play({ server: { shutdown: forbidden } }, 'shutdown');
  assert.deepEqual([shutdown.exit, shutdown.stdout], [4, `error: ${forbidden.text}\n`]);
  const start = await play({ server: { startProcess: forbidden } }, 'start web');
  assert.deepEqual([start.exit, start.stdout], [4, `web: ERROR (${forbidden.text})\n`]);
});
