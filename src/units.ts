/** Branded numbers, so that a pid is never taken for a duration. A plain `number` means a count. */

declare const unit: unique symbol;
/** Monotonic time or a duration, in milliseconds. */
export type Millis = number & { readonly [unit]: 'ms' };
/** Wall-clock time, milliseconds since 1970-01-01 UTC. Only for what humans and the API read, never for intervals. */
export type EpochMillis = number & { readonly [unit]: 'epoch-ms' };
/** A size or an offset, in bytes. */
export type Bytes = number & { readonly [unit]: 'bytes' };
/** A process id. */
export type Pid = number & { readonly [unit]: 'pid' };
/** A signal, by its number on Linux. */
export type Signal = number & { readonly [unit]: 'signal' };

export const millis = (value: number): Millis => value as Millis;
export const seconds = (value: number): Millis => (value * 1000) as Millis;
export const epochMillis = (value: number): EpochMillis => value as EpochMillis;
export const bytes = (value: number): Bytes => value as Bytes;
export const pid = (value: number): Pid => value as Pid;
export const signal = (value: number): Signal => value as Signal;

/** Whole seconds since the epoch, as the API reports times; 0 stands for never. */
export const epochSeconds = (time: EpochMillis | undefined): number =>
  time === undefined ? 0 : Math.floor(time / 1000);
