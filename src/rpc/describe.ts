/** The `description` of a process, which `supervisorctl status` prints. Pure; month names are English, times local. */
import type { StateName } from '../process/state.ts';

export interface Described {
  readonly name: string;
  readonly state: StateName;
  readonly pid: number;
  /** UNIX seconds; 0: never. */
  readonly start: number;
  readonly stop: number;
  readonly now: number;
  readonly spawnError: string;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);

/** `H:MM:SS`, from a day on with `N days, ` before it. @source spec api 2.4 */
export function formatUptime(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const days = Math.floor(total / 86_400);
  const rest = total % 86_400;
  const clock = `${Math.floor(rest / 3600)}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
  return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`;
}

/** `Nov 22 09:53 AM`, local time. @source spec api 2.4 */
export function formatStopTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const hours = date.getHours();
  const clock = `${two(hours % 12 === 0 ? 12 : hours % 12)}:${two(date.getMinutes())} ${hours < 12 ? 'AM' : 'PM'}`;
  return `${MONTHS[date.getMonth()] ?? ''} ${two(date.getDate())} ${clock}`;
}

/** @source spec api 2.4; a process that was started but never ended prints `Not started`, not the epoch. */
export function describe(process: Described): string {
  switch (process.state) {
    case 'RUNNING':
      return `pid ${process.pid}, uptime ${formatUptime(process.now - process.start)}`;
    case 'FATAL':
    case 'BACKOFF':
      return process.spawnError === '' ? `unknown error (try "tail ${process.name}")` : process.spawnError;
    case 'STOPPED':
    case 'EXITED':
      return process.start === 0 || process.stop === 0 ? 'Not started' : formatStopTime(process.stop);
    case 'STARTING':
    case 'STOPPING':
    case 'UNKNOWN':
      return '';
  }
}
