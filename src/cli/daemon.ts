/** reload, shutdown, open and check: the daemon as a whole, and its configuration file. */
import { formatProblem, problemJson } from '../config/problems.ts';
import { CallError } from '../rpc/client.ts';
import { FAULTS } from '../rpc/faults.ts';
import { EXIT, type Invocation, type Session } from './command.ts';
import { outageOf } from './failures.ts';
import { printJson } from './status.ts';

/** Asks before something that cannot be taken back; a script is not asked. @returns the exit code if it is not wanted */
async function refusal(session: Session, question: string): Promise<number | undefined> {
  if (!session.interactive) return undefined;
  const answer = await session.ask(`${question} y/N? `);
  if (answer === undefined) {
    session.out('\n');
    return EXIT.GENERIC;
  }
  return answer.toLowerCase().startsWith('y') ? undefined : EXIT.OK;
}

export async function reload(session: Session): Promise<number> {
  const refused = await refusal(session, 'Really restart the remote supervisord process');
  if (refused !== undefined) return refused;
  const result = await session.server.rpc.restart();
  if (result.ok) {
    session.out('Restarted supervisord\n');
    return EXIT.OK;
  }
  if (result.error.code !== FAULTS.SHUTDOWN_STATE) throw new CallError({ kind: 'fault', fault: result.error });
  session.out('ERROR: already shutting down\n');
  return EXIT.GENERIC;
}

/** That the server is gone already counts as an error, that it is shutting down does not. @source spec api 5.3 */
export async function shutdown(session: Session): Promise<number> {
  const refused = await refusal(session, 'Really shut the remote supervisord process down');
  if (refused !== undefined) return refused;
  try {
    const result = await session.server.rpc.shutdown();
    if (!result.ok && result.error.code !== FAULTS.SHUTDOWN_STATE) {
      throw new CallError({ kind: 'fault', fault: result.error });
    }
    session.out(result.ok ? 'Shut down\n' : 'ERROR: already shutting down\n');
    return EXIT.OK;
  } catch (error) {
    const outage = error instanceof CallError ? outageOf(error.problem) : undefined;
    if (outage === undefined) throw error;
    session.out(`ERROR: ${session.server.url} ${outage.phrase} (already shut down?)\n`);
    return EXIT.GENERIC;
  }
}

/** A new brain answers within half a second; a busy machine, or one that goes back to the old brain, takes longer. */
const UPGRADE_POLLS = 600;
const UPGRADE_POLL_MS = 100;

/** Replaces the brain of superd, and waits for the one that answers next. */
export async function upgrade(session: Session): Promise<number> {
  const { rpc } = session.server;
  const before = await rpc.brain();
  const asked = before.ok ? await rpc.upgrade() : before;
  if (!before.ok || !asked.ok) {
    const fault = before.ok ? (asked.ok ? undefined : asked.error) : before.error;
    const isForeign = fault?.code === FAULTS.UNKNOWN_METHOD;
    session.out(`ERROR: ${isForeign ? 'this server cannot be upgraded while it runs' : (fault?.text ?? '')}\n`);
    return EXIT.GENERIC;
  }
  for (let poll = 0; poll < UPGRADE_POLLS; poll += 1) {
    await session.wait(UPGRADE_POLL_MS);
    const now = await rpc.brain().catch(() => undefined);
    if (now?.ok !== true || now.value.pid === before.value.pid) continue;
    const { version, lastEnd } = now.value;
    if (!lastEnd.startsWith('the upgrade failed')) {
      session.out(`upgraded from ${before.value.version} to ${version}\n`);
      return EXIT.OK;
    }
    session.out(`ERROR: ${lastEnd}; ${version} runs again\n`);
    return EXIT.GENERIC;
  }
  session.out('ERROR: no brain answers; see the main log\n');
  return EXIT.GENERIC;
}

/** Switches to another server; the caller shows its status. */
export function open(session: Session, { rest }: Invocation): number {
  if (!/^(https?|unix):\/\/./.test(rest)) {
    session.out('ERROR: url must be http:// or unix://\n');
    return EXIT.GENERIC;
  }
  session.open(rest);
  return EXIT.OK;
}

/** Reads a configuration file without a server. */
export async function check(session: Session, { args, flags }: Invocation): Promise<number> {
  const result = await session.check(args[0]);
  if (!result.ok) {
    session.err(`${result.error}\n`);
    return EXIT.INVALID_ARGUMENTS;
  }
  const { file, problems } = result.value;
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (flags.has('json')) {
    printJson(session, { file, ok: errors === 0, problems: problems.map(problemJson) });
  } else {
    const warnings = problems.length - errors;
    const verdict = errors === 0 ? 'ok' : `${errors} error${errors === 1 ? '' : 's'}`;
    const aside = warnings === 0 ? '' : `, ${warnings} warning${warnings === 1 ? '' : 's'}`;
    session.out(`${problems.map((problem) => `${formatProblem(problem)}\n`).join('')}${file}: ${verdict}${aside}\n`);
  }
  return errors === 0 ? EXIT.OK : EXIT.INVALID_ARGUMENTS;
}
