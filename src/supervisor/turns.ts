/**
 * The first start of many processes, a turn after the other: while the processes of one turn are being spawned, the outputs
 * of the next are opened, and the pipes of the one after that are made. It decides nothing but how many are in a turn.
 */
import type { Outputs } from './host.ts';
import type { ProcessRecord } from './world.ts';

/** The first process is not to wait for many others … */
const FIRST_TURN = 10;
/** … and later ones not for each other. */
const LARGEST_TURN = 80;

export interface TurnPorts {
  readonly outputs: Pick<Outputs, 'makeAhead' | 'open'>;
  /** Starts those of the processes that are to be started. */
  start(records: readonly ProcessRecord[]): void;
  /** Between two turns somebody may have asked for the end. */
  isWanted(): boolean;
}

function turnsOf(records: readonly ProcessRecord[]): readonly (readonly ProcessRecord[])[] {
  const turns: (readonly ProcessRecord[])[] = [];
  for (let from = 0, size = FIRST_TURN; from < records.length; from += size, size = Math.min(2 * size, LARGEST_TURN)) {
    turns.push(records.slice(from, from + size));
  }
  return turns;
}

/** The first turn is over when this returns, the others when the promise resolves. */
export const startInTurns = (records: readonly ProcessRecord[], ports: TurnPorts): Promise<void> =>
  takeTurn(turnsOf(records), ports);

function takeTurn([turn = [], ...others]: readonly (readonly ProcessRecord[])[], ports: TurnPorts): Promise<void> {
  const made = ports.outputs.makeAhead(others[0] ?? []);
  ports.outputs.open(turn);
  ports.start(turn);
  return others.length === 0 ? made : made.then(() => (ports.isWanted() ? takeTurn(others, ports) : undefined));
}
