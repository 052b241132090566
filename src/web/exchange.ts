/** A request and its answer, as the web chapter sees them; the host speaks HTTP. */
import type { Millis } from '../units.ts';

export interface WebRequest {
  readonly method: string;
  /** As it stood in the request line. */
  readonly target: string;
  /** The other end of a TCP connection; undefined for a unix socket. */
  readonly address?: string | undefined;
  /** By its name in lower case. */
  header(name: string): string | undefined;
  /**
   * Reads the whole body once; `cut-off` is one that ends before its length. Rejects when the client has left.
   * @param limits for senders that nobody knows yet
   */
  readBody(limits?: BodyLimits): Promise<Uint8Array | 'too-large' | 'too-slow' | 'cut-off'>;
}

export interface BodyLimits {
  readonly bytes: number;
  /** Milliseconds until all of it must have come. */
  readonly wait: number;
}

export type Headers = readonly (readonly [name: string, value: string])[];

/** What is sent when there was nothing else for so long, and again after as long. */
export interface Idle {
  readonly after: Millis;
  /** Empty: nothing this time. */
  next(): Uint8Array | 'end';
}

/** Bytes that come as long as the client stays. */
export interface StreamSource extends Disposable {
  /** What is new; empty: nothing now, ask again a little later; 'end': close the connection. */
  next(): Uint8Array | 'end';
  /** Has `wake` called when there may be more; without it, the source is asked again and again. Called once. */
  listen?(wake: () => void): void;
  /** Only with `listen`. */
  readonly idle?: Idle;
}

export type WebAnswer =
  | {
      readonly kind: 'whole';
      readonly status: number;
      readonly headers: Headers;
      readonly body: string | Uint8Array;
      /** Close the connection after it. */
      readonly last: boolean;
      /** It may go packed: nothing that a stranger puts into a request stands in it beside a secret. */
      readonly packs?: true;
    }
  | {
      readonly kind: 'stream';
      readonly headers: Headers;
      readonly source: StreamSource;
      /** How many bytes come, where that is known. */
      readonly length?: number;
    };

export type WebHandler = (request: WebRequest) => Promise<WebAnswer>;
