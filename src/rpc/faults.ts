/**
 * The faults of the XML-RPC API: the only place that knows their numbers.
 */

/** Fault names and codes; from 100 on they are superd's own. SUCCESS appears only as a status in the results of batches. @source spec api 2.1 */
export const FAULTS = {
  UNKNOWN_METHOD: 1,
  INCORRECT_PARAMETERS: 2,
  BAD_ARGUMENTS: 3,
  SIGNATURE_UNSUPPORTED: 4,
  SHUTDOWN_STATE: 6,
  BAD_NAME: 10,
  BAD_SIGNAL: 11,
  NO_FILE: 20,
  NOT_EXECUTABLE: 21,
  FAILED: 30,
  ABNORMAL_TERMINATION: 40,
  SPAWN_ERROR: 50,
  ALREADY_STARTED: 60,
  NOT_RUNNING: 70,
  SUCCESS: 80,
  ALREADY_ADDED: 90,
  STILL_RUNNING: 91,
  CANT_REREAD: 92,
  FORBIDDEN: 100,
} as const;

export type FaultName = keyof typeof FAULTS;

/** A fault of a method: `NAME`, or `NAME: detail`. */
export class RpcFault extends Error {
  readonly fault: FaultName;
  readonly detail: string | undefined;
  constructor(fault: FaultName, detail?: string) {
    super(detail === undefined ? fault : `${fault}: ${detail}`);
    this.fault = fault;
    this.detail = detail;
  }

  get code(): number {
    return FAULTS[this.fault];
  }

  /** The faultString. */
  get text(): string {
    return this.message;
  }
}
