/** What the output of programs costs, and how soon it is in the logs. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { callTime, keepAlive } from './api.ts';
import { cpuSeconds, readsOf } from './cost.ts';
import type { Sample } from './figures.ts';
import { everyWord, type Lab, type Trial, wait } from './lab.ts';
import type { PeerName, Program, Running } from './peers.ts';
import { LINE_BYTES, now } from './probe.ts';
import { percentile } from './statistics.ts';

/** So long after the end of the writers the last lines may come. */
const LAST_LINES_MS = 5000;
const FLOOD_BYTES = 600e6;
const CHATTY = { programs: 50, rate: 1000, seconds: 12, measured: 5 } as const;
/** 50 MB/s in the pieces in which the C library writes to a pipe: more writes would measure the writers' own work. */
const BUSY = { programs: 500, rate: 25, lines: 40, seconds: 10, calls: 20 } as const;

/** Every file that the supervisor keeps of a program's output. */
function logsOf({ dir }: Running, name: string): readonly string[] {
  const inFolder = (folder: string, isOne: (file: string) => boolean): readonly string[] => {
    try {
      return readdirSync(folder)
        .filter(isOne)
        .map((file) => join(folder, file));
    } catch {
      return [];
    }
  };
  const own = inFolder(dir, (file) => file === `${name}.log` || file.startsWith(`${name}.log.`));
  return [...own, ...inFolder(join(dir, 'logs', name), (file) => file === 'current' || file.startsWith('@'))];
}

/** One that sits between a log file that was measured and one that was not would see too little: sizes only grow. */
const loggedBytes = (running: Running, name: string): number =>
  logsOf(running, name).reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);

async function floodTrial(lab: Lab, peer: PeerName, keys: string): Promise<readonly [rate: number, cpu: number]> {
  const programs = (words: string): readonly Program[] => [
    { name: 'flood', words: [lab.probe.path, 'flood', 'flood', words, String(FLOOD_BYTES)], isLogged: true, keys },
  ];
  return lab.trial(peer, programs, async (trial) => {
    const first = await everyWord(trial, 1);
    const before = cpuSeconds(trial.running.pids());
    await everyWord(trial, 1, { what: 'done' });
    // pm2 keeps no rotated logs; what the others keep is less than their limit, and more than was written.
    await wait('everything is in the logs', () => loggedBytes(trial.running, 'flood') >= FLOOD_BYTES * 0.8, 1);
    const seconds = (now() - first.at) / 1000;
    const cpu = cpuSeconds(trial.running.pids()) - before;
    return [FLOOD_BYTES / 1e6 / seconds, cpu / (FLOOD_BYTES / 1e9)];
  });
}

/** The least number of bytes that rotated logs keep is ten times 50 MB and more; of daemontools ten times 16 MB. */
export async function flood(lab: Lab, peer: PeerName): Promise<readonly Sample[]> {
  const keys = 'stdout_logfile_maxbytes=100MB\n';
  const [rate, cpu] = await floodTrial(lab, peer, keys);
  const samples: Sample[] = [
    ['flood', rate],
    ['flood-cpu', cpu],
  ];
  if (peer === 'supervisord') samples.push(['direct', rate], ['direct-cpu', cpu]);
  if (peer === 'superd') {
    const direct = await floodTrial(lab, peer, 'stdout_logfile_direct=true\nstdout_logfile_maxbytes=0\n');
    samples.push(['direct', direct[0]], ['direct-cpu', direct[1]]);
  }
  return samples;
}

interface Writers {
  readonly programs: number;
  /** Writes in a second, each of so many lines. */
  readonly rate: number;
  readonly lines?: number;
  readonly seconds: number;
}

const writers =
  (lab: Lab, { programs, rate, seconds, lines = 1 }: Writers) =>
  (words: string): readonly Program[] =>
    Array.from({ length: programs }, (_, index) => {
      const name = `w${index}`;
      const args = [lab.probe.path, 'lines', name, words, String(rate), String(rate * seconds), String(lines)];
      return { name, words: args, isLogged: true };
    });

/** Two lines; reading more would cost the time that is measured. */
function readAt(path: string, position: number): string {
  const fd = openSync(path, 'r');
  const buffer = Buffer.alloc(2 * LINE_BYTES);
  const length = readSync(fd, buffer, 0, buffer.length, position);
  closeSync(fd);
  return buffer.toString('latin1', 0, length);
}

/** How old the newest line of a log is whenever the log has grown. */
async function lineDelays(path: () => string | undefined, until: number): Promise<readonly number[]> {
  const delays: number[] = [];
  let size = 0;
  while (now() < until) {
    const file = path();
    const grown = file === undefined ? 0 : (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
    if (file !== undefined && grown > size) {
      const seen = now();
      // The first line that was not there before has waited longest.
      const at = /\b(\d{20})\b/.exec(readAt(file, size - (size % LINE_BYTES)))?.[1];
      if (at !== undefined && size > 0) delays.push(seen - Number(at) / 1e6);
      size = grown;
    }
    await pause(5);
  }
  return delays;
}

export function chatty(lab: Lab, peer: PeerName): Promise<readonly Sample[]> {
  const { programs, rate, seconds, measured } = CHATTY;
  return lab.trial(peer, writers(lab, CHATTY), async (trial) => {
    await everyWord(trial, programs);
    const { running } = trial;
    const names = Array.from({ length: programs }, (_, index) => `w${index}`);
    const lines = (): number => names.reduce((sum, name) => sum + loggedBytes(running, name) / LINE_BYTES, 0);
    const from = now();
    const pids = running.pids();
    const before = { cpu: cpuSeconds(pids), reads: readsOf(pids), lines: lines() };
    const delays = await lineDelays(() => logsOf(running, 'w0')[0], from + measured * 1000);
    const cpu = (cpuSeconds(pids) - before.cpu) / ((now() - from) / 1000);
    const reads = (readsOf(pids) - before.reads) / (lines() - before.lines);
    await everyWord(trial, programs, { what: 'done' });
    const wanted = programs * rate * seconds;
    // What does not come is counted as lost.
    await wait('every line is in the logs', () => lines() >= wanted, 20, LAST_LINES_MS).catch(() => undefined);
    return [
      ['chatty-cpu', cpu],
      ['chatty-lost', wanted - lines()],
      ['chatty-reads', reads],
      ['chatty-delay', percentile(delays, 0.95)],
    ];
  });
}

/** As the event loop answers calls, its delay is in the time that a cheap call takes. */
export function busy(lab: Lab, peer: PeerName): Promise<readonly Sample[]> {
  const { programs, seconds, calls } = BUSY;
  return lab.trial(peer, writers(lab, { ...BUSY, seconds: seconds + 10 }), async (trial: Trial) => {
    await everyWord(trial, programs);
    await pause(1000);
    const agent = keepAlive();
    const times: number[] = [];
    for (const until = now() + seconds * 1000; now() < until; ) {
      times.push(await callTime(trial.running.socket, 'supervisor.getState', agent));
      await pause(1000 / calls);
    }
    agent.destroy();
    return [['delay', percentile(times, 0.99)]];
  });
}
