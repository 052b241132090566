/**
 * Files → Config. Everything wrong is found at once; sections are read in supervisord's order, so that the first problem
 * found is the one that supervisord would name. Sees the machine only through the source.
 */
import path from 'node:path';
import { fail, ok, type Result } from '../errors.ts';
import { repr } from '../repr.ts';
import type { Entry, Section } from './dialect.ts';
import { type Files, readFiles } from './files.ts';
import type { Context } from './key.ts';
import type { Config, CrashmailConfig, DaemonConfig, GroupConfig, RpcInterface, ServerConfig } from './model.ts';
import { didYouMean } from './nearest.ts';
import { type ConfigFailure, failureOf, Report } from './problems.ts';
import { kindOf, meantSection } from './schema.ts';
import { readCrashmail } from './sections/crashmail.ts';
import { checkNames, readFcgiGroup, readGroup, readProgramGroup, type Sections } from './sections/group.ts';
import { readListener } from './sections/listener.ts';
import { readRpcInterface } from './sections/rpcinterface.ts';
import { readInetServer, readUnixServer } from './sections/servers.ts';
import { readDaemon, readDaemonUser } from './sections/supervisord.ts';
import type { ConfigSource } from './source.ts';
import { compareText } from './text.ts';

/** What to load. */
export interface LoadRequest {
  /** The main file, absolute or relative to the source's cwd; messages show it as it is given. */
  readonly file: string;
  /** Texts of `[supervisord]` keys from the command line, already checked; they beat the files. */
  readonly overrides: ReadonlyMap<string, string>;
  /** Looks into users files, certificates and keys too; not for those who only want to know the programs. */
  readonly withFiles?: boolean;
}

/** Kinds in whose errors supervisord names the section and its file. */
const SUFFIXED = /^(?:program|fcgi-program|eventlistener):/;

const environmentNames = (variables: Readonly<Record<string, string>>): readonly (readonly [string, string])[] =>
  Object.entries(variables).map(([name, value]) => [`ENV_${name}`, value]);

/** Reads all the sections of one configuration. */
interface Loading {
  readonly files: Files;
  readonly source: ConfigSource;
  readonly report: Report;
  readonly overrides: ReadonlyMap<string, string>;
  readonly withFiles: boolean;
  /** `host_node_name` and `ENV_…`, with those of `[supervisord] environment` once they are known. */
  readonly names: ReadonlyMap<string, string>;
}

function contextOf(loading: Loading, section: Section): Context {
  const { files, source, report, names, withFiles } = loading;
  const { name, place } = section;
  const suffix = SUFFIXED.test(name) ? ` in section ${repr(name)} (file: ${repr(place.file)})` : '';
  const overrides = name === 'supervisord' ? loading.overrides : new Map<string, string>();
  const { defaults, hasInclude } = files;
  return { section, defaults, source, report, names, hasInclude, suffix, overrides, withFiles };
}

/** The sections whose name starts so, read; a reader may skip one. */
function readAll<T>(loading: Loading, prefix: string, reader: (context: Context) => T | undefined): readonly T[] {
  const found: T[] = [];
  for (const section of loading.files.sections.values()) {
    const value = section.name.startsWith(prefix) ? reader(contextOf(loading, section)) : undefined;
    if (value !== undefined) found.push(value);
  }
  return found;
}

function readGroups(loading: Loading, environment: Readonly<Record<string, string>>): readonly GroupConfig[] {
  const sections: Sections = {
    all: loading.files.sections,
    contextOf: (section) => contextOf(loading, section),
    environment,
  };
  const lists = readAll(loading, 'group:', ({ section }) => readGroup(sections, section));
  const taken = new Set(lists.flatMap((list) => list.taken));
  const free = (section: Section): boolean => !taken.has(section.name);
  const groups: readonly GroupConfig[] = [
    ...lists.map((list) => list.group),
    ...readAll(loading, 'program:', ({ section }) => (free(section) ? readProgramGroup(sections, section) : undefined)),
    ...readAll(loading, 'eventlistener:', (context) => readListener(context, environment)),
    ...readAll(loading, 'fcgi-program:', ({ section }) =>
      free(section) ? readFcgiGroup(sections, section) : undefined,
    ),
  ];
  checkNames(sections, groups);
  return groups.toSorted((a, b) => a.priority - b.priority || compareText(a.name, b.name));
}

/** Keys and sections that nobody reads, when they look like slips. @source spec lifecycle 1.3 */
function warnUnknown(loading: Loading): void {
  const { report, files } = loading;
  for (const section of files.sections.values()) {
    const kind = kindOf(section.name);
    if (kind === undefined) {
      const meant = meantSection(section.name);
      if (meant === undefined) continue;
      const message = 'this section is not known, and ignored';
      report.warn({ place: section.place, section: section.name, message, hint: `did you mean [${meant}]?` });
    } else if (kind.keeps === 'closed') {
      warnUnknownKeys(
        report,
        section,
        kind.keys.map((row) => row.name),
      );
    }
  }
}

function warnUnknownKeys(report: Report, section: Section, known: readonly string[]): void {
  for (const [key, entry] of section.keys) {
    if (known.includes(key)) continue;
    const { place, value } = entry;
    const message = 'this key is not known, and ignored';
    report.warn({ place, section: section.name, key, value, message, hint: didYouMean(key, known) });
  }
}

/** What is left of a configuration without `[supervisord]`, so that the rest can be checked. */
function supervisordSection(loading: Loading, file: string): Section {
  const section = loading.files.sections.get('supervisord');
  if (section !== undefined) return section;
  const place = { file, line: undefined };
  loading.report.error({ place, message: '.ini file does not include supervisord section' });
  return { name: 'supervisord', place, keys: new Map<string, Entry>() };
}

/** All that is made of the sections; the order is supervisord's. @source spec lifecycle 1.9 */
interface Parts {
  readonly daemon: DaemonConfig;
  readonly rpcinterfaces: readonly RpcInterface[];
  readonly groups: readonly GroupConfig[];
  readonly servers: readonly ServerConfig[];
  readonly crashmail?: CrashmailConfig;
}

function readParts(outer: Loading, file: string): Parts {
  const context = contextOf(outer, supervisordSection(outer, file));
  const draft = readDaemon(context);
  const loading: Loading = { ...outer, names: new Map([...outer.names, ...environmentNames(draft.environment)]) };
  const rpcinterfaces = readAll(loading, 'rpcinterface:', readRpcInterface);
  const groups = readGroups(loading, draft.environment);
  const inet = readAll(loading, 'inet_http_server', readInetServer);
  const unix = readAll(loading, 'unix_http_server', readUnixServer);
  const daemon = { ...draft, user: readDaemonUser(context) };
  const crash = loading.files.sections.get('crashmail');
  const crashmail = crash === undefined ? {} : { crashmail: readCrashmail(contextOf(loading, crash)) };
  return { daemon, rpcinterfaces, groups, servers: [...inet, ...unix], ...crashmail };
}

/**
 * Loads a configuration.
 * @source spec lifecycle 1, 2, 5.1
 */
export function loadConfig(source: ConfigSource, request: LoadRequest): Result<Config, ConfigFailure> {
  const report = new Report();
  const names = new Map([...environmentNames(source.env), ['host_node_name', source.nodename]]);
  const read = readFiles(source, { file: request.file, names, report });
  if (!read.ok) return fail(failureOf(read.error));
  const files = read.value;
  if (report.hasErrors && files.sections.size === 0) return fail(report.failure);
  const { overrides, withFiles = false } = request;
  const loading: Loading = { files, source, report, overrides, withFiles, names };
  const parts = readParts(loading, request.file);
  warnUnknown(loading);
  if (report.hasErrors) return fail(report.failure);
  const { paths, includes, notices } = files;
  const file = path.resolve(source.cwd, request.file);
  return ok({ file, files: paths, includes, ...parts, notices, warnings: report.sorted });
}
