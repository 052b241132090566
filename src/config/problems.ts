/** Gathers everything wrong in a configuration, and prints it for people and for programs. Judges nothing itself. */
import type { ConfigProblem, Place } from '../errors.ts';
import { compareText } from './text.ts';

/** Why a configuration cannot be used. */
export interface ConfigFailure {
  /** By file, then line; warnings included. */
  readonly problems: readonly ConfigProblem[];
  /** What supervisord would say of the first error it meets: also the text of fault CANT_REREAD. */
  readonly summary: string;
}

/** Where a problem stands and what it is about; what is left out is not known. */
export interface Finding {
  readonly place?: Place | undefined;
  readonly section?: string | undefined;
  readonly key?: string | undefined;
  readonly value?: string | undefined;
  readonly message: string;
  readonly hint?: string | undefined;
  /** supervisord's text, where it says more than the message. */
  readonly summary?: string | undefined;
}

/** The problems of one load, in the order in which supervisord would meet them. */
export class Report {
  readonly #problems: ConfigProblem[] = [];
  readonly #seen = new Set<string>();
  readonly #summaries: string[] = [];

  error(finding: Finding): void {
    if (this.#add('error', finding)) this.#summaries.push(finding.summary ?? finding.message);
  }

  warn(finding: Finding): void {
    this.#add('warning', finding);
  }

  /** A key is blamed once, however many processes and groups it makes. */
  #add(severity: 'error' | 'warning', finding: Finding): boolean {
    const { place, section, key, value, message, hint } = finding;
    const subject = key === undefined ? message : key;
    const id = JSON.stringify([severity, place?.file, place?.line, section, subject]);
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    this.#problems.push({ severity, place, section, key, value, message, hint });
    return true;
  }

  /** Whether a key of a section has an error. */
  isBlamed(section: string, key: string): boolean {
    return this.#problems.some(
      (problem) => problem.severity === 'error' && problem.section === section && problem.key === key,
    );
  }

  get hasErrors(): boolean {
    return this.#summaries.length > 0;
  }

  get failure(): ConfigFailure {
    return { problems: this.sorted, summary: this.#summaries[0] ?? '' };
  }

  get sorted(): readonly ConfigProblem[] {
    return byPlace(this.#problems);
  }
}

function comparePlaces(a: ConfigProblem, b: ConfigProblem): number {
  const files = compareText(a.place?.file ?? '', b.place?.file ?? '');
  return files !== 0 ? files : (a.place?.line ?? 0) - (b.place?.line ?? 0);
}

/** By file, then line. */
export const byPlace = (problems: readonly ConfigProblem[]): readonly ConfigProblem[] =>
  problems.toSorted(comparePlaces);

/** A failure of a single text that stands in no file. */
export const failureOf = (message: string): ConfigFailure => ({
  problems: [
    {
      severity: 'error',
      place: undefined,
      section: undefined,
      key: undefined,
      value: undefined,
      message,
      hint: undefined,
    },
  ],
  summary: message,
});

/** `file:line: [section] key: message (hint)`, without what is not known. */
export function formatProblem(problem: ConfigProblem): string {
  const { place, section, key, message, hint } = problem;
  const line = place?.line === undefined ? '' : `:${place.line}`;
  const where = place === undefined ? '' : `${place.file}${line}: `;
  const subject = `${section === undefined ? '' : `[${section}] `}${key === undefined ? '' : `${key}: `}`;
  const kind = problem.severity === 'warning' ? 'warning: ' : '';
  return `${where}${subject}${kind}${message}${hint === undefined ? '' : ` (${hint})`}`;
}

/** The warnings that supervisord logs too, in whose texts the section is named. @source spec lifecycle 1.4, 2.4 */
const VERBATIM = /^(?:For \[|No file matches via include )/;

/** A warning as the main log shows it: supervisord's own texts exactly, others with their place. */
export const logLine = (problem: ConfigProblem): string =>
  VERBATIM.test(problem.message) ? problem.message : formatProblem({ ...problem, severity: 'error' });

/** Every problem that stands somewhere, one a line. */
export const problemLines = (failure: ConfigFailure): readonly string[] =>
  failure.problems.filter((problem) => problem.place !== undefined).map(formatProblem);

/** What stderr shows: supervisord's first line, one line for each problem, supervisord's last line. @source spec lifecycle 1.9 */
export const formatFailure = (failure: ConfigFailure, argv0: string): string =>
  [`Error: ${failure.summary}`, ...problemLines(failure), `For help, use ${argv0} -h`, ''].join('\n');

/** One problem for programs: `--check --json` prints an array of these. */
export interface ProblemJson {
  readonly file: string | null;
  readonly line: number | null;
  readonly section: string | null;
  readonly key: string | null;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly hint: string | null;
}

export const problemJson = (problem: ConfigProblem): ProblemJson => ({
  file: problem.place?.file ?? null,
  line: problem.place?.line ?? null,
  section: problem.section ?? null,
  key: problem.key ?? null,
  severity: problem.severity,
  message: problem.message,
  hint: problem.hint ?? null,
});
