/**
 * One `[eventlistener:x]` pool: it buffers the events that it subscribed to and hands each to the first of its processes
 * that is RUNNING and READY, as soon as there is one. Time, pipes and the log are ports; it knows nothing of other pools.
 */
import type { ListenerGroup, LogLevel } from '../config/model.ts';
import type { Result } from '../errors.ts';
import type { StateName } from '../process/state.ts';
import { type Millis, millis } from '../units.ts';
import type { SupervisorEvent } from './event.ts';
import { envelope, type LengthUnit } from './payload.ts';
import { ACKNOWLEDGED, BUSY, type ListenerOutput, type ListenerState, step } from './protocol.ts';
import { type KeptEvents, Replay } from './replay.ts';
import { subscribes } from './types.ts';

/** An event that was rejected this often in a row waits a little before it is sent again. */
export const PROMPT_REDELIVERIES = 10;
export const REDELIVERY_DELAY: Millis = millis(1000);
/** After this a listener is tried again that was READY but could not be written to. */
export const SEND_RETRY_DELAY: Millis = millis(1000);
/** Discarded events that get a line of their own; the rest of the same flood is only counted. */
export const DISCARD_LINES = 20;

const UNKNOWN_WARNING =
  'has entered the UNKNOWN state and will no longer receive events, this usually indicates ' +
  'the process violated the eventlistener protocol';

/** A longer event is not sent to anybody: no pipe would ever take it. */
export const MAX_EVENT_BYTES = 8_388_608;

export interface PoolPorts {
  /** Writes to the standard input of one listener process, everything or nothing. */
  send(process: string, data: Uint8Array): Result<void, 'closed' | 'full'>;
  log(level: LogLevel, message: string): void;
  /** Calls `wake` after a while; a late or superfluous call is harmless. */
  after(delay: Millis, wake: () => void): void;
  /** Where events are kept, with `replay=true`. */
  readonly kept?: KeptEvents | undefined;
}

export interface PoolOptions {
  readonly config: ListenerGroup;
  /** The daemon's identifier. */
  readonly server: string;
  readonly lengthIn: LengthUnit;
}

/** What can be seen of a pool from outside. */
export interface PoolStatus {
  readonly buffered: number;
  readonly discarded: number;
  readonly listeners: readonly { readonly process: string; readonly state: ListenerState['name'] }[];
}

interface Queued {
  readonly event: SupervisorEvent;
  readonly serial: number;
  readonly poolserial: number;
  readonly rejections: number;
  /** Where it is kept, if a replay may count on that. */
  readonly place: number | undefined;
}

interface Listener {
  readonly process: string;
  isRunning: boolean;
  protocol: ListenerState;
  /** The event that it was sent and has not answered. */
  outstanding: Queued | undefined;
}

export class ListenerPool {
  readonly name: string;
  readonly #options: PoolOptions;
  readonly #ports: PoolPorts;
  readonly #isWanted: (event: SupervisorEvent) => boolean;
  readonly #listeners: readonly Listener[];
  /** In the order of `poolserial`. */
  readonly #buffer: Queued[] = [];
  readonly #replay: Replay | undefined;
  #poolserial = 0;
  #discarded = 0;
  /** Events discarded since one was last sent. */
  #flood = 0;
  #isPaused = false;
  #isDispatching = false;
  #isClosed = false;

  constructor(options: PoolOptions, ports: PoolPorts) {
    this.name = options.config.name;
    this.#options = options;
    this.#ports = ports;
    this.#isWanted = subscribes(options.config.events);
    this.#replay = ports.kept === undefined ? undefined : new Replay(ports.kept, this.#isWanted);
    this.#listeners = options.config.processes.map(({ name }) => ({
      process: name,
      isRunning: false,
      protocol: ACKNOWLEDGED,
      outstanding: undefined,
    }));
  }

  wants(event: SupervisorEvent): boolean {
    return !this.#isClosed && this.#isWanted(event);
  }

  /** Takes a new event; a full buffer discards its oldest. @source spec api 4.3 */
  accept(event: SupervisorEvent, serial: number, place?: number): void {
    if (this.#isClosed) return;
    const hasRoom = this.#buffer.length < this.#options.config.bufferSize;
    const kept = this.#replay === undefined ? undefined : place;
    if (kept === undefined || this.#replay === undefined) {
      if (!hasRoom && !this.#discardOldest()) return this.#logDiscarded(serial);
      this.#push(event, serial, undefined);
    } else if (!this.#leaves(this.#replay, kept, hasRoom)) this.#push(event, serial, kept);
    this.#dispatch();
  }

  #push(event: SupervisorEvent, serial: number, place: number | undefined): void {
    this.#buffer.push({ event, serial, poolserial: this.#poolserial, rejections: 0, place });
    this.#poolserial += 1;
  }

  #leaves(replay: Replay, place: number, hasRoom: boolean): boolean {
    const wasBehind = replay.isBehind;
    const leaves = replay.leaves(place, hasRoom);
    if (replay.isBehind && !wasBehind) {
      this.#ports.log('info', `pool ${this.name} event buffer is full; further events wait in the journal`);
    }
    return leaves;
  }

  /** A new process of this name exists: the conversation begins anew. */
  processSpawned(process: string): void {
    const listener = this.#find(process);
    if (listener === undefined) return;
    listener.protocol = ACKNOWLEDGED;
    listener.isRunning = false;
  }

  /** Only a RUNNING process is sent events; one that is STOPPING may still answer. */
  processChanged(process: string, to: StateName): void {
    const listener = this.#find(process);
    if (listener === undefined) return;
    listener.isRunning = to === 'RUNNING';
    this.#dispatch();
  }

  /**
   * A process that lives on from an earlier brain: its side of the conversation goes on. The answer to an event that is
   * not known any more is heard and forgotten.
   */
  processAdopted(process: string, state: ListenerState['name']): void {
    const listener = this.#find(process);
    if (listener === undefined) return;
    const states = { ACKNOWLEDGED, BUSY, READY: { name: 'READY' }, UNKNOWN: { name: 'UNKNOWN' } } as const;
    listener.protocol = states[state];
  }

  /** What a process wrote to its standard output. */
  output(process: string, chunk: Uint8Array): void {
    const listener = this.#find(process);
    if (listener === undefined) return;
    const [protocol, said] = step(listener.protocol, chunk);
    listener.protocol = protocol;
    for (const output of said) this.#hear(listener, output);
    this.#dispatch();
  }

  /** It is gone, and everything that it wrote was passed on: an unanswered event goes to the next. */
  processExited(process: string): void {
    const listener = this.#find(process);
    if (listener === undefined) return;
    listener.isRunning = false;
    this.#reject(listener);
    this.#dispatch();
  }

  status(): PoolStatus {
    return {
      buffered: this.#buffer.length,
      discarded: this.#discarded,
      listeners: this.#listeners.map(({ process, protocol }) => ({ process, state: protocol.name })),
    };
  }

  /** What is still buffered is lost, as in supervisord. */
  close(): void {
    this.#isClosed = true;
    this.#buffer.length = 0;
  }

  #find(process: string): Listener | undefined {
    return this.#listeners.find((listener) => listener.process === process);
  }

  #hear(listener: Listener, output: ListenerOutput): void {
    const { process } = listener;
    switch (output.kind) {
      case 'bad-result-line':
        this.#ports.log('warn', `${process}: bad result line: '${output.line}'`);
        return;
      case 'result':
        if (output.processed) {
          this.#ports.log('debug', `${process}: event was processed`);
          listener.outstanding = undefined;
        } else this.#ports.log('warn', `${process}: event was rejected`);
        return;
      case 'transition':
        this.#ports.log('debug', `${process}: ${output.from} -> ${output.to}`);
        if (output.to === 'UNKNOWN') this.#ports.log('warn', `${process}: ${UNKNOWN_WARNING}`);
        if (output.from === 'BUSY') this.#reject(listener);
    }
  }

  /** An unanswered event goes back to where it was in the order of this pool, and of no other. */
  #reject(listener: Listener): void {
    const rejected = listener.outstanding;
    listener.outstanding = undefined;
    if (rejected === undefined || this.#isClosed) return;
    this.#logRebuffering(rejected);
    // Spec lifecycle 8.1 (14): an event that comes back has a slot of its own, one for each process that can hold one.
    const slots = this.#options.config.bufferSize + this.#listeners.length;
    if (this.#buffer.length >= slots) this.#discardOldest();
    const after = this.#buffer.findIndex(({ poolserial }) => poolserial > rejected.poolserial);
    const entry = { ...rejected, rejections: rejected.rejections + 1 };
    this.#buffer.splice(after < 0 ? this.#buffer.length : after, 0, entry);
    if (entry.rejections >= PROMPT_REDELIVERIES) this.#pause(REDELIVERY_DELAY);
  }

  #logRebuffering({ serial }: Queued): void {
    const sizes = `(buf size=${this.#buffer.length}, max=${this.#options.config.bufferSize})`;
    this.#ports.log('debug', `rebuffering event ${serial} for pool ${this.name} ${sizes}`);
  }

  /** With `replay` only what is kept nowhere may go. @returns whether something went */
  #discardOldest(): boolean {
    const at = this.#replay === undefined ? 0 : this.#buffer.findIndex(({ place }) => place === undefined);
    const [oldest] = at < 0 ? [] : this.#buffer.splice(at, 1);
    if (oldest !== undefined) this.#logDiscarded(oldest.serial);
    return oldest !== undefined;
  }

  #logDiscarded(serial: number): void {
    this.#discarded += 1;
    this.#flood += 1;
    if (this.#flood > DISCARD_LINES) return;
    this.#ports.log('error', `pool ${this.name} event buffer overflowed, discarding event ${serial}`);
  }

  /** Says once how many events a flood swept away unnamed. */
  #endFlood(): void {
    const unnamed = this.#flood - DISCARD_LINES;
    this.#flood = 0;
    if (unnamed > 0)
      this.#ports.log('error', `pool ${this.name} event buffer overflowed, discarded ${unnamed} more events`);
  }

  #pause(delay: Millis): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#ports.after(delay, () => {
      this.#isPaused = false;
      this.#dispatch();
    });
  }

  /** Sends from the front of the buffer for as long as somebody takes an event. */
  #dispatch(): void {
    // A port that calls back must not send the front of the buffer a second time.
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    try {
      do this.#refill();
      while (!this.#isPaused && !this.#isClosed && this.#sendFirst());
      this.#replay?.settle(this.#pending());
    } finally {
      this.#isDispatching = false;
    }
  }

  /** Takes from where events are kept what the buffer has room for. */
  #refill(): void {
    const room = this.#options.config.bufferSize - this.#buffer.length;
    if (this.#replay?.isBehind !== true || room <= 0 || this.#isClosed) return;
    const { events, isUnfinished } = this.#replay.take(room);
    for (const { event, serial, place } of events) this.#push(event, serial, place);
    if (isUnfinished) this.#ports.after(millis(0), () => this.#dispatch());
  }

  /** The places of all that is not answered yet. */
  #pending(): readonly (number | undefined)[] {
    return [...this.#buffer, ...this.#listeners.flatMap(({ outstanding }) => outstanding ?? [])].map(
      ({ place }) => place,
    );
  }

  #sendFirst(): boolean {
    const [first] = this.#buffer;
    const ready = this.#listeners.filter(({ isRunning, protocol }) => isRunning && protocol.name === 'READY');
    if (first === undefined || ready.length === 0) return false;
    const { server, lengthIn } = this.#options;
    const data = envelope({ ...first, server, lengthIn, pool: this.name });
    if (data.length > MAX_EVENT_BYTES) {
      this.#buffer.shift();
      this.#discarded += 1;
      this.#ports.log('error', `pool ${this.name} cannot send event ${first.serial}: it has ${data.length} bytes`);
      return true;
    }
    for (const listener of ready) {
      const sent = this.#ports.send(listener.process, data);
      if (sent.ok) {
        this.#buffer.shift();
        listener.protocol = BUSY;
        listener.outstanding = first;
        this.#ports.log('debug', `event ${first.serial} sent to listener ${listener.process}`);
        this.#endFlood();
        return true;
      }
      if (sent.error === 'closed') this.#logBrokenPipe(listener, first);
    }
    // Every READY process refused it: those that say READY without reading, or closed their input.
    this.#logRebuffering(first);
    this.#pause(SEND_RETRY_DELAY);
    return false;
  }

  #logBrokenPipe({ process }: Listener, { serial }: Queued): void {
    const what = `sending event ${serial} to listener ${process}`;
    this.#ports.log('debug', `epipe occurred while ${what}, listener state unchanged`);
  }
}
