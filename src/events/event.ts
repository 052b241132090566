/** What superd tells the world: event listeners, the journal, metrics and the web page. */
import type { ExitStatus, StateName } from '../process/state.ts';
import type { Pid } from '../units.ts';

export type Channel = 'stdout' | 'stderr';

/** One process, by name. */
interface Of {
  readonly process: string;
  readonly group: string;
}

export type SupervisorEvent =
  | (Of & {
      readonly kind: 'process-state';
      readonly from: StateName;
      /** The new state and what its payload carries. */
      readonly to:
        | { readonly name: 'STARTING' | 'BACKOFF'; readonly tries: number }
        | { readonly name: 'RUNNING' | 'STOPPING' | 'STOPPED'; readonly pid: Pid | 0 }
        | { readonly name: 'EXITED'; readonly pid: Pid | 0; readonly expected: boolean }
        | { readonly name: 'FATAL' | 'UNKNOWN' };
      /** What no payload tells: how a child ended, and why a start failed. */
      readonly detail?: { readonly exit?: ExitStatus; readonly reason?: string };
    })
  | (Of & {
      readonly kind: 'process-log' | 'process-communication';
      readonly channel: Channel;
      readonly pid: Pid | 0;
      readonly data: Uint8Array;
    })
  | { readonly kind: 'remote-communication'; readonly type: string; readonly data: string }
  | { readonly kind: 'supervisor-state-change'; readonly to: 'RUNNING' | 'STOPPING' }
  | { readonly kind: 'tick'; readonly period: 5 | 60 | 3600; readonly when: number }
  | { readonly kind: 'process-group'; readonly change: 'ADDED' | 'REMOVED'; readonly group: string };
