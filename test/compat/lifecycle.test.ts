/** The life of programs beside supervisord: states, what the API says, log lines, events, and what a child sees. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { Daemon } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';
import { isAlive } from '../support/processes.ts';
import { eventsOf, linesOf, program, RECORDER, section, startBoth, written } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

const RECORD = section(
  'eventlistener:recorder',
  'command=python3 %(here)s/recorder.py events.jsonl',
  'events=PROCESS_STATE',
  'buffer_size=1000',
  'startsecs=0',
);

/** Programs that come to rest by themselves, with the state they come to. */
const RESTING: Readonly<Record<string, readonly [state: string, command: string, ...lines: readonly string[]]>> = {
  stays: ['RUNNING', 'sleep 1000'],
  exit0: ['EXITED', "sh -c 'sleep 1.5; exit 0'"],
  exit3: ['EXITED', "sh -c 'sleep 1.5; exit 3'", 'autorestart=false'],
  killed: ['EXITED', "sh -c 'sleep 1.5; kill -9 $$'", 'autorestart=false'],
  segfault: ['EXITED', "sh -c 'ulimit -c 0; sleep 1.5; kill -SEGV $$'", 'autorestart=false'],
  expected7: ['EXITED', "sh -c 'sleep 1.5; exit 7'", 'exitcodes=3,7'],
  unexpected0: ['EXITED', "sh -c 'sleep 1.5; exit 0'", 'exitcodes=7', 'autorestart=false'],
  nocodes: ['EXITED', "sh -c 'sleep 1.5; exit 0'", 'exitcodes=', 'autorestart=false'],
  again: ['EXITED', `sh -c 'sleep 1.5; test -e again && exit 0; touch again; exit 3'`],
  always: ['RUNNING', `sh -c 'test -e always && exec sleep 1000; touch always; sleep 1.5; exit 0'`, 'autorestart=true'],
  quick0: ['FATAL', 'true', 'startretries=1'],
  quick3: ['FATAL', "sh -c 'exit 3'", 'startretries=0'],
  quickkill: ['FATAL', "sh -c 'kill -9 $$'", 'startretries=0'],
  quick2: ['FATAL', 'false', 'startretries=2'],
  manual: ['STOPPED', 'sleep 1000', 'autostart=false'],
  zero: ['RUNNING', 'sleep 1000', 'startsecs=0'],
  longer: ['RUNNING', 'sleep 1000', 'startsecs=2'],
  nofile: ['FATAL', '/does/not/exist', 'startretries=1'],
  nopath: ['FATAL', 'no-such-program', 'startretries=0'],
  folder: ['FATAL', '/tmp', 'startretries=0'],
  noexec: ['FATAL', '/etc/passwd', 'startretries=0'],
  badquote: ['FATAL', `sh -c "it's`, 'startretries=0'],
  empty: ['FATAL', '', 'startretries=0'],
  badlog: ['FATAL', 'sleep 1000', 'startretries=0', 'stdout_logfile=%(here)s/tmp'],
  nochdir: [
    'FATAL',
    'sleep 1000',
    'startretries=0',
    'directory=/does/not/exist',
    'stderr_logfile=%(here)s/nochdir.log',
  ],
  filedir: [
    'FATAL',
    'sleep 1000',
    'startretries=0',
    'directory=/etc/passwd',
    'redirect_stderr=true',
    'stdout_logfile=%(here)s/filedir.log',
  ],
  badshebang: ['FATAL', '%(here)s/badshebang', 'startretries=0', 'stderr_logfile=%(here)s/badshebang.log'],
  nobody: ['FATAL', '%(here)s/secret', 'startretries=0', 'user=nobody', 'stderr_logfile=%(here)s/nobody.log'],
};

/** Writes what a process can know of itself to <process name>.seen. */
const PROBE = `
out=$(dirname "$0")/; case $out in */bin/) out=$out../;; esac
{
echo "== arguments"; tr '\\0' '\\n' < /proc/$$/cmdline
echo "== environment"; tr '\\0' '\\n' < /proc/$$/environ | sort
echo "== directory"; readlink /proc/$$/cwd
echo "== umask"; umask
echo "== process"; set -- $(cat /proc/$$/stat); [ "$5" = $$ ] && echo leads its group; [ "$4" = $PPID ] && echo child of the daemon
echo "== signals"; grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status
echo "== user"; grep -E '^(Uid|Gid|Groups|NoNewPrivs|CapEff)' /proc/$$/status
echo "== files"; grep 'open files' /proc/$$/limits
echo "== descriptors"; stat -L -c %F /proc/$$/fd/0 /proc/$$/fd/11 /proc/$$/fd/12; cd /proc/$$/fd && echo *
echo "== output"; [ "$(readlink /proc/$$/fd/1)" = "$(readlink /proc/$$/fd/2)" ] && echo same
echo "== end"
} > "$out$SUPERVISOR_PROCESS_NAME.seen" 2>&1
`;

/** Leaves the pid of a grandchild in a file named after the program. */
const FAMILY = 'sleep 1000 & echo $! > $0.child;';

const rest = async (daemon: Daemon, states: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, state] of Object.entries(states)) await daemon.reaches(name, state);
};

suite('lifecycle', needs('supervisord', 'python3'), () => {
  test('programs that come to rest', async (t) => {
    const config = Object.entries(RESTING).map(([name, [, command, ...lines]]) => program(name, command, ...lines));
    const files = { 'recorder.py': RECORDER, badshebang: '#!/no/such/interpreter\n', secret: '#!/bin/sh\n' };
    const pair = await startBoth(
      t,
      { config: `[supervisord]\nloglevel=debug\n${RECORD}${config.join('')}`, files },
      ({ dir }) => {
        chmodSync(join(dir, 'badshebang'), 0o755);
        chmodSync(join(dir, 'secret'), 0o700);
      },
    );
    await pair.both((daemon) => rest(daemon, Object.fromEntries(Object.entries(RESTING).map(([n, [s]]) => [n, s]))));
    for (const name of Object.keys(RESTING)) {
      await pair.same(`${name}: what the API tells at rest`, (daemon) => daemon.rpc('supervisor.getProcessInfo', name));
      await pair.same(`${name}: what the main log tells`, (daemon) => linesOf(daemon, name));
      await pair.same(`${name}: which events it causes`, (daemon) => eventsOf(daemon, name));
    }
    for (const log of ['nochdir.log', 'filedir.log', 'badshebang.log', 'nobody.log']) {
      await pair.same(`${log}: what the child says of its failure`, (daemon) => written(daemon, log, (s) => s !== ''));
    }
  });

  test('stops', async (t) => {
    const stopping = ['TERM', 'HUP', 'INT', 'QUIT', 'KILL', 'USR1', 'USR2', '10'];
    const config = [
      ...stopping.map((signal) => program(`on${signal}`, 'sleep 1000', `stopsignal=${signal}`, 'startsecs=0')),
      program('clean', 'sh -c \'trap "exit 0" TERM; while :; do sleep 0.1; done\'', 'startsecs=0'),
      program('unclean', 'sh -c \'trap "exit 5" TERM; while :; do sleep 0.1; done\'', 'startsecs=0'),
      program('listed', 'sh -c \'trap "exit 5" TERM; while :; do sleep 0.1; done\'', 'startsecs=0', 'exitcodes=0,5'),
      program('deaf', `sh -c 'trap "" TERM; while :; do sleep 0.1; done'`, 'startsecs=0', 'stopwaitsecs=1'),
      program(
        'deafgroup',
        `sh -c '${FAMILY} trap "" TERM; while :; do sleep 0.1; done' deafgroup`,
        'startsecs=0',
        'stopwaitsecs=1',
        'killasgroup=true',
      ),
      program('alone', `sh -c '${FAMILY} wait' alone`, 'startsecs=0'),
      program('family', `sh -c '${FAMILY} wait' family`, 'startsecs=0', 'stopasgroup=true'),
      program('starting', 'sleep 1000', 'startsecs=600'),
      program('backoff', 'false', 'startretries=100'),
    ];
    const pair = await startBoth(t, {
      config: `[supervisord]\nloglevel=debug\n${RECORD}${config.join('')}`,
      files: { 'recorder.py': RECORDER },
    });
    const names = [
      ...stopping.map((signal) => `on${signal}`),
      'clean',
      'unclean',
      'listed',
      'deaf',
      'deafgroup',
      'alone',
      'family',
    ];
    await pair.both(async (daemon) => {
      await rest(daemon, Object.fromEntries(names.map((name) => [name, 'RUNNING'])));
      for (const name of ['deafgroup', 'alone', 'family'])
        await written(daemon, `${name}.child`, (pid) => pid.endsWith('\n'));
      await daemon.reaches('starting', 'STARTING');
      await until('the second try', () => eventsOf(daemon, 'backoff').length >= 4);
    });
    await pair.same('stopAllProcesses answers for every process', async (daemon) => {
      const results = await daemon.rpc('supervisor.stopAllProcesses');
      return Array.isArray(results) ? results.map((result) => JSON.stringify(result)).sort() : results;
    });
    for (const name of [...names, 'starting']) {
      await pair.same(`${name}: what the API tells after a stop`, (daemon) =>
        daemon.rpc('supervisor.getProcessInfo', name),
      );
      await pair.same(`${name}: what the main log tells of a stop`, (daemon) => linesOf(daemon, name));
      await pair.same(`${name}: which events a stop causes`, (daemon) => eventsOf(daemon, name));
    }
    for (const name of ['deafgroup', 'alone', 'family']) {
      await pair.same(`${name}: does the grandchild outlive the stop`, (daemon) =>
        isAlive(Number(daemon.read(`${name}.child`))),
      );
    }
    await pair.same('a second stop is refused', (daemon) =>
      daemon.rpc('supervisor.stopProcess', 'clean').catch(String),
    );
    await pair.same('the end of the daemon', (daemon) => daemon.stop());
  });

  test('what a child sees', async (t) => {
    const probe = (name: string, ...lines: readonly string[]): string =>
      program(name, `sh %(here)s/probe.sh ${name} "two words" it\\'s`, 'autorestart=false', 'startsecs=0', ...lines);
    const children = {
      plain: probe('plain'),
      directory: probe('directory', 'directory=/usr/share'),
      umask: probe('umask', 'umask=027'),
      variables: probe(
        'variables',
        `environment=A="1",B="two words",C='%(program_name)s %(process_num)d',PATH="/usr/bin:/bin",SUPERVISOR_ENABLED="no"`,
      ),
      user: probe('user', 'user=nobody'),
      sameuser: probe('sameuser', 'user=root'),
      redirected: probe('redirected', 'redirect_stderr=true'),
      nologs: probe('nologs', 'stdout_logfile=NONE', 'stderr_logfile=NONE'),
      serverurl: probe('serverurl', 'serverurl=http://example.org:80'),
      nourl: probe('nourl', 'serverurl='),
      numbered: probe(
        'numbered',
        'numprocs=2',
        'numprocs_start=3',
        'process_name=%(program_name)s_%(process_num)02d',
        'environment=N="%(process_num)d/%(numprocs)d"',
      ),
      relative: program('relative', './bin/show.sh relative', 'autorestart=false', 'startsecs=0'),
      ownpath: program(
        'ownpath',
        'show.sh ownpath',
        'autorestart=false',
        'startsecs=0',
        'environment=PATH="%(here)s/bin:/bin:/usr/bin"',
      ),
      blocked: program(
        'blocked',
        'show.sh blocked',
        'startretries=0',
        'environment=PATH="%(here)s/blocked:%(here)s/bin"',
      ),
    };
    const names = [
      ...Object.keys(children).filter((name) => !['numbered', 'blocked'].includes(name)),
      'numbered_03',
      'numbered_04',
    ];
    const config = `[supervisord]\nenvironment=GLOBAL="yes",B="daemon"\nminfds=1234\n${Object.values(children).join('')}
[group:together]
programs=member
${probe('member')}`;
    const files = { 'probe.sh': PROBE, 'bin/show.sh': `#!/bin/sh\n${PROBE}`, 'blocked/show.sh': 'not executable' };
    const pair = await startBoth(t, { config, files }, ({ dir }) => {
      chmodSync(dir, 0o755);
      chmodSync(join(dir, 'bin/show.sh'), 0o755);
      for (const name of [...names, 'member']) {
        writeFileSync(join(dir, `${name}.seen`), '');
        chmodSync(join(dir, `${name}.seen`), 0o666);
      }
    });
    for (const name of [...names, 'member']) {
      const seen = (daemon: Daemon): Promise<string> =>
        written(daemon, `${name}.seen`, (text) => text.includes('== end'));
      const part =
        (title: string) =>
        async (daemon: Daemon): Promise<string | undefined> =>
          (await seen(daemon)).split('== ').find((words) => words.startsWith(title));
      await pair.both(seen);
      for (const title of [
        'arguments',
        'environment',
        'directory',
        'umask',
        'process',
        'signals',
        'user',
        'files',
        'descriptors',
        'output',
      ]) {
        await pair.same(`${name}: ${title}`, part(title));
      }
    }
    await pair.both((daemon) => daemon.reaches('blocked', 'FATAL'));
    await pair.same('blocked: the first that exists in PATH is taken', (daemon) =>
      daemon.rpc('supervisor.getProcessInfo', 'blocked'),
    );
  });
});
