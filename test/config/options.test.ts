import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CTL_USAGE, loadCtlConfig, parseCtlOptions } from '../../src/config/ctl.ts';
import { OPTIONS, parseOptions, USAGE } from '../../src/config/options.ts';
import { findConfigFile, searchPaths } from '../../src/config/search.ts';
import { fakeSource } from './fake-source.ts';

const source = fakeSource();
const parse = (...argv: readonly string[]): unknown => {
  const result = parseOptions(argv, source);
  if (!result.ok) return result.error;
  const options = result.value;
  if (options.kind === 'help' || options.kind === 'version') return options.kind;
  return { ...options, overrides: Object.fromEntries(options.overrides) };
};
const run = (changes: object): unknown => ({ kind: 'run', file: undefined, overrides: {}, json: false, ...changes });

/** Read off the real program. */
const ERRORS: readonly (readonly [readonly string[], string])[] = [
  [['-z', 'x'], "invalid value for -z 'x': invalid literal for int() with base 10: 'x'"],
  [['--logfile_backups=x'], "invalid value for --logfile_backups 'x': invalid literal for int() with base 10: 'x'"],
  [['-n', '--nodaemon'], "conflicting command line option '--nodaemon'"],
  [['-nn'], "conflicting command line option '-n'"],
  [['--no'], 'option --no not a unique prefix'],
  [['--foo'], 'option --foo not recognized'],
  [['-Z'], 'option -Z not recognized'],
  [['-c'], 'option -c requires argument'],
  [['--logfile'], 'option --logfile requires argument'],
  [['--nodaemon=1'], 'option --nodaemon must not have an argument'],
  [['--=x'], 'option -- not a unique prefix'],
  [['a', 'b'], "positional arguments are not supported: ['a', 'b']"],
  [['-n', 'a b', "it's"], "positional arguments are not supported: ['a b', \"it's\"]"],
  [['-'], "positional arguments are not supported: ['-']"],
  [['-q', '/nope'], "invalid value for -q '/nope': /nope is not an existing directory"],
  [['-e', 'xx'], "invalid value for -e 'xx': bad logging level name 'xx'"],
  [['-m', '9'], "invalid value for -m '9': 9 can not be converted to an octal type"],
  [['-y', '1B'], "invalid value for -y '1B': invalid literal for int() with base 10: '1b'"],
  [['-h', '-Z'], 'option -Z not recognized'],
];

test('parseOptions() refuses in the words of supervisord', () => {
  for (const [argv, error] of ERRORS) assert.equal(parse(...argv), error, argv.join(' '));
});

test('parseOptions() reads short, long, bundled and abbreviated options', () => {
  assert.deepEqual(parse(), run({}));
  assert.deepEqual(parse('-nscFILE'), run({ file: 'FILE', overrides: { nodaemon: 'true', silent: 'true' } }));
  assert.deepEqual(parse('--conf', 'F', '--logfile_m=1KB'), run({ file: 'F', overrides: { logfile_maxbytes: '1KB' } }));
  assert.deepEqual(parse('--childl=/tmp', '--'), run({ overrides: { childlogdir: '/tmp' } }));
  assert.deepEqual(parse('--ch', '/tmp'), run({ overrides: { childlogdir: '/tmp' } }));
  assert.deepEqual(parse('-u', 'nobody', '-i', ''), run({ overrides: { user: 'nobody', identifier: '' } }));
  assert.deepEqual(parse('--profile_options', 'x'), run({}));
});

test('parseOptions() acts on help and version at once', () => {
  assert.deepEqual(
    [parse('-vh'), parse('-?'), parse('-n', '--help', 'x'), parse('--version')],
    ['version', 'help', 'help', 'version'],
  );
});

test('parseOptions() knows --check and --json, written in full', () => {
  assert.deepEqual(parse('--check', '--json'), run({ kind: 'check', json: true }));
  assert.equal(parse('--chec'), 'option --chec not recognized');
});

test('USAGE tells every option', () => {
  for (const { long } of OPTIONS) assert.match(USAGE, new RegExp(`--${long}\\b`));
  assert.match(CTL_USAGE, /-s, --serverurl URL/);
});

test('findConfigFile() takes the first of the usual places', () => {
  assert.deepEqual(searchPaths('/usr/bin/superd', '/x'), [
    '/usr/etc/supervisord.conf',
    '/usr/supervisord.conf',
    'supervisord.conf',
    'etc/supervisord.conf',
    '/etc/supervisord.conf',
    '/etc/supervisor/supervisord.conf',
  ]);
  const found = findConfigFile(fakeSource({ files: { '/etc/supervisor/supervisord.conf': '' } }), '/usr/bin/superd');
  assert.deepEqual(found, { ok: true, value: '/etc/supervisor/supervisord.conf' });
  const none = findConfigFile(source, '/usr/bin/superd');
  assert.match(
    none.ok ? '' : none.error,
    /^No config file found at default paths \(\/usr\/etc\/supervisord\.conf, .*\); use the -c option /,
  );
});

const ctl = (text: string | undefined, ...argv: readonly string[]): unknown => {
  const files = text === undefined ? {} : { '/etc/s.conf': text };
  const options = parseCtlOptions(argv);
  if (!options.ok || options.value.kind === 'help') return options.ok ? 'help' : options.error;
  const { file, overrides } = options.value;
  const loaded = loadCtlConfig(fakeSource({ files }), { argv0: '/usr/bin/superctl', file, overrides });
  return loaded.ok ? loaded.value : loaded.error.summary;
};
const DEFAULTS = {
  serverurl: 'http://localhost:9001',
  username: undefined,
  password: undefined,
  cacert: undefined,
  insecure: false,
  prompt: 'supervisor',
  historyFile: undefined,
};

test('loadCtlConfig() does without a file, but not without its section', () => {
  assert.deepEqual(ctl(undefined), DEFAULTS);
  assert.equal(ctl('[supervisord]', '-c', '/etc/s.conf'), '.ini file does not include supervisorctl section');
  assert.equal(ctl(undefined, '-c', 'nope'), 'could not find config file nope');
  assert.equal(ctl('x', '-c', '/etc/s.conf'), "File contains no section headers.\nfile: '/etc/s.conf', line: 1\n'x'");
});

test('loadCtlConfig() reads the section, and lets the command line beat it', () => {
  const text =
    '[supervisorctl]\nserverurl=unix://%(here)s/s\nusername=u\npassword=p%%\nprompt=%(ENV_HOME)s\nhistory_file=~/h\ncacert=%(here)s/ca.pem';
  const config = {
    serverurl: 'unix:///etc/s',
    username: 'u',
    password: 'p%',
    cacert: '/etc/ca.pem',
    insecure: false,
    prompt: '/root',
    historyFile: '/root/h',
  };
  assert.deepEqual(ctl(text, '-c', '/etc/s.conf'), config);
  const argv = [
    '-c',
    '/etc/s.conf',
    '-s',
    'http://h:1',
    '-uv',
    '--password',
    '%d',
    '-r',
    '/x',
    '--insecure',
    '--cacert=/y',
  ];
  assert.deepEqual(ctl(text, ...argv), {
    ...config,
    serverurl: 'http://h:1',
    username: 'v',
    password: '%d',
    historyFile: '/x',
    insecure: true,
    cacert: '/y',
  });
});

test('parseCtlOptions() stops at the action', () => {
  const options = parseCtlOptions(['-i', 'tail', '-f', 'x']);
  assert.ok(options.ok && options.value.kind === 'run');
  assert.deepEqual([options.value.interactive, options.value.action], [true, ['tail', '-f', 'x']]);
});

test('parseCtlOptions() refuses in the words of supervisorctl', () => {
  const bad = ['a', 'http:', '://x', 'unix://', 'a://', 'http://'];
  for (const url of bad)
    assert.equal(ctl(undefined, '-s', url), `invalid value for -s '${url}': value '${url}' is not a URL`);
  assert.equal(ctl(undefined, '-i', '-i'), "conflicting command line option '-i'");
  assert.equal(ctl(undefined, '-?'), 'help');
});
