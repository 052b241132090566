/** THE table of superctl's commands: names, help, arguments, and the function behind each. */
import { clear, restart, signal, start, stop } from './act.ts';
import type { Command, Flag, Invocation, Session } from './command.ts';
import { EXIT } from './command.ts';
import { printCompletion } from './complete.ts';
import { check, open, reload, shutdown, upgrade } from './daemon.ts';
import { describeCommand, listCommands } from './help.ts';
import { JOURNAL } from './journal-commands.ts';
import { fg, maintail, tail } from './logs.ts';
import { PASSWD } from './passwd.ts';
import { ANY, JSON_FLAG, none, onNames, ROW, someNames } from './rows.ts';
import { runCommand } from './run.ts';
import { leave } from './shell.ts';
import { avail, pid, status, version } from './status.ts';
import { add, plan, remove, reread, update } from './update.ts';
import { USAGE } from './usage-commands.ts';

const VERBOSE: Flag = { name: 'verbose', short: 'v', help: 'show processor and memory use of the whole process tree' };

const PERSIST: Flag = { name: 'persist', short: undefined, help: 'and keep them down, over restarts of superd too' };

const READING: readonly Command[] = [
  {
    ...ROW,
    name: 'status',
    usage: [
      ['', 'Show the state of every process'],
      ['<name>', 'Show one process'],
      ['<group>:*', 'Show the processes of a group'],
      ['<name> <name>', 'Show several processes or groups'],
    ],
    notes: ['-v adds processor and memory use, and what is disabled; --json prints for machines.'],
    exitWhenDown: EXIT.STATUS_UNKNOWN,
    flags: [VERBOSE, JSON_FLAG],
    json: '`{"processes": [{"namespec", "group", "name", "state", "statename", "description", "pid", "start", "stop", "now", "exitstatus", "spawnerr", "stdout_logfile", "stderr_logfile", "disabled"}], "unknown": [name]}`; with `-v` also `cpu_percent`, `rss_bytes` and `processes` of running ones',
    completes: 'processes',
    run: status,
  },
  {
    ...ROW,
    name: 'pid',
    usage: [
      ['', 'Show the process id of the daemon'],
      ['<name>', 'Show the process id of a process; 0 when it is not running'],
      ['all', 'Show the process ids of all processes, one a line'],
    ],
    flags: [JSON_FLAG],
    json: '`{"server": pid, "processes": {namespec: pid}, "unknown": [name]}`',
    completes: 'processes',
    run: pid,
  },
  {
    ...ROW,
    name: 'avail',
    usage: [['', 'List what the configuration holds, in use or not']],
    arity: none('avail'),
    upcheck: false,
    flags: [JSON_FLAG],
    json: '`[{"namespec", "group", "name", "inuse", "autostart", "group_prio", "process_prio"}]`',
    run: avail,
  },
  {
    ...ROW,
    name: 'version',
    usage: [['', 'Show the version of the daemon']],
    arity: none('version'),
    flags: [JSON_FLAG],
    json: '`{"server": version, "api": version}`',
    run: version,
  },
  {
    ...ROW,
    name: 'tail',
    usage: [
      ['<name> [stdout|stderr]', 'Show the last 1600 bytes of a log (stdout if not said)'],
      ['-<N> <name> [stdout|stderr]', 'Show the last N bytes'],
      ['-f <name> [stdout|stderr]', 'Follow the log until Ctrl-C'],
    ],
    arity: { least: 1, most: 3, tooFew: 'Error: too few arguments', tooMany: 'Error: too many arguments', exit: 1 },
    completes: 'processes',
    run: tail,
  },
  {
    ...ROW,
    name: 'maintail',
    usage: [
      ['', "Show the last 1600 bytes of the daemon's own log"],
      ['-<N>', 'Show the last N bytes'],
      ['-f', 'Follow it until Ctrl-C'],
    ],
    arity: { ...ANY, most: 1, tooMany: 'Error: too many arguments' },
    run: maintail,
  },
];

const ACTING: readonly Command[] = [
  {
    ...ROW,
    name: 'start',
    usage: onNames('start', 'Start'),
    arity: { ...someNames('start'), exit: EXIT.INVALID_ARGUMENTS },
    completes: 'processes',
    run: start,
  },
  {
    ...ROW,
    name: 'stop',
    usage: onNames('stop', 'Stop'),
    arity: someNames('stop'),
    flags: [PERSIST],
    completes: 'processes',
    run: stop,
  },
  {
    ...ROW,
    name: 'restart',
    usage: onNames('restart', 'Restart'),
    notes: ['All that are named stop before the first one starts. The configuration is not read again: see update.'],
    arity: someNames('restart'),
    completes: 'processes',
    run: restart,
  },
  {
    ...ROW,
    name: 'signal',
    usage: [
      ['<signal> <name>', 'Send a signal, by name or number, to one process'],
      ['<signal> <group>:*', 'Send it to every process of a group'],
      ['<signal> <name> <name>', 'Send it to several processes or groups'],
      ['<signal> all', 'Send it to every process'],
    ],
    arity: { ...ANY, least: 2, tooFew: 'Error: signal requires a signal name and a process name' },
    completes: 'processes',
    run: signal,
  },
  {
    ...ROW,
    name: 'clear',
    usage: onNames('clear', 'Empty the logs of'),
    arity: someNames('clear'),
    completes: 'processes',
    run: clear,
  },
  {
    ...ROW,
    name: 'fg',
    usage: [['<process>', 'Follow a process and type into it, until Ctrl-C']],
    arity: { ...ANY, least: 1, tooFew: 'ERROR: no process name supplied' },
    completes: 'processes',
    run: fg,
  },
];

const CONFIGURING: readonly Command[] = [
  {
    ...ROW,
    name: 'reread',
    usage: [['', 'Read the configuration again and list what changed; nothing is started or stopped']],
    arity: none('reread'),
    upcheck: false,
    flags: [JSON_FLAG],
    json: '`{"added": [group], "changed": [group], "removed": [group]}`',
    run: reread,
  },
  {
    ...ROW,
    name: 'update',
    usage: [
      ['', 'Read the configuration again and apply it; groups that changed are restarted'],
      ['all', 'The same'],
      ['<group> <group>', 'Apply only what concerns these groups'],
    ],
    upcheck: false,
    completes: 'groups',
    run: update,
  },
  {
    ...ROW,
    name: 'add',
    usage: [['<group> [...]', 'Activate groups of the configuration last read']],
    upcheck: false,
    completes: 'groups',
    run: add,
  },
  {
    ...ROW,
    name: 'remove',
    usage: [['<group> [...]', 'Take stopped groups out of the active configuration']],
    upcheck: false,
    completes: 'groups',
    run: remove,
  },
  {
    ...ROW,
    name: 'plan',
    usage: [['', 'Show what update would add, change (and by which keys) and remove']],
    arity: none('plan'),
    own: true,
    flags: [JSON_FLAG],
    json: '`{"added": [group], "removed": [group], "changed": [{"group", "changes": [{"process", "key", "before", "after"}]}]}`',
    run: plan,
  },
  {
    ...ROW,
    name: 'check',
    usage: [['[<file>]', 'Check a configuration file (-c FILE, or the default one) without a server: exit 0 or 2']],
    arity: { ...ANY, most: 1, tooMany: 'Error: check accepts one file', exit: EXIT.INVALID_ARGUMENTS },
    upcheck: false,
    own: true,
    flags: [JSON_FLAG],
    json: '`{"file", "ok": boolean, "problems": [{"severity", "file", "line", "section", "key", "message", "hint"}]}`',
    completes: 'files',
    offline: true,
    run: check,
  },
];

/** A new server is greeted with its status, whose exit code counts only when it cannot be asked at all. */
async function openServer(session: Session, invocation: Invocation): Promise<number> {
  const opened = open(session, invocation);
  const [first] = READING;
  if (opened !== EXIT.OK || first === undefined) return opened;
  return (await runCommand(session, first, '')) === EXIT.GENERIC ? EXIT.GENERIC : EXIT.OK;
}

const LEAVING = { ...ROW, upcheck: false, leaves: true, run: leave } as const;

const SESSION: readonly Command[] = [
  {
    ...ROW,
    name: 'reload',
    usage: [['', 'Restart the daemon: stop everything, read the configuration, start again']],
    arity: none('reload'),
    upcheck: false,
    run: reload,
  },
  {
    ...ROW,
    name: 'shutdown',
    usage: [['', 'Stop every process and end the daemon']],
    arity: none('shutdown'),
    upcheck: false,
    run: shutdown,
  },
  {
    ...ROW,
    name: 'upgrade',
    usage: [['', 'Replace the running superd by the code now on disk; programs run on']],
    arity: none('upgrade'),
    own: true,
    run: upgrade,
  },
  {
    ...ROW,
    name: 'open',
    usage: [['<url>', 'Switch to the server at http://host:port, https://host:port or unix:///path']],
    upcheck: false,
    run: openServer,
  },
  PASSWD,
  { ...LEAVING, name: 'quit', usage: [['', 'Leave the shell']] },
  { ...LEAVING, name: 'exit', usage: [['', 'Leave the shell']] },
  {
    ...ROW,
    name: 'completion',
    usage: [['', 'Print a script that completes superctl in bash or zsh']],
    arity: none('completion'),
    upcheck: false,
    own: true,
    offline: true,
    run: printCompletion,
  },
  {
    ...ROW,
    name: 'help',
    usage: [
      ['', 'List the commands'],
      ['<command>', 'Explain a command'],
    ],
    upcheck: false,
    completes: 'actions',
    run: help,
  },
];

export const COMMANDS: readonly Command[] = [...READING, ...USAGE, ...ACTING, ...JOURNAL, ...CONFIGURING, ...SESSION];

async function help(session: Session, { rest }: Invocation): Promise<number> {
  const command = COMMANDS.find(({ name }) => name === rest);
  if (rest === '') session.out(listCommands(COMMANDS));
  else session.out(command === undefined ? `*** No help on ${rest}\n` : describeCommand(command));
  return EXIT.OK;
}
