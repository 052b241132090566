/** Runs one command over many processes and collects what became of each. */
import { formatNamespec } from '../process/namespec.ts';
import type { ProcessInfo } from '../supervisor/control.ts';
import type { Begun } from './commands.ts';
import { FAULTS, RpcFault } from './faults.ts';
import type { XmlValue } from './xml.ts';

function status({ slot }: ProcessInfo, fault: RpcFault | undefined): XmlValue {
  return {
    name: slot.process,
    group: slot.group,
    status: fault?.code ?? FAULTS.SUCCESS,
    description: fault?.text ?? 'OK',
  };
}

/** One process must not spoil the answer for the others, whatever it threw. */
const faultOf = (error: unknown): RpcFault =>
  error instanceof RpcFault ? error : new RpcFault('FAILED', error instanceof Error ? error.message : undefined);

/** Ends no farther apart than this are one to supervisord, which looks once in a while: they are listed as asked for. */
const TOGETHER_MS = 100;

interface Late {
  readonly index: number;
  readonly at: number;
  readonly entry: XmlValue;
}

/** @param late in the order of completion */
function inRounds(late: readonly Late[]): readonly XmlValue[] {
  let round = Number.NEGATIVE_INFINITY;
  return late
    .map(({ at, ...rest }) => {
      if (at - round > TOGETHER_MS) round = at;
      return { ...rest, round };
    })
    .sort((a, b) => a.round - b.round || a.index - b.index)
    .map(({ entry }) => entry);
}

/**
 * Begins the command on all processes, in the order given, then waits for all. What is known at once stands first, in
 * that order; the rest follows in the order of completion.
 * @param now the time in milliseconds
 * @source spec api 2.1 (batch result struct)
 */
export async function runBatch(
  processes: readonly ProcessInfo[],
  begin: (process: ProcessInfo, name: string) => Begun | Promise<Begun>,
  now: () => number,
): Promise<readonly XmlValue[]> {
  const late: Late[] = [];
  const rests: Promise<void>[] = [];
  const beginOne = async (process: ProcessInfo, index: number): Promise<XmlValue | undefined> => {
    try {
      const { rest } = await begin(process, formatNamespec(process.slot.group, process.slot.process));
      if (rest === undefined) return status(process, undefined);
      const settle = (error?: unknown): void => {
        late.push({ index, at: now(), entry: status(process, error === undefined ? undefined : faultOf(error)) });
      };
      rests.push(rest.then(() => settle(), settle));
      return undefined;
    } catch (error) {
      return status(process, faultOf(error));
    }
  };
  const immediate = await Promise.all(processes.map(beginOne));
  await Promise.all(rests);
  return [...immediate.filter((entry) => entry !== undefined), ...inRounds(late)];
}
