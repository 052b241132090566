/** The real supervisorctl drives supervisord and superd through the same session: the same lines, the same exit codes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { type Answer, CONTROL, type Daemon, environmentOf } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';
import { program, type SideBySide, section, startBoth, written } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

const SLEEP = 'sleep 1000';

const CONFIG = [
  program('cat', 'cat', 'startsecs=0', 'stdout_logfile=%(here)s/cat.log', 'stderr_logfile=%(here)s/cat.err'),
  program(
    'noisy',
    "sh -c 'seq 1 500; echo err >&2; exec sleep 1000'",
    'startsecs=0',
    'stdout_logfile=%(here)s/noisy.log',
    'stderr_logfile=%(here)s/noisy.err',
  ),
  program('manual', SLEEP, 'startsecs=0', 'autostart=false'),
  program('fatal', 'false', 'startretries=0'),
  program('nofile', '/does/not/exist', 'autostart=false'),
  program('noexec', '/etc/passwd', 'autostart=false'),
  program('nolog', SLEEP, 'startsecs=0', 'stdout_logfile=NONE', 'autostart=false'),
  program('quick', 'false', 'startretries=1000', 'autostart=false'),
  program('anamethatisquitelongindeedreallylong', SLEEP, 'startsecs=0'),
  program('pool', SLEEP, 'startsecs=0', 'numprocs=2', 'process_name=%(program_name)s_%(process_num)02d'),
  section('group:grp', 'programs=a,b', 'priority=5'),
  program('a', SLEEP, 'startsecs=0'),
  program('b', SLEEP, 'startsecs=0', 'priority=1', 'autostart=false'),
].join('');

const CHANGED = CONFIG.replace(
  '[program:noisy]',
  `${program('fresh', SLEEP, 'startsecs=0')}[program:noisy]\npriority=3`,
).replace(/\[program:nolog\][^[]*/, '');

/** Sessions: what is typed, word by word, after `supervisorctl`. */
const FIRST = [
  'status',
  'status cat',
  'status nope',
  'status cat nope fatal',
  'status grp:*',
  'status pool:',
  'status nope:*',
  'status all',
  'status fatal',
  'avail',
  'avail x',
  'version',
  'version x',
  'pid nope',
  'pid fatal',
  'pid x y',
  'open nope',
  'start',
  'start manual',
  'start manual',
  'start nope',
  'start nofile noexec manual',
  'start quick',
  'start grp:*',
  'start grp:*',
  'start pool:nope',
  'start nope:*',
  'start fatal',
  'stop quick',
  'stop',
  'stop manual',
  'stop manual',
  'stop nope',
  'stop grp:b',
  'stop pool:pool_01',
  'stop nope:*',
  'stop manual nope',
  'signal',
  'signal HUP',
  'signal CONT cat',
  'signal NOPE cat',
  'signal CONT manual',
  'signal CONT nope',
  'signal CONT grp:*',
  'signal 18 cat nope',
  'signal CONT nope:*',
  'tail',
  'tail noisy',
  'tail -5 noisy',
  'tail -0 noisy',
  'tail noisy stderr',
  'tail noisy stdout',
  'tail noisy nope',
  'tail nope',
  'tail nolog',
  'tail -x noisy',
  'tail a b c d',
  'tail -9999 noisy',
  'tail manual',
  'maintail x y',
  'maintail x',
  'clear',
  'clear nope',
  'clear cat',
  'clear cat nope',
  'tail cat',
  'add',
  'remove',
  'add nope',
  'remove nope',
  'remove cat',
  'add cat',
  'reread x',
  'reread',
  'update',
  'nope',
  'help',
  'help start',
  'help nope',
  'help status',
  'help fg',
  'shutdown x',
  'reload x',
  'fg',
  'fg nope',
  'fg manual',
  'fg a b',
  'restart',
  'restart nope',
  'quit',
  'exit',
] as const;

const SECOND = [
  'reread',
  'reread',
  'avail',
  'update nope',
  'update fresh',
  'status fresh',
  'update',
  'update',
  'status',
  'remove fresh',
  'stop fresh',
  'remove fresh',
  'add fresh',
  'status fresh',
  'restart manual',
  'restart cat',
  'restart grp:*',
] as const;

/** A child of Python that has not become its program yet does not hear signals (api 2.3, a race of supervisord). */
const settled = (daemon: Daemon): Promise<unknown> =>
  until(
    'exec',
    () => daemon.processes().filter(({ command }) => command.includes('/usr/bin/supervisord ')).length <= 1,
  );

/** Lines of all, in the order of chance. */
const sorted = (words: string): string => words.split('\n').sort().join('\n');

/** Runs the real supervisorctl's main function again and again, each time in a process of its own. */
const DRIVER = `
import json, os, sys, tempfile
from supervisor import supervisorctl
for line in sys.stdin:
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open('/dev/null', os.O_RDONLY), 0); os.dup2(out.fileno(), 1); os.dup2(err.fileno(), 2)
        sys.stdin = open('/dev/null')
        sys.argv = ['/usr/bin/supervisorctl'] + json.loads(line)
        status = 0
        try:
            supervisorctl.main()
        except SystemExit as end:
            status = end.code or 0
        sys.stdout.flush(); sys.stderr.flush()
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    out.seek(0); err.seek(0)
    print(json.dumps({'stdout': out.read().decode(), 'stderr': err.read().decode(), 'status': status}), flush=True)
`;

type Run = (daemon: Daemon, line: string) => Promise<Answer>;

/** supervisorctl for many commands: starting Python takes longer than most of them. */
async function startDriver(pair: SideBySide): Promise<Run> {
  const open = (daemon: Daemon): readonly [Daemon, (request: string) => Promise<string>] => {
    const child = spawn('/usr/bin/python3', ['driver.py'], { cwd: daemon.dir, env: environmentOf(daemon.dir) });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return [
      daemon,
      async (request) => {
        child.stdin.write(`${request}\n`);
        return (await answers.next()).value ?? '';
      },
    ];
  };
  const drivers = new Map(await pair.both(open));
  return async (daemon, line) => {
    const args = ['-c', daemon.config, ...line.split(' ').filter((word) => word !== '')];
    const answer: Answer = JSON.parse((await drivers.get(daemon)?.(JSON.stringify(args))) ?? '');
    return answer;
  };
}

async function session(pair: SideBySide, run: Run, name: string, lines: readonly string[]): Promise<void> {
  for (const [index, line] of lines.entries()) {
    if (/start|stop|signal|update|shutdown/.test(line)) await pair.both(settled);
    await pair.same(`${name} ${index + 1}: ${line}`, async (daemon) => {
      const { stdout, ...rest } = await run(daemon, line);
      return { stdout: /(start|stop|update|all)/.test(line) ? sorted(stdout) : stdout, ...rest };
    });
  }
}

interface Typed {
  readonly send: string;
  /** What must have been printed before it is typed. */
  readonly after: (output: string, daemon: Daemon) => boolean;
}

/** supervisorctl with lines typed into it, each when its time has come. An undefined line is the end of the input. */
async function typing(daemon: Daemon, args: readonly string[], lines: readonly Typed[]): Promise<unknown> {
  const env = { ...environmentOf(daemon.dir), PYTHONUNBUFFERED: '1' };
  const child = spawn('/usr/bin/supervisorctl', ['-c', daemon.config, ...args], { cwd: daemon.dir, env });
  const ended = once(child, 'close');
  const errors = text(child.stderr);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  for (const { send, after } of lines) {
    await until(
      () => `the time for ${JSON.stringify(send)} in ${output}`,
      () => after(output, daemon),
    );
    child.stdin.write(send);
  }
  child.stdin.end();
  // Its tails notice the end only when something comes, or after half a minute.
  const nudge = setInterval(() => {
    for (const log of ['cat.log', 'cat.err']) appendFileSync(join(daemon.dir, log), 'wake\n');
  }, 200);
  const [status] = await ended;
  clearInterval(nudge);
  return { output: output.replaceAll('wake\n', ''), errors: (await errors).replace(/line \d+/g, 'line <n>'), status };
}

suite('supervisorctl', needs('supervisord', 'supervisorctl'), () => {
  test('commands', async (t) => {
    const pair = await startBoth(t, { config: CONFIG, files: { 'driver.py': DRIVER } });
    const run = await startDriver(pair);
    await pair.both(async (daemon) => {
      await daemon.reaches('fatal', 'FATAL');
      for (const name of ['cat', 'noisy', 'grp:a', 'pool:pool_01']) await daemon.reaches(name, 'RUNNING');
      await written(daemon, 'noisy.log', (log) => log.endsWith('500\n'));
    });
    await session(pair, run, 'first', FIRST);
    await pair.same(
      'pid is that of the daemon',
      async (daemon) => (await run(daemon, 'pid')).stdout === `${daemon.pid}\n`,
    );
    await pair.same(
      'pid cat is that of the process',
      async (daemon) => (await run(daemon, 'pid cat')).stdout === `${(await daemon.status('cat')).pid}\n`,
    );
    await pair.same(
      'pid all has as many lines',
      async (daemon) => (await run(daemon, 'pid all')).stdout.split('\n').length,
    );
    await pair.same('maintail -100 ends like the log', async (daemon) => {
      const { stdout } = await run(daemon, 'maintail -100');
      return daemon.log().endsWith(stdout.slice(0, -1));
    });
    await pair.both((daemon) => writeFileSync(daemon.config, CONTROL + CHANGED));
    await session(pair, run, 'second', SECOND);
    await pair.both((daemon) => writeFileSync(daemon.config, `${CONTROL}${CONFIG}priority=x\n`));
    await session(pair, run, 'broken', ['reread', 'status cat']);
    await pair.same('update with a broken file', async (daemon) => {
      const { stdout, stderr, status } = await run(daemon, 'update');
      return [stdout.replace(/line: \d+/, ''), stderr, status];
    });
    await pair.both((daemon) => writeFileSync(daemon.config, CONTROL + CONFIG));
    await session(pair, run, 'all', [
      'clear manual',
      'stop all',
      'stop all',
      'start pool:*',
      'signal CONT all',
      'shutdown',
    ]);
    await pair.same('the daemon has gone', (daemon) => daemon.ended());
    await session(pair, run, 'gone', ['status', 'start cat', 'pid', 'shutdown', 'version', 'reread']);
  });

  test('interactive, tail -f and fg', async (t) => {
    const pair = await startBoth(t, { config: CONFIG, files: { 'driver.py': DRIVER } });
    const run = await startDriver(pair);
    await pair.both(async (daemon) => {
      await daemon.reaches('fatal', 'FATAL');
      await written(daemon, 'noisy.log', (log) => log.endsWith('500\n'));
    });
    const now = (): boolean => true;
    await pair.same('interactive commands', (daemon) =>
      typing(
        daemon,
        [],
        [
          { send: 'status cat\n', after: now },
          { send: '\n', after: now },
          { send: 'nope\n', after: now },
          { send: 'start manual\n', after: now },
          { send: 'help stop\n', after: now },
          { send: 'version\n', after: now },
          { send: 'quit\n', after: now },
        ],
      ),
    );
    await pair.same('the end of the input leaves', (daemon) =>
      typing(daemon, [], [{ send: 'pid nope\n', after: now }]),
    );
    await pair.same('shutdown asks, and no means no', (daemon) =>
      typing(
        daemon,
        [],
        [
          { send: 'shutdown\n', after: now },
          { send: 'n\n', after: now },
          { send: 'reload\n', after: now },
          { send: 'n\n', after: now },
        ],
      ),
    );
    await pair.same('fg: what is typed goes in, what it says comes out', (daemon) =>
      typing(
        daemon,
        ['fg', 'cat'],
        [
          { send: 'first line\n', after: (output) => output.includes('Ctrl-C to exit') },
          {
            send: 'second line\n',
            after: (output, d) => output.includes('first line') && d.read('cat.log').includes('first'),
          },
          { send: '', after: (output) => output.includes('second line') },
        ],
      ),
    );
    await pair.same('tail -f: the last bytes, then what comes', async (daemon) => {
      const child = spawn('/usr/bin/supervisorctl', ['-c', daemon.config, 'tail', '-f', 'cat'], {
        cwd: daemon.dir,
        env: { ...environmentOf(daemon.dir), PYTHONUNBUFFERED: '1' },
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      await until('what is there', () => output.includes('second line\n'));
      await daemon.rpc('supervisor.sendProcessStdin', 'cat', 'third line\n');
      await until('the third line', () => output.includes('third line\n'));
      await daemon.rpc('supervisor.clearProcessLogs', 'cat');
      await daemon.rpc('supervisor.sendProcessStdin', 'cat', 'after clear\n');
      await until('the line after clear', () => output.includes('after clear\n'));
      const ended = once(child, 'close');
      child.kill('SIGINT');
      await ended;
      return [output.replaceAll('wake\n', ''), child.exitCode, child.signalCode];
    });
    await pair.same('tail -f of no process', (daemon) => run(daemon, 'tail -f nope'));
    await pair.same('reload', (daemon) => run(daemon, 'reload'));
    await pair.both(async (daemon) => {
      await until('the new run', () => daemon.log().split('supervisord started').length === 3);
      await until('it answers', () =>
        daemon.rpc('supervisor.getState').then(
          () => true,
          () => false,
        ),
      );
      await daemon.reaches('cat', 'RUNNING');
      await daemon.reaches('fatal', 'FATAL');
    });
    await session(pair, run, 'after reload', ['status', 'shutdown']);
    await pair.same('exit status', (daemon) => daemon.ended());
  });
});
