/**
 * Going into the background. Node cannot fork, so the foreground process starts itself again in a new session and
 * waits until that one has written its pidfile, or has said what is wrong.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { type Launch, launchEnvironment } from './launch.ts';

/** Where the background process tells that it is ready. */
export const READY_FD = 3;
const READY = 'ready';

/**
 * Starts the background process and waits for its word.
 * @returns the exit status for the foreground process; an error has been printed
 */
export async function startDaemonProcess(launch: Launch): Promise<number> {
  const nowhere = openSync('/dev/null', 'r+');
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: [nowhere, nowhere, nowhere, 'pipe'],
    env: { ...process.env, ...launchEnvironment({ ...launch, isDaemon: true }) },
  });
  closeSync(nowhere);
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', () => resolve(1));
  });
  const channel = child.stdio[READY_FD];
  // Loaded here: the keeper does without it.
  const { text } = await import('node:stream/consumers');
  const said = channel === undefined || channel === null ? '' : await text(channel as NodeJS.ReadableStream);
  if (said.endsWith(READY)) {
    process.stderr.write(said.slice(0, -READY.length));
    child.unref();
    return 0;
  }
  process.stderr.write(said);
  return exited;
}

/** The background process's way to speak to the terminal until it is ready. */
export class StartReport {
  #fd: number | undefined;

  constructor(isDaemon: boolean) {
    this.#fd = isDaemon ? READY_FD : undefined;
  }

  /** Something for the standard error of whoever started the daemon. */
  say(message: string): void {
    if (this.#fd === undefined) process.stderr.write(message);
    else writeSync(this.#fd, message);
  }

  /** The pidfile is written: the foreground process may go. */
  ready(): void {
    if (this.#fd === undefined) return;
    writeSync(this.#fd, READY);
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}
