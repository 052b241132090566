/** Who runs well again: asks about programs in trouble once they have been quiet for long enough. */
import type { MailSeverity } from '../config/model.ts';
import { RPC_TIMEOUT } from './facts.ts';
import { calmAfter, type FloodState, isAtLeast, type Memory, type Policy } from './flood.ts';
import type { Recovery } from './letter.ts';
import type { Rpc } from './ports.ts';
import { endOfQuiet } from './quiet.ts';

export interface RecoveryOptions {
  readonly policy: Policy;
  readonly severity: MailSeverity;
  /** 0: never said. */
  readonly recovered: number;
}

/** Programs that recovered, for the same people. */
export interface RecoveryGroup {
  readonly to: string;
  readonly recoveries: readonly Recovery[];
  readonly memories: readonly Memory[];
}

export interface Recovered {
  readonly groups: readonly RecoveryGroup[];
  /** When to look again. */
  readonly wakeAt: number;
}

/** One mail for all that recover within this time. */
const TOGETHER = 60_000;
/** A program that does not run yet is asked about again. */
const AGAIN = 60_000;
/** The start of a process is told in whole seconds. */
const ROUNDING = 2000;

const never = Number.POSITIVE_INFINITY;

export class Recoveries {
  readonly #rpc: Rpc;
  readonly #options: RecoveryOptions;
  readonly #askAgainAt = new Map<string, number>();

  constructor(rpc: Rpc, options: RecoveryOptions) {
    this.#rpc = rpc;
    this.#options = options;
  }

  /** @param crashed programs with reports that wait for their mail */
  async look({ memories }: FloodState, crashed: ReadonlySet<string>, now: number): Promise<Recovered> {
    const { recovered, severity } = this.#options;
    if (recovered === 0 || !isAtLeast('info', severity)) return { groups: [], wakeAt: never };
    const candidates = memories
      .filter(({ crashes, isGivenUp, program }) => (crashes > 1 || isGivenUp) && !crashed.has(program))
      .map((memory) => ({ memory, due: this.#dueAt(memory) }))
      .toSorted((a, b) => a.due - b.due);
    this.#forgetOthers(candidates.map(({ memory }) => memory.program));
    const first = candidates[0]?.due ?? never;
    const together = candidates.filter(({ due }) => due <= first + TOGETHER);
    const last = together.at(-1)?.due ?? never;
    if (last > now) return { groups: [], wakeAt: last };
    const asked = await Promise.all(together.map(({ memory }) => this.#ask(memory, now)));
    const found = asked.filter((one) => one !== undefined);
    const groups = [...Map.groupBy(found, ({ memory }) => memory.to)].map(([to, some]) => ({
      to,
      recoveries: some.map(({ recovery }) => recovery),
      memories: some.map(({ memory }) => memory),
    }));
    return { groups, wakeAt: found.length < candidates.length ? now + 1000 : never };
  }

  #dueAt(memory: Memory): number {
    const { recovered, policy } = this.#options;
    const due = Math.max(memory.lastCrash + calmAfter(memory, recovered), this.#askAgainAt.get(memory.program) ?? 0);
    if (policy.quietHours === undefined || isAtLeast('info', policy.quietSeverity)) return due;
    return endOfQuiet(policy.quietHours, due);
  }

  #forgetOthers(programs: readonly string[]): void {
    for (const program of this.#askAgainAt.keys()) if (!programs.includes(program)) this.#askAgainAt.delete(program);
  }

  async #ask(
    memory: Memory,
    now: number,
  ): Promise<{ readonly memory: Memory; readonly recovery: Recovery } | undefined> {
    const { program, crashes, since: firstCrash } = memory;
    const answer = await this.#rpc.ask('supervisor.getProcessInfo', [program], RPC_TIMEOUT);
    const info: unknown = answer.kind === 'value' ? answer.value : undefined;
    this.#askAgainAt.set(program, now + AGAIN);
    if (typeof info !== 'object' || info === null) return undefined;
    const state = 'statename' in info ? info.statename : '';
    const start = 'start' in info && typeof info.start === 'number' ? info.start * 1000 : now;
    const pid = 'pid' in info && typeof info.pid === 'number' ? info.pid : 0;
    if (state !== 'RUNNING' || start > now - this.#options.recovered + ROUNDING) return undefined;
    this.#askAgainAt.delete(program);
    return { memory, recovery: { program, pid, since: start, crashes, firstCrash } };
  }
}
