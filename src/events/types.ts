/**
 * THE table of event types and their hierarchy. The configuration, the listener pools and the reference page read it.
 * Knows nothing of payloads and of delivery.
 */
import type { SupervisorEvent } from './event.ts';

interface EventType {
  readonly name: string;
  /** undefined for the root. */
  readonly parent: string | undefined;
  /** Abstract types are subscribed to, never sent. */
  readonly abstract: boolean;
  /** When it is sent, or what it gathers. */
  readonly about: string;
}

const group = (name: string, parent: string | undefined, about: string): EventType => ({
  name,
  parent,
  abstract: true,
  about,
});
const type = (name: string, parent: string, about: string): EventType => ({ name, parent, abstract: false, about });

/** Every event type, parents before children. @source spec api 3.2 */
export const EVENT_TABLE: readonly EventType[] = [
  group('EVENT', undefined, 'Everything.'),
  group('PROCESS_STATE', 'EVENT', 'A process changed its state.'),
  type('PROCESS_STATE_STOPPED', 'PROCESS_STATE', 'It stopped on request.'),
  type('PROCESS_STATE_EXITED', 'PROCESS_STATE', 'It ended by itself while RUNNING.'),
  type('PROCESS_STATE_STARTING', 'PROCESS_STATE', 'It is being started.'),
  type('PROCESS_STATE_STOPPING', 'PROCESS_STATE', 'It was asked to stop.'),
  type('PROCESS_STATE_BACKOFF', 'PROCESS_STATE', 'A start failed; another follows unless the retries are used up.'),
  type('PROCESS_STATE_FATAL', 'PROCESS_STATE', 'The retries are used up.'),
  type('PROCESS_STATE_RUNNING', 'PROCESS_STATE', 'It stayed up for startsecs.'),
  type('PROCESS_STATE_UNKNOWN', 'PROCESS_STATE', 'It cannot be told what became of it.'),
  group('PROCESS_COMMUNICATION', 'EVENT', 'A process sent data between the capture tags.'),
  type('PROCESS_COMMUNICATION_STDOUT', 'PROCESS_COMMUNICATION', 'On its standard output.'),
  type('PROCESS_COMMUNICATION_STDERR', 'PROCESS_COMMUNICATION', 'On its standard error.'),
  group('PROCESS_LOG', 'EVENT', 'A process wrote output on a channel with `std*_events_enabled`.'),
  type('PROCESS_LOG_STDOUT', 'PROCESS_LOG', 'On its standard output.'),
  type('PROCESS_LOG_STDERR', 'PROCESS_LOG', 'On its standard error.'),
  type('REMOTE_COMMUNICATION', 'EVENT', 'Somebody called `sendRemoteCommEvent`.'),
  group('SUPERVISOR_STATE_CHANGE', 'EVENT', 'superd itself changed its state.'),
  type('SUPERVISOR_STATE_CHANGE_RUNNING', 'SUPERVISOR_STATE_CHANGE', 'It started, or was restarted.'),
  type('SUPERVISOR_STATE_CHANGE_STOPPING', 'SUPERVISOR_STATE_CHANGE', 'It begins to stop everything.'),
  group('TICK', 'EVENT', 'Time passed.'),
  type('TICK_5', 'TICK', 'Every 5 seconds.'),
  type('TICK_60', 'TICK', 'Every minute.'),
  type('TICK_3600', 'TICK', 'Every hour.'),
  group('PROCESS_GROUP', 'EVENT', 'The set of active groups changed.'),
  type('PROCESS_GROUP_ADDED', 'PROCESS_GROUP', 'A group became active.'),
  type('PROCESS_GROUP_REMOVED', 'PROCESS_GROUP', 'A group was removed.'),
];

/** Every name that `events=` accepts. */
export const EVENT_TYPES: readonly string[] = EVENT_TABLE.map(({ name }) => name);

const PARENTS: ReadonlyMap<string, string | undefined> = new Map(EVENT_TABLE.map(({ name, parent }) => [name, parent]));

/** Is this a name that `events=` accepts? Names are upper-case. */
export const isEventType = (name: string): boolean => PARENTS.has(name);

/** The concrete type under which an event is sent. */
export function eventTypeOf(event: SupervisorEvent): string {
  switch (event.kind) {
    case 'process-state':
      return `PROCESS_STATE_${event.to.name}`;
    case 'process-log':
      return `PROCESS_LOG_${event.channel.toUpperCase()}`;
    case 'process-communication':
      return `PROCESS_COMMUNICATION_${event.channel.toUpperCase()}`;
    case 'remote-communication':
      return 'REMOTE_COMMUNICATION';
    case 'supervisor-state-change':
      return `SUPERVISOR_STATE_CHANGE_${event.to}`;
    case 'tick':
      return `TICK_${event.period}`;
    case 'process-group':
      return `PROCESS_GROUP_${event.change}`;
  }
}

/** The concrete types below one or several names, those themselves included. */
export function concreteTypes(names: readonly string[]): ReadonlySet<string> {
  const wanted = new Set(names);
  for (const { name, parent } of EVENT_TABLE) if (parent !== undefined && wanted.has(parent)) wanted.add(name);
  return new Set(EVENT_TABLE.filter(({ name, abstract }) => !abstract && wanted.has(name)).map(({ name }) => name));
}

/** A test for whether somebody who subscribed to these types wants an event. */
export function subscribes(names: readonly string[]): (event: SupervisorEvent) => boolean {
  const wanted = concreteTypes(names);
  return (event) => wanted.has(eventTypeOf(event));
}
