/** `[group:x]`, `[program:x]` and `[fcgi-program:x]`: how sections become groups. @source spec lifecycle 2.7, 5.1 */
import type { Section } from '../dialect.ts';
import { blame, type Context, type Key, key, read, warn } from '../key.ts';
import type { FcgiGroup, GroupConfig, ProcessConfig, ProgramGroup } from '../model.ts';
import { didYouMean } from '../nearest.ts';
import { integer, stringList } from '../values.ts';
import { MAILTO } from './crashmail.ts';
import { readSocket } from './fcgi.ts';
import { readMailto, readPriority, readProcesses, sectionName } from './program.ts';

const KEYS = {
  programs: key('programs', stringList, {
    initial: '',
    initially: 'empty',
    names: 'here',
    doc: 'The names of `program` and `fcgi-program` sections that make up the group. They are started in this order.',
  }),
  priority: key('priority', integer, {
    initial: '999',
    names: 'here',
    doc: 'Lower numbers start first and stop last.',
  }),
};

export const GROUP_KEYS: readonly Key<unknown>[] = [...Object.values(KEYS), { ...MAILTO }];

/** The sections of a configuration, and how to read one. */
export interface Sections {
  readonly all: ReadonlyMap<string, Section>;
  readonly contextOf: (section: Section) => Context;
  /** `[supervisord] environment`. */
  readonly environment: Readonly<Record<string, string>>;
}

const KINDS: readonly string[] = ['program', 'fcgi-program'];
const PROCESS_KINDS: readonly string[] = [...KINDS, 'eventlistener'];

/** The processes of a program or fcgi-program, for a group. */
function readMember(sections: Sections, section: Section, group: string): readonly ProcessConfig[] {
  const context = sections.contextOf(section);
  const program = sectionName(context);
  const processes = readProcesses(context, { program, group, environment: sections.environment });
  if (!section.name.startsWith('fcgi-program:')) return processes;
  // spec lifecycle 8.1, 7: supervisord forgets the socket here.
  const socket = readSocket({ ...context, suffix: '' }, program);
  return processes.map((process) => ({ ...process, socket }));
}

/** The section that a group means by a name. */
function findMember(sections: Sections, context: Context, program: string): Section | undefined {
  const { name } = context.section;
  const found = KINDS.flatMap((kind) => sections.all.get(`${kind}:${program}`) ?? []);
  const [section] = found;
  if (found.length > 1) {
    blame(context, 'programs', `[${name}] name ${program} is ambiguous (exists as program and fcgi-program)`);
    return undefined;
  }
  if (section === undefined) {
    const known = [...sections.all.keys()].filter((key) => KINDS.includes(key.slice(0, key.indexOf(':'))));
    const names = known.map((key) => key.slice(key.indexOf(':') + 1));
    blame(
      context,
      'programs',
      `[${name}] names unknown program or fcgi-program ${program}`,
      didYouMean(program, names),
    );
  }
  return section;
}

/** A `[group:x]`, and the names of the sections that are in it. */
export interface Listing {
  readonly group: ProgramGroup;
  readonly taken: readonly string[];
}

export function readGroup(sections: Sections, section: Section): Listing {
  const context = sections.contextOf(section);
  const name = sectionName(context);
  const programs = read(context, KEYS.programs);
  const priority = read(context, KEYS.priority);
  const members = new Map<string, readonly ProcessConfig[]>();
  for (const program of programs) {
    const member = findMember(sections, context, program);
    if (member === undefined) continue;
    if (members.has(member.name)) warn(context, 'programs', `${program} is listed twice`);
    else members.set(member.name, readMember(sections, member, name));
  }
  const processes = [...members.values()].flat();
  const mailto = readMailto(context);
  const group: ProgramGroup = { kind: 'group', name, priority, processes, ...mailto, place: section.place };
  return { group, taken: [...members.keys()] };
}

export function readProgramGroup(sections: Sections, section: Section): ProgramGroup {
  const context = sections.contextOf(section);
  const name = sectionName({ ...context, suffix: '' });
  const priority = readPriority(context);
  const processes = readProcesses(context, { program: name, group: name, environment: sections.environment });
  return { kind: 'program', name, priority, processes, place: section.place };
}

export function readFcgiGroup(sections: Sections, section: Section): FcgiGroup {
  const context = sections.contextOf(section);
  const name = sectionName({ ...context, suffix: '' });
  const priority = readPriority(context);
  const socket = readSocket({ ...context, suffix: '' }, name);
  const programs = readProcesses(context, { program: name, group: name, environment: sections.environment });
  const processes = programs.map((process) => ({ ...process, socket }));
  return { kind: 'fcgi-program', name, priority, processes, socket, place: section.place };
}

/** Two processes of a group must not share a name, and two groups neither. @source spec lifecycle 5.1 */
export function checkNames(sections: Sections, groups: readonly GroupConfig[]): void {
  const seen = new Map<string, GroupConfig>();
  for (const group of groups) {
    const other = seen.get(group.name);
    seen.set(group.name, group);
    if (other !== undefined) blameGroup(sections, group, other);
    const names = new Set<string>();
    for (const process of group.processes) {
      if (names.has(process.name)) blameProcess(sections, group, process);
      names.add(process.name);
    }
  }
}

const sectionAt = (sections: Sections, kind: string, name: string): Section | undefined =>
  [...sections.all.values()].find((section) => {
    const colon = section.name.indexOf(':');
    return section.name.slice(0, colon) === kind && section.name.slice(colon + 1).trim() === name;
  });

function blameGroup(sections: Sections, group: GroupConfig, other: GroupConfig): void {
  const section = sectionAt(sections, group.kind, group.name);
  if (section === undefined) return;
  const message = `cannot make a second group ${group.name}: [${other.kind}:${other.name}] makes one`;
  const hint =
    other.kind === 'group' && group.kind === 'program'
      ? `list ${group.name} in its programs, or rename one`
      : undefined;
  sections.contextOf(section).report.error({ place: group.place, section: section.name, message, hint });
}

function blameProcess(sections: Sections, group: GroupConfig, process: ProcessConfig): void {
  const section = sectionAt(sections, group.kind, group.name);
  if (section === undefined) return;
  const { report } = sections.contextOf(section);
  // A name that could not be read is blamed already.
  if (PROCESS_KINDS.some((kind) => report.isBlamed(`${kind}:${process.program}`, 'process_name'))) return;
  const message = `cannot have two processes named ${process.name} in the group ${group.name}`;
  report.error({ place: process.place, section: section.name, message, hint: 'change a process_name' });
}
