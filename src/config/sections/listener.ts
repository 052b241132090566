/** `[eventlistener:x]`: a program that is told of events on stdin. @source spec lifecycle 2.6, api 4.1 */
import { EVENT_TYPES } from '../event-types.ts';
import { blame, type Context, find, type Key, key, read } from '../key.ts';
import type { ListenerGroup } from '../model.ts';
import { didYouMean } from '../nearest.ts';
import { boolean, integer, stringList, text } from '../values.ts';
import { PROGRAM_KEYS, readProcesses, readRedirect, sectionName } from './program.ts';

/** The one result handler there is. */
export const RESULT_HANDLER = 'supervisor.dispatchers:default_handler';

const visible = 'here';
const KEYS = {
  priority: key('priority', integer, {
    initial: '-1',
    names: visible,
    doc: 'Lower numbers start first and stop last. The default is that of the pool: listeners start before programs.',
  }),
  buffer_size: key('buffer_size', integer, {
    initial: '10',
    names: visible,
    doc: 'How many events wait while every listener of the pool is busy; the oldest is discarded when one more comes.',
  }),
  result_handler: key('result_handler', text, {
    initial: RESULT_HANDLER,
    names: visible,
    doc: 'What judges the results of the listener. Only the default exists.',
  }),
  replay: key('replay', boolean, {
    initial: 'false',
    names: visible,
    since: 'superd',
    doc: 'Lose no event: those that find the buffer full, or superd not there to deliver them, are sent later from the journal, in order. An event may come twice, with the same serial. Output (`PROCESS_LOG`) and `TICK` are not kept.',
  }),
  events: key('events', stringList, {
    names: visible,
    initially: 'required',
    doc: 'The event types to be told of. A type such as `PROCESS_STATE` stands for all types below it, `EVENT` for every event.',
  }),
};

export const LISTENER_KEYS: readonly Key<unknown>[] = [
  ...PROGRAM_KEYS.filter((row) => row.name !== 'priority'),
  ...Object.values(KEYS),
];

function readEventTypes(context: Context): readonly string[] {
  const { name } = context.section;
  const types = read(context, KEYS.events).map((type) => type.toUpperCase());
  if (types.length === 0) blame(context, 'events', `[${name}] section requires an "events" line`);
  const unknown = types.find((type) => !EVENT_TYPES.includes(type));
  if (unknown !== undefined) {
    blame(context, 'events', `Unknown event type ${unknown} in [${name}] events`, didYouMean(unknown, EVENT_TYPES));
  }
  return types;
}

export function readListener(context: Context, environment: Readonly<Record<string, string>>): ListenerGroup {
  const { name: section, place } = context.section;
  const outer: Context = { ...context, suffix: '' };
  const name = sectionName(context);
  const priority = read(outer, KEYS.priority);
  const bufferSize = read(outer, KEYS.buffer_size);
  if (bufferSize < 1 && find(context, 'buffer_size') !== undefined) {
    blame(outer, 'buffer_size', `[${section}] section sets invalid buffer_size (${bufferSize})`);
  }
  const replay = read(outer, KEYS.replay);
  const resultHandler = read(outer, KEYS.result_handler);
  if (resultHandler !== RESULT_HANDLER) {
    blame(
      outer,
      'result_handler',
      `${resultHandler} cannot be resolved within [${section}]`,
      `only ${RESULT_HANDLER} exists`,
    );
  }
  const events = readEventTypes(outer);
  const names = new Map<string, string | number>([...context.names, ['program_name', name], ['group_name', name]]);
  if (readRedirect({ ...outer, names })) {
    const why =
      'section sets redirect_stderr=true but this is not allowed because it will interfere with the eventlistener protocol';
    blame(outer, 'redirect_stderr', `[${section}] ${why}`);
  }
  const programs = readProcesses(context, { program: name, group: name, environment });
  if (programs.some(({ stdout }) => stdout.isDirect)) {
    const why = 'section sets stdout_logfile_direct=true but the eventlistener protocol goes over stdout';
    blame(outer, 'stdout_logfile_direct', `[${section}] ${why}`);
  }
  const processes = programs.map((process) => ({ ...process, isListener: true }));
  return { kind: 'eventlistener', name, priority, processes, events, bufferSize, resultHandler, replay, place };
}
