import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvironment } from '../../src/config/environment.ts';
import * as values from '../../src/config/values.ts';
import { fakeSource } from './fake-source.ts';

const source = fakeSource({ directories: ['/var/log', '/home/web'] });

type Case = readonly [text: string, value: unknown];

/** Values, then texts with their errors. @source spec lifecycle 1.7; read off the real program */
function check(type: values.Type<unknown>, good: readonly Case[], bad: readonly (readonly [string, string])[]): void {
  for (const [text, value] of good) assert.deepEqual(type.parse(text, source), { ok: true, value }, text);
  for (const [text, error] of bad) assert.deepEqual(type.parse(text, source), { ok: false, error }, text);
}

const notInteger = (text: string): readonly [string, string] => [
  text,
  `invalid literal for int() with base 10: '${text}'`,
];

test('integer reads what Python reads', () => {
  const good: readonly Case[] = [
    ['1', 1],
    ['01', 1],
    [' 1', 1],
    ['1_0', 10],
    ['+5', 5],
    ['-5', -5],
    ['1\u00a0', 1],
    ['-0', 0],
  ];
  check(values.integer, good, ['_1', '1__0', '', 'x', '1.0', '0x1', '1 2', '--1', '- 1'].map(notInteger));
  check(values.integer, [['9'.repeat(400), Number.MAX_SAFE_INTEGER]], []);
});

test('duration reads seconds', () => check(values.duration, [['10', 10_000]], [notInteger('1.5')]));

test('boolean reads eight words', () => {
  const good: readonly Case[] = [
    ['true', true],
    ['YES', true],
    ['On', true],
    ['1', true],
    ['false', false],
    ['no', false],
    ['OFF', false],
    ['0', false],
  ];
  check(
    values.boolean,
    good,
    ['', 'x', ' true', '2'].map((text) => [text, `not a valid boolean value: '${text}'`]),
  );
});

test('autorestart reads a boolean or unexpected', () => {
  const good: readonly Case[] = [
    ['true', 'always'],
    ['no', 'never'],
    ['Unexpected', 'unexpected'],
  ];
  check(values.autorestart, good, [
    ['A', "invalid 'autorestart' value 'a'"],
    ['', "invalid 'autorestart' value ''"],
  ]);
});

test('byteSize reads KB, MB and GB', () => {
  const good: readonly Case[] = [
    ['1KB', 1024],
    ['1 kb', 1024],
    ['1MB', 1_048_576],
    ['5gb', 5 * 1024 ** 3],
    ['-1KB', -1024],
    ['10', 10],
    ['1_0KB', 10_240],
  ];
  const bad: readonly (readonly [string, string])[] = [
    ['1B', '1b'],
    ['1K', '1k'],
    ['1.5MB', '1.5'],
    ['KB', ''],
    ['', ''],
    ['1 KB ', '1 kb '],
    ['1TB', '1tb'],
    ['10kbkb', '10kb'],
  ];
  check(
    values.byteSize,
    good,
    bad.map(([text, rest]) => [text, `invalid literal for int() with base 10: '${rest}'`]),
  );
});

test('octal reads modes', () => {
  const good: readonly Case[] = [
    ['022', 18],
    ['0o22', 18],
    ['0O22', 18],
    ['-7', -7],
    ['1_0', 8],
    ['0_22', 18],
    [' 022 ', 18],
    ['0o_22', 18],
    ['+0o7', 7],
  ];
  check(
    values.octal(),
    good,
    ['8', '', '0x1', '0o', '22o', '0b1'].map((text) => [text, `${text} can not be converted to an octal type`]),
  );
  check(values.octal('Invalid chmod value'), [], [['9', 'Invalid chmod value 9']]);
});

test('exitCodes and stringList read lists', () => {
  check(
    values.stringList,
    [
      ['a,b', ['a', 'b']],
      ['a, b ,', ['a', 'b', '']],
      ['', []],
      [' ', ['']],
    ],
    [],
  );
  check(
    values.exitCodes,
    [
      ['0,2', [0, 2]],
      ['', []],
      ['0, 2 ', [0, 2]],
      ['255', [255]],
    ],
    [',', '0,', '256', '-1', '1,x', '0;2'].map((text) => [text, `not a valid list of exit codes: '${text}'`]),
  );
});

test('userType and owner look people up', () => {
  const web = { name: 'web', uid: 33, gid: 34, gids: [34, 50] };
  check(
    values.userType,
    [
      ['web', web],
      ['33', web],
    ],
    [
      ['nobody', 'Invalid user name nobody'],
      ['99', 'Invalid user id 99'],
      ['-1', 'Invalid user id -1'],
      ['', 'Invalid user name '],
      ['web:adm', 'Invalid user name web:adm'],
    ],
  );
  const good: readonly Case[] = [
    ['web', { uid: 33, gid: -1 }],
    ['web:adm', { uid: 33, gid: 4 }],
    ['0:4', { uid: 0, gid: 4 }],
  ];
  check(
    values.owner('Invalid sockchown value'),
    good,
    ['nobody', 'web:nope', 'web:', '0:99', 'a:b:c'].map((text) => [text, `Invalid sockchown value ${text}`]),
  );
});

test('paths must have an existing directory', () => {
  const missing = (text: string): readonly [string, string] => [
    text,
    `The directory named as part of the path ${text} does not exist`,
  ];
  check(
    values.filePath,
    [
      ['/var/log/a', '/var/log/a'],
      ['a', '/etc/a'],
      ['~web/a', '/home/web/a'],
    ],
    ['/nope/x', 'a/b', '~nobody/x'].map(missing),
  );
  check(
    values.mainLogPath,
    [
      ['syslog', 'syslog'],
      ['SYSLOG', '/etc/SYSLOG'],
      ['NONE', '/etc/NONE'],
    ],
    [missing('/nope/x')],
  );
  check(
    values.existingDirectory,
    [
      ['/var/log', '/var/log'],
      ['~web', '/home/web'],
    ],
    ['/nope', '', 'x'].map((text) => [text, `${text} is not an existing directory`]),
  );
  const file = (path: string): unknown => ({ kind: 'file', path });
  const logs: readonly Case[] = [
    ['none', { kind: 'none' }],
    ['OFF', { kind: 'none' }],
    ['', { kind: 'none', isEmpty: true }],
    ['Auto', { kind: 'auto' }],
    ['syslog', { kind: 'syslog' }],
    ['x', file('x')],
    ['~web/x', file('/home/web/x')],
    ['a%%b', file('a%b')],
    ['a%b', file('a%b')],
  ];
  check(values.logFile, logs, [missing('/nope/x')]);
});

test('logLevel reads seven words', () => {
  check(
    values.logLevel,
    [
      ['info', 'info'],
      ['BLATHER', 'blather'],
    ],
    ['warning', 'crit', '20', '', ' info '].map((text) => [text, `bad logging level name '${text}'`]),
  );
});

test('inetAddress reads ports and hosts', () => {
  const at = (host: string, port: number): unknown => ({ host, port });
  const good: readonly Case[] = [
    ['9001', at('', 9001)],
    [':9001', at('', 9001)],
    ['*:9001', at('', 9001)],
    ['Host:90', at('host', 90)],
    ['h: 80', at('h', 80)],
    ['[::1]:9001', at('::1', 9001)],
    ['9_001', at('', 9001)],
  ];
  const bare = ['', 'x', '-1', '0x1', '1.5', '999999', '0'];
  const bad: readonly (readonly [string, string])[] = [
    ['h:0', '0 is below lower bound (1)'],
    ['h:70000', '70000 is above upper bound (65535)'],
    ['h:', "no port number specified in ''"],
    ['h:x', "invalid literal for int() with base 10: 'x'"],
  ];
  check(values.inetAddress, good, [
    ...bare.map((text): readonly [string, string] => [text, `not a valid port number: '${text}' `]),
    ...bad,
  ]);
});

test('name refuses blanks, colons and slashes', () => {
  check(
    values.name,
    [
      ['a', 'a'],
      ['', ''],
      [' a ', 'a'],
      ['a\tb', 'a\tb'],
    ],
    [' ', ':', '/'].map((char) => [`a${char}b`, `Invalid name: 'a${char}b' because of character: '${char}'`]),
  );
});

test('fcgiAddress reads unix and tcp sockets', () => {
  const good: readonly Case[] = [
    ['unix:///a/b', { kind: 'unix', path: '/a/b', url: 'unix:///a/b' }],
    ['tcp://h:80', { kind: 'tcp', host: 'h', port: 80, url: 'tcp://h:80' }],
  ];
  const bad: readonly (readonly [string, string])[] = [
    ['unix://a', "('Unix socket path %s is not an absolute path', 'a')"],
    ['tcp://h:0', '0 is below lower bound (1)'],
    ['tcp://h:99999', '99999 is above upper bound (65535)'],
  ];
  const format = ['x', 'http://h:1', 'tcp://h', 'tcp://h:x', 'tcp://:80', 'UNIX:///a', 'tcp://[::1]:80', 'tcp://h:80/'];
  check(values.fcgiAddress, good, [
    ...bad,
    ...format.map((text): readonly [string, string] => [text, `('Bad socket format %s', '${text}')`]),
  ]);
});

test('serverUrl knows auto', () => {
  check(
    values.serverUrl,
    [
      [' AUTO ', 'auto'],
      ['', ''],
      ['http://x', 'http://x'],
    ],
    [],
  );
});

/** The table of spec lifecycle 1.8, column REF. */
const ENVIRONMENTS: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
  ['', {}, []],
  ['A=1,B=2', { A: '1', B: '2' }, []],
  ['A=1,\nB=2,', { A: '1', B: '2' }, []],
  ['A=1;B=2', { A: '1', B: '2' }, ['A']],
  ['A=1|B=2', { A: '1', B: '2' }, ['A']],
  ['A=~/x', { A: '~' }, ['A']],
  ['A=$X', { A: '$' }, ['A']],
  ['A=😀', { A: '😀' }, []],
  ['A=foo#bar', { A: 'foo' }, []],
  ['A="it\'s"', { A: "it's" }, []],
  [`A="'x'"`, { A: "'x'" }, []],
  ['A="a\\"b"', { A: 'a"b' }, []],
  ['A="C:\\dir"', { A: 'C:\\dir' }, []],
  ['A=C:\\dir', { A: 'C:dir' }, []],
  ['A=foo"bar baz"', { A: 'foobar baz' }, []],
  ['"A"=1', { A: '1' }, []],
  ['A=""', { A: '' }, []],
  ['A=1,A=2', { A: '2' }, []],
  ['a=1', { a: '1' }, []],
];

test('parseEnvironment() reads quotes as a shell does, and tells which values were cut', () => {
  for (const [text, variables, cut] of ENVIRONMENTS) {
    const result = parseEnvironment(text);
    assert.ok(result.ok, text);
    assert.deepEqual([Object.fromEntries(result.value.variables), result.value.cut], [variables, cut], text);
  }
});

test('parseEnvironment() keeps hostile names as plain variables', () => {
  const result = parseEnvironment('__proto__=1,constructor=2');
  assert.deepEqual(result.ok ? [...result.value.variables] : [], [
    ['__proto__', '1'],
    ['constructor', '2'],
  ]);
});

test('parseEnvironment() fails in the words of supervisord', () => {
  for (const text of ['A=1 B=2', 'A=', 'A=b=c', 'A=1,,B=2', 'A=a*b', 'A=x%y', 'A']) {
    assert.deepEqual(parseEnvironment(text), {
      ok: false,
      error: `Unexpected end of key/value pairs in value '${text}'`,
    });
  }
  assert.deepEqual(parseEnvironment('A="'), { ok: false, error: 'No closing quotation' });
  assert.deepEqual(parseEnvironment('A=\\'), { ok: false, error: 'No escaped character' });
});
