/** Rows of the method table for those who watch: everything at a glance. */
import type { ProcessConfig } from '../config/model.ts';
import { type Setting, settingsOf } from '../config/settings.ts';
import type { MailRow } from '../crashmail/archive.ts';
import type { MetricsAccess } from '../metrics/ports.ts';
import { formatNamespec } from '../process/namespec.ts';
import { signalName } from '../process/signal.ts';
import { exitText } from '../process/state.ts';
import type { ProcessInfo } from '../supervisor/control.ts';
import type { Slot } from '../supervisor/host.ts';
import { epochMillis, epochSeconds } from '../units.ts';
import { VERSION } from '../version.ts';
import { textOf } from './arguments.ts';
import { describe } from './describe.ts';
import { RpcFault } from './faults.ts';
import type { Method } from './method.ts';
import { allByName, findProcess } from './names.ts';
import type { RpcPorts } from './ports.ts';
import type { XmlValue } from './xml.ts';

/** What kind of section made it. */
function kindOf({ isListener, socket }: ProcessConfig): string {
  if (isListener === true) return 'eventlistener';
  return socket === undefined ? 'program' : 'fcgi-program';
}

/** Nothing is measured while it does not run. */
function usageOf(metrics: MetricsAccess, slot: Slot): Readonly<Record<string, XmlValue>> {
  const { cpu = -1, rss = -1, processes = 0 } = metrics.usage(slot) ?? {};
  const recent = metrics.recent(slot);
  return { cpu, rss, processes, cpuspark: recent.cpu, rssspark: recent.rss };
}

function processRow({ control, metrics }: RpcPorts, info: ProcessInfo, now: number): XmlValue {
  const { slot, config, state, pid, spawnError, isDisabled } = info;
  const [start, stop] = [epochSeconds(info.startedAt), epochSeconds(info.stoppedAt)];
  const history = control.history(slot);
  const lastExit = history?.lastExit;
  return {
    group: slot.group,
    name: slot.process,
    namespec: formatNamespec(slot.group, slot.process),
    kind: kindOf(config),
    state,
    pid,
    started: start,
    stopped: stop,
    restarts: Math.max(0, (history?.starts ?? 0) - 1),
    lastexit: lastExit === undefined ? '' : exitText(lastExit.status),
    description: describe({ name: slot.process, state, pid, start, stop, now, spawnError }),
    disabled: isDisabled,
    ...usageOf(metrics, slot),
  };
}

function overview(ports: RpcPorts): XmlValue {
  const { control, caller, role, journal, host, metrics } = ports;
  metrics.look();
  const now = epochSeconds(control.wall());
  return {
    identifier: control.identifier,
    version: VERSION,
    mood: control.mood,
    host,
    now,
    serial: journal.last,
    user: (caller.kind === 'server' ? caller.user : undefined) ?? '',
    role,
    processes: allByName(control).map((info) => processRow(ports, info, now)),
  };
}

/** What was written is not always what holds: names in place of numbers, and the file behind AUTO. */
function valueOf({ config, stdoutLog, stderrLog }: ProcessInfo, { key, value }: Setting): string {
  if (key === 'stopsignal') return signalName(config.stopsignal);
  if (key === 'user') return config.user?.name ?? value;
  if (value === 'AUTO' && key === 'stdout_logfile') return stdoutLog || value;
  if (value === 'AUTO' && key === 'stderr_logfile') return stderrLog || value;
  return value;
}

function settingRow(info: ProcessInfo, setting: Setting): XmlValue {
  const { section, key, initial, place } = setting;
  const value = valueOf(info, setting);
  const written = { file: place?.file ?? '', line: place?.line ?? 0 };
  return { section, key, value, ...(initial === undefined ? {} : { default: initial }), ...written };
}

const mailRow = ({ at, ...row }: MailRow): XmlValue => ({ ...row, time: epochSeconds(epochMillis(at)) });

/** Of a mail or a report. */
const ID = /^[A-Za-z0-9]{1,64}$/;

const COMMON = { aliases: [], access: 'viewer', gated: false } as const;

export const LOOK_METHODS: readonly Method[] = [
  {
    ...COMMON,
    name: 'superd.getOverview',
    params: [],
    returns: 'struct',
    help:
      'Tell all that a page shows at a glance: identifier, version, mood (RUNNING, RESTARTING or SHUTDOWN), host, now, serial (of the ' +
      'newest record of the journal), user and role of who asks, and `processes`, an array of {group, name, namespec, kind, state, ' +
      'pid, started, stopped, restarts, lastexit, description, disabled, cpu, rss, processes, cpuspark, rssspark}, ordered by group ' +
      'and process name. Times are UNIX seconds; `cpu` is in percent of one processor and `rss` in bytes, both of the process with ' +
      'all its descendants, -1 when not measured; the sparks are their newest measurements.',
    run: ({ ports }) => overview(ports),
  },
  {
    ...COMMON,
    name: 'superd.getProgram',
    params: [{ name: 'name', type: 'string', about: 'process or group:process' }],
    returns: 'array',
    help:
      'Tell what a process is configured to do: an array of {section, key, value, default, file, line}. `value` is what it runs with, ' +
      'secrets masked; `default` is there when the key is not written; `file` and `line` tell where it is written in the files as they ' +
      'are now, or are empty and 0. Variables stand one by one, as `environment NAME`.',
    run({ ports }, [name]) {
      const info = findProcess(ports.control, textOf(name));
      const { slot, config } = info;
      return settingsOf(config, slot.group, ports.written()).map((setting) => settingRow(info, setting));
    },
  },
  {
    ...COMMON,
    name: 'superd.getMails',
    params: [],
    returns: 'struct',
    help:
      'Tell what crashmail has on disk, newest first: `collected` (crash reports that are in no mail yet), `waiting`, `failed` and `sent`, ' +
      'arrays of {id, time, subject, programs, to, sent, attempts, problem, reports}: `sent` names the channels that have taken the mail, ' +
      '`reports` the crash reports in it. Of each kind only the newest are told.',
    async run({ ports }) {
      const { collected, waiting, failed, sent } = await ports.mails.queue();
      return {
        collected: collected.map(mailRow),
        waiting: waiting.map(mailRow),
        failed: failed.map(mailRow),
        sent: sent.map(mailRow),
      };
    },
  },
  {
    ...COMMON,
    name: 'superd.getReport',
    params: [{ name: 'id', type: 'string', about: 'of a mail or a crash report, as superd.getMails tells it' }],
    returns: 'string',
    help: 'Read a crash report, or the mail that it went into, as text. BAD_NAME when there is none of that id.',
    async run({ ports }, [first]) {
      const id = textOf(first);
      const text = ID.test(id) ? await ports.mails.text(id) : undefined;
      if (text === undefined) throw new RpcFault('BAD_NAME', id);
      return text;
    },
  },
];
