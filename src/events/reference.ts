/** The reference page of events, made from the table of types and from the payloads themselves. */
import { pid } from '../units.ts';
import type { SupervisorEvent } from './event.ts';
import { payloadOf } from './payload.ts';
import { EVENT_TABLE, eventTypeOf } from './types.ts';

const OF = { process: 'web', group: 'web' } as const;
const DATA: Uint8Array = new TextEncoder().encode('…');
const STATE = { ...OF, kind: 'process-state' } as const;

const output = (kind: 'process-log' | 'process-communication'): readonly SupervisorEvent[] => [
  { ...OF, kind, channel: 'stdout', pid: pid(123), data: DATA },
  { ...OF, kind, channel: 'stderr', pid: pid(123), data: DATA },
];

const EXAMPLES: readonly SupervisorEvent[] = [
  { ...STATE, from: 'STOPPING', to: { name: 'STOPPED', pid: pid(123) } },
  { ...STATE, from: 'RUNNING', to: { name: 'EXITED', pid: pid(123), expected: false } },
  { ...STATE, from: 'STOPPED', to: { name: 'STARTING', tries: 0 } },
  { ...STATE, from: 'RUNNING', to: { name: 'STOPPING', pid: pid(123) } },
  { ...STATE, from: 'STARTING', to: { name: 'BACKOFF', tries: 1 } },
  { ...STATE, from: 'BACKOFF', to: { name: 'FATAL' } },
  { ...STATE, from: 'STARTING', to: { name: 'RUNNING', pid: pid(123) } },
  { ...STATE, from: 'RUNNING', to: { name: 'UNKNOWN' } },
  ...output('process-communication'),
  ...output('process-log'),
  { kind: 'remote-communication', type: 'mine', data: '…' },
  { kind: 'supervisor-state-change', to: 'RUNNING' },
  { kind: 'supervisor-state-change', to: 'STOPPING' },
  { kind: 'tick', period: 5, when: 1_795_341_205 },
  { kind: 'tick', period: 60, when: 1_795_341_180 },
  { kind: 'tick', period: 3600, when: 1_795_338_000 },
  { kind: 'process-group', change: 'ADDED', group: 'web' },
  { kind: 'process-group', change: 'REMOVED', group: 'web' },
];

const PAYLOADS: ReadonlyMap<string, string> = new Map(EXAMPLES.map((event) => [eventTypeOf(event), payloadOf(event)]));

function depthOf(name: string | undefined): number {
  const parent = EVENT_TABLE.find((row) => row.name === name)?.parent;
  return parent === undefined ? 0 : 1 + depthOf(parent);
}

const HEAD = `# Events

A listener subscribes with \`events=\` in its \`[eventlistener:x]\` section. Subscribing to an abstract type means every type
below it. An event is one header line and a payload of \`len\` characters, without anything after it:

    ver:3.0 server:supervisor serial:21 pool:mine poolserial:10 eventname:PROCESS_STATE_EXITED len:67
    processname:web groupname:web from_state:RUNNING expected:0 pid:123

\`serial\` counts the events that somebody subscribed to, \`poolserial\` those of one pool; an event that is sent again keeps
both. Output that is not UTF-8 is sent as \`Undecodable: b'…'\`. With capture mode on, \`PROCESS_LOG\` events carry the captured
text too, as in supervisord.

## Types
`;

/** `docs/reference/events.md`. */
export function renderEventsReference(): string {
  const tree = EVENT_TABLE.map(({ name, abstract, about }) => {
    const indent = '  '.repeat(depthOf(name));
    return `${indent}- \`${name}\`${abstract ? ' (abstract)' : ''}: ${about}`;
  });
  const rows = EVENT_TABLE.filter(({ abstract }) => !abstract).map(({ name }) => {
    const payload = JSON.stringify(PAYLOADS.get(name) ?? '').slice(1, -1);
    return `| \`${name}\` | ${payload === '' ? 'empty' : `\`${payload}\``} |`;
  });
  const table = ['| Type | Payload, for example (`\\n` is a line feed) |', '|---|---|', ...rows];
  return `${HEAD}\n${tree.join('\n')}\n\n## Payloads\n\n${table.join('\n')}\n`;
}
