/** In which order groups and processes start, stop and are told of; what a restart keeps; what reread calls a change. */
import { writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { CONTROL, type Daemon } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';
import { call, program, RECORDER, recorded, section, startBoth } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

const SLEEP = 'sleep 1000';
const AT_ONCE = 'startsecs=0';

const ORDERED = [
  section(
    'eventlistener:rec',
    'command=python3 %(here)s/recorder.py events.jsonl',
    'events=PROCESS_STATE_STARTING,PROCESS_GROUP,SUPERVISOR_STATE_CHANGE',
    'buffer_size=1000',
    'priority=-5',
    AT_ONCE,
  ),
  program('c', SLEEP, AT_ONCE, 'priority=10'),
  program('a', SLEEP, AT_ONCE, 'priority=10'),
  program('late', SLEEP, AT_ONCE, 'priority=2000'),
  program('first', SLEEP, AT_ONCE, 'priority=1'),
  section('group:g', 'programs=z1,m5,a9', 'priority=20'),
  program('z1', SLEEP, AT_ONCE, 'priority=900'),
  program('m5', SLEEP, AT_ONCE, 'priority=5'),
  program('a9', SLEEP, AT_ONCE, 'priority=1'),
  program('n', SLEEP, AT_ONCE, 'numprocs=12', 'process_name=%(program_name)s_%(process_num)d', 'priority=500'),
  program('off', SLEEP, 'autostart=false'),
].join('');

/** The names in the lines of the main log that match, in order. */
const named = (daemon: Daemon, pattern: RegExp): readonly (string | undefined)[] =>
  daemon
    .log()
    .split('\n')
    .flatMap((line) => pattern.exec(line)?.[1] ?? []);

const told = (daemon: Daemon): readonly string[] =>
  recorded(daemon).map(({ header, payload }) => `${header['server']} ${header['eventname']} ${payload}`);

/** Every child has become its program, so that it hears a signal. */
const execed = (daemon: Daemon): Promise<unknown> =>
  until(
    'exec',
    () => daemon.processes().filter(({ command }) => command.includes('/usr/bin/supervisord ')).length <= 1,
  );

const started = async (daemon: Daemon): Promise<void> => {
  for (const name of ['n:n_9', 'late']) await daemon.reaches(name, 'RUNNING');
  await execed(daemon);
};

// biome-ignore format: one program each line
const PLAIN = [
  program('p', SLEEP, AT_ONCE, 'stdout_logfile=%(here)s/p.log', 'umask=077'),
  program('off', SLEEP, 'autostart=false'),
  section('fcgi-program:f', 'command=cat', 'socket=unix://%(here)s/f.sock', 'autostart=false', 'numprocs=2', 'process_name=f%(process_num)d'),
  section('eventlistener:l', 'command=cat', 'events=TICK_5,TICK_60', 'autostart=false'),
].join('');

/** One change each: what is replaced by what. */
// biome-ignore format: a table
const CHANGES: readonly (readonly [from: string, to: string])[] = [
  ...[
    'autostart=false', 'autorestart=true', 'startsecs=3', 'startretries=7', 'stopsignal=INT', 'stopwaitsecs=3', 'stopasgroup=true',
    'killasgroup=true', 'exitcodes=0,1', 'priority=3', 'directory=/', 'user=nobody', 'environment=A=1', 'serverurl=http://x', 'umask=022',
    'redirect_stderr=true', 'stdout_logfile=%(here)s/q.log', 'stdout_logfile_maxbytes=3', 'stdout_logfile_backups=3', 'stdout_syslog=1',
    'stdout_capture_maxbytes=3', 'stdout_events_enabled=1', 'stderr_events_enabled=1', 'process_name=q', 'unknown=1', 'command=sleep 1001',
  ].map((key): readonly [string, string] => ['umask=077', key]),
  ['numprocs=2', 'numprocs=3'],
  ['f.sock', 'f2.sock'],
  ['TICK_5,TICK_60', 'TICK_5'],
  ['[program:off]', '[nothing:off]'],
  ['[program:off]', '[eventlistener:off]\nevents=TICK_5'],
  ['[program:off]', '[group:g]\nprograms=off\n[program:off]'],
  ['[program:off]', '[program:new]\ncommand=x\n[program:off]'],
  ['[program:p]', '[supervisord]\nloglevel=debug\n[program:p]'],
  ['[program:p]', '[supervisord]\nenvironment=X=1\n[program:p]'],
];

suite('orders', needs('supervisord', 'python3'), () => {
  test('starts, stops and a restart', async (t) => {
    const pair = await startBoth(t, {
      config: `[supervisord]\nidentifier=one\n${ORDERED}`,
      files: { 'recorder.py': RECORDER },
    });
    await pair.both(started);
    await pair.same('the order of the start', (daemon) => named(daemon, /spawned: '(.*)'/));
    await pair.same('what listeners are told', told);
    await pair.same('avail', (daemon) => daemon.supervisorctl('avail'));
    await pair.both((daemon) => daemon.supervisorctl('stop', 'all'));
    await pair.same('start all', (daemon) =>
      daemon.supervisorctl('start', 'c', 'a', 'g:*', 'n:*', 'late', 'first', 'rec'),
    );
    await pair.both(started);
    await pair.both((daemon) => {
      writeFileSync(
        daemon.config,
        `${CONTROL}[supervisord]\nidentifier=two\n${ORDERED}${program('new', SLEEP, AT_ONCE)}`,
      );
      process.kill(daemon.pid, 'SIGHUP');
    });
    await pair.both((daemon) => until('the restart', () => daemon.log().split('supervisord started').length === 3));
    await pair.both(async (daemon) => {
      await daemon.reaches('new', 'RUNNING');
      await started(daemon);
    });
    await pair.same('the pid is the same', async (daemon) => (await daemon.rpc('supervisor.getPID')) === daemon.pid);
    await pair.same('the identifier is another', (daemon) => daemon.rpc('supervisor.getIdentification'));
    await pair.same('every order of a start', (daemon) => named(daemon, /spawned: '(.*)'/));
    await pair.same('what listeners are told after it', (daemon) =>
      told(daemon).filter((line) => line.startsWith('two')),
    );
    await pair.same('SIGINT ends it', (daemon) => daemon.stop('SIGINT'));
    await pair.same('the order of the end, where priorities differ', (daemon) => {
      const log = daemon.log();
      const end = log.slice(log.indexOf('received SIGINT'));
      return [...end.matchAll(/stopped: ([a-z]+)/g)]
        .map(([, name]) => name)
        .filter((name) => /^(late|n|first|rec)$/.test(name ?? ''));
    });
  });

  test('what reread finds', async (t) => {
    const pair = await startBoth(t, { config: PLAIN });
    for (const [from, to] of CHANGES) {
      await pair.both((daemon) => writeFileSync(daemon.config, CONTROL + PLAIN.replace(from, to)));
      await pair.same(`${from} -> ${to}`, (daemon) => call(daemon, 'supervisor.reloadConfig'));
    }
  });
});
