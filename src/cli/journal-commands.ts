/** Rows of the table of commands: what happened, why, and what is to stay down. */
import type { Command, Flag } from './command.ts';
import { disable, enable, history, why } from './history.ts';
import { ANY, JSON_FLAG, onNames, ROW, someNames } from './rows.ts';

const FOLLOW: Flag = { name: 'follow', short: 'f', help: 'go on with what happens, until Ctrl-C' };
const SINCE: Flag = {
  name: 'since',
  short: undefined,
  takes: 'when',
  help: 'begin there: 30m, 2h, 3d, 14:30, 2026-11-22T14:30, or a serial',
};

export const JOURNAL: readonly Command[] = [
  {
    ...ROW,
    name: 'history',
    usage: [
      ['', 'Show what happened last: state changes, commands, signals, changes of the configuration'],
      ['<name>', 'Show what concerns a process or group'],
    ],
    arity: { ...ANY, most: 1, tooMany: 'Error: history accepts one name' },
    own: true,
    flags: [SINCE, FOLLOW, JSON_FLAG],
    json: 'one record a line, as described in [the journal](journal.md)',
    completes: 'processes',
    run: history,
  },
  {
    ...ROW,
    name: 'why',
    usage: [
      ['<name>', 'Explain why a process is in the state that it is in'],
      ['<group>:*', 'Explain it for every process of a group'],
    ],
    arity: someNames('why'),
    own: true,
    completes: 'processes',
    run: why,
  },
  {
    ...ROW,
    name: 'disable',
    usage: onNames('disable', 'Keep down, over restarts of superd too:'),
    notes: [
      'What is disabled is not started by itself, and a start is refused. What runs goes on: see stop --persist.',
    ],
    arity: someNames('disable'),
    own: true,
    completes: 'processes',
    run: disable,
  },
  {
    ...ROW,
    name: 'enable',
    usage: onNames('enable', 'Undo disable for'),
    notes: ['Nothing is started.'],
    arity: someNames('enable'),
    own: true,
    completes: 'processes',
    run: enable,
  },
];
