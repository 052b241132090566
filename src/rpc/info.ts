/** The structs of getProcessInfo and getAllConfigInfo, member by member in supervisord's order. */
import type { GroupConfig, LogTarget, ProcessConfig, StreamConfig } from '../config/model.ts';
import { compareText } from '../config/text.ts';
import { STATE_CODES } from '../process/state.ts';
import type { Control, ProcessInfo } from '../supervisor/control.ts';
import { epochSeconds } from '../units.ts';
import { describe } from './describe.ts';
import type { XmlValue } from './xml.ts';

/** @param now UNIX seconds */
export function descriptionOf(info: ProcessInfo, now: number): string {
  const { slot, state, pid, startedAt, stoppedAt, spawnError } = info;
  const [start, stop] = [epochSeconds(startedAt), epochSeconds(stoppedAt)];
  return describe({ name: slot.process, state, pid, start, stop, now, spawnError });
}

/** @source spec api 2.4 */
export function processStruct(control: Control, info: ProcessInfo): Readonly<Record<string, XmlValue>> {
  const now = epochSeconds(control.wall());
  return {
    name: info.slot.process,
    group: info.slot.group,
    start: epochSeconds(info.startedAt),
    stop: epochSeconds(info.stoppedAt),
    now,
    state: STATE_CODES[info.state],
    statename: info.state,
    spawnerr: info.spawnError,
    exitstatus: info.exitStatus,
    logfile: info.stdoutLog,
    stdout_logfile: info.stdoutLog,
    stderr_logfile: info.stderrLog,
    pid: info.pid,
    description: descriptionOf(info, now),
  };
}

/** `active`: the file that an AUTO log has now, if this very configuration is running. */
function logfile(target: LogTarget, active: string | undefined): string {
  switch (target.kind) {
    case 'none':
      return target.isEmpty === true ? '' : 'none';
    case 'auto':
      return active === undefined || active === '' ? 'auto' : active;
    case 'file':
      return target.path;
  }
}

function streamMembers(channel: 'stdout' | 'stderr', stream: StreamConfig, path: string): Record<string, XmlValue> {
  return {
    [`${channel}_capture_maxbytes`]: stream.captureMaxbytes,
    [`${channel}_events_enabled`]: stream.eventsEnabled,
    [`${channel}_logfile`]: path,
    [`${channel}_logfile_backups`]: stream.backups,
    [`${channel}_logfile_maxbytes`]: stream.maxbytes,
    [`${channel}_syslog`]: stream.syslog,
  };
}

const AUTORESTART: Readonly<Record<ProcessConfig['autorestart'], XmlValue>> = {
  always: true,
  unexpected: 'unexpected',
  never: false,
};

function configStruct(control: Control, group: GroupConfig, config: ProcessConfig): XmlValue {
  const active = control.group(group.name);
  const running = active?.processes.find((process) => process.config === config);
  const stderr = config.redirectStderr ? 'none' : logfile(config.stderr.logfile, running?.stderrLog);
  return {
    autostart: config.autostart,
    autorestart: AUTORESTART[config.autorestart],
    directory: config.directory ?? 'none',
    uid: config.user?.uid ?? 'none',
    command: config.command,
    exitcodes: config.exitcodes,
    group: group.name,
    group_prio: group.priority,
    inuse: active !== undefined,
    killasgroup: config.killasgroup,
    name: config.name,
    process_prio: config.priority,
    redirect_stderr: config.redirectStderr,
    startretries: config.startretries,
    startsecs: Math.floor(config.startsecs / 1000),
    ...streamMembers('stdout', config.stdout, logfile(config.stdout.logfile, running?.stdoutLog)),
    stopsignal: config.stopsignal,
    stopwaitsecs: Math.floor(config.stopwaitsecs / 1000),
    ...streamMembers('stderr', config.stderr, stderr),
    serverurl: config.serverurl === 'auto' ? 'none' : config.serverurl,
  };
}

/** The configuration last read, by process name; ties stay in configuration order. @source spec api 2.4 */
export const configStructs = (control: Control): readonly XmlValue[] =>
  control.config.groups
    .flatMap((group) => group.processes.map((config) => ({ group, config })))
    .toSorted((a, b) => compareText(a.config.name, b.config.name))
    .map(({ group, config }) => configStruct(control, group, config));
