/** The lines of the main log: levels and their codes, the filter, the time stamp. Knows nothing of files. */
import type { LogLevel } from '../config/model.ts';
import type { Channel } from '../events/event.ts';
import { reprBytes, textOf } from '../events/payload.ts';
import { repr } from '../repr.ts';
import type { EpochMillis } from '../units.ts';

interface Level {
  readonly code: string;
  readonly weight: number;
}

/** @source spec lifecycle 7.1 */
const LEVELS: Readonly<Record<LogLevel, Level>> = {
  critical: { code: 'CRIT', weight: 50 },
  error: { code: 'ERRO', weight: 40 },
  warn: { code: 'WARN', weight: 30 },
  info: { code: 'INFO', weight: 20 },
  debug: { code: 'DEBG', weight: 10 },
  trace: { code: 'TRAC', weight: 5 },
  blather: { code: 'BLAT', weight: 3 },
};

/** Is a message of `level` written when the log is set to `threshold`? */
export const isLogged = (level: LogLevel, threshold: LogLevel): boolean =>
  LEVELS[level].weight >= LEVELS[threshold].weight;

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

/** `2026-11-22 09:53:25,042`, in local time; what is below a millisecond is cut off. */
export function formatTime(time: EpochMillis): string {
  const date = new Date(time);
  const day = `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return `${day} ${clock},${pad(date.getMilliseconds(), 3)}`;
}

/** A whole line. A message of several lines is written as it is. @source spec lifecycle 7.1 */
export const formatLine = (time: EpochMillis, level: LogLevel, message: string): string =>
  `${formatTime(time)} ${LEVELS[level].code} ${message}\n`;

/** The copy of a program's output that the main log shows at level debug. @source spec lifecycle 7.3 */
export const outputCopy = (process: string, channel: Channel, data: Uint8Array): string =>
  `${repr(process)} ${channel} output:\n${textOf(data)}`;

/** The same for what a listener says on its standard output. */
export const protocolCopy = (process: string, data: Uint8Array): string =>
  `${repr(process)} stdout output:\n${reprBytes(data)}`;

/** Said at level debug for each `process-communication` event. @source spec lifecycle 7.3 */
export const communicationNote = (process: string, channel: Channel): string =>
  `${repr(process)} ${channel} emitted a comm event`;
