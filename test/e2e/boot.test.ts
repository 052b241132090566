/** superd dies, or is told to go, in the middle of its first start of many programs, which is done in turns. */
import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, existsSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Daemon, environmentOf, privateDirectory } from '../support/daemon.ts';
import { brainOf, kill, Rig } from '../support/survival/rig.ts';
import { until } from '../support/until.ts';

const PROGRAMS = 100;
/** Of these: with the one that does not start by itself, ten. */
const FIRST_TURN = 9;
const CONFIG = `
[program:x]
command=sh -c "echo $$; exec sleep 10006"
numprocs=${PROGRAMS}
process_name=x_%(process_num)03d
stdout_logfile=%(here)s/x_%(process_num)03d.log
startsecs=0
[program:last]
command=sleep 10007
priority=1000
startsecs=0
[program:off]
command=sleep 10008
autostart=false
`;

const countOf = (daemon: Daemon, command: string): number =>
  daemon.processes().filter((process) => process.command === command).length;

/** Starts, and goes on once so many programs run; the boot is not over then. */
async function startUpTo(daemon: Daemon, programs: number): Promise<void> {
  // Whoever dies meanwhile does not answer.
  void daemon.start().catch(() => {});
  await until(
    () => `${programs} programs run\n${daemon.output()}`,
    () => countOf(daemon, 'sleep 10006') >= programs,
  );
}

/** Makes few pipes at once. The first to make many waits until somebody says `go`, and the next one for it. */
const SLOW_MKFIFO = `#!/bin/sh
cd "\${0%/*}" && PATH=\${PATH#*:}
wait_for() { while [ ! -e "$1" ]; do sleep 0.02; done; }
[ $# -gt 40 ] || exec mkfifo "$@"
mkdir first 2>/dev/null || { wait_for made; exec mkfifo "$@"; }
wait_for go
mkfifo "$@"
touch made
`;

/** The pipes of the second turn are not made before somebody says so. */
function withSlowPipes(dir: string): {
  readonly daemon: Daemon;
  readonly makers: () => number;
  readonly goOn: () => void;
} {
  const daemon = new Daemon(dir, {
    config: CONFIG,
    files: { 'slow/mkfifo': SLOW_MKFIFO },
    env: { PATH: `${join(dir, 'slow')}:${environmentOf(dir)['PATH']}` },
  });
  chmodSync(join(dir, 'slow/mkfifo'), 0o755);
  return {
    daemon,
    makers: () => daemon.processes().filter(({ command }) => command.includes('slow/mkfifo')).length,
    goOn: () => writeFileSync(join(dir, 'slow/go'), ''),
  };
}

/** Every program that is to run does, once, and what it wrote is in its log. */
async function assertComplete(daemon: Daemon): Promise<void> {
  const rig = new Rig(daemon, 1);
  await until(
    () => `all of them run\n${daemon.log().slice(-3000)}`,
    async () => {
      const seen = await rig.look().catch(() => new Map<string, { readonly state: string }>());
      const areAsWanted = [...seen].every(
        ([name, { state }]) => state === (name === 'off:off' ? 'STOPPED' : 'RUNNING'),
      );
      return seen.size > 0 && areAsWanted;
    },
  );
  rig.assertNoTwins();
  const running = daemon.processes().filter(({ command }) => command === 'sleep 10006');
  assert.equal(running.length, PROGRAMS);
  const written = (): readonly string[] =>
    Array.from({ length: PROGRAMS }, (_, index) => daemon.read(`x_${String(index).padStart(3, '0')}.log`));
  await until('each has written its line', () => written().every((text) => text !== ''));
  assert.deepEqual([...written()].sort(), running.map(({ pid }) => `${pid}\n`).sort());
}

/** A clean end, which may have been asked for already; what was made elsewhere is gone too. */
async function assertEnds(daemon: Daemon): Promise<void> {
  const pipes = realpathSync(join(daemon.dir, 'main.state/pipes'));
  assert.equal(await daemon.stop(), 0);
  daemon.assertQuiet();
  assert.equal(existsSync(pipes), false);
}

describe('a first start of many programs', () => {
  for (const reached of [1, 40]) {
    test(`is finished by the next brain, when the first one dies after ${reached}`, async (t) => {
      const daemon = new Daemon(privateDirectory(t), { config: CONFIG });
      await startUpTo(daemon, reached);
      kill(brainOf(daemon.pid) ?? assert.fail('no brain'));
      await assertComplete(daemon);
      await assertEnds(daemon);
    });
  }

  test('is finished by the next superd, when keeper and brain die', async (t) => {
    const daemon = new Daemon(privateDirectory(t), { config: CONFIG });
    await startUpTo(daemon, 20);
    const brain = brainOf(daemon.pid) ?? assert.fail('no brain');
    kill(daemon.pid);
    kill(brain);
    await daemon.ended();
    await daemon.start();
    await assertComplete(daemon);
    await assertEnds(daemon);
  });

  test('ends early when superd is told to go', async (t) => {
    const { daemon, goOn } = withSlowPipes(privateDirectory(t));
    await startUpTo(daemon, FIRST_TURN);
    process.kill(daemon.pid, 'SIGTERM');
    await until(
      'nothing runs',
      () => daemon.log().includes('received SIGTERM') && countOf(daemon, 'sleep 10006') === 0,
    );
    goOn();
    await assertEnds(daemon);
    assert.equal(daemon.log().split(' spawned: ').length - 1, FIRST_TURN);
  });

  test('tells already what is wrong with a configuration that is read again', async (t) => {
    const { daemon, goOn } = withSlowPipes(privateDirectory(t));
    await startUpTo(daemon, FIRST_TURN);
    appendFileSync(daemon.config, '[program:broken]\nstartsecs=ten\n');
    process.kill(daemon.pid, 'SIGHUP');
    await until('it is refused', () => daemon.log().includes('cannot restart with the configuration now on disk'));
    goOn();
    await assertComplete(daemon);
    assert.match(daemon.log(), /\[program:broken\] startsecs/);
    await assertEnds(daemon);
  });

  test('begins again after SIGHUP, and may be ended again', async (t) => {
    const daemon = new Daemon(privateDirectory(t), { config: CONFIG });
    await startUpTo(daemon, 15);
    process.kill(daemon.pid, 'SIGHUP');
    await until('it begins again', () => daemon.log().split('supervisord started with pid').length > 2);
    await until('programs run again', () => countOf(daemon, 'sleep 10006') > 0);
    await assertEnds(daemon);
  });

  test('goes on when pipes are still being made for the brain that died', async (t) => {
    const { daemon, makers, goOn } = withSlowPipes(privateDirectory(t));
    await startUpTo(daemon, FIRST_TURN);
    kill(brainOf(daemon.pid) ?? assert.fail('no brain'));
    await until('the next brain makes them too', () => makers() === 2);
    goOn();
    await assertComplete(daemon);
    assert.doesNotMatch(daemon.log(), /cannot make named pipes/);
    await assertEnds(daemon);
  });
});
