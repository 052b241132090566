/** Rows of the method table: what programs use, now and in the past. */
import { MAX_POINTS } from '../metrics/series.ts';
import { formatNamespec } from '../process/namespec.ts';
import { epochSeconds } from '../units.ts';
import { integerOf, textOf } from './arguments.ts';
import { RpcFault } from './faults.ts';
import type { Method, RpcContext } from './method.ts';
import { allByName, findProcess } from './names.ts';
import type { RpcPorts } from './ports.ts';
import type { XmlValue } from './xml.ts';

/** What is kept at most. */
const LONGEST_SECONDS = 7 * 86_400;
/** XML-RPC has no form for what is not known. */
const UNKNOWN = -1;

function needSampling({ metrics }: RpcPorts): void {
  if (metrics.problem !== undefined) throw new RpcFault('FAILED', metrics.problem);
}

async function usages({ ports }: RpcContext): Promise<XmlValue> {
  needSampling(ports);
  await ports.metrics.fresh();
  return allByName(ports.control).flatMap(({ slot }) => {
    const usage = ports.metrics.usage(slot);
    if (usage === undefined) return [];
    const { cpu, rss, processes, at } = usage;
    return [{ name: formatNamespec(slot.group, slot.process), cpu, rss, processes, at: epochSeconds(at) }];
  });
}

async function history({ ports }: RpcContext, [name, seconds, points]: readonly XmlValue[]): Promise<XmlValue> {
  needSampling(ports);
  const { slot } = findProcess(ports.control, textOf(name));
  const span = { seconds: integerOf(seconds), points: integerOf(points) };
  if (span.seconds < 1 || span.seconds > LONGEST_SECONDS) {
    throw new RpcFault('BAD_ARGUMENTS', `seconds must be from 1 to ${LONGEST_SECONDS}`);
  }
  if (span.points < 1 || span.points > MAX_POINTS) {
    throw new RpcFault('BAD_ARGUMENTS', `points must be from 1 to ${MAX_POINTS}`);
  }
  ports.metrics.look();
  const { start, step, cpu, cpuMax, rss, rssMax } = await ports.metrics.series(slot, span);
  const known = (values: readonly (number | null)[]): XmlValue => values.map((value) => value ?? UNKNOWN);
  return {
    start: epochSeconds(start),
    step,
    cpu: known(cpu),
    cpumax: known(cpuMax),
    rss: known(rss),
    rssmax: known(rssMax),
  };
}

const COMMON = { aliases: [], gated: false, access: 'viewer' } as const;

export const METRICS_METHODS: readonly Method[] = [
  {
    ...COMMON,
    name: 'superd.getUsage',
    params: [],
    returns: 'array',
    help:
      'Tell what every running process and all that descend from it use: an array of {name, cpu, rss, processes, at}, with ' +
      'cpu in percent of one core, rss in bytes, and at, the time of the sample in UNIX seconds. The first call takes half a second.',
    run: usages,
  },
  {
    ...COMMON,
    name: 'superd.getUsageHistory',
    params: [
      { name: 'name', type: 'string', about: 'name of the process, or group:name' },
      { name: 'seconds', type: 'int', about: 'how far back, at most 604800', otherwise: 3600 },
      { name: 'points', type: 'int', about: `how many values at most, up to ${MAX_POINTS}`, otherwise: 120 },
    ],
    returns: 'struct',
    help:
      'Tell what a process and all that descend from it used: start (UNIX seconds), step (seconds), and the arrays cpu, cpumax, rss, ' +
      'rssmax with the mean and the greatest value of each step. -1 stands for what is not known. An hour back every sample is kept, ' +
      'a day back minutes, a week back ten minutes.',
    run: history,
  },
];
