/** Counts how children ended, process by process. A watcher of the bus. */
import type { Watcher } from '../events/bus.ts';
import type { SupervisorEvent } from '../events/event.ts';

/** `stopped`: it was asked to; `start_failed`: it did not live for `startsecs`; `signal`: somebody else ended it. */
export const CAUSES = ['expected', 'unexpected', 'signal', 'start_failed', 'stopped'] as const;
export type Cause = (typeof CAUSES)[number];
export type Exits = Readonly<Record<Cause, number>>;

const NONE: Exits = { expected: 0, unexpected: 0, signal: 0, start_failed: 0, stopped: 0 };

type StateEvent = Extract<SupervisorEvent, { readonly kind: 'process-state' }>;

/** undefined: no child has ended. */
export function causeOf({ from, to, detail }: StateEvent): Cause | undefined {
  const exit = detail?.exit;
  // One end may lead through several states.
  const wasLive = from === 'STARTING' || from === 'RUNNING' || from === 'STOPPING' || from === 'UNKNOWN';
  if (exit === undefined || !wasLive) return undefined;
  if (from === 'STOPPING') return 'stopped';
  if (to.name === 'BACKOFF' || to.name === 'FATAL') return 'start_failed';
  if (to.name === 'EXITED' && to.expected) return 'expected';
  return exit.kind === 'signal' ? 'signal' : 'unexpected';
}

export class ExitCounts implements Watcher {
  readonly name = 'metrics';
  readonly #counts = new Map<string, Exits>();

  see(event: SupervisorEvent): void {
    if (event.kind === 'process-group' && event.change === 'REMOVED') this.#forget(event.group);
    if (event.kind !== 'process-state') return;
    const cause = causeOf(event);
    if (cause === undefined) return;
    const name = `${event.group}:${event.process}`;
    const counts = this.of(name);
    this.#counts.set(name, { ...counts, [cause]: counts[cause] + 1 });
  }

  /** Since this brain began, or the group joined. */
  of(name: string): Exits {
    return this.#counts.get(name) ?? NONE;
  }

  #forget(group: string): void {
    for (const name of this.#counts.keys()) if (name.startsWith(`${group}:`)) this.#counts.delete(name);
  }
}
