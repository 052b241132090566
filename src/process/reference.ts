/** The state diagram for the docs, made by walking the machine over its states and events, so it cannot be wrong. */
import { millis, pid } from '../units.ts';
import { type Policy, type ProcessEvent, step } from './machine.ts';
import { type ProcessState, STATE_CODES, type StateName } from './state.ts';

const PID = pid(100);
const NOW = millis(5000);
const policies: readonly Policy[] = [
  { startsecs: millis(0), startretries: 1, stopwaitsecs: millis(0), exitcodes: [0], autorestart: 'unexpected' },
  { startsecs: millis(9000), startretries: 0, stopwaitsecs: millis(0), exitcodes: [0], autorestart: 'never' },
];
const status = { kind: 'code', code: 0 } as const;

/** One of each state, with every deadline just passed. */
const states: readonly ProcessState[] = [
  { name: 'STOPPED' },
  { name: 'STARTING', pid: PID, since: millis(0), runningAt: NOW, failures: 0, quickRuns: 0 },
  { name: 'STARTING', pid: PID, since: millis(0), runningAt: millis(NOW + 1), failures: 0, quickRuns: 0 },
  { name: 'STARTING', pid: undefined, since: millis(0), runningAt: NOW, failures: 0, quickRuns: 0 },
  { name: 'RUNNING', pid: PID, since: millis(0), quickRuns: 0 },
  { name: 'BACKOFF', retryAt: NOW, failures: 1, reason: '' },
  { name: 'STOPPING', pid: PID, killAt: NOW, kills: 0 },
  { name: 'EXITED', status, expected: false, restartAt: NOW, quickRuns: 0 },
  { name: 'FATAL', reason: '' },
];
const events: readonly (readonly [label: string, event: ProcessEvent])[] = [
  ['start', { kind: 'start' }],
  ['stop', { kind: 'stop' }],
  ['spawned', { kind: 'spawned', pid: PID }],
  ['spawn failed', { kind: 'spawn-failed', reason: '' }],
  ['exited', { kind: 'exited', pid: PID, status }],
  ['time passes', { kind: 'wake' }],
  ['shutdown', { kind: 'abandon' }],
];

/** Every change of state that the machine makes, with the events that cause it. */
export function stateChanges(): ReadonlyMap<string, ReadonlySet<string>> {
  const changes = new Map<string, Set<string>>();
  const note = (from: StateName, to: StateName, label: string): void => {
    const edge = `${from} --> ${to}`;
    changes.set(edge, (changes.get(edge) ?? new Set()).add(label));
  };
  for (const policy of policies) {
    for (const state of states) {
      for (const [label, event] of events) {
        const [after, , passed] = step(state, event, NOW, policy);
        let from = state.name;
        for (const [index, { name }] of [...passed, after].entries()) {
          if (name !== from) note(from, name, index === 0 ? label : 'at once');
          from = name;
        }
      }
    }
  }
  return changes;
}

/** docs/reference/process-states.md */
export function renderStatesReference(): string {
  const edges = [...stateChanges()].map(([edge, labels]) => `  ${edge} : ${[...labels].sort().join(', ')}`).sort();
  const codes = Object.entries(STATE_CODES).map(([name, code]) => `| ${name} | ${code} |`);
  return [
    '# The states of a process',
    '',
    'Generated from `src/process/machine.ts` by walking it over every state and event: do not edit.',
    '',
    '```mermaid',
    'stateDiagram-v2',
    '  [*] --> STOPPED',
    ...edges,
    '```',
    '',
    'The codes are those of the API. UNKNOWN exists for clients of supervisord; superd never enters it.',
    '',
    '| State | Code |',
    '| --- | --- |',
    ...codes,
    '',
  ].join('\n');
}
