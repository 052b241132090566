/**
 * What this machine knows of the programs: their processor and memory use, what the kernel says of their death, and the
 * secrets of their environments, which are never to stand in a mail.
 */
import { namespecOf, type StateEvent } from '../crashmail/incident.ts';
import { judgeMemory } from '../crashmail/oom.ts';
import type { Rpc } from '../crashmail/ports.ts';
import { type Course, type MemoryVerdict, NO_VERDICT } from '../crashmail/report.ts';
import { maskSecrets, secretsOf } from '../crashmail/secrets.ts';
import { SAMPLE_SECONDS, Vitals } from '../crashmail/vitals.ts';
import { formatNamespec } from '../process/namespec.ts';
import { type Millis, millis, seconds } from '../units.ts';
import { type MemoryBaseline, machineKills, memoryBaseline, memoryEvidence } from './memory-evidence.ts';
import { monotonic } from './monotonic.ts';
import { pause } from './pause.ts';
import { environmentOf, scanProcesses } from './proc-scan.ts';

const STEP: Millis = seconds(SAMPLE_SECONDS);
const SEED_TIMEOUT: Millis = millis(5000);
/** Programs remembered at most. */
const MAX_PROGRAMS = 2000;

/** One run of a program. */
interface Known {
  readonly pid: number;
  readonly baseline: MemoryBaseline;
  readonly secrets: readonly string[];
}

export class LocalWitness {
  readonly #vitals = new Vitals();
  readonly #known = new Map<string, Known>();
  readonly #own: readonly string[] = secretsOf(process.env);
  readonly #isLocal: boolean;
  /** Kills of the machine at the look before the last one, so that a death just before a look still finds them. */
  #kills: readonly [number, number];

  /** @param isLocal are the programs on this machine? */
  constructor(isLocal: boolean) {
    this.#isLocal = isLocal;
    const kills = machineKills();
    this.#kills = [kills, kills];
  }

  heard(event: StateEvent): void {
    const name = namespecOf(event);
    if (event.state === 'RUNNING' && event.pid > 0) this.#meet(name, event.pid);
    if (event.state === 'STOPPED') this.#vitals.forget(name);
  }

  /** Programs that ran before we did. */
  async seed(rpc: Rpc): Promise<void> {
    const answer = await rpc.ask('supervisor.getAllProcessInfo', [], SEED_TIMEOUT);
    const rows: readonly unknown[] = answer.kind === 'value' && Array.isArray(answer.value) ? answer.value : [];
    for (const row of rows) {
      if (typeof row !== 'object' || row === null || !('pid' in row && 'group' in row && 'name' in row)) continue;
      const { pid, group, name } = row;
      if (typeof pid !== 'number' || pid <= 0 || typeof group !== 'string' || typeof name !== 'string') continue;
      if (!this.#known.has(formatNamespec(group, name))) this.#meet(formatNamespec(group, name), pid);
    }
  }

  /** Looks at the processes again and again. */
  async run(abort: AbortSignal): Promise<void> {
    while (!abort.aborted) {
      await pause(STEP, abort);
      if (!this.#isLocal) continue;
      this.#kills = [this.#kills[1], machineKills()];
      if (!this.#vitals.isEmpty) this.#vitals.look(scanProcesses(), monotonic());
    }
  }

  course(program: string): Course {
    return this.#vitals.course(program);
  }

  memory(program: string, pid: number): MemoryVerdict {
    if (!this.#isLocal) return NO_VERDICT;
    const known = this.#known.get(program);
    const evidence = memoryEvidence(known?.baseline, this.#kills[0]);
    const tree = this.#vitals.treeOf(program).filter((one) => one !== pid);
    return judgeMemory(evidence, [pid, ...tree], known?.pid === pid ? known.baseline.since : 0);
  }

  /** @param configured secrets that the configuration names */
  mask(program: string, text: string, configured: readonly string[]): string {
    const secrets = new Set([...configured, ...(this.#known.get(program)?.secrets ?? []), ...this.#own]);
    return maskSecrets(
      text,
      [...secrets].sort((a, b) => b.length - a.length),
    );
  }

  #meet(name: string, pid: number): void {
    if (!this.#isLocal || (this.#known.size >= MAX_PROGRAMS && !this.#known.has(name))) return;
    const secrets = secretsOf(environmentOf(pid)).filter((secret) => !this.#own.includes(secret));
    this.#known.set(name, { pid, baseline: memoryBaseline(pid), secrets });
    this.#vitals.watch(name, pid);
  }
}
