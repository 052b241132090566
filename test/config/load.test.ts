import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import type { GroupConfig, ProcessConfig } from '../../src/config/model.ts';
import { formatFailure, formatProblem, logLine, problemJson } from '../../src/config/problems.ts';
import { MAX_NUMPROCS } from '../../src/config/sections/program.ts';
import { bad, fakeSource, good, loadText } from './fake-source.ts';

const D = '[supervisord]\n';
const P = `${D}[program:x]\ncommand=/bin/cat\n`;

const group = (text: string, name = 'x'): GroupConfig => {
  const found = good(text).groups.find((candidate) => candidate.name === name);
  assert.ok(found, `no group ${name}`);
  return found;
};
const processes = (text: string, name = 'x'): readonly ProcessConfig[] => group(text, name).processes;
const process = (text: string): ProcessConfig => {
  const [first] = processes(text);
  assert.ok(first);
  return first;
};
const summary = (text: string): string => bad(text).summary;
/** The problems of a text without the name of the file. */
const lines = (text: string): readonly string[] =>
  bad(text).problems.map((problem) => formatProblem(problem).replace('/etc/s.conf:', ''));
const warnings = (text: string): readonly string[] => good(text).warnings.map(logLine);

test('loadConfig() gives every key of [supervisord] its default', () => {
  assert.deepEqual(good(D).daemon, {
    minfds: 1024,
    minprocs: 200,
    directory: undefined,
    umask: 0o22,
    logfile: '/etc/supervisord.log',
    logfileMaxbytes: 50 * 2 ** 20,
    logfileBackups: 10,
    loglevel: 'info',
    pidfile: '/etc/supervisord.pid',
    identifier: 'supervisor',
    nodaemon: false,
    silent: false,
    childlogdir: '/tmp',
    nocleanup: false,
    stripAnsi: false,
    environment: {},
    journalMaxbytes: 64 * 2 ** 20,
    metrics: 'auto',
    metricsInterval: 5000,
    metricsMaxbytes: 64 * 2 ** 20,
    watch: false,
    statedir: '/etc/supervisord.state',
    user: undefined,
  });
});

test('loadConfig() gives every key of [program:x] its default', () => {
  const stream = {
    captureMaxbytes: 0,
    isDirect: false,
    eventsEnabled: false,
    logfile: { kind: 'auto' },
    backups: 10,
    maxbytes: 50 * 2 ** 20,
    syslog: false,
  };
  assert.deepEqual(process(P), {
    priority: 999,
    autostart: true,
    autorestart: 'unexpected',
    startsecs: 1000,
    startretries: 3,
    stopsignal: 15,
    stopwaitsecs: 10_000,
    stopasgroup: false,
    killasgroup: false,
    exitcodes: [0],
    redirectStderr: false,
    serverurl: 'auto',
    user: undefined,
    umask: undefined,
    name: 'x',
    program: 'x',
    command: '/bin/cat',
    directory: undefined,
    environment: {},
    stdout: stream,
    stderr: stream,
    place: { file: '/etc/s.conf', line: 2 },
  });
});

test('loadConfig() reads every key of [program:x]', () => {
  const text = `${P}priority=5\nautostart=no\nautorestart=true\nstartsecs=2\nstartretries=9\nstopsignal=INT\nstopwaitsecs=3
stopasgroup=yes\nexitcodes=1,2\nredirect_stderr=on\nserverurl=http://h:1\nuser=web\numask=077\ndirectory=~/d
stdout_logfile=/tmp/o\nstdout_logfile_maxbytes=1KB\nstdout_logfile_backups=2\nstdout_capture_maxbytes=3\nstdout_events_enabled=1
stdout_syslog=true\nstderr_logfile=NONE\nenvironment=A="b c"`;
  const read = process(text);
  assert.deepEqual([read.priority, read.autostart, read.autorestart, read.startsecs], [5, false, 'always', 2000]);
  assert.deepEqual([read.startretries, read.stopsignal, read.stopwaitsecs], [9, 2, 3000]);
  assert.deepEqual([read.stopasgroup, read.killasgroup, read.exitcodes], [true, true, [1, 2]]);
  assert.deepEqual(
    [read.redirectStderr, read.serverurl, read.user?.gids, read.umask],
    [true, 'http://h:1', [34, 50], 0o77],
  );
  assert.deepEqual([read.directory, read.environment], ['~/d', { A: 'b c' }]);
  assert.deepEqual(read.stdout, {
    logfile: { kind: 'file', path: '/tmp/o' },
    maxbytes: 1024,
    backups: 2,
    captureMaxbytes: 3,
    isDirect: false,
    eventsEnabled: true,
    syslog: true,
  });
  assert.deepEqual(read.stderr.logfile, { kind: 'none' });
});

test('loadConfig() refuses a direct log together with what needs the output, and says what has no effect', () => {
  assert.equal(process(`${P}stdout_logfile=/l\nstdout_logfile_direct=true\n`).stdout.isDirect, true);
  assert.equal(process(`${P}stderr_logfile_direct=true\nredirect_stderr=true\n`).stderr.isDirect, false);
  const direct = '[program:x] stdout_logfile_direct=true';
  assert.ok(summary(`${P}stdout_logfile=NONE\nstdout_logfile_direct=true\n`).includes(`${direct} needs a log file`));
  const all = 'stdout_events_enabled=true\nstdout_capture_maxbytes=1\nstdout_syslog=true\n';
  const names = 'stdout_capture_maxbytes, stdout_events_enabled, stdout_syslog';
  assert.ok(
    summary(`${P}stdout_logfile_direct=true\n${all}`).includes(`${direct} cannot be used together with ${names}`),
  );
  const rotated = `${P}stdout_logfile=/l\nstdout_logfile_direct=true\nstdout_logfile_maxbytes=1MB\n`;
  assert.match(warnings(rotated).join(), /the log is not rotated/);
});

test('loadConfig() lets the command line beat the file, but still checks the file', () => {
  const overrides = new Map([
    ['logfile_backups', '3'],
    ['nodaemon', 'true'],
    ['identifier', '%(x)s'],
  ]);
  const load = (text: string) =>
    loadConfig(fakeSource({ files: { '/etc/s.conf': text } }), { file: 's.conf', overrides });
  const loaded = load(`${D}logfile_backups=7`);
  assert.ok(loaded.ok);
  const { logfileBackups, nodaemon, identifier } = loaded.value.daemon;
  assert.deepEqual([logfileBackups, nodaemon, identifier], [3, true, '%(x)s']);
  assert.equal(loaded.value.file, '/etc/s.conf');
  assert.equal(load(`${D}logfile_backups=x`).ok, false);
});

test('loadConfig() merges sections and lets the last key win', () => {
  assert.equal(process(`${P}[supervisord]\n[program:x]\nCOMMAND=b`).command, 'b');
});

test('loadConfig() takes [DEFAULT] as fallback', () => {
  assert.equal(process(`[DEFAULT]\nstartsecs=7\n${P}`).startsecs, 7000);
  assert.equal(process(`[DEFAULT]\nstartsecs=7\n${P}startsecs=8`).startsecs, 8000);
});

/** Errors of one section, as supervisord words them. They were read off the real program. */
const SUFFIX = " in section 'program:x' (file: '/etc/s.conf')";
const SUMMARIES: readonly (readonly [string, string])[] = [
  ['', '.ini file does not include supervisord section'],
  ['[program:x]\ncommand=x', '.ini file does not include supervisord section'],
  [`${D}minfds=x`, "invalid literal for int() with base 10: 'x'"],
  [`${D}directory=/nope`, '/nope is not an existing directory'],
  [`${D}user=nobody`, 'Invalid user name nobody'],
  [`${D}environment=A`, "Unexpected end of key/value pairs in value 'A'"],
  [`${D}environment=A\n b`, "Unexpected end of key/value pairs in value 'A\nb'"],
  [`${D}[include]\n`, '.ini file has [include] section, but no files setting'],
  [`${D}[program:x]\n`, `program section program:x does not specify a command${SUFFIX}`],
  [`${P}umask=9`, `9 can not be converted to an octal type${SUFFIX}`],
  [`${P}numprocs=2`, `%(process_num) must be present within process_name when numprocs > 1${SUFFIX}`],
  [`${P}stopasgroup=true\nkillasgroup=false`, `Cannot set stopasgroup=true and killasgroup=false${SUFFIX}`],
  [`${P}process_name=a b`, `Invalid name: 'a b' because of character: ' '${SUFFIX}`],
  [`${P}process_name=a\nenvironment=A="`, `No closing quotation${SUFFIX}`],
  [`${P}priority=a`, "invalid literal for int() with base 10: 'a'"],
  [`${D}[program:a b]\ncommand=x`, "Invalid name: 'a b' because of character: ' '"],
  [`${D}[group:a b]`, "Invalid name: 'a b' because of character: ' '"],
  [`${D}[group:g]\nprograms=nope`, '[group:g] names unknown program or fcgi-program nope'],
  [`${P}[group:g]\nprograms=x,`, '[group:g] names unknown program or fcgi-program '],
  [
    `${P}[fcgi-program:x]\ncommand=x\nsocket=tcp://h:1\n[group:g]\nprograms=x`,
    '[group:g] name x is ambiguous (exists as program and fcgi-program)',
  ],
  [`${D}[eventlistener:x]\ncommand=x`, '[eventlistener:x] section requires an "events" line'],
  [`${D}[eventlistener:x]\ncommand=x\nevents=`, '[eventlistener:x] section requires an "events" line'],
  [`${D}[eventlistener:x]\ncommand=x\nevents=foo`, 'Unknown event type FOO in [eventlistener:x] events'],
  [`${D}[eventlistener:x]\ncommand=x\nevents=TICK_5,`, 'Unknown event type  in [eventlistener:x] events'],
  [
    `${D}[eventlistener:x]\ncommand=x\nevents=EVENT\nbuffer_size=0`,
    '[eventlistener:x] section sets invalid buffer_size (0)',
  ],
  [
    `${D}[eventlistener:x]\ncommand=x\nevents=EVENT\nresult_handler=a:b`,
    'a:b cannot be resolved within [eventlistener:x]',
  ],
  [
    `${D}[eventlistener:x]\ncommand=x\nevents=EVENT\nredirect_stderr=1`,
    '[eventlistener:x] section sets redirect_stderr=true but this is not allowed because it will interfere with the eventlistener protocol',
  ],
  [`${D}[fcgi-program:x]\ncommand=x`, '[fcgi-program:x] section requires a "socket" line'],
  [`${D}[fcgi-program:x]\ncommand=x\nsocket=x`, "('Bad socket format %s', 'x') in [fcgi-program:x] socket"],
  [
    `${D}[fcgi-program:x]\ncommand=x\nsocket=tcp://h:1\nsocket_mode=0700`,
    'socket_owner and socket_mode params should only be used with a Unix domain socket in [fcgi-program:x] socket',
  ],
  [`${D}[fcgi-program:x]\ncommand=x\nsocket=unix:///s\nsocket_mode=9`, 'Invalid socket_mode value 9'],
  [`${D}[fcgi-program:x]\ncommand=x\nsocket=unix:///s\nsocket_owner=nobody`, 'Invalid socket_owner value nobody'],
  [`${D}[fcgi-program:x]\ncommand=x\nsocket=unix:///s\nsocket_backlog=0`, 'Invalid socket_backlog value 0'],
  [`${D}[unix_http_server]`, 'section [unix_http_server] has no file value'],
  [`${D}[unix_http_server]\nfile=s\nchmod=9`, 'Invalid chmod value 9'],
  [`${D}[unix_http_server]\nfile=s\nchown=nobody`, 'Invalid sockchown value nobody'],
  [`${D}[inet_http_server]`, 'section [inet_http_server] has no port value'],
  [`${D}[inet_http_server]\nport=x`, "not a valid port number: 'x' "],
  [
    `${D}[inet_http_server]\nport=1\nusername=a`,
    'Section [inet_http_server] contains incomplete authentication: If a username or a password is specified, both the username and password must be specified',
  ],
  [`${D}[rpcinterface:s]`, 'section [rpcinterface:s] does not specify a supervisor.rpcinterface_factory'],
];

test('loadConfig() fails in the words of supervisord', () => {
  for (const [text, want] of SUMMARIES) assert.equal(summary(text), want, text);
});

test('loadConfig() names first what supervisord names first', () => {
  const all = `[unix_http_server]\n[inet_http_server]\n[eventlistener:l]\n[program:x]\n[rpcinterface:r]\n[supervisord]\nuser=u\nlogfile=/n/x\nminfds=x`;
  assert.equal(summary(all), "invalid literal for int() with base 10: 'x'");
  assert.equal(summary(all.replace('minfds=x', '')), 'The directory named as part of the path /n/x does not exist');
});

test('loadConfig() reports ten mistakes with ten places', () => {
  const text = `[supervisord]
minfds=ten
loglevel=loud
[program:web]
command=/bin/date +%s
stopsignal=FOO
startsecs=soon
numprocs=2
[program:api]
directory=%(ENV_NOPE)s
[group:site]
programs=wob
[eventlistener:mail]
command=x
events=TICK_6
[inet_http_server]
port=http
`;
  const where = lines(text).map((line) => line.replace(/^(\d+: \[[^\]]*\] \w+): .*$/, '$1'));
  assert.deepEqual(where, [
    '2: [supervisord] minfds',
    '3: [supervisord] loglevel',
    '5: [program:web] command',
    '6: [program:web] stopsignal',
    '7: [program:web] startsecs',
    '8: [program:web] numprocs',
    '9: [program:api] command',
    '10: [program:api] directory',
    '12: [group:site] programs',
    '15: [eventlistener:mail] events',
    '17: [inet_http_server] port',
  ]);
});

test('loadConfig() blames a key once, however many processes and groups it makes', () => {
  const text = `${P}process_name=%(process_num)s\nnumprocs=5\nstdout_logfile_maxbytes=%(process_num)sX\n[group:a]\nprograms=x\n[group:b]\nprograms=x`;
  assert.equal(lines(text).length, 1);
});

test('loadConfig() gives hints', () => {
  const hintOf = (text: string): string | undefined => bad(text).problems[0]?.hint;
  assert.equal(hintOf(`${D}[program:x]\ncommand=date +%Y`), 'write %% for a literal %');
  assert.equal(hintOf(`${P}directory=%(progam_name)s`), 'did you mean program_name?');
  assert.equal(hintOf(`${P}directory=%(ENV_X)s`), 'the environment variable X is not set');
  assert.match(hintOf(`${P}environment=A="a ;b"`) ?? '', /starts a comment/);
  assert.equal(hintOf(`${D}[program:web]\ncommand=/bin/cat\n[group:g]\nprograms=wbe`), 'did you mean web?');
});

test('loadConfig() warns of slips, and leaves what belongs to others alone', () => {
  const text = `${P}startsec=1\nzzz=1\n[progam:y]\n[program]\n[supervisor]\n[crashmail]\nto=a\n[my-tool]\na=1\n[rpcinterface:r]\nsupervisor.rpcinterface_factory=a:b\nc=1`;
  assert.deepEqual(
    warnings(text).map((line) => line.replace('/etc/s.conf:', '')),
    [
      '4: [program:x] startsec: this key is not known, and ignored (did you mean startsecs?)',
      '5: [program:x] zzz: this key is not known, and ignored',
      '6: [progam:y] this section is not known, and ignored (did you mean [program:y]?)',
      '7: [program] this section is not known, and ignored (did you mean [program:x]?)',
      '8: [supervisor] this section is not known, and ignored (did you mean [supervisord]?)',
      '14: [rpcinterface:r] supervisor.rpcinterface_factory: cannot use a:b: Python code does not run in superd (only supervisor.rpcinterface:make_main_rpcinterface exists)',
    ],
  );
});

test('loadConfig() warns as supervisord does of logs', () => {
  const text = `${P}redirect_stderr=true\nstderr_logfile=/tmp/e\nstdout_logfile=syslog`;
  assert.match(
    warnings(text).join('\n'),
    /^For \[program:x\], redirect_stderr=true but stderr_logfile has also been set/,
  );
  assert.match(warnings(text).join('\n'), /For \[program:x\], stdout_logfile=syslog but this is deprecated/);
  assert.deepEqual([process(text).stdout.logfile, process(text).stdout.syslog], [{ kind: 'none' }, true]);
  assert.match(
    warnings(`${P}stdout_logfile_maxbytes=0`)[0] ?? '',
    /^For \[program:x\], AUTO logging used for stdout_logfile without rollover/,
  );
});

test('loadConfig() warns of values that are cut', () => {
  assert.match(
    warnings(`${P}environment=A=1;B=2`)[0] ?? '',
    /:4: \[program:x\] environment: the value of A may be cut/,
  );
  const cut = `${D}[program:x]\ncommand=sh -c 'a\n b ; c'`;
  assert.match(warnings(cut)[0] ?? '', /:4: \[program:x\] command: a comment cuts the command inside quotes/);
});

test('loadConfig() expands each key with its own names', () => {
  const text = `[supervisord]\nenvironment=X="%(host_node_name)s"\n[program:w]\ncommand=%(here)s/%(program_name)s/%(group_name)s/%(process_num)d/%(numprocs)d/%(ENV_X)s/%(ENV_Y)s/%(ENV_HOME)s
environment=Y=y%(process_num)s\nprocess_name=p%(process_num)02d\nnumprocs=2\nnumprocs_start=9\n[group:g]\nprograms=w`;
  assert.deepEqual(
    processes(text, 'g').map(({ name, command, environment }) => [name, command, environment]),
    [
      ['p09', '/etc/w/g/9/2/node1/y9//root', { X: 'node1', Y: 'y9' }],
      ['p10', '/etc/w/g/10/2/node1/y10//root', { X: 'node1', Y: 'y10' }],
    ],
  );
});

test('loadConfig() does not know names where they do not exist', () => {
  assert.match(
    summary(`${P}autostart=%(process_num)s`),
    /Available names: ENV_HOME, group_name, here, host_node_name, program_name in section/,
  );
  assert.match(summary(`${D}logfile=%(program_name)s`), /Available names: ENV_HOME, here$/);
  assert.match(summary(`${D}[inet_http_server]\nport=%(here)s`), /Available names: ENV_HOME$/);
});

test('loadConfig() checks names after expansion too', () => {
  assert.match(summary(`${P}process_name=%(ENV_HOME)s`), /^Invalid name: '\/root' because of character: '\/'/);
});

test('loadConfig() forms groups as supervisord does', () => {
  const text = `${D}[program:b]\ncommand=x\nprocess_name=p%(process_num)d\nnumprocs=11\n[program:a]\ncommand=x\npriority=1\n[program:z]\ncommand=x
[group:g]\nprograms=z,a\npriority=5\n[eventlistener:l]\ncommand=x\nevents=event\npriority=3\n[eventlistener:m]\ncommand=x\nevents=tick`;
  const { groups } = good(text);
  assert.deepEqual(
    groups.map(({ kind, name, priority, processes: list }) => [
      kind,
      name,
      priority,
      list.map((one) => one.name).join(),
    ]),
    [
      ['eventlistener', 'm', -1, 'm'],
      ['eventlistener', 'l', 3, 'l'],
      ['group', 'g', 5, 'z,a'],
      ['program', 'b', 999, 'p0,p1,p10,p2,p3,p4,p5,p6,p7,p8,p9'],
    ],
  );
  assert.deepEqual(
    groups.map(({ processes: list }) => list[0]?.priority),
    [999, 3, 999, 999],
  );
});

test('loadConfig() puts a program into every group that lists it', () => {
  const { groups } = good(`${P}[group:a]\nprograms=x,x\n[group:b]\nprograms=x`);
  assert.deepEqual(
    groups.map(({ name, processes: list }) => [name, list.length]),
    [
      ['a', 1],
      ['b', 1],
    ],
  );
});

test('loadConfig() makes no process for numprocs 0, and refuses absurd numbers', () => {
  assert.deepEqual(processes(`${P}numprocs=0`), []);
  assert.deepEqual(processes(`${P}numprocs=-5`), []);
  assert.match(
    summary(`${P}process_name=%(process_num)s\nnumprocs=${MAX_NUMPROCS + 1}`),
    /^cannot make 10001 processes/,
  );
});

test('loadConfig() refuses two groups or two processes of one name', () => {
  assert.match(summary(`${P}[group:x]\nprograms=`), /^cannot make a second group x: \[group:x\] makes one/);
  assert.match(
    summary(`${P}[program:y]\ncommand=x\nprocess_name=x\n[group:g]\nprograms=x,y`),
    /^cannot have two processes named x in the group g/,
  );
});

test('loadConfig() keeps what a listener says of its stdout, which only the API shows', () => {
  const text = `${D}[eventlistener:x]\ncommand=x\nevents=process_state,tick_5\nstdout_capture_maxbytes=5\nstdout_events_enabled=1\nstdout_syslog=1\nstderr_syslog=1`;
  const listener = group(text);
  assert.ok(listener.kind === 'eventlistener');
  assert.deepEqual([listener.events, listener.bufferSize], [['PROCESS_STATE', 'TICK_5'], 10]);
  const { stdout, stderr } = process(text);
  assert.deepEqual([stdout.captureMaxbytes, stdout.eventsEnabled, stdout.syslog, stderr.syslog], [5, true, true, true]);
});

test('loadConfig() keeps the socket of an fcgi-program, also in a group', () => {
  const text = `${D}[fcgi-program:x]\ncommand=x\nsocket=unix:///tmp/%(program_name)s.s\nuser=web\nsocket_backlog=5`;
  const socket = {
    kind: 'unix',
    path: '/tmp/x.s',
    url: 'unix:///tmp/x.s',
    owner: { uid: 33, gid: 34 },
    mode: 0o700,
    backlog: 5,
  };
  const alone = group(text);
  assert.deepEqual([alone.kind === 'fcgi-program' && alone.socket, process(text).socket], [socket, socket]);
  assert.deepEqual(processes(`${text}\n[group:g]\nprograms=x`, 'g')[0]?.socket, socket);
});

test('loadConfig() reads servers', () => {
  const text = `${D}[unix_http_server]\nfile=%(here)s/s\nchmod=0770\nchown=web:adm\n[unix_http_server:b]\nfile=~/t\n[inet_http_server]\nport=*:9001\nusername=u\npassword={SHA}x%%`;
  const { servers } = good(text);
  assert.deepEqual(
    servers.map(({ place, ...server }) => (place.line === undefined ? place : server)),
    [
      { kind: 'inet', section: 'inet_http_server', host: '', port: 9001, username: 'u', password: '{SHA}x%' },
      {
        kind: 'unix',
        section: 'unix_http_server',
        file: '/etc/s',
        chmod: 0o770,
        chown: { uid: 33, gid: 4 },
        username: undefined,
        password: undefined,
      },
      {
        kind: 'unix',
        section: 'unix_http_server:b',
        file: '/root/t',
        chmod: 0o700,
        chown: undefined,
        username: undefined,
        password: undefined,
      },
    ],
  );
});

test('loadConfig() follows [include] of the main file only, sorted, with here per file', () => {
  const files = {
    '/etc/d/b.conf': '[program:b]\ncommand=%(here)s/b\n[include]\nfiles=/nope\n',
    '/etc/d/a.conf': '[program:a]\ncommand=%%(here)s\n[program:m]\nstartsecs=x',
    '/etc/d/.c.conf': '[broken',
    '/etc/d/c.ini': '[broken',
  };
  const text = `${D}[include]\nfiles=d/*.conf\n /none/*.conf\n[program:m]\ncommand=%(here)s\n[inet_http_server]\nport=1\nusername=%(here)s\npassword=p\n`;
  const loaded = loadText(text, { files });
  assert.ok(!loaded.ok);
  assert.equal(
    loaded.error.summary,
    "invalid literal for int() with base 10: 'x' in section 'program:m' (file: '/etc/s.conf')",
  );
  const config = good(text, { files: { ...files, '/etc/d/a.conf': '[program:a]\ncommand=%%(here)s' } });
  assert.deepEqual(
    config.groups.map(({ processes: list }) => list[0]?.command),
    ['%(here)s', '/etc/d/b', '/etc'],
  );
  assert.deepEqual(config.files, ['/etc/s.conf', '/etc/d/a.conf', '/etc/d/b.conf']);
  assert.deepEqual(config.includes, ['/etc/d/*.conf', '/none/*.conf']);
  assert.deepEqual(config.notices, [
    'Included extra file "/etc/d/a.conf" during parsing',
    'Included extra file "/etc/d/b.conf" during parsing',
  ]);
  assert.deepEqual(config.warnings.map(logLine), ['No file matches via include "/none/*.conf"']);
  assert.equal(config.servers[0]?.username, '/etc');
});

test('loadConfig() tells files that it cannot read', () => {
  const source = fakeSource({
    files: { '/etc/bytes': new Uint8Array([91, 97, 93, 10, 255]) },
    directories: ['/etc/dir'],
  });
  const fails = (file: string): string => {
    const loaded = loadConfig(source, { file, overrides: new Map() });
    return loaded.ok ? '' : formatFailure(loaded.error, 'superd');
  };
  assert.equal(fails('nope'), 'Error: could not find config file nope\nFor help, use superd -h\n');
  assert.equal(fails('/etc/dir'), 'Error: could not read config file /etc/dir\nFor help, use superd -h\n');
  const detail = "'utf-8' codec can't decode byte 0xff in position 4: invalid start byte";
  assert.equal(fails('/etc/bytes'), `Error: ${detail}\n/etc/bytes: ${detail}\nFor help, use superd -h\n`);
});

test('loadConfig() skips a byte order mark', () => {
  assert.equal(good(`\ufeff${D}`).daemon.minfds, 1024);
});

test('loadConfig() reports parse errors of all files, and goes on', () => {
  assert.deepEqual(lines('[supervisord]\nfoo\nminfds=x\n'), [
    "2: cannot read 'foo\\n': neither a [section] nor key=value",
    "3: [supervisord] minfds: invalid literal for int() with base 10: 'x'",
  ]);
  assert.equal(summary('[supervisord]\nfoo\n'), "Source contains parsing errors: '/etc/s.conf'\n\t[line  2]: 'foo\\n'");
});

test('loadConfig() survives hostile names', () => {
  const text = `${D}[program:__proto__]\ncommand=x\nenvironment=__proto__=1,constructor=2\n[__proto__]\na=1\n[constructor]`;
  const [found] = processes(text, '__proto__');
  assert.deepEqual(Object.entries(found?.environment ?? {}), [
    ['__proto__', '1'],
    ['constructor', '2'],
  ]);
});

test('problemJson() has null for what is not known', () => {
  const [problem] = bad(`${D}[program:x]`).problems;
  assert.ok(problem);
  assert.deepEqual(problemJson(problem), {
    file: '/etc/s.conf',
    line: 2,
    section: 'program:x',
    key: 'command',
    severity: 'error',
    message: 'program section program:x does not specify a command',
    hint: null,
  });
});

test('loadConfig() blames one thing for one mistake', () => {
  assert.deepEqual(lines(`${P}numprocs=2\nprocess_name=%(process_num)`), [
    "5: [program:x] process_name: Format string '%(process_num)' for 'process_name' is badly formatted: incomplete format (write %% for a literal %)",
  ]);
  assert.deepEqual(lines(`${D}[fcgi-program:x]\ncommand=/bin/cat\nsocket=\n`), [
    '4: [fcgi-program:x] socket: [fcgi-program:x] section requires a "socket" line',
  ]);
  assert.deepEqual(lines(`${D}[rpcinterface:x]\nsupervisor.rpcinterface_factory=\n`), [
    '3: [rpcinterface:x] supervisor.rpcinterface_factory: section [rpcinterface:x] does not specify a supervisor.rpcinterface_factory',
  ]);
});

test('loadConfig() blames numprocs when there is no process_name, and looks at the rest of the program all the same', () => {
  const blamed = lines(`${P}numprocs=2\n`);
  assert.deepEqual(blamed, [
    '4: [program:x] numprocs: %(process_num) must be present within process_name when numprocs > 1',
  ]);
  assert.deepEqual(lines(`${D}[program:x]\nnumprocs=two\nenvironment=A\n`), [
    '2: [program:x] command: program section program:x does not specify a command',
    "3: [program:x] numprocs: invalid literal for int() with base 10: 'two'",
    "4: [program:x] environment: Unexpected end of key/value pairs in value 'A'",
  ]);
});

test('loadConfig() does not guess at names of one letter', () => {
  assert.deepEqual(lines(`${D}[program:a]\ncommand=/bin/cat\n[group:g]\nprograms=z\n`), [
    '5: [group:g] programs: [group:g] names unknown program or fcgi-program z',
  ]);
});
