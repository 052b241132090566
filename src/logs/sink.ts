/** Where log bytes go. The pump knows nothing else of files, descriptors and syslog. */
import type { Result } from '../errors.ts';

export interface LogSink {
  readonly path: string;
  /** Takes the bytes before it returns; never throws. The array may be reused afterwards. */
  append(chunk: Uint8Array): void;
  /** After a rename or deletion from outside: goes on in a file of the old name. */
  reopen(): void;
  /** Empties a regular file, and touches nothing else. The error is an errno's name. */
  clear(): Result<void, string>;
  close(): void;
}
