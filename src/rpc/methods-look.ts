/** Rows of the method table for those who watch: everything at a glance. */
import type { ProcessConfig } from '../config/model.ts';
import type { MetricsAccess } from '../metrics/ports.ts';
import { formatNamespec } from '../process/namespec.ts';
import { exitText } from '../process/state.ts';
import type { ProcessInfo } from '../supervisor/control.ts';
import type { Slot } from '../supervisor/host.ts';
import { epochSeconds } from '../units.ts';
import { VERSION } from '../version.ts';
import { describe } from './describe.ts';
import type { Method } from './method.ts';
import { allByName } from './names.ts';
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

export const LOOK_METHODS: readonly Method[] = [
  {
    name: 'superd.getOverview',
    aliases: [],
    params: [],
    returns: 'struct',
    help:
      'Tell all that a page shows at a glance: identifier, version, mood (RUNNING, RESTARTING or SHUTDOWN), host, now, serial (of the ' +
      'newest record of the journal), user and role of who asks, and `processes`, an array of {group, name, namespec, kind, state, ' +
      'pid, started, stopped, restarts, lastexit, description, disabled, cpu, rss, processes, cpuspark, rssspark}, ordered by group ' +
      'and process name. Times are UNIX seconds; `cpu` is in percent of one processor and `rss` in bytes, both of the process with ' +
      'all its descendants, -1 when not measured; the sparks are their newest measurements.',
    access: 'viewer',
    gated: false,
    run: ({ ports }) => overview(ports),
  },
];
