/**
 * Finds how a process ended in the daemon's main log: under supervisord the only witness that still knows once the
 * program runs again. @source spec lifecycle 6.4
 */
import type { Ending } from './report.ts';

const UNKNOWN: Ending = { kind: 'unknown' };
const STAMP = /^[0-9-]{10} [0-9:,]{8,15} [A-Z]{4,8} /;
const EXITED = /^exited: (.+?) \((.*); not expected\)$/;
const SPAWNED = /^spawned: (.+) with pid ([0-9]+)$/;

function readStatus(status: string): Ending {
  const code = /^exit status (-?[0-9]+)$/.exec(status)?.[1];
  if (code !== undefined) return { kind: 'code', code: Number(code) };
  const signal = /^terminated by (SIG[A-Z0-9+-]+|signal [0-9]+)( \(core dumped\))?$/.exec(status);
  return signal === null ? UNKNOWN : { kind: 'signal', signal: signal[1] ?? '', coreDumped: signal[2] !== undefined };
}

const unquote = (quoted: string): string => quoted.replace(/^(['"])(.*)\1$/, '$2');

/**
 * The line `exited: NAME` that follows `spawned: NAME with pid PID`. Other groups may have a process of the same name;
 * where the spawn is too long ago to be in this part of the log, the last exit of that name is taken.
 */
export function endingInLog(log: string, process: string, pid: number): Ending {
  let lastPid = 0;
  let found: Ending | undefined;
  let lastExit = UNKNOWN;
  for (const line of log.split('\n')) {
    if (!STAMP.test(line)) continue;
    const message = line.replace(STAMP, '');
    const spawned = SPAWNED.exec(message);
    if (spawned !== null && unquote(spawned[1] ?? '') === process) lastPid = Number(spawned[2]);
    const exited = EXITED.exec(message);
    if (exited === null || exited[1] !== process) continue;
    lastExit = readStatus(exited[2] ?? '');
    if (lastPid === pid) found = lastExit;
    lastPid = 0;
  }
  return found ?? lastExit;
}
