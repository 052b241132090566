/** A program's output in syslog, line by line, each with the name of its process. */
import { ok } from '../errors.ts';
import type { LogSink } from '../logs/sink.ts';
import { SyslogLines } from '../logs/syslog-lines.ts';
import type { Syslog } from './syslog.ts';

/** @source spec lifecycle 7.5 */
export function syslogSink(syslog: Syslog, process: string): LogSink {
  const lines = new SyslogLines((line) => syslog.send(`${process} ${line}`));
  return {
    path: '',
    append: (chunk) => lines.append(chunk),
    reopen: () => {},
    clear: () => ok(undefined),
    close: () => lines.end(),
  };
}
