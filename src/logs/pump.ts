/**
 * What happens to one output stream of one process slot: escape sequences are removed, captured text is set aside, the
 * rest goes to the sinks and becomes events. Bytes pass through before `write` returns. Knows no files and no pipes.
 */
import type { Bytes } from '../units.ts';
import { AnsiStripper } from './ansi.ts';
import { Capture } from './capture.ts';

export interface PumpOptions {
  readonly stripAnsi: boolean;
  /** 0: no capture mode. */
  readonly captureMaxbytes: Bytes;
}

/** A log file, or lines to syslog. */
export interface PumpSink {
  append(chunk: Uint8Array): void;
  /** The process ended: what waits for more goes out. */
  end?(): void;
}

/** Where the bytes go; what is undefined costs nothing. Arrays are valid during the call only, unless marked. */
export interface PumpOutputs {
  readonly sinks: readonly PumpSink[];
  /** For a `process-log` event, captured text included (spec lifecycle 7.5). Gets a copy to keep. */
  readonly onLog: ((data: Uint8Array) => void) | undefined;
  /** For a `process-communication` event. Gets a copy to keep. */
  readonly onCommunication: ((data: Uint8Array) => void) | undefined;
  /** For the copy in the main log. */
  readonly onDebug: ((data: Uint8Array) => void) | undefined;
  /** The process ended between the capture tags; so many bytes are dropped. */
  readonly onUnterminated: ((length: number) => void) | undefined;
}

export class Pump {
  readonly #outputs: PumpOutputs;
  readonly #ansi: AnsiStripper | undefined;
  readonly #capture: Capture | undefined;

  constructor(options: PumpOptions, outputs: PumpOutputs) {
    this.#outputs = outputs;
    this.#ansi = options.stripAnsi ? new AnsiStripper() : undefined;
    if (options.captureMaxbytes <= 0) return;
    this.#capture = new Capture(options.captureMaxbytes, {
      text: (data, where) => this.#pass(data, where),
      captured: (data) => outputs.onCommunication?.(data),
      unterminated: (length) => outputs.onUnterminated?.(length),
    });
  }

  /** One read of the stream. The array may be reused afterwards. */
  write(chunk: Uint8Array): void {
    this.#unescaped(this.#ansi === undefined ? chunk : this.#ansi.strip(chunk));
  }

  /** The process ended and everything was read: what was held back goes out. The next process begins afresh. */
  end(): void {
    if (this.#ansi !== undefined) this.#unescaped(this.#ansi.end());
    this.#capture?.end();
    for (const sink of this.#outputs.sinks) sink.end?.();
  }

  #unescaped(data: Uint8Array): void {
    if (data.length === 0) return;
    if (this.#capture === undefined) this.#pass(data, 'outside');
    else this.#capture.write(data);
  }

  #pass(data: Uint8Array, where: 'outside' | 'captured'): void {
    const { sinks, onLog, onDebug } = this.#outputs;
    if (where === 'outside') for (const sink of sinks) sink.append(data);
    onDebug?.(data);
    onLog?.(Uint8Array.from(data));
  }
}
