/** What is printed and returned when the server cannot be used at all. @source spec api 5.2 */
import { CallError, type CallProblem } from '../rpc/client.ts';
import { FAULTS } from '../rpc/faults.ts';
import { EXIT, type Session } from './command.ts';

const API_VERSION = '3.0';

/** Phrases that scripts look for. */
const OUTAGES: Readonly<Record<string, { readonly phrase: string; readonly exit: number }>> = {
  ECONNREFUSED: { phrase: 'refused connection', exit: EXIT.INSUFFICIENT_PRIVILEGES },
  ENOENT: { phrase: 'no such file', exit: EXIT.NOT_RUNNING },
};

/** The server is not there. */
export const outageOf = (problem: CallProblem): (typeof OUTAGES)[string] | undefined =>
  problem.kind === 'unreachable' ? OUTAGES[problem.code] : undefined;

/** What OpenSSL calls a certificate whose authority is not known. */
const UNTRUSTED = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
] as const;

const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the server is not running, or listens elsewhere (-s URL, or serverurl in [supervisorctl])',
  ENOENT: 'the server is not running, or its socket is elsewhere (-s URL, or serverurl in [supervisorctl])',
  ...Object.fromEntries(
    UNTRUSTED.map((code) => [code, 'name the certificate or its authority with --cacert (cacert in [supervisorctl])']),
  ),
  EACCES: 'the socket belongs to another user: try sudo, or set chmod and chown in [unix_http_server]',
};

const NO_NAMESPACE =
  'Sorry, supervisord responded but did not recognize the supervisor namespace commands that supervisorctl uses to ' +
  'control it.  Please check that the [rpcinterface:supervisor] section is enabled in the configuration file ' +
  '(see sample.conf).';

const wrongVersion = (remote: string): string =>
  `Sorry, this version of supervisorctl expects to talk to a server with API version ${API_VERSION}, ` +
  `but the remote version is ${remote}.`;

/** Why the server cannot be worked with, and what that means to a script. */
interface Verdict {
  readonly line: string;
  readonly exit: number;
}

/** Asks the server for its API version. @returns undefined when all is well. @throws CallError */
export async function upcheck(session: Session): Promise<Verdict | undefined> {
  try {
    const answer = await session.server.rpc.apiVersion();
    if (answer.ok) {
      return answer.value === API_VERSION ? undefined : { line: wrongVersion(answer.value), exit: EXIT.NOT_INSTALLED };
    }
    if (answer.error.code === FAULTS.UNKNOWN_METHOD) return { line: NO_NAMESPACE, exit: EXIT.UNIMPLEMENTED };
    throw new CallError({ kind: 'fault', fault: answer.error });
  } catch (error) {
    const outage = error instanceof CallError ? outageOf(error.problem) : undefined;
    if (!(error instanceof CallError) || outage === undefined) throw error;
    giveHint(session, error.problem);
    return { line: `${session.server.url} ${outage.phrase}`, exit: outage.exit };
  }
}

export const isLoginWanted = (problem: CallProblem): boolean => problem.kind === 'status' && problem.status === 401;
/** The user of the server may not do that. */
export const isForbidden = (problem: CallProblem): boolean =>
  problem.kind === 'fault' && problem.fault.code === FAULTS.FORBIDDEN;

export const LOGIN_WANTED = 'Server requires authentication';

/** One line for what supervisorctl shows as `error: <class …>`. */
export function describeProblem(problem: CallProblem, url: string): string {
  switch (problem.kind) {
    case 'unreachable':
      return problem.code === 'EPROTONOSUPPORT'
        ? `error: Unknown protocol for serverurl ${url}`
        : `error: ${url} ${OUTAGES[problem.code]?.phrase ?? PHRASES[problem.code] ?? problem.code}`;
    case 'status':
      return isLoginWanted(problem) ? LOGIN_WANTED : `error: ${url} answered ${problem.status} ${problem.reason}`;
    case 'unreadable':
      return `error: ${url} gave an answer that is not understood: ${problem.why}`;
    case 'fault':
      return problem.fault.code === FAULTS.UNKNOWN_METHOD
        ? `error: ${url} does not know that command: it is not superd, or another version of it`
        : `error: ${problem.fault.text}`;
  }
}

const PHRASES: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'unknown host',
  ECONNRESET: 'closed the connection without an answer',
  EPIPE: 'closed the connection without an answer',
  ETIMEDOUT: 'timed out',
  ...Object.fromEntries(UNTRUSTED.map((code) => [code, 'has a certificate that is not trusted'])),
  CERT_HAS_EXPIRED: 'has a certificate that is out of date',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
  EPROTO: 'does not speak TLS as it should (is it http?)',
  EBADCACERT: 'cannot be checked: the file of cacert cannot be read',
  EMSGSIZE: 'gave an answer that is too large',
  EBADMSG: 'does not speak HTTP',
};

export function giveHint(session: Session, problem: CallProblem): void {
  const hint = problem.kind === 'unreachable' ? HINTS[problem.code] : undefined;
  if (hint !== undefined) session.hint(`hint: ${hint}\n`);
}
