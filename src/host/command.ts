/**
 * Runs a command that superd runs for itself, and waits for it: sendmail now, hooks and probes later. The only importer
 * of execa. Supervised programs are never started here.
 */

import { type Bytes, bytes, type Millis } from '../units.ts';

export interface CommandRequest {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited beside it. */
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly input: Uint8Array;
  /** After this the command and everything in its process group is killed. */
  readonly timeout: Millis;
  /** What is kept of its output and error output together; the rest is read and dropped. */
  readonly maxOutput: Bytes;
  readonly abort: AbortSignal;
}

/** How a command ended; `output` is the beginning of what it said. */
export type CommandOutcome =
  | { readonly kind: 'exited'; readonly code: number; readonly output: string }
  | { readonly kind: 'signalled'; readonly signal: string; readonly output: string }
  | { readonly kind: 'timed-out'; readonly output: string }
  | { readonly kind: 'not-started'; readonly reason: string };

/** SIGTERM first, SIGKILL after this. */
const KILL_AFTER_MS = 2000;
/** What the command wrote just before its end is still read; whoever else holds its output is not waited for. */
const LAST_WORDS_MS = 200;

export const DEFAULT_MAX_OUTPUT: Bytes = bytes(16 * 1024);

/** Collects the beginning of what several streams say. */
function collect(limit: Bytes): { add(chunk: Uint8Array): void; text(): string } {
  const parts: Uint8Array[] = [];
  let size = 0;
  return {
    add(chunk): void {
      if (size >= limit) return;
      parts.push(chunk.subarray(0, limit - size));
      size += Math.min(chunk.length, limit - size);
    },
    text: () => Buffer.concat(parts).toString('utf8'),
  };
}

/** The command leads its own process group, so that what it started goes with it. */
function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It went by itself.
  }
}

/**
 * Waits until the command has exited, whoever still holds its output. Never rejects; an abort counts as a timeout.
 */
export async function runCommand(request: CommandRequest): Promise<CommandOutcome> {
  const { execa } = await import('execa');
  const child = execa(request.command, request.args, {
    cwd: request.directory,
    env: request.env,
    extendEnv: false,
    preferLocal: false,
    shell: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    encoding: 'buffer',
    // Read below: with buffering a talkative command would be killed at maxBuffer, maybe after it has sent the mail.
    buffer: false,
    maxBuffer: request.maxOutput,
    stripFinalNewline: false,
    reject: false,
    // Its own group; the limits below kill that group, execa's would kill the leader alone.
    detached: true,
    cleanup: false,
    timeout: 0,
    forceKillAfterDelay: false,
  });
  const output = collect(request.maxOutput);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Uint8Array) => output.add(chunk));
  // A command need not read its input.
  child.stdin.on('error', () => {});
  child.stdin.end(request.input);

  let isLate = false;
  const timers: NodeJS.Timeout[] = [];
  const expire = (): void => {
    isLate = true;
    killGroup(child.pid, 'SIGTERM');
    timers.push(setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS));
  };
  timers.push(setTimeout(expire, request.timeout));
  request.abort.addEventListener('abort', expire, { once: true });
  if (request.abort.aborted) expire();
  const hangUp = (): void => {
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
  };
  child.nodeChildProcess.once('exit', () => timers.push(setTimeout(hangUp, LAST_WORDS_MS)));
  const { exitCode, signal, code, shortMessage } = await child;
  for (const timer of timers) clearTimeout(timer);
  request.abort.removeEventListener('abort', expire);

  if (isLate) return { kind: 'timed-out', output: output.text() };
  if (exitCode !== undefined) return { kind: 'exited', code: exitCode, output: output.text() };
  if (signal !== undefined) return { kind: 'signalled', signal, output: output.text() };
  return { kind: 'not-started', reason: code ?? shortMessage ?? 'unknown' };
}
