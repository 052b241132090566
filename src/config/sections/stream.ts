/** The log keys that a program has twice, for stdout and for stderr. @source spec lifecycle 2.4 */
import type { Bytes } from '../../units.ts';
import { blame, type Context, find, type Key, key, read, warn } from '../key.ts';
import type { LogTarget, StreamConfig } from '../model.ts';
import { boolean, byteSize, integer, type LogFile, logFile } from '../values.ts';

export interface StreamKeys {
  readonly capture: Key<Bytes>;
  readonly events: Key<boolean>;
  readonly logfile: Key<LogFile>;
  readonly backups: Key<number>;
  readonly maxbytes: Key<Bytes>;
  readonly syslog: Key<boolean>;
  readonly direct: Key<boolean>;
}

function streamKeys(channel: 'stdout' | 'stderr'): StreamKeys {
  return {
    capture: key(`${channel}_capture_maxbytes`, byteSize, {
      initial: '0',
      names: 'program',
      doc: `How much of what ${channel} says between the capture marks goes into one PROCESS_COMMUNICATION event; \`0\` turns capture mode off.`,
    }),
    events: key(`${channel}_events_enabled`, boolean, {
      initial: 'false',
      names: 'program',
      doc: `Emit a PROCESS_LOG event for whatever is written to ${channel}.`,
    }),
    logfile: key(`${channel}_logfile`, logFile, {
      initial: 'AUTO',
      names: 'process',
      doc: `The file that ${channel} is written to. \`AUTO\` makes one in \`childlogdir\` and removes it at the next start; \`NONE\` keeps nothing.`,
    }),
    backups: key(`${channel}_logfile_backups`, integer, {
      initial: '10',
      names: 'process',
      doc: `How many rotated logs of ${channel} to keep.`,
    }),
    maxbytes: key(`${channel}_logfile_maxbytes`, byteSize, {
      initial: '50MB',
      names: 'process',
      doc: `The size at which the log of ${channel} is rotated; \`0\` never rotates.`,
    }),
    direct: key(`${channel}_logfile_direct`, boolean, {
      initial: 'false',
      names: 'process',
      since: 'superd',
      doc: `Give the program the log file itself as ${channel}, opened for appending: superd spends no time on it, and does not see what is written. No rotation, capture, events or syslog; \`strip_ansi\` does not apply.`,
    }),
    syslog: key(`${channel}_syslog`, boolean, {
      initial: 'false',
      names: 'process',
      since: '4.0.0',
      doc: `Send ${channel} to syslog too, under the name of the process.`,
    }),
  };
}

export const STDOUT_KEYS: StreamKeys = streamKeys('stdout');
export const STDERR_KEYS: StreamKeys = streamKeys('stderr');

/** The keys of a stream that are read once for a program. */
export type StreamEvents = Pick<StreamConfig, 'captureMaxbytes' | 'eventsEnabled'>;

export const readEvents = (context: Context, keys: StreamKeys): StreamEvents => ({
  captureMaxbytes: read(context, keys.capture),
  eventsEnabled: read(context, keys.events),
});

function target(context: Context, keys: StreamKeys, file: LogFile, maxbytes: Bytes): LogTarget {
  const { name } = keys.logfile;
  const subject = `For [${context.section.name}],`;
  if (file.kind === 'syslog') {
    warn(context, name, `${subject} ${name}=syslog but this is deprecated: use ${keys.syslog.name}=true`);
    return { kind: 'none' };
  }
  if (file.kind === 'auto' && maxbytes === 0) {
    warn(context, name, `${subject} AUTO logging used for ${name} without rollover: it may fill the disk`);
  }
  return file;
}

/** What needs superd to read the stream cannot be had together with a log that the program writes itself. */
function readDirect(context: Context, keys: StreamKeys, stream: Omit<StreamConfig, 'isDirect'>): boolean {
  if (!read(context, keys.direct)) return false;
  const { name } = keys.direct;
  const subject = `[${context.section.name}] ${name}=true`;
  if (stream.logfile.kind === 'none') {
    blame(context, name, `${subject} needs a log file`, `set ${keys.logfile.name}`);
    return true;
  }
  const inTheWay = [
    stream.captureMaxbytes > 0 ? keys.capture.name : undefined,
    stream.eventsEnabled ? keys.events.name : undefined,
    stream.syslog ? keys.syslog.name : undefined,
  ].filter((other) => other !== undefined);
  if (inTheWay.length > 0) blame(context, name, `${subject} cannot be used together with ${inTheWay.join(', ')}`);
  if (stream.maxbytes > 0 && find(context, keys.maxbytes.name) !== undefined) {
    warn(context, keys.maxbytes.name, `${subject}: the log is not rotated, ${keys.maxbytes.name} has no effect`);
  }
  return true;
}

/** The keys that are read for every process. */
export function readStream(context: Context, keys: StreamKeys, events: StreamEvents): StreamConfig {
  const file = read(context, keys.logfile);
  const backups = read(context, keys.backups);
  const maxbytes = read(context, keys.maxbytes);
  const syslog = read(context, keys.syslog) || file.kind === 'syslog';
  const stream = { ...events, logfile: target(context, keys, file, maxbytes), backups, maxbytes, syslog };
  return { ...stream, isDirect: readDirect(context, keys, stream) };
}

/** With redirect_stderr there is no log of stderr. */
export function withoutLog(context: Context, keys: StreamKeys, stream: StreamConfig): StreamConfig {
  if (stream.logfile.kind === 'file') {
    const subject = `For [${context.section.name}], redirect_stderr=true but ${keys.logfile.name} has also been set`;
    warn(context, keys.logfile.name, `${subject}: the file is not used`);
  }
  return { ...stream, logfile: { kind: 'none' }, isDirect: false };
}
