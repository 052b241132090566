/**
 * Cuts a stream of bytes into the lines that go to syslog, joining lines that were read in pieces. As supervisord, it
 * drops line feeds at the end of the output and keeps empty lines inside (spec lifecycle 7.5). Knows nothing of syslog.
 */
import { Buffer } from 'node:buffer';

/** A longer line goes out in pieces of this many bytes. */
export const MAX_SYSLOG_LINE = 8192;
/** Empty lines in a row that are passed on; the rest of them is dropped. */
export const MAX_EMPTY_LINES = 100;

const LF = 0x0a;

export class SyslogLines {
  readonly #emit: (line: string) => void;
  #pending: Uint8Array = new Uint8Array(0);
  /** Seen, but it is not yet known whether a line follows. */
  #emptyLines = 0;

  constructor(emit: (line: string) => void) {
    this.#emit = emit;
  }

  append(chunk: Uint8Array): void {
    const data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let start = 0;
    for (let end = data.indexOf(LF); end >= 0; end = data.indexOf(LF, start)) {
      this.#line(data.subarray(start, end));
      start = end + 1;
    }
    let rest = data.subarray(start);
    for (; rest.length > MAX_SYSLOG_LINE; rest = rest.subarray(MAX_SYSLOG_LINE)) {
      this.#line(rest.subarray(0, MAX_SYSLOG_LINE));
    }
    this.#pending = new Uint8Array(rest);
  }

  /** The last line may lack its line feed. */
  end(): void {
    if (this.#pending.length > 0) this.#line(this.#pending);
    this.#pending = new Uint8Array(0);
    this.#emptyLines = 0;
  }

  #line(line: Uint8Array): void {
    if (line.length === 0) {
      this.#emptyLines = Math.min(this.#emptyLines + 1, MAX_EMPTY_LINES);
      return;
    }
    for (; this.#emptyLines > 0; this.#emptyLines -= 1) this.#emit('');
    for (let at = 0; at < line.length; at += MAX_SYSLOG_LINE) {
      this.#emit(Buffer.from(line.subarray(at, at + MAX_SYSLOG_LINE)).toString());
    }
  }
}
