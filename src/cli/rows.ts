/** What rows of the table of commands have in common. */
import { type Arity, type Command, EXIT, type Flag } from './command.ts';

export const ANY: Arity = { least: 0, most: Number.POSITIVE_INFINITY, tooFew: '', tooMany: '', exit: EXIT.GENERIC };
export const none = (name: string): Arity => ({ ...ANY, most: 0, tooMany: `Error: ${name} accepts no arguments` });
export const someNames = (name: string): Arity => ({
  ...ANY,
  least: 1,
  tooFew: `Error: ${name} requires a process name`,
});

export const JSON_FLAG: Flag = { name: 'json', short: undefined, help: 'print the answer for machines' };
/** What most rows have in common: supervisorctl's, without flags, and with an up-check. */
export const ROW: Omit<Command, 'name' | 'usage' | 'run'> = {
  notes: [],
  arity: ANY,
  upcheck: true,
  exitWhenDown: undefined,
  own: false,
  flags: [],
  json: undefined,
  completes: 'nothing',
  offline: false,
  leaves: false,
};

export const onNames = (name: string, verb: string): Command['usage'] => [
  ['<name>', `${verb} one process`],
  ['<group>:*', `${verb} every process of a group`],
  ['<name> <name>', `${verb} several processes or groups`],
  ['all', name === 'restart' ? 'Restart every process, those that were never started too' : `${verb} every process`],
];
