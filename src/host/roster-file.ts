/** Reads the configuration files for crashmail: its own section, and what they say of each program. */
import { statSync } from 'node:fs';
import type { CrashmailConfig } from '../config/model.ts';
import { type Incident, namespecOf } from '../crashmail/incident.ts';
import { type Entry, type Roster, rosterOf } from '../crashmail/roster.ts';
import { fail, ok, type Result } from '../errors.ts';
import { type Millis, seconds } from '../units.ts';
import { pause } from './pause.ts';

export interface CrashmailFile {
  readonly section: CrashmailConfig | undefined;
  readonly roster: Roster;
  /** Absolute. */
  readonly statedir: string;
  /** Changes when a file does. */
  readonly stamp: string;
  readonly files: readonly string[];
}

function stampOf(files: readonly string[]): string {
  const stamps = files.map((file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat === undefined ? '-' : `${stat.mtimeMs} ${stat.ino} ${stat.size}`;
  });
  return stamps.join('\n');
}

function hasChanged({ files, stamp }: CrashmailFile): boolean {
  try {
    return stampOf(files) !== stamp;
  } catch {
    return false;
  }
}

/** @returns every problem, a line each */
export async function readCrashmailFile(file: string): Promise<Result<CrashmailFile, string>> {
  const [{ loadConfig }, { formatProblem }, { createConfigSource }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/problems.ts'),
    import('./config-source.ts'),
  ]);
  const loaded = loadConfig(createConfigSource(), { file, overrides: new Map() });
  if (!loaded.ok) {
    const { problems, summary } = loaded.error;
    const errors = problems.filter(({ severity }) => severity === 'error');
    return fail(errors.length === 0 ? summary : errors.map(formatProblem).join('\n'));
  }
  const { crashmail, files, daemon } = loaded.value;
  const roster = rosterOf(loaded.value);
  return ok({ section: crashmail, roster, statedir: daemon.statedir, stamp: stampOf(files), files });
}

/** How often the files are looked at. */
const LOOK: Millis = seconds(10);

/** The files again when they change, for `mailto=` and what mails say of programs. */
export class RosterFile {
  #file: CrashmailFile | undefined;
  readonly #path: string;
  readonly #to: string;

  /** @param to the recipients where nobody in particular is named */
  constructor(file: CrashmailFile | undefined, path: string, to: string) {
    this.#file = file;
    this.#path = path;
    this.#to = to;
  }

  readonly entry = (program: string): Entry | undefined => this.#file?.roster.get(program);

  readonly recipients = (incident: Incident): string =>
    this.entry(namespecOf(incident))?.mailto?.join(', ') ?? this.#to;

  /** What cannot be read, because somebody is just writing it, is read when it changes again. */
  async follow(abort: AbortSignal): Promise<void> {
    while (!abort.aborted) {
      await pause(LOOK, abort);
      if (abort.aborted || this.#file === undefined || !hasChanged(this.#file)) continue;
      const read = await readCrashmailFile(this.#path);
      this.#file = read.ok ? read.value : { ...this.#file, stamp: stampOf(this.#file.files) };
    }
  }
}
