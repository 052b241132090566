/**
 * The event side of the supervisor: the bus, the pools of event listeners, and the ticks. It hands each pool what its
 * processes do and say; what is delivered to whom is decided in the events chapter.
 */
import type { GroupConfig } from '../config/model.ts';
import type { Bus } from '../events/bus.ts';
import type { SupervisorEvent } from '../events/event.ts';
import { ListenerPool, type PoolPorts, type PoolStatus } from '../events/pool.ts';
import { NO_TICKS, nextTick, stepTicks, TICK_PERIODS, type TickPeriod, type TickState } from '../events/ticks.ts';
import { entryOf } from '../journal/record.ts';
import type { StateName } from '../process/state.ts';
import { type EpochMillis, type Millis, millis } from '../units.ts';
import type { Children, MainLog, Slot } from './host.ts';
import type { JournalAccess } from './journal.ts';
import { keptEvents, type Positions } from './replay.ts';

type ListenerConfig = Extract<GroupConfig, { readonly kind: 'eventlistener' }>;

export interface ListenerPorts {
  readonly log: MainLog;
  readonly children: Pick<Children, 'write'>;
  readonly identifier: string;
  readonly bus: Bus;
  readonly after: PoolPorts['after'];
  readonly journal: JournalAccess;
  readonly positions: Positions;
}

export class Listeners {
  readonly #ports: ListenerPorts;
  readonly #pools = new Map<string, ListenerPool>();
  #ticks: TickState = NO_TICKS;

  constructor(ports: ListenerPorts) {
    this.#ports = ports;
    ports.bus.recordWith((event, serial) => {
      const entry = entryOf(event, serial);
      return entry === undefined ? undefined : ports.journal.append(entry);
    });
  }

  publish(event: SupervisorEvent): void {
    this.#ports.bus.publish(event);
  }

  openPool(config: ListenerConfig): void {
    const { log, children, identifier, after, bus, journal } = this.#ports;
    const pool = new ListenerPool(
      { config, server: identifier, lengthIn: 'characters' },
      {
        send: (process, data) => children.write({ group: config.name, process }, data),
        log: (level, message) => log.log(level, message),
        after,
        kept: config.replay && journal.problem === undefined ? keptEvents(this.#ports, config.name) : undefined,
      },
    );
    this.#pools.set(config.name, pool);
    bus.subscribe(pool);
  }

  /** Ends all conversations: the bus outlives this run of the daemon. */
  close(): void {
    for (const group of Array.from(this.#pools.keys())) this.closePool(group);
  }

  closePool(group: string): void {
    const pool = this.#pools.get(group);
    if (pool === undefined) return;
    this.#ports.bus.remove(pool);
    pool.close();
    this.#pools.delete(group);
  }

  listenerChanged({ group, process }: Slot, state: StateName): void {
    const pool = this.#pools.get(group);
    if (pool === undefined) return;
    if (state === 'STARTING') pool.processSpawned(process);
    pool.processChanged(process, state);
  }

  /** The child of a listener is gone, and all that it wrote was heard. */
  listenerExited({ group, process }: Slot): void {
    this.#pools.get(group)?.processExited(process);
  }

  /** What a listener wrote to its standard output. */
  output({ group, process }: Slot, chunk: Uint8Array): void {
    this.#pools.get(group)?.output(process, chunk);
  }

  status(group: string): PoolStatus | undefined {
    return this.#pools.get(group)?.status();
  }

  /** Until the next TICK is due; undefined when nobody subscribes to one. */
  untilTick(now: EpochMillis): Millis | undefined {
    const [ticks] = stepTicks(this.#ticks, now, this.#wantedTicks());
    this.#ticks = new Map([...ticks, ...this.#ticks]);
    const due = nextTick(now, this.#wantedTicks());
    return due === undefined ? undefined : millis(Math.max(0, due - now));
  }

  tick(now: EpochMillis): void {
    const [ticks, due] = stepTicks(this.#ticks, now, this.#wantedTicks());
    this.#ticks = ticks;
    for (const event of due) this.publish(event);
  }

  #wantedTicks(): readonly TickPeriod[] {
    return TICK_PERIODS.filter((period) => this.#ports.bus.isWanted({ kind: 'tick', period, when: 0 }));
  }
}
