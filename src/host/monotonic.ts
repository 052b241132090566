/** The machine's monotonic clock: the same for every process since boot, so a time means the same to the next brain. */
import { type Millis, millis } from '../units.ts';

const NANOSECONDS = 1e6;

export const monotonic = (): Millis => millis(Number(process.hrtime.bigint()) / NANOSECONDS);
