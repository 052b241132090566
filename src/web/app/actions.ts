/** What the buttons and keys do: calls, what is under way, and what became of it. */
import { signal } from '@preact/signals';
import { call, Fault } from './api.ts';
import { describeError, faultText } from './faults.ts';
import { formatSpan } from './format.ts';
import { count, t } from './i18n.ts';
import { listOf, numberOf, objectOf, textOf } from './json.ts';
import { isWanted, namespecOf, type Process } from './model.ts';
import { findProcess } from './store.ts';

export type Verb = 'start' | 'stop' | 'restart' | 'signal' | 'disable' | 'enable' | 'clear';

export type Target =
  | { readonly kind: 'process'; readonly name: string }
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'some'; readonly names: readonly string[] }
  | { readonly kind: 'all' };

export interface Outcome {
  readonly id: number;
  readonly isGood: boolean;
  readonly text: string;
}

/** What is under way, by namespec. */
export const pending = signal<ReadonlyMap<string, Verb>>(new Map());
/** What became of it, newest last. */
export const outcomes = signal<readonly Outcome[]>([]);

const SHOWN_MS = 6000;
const MAX_OUTCOMES = 5;
/** A result of a batch that is none. */
const SUCCESS = 80;
const PARALLEL = 8;

let lastId = 0;

export const dismiss = (id: number): void => {
  outcomes.value = outcomes.value.filter((outcome) => outcome.id !== id);
};

/** Shows a sentence; what went wrong stays until somebody has read it. */
export function tell(text: string, isGood: boolean): void {
  lastId += 1;
  const id = lastId;
  outcomes.value = [...outcomes.value, { id, isGood, text }].slice(-MAX_OUTCOMES);
  if (isGood) setTimeout(() => dismiss(id), SHOWN_MS);
}

/** Runs something while it is shown as under way. */
async function during(names: readonly string[], verb: Verb, work: () => Promise<void>): Promise<void> {
  pending.value = new Map([...pending.value, ...names.map((name) => [name, verb] as const)]);
  try {
    await work();
  } finally {
    const rest = new Map(pending.value);
    for (const name of names) rest.delete(name);
    pending.value = rest;
  }
}

/** A stop before a start finds nothing to stop; that is no failure. */
const unless = (fault: string) => (error: unknown) => {
  if (!(error instanceof Fault) || error.fault !== fault) throw error;
};

async function one(verb: Verb, name: string, signalName: string): Promise<void> {
  switch (verb) {
    case 'restart':
      await call('supervisor.stopProcess', { name, wait: true }).catch(unless('NOT_RUNNING'));
      await call('supervisor.startProcess', { name, wait: true });
      return;
    case 'signal':
      await call('supervisor.signalProcess', { name, signal: signalName });
      return;
    case 'clear':
      await call('supervisor.clearProcessLogs', { name });
      return;
    case 'enable':
    case 'disable':
      await call(`superd.${verb}`, { name });
      return;
    case 'start':
    case 'stop':
      await call(`supervisor.${verb}Process`, { name, wait: true });
  }
}

interface Failure {
  readonly name: string;
  readonly text: string;
}

const failuresOf = (answer: unknown): readonly Failure[] =>
  listOf(answer)
    .map(objectOf)
    .filter(({ status }) => numberOf(status) !== SUCCESS)
    .map(({ group, name, description }) => ({
      name: namespecOf(textOf(group), textOf(name)),
      text: faultText(textOf(description), namespecOf(textOf(group), textOf(name))),
    }));

/** One call for a whole group, or for all. */
async function batch(verb: Verb, group: string | undefined, signalName: string): Promise<readonly Failure[]> {
  const scope = group === undefined ? 'AllProcesses' : 'ProcessGroup';
  const named = group === undefined ? {} : { name: group };
  if (verb === 'restart') {
    const stopped = failuresOf(await call(`supervisor.stop${scope}`, { ...named, wait: true }));
    return [...stopped, ...failuresOf(await call(`supervisor.start${scope}`, { ...named, wait: true }))];
  }
  const extra = verb === 'signal' ? { signal: signalName } : { wait: true };
  return failuresOf(await call(`supervisor.${verb}${scope}`, { ...named, ...extra }));
}

/** One call for each, some at a time. */
async function each(verb: Verb, names: readonly string[], signalName: string): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  const left = [...names];
  const worker = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const current = name;
      await one(verb, current, signalName).catch((error: unknown) => {
        failures.push({ name: current, text: describeError(error, current) });
      });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return failures;
}

/** Whether a verb makes sense for a process as it is; with a group or all, the others are left alone. */
export function applies(verb: Verb, { state, isDisabled }: Process): boolean {
  switch (verb) {
    case 'start':
      return !isWanted(state) && state !== 'STOPPING' && !isDisabled;
    case 'stop':
      return isWanted(state);
    case 'restart':
      return state !== 'STOPPING' && !isDisabled;
    case 'signal':
      return state === 'RUNNING' || state === 'STARTING' || state === 'STOPPING';
    case 'disable':
      return !isDisabled;
    case 'enable':
      return isDisabled;
    case 'clear':
      return true;
  }
}

const DONE = {
  start: 'done.start',
  stop: 'done.stop',
  restart: 'done.restart',
  signal: 'done.signal',
  disable: 'done.disable',
  enable: 'done.enable',
  clear: 'done.clear',
} as const;

export const labelOf = (target: Target): string => {
  switch (target.kind) {
    case 'process':
      return target.name;
    case 'group':
      return `${target.name}:*`;
    case 'some':
      return count(target.names.length, 'processes.one', 'processes.many');
    case 'all':
      return t('everything');
  }
};

function run(verb: Verb, target: Target, signalName: string): Promise<readonly Failure[]> {
  switch (target.kind) {
    case 'process':
      return each(verb, [target.name], signalName);
    case 'some':
      return each(verb, target.names, signalName);
    case 'group':
      return batch(verb, target.name, signalName);
    case 'all':
      return batch(verb, undefined, signalName);
  }
}

function report(verb: Verb, target: Target, { failures, took }: { failures: readonly Failure[]; took: number }): void {
  const [first] = failures;
  if (first === undefined) {
    const time = took < 1000 ? '' : ` · ${formatSpan(took)}`;
    tell(`${t(DONE[verb], { name: labelOf(target) })}${time}`, true);
  } else if (failures.length === 1) tell(t('failed.one', { name: first.name, why: explain(first) }), false);
  else tell(t('failed.many', { n: failures.length, name: first.name, why: explain(first) }), false);
}

/** The last words of the process say more than the name of a fault. */
function explain({ name, text }: Failure): string {
  const process = findProcess(name);
  return process !== undefined && process.state === 'FATAL' && !text.includes(process.lastExit)
    ? `${text} (${process.lastExit})`
    : text;
}

/** Does it, shows that it is under way, and tells what became of it. Never rejects. */
export async function act(
  verb: Verb,
  target: Target,
  options: { names: readonly string[]; signal?: string },
): Promise<void> {
  const began = Date.now();
  await during(options.names, verb, async () => {
    const failures = await run(verb, target, options.signal ?? '');
    report(verb, target, { failures, took: Date.now() - began });
  }).catch((error: unknown) => tell(t('failed.one', { name: labelOf(target), why: describeError(error) }), false));
}
