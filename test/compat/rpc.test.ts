/** Every method of the API beside supervisord: the bytes of answers and faults, once times and pids are made the same. */
import { writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { isStruct, type XmlValue } from '../../src/rpc/xml.ts';
import { CONTROL, type Daemon } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';
import { call, linesOf, post, program, type SideBySide, section, startBoth, written } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

type Call = readonly [method: string, ...params: XmlValue[]];

const show = ([method, ...params]: Call): string => `${method}(${params.map((p) => JSON.stringify(p)).join(', ')})`;

/** Late results of one command over several processes come in the order in which supervisord happened to see them. */
async function answerTo(daemon: Daemon, [method, ...params]: Call): Promise<unknown> {
  const [first] = params;
  const isBatch =
    /(start|stop)(ProcessGroup|AllProcesses)/.test(method) || (typeof first === 'string' && /:\*?$/.test(first));
  if (!isBatch) return call(daemon, method, ...params);
  const results = await daemon.rpc(method, ...params).catch(String);
  return Array.isArray(results) ? results.map((result) => JSON.stringify(result)).sort() : results;
}

/** Makes the calls one after the other, and compares each answer. */
async function calls(pair: SideBySide, table: readonly Call[]): Promise<void> {
  for (const [index, entry] of table.entries()) {
    if (/stop|signal/.test(entry[0])) await pair.both(execed);
    await pair.same(`${index + 1}. ${show(entry)}`, (daemon) => answerTo(daemon, entry));
  }
}

/** Waits until every child has become its program: under supervisord a signal before that is lost (api 2.3, a race). */
const execed = (daemon: Daemon): Promise<unknown> =>
  until(
    'exec',
    () => daemon.processes().filter(({ command }) => command.includes('/usr/bin/supervisord ')).length <= 1,
  );

const SLEEP = 'sleep 1000';
const MANUAL = 'autostart=false';

const CONFIG = [
  program('cat', 'cat', 'startsecs=0', 'stdout_logfile=%(here)s/cat.log'),
  program(
    'manual',
    SLEEP,
    MANUAL,
    'stdout_logfile=%(here)s/ten.log',
    'stderr_logfile=%(here)s/gone.log',
    'startsecs=0',
  ),
  program('exited', "sh -c 'sleep 1.5; exit 3'", 'autorestart=false', 'redirect_stderr=true'),
  program('fatal', 'false', 'startretries=0', 'startsecs=10'),
  program('backoff', 'false', 'startretries=1000', 'startsecs=10'),
  program('starting', SLEEP, 'startsecs=1000'),
  program('nofile', '/does/not/exist', MANUAL),
  program('noexec', '/etc/passwd', MANUAL),
  program('folder', '/tmp', MANUAL),
  program('quote', `sh -c "it's`, MANUAL),
  program('badlog', SLEEP, MANUAL, 'stdout_logfile=%(here)s/tmp', 'startretries=0'),
  program('quick', 'false', MANUAL, 'startsecs=10', 'startretries=1000'),
  program('clean', "sh -c 'exit 0'", MANUAL, 'startsecs=10', 'startretries=1000'),
  program('nolog', SLEEP, 'stdout_logfile=NONE', 'stderr_logfile=none', 'startsecs=0'),
  program('pool', SLEEP, 'numprocs=2', 'process_name=%(program_name)s_%(process_num)d', 'startsecs=0'),
  section('group:grp', 'programs=a,b', 'priority=5'),
  program('a', SLEEP, MANUAL, 'startsecs=0'),
  program('b', SLEEP, MANUAL, 'startsecs=0', 'priority=1'),
  section('group:none', 'programs=never'),
  program('never', SLEEP, 'numprocs=0'),
].join('');

/** Every option that getAllConfigInfo shows, away from its default. */
const RICH = [
  program(
    'rich',
    'sh -c "echo %(program_name)s" ; not this',
    MANUAL,
    'directory=/tmp',
    'user=nobody',
    'exitcodes=1,2,3',
    'killasgroup=true',
    'priority=7',
    'redirect_stderr=true',
    'startretries=9',
    'startsecs=11',
    'stdout_capture_maxbytes=1KB',
    'stdout_events_enabled=true',
    'stdout_logfile=%(here)s/rich-%(host_node_name)s.log',
    'stdout_logfile_backups=3',
    'stdout_logfile_maxbytes=2MB',
    'stdout_syslog=true',
    'stopsignal=HUP',
    'stopwaitsecs=77',
    'stderr_capture_maxbytes=3KB',
    'stderr_events_enabled=yes',
    'stderr_logfile_backups=1',
    'stderr_logfile_maxbytes=1GB',
    'stderr_syslog=on',
    'serverurl=http://example.org:1',
  ),
  program('plain', SLEEP, MANUAL),
  program(
    'autologs',
    SLEEP,
    MANUAL,
    'stdout_logfile=AUTO',
    'stderr_logfile=NONE',
    'exitcodes=',
    'serverurl=AUTO',
    'autorestart=true',
  ),
  program(
    'many',
    'sleep %(process_num)d',
    MANUAL,
    'numprocs=3',
    'numprocs_start=9',
    'process_name=m-%(process_num)02d',
  ),
  section('group:several', 'programs=y,x', 'priority=3'),
  program('x', SLEEP, MANUAL, 'priority=1', 'stopsignal=9'),
  program('y', SLEEP, MANUAL, 'priority=2', 'umask=077', 'stopasgroup=true'),
  section('eventlistener:lis', 'command=cat', 'events=TICK_3600', 'autostart=false', 'buffer_size=3'),
  section('fcgi-program:fcgi', 'command=cat', 'socket=unix://%(here)s/f.sock', 'autostart=false'),
].join('');

const READS: readonly Call[] = ['readProcessStdoutLog', 'readProcessLog', 'readProcessStderrLog'].flatMap((method) =>
  [
    [0, 0],
    [0, 4],
    [4, 0],
    [4, 3],
    [9, 5],
    [10, 1],
    [99, 1],
    [-4, 0],
    [-99, 0],
    [-4, 1],
    [0, -1],
    ['2', '3'],
    [1.9, 2.9],
  ].map((range): Call => [`supervisor.${method}`, 'manual', ...range]),
);
const TAILS: readonly Call[] = ['tailProcessStdoutLog', 'tailProcessLog', 'tailProcessStderrLog'].flatMap((method) =>
  [
    [0, 100],
    [0, 5],
    [6, 5],
    [10, 5],
    [20, 5],
    [-3, 5],
    [0, 0],
    [3, 6],
    [0, -5],
    [-5, -5],
    [5, 5],
    [9, 1],
    ['0', '4'],
  ].map((range): Call => [`supervisor.${method}`, 'manual', ...range]),
);

const NAMES = [
  'nope',
  'grp',
  'grp:*',
  'grp:',
  'grp:nope',
  ':cat',
  'cat:cat:cat',
  '',
  'cat:*',
  'none',
  'none:*',
  'käse',
];

const UNKNOWN: readonly Call[] = [
  'nope',
  'supervisor',
  'supervisor.nope',
  'supervisor._update',
  'supervisor.__init__',
  'supervisor.getPID.x',
  '.',
  '..',
  'system.nope',
  'nope.getPID',
  'supervisor.supervisord.options.execv',
  '__proto__.x',
  'constructor.constructor',
  'supervisor.constructor',
  ' supervisor.getPID',
].map((method): Call => [method]);

const ARITY: readonly Call[] = [
  ['supervisor.getPID', 1],
  ['supervisor.getState', 'x'],
  ['supervisor.startProcess'],
  ['supervisor.startProcess', 'cat', true, true],
  ['supervisor.stopProcess'],
  ['supervisor.readLog', 1],
  ['supervisor.readLog', 1, 2, 3],
  ['supervisor.getProcessInfo'],
  ['supervisor.signalProcess', 'cat'],
  ['supervisor.sendProcessStdin', 'cat'],
  ['supervisor.reloadConfig', true],
  ['supervisor.addProcessGroup'],
  ['supervisor.sendRemoteCommEvent', 'x'],
  ['system.methodHelp'],
  ['system.methodSignature', 'a', 'b'],
  ['system.multicall'],
  ['system.listMethods', 1],
];

const METHODS =
  `addProcessGroup clearAllProcessLogs clearLog clearProcessLog clearProcessLogs getAPIVersion getAllConfigInfo
getAllProcessInfo getIdentification getPID getProcessInfo getState getSupervisorVersion getVersion readLog readMainLog
readProcessLog readProcessStderrLog readProcessStdoutLog reloadConfig removeProcessGroup restart sendProcessStdin
sendRemoteCommEvent shutdown signalAllProcesses signalProcess signalProcessGroup startAllProcesses startProcess
startProcessGroup stopAllProcesses stopProcess stopProcessGroup tailProcessLog tailProcessStderrLog tailProcessStdoutLog`.split(
    /\s+/,
  );

suite('rpc', needs('supervisord'), () => {
  test('information, logs and faults', async (t) => {
    const pair = await startBoth(t, { config: CONFIG, files: { 'ten.log': '0123456789' } });
    await pair.both(async (daemon) => {
      await daemon.reaches('exited', 'EXITED');
      await daemon.reaches('fatal', 'FATAL');
      await daemon.reaches('backoff', 'BACKOFF');
      await daemon.reaches('starting', 'STARTING');
      await daemon.reaches('nolog', 'RUNNING');
    });
    await calls(pair, [
      ['supervisor.getAPIVersion'],
      ['supervisor.getVersion'],
      ['supervisor.getIdentification'],
      ['supervisor.getState'],
      ['supervisor.sendRemoteCommEvent', 'type', 'data'],
      ['supervisor.sendRemoteCommEvent', 1, true],
      ...['cat', 'manual', 'exited', 'fatal', 'starting', 'nolog', 'pool:pool_1', 'grp:a', ...NAMES].map(
        (name): Call => ['supervisor.getProcessInfo', name],
      ),
      ...UNKNOWN,
      ...ARITY,
      ...READS,
      ...TAILS,
      ...NAMES.flatMap((name): readonly Call[] => [
        ['supervisor.readProcessStdoutLog', name, 0, 0],
        ['supervisor.tailProcessStderrLog', name, 0, 10],
      ]),
      ['supervisor.readProcessStdoutLog', 'nolog', 0, 0],
      ['supervisor.tailProcessStdoutLog', 'nolog', 0, 10],
      ['supervisor.readProcessStderrLog', 'exited', 0, 0],
      ['supervisor.readProcessStdoutLog', 'nofile', 0, 0],
      ['supervisor.readProcessStdoutLog', 'badlog', 0, 0],
      ['supervisor.readLog', -10, 5],
      ['supervisor.readMainLog', 0, -1],
      ['supervisor.readLog', 0, 24],
      ...METHODS.map((name): Call => ['system.methodSignature', `supervisor.${name}`]),
      ...['listMethods', 'methodHelp', 'methodSignature', 'multicall', 'nope'].map(
        (name): Call => ['system.methodSignature', `system.${name}`],
      ),
      ['system.methodHelp', 'supervisor.nope'],
      ['system.methodSignature', 'x'],
    ]);
    await pair.same('getProcessInfo of a process in BACKOFF', (daemon) =>
      until('BACKOFF', async () => {
        const info = await daemon.rpc('supervisor.getProcessInfo', 'backoff');
        return isStruct(info) && info['statename'] === 'BACKOFF' && info;
      }),
    );
    await pair.both((daemon) => daemon.reaches('backoff', 'BACKOFF'));
    await pair.same('listMethods', async (daemon) => {
      const names = await daemon.rpc('system.listMethods');
      return Array.isArray(names) ? names.filter((name) => !String(name).startsWith('superd.')) : names;
    });
    await pair.same(
      'getPID is that of the daemon',
      async (daemon) => (await daemon.rpc('supervisor.getPID')) === daemon.pid,
    );
    await calls(pair, [['supervisor.stopProcess', 'backoff'], ['supervisor.getAllProcessInfo']]);
    for (const [name, body] of [
      ['no parameters at all', '<methodCall><methodName>supervisor.getState</methodName></methodCall>'],
      [
        'i4, a bare value and blanks',
        '<methodCall><methodName>supervisor.readLog</methodName><params><param><value><i4> 0 </i4></value></param><param><value>5</value></param></params></methodCall>',
      ],
      [
        'an int that is none',
        '<methodCall><methodName>supervisor.readLog</methodName><params><param><value><int>x</int></value></param></params></methodCall>',
      ],
      ['no method name', '<methodCall><params/></methodCall>'],
      ['an empty method name', '<methodCall><methodName></methodName></methodCall>'],
      ['no XML', 'hello'],
      ['an unclosed tag', '<methodCall><methodName>supervisor.getState'],
      [
        'base64',
        '<methodCall><methodName>supervisor.getProcessInfo</methodName><params><param><value><base64>bWFudWFs</base64></value></param></params></methodCall>',
      ],
      [
        'nil',
        '<methodCall><methodName>supervisor.getState</methodName><params><param><value><nil/></value></param></params></methodCall>',
      ],
      [
        'CDATA and a character reference',
        '<methodCall><methodName>supervisor.getProcessInfo</methodName><params><param><value><string><![CDATA[n<]]>&#111;&amp;</string></value></param></params></methodCall>',
      ],
    ] as const) {
      await pair.same(`XML: ${name}`, (daemon) => post(daemon, body));
    }
  });

  test('processes', async (t) => {
    const pair = await startBoth(t, { config: CONFIG, files: { 'ten.log': '0123456789' } });
    await pair.both(async (daemon) => {
      await daemon.reaches('cat', 'RUNNING');
      await daemon.reaches('exited', 'EXITED');
      await daemon.reaches('fatal', 'FATAL');
      await daemon.reaches('starting', 'STARTING');
    });
    await calls(pair, [
      ...NAMES.filter((name) => !name.includes('*') && name !== 'grp:').flatMap((name): readonly Call[] => [
        ['supervisor.startProcess', name],
        ['supervisor.stopProcess', name],
        ['supervisor.signalProcess', name, 'HUP'],
        ['supervisor.sendProcessStdin', name, 'x'],
        ['supervisor.clearProcessLogs', name],
        ['supervisor.startProcessGroup', name],
        ['supervisor.stopProcessGroup', name],
        ['supervisor.signalProcessGroup', name, 'HUP'],
      ]),
      ...['cat', 'starting', 'pool:pool_0', 'nofile', 'noexec', 'folder', 'quote', 'badlog', 'quick', 'clean'].map(
        (name): Call => ['supervisor.startProcess', name],
      ),
      ['supervisor.startProcess', 'quick'],
      ['supervisor.stopProcess', 'quick'],
      ['supervisor.stopProcess', 'clean'],
      ...['manual', 'exited', 'fatal', 'nofile'].map((name): Call => ['supervisor.stopProcess', name]),
      ...['manual', 'exited', 'fatal'].map((name): Call => ['supervisor.signalProcess', name, 'TERM']),
      ['supervisor.startProcess', 'manual', false],
      ['supervisor.startProcess', 'manual', 0],
    ]);
    await calls(pair, [['supervisor.stopProcess', 'manual', false]]);
    await pair.both((daemon) => daemon.reaches('manual', 'STOPPED'));
    await calls(pair, [
      ['supervisor.startProcess', 'manual', 1],
      ['supervisor.startProcess', 'nofile', false],
      ['supervisor.startProcess', 'quick', false],
      ...['CONT', 'sigcont', 'SIGWINCH', '18', 18, '0', 0, 'NOPE', '99', 99, '', 'SIG', -1].map(
        (signal): Call => ['supervisor.signalProcess', 'nolog', signal],
      ),
      ['supervisor.sendProcessStdin', 'cat', 'line\n'],
      ['supervisor.sendProcessStdin', 'cat', 'é☃\n'],
      ['supervisor.sendProcessStdin', 'cat', ''],
      ['supervisor.sendProcessStdin', 'cat', 1],
      ['supervisor.sendProcessStdin', 'manual', 'x'],
      ['supervisor.sendProcessStdin', 'fatal', 'x'],
      ['supervisor.sendProcessStdin', 'grp:*', 'x'],
    ]);
    await pair.both((daemon) => written(daemon, 'cat.log', (text) => text.includes('☃')));
    await calls(pair, [
      ['supervisor.readProcessStdoutLog', 'cat', 0, 0],
      ['supervisor.clearProcessLogs', 'cat'],
      ['supervisor.readProcessStdoutLog', 'cat', 0, 0],
      ['supervisor.clearProcessLog', 'nolog'],
      ['supervisor.clearProcessLogs', 'grp:*'],
      ['supervisor.startProcess', 'grp:*'],
      ['supervisor.startProcess', 'grp:*'],
      ['supervisor.signalProcess', 'grp:*', 'CONT'],
      ['supervisor.signalProcessGroup', 'grp', 'CONT'],
      ['supervisor.signalProcessGroup', 'grp', 'NOPE'],
      ['supervisor.signalProcessGroup', 'grp:*', 'CONT'],
      ['supervisor.stopProcess', 'grp:b'],
      ['supervisor.startProcessGroup', 'grp'],
      ['supervisor.stopProcessGroup', 'pool'],
      ['supervisor.stopProcess', 'pool:*'],
      ['supervisor.startProcessGroup', 'pool', false],
      ['supervisor.stopProcess', 'pool:'],
      ['supervisor.startProcess', 'none:*'],
      ['supervisor.startProcess', 'cat:*'],
    ]);
    for (const method of ['startAllProcesses', 'signalAllProcesses', 'stopAllProcesses']) {
      await pair.both(execed);
      await pair.same(`${method} answers for each process`, async (daemon) => {
        const params = method === 'signalAllProcesses' ? ['CONT'] : [];
        const results = await daemon.rpc(`supervisor.${method}`, ...params);
        // Whether those that come and go are up at this very moment is chance.
        const lasting = Array.isArray(results) ? results.map((result) => JSON.stringify(result)) : [];
        return lasting.filter((result) => !/"name":"(quick|clean|exited)"/.test(result)).sort();
      });
    }
    await pair.same('a stop in STARTING answers the waiting start', async (daemon) => {
      const start = call(daemon, 'supervisor.startProcess', 'starting');
      await daemon.reaches('starting', 'STARTING');
      await execed(daemon);
      return [await call(daemon, 'supervisor.stopProcess', 'starting'), await start];
    });
    await pair.both((daemon) => daemon.rpc('supervisor.startProcess', 'cat'));
    await calls(pair, [
      ['system.multicall', []],
      [
        'system.multicall',
        [{ methodName: 'supervisor.getAPIVersion' }, { methodName: 'supervisor.getAPIVersion', params: [] }],
      ],
      [
        'system.multicall',
        [{ methodName: 'nope' }, {}, { params: [] }, { methodName: 'system.multicall', params: [[]] }],
      ],
      [
        'system.multicall',
        [
          { methodName: 'supervisor.startProcess', params: ['manual'] },
          { methodName: 'supervisor.startProcess', params: ['manual'] },
          { methodName: 'supervisor.stopProcess', params: ['cat'] },
          { methodName: 'supervisor.stopProcess', params: ['cat'] },
          { methodName: 'supervisor.getState', params: [1] },
          { methodName: 'supervisor.getProcessInfo', params: ['nope'] },
        ],
      ],
    ]);
    for (const name of ['manual', 'nofile', 'noexec', 'folder', 'quote', 'badlog', 'nolog']) {
      await pair.same(`${name}: what the main log tells`, (daemon) => linesOf(daemon, name));
    }
  });

  test('configuration', async (t) => {
    const pair = await startBoth(t, { config: RICH });
    await calls(pair, [['supervisor.getAllConfigInfo'], ['supervisor.reloadConfig'], ['supervisor.getAllConfigInfo']]);
    const rewrite = (change: (config: string) => string): Promise<unknown> =>
      pair.both((daemon) => writeFileSync(daemon.config, CONTROL + change(RICH)));
    await rewrite((config) =>
      config.replace('[program:plain]', '[program:new]\ncommand=sleep 1000\nstartsecs=0\n[program:plain]\npriority=12'),
    );
    await calls(pair, [
      ['supervisor.addProcessGroup', 'new'],
      ['supervisor.reloadConfig'],
      ['supervisor.reloadConfig'],
      ['supervisor.getProcessInfo', 'new'],
      ['supervisor.addProcessGroup', 'nope'],
      ['supervisor.addProcessGroup', 'plain'],
      ['supervisor.addProcessGroup', 'new'],
      ['supervisor.addProcessGroup', 'new'],
    ]);
    await pair.both((daemon) => daemon.reaches('new', 'RUNNING'));
    await calls(pair, [
      ['supervisor.reloadConfig'],
      ['supervisor.removeProcessGroup', 'new'],
      ['supervisor.removeProcessGroup', 'nope'],
      ['supervisor.removeProcessGroup', 'several'],
      ['supervisor.removeProcessGroup', 'several'],
      ['supervisor.getProcessInfo', 'several:x'],
      ['supervisor.getAllConfigInfo'],
      ['supervisor.stopProcess', 'new'],
      ['supervisor.removeProcessGroup', 'new'],
      ['supervisor.removeProcessGroup', 'plain'],
      ['supervisor.addProcessGroup', 'plain'],
      ['supervisor.reloadConfig'],
    ]);
    for (const [name, broken] of [
      ['a bad integer', 'priority=ten'],
      ['an unknown name', 'directory=%(nope)s'],
      ['a bad user', 'user=no-such-user'],
      ['a bad format', 'directory=%(here)q'],
      ['a bad signal', 'stopsignal=NOPE'],
      ['a bad exit code', 'exitcodes=256'],
      ['a bad boolean', 'autostart=maybe'],
      ['a bad size', 'stdout_logfile_maxbytes=1TB'],
      ['numprocs without process_num', 'numprocs=2'],
      ['a bad name', 'process_name=a:b'],
      ['a bad environment', 'environment=A'],
      ['a missing log directory', 'stdout_logfile=/does/not/exist/log'],
      ['contradicting group options', 'stopasgroup=true\nkillasgroup=false'],
      ['a line that is none', 'hello'],
      ['a bad umask', 'umask=abc'],
      ['a bad autorestart', 'autorestart=perhaps'],
    ] as const) {
      await rewrite(() => `[program:plain]\ncommand=sleep 1000\n${broken}\n`);
      await pair.same(`reloadConfig with ${name}`, (daemon) => call(daemon, 'supervisor.reloadConfig'));
    }
    await calls(pair, [['supervisor.getAllConfigInfo'], ['supervisor.getState']]);
  });

  test('going down', async (t) => {
    const deaf = program(
      'deaf',
      `sh -c 'trap "" TERM; echo $$; while :; do sleep 0.1; done'`,
      'startsecs=0',
      'stopwaitsecs=60',
      'killasgroup=true',
      'stdout_logfile=%(here)s/deaf.log',
    );
    const pair = await startBoth(t, { config: deaf });
    await pair.both((daemon) => written(daemon, 'deaf.log', (text) => text.endsWith('\n')));
    await calls(pair, [['supervisor.shutdown']]);
    await calls(pair, [
      ...METHODS.filter((name) => !['sendRemoteCommEvent', 'signalAllProcesses'].includes(name)).map(
        (name): Call => [`supervisor.${name}`, ...(ARGUMENTS[name] ?? [])],
      ),
      ['supervisor.signalAllProcesses', 'CONT'],
      ['supervisor.sendRemoteCommEvent', 'a', 'b'],
      ['supervisor.getState', 1],
      ['supervisor.nope'],
      ['system.methodSignature', 'supervisor.getState'],
      ['system.multicall', [{ methodName: 'supervisor.getState' }]],
    ]);
    await pair.same('it ends when the last program has', async (daemon) => {
      process.kill(-Number(daemon.read('deaf.log')), 'SIGKILL');
      return daemon.ended();
    });
  });
});

/** Arguments that fit, so that only the shutdown can refuse the call. */
const ARGUMENTS: Readonly<Record<string, readonly XmlValue[]>> = {
  addProcessGroup: ['deaf'],
  removeProcessGroup: ['deaf'],
  ...Object.fromEntries(
    [
      'clearProcessLog',
      'clearProcessLogs',
      'getProcessInfo',
      'startProcess',
      'startProcessGroup',
      'stopProcess',
      'stopProcessGroup',
    ].map((name) => [name, ['deaf']]),
  ),
  ...Object.fromEntries(['readLog', 'readMainLog'].map((name) => [name, [0, 0]])),
  ...Object.fromEntries(
    ['Log', 'StderrLog', 'StdoutLog'].flatMap((log) =>
      ['read', 'tail'].map((verb) => [`${verb}Process${log}`, ['deaf', 0, 0]]),
    ),
  ),
  sendProcessStdin: ['deaf', 'x'],
  signalProcess: ['deaf', 'CONT'],
  signalProcessGroup: ['deaf', 'CONT'],
};
