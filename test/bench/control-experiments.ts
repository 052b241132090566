/** How quickly programs are started, started again and stopped, what the supervisor needs meanwhile, and how it answers. */
import { setTimeout as pause } from 'node:timers/promises';
import { callTime, commandTime, keepAlive } from './api.ts';
import { cpuSeconds, memoryOf } from './cost.ts';
import type { Sample } from './figures.ts';
import { everyWord, type Lab, settle, type Trial, wait } from './lab.ts';
import { type PeerName, SUPERCTL } from './peers.ts';
import { now } from './probe.ts';
import { median, percentile } from './statistics.ts';

const IDLE_SECONDS = 20;
const CALLS = 60;
const COMMANDS = 7;

/** Kills one program after the other, and sees when its replacement speaks. */
async function restartTimes({ words }: Trial, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (const [name, { pid }] of [...words.latest()].slice(0, count)) {
    const begin = now();
    process.kill(pid, 'SIGKILL');
    let at: number | undefined;
    await wait(`${name} runs again`, () => {
      at = words.all().findLast((word) => word.name === name && word.pid !== pid)?.at;
      return at !== undefined;
    });
    times.push((at ?? Number.NaN) - begin);
    await pause(20);
  }
  return times;
}

export function hundred(lab: Lab, peer: PeerName): Promise<readonly Sample[]> {
  return lab.trial(peer, lab.idle(100), async (trial) => {
    const last = await everyWord(trial, 100);
    await settle();
    await settle();
    const memory = memoryOf(trial.running.pids());
    const times = await restartTimes(trial, peer === 'supervisord' ? 15 : 60);
    return [
      ['start-100', last.at - trial.startedAt],
      ['private-100', memory.privateDirty],
      ['rss-100', memory.rss],
      ['restart', median(times)],
      ['restart-p95', percentile(times, 0.95)],
    ];
  });
}

export function twoHundred(lab: Lab, peer: PeerName): Promise<readonly Sample[]> {
  return lab.trial(peer, lab.idle(200), async (trial) => {
    await everyWord(trial, 200);
    await settle();
    const { running, words } = trial;
    const answers = peer === 'superd' || peer === 'supervisord' ? await apiTimes(trial, peer) : [];
    const begin = now();
    for (const { pid } of words.latest().values()) process.kill(pid, 'SIGKILL');
    const last = await everyWord(trial, 200, { since: begin });
    await settle();
    const end = now();
    await running.stop();
    return [['storm', last.at - begin], ['shutdown', now() - end], ...answers];
  });
}

async function apiTimes({ running }: Trial, peer: PeerName): Promise<readonly Sample[]> {
  const agent = keepAlive();
  const calls: number[] = [];
  for (let call = 0; call < 10; call += 1) await callTime(running.socket, 'supervisor.getAllProcessInfo', agent);
  const pids = running.pids();
  const before = cpuSeconds(pids);
  for (let call = 0; call < CALLS; call += 1) {
    calls.push(await callTime(running.socket, 'supervisor.getAllProcessInfo', agent));
  }
  const cpu = ((cpuSeconds(pids) - before) / CALLS) * 1000;
  agent.destroy();
  const ctl = peer === 'superd' ? SUPERCTL : '/usr/bin/supervisorctl';
  const status: number[] = [];
  const help: number[] = [];
  for (let run = 0; run < COMMANDS; run += 1) {
    status.push(await commandTime(ctl, ['-s', `unix://${running.socket}`, 'status']));
    help.push(await commandTime(ctl, ['--help']));
  }
  return [
    ['rpc', median(calls)],
    ['rpc-cpu', cpu],
    ['status', median(status)],
    ['help', median(help)],
  ];
}

export function fiveHundred(lab: Lab, peer: PeerName): Promise<readonly Sample[]> {
  return lab.trial(peer, lab.idle(500), async (trial) => {
    const last = await everyWord(trial, 500);
    await settle();
    await settle();
    const pids = trial.running.pids();
    const memory = memoryOf(pids);
    const samples: Sample[] = [
      ['start', last.at - trial.startedAt],
      ['private-500', memory.privateDirty],
    ];
    if (peer !== 'superd' && peer !== 'supervisord') return samples;
    const before = cpuSeconds(pids);
    await pause(IDLE_SECONDS * 1000);
    return [...samples, ['idle', ((cpuSeconds(pids) - before) * 60) / IDLE_SECONDS]];
  });
}

export function thousand(lab: Lab, peer: PeerName): Promise<readonly Sample[]> {
  return lab.trial(peer, lab.idle(1000), async (trial) => {
    await everyWord(trial, 1000);
    await settle();
    await settle();
    const memory = memoryOf(trial.running.pids());
    return [
      ['private-1000', memory.privateDirty],
      ['rss-1000', memory.rss],
    ];
  });
}

const SIZES = [10, 100, 1000] as const;

/** What a figure becomes as programs are added. */
export async function growth(lab: Lab, peer: PeerName): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const count of SIZES) {
    await lab.trial(peer, lab.idle(count), async (trial) => {
      const last = await everyWord(trial, count);
      await settle();
      await settle();
      samples.push([`grow-memory-${count}`, memoryOf(trial.running.pids()).privateDirty]);
      const agent = keepAlive();
      const calls: number[] = [];
      const { socket } = trial.running;
      for (let call = 0; call < 10; call += 1) {
        calls.push(await callTime(socket, 'supervisor.getAllProcessInfo', agent));
      }
      agent.destroy();
      samples.push([`grow-start-${count}`, last.at - trial.startedAt]);
      samples.push([`grow-rpc-${count}`, median(calls)]);
    });
  }
  return samples;
}
