/** Where an experiment takes place: a private directory, the probe, and a supervisor that is gone afterwards. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { removeTree } from '../support/remove.ts';
import { treeOf } from './cost.ts';
import { type PeerName, type Program, type Running, startPeer, sweep } from './peers.ts';
import { makeProbe, now, type Probe, type Word, Words } from './probe.ts';

const PATIENCE_MS = 120_000;
/** supervisord needs this long to be sure that a program runs (startsecs). */
const SETTLED_MS = 1500;

export interface Trial {
  readonly running: Running;
  readonly words: Words;
  readonly startedAt: number;
}

export class Lab implements Disposable {
  readonly dir: string;
  readonly probe: Probe;
  #runs = 0;

  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'superd-bench-'));
    this.probe = makeProbe(this.dir);
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Runs an experiment with one supervisor; whatever happens, nothing of it is left. */
  async trial<T>(
    peer: PeerName,
    programs: (words: string) => readonly Program[],
    run: (trial: Trial) => Promise<T>,
  ): Promise<T> {
    this.#runs += 1;
    const dir = join(this.dir, `${peer}-${this.#runs}`);
    mkdirSync(join(dir, 'services'), { recursive: true });
    const words = new Words(join(dir, 'words'));
    const place = { dir, probe: this.probe.path, programs: programs(words.path) };
    const startedAt = now();
    const running = startPeer(peer, place);
    try {
      return await run({ running, words, startedAt });
    } finally {
      sweep(treeOf(running.root));
      sweep(words.all().map(({ pid }) => pid));
      removeTree(dir);
    }
  }

  /** Programs that do nothing, with the logs that they have when nobody says anything. */
  idle(count: number): (words: string) => readonly Program[] {
    return (words) =>
      Array.from({ length: count }, (_, index) => {
        const name = `p${index}`;
        return { name, words: [this.probe.path, 'idle', name, words], isLogged: false };
      });
  }
}

/** Waits for a condition that is cheap to ask for. */
export async function wait(
  what: string,
  probe: () => boolean,
  interval = 5,
  patience: number = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + patience;
  while (!probe()) {
    if (performance.now() > deadline) throw new Error(`waited ${patience} ms in vain: ${what}`);
    await pause(interval);
  }
}

/** Resolves with the last word when `count` programs have said something after `since`. */
export async function everyWord(
  { words }: Trial,
  count: number,
  { since = 0, what = 'up' }: { readonly since?: number; readonly what?: Word['what'] } = {},
): Promise<Word> {
  let fresh: readonly Word[] = [];
  let seen = -1;
  await wait(`${count} programs are ${what}`, () => {
    const all = words.all().length;
    if (all === seen) return false;
    seen = all;
    if (all < count) return false;
    fresh = [...words.latest(what).values()].filter(({ at }) => at > since);
    return fresh.length >= count;
  });
  return fresh.reduce((last, word) => (word.at > last.at ? word : last));
}

/** Until every program counts as running. */
export const settle = (): Promise<void> => pause(SETTLED_MS);
