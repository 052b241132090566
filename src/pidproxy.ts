/**
 * Runs a command that starts a daemon elsewhere, and passes signals on to the process that the daemon's pidfile names.
 * The ends and the messages are those of supervisor's pidproxy. @source spec lifecycle 3.4
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const;
/** After these nothing is left to do here. */
const LAST: readonly string[] = ['SIGTERM', 'SIGINT', 'SIGQUIT'];
const EXIT_NOT_FOUND = 127;

const USAGE = `pidproxy: run a command, and pass signals on to the process that a pidfile names

usage: pidproxy PIDFILE COMMAND [ARGUMENT ...]
`;

/** A pid that is no process would be a group, or everybody. */
function pidIn(pidfile: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidfile, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function pass(pidfile: string, signal: NodeJS.Signals): void {
  const pid = pidIn(pidfile);
  if (pid === undefined) process.stdout.write(`Can't read child pidfile ${pidfile}!\n`);
  else {
    try {
      process.kill(pid, signal);
    } catch {
      process.stdout.write(`Can't send ${signal} to pid ${pid}!\n`);
    }
  }
  if (LAST.includes(signal)) process.exit(0);
}

function run(pidfile: string, command: string, args: readonly string[]): void {
  for (const signal of SIGNALS) process.on(signal, () => pass(pidfile, signal));
  const child = spawn(command, args, { stdio: 'inherit' });
  child.once('exit', () => process.exit(0));
  child.once('error', (cause) => {
    process.stderr.write(`pidproxy: cannot run ${command}: ${cause.message}\n`);
    process.exit(EXIT_NOT_FOUND);
  });
}

const [pidfile, command, ...args] = process.argv.slice(2);
if (pidfile === undefined || command === undefined) {
  process.stdout.write(USAGE);
  process.exit(1);
}
run(pidfile, command, args);
