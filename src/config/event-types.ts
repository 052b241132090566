/** The names that `events=` of a listener may hold, abstract ones included. @source spec api 3.2 */

const STATES = ['STOPPED', 'EXITED', 'STARTING', 'STOPPING', 'BACKOFF', 'FATAL', 'RUNNING', 'UNKNOWN'];

/** Each name with the names under it. */
const TREE: readonly (readonly [string, readonly string[]])[] = [
  ['PROCESS_STATE', STATES],
  ['PROCESS_COMMUNICATION', ['STDOUT', 'STDERR']],
  ['PROCESS_LOG', ['STDOUT', 'STDERR']],
  ['REMOTE_COMMUNICATION', []],
  ['SUPERVISOR_STATE_CHANGE', ['RUNNING', 'STOPPING']],
  ['TICK', ['5', '60', '3600']],
  ['PROCESS_GROUP', ['ADDED', 'REMOVED']],
];

export const EVENT_TYPES: readonly string[] = [
  'EVENT',
  ...TREE.flatMap(([name, children]) => [name, ...children.map((child) => `${name}_${child}`)]),
];
