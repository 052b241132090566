/**
 * One row of the table of keys, and how a value of it is read from a section: expanded, parsed, blamed. Every section
 * kind's file is a table of such rows and a function that makes the model of it.
 */
import type { Entry, Section } from './dialect.ts';
import { type ExpandError, expand, type Names } from './expand.ts';
import { didYouMean } from './nearest.ts';
import type { Report } from './problems.ts';
import { hasOpenQuote } from './quoting.ts';
import type { ConfigSource } from './source.ts';
import type { Type } from './values.ts';

/** Which names exist in a value besides `ENV_…`. @source spec lifecycle 1.6 */
export type NameSet = 'none' | 'here' | 'host' | 'socket' | 'program' | 'process';
export const NAME_SETS: Readonly<Record<NameSet, readonly string[]>> = {
  none: [],
  here: ['here'],
  host: ['here', 'host_node_name'],
  socket: ['here', 'program_name'],
  program: ['here', 'program_name', 'group_name', 'host_node_name'],
  process: ['here', 'program_name', 'group_name', 'host_node_name', 'process_num', 'numprocs'],
};

export interface Key<T> {
  readonly name: string;
  readonly type: Type<T>;
  /** As it would be written; undefined: the key has no default, or it is required. */
  readonly initial: string | undefined;
  readonly names: NameSet;
  /** What messages call the value, where that is not `<section>.<key>`. */
  readonly where: string | undefined;
  /** The first version of supervisord that has it; 'superd' for superd's own; undefined: as old as 3.0. */
  readonly since: string | undefined;
  /** For the reference, where `initial` does not say it. */
  readonly initially: string | undefined;
  readonly doc: string;
}

type Rest<T> = Pick<Key<T>, 'doc'> & Partial<Omit<Key<T>, 'name' | 'type' | 'doc'>>;

export const key = <T>(name: string, type: Type<T>, rest: Rest<T>): Key<T> => ({
  name,
  type,
  initial: undefined,
  names: 'none',
  where: undefined,
  since: undefined,
  initially: undefined,
  ...rest,
});

/** A section being read, and all that its values may need. */
export interface Context {
  readonly section: Section;
  /** `[DEFAULT]`. */
  readonly defaults: ReadonlyMap<string, Entry>;
  readonly source: ConfigSource;
  readonly report: Report;
  /** Every name but `here`, which depends on the file of the value. */
  readonly names: Names;
  /** `here` exists in every key once there is an `[include]`. */
  readonly hasInclude: boolean;
  /** What supervisord appends to an error of this section. */
  readonly suffix: string;
  /** Texts of the command line, by key. */
  readonly overrides: ReadonlyMap<string, string>;
  /** The files of servers are to be looked into. */
  readonly withFiles?: boolean;
}

export const find = (context: Context, name: string): Entry | undefined =>
  context.section.keys.get(name) ?? context.defaults.get(name);

/** Reports an error of a key, or of the section when the key is not there. */
export function blame(context: Context, name: string, message: string, hint?: string): void {
  const entry = find(context, name);
  context.report.error({
    place: entry?.place ?? context.section.place,
    section: context.section.name,
    key: name,
    value: entry?.value,
    message,
    hint,
    summary: message + context.suffix,
  });
}

export function warn(context: Context, name: string, message: string, hint?: string): void {
  const entry = find(context, name);
  const place = entry?.place ?? context.section.place;
  context.report.warn({ place, section: context.section.name, key: name, value: entry?.value, message, hint });
}

function namesOf(context: Context, set: NameSet, here: string): Names {
  const visible = NAME_SETS[set];
  const names = new Map<string, string | number>();
  for (const [name, value] of context.names) {
    if (name.startsWith('ENV_') || visible.includes(name)) names.set(name, value);
  }
  if (visible.includes('here') || context.hasInclude) names.set('here', here);
  return names;
}

function expansionHint({ unknown }: ExpandError, names: Names): string | undefined {
  if (unknown === undefined) return 'write %% for a literal %';
  if (unknown.startsWith('ENV_')) return `the environment variable ${unknown.slice('ENV_'.length)} is not set`;
  return didYouMean(unknown, names.keys());
}

/** A text after expansion; undefined when that fails, which is then reported. */
function expanded(context: Context, row: Key<unknown>, value: string, here: string): string | undefined {
  if (!value.includes('%')) return value;
  const names = namesOf(context, row.names, here);
  const done = expand(value, names, row.where ?? `${context.section.name}.${row.name}`);
  if (done.ok) return done.value;
  blame(context, row.name, done.error.message, expansionHint(done.error, names));
  return undefined;
}

/** Quotes do not protect against comments, which surprises everybody once. @source spec lifecycle 8.2 */
export const cutHint = (entry: Entry | undefined): string | undefined =>
  entry?.cutLine !== undefined && hasOpenQuote(entry.value)
    ? 'a blank and then ; or # starts a comment, even inside quotes'
    : undefined;

function parse<T>(context: Context, row: Key<T>, value: string): T {
  const result = row.type.parse(value, context.source);
  if (result.ok) return result.value;
  blame(context, row.name, result.error, cutHint(find(context, row.name)));
  return row.type.zero;
}

/** The value of a key that has no default; undefined when it is not set. */
export function readMaybe<T>(context: Context, row: Key<T>): T | undefined {
  const entry = find(context, row.name);
  const written = entry === undefined ? undefined : expanded(context, row, entry.value, entry.here);
  const value = written === undefined ? undefined : parse(context, row, written);
  const override = context.overrides.get(row.name);
  return override === undefined ? value : parse(context, row, override);
}

/** The value of a key, or its default. A value that cannot be read is reported, and replaced by the type's zero. */
export function read<T>(context: Context, row: Key<T>): T {
  const value = readMaybe(context, row);
  if (value !== undefined) return value;
  if (find(context, row.name) !== undefined || row.initial === undefined) return row.type.zero;
  return parse(context, row, expanded(context, row, row.initial, '/') ?? '');
}

/** The value of a key that must be set; `message` says so when it is not. */
export function readRequired<T>(context: Context, row: Key<T>, message: string): T {
  if (find(context, row.name) === undefined) blame(context, row.name, message);
  return read(context, row);
}
