/** The history of use as files in the state directory, and when somebody last looked at it. */
import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HistoryStore } from '../metrics/history.ts';
import type { Level, Point, Row } from '../metrics/levels.ts';
import { type EpochMillis, epochMillis } from '../units.ts';
import { errnoOf } from './errno.ts';
import { NewerFormat, Segments } from './metrics-segments.ts';

export interface FilesOptions {
  readonly directory: string;
  readonly levels: readonly Level[];
  /** All files together; 0: nothing is kept. */
  readonly maxbytes: number;
  readonly onProblem: (text: string) => void;
}

/** Its modification time is that of the last look. */
const LOOKED = 'looked';

export class MetricsFiles implements HistoryStore, Disposable {
  readonly #options: FilesOptions;
  /** undefined: nothing is kept. */
  #levels: ReadonlyMap<Level, Segments> | undefined;
  #isClosed = false;

  constructor(options: FilesOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { directory, levels, maxbytes, onProblem } = this.#options;
    if (maxbytes <= 0) return;
    const opened = new Map(
      levels.map((level) => [level, new Segments({ directory, level, maxbytes: maxbytes * level.share, onProblem })]),
    );
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      for (const segments of opened.values()) await segments.open();
      if (!this.#isClosed) this.#levels = opened;
    } catch (cause) {
      const why = cause instanceof NewerFormat ? cause.message : `cannot use ${directory}: ${errnoOf(cause)}`;
      onProblem(`${why}; no history of use is kept`);
    }
  }

  append(level: Level, row: Row): void {
    this.#levels?.get(level)?.append(row);
  }

  newest(level: Level): EpochMillis | undefined {
    return this.#levels?.get(level)?.newest;
  }

  async *rows(level: Level, from: EpochMillis): AsyncGenerator<Row> {
    yield* this.#levels?.get(level)?.rows(from) ?? [];
  }

  points(level: Level, name: string, from: EpochMillis): Promise<readonly Point[]> {
    return this.#levels?.get(level)?.points(name, from) ?? Promise.resolve([]);
  }

  /** When somebody last looked; undefined: never. */
  looked(): EpochMillis | undefined {
    try {
      return epochMillis(statSync(join(this.#options.directory, LOOKED)).mtimeMs);
    } catch {
      return undefined;
    }
  }

  /** Somebody looks: the next brain goes on sampling. If that cannot be written down, it does not. */
  rememberLook(at: EpochMillis): void {
    const path = join(this.#options.directory, LOOKED);
    try {
      mkdirSync(this.#options.directory, { recursive: true, mode: 0o700 });
      writeFileSync(path, '', { mode: 0o600 });
      utimesSync(path, at / 1000, at / 1000);
    } catch {
      // Then it is only this brain that knows.
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const segments of this.#levels?.values() ?? []) segments.close();
    this.#levels = undefined;
  }
}
