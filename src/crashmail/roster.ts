/** What the configuration files say of each program, as far as crash mails want to know it. Pure. */
import type { Config, GroupConfig, ProcessConfig } from '../config/model.ts';
import { formatNamespec } from '../process/namespec.ts';
import type { Settings } from './report.ts';
import { maskSecrets, secretsOf } from './secrets.ts';

export interface Entry {
  readonly settings: Settings;
  /** undefined: nobody in particular. */
  readonly mailto: readonly string[] | undefined;
  readonly secrets: readonly string[];
}

export type Roster = ReadonlyMap<string, Entry>;

function entryOf(group: GroupConfig, process: ProcessConfig): Entry {
  const secrets = secretsOf(process.environment);
  const { file, line } = process.place;
  return {
    settings: {
      command: maskSecrets(process.command, secrets),
      user: process.user?.name ?? '',
      directory: process.directory ?? '',
      place: line === undefined ? file : `${file}:${line}`,
    },
    mailto: process.mailto ?? group.mailto,
    secrets,
  };
}

export const rosterOf = (config: Config): Roster =>
  new Map(
    config.groups.flatMap((group) =>
      group.processes.map((process) => [formatNamespec(group.name, process.name), entryOf(group, process)] as const),
    ),
  );
