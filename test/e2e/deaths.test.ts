/** The brain dies before and after everything that it does, one by one, in each of the things that an operator may ask. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeBatch } from '../../src/journal/codec.ts';
import { Daemon, privateDirectory } from '../support/daemon.ts';
import { isAlive } from '../support/processes.ts';
import { DeadlyCheckout } from '../support/survival/deadly-checkout.ts';
import { until } from '../support/until.ts';

const CONFIG = `
[program:p]
command=sleep 10001
autostart=false
autorestart=true
startsecs=0
[program:extra]
command=sleep 10002
startsecs=0
[eventlistener:ears]
command=sh -c "while echo READY && read line; do head -c $(expr $line : '.*len:') >/dev/null; printf 'RESULT 2\\nOK'; done"
events=PROCESS_STATE_FATAL
startsecs=0
`;
/** More places than anything has. */
const MOST = 200;

/** Asks until there is an answer; a fault is one. */
async function ask(daemon: Daemon, method: string, ...params: readonly (string | boolean)[]): Promise<void> {
  await until(
    () => `an answer to ${method}\n${daemon.log().slice(-3000)}`,
    () =>
      daemon.rpc(`supervisor.${method}`, ...params).then(
        () => true,
        (cause: unknown) => /^\d+ [A-Z_]+/.test(cause instanceof Error ? cause.message : ''),
      ),
  );
}

/** The state and pid of a process, whenever somebody can tell. */
const stateOf = (daemon: Daemon, name: string): Promise<{ readonly state: string; readonly pid: number }> =>
  until(`the state of ${name}`, () => daemon.status(name).catch(() => undefined));

async function reaches(daemon: Daemon, name: string, state: string, not?: number): Promise<number> {
  const found = await until(
    () => `${name} is ${state}\n${daemon.log().slice(-3000)}`,
    async () => {
      const seen = await stateOf(daemon, name);
      return seen.state === state && seen.pid !== not && seen;
    },
  );
  return found.pid;
}

const isThere = (daemon: Daemon, name: string): Promise<boolean> =>
  daemon.status(name).then(
    () => true,
    (cause: unknown) => {
      if (cause instanceof Error && cause.message.startsWith('10 BAD_NAME')) return false;
      throw cause;
    },
  );

/** What an operator, or fate, does; each leaves everything as the next one wants it. */
const STEPS: Readonly<Record<string, (daemon: Daemon) => Promise<void>>> = {
  async start(daemon) {
    await ask(daemon, 'startProcess', 'p');
    await reaches(daemon, 'p', 'RUNNING');
  },
  async crash(daemon) {
    const pid = await reaches(daemon, 'p', 'RUNNING');
    process.kill(pid, 'SIGKILL');
    await reaches(daemon, 'p', 'RUNNING', pid);
  },
  async stop(daemon) {
    const pid = await reaches(daemon, 'p', 'RUNNING');
    await ask(daemon, 'stopProcess', 'p');
    await reaches(daemon, 'p', 'STOPPED');
    assert.ok(!isAlive(pid));
  },
  async remove(daemon) {
    await ask(daemon, 'stopProcessGroup', 'extra');
    // One that was being stopped already may not be stopped yet.
    await until('extra is gone', async () => {
      await ask(daemon, 'removeProcessGroup', 'extra');
      return isThere(daemon, 'extra').then(
        (found) => !found,
        () => false,
      );
    });
  },
  async add(daemon) {
    await ask(daemon, 'addProcessGroup', 'extra');
    await reaches(daemon, 'extra', 'RUNNING');
  },
};

/** The states of every process form a chain: each change is in the journal once. */
function assertChains(statedir: string): void {
  const folder = join(statedir, 'journal');
  const last = new Map<string, string>();
  for (const name of readdirSync(folder).sort()) {
    for (const record of decodeBatch(readFileSync(join(folder, name))).records) {
      if (record.kind === 'process-group') last.delete(`${record.group}:${record.group}`);
      if (record.kind !== 'process-state') continue;
      const key = `${record.group}:${record.process}`;
      assert.equal(record.from, last.get(key) ?? 'STOPPED', `the chain of ${key} at record ${record.serial}`);
      last.set(key, record.to);
    }
  }
}

test('the brain may die before and after everything that it does', async (t) => {
  const dir = privateDirectory(t);
  const deadly = await DeadlyCheckout.make(dir);
  const daemon = new Daemon(dir, { config: CONFIG, executable: deadly.executable, env: deadly.env });
  await daemon.start();
  await reaches(daemon, 'extra', 'RUNNING');
  const left = new Map(Object.entries(STEPS));
  for (let place = 1; left.size > 0; place += 1) {
    assert.ok(place < MOST, `still places to die in ${[...left.keys()].join(', ')}`);
    for (const [name, step] of Object.entries(STEPS)) {
      if (left.has(name)) deadly.planDeath(place);
      await step(daemon);
      if (left.has(name) && deadly.callOff()) left.delete(name);
    }
    await reaches(daemon, 'ears:ears', 'RUNNING');
    const commands = daemon.processes().map(({ command }) => command);
    assert.equal(new Set(commands).size, commands.length, `twins among ${commands.join('; ')}`);
  }
  const places = new Set(deadly.places());
  t.diagnostic(`${deadly.places().length} deaths in ${places.size} places: ${[...places].join(', ')}`);
  for (const place of ['world process', 'message spawn', 'message signal', 'message ack', 'journal process-state']) {
    for (const side of ['before', 'after']) assert.ok(places.has(`${side} ${place}`), `never died ${side} ${place}`);
  }
  assert.equal(await daemon.stop(), 0);
  daemon.assertQuiet();
  assertChains(join(dir, 'main.state'));
});

test('the brain may die anywhere on the way up and on the way down', async (t) => {
  const dir = privateDirectory(t);
  const deadly = await DeadlyCheckout.make(dir);
  const daemon = new Daemon(dir, { config: CONFIG, executable: deadly.executable, env: deadly.env });
  let isUpDone = false;
  let isDownDone = false;
  for (let place = 1; !(isUpDone && isDownDone); place += 1) {
    assert.ok(place < MOST);
    if (!isUpDone) deadly.planDeath(place);
    // A brain that dies before it ever served is a start that failed, and leaves nothing.
    await daemon.start().catch(() => daemon.start());
    for (const name of ['extra', 'ears:ears']) await reaches(daemon, name, 'RUNNING');
    assert.equal((await stateOf(daemon, 'p')).state, 'STOPPED');
    isUpDone ||= deadly.callOff();
    if (!isDownDone) deadly.planDeath(place);
    await daemon.stop();
    isDownDone ||= deadly.callOff();
    const left = daemon.processes();
    assert.deepEqual(left, [], 'a program outlives the daemon');
  }
  t.diagnostic(`${deadly.places().length} deaths`);
  assertChains(join(dir, 'main.state'));
});
