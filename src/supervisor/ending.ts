/**
 * The daemon's mood, and the way down: whose turn it is to stop, what the log says meanwhile, and that all is done.
 * It knows neither configuration nor the control plane.
 */
import type { SupervisorEvent } from '../events/event.ts';
import { isRunning } from '../process/state.ts';
import { millis } from '../units.ts';
import type { Mood } from './control.ts';
import type { MainLog } from './host.ts';
import type { Loop } from './loop.ts';
import { shutdownStep } from './order.ts';

export interface EndingPorts {
  readonly log: MainLog;
  publish(event: SupervisorEvent): void;
  /** Writes the mood down, before these events are published. */
  saveMood(mood: Mood, events: readonly SupervisorEvent[]): void;
  /** Everything is stopped: the daemon may go, or start afresh. */
  finished(outcome: 'shutdown' | 'restart'): void;
}

/** spec lifecycle 5.3: how often a slow shutdown is reported. */
const SHUTDOWN_REPORT = millis(3000);

export class Ending {
  readonly #loop: Loop;
  readonly #ports: EndingPorts;
  #mood: Mood = 'RUNNING';
  #isFinished = false;

  constructor(loop: Loop, ports: EndingPorts) {
    this.#loop = loop;
    this.#ports = ports;
  }

  get mood(): Mood {
    return this.#mood;
  }

  /** Begins the way down; a second call changes only what comes after it. */
  begin(mood: 'SHUTDOWN' | 'RESTARTING'): void {
    const first = this.#mood === 'RUNNING';
    this.#mood = mood;
    const stopping = { kind: 'supervisor-state-change', to: 'STOPPING' } as const;
    this.#ports.saveMood(mood, first ? [stopping] : []);
    if (!first) return;
    this.#ports.publish(stopping);
    this.#begin();
  }

  /** An earlier brain had begun it. */
  resume(mood: 'SHUTDOWN' | 'RESTARTING'): void {
    this.#mood = mood;
    this.#begin();
  }

  #begin(): void {
    this.#loop.forbidStarts();
    this.#report();
  }

  /** A process has stopped: perhaps the next ones have their turn. */
  processStopped(): void {
    if (this.#mood !== 'RUNNING') this.#loop.alarm('going down', millis(0), () => this.#goDown());
  }

  /** Also sees when a process turns out to be one that cannot be killed. */
  #report(): void {
    this.#goDown();
    const { left } = shutdownStep(this.#loop.world);
    if (left.length === 0) return;
    this.#ports.log.log('info', `waiting for ${left.map(({ config }) => config.name).join(', ')} to die`);
    this.#loop.alarm('shutdown report', SHUTDOWN_REPORT, () => this.#report());
  }

  /** Asks the processes whose turn it is to stop; when nothing is left, the daemon is done. */
  #goDown(): void {
    const { turn, left } = shutdownStep(this.#loop.world);
    for (const { slot, state } of turn) {
      if (isRunning(state.name)) this.#loop.move(slot, { kind: state.name === 'BACKOFF' ? 'abandon' : 'stop' });
    }
    if (left.length > 0 || this.#isFinished) return;
    this.#isFinished = true;
    this.#loop.rest();
    this.#ports.finished(this.#mood === 'RESTARTING' ? 'restart' : 'shutdown');
  }
}
