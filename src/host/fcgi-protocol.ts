/** What is said between the thread that holds listening sockets and whoever asks it to. Loads nothing. */
import type { MessagePort } from 'node:worker_threads';

/** Where to listen, as net.Server takes it. */
export interface Listening {
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  readonly backlog: number;
}

export type HolderRequest =
  | { readonly kind: 'listen'; readonly id: number; readonly where: Listening }
  | { readonly kind: 'close'; readonly id: number };

/** `error` is an errno's name. */
export type HolderAnswer =
  | { readonly kind: 'listening'; readonly fd: number }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly error: string };

/** Both count up: requests by the main thread, answers by this one. */
export const REQUESTS = 0;
export const ANSWERS = 1;

export interface HolderData {
  readonly counters: Int32Array;
  readonly port: MessagePort;
}
