/** Answers of the JSON API: results and faults, each with the HTTP status that says as much. */
import { FAULTS, type FaultName, RpcFault } from '../../rpc/faults.ts';
import type { Headers, WebAnswer } from '../exchange.ts';

/** What each fault is in HTTP. */
export const STATUS: Readonly<Record<FaultName, number>> = {
  SUCCESS: 200,
  INCORRECT_PARAMETERS: 400,
  BAD_ARGUMENTS: 400,
  SIGNATURE_UNSUPPORTED: 400,
  BAD_SIGNAL: 400,
  FORBIDDEN: 403,
  UNKNOWN_METHOD: 404,
  BAD_NAME: 404,
  NO_FILE: 404,
  NOT_EXECUTABLE: 409,
  ABNORMAL_TERMINATION: 409,
  SPAWN_ERROR: 409,
  ALREADY_STARTED: 409,
  NOT_RUNNING: 409,
  ALREADY_ADDED: 409,
  STILL_RUNNING: 409,
  CANT_REREAD: 409,
  FAILED: 500,
  SHUTDOWN_STATE: 503,
};

/** What holds for everything below `/api/`: never kept, never taken for a page, never shown inside one. */
export const API_HEADERS: Headers = [
  ['Cache-Control', 'no-store'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'; sandbox"],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
];

/** Half a surrogate pair, as JSON.stringify writes it; many readers refuse it. */
const LONE_SURROGATE = /\\ud[89a-f]/;

/** JSON that every reader takes: what is no Unicode becomes U+FFFD. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  if (!LONE_SURROGATE.test(text)) return text;
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'string' ? member.toWellFormed() : member));
}

export const jsonAnswer = (status: number, value: unknown, headers: Headers = []): WebAnswer => ({
  kind: 'whole',
  status,
  headers: [['Content-Type', 'application/json'], ...API_HEADERS, ...headers],
  body: `${jsonText(value)}\n`,
  last: false,
  packs: true,
});

export const faultAnswer = (
  { fault, text }: RpcFault,
  status: number = STATUS[fault],
  headers: Headers = [],
): WebAnswer => jsonAnswer(status, { fault: { code: FAULTS[fault], name: fault, text } }, headers);

/** A request that is refused before any method is asked. */
export const refusal = (status: number, detail: string, headers: Headers = []): WebAnswer =>
  faultAnswer(new RpcFault('INCORRECT_PARAMETERS', detail), status, headers);
