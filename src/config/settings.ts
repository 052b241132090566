/** What a process is configured to do, key by key, and where each was written. Pure. */
import type { Place } from '../errors.ts';
import type { Entry, Section } from './dialect.ts';
import type { Files } from './files.ts';
import type { Key } from './key.ts';
import type { ProcessConfig } from './model.ts';
import { masked, processRows } from './plan.ts';
import { kindOf, SECTION_KINDS } from './schema.ts';

/** One key; secrets are masked. */
export interface Setting {
  /** The section that has the key, written or not. */
  readonly section: string;
  readonly key: string;
  /** What holds; '' for nothing. */
  readonly value: string;
  /** What holds without it; undefined: it was written. */
  readonly initial: string | undefined;
  /** undefined: it was not written. */
  readonly place: Place | undefined;
}

/** The files as they are now. */
export type Written = Pick<Files, 'sections' | 'defaults'>;

const KINDS = ['program', 'eventlistener', 'fcgi-program'];

/** A section that made the process, if it is still there. */
function sectionOf({ program, place }: ProcessConfig, { sections }: Written): Section | undefined {
  const found = KINDS.flatMap((kind) => sections.get(`${kind}:${program}`) ?? []);
  return found.find((section) => section.place.file === place.file && section.place.line === place.line) ?? found[0];
}

const initialOf = ({ initial, initially }: Key<unknown>): string => initial ?? initially ?? '';

interface Reader {
  readonly section: string;
  readonly find: (key: string) => Entry | undefined;
}

function settingOf({ section, find }: Reader, row: Key<unknown>, effective: string | undefined): Setting {
  const entry = find(row.name);
  const value = effective ?? masked(row.name, entry?.value) ?? row.initial ?? '';
  const initial = entry === undefined ? initialOf(row) : undefined;
  return { section, key: row.name, value, initial, place: entry?.place };
}

/** Variables of `[supervisord]` that the program has too, and its own. */
function variables(own: Reader, written: Written, texts: ReadonlyMap<string, string>): readonly Setting[] {
  const common = written.sections.get('supervisord')?.keys.get('environment');
  const mine = own.find('environment');
  const names = [...texts.keys()].filter((key) => key.startsWith('environment '));
  return names.map((key) => {
    const name = key.slice('environment '.length);
    const isMine = mine?.value.includes(name) === true || common === undefined;
    const section = isMine ? own.section : 'supervisord';
    return { section, key, value: texts.get(key) ?? '', initial: undefined, place: (isMine ? mine : common)?.place };
  });
}

/**
 * The settings of a running process: its keys in the order of the table, with the values that it runs with; variables
 * one by one as `environment NAME`; then what its `[group:x]` says.
 * @param group the name of its group
 */
export function settingsOf(process: ProcessConfig, group: string, written: Written): readonly Setting[] {
  const section = sectionOf(process, written);
  const kind = section === undefined ? undefined : kindOf(section.name);
  const keys = kind?.keys ?? SECTION_KINDS.find((candidate) => candidate.kind === 'program')?.keys ?? [];
  const reader: Reader = {
    section: section?.name ?? `program:${process.program}`,
    find: (key) => section?.keys.get(key) ?? written.defaults.get(key),
  };
  const texts = new Map(processRows(process).map(([key, text]) => [key, masked(key, text) ?? '']));
  const list = written.sections.get(`group:${group}`);
  const ofGroup = (list === undefined ? [] : (kindOf(list.name)?.keys ?? [])).map((row) =>
    settingOf({ section: list?.name ?? '', find: (key) => list?.keys.get(key) }, row, undefined),
  );
  return [
    ...keys.filter(({ name }) => name !== 'environment').map((row) => settingOf(reader, row, texts.get(row.name))),
    ...variables(reader, written, texts),
    ...ofGroup.filter(({ place }) => place !== undefined),
  ];
}
