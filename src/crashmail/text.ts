/** Makes text of strangers (names, log lines) fit for a mail: no control characters, no endless lines. */

/** Everything that could end a header, drive a terminal or turn the reading direction. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;
const UNSAFE_BUT_TAB = /[^\t\P{Cc}]|[\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;
/**
 * Colours and window titles: CSI and OSC sequences, then any other two-character escape. XML-RPC cannot carry ESC; superd
 * sends U+FFFD in its place. @source spec api 1.7
 */
const ANSI = /[\u001b\ufffd]\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)|\u001b[@-Z\\^_]/g;

/** The longest name, reason or host that is shown. */
const WORD_LENGTH = 200;
/** The longest log line that is shown. */
export const LINE_LENGTH = 1000;

/** At most `length` UTF-16 units, never half a character. */
const cut = (text: string, length: number): string => text.slice(0, length).replace(/[\ud800-\udbff]$/, '');

/** One safe line, for headers and for facts. */
export function oneLine(text: string): string {
  const safe = cut(text, 4 * WORD_LENGTH).replace(UNSAFE, '\ufffd');
  return safe.length > WORD_LENGTH ? `${cut(safe, WORD_LENGTH)}…` : safe;
}

/** What a terminal would still show of a line on which a progress bar went back to its beginning. */
function lastDrawn(line: string): string {
  const drawn = line.replace(/\r+$/, '');
  return drawn.slice(drawn.lastIndexOf('\r') + 1);
}

function safeLine(line: string): string {
  const drawn = lastDrawn(line);
  const shown = cut(drawn, LINE_LENGTH).replace(UNSAFE_BUT_TAB, '\ufffd');
  return drawn.length > LINE_LENGTH ? `${shown}… (${drawn.length - LINE_LENGTH} more)` : shown;
}

/** The last `count` lines of a log, safe to show; blank lines at its end are dropped. */
export function lastLines(log: string, count: number): readonly string[] {
  const lines = log.replace(ANSI, '').replace(/\s+$/, '').split('\n');
  return lines.length === 1 && lines[0] === '' ? [] : lines.slice(Math.max(0, lines.length - count)).map(safeLine);
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `0:02:33`, `1 day, 0:02:33`: as supervisord writes an uptime. @source spec api 2.4 */
export function duration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const days = Math.floor(total / 86_400);
  const clock = `${Math.floor(total / 3600) % 24}:${two(Math.floor(total / 60) % 60)}:${two(total % 60)}`;
  return days === 0 ? clock : `${days} ${days === 1 ? 'day' : 'days'}, ${clock}`;
}
