/**
 * The brain's side of the children: it says what to spawn and to signal, and hears from the keeper what became of it.
 * What a child wrote is read before its end is reported, and an end is acknowledged when it has been recorded.
 */
import type { ProcessConfig } from '../config/model.ts';
import { fail, ok, type Result } from '../errors.ts';
import type { LiveChild, ToBrain, ToKeeper } from '../keeper/protocol.ts';
import type { CommandProblem, ResolvedCommand } from '../process/command.ts';
import { repr } from '../repr.ts';
import type { ChildEvent, Children, SignalTarget, Slot, SpawnRequest } from '../supervisor/host.ts';
import type { ProcessRecord } from '../supervisor/world.ts';
import { millis, type Pid, pid, type Signal, signal } from '../units.ts';
import type { Launcher, Pipes } from './launch-plan.ts';
import type { Leftovers } from './leftovers.ts';
import { noteWork } from './tidy.ts';

/** What the children need of whoever holds the pipes. */
export interface ChildStdio {
  /** Asks for the listening socket of an fcgi-program, even before the command is looked up. */
  acquire(request: SpawnRequest): void;
  /** Opens the logs of one spawn and names its pipes. The error is a spawn error as supervisord words it. */
  prepare(request: SpawnRequest): Result<Pipes, string>;
  /** A child that lives since before this brain has its listening socket already. */
  keep(slot: Slot): void;
  /** The child is known by its pid: from now on, what it writes is read. */
  listen(slot: Slot): void;
  /** The child is gone: reads what is left in its pipes and ends the streams. */
  drain(slot: Slot): void;
  /** The end of a child has been reported: it needs its listening socket no more. */
  release(slot: Slot): void;
  /** Writes to the standard input of a slot. */
  write(slot: Slot, data: Uint8Array): Result<void, 'closed' | 'full'>;
}

export interface ChildrenPorts {
  readonly pipes: ChildStdio;
  readonly launcher: Launcher;
  readonly leftovers: Pick<Leftovers, 'end' | 'kill' | 'note'>;
  /** undefined for a slot that is no more. */
  record(slot: Slot): Pick<ProcessRecord, 'config' | 'state'> | undefined;
  send(message: ToKeeper): void;
  report(event: ChildEvent): void;
  /** A signal could not be sent; the text is an errno's name. */
  signalFailed(pid: Pid, code: string): void;
}

type Exited = Extract<ToBrain, { readonly op: 'exited' }>;

const SIGKILL = signal(9);

interface Pending {
  readonly request: SpawnRequest;
  readonly found: ResolvedCommand;
  readonly pipes: Pipes;
  /** It is the excuse that is being spawned. */
  readonly isExcuse: boolean;
}

export const idOf = ({ group, process }: Slot): string => `${group}:${process}`;

export function slotOf(id: string): Slot {
  const colon = id.indexOf(':');
  return { group: id.slice(0, colon), process: id.slice(colon + 1) };
}

export class KeptChildren implements Children {
  readonly #ports: ChildrenPorts;
  readonly #pending = new Map<string, Pending>();
  readonly #live = new Map<string, LiveChild>();
  #signals = 0;

  constructor(ports: ChildrenPorts) {
    this.#ports = ports;
  }

  check(config: ProcessConfig): CommandProblem | undefined {
    const found = this.#ports.launcher.resolve(config);
    return 'kind' in found ? found : undefined;
  }

  spawn(request: SpawnRequest): void {
    this.#ports.pipes.acquire(request);
    const found = this.#ports.launcher.resolve(request.config);
    if ('kind' in found) return this.#failed(request, found.text);
    const pipes = this.#ports.pipes.prepare(request);
    if (!pipes.ok) return this.#failed(request, pipes.error);
    this.#launch({ request, found, pipes: pipes.value, isExcuse: false });
  }

  /** A signal of the same purpose is sent to a child once, even if a brain that dies asks for it and the next does again. */
  signal(target: Pid, number: Signal, { whom, purpose }: SignalTarget): Result<void, string> {
    const { leftovers } = this.#ports;
    const child = [...this.#live.values()].find((live) => live.pid === target);
    if (child === undefined) return number === SIGKILL && leftovers.kill(target) ? ok(undefined) : fail('ESRCH');
    this.#signals += 1;
    const token = `${target}.${child.startTime}.${purpose ?? `${process.pid}.${this.#signals}`}`;
    this.#ports.send({ op: 'signal', token, pid: target, signal: number, target: whom });
    return ok(undefined);
  }

  write(slot: Slot, data: Uint8Array): Result<void, 'closed' | 'full'> {
    return this.#live.has(idOf(slot)) ? this.#ports.pipes.write(slot, data) : fail('closed');
  }

  /** A child that lives since before this brain. */
  know(child: LiveChild): void {
    this.#live.set(child.id, child);
    this.#ports.pipes.keep(slotOf(child.id));
  }

  /** What the keeper says. */
  hear(message: ToBrain): void {
    switch (message.op) {
      case 'spawned':
        return this.#spawned(message);
      case 'failed':
        return this.#notSpawned(message);
      case 'exited':
        return this.#exited(message);
      case 'signalled':
        if (message.error !== '' && message.error !== 'ESRCH') {
          this.#ports.signalFailed(pid(Number(message.token.split('.')[0])), message.error);
        }
        return;
      case 'hello':
      case 'became':
      case 'tried':
      case 'os-signal':
    }
  }

  #launch(pending: Pending): void {
    const { request, found, pipes } = pending;
    const id = idOf(request.slot);
    this.#pending.set(id, pending);
    const plan = this.#ports.launcher.plan(request, found, pipes);
    this.#ports.send({ op: 'spawn', id, serial: request.serial, plan });
  }

  #spawned(child: LiveChild): void {
    noteWork();
    const pending = this.#pending.get(child.id);
    this.#pending.delete(child.id);
    this.#live.set(child.id, child);
    const slot = pending?.request.slot ?? slotOf(child.id);
    const { serial, startTime, at } = child;
    this.#ports.report({ kind: 'spawned', slot, serial, pid: pid(child.pid), startTime, at: millis(at) });
    this.#ports.pipes.listen(slot);
  }

  #notSpawned({ id, serial, code, step }: Extract<ToBrain, { readonly op: 'failed' }>): void {
    const pending = this.#pending.get(id);
    if (pending === undefined || pending.request.serial !== serial) return;
    const { request, found, pipes } = pending;
    const name = repr(request.config.name);
    const reason = spawnError(request.config, code, step);
    if (reason !== undefined || pending.isExcuse) {
      this.#pending.delete(id);
      return this.#failed(request, reason ?? `unknown error during fork for ${name}: ${code}`);
    }
    const { launcher } = this.#ports;
    this.#pending.set(id, { ...pending, isExcuse: true });
    const plan = launcher.excuse(request, launcher.execExcuse(request, found, code), pipes);
    this.#ports.send({ op: 'spawn', id, serial, plan });
  }

  /** Of a program that is stopped as a group nothing may be left when its end is reported. */
  #exited(message: Exited): void {
    const { id, serial, pid: number } = message;
    const slot = slotOf(id);
    const { leftovers } = this.#ports;
    const successor = this.#pending.get(id)?.request.serial ?? this.#live.get(id)?.serial ?? serial;
    // A brain that died had recorded it, and did not come to say so.
    if (successor !== serial) return this.#ports.send({ op: 'ack', seq: message.seq });
    this.#live.delete(id);
    const record = this.#ports.record(slot);
    if (record === undefined) return this.#reportEnd(slot, message);
    const { config, state } = record;
    const ended = { id, serial, pid: number, config };
    if (state.name === 'STOPPING' && config.killasgroup) {
      return leftovers.end(ended, state.kills > 0 ? 'kill' : 'polite', () => this.#reportEnd(slot, message));
    }
    leftovers.note(ended, state.name === 'STOPPING');
    this.#reportEnd(slot, message);
  }

  #reportEnd(slot: Slot, { seq, pid: number, status, at }: Exited): void {
    this.#ports.pipes.drain(slot);
    this.#ports.report({ kind: 'exited', slot, pid: pid(number), status, at: millis(at) });
    this.#ports.pipes.release(slot);
    this.#ports.send({ op: 'ack', seq });
  }

  /** Never from inside the call that asked for the spawn. */
  #failed({ slot, serial }: SpawnRequest, reason: string): void {
    setImmediate(() => {
      this.#ports.pipes.drain(slot);
      this.#ports.report({ kind: 'spawn-failed', slot, serial, reason });
      this.#ports.pipes.release(slot);
      this.#ports.pipes.listen(slot);
    });
  }
}

/** supervisord's text for what kept a child from being made; undefined when the child itself would say it. */
function spawnError(config: ProcessConfig, code: string, step: 'pipes' | 'socket' | 'exec'): string | undefined {
  const name = repr(config.name);
  if (step === 'socket') return `Could not create FastCGI socket ${config.socket?.url}: ${code}`;
  if (code === 'EMFILE' || code === 'ENFILE') return `too many open files to spawn ${name}`;
  if (step === 'pipes') return `unknown error making dispatchers for ${name}: ${code}`;
  if (code === 'EAGAIN') return `Too many processes in process table to spawn ${name}`;
  if (code === 'ENOMEM') return `unknown error during fork for ${name}: ${code}`;
  return undefined;
}
