/**
 * The place of a unix socket in the file system: a server binds under a temporary name and moves it over the real one
 * when nobody listens there, so the name always leads to a live server or to none.
 */
import { chmodSync, chownSync, existsSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { UnixServer } from '../config/model.ts';
import { fail, ok, type Result } from '../errors.ts';
import { errnoOf } from './errno.ts';

export type ServerProblem = { readonly kind: 'in-use' } | { readonly kind: 'error'; readonly code: string };

/** What fits into the address of a unix socket; Node would cut the rest off without a word. */
const MAX_PATH_BYTES = 107;

let serial = 0;

/** Short, so that it fits where the real name fits; removes a leftover of a crash. */
export function temporaryName(file: string): string {
  serial += 1;
  const name = `${dirname(file)}/.${process.pid}.${serial}`;
  removeQuietly(name);
  return name;
}

export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Whether it was there does not matter.
  }
}

/** Asks whether somebody accepts connections at a path; a full backlog is somebody. */
const askWhoListens = (path: string): Promise<'listening' | 'stale' | { readonly code: string }> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('listening');
    });
    socket.once('error', (error) => {
      const code = errnoOf(error);
      if (code === 'EAGAIN') resolve('listening');
      else resolve(code === 'ECONNREFUSED' || code === 'ENOENT' ? 'stale' : { code });
    });
  });

/** Does somebody accept connections at a path? */
export const isListening = async (path: string): Promise<boolean> => (await askWhoListens(path)) === 'listening';

/** Makes sure that the name is free or stale. Only a socket is ever replaced. @source spec api 1.1 */
export async function claimName(path: string, notice: (text: string) => void): Promise<Result<void, ServerProblem>> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return fail({ kind: 'error', code: 'ENAMETOOLONG' });
  const stats = lstatSync(path, { throwIfNoEntry: false });
  // Node would call a missing directory EACCES.
  if (stats === undefined) return existsSync(dirname(path)) ? ok(undefined) : fail({ kind: 'error', code: 'ENOENT' });
  if (!stats.isSocket()) return fail({ kind: 'error', code: 'EEXIST' });
  const who = await askWhoListens(path);
  if (who === 'listening') return fail({ kind: 'in-use' });
  if (who !== 'stale') return fail({ kind: 'error', code: who.code });
  notice(`Unlinking stale socket ${path}`);
  return ok(undefined);
}

/** A socket file of ours. */
export interface PlacedSocket {
  /** The name still leads to it. */
  isInPlace(): boolean;
  /** Removes the file, unless another server has put its own there meanwhile. */
  remove(): void;
}

/** Gives a bound socket its rights, then its name. @throws what the system says */
export function placeSocket(temporary: string, { file, chmod, chown }: UnixServer): PlacedSocket {
  chmodSync(temporary, chmod);
  if (chown !== undefined) chownSync(temporary, chown.uid, chown.gid);
  const ours = lstatSync(temporary);
  renameSync(temporary, file);
  const isInPlace = (): boolean => {
    try {
      const now = lstatSync(file, { throwIfNoEntry: false });
      return now?.ino === ours.ino && now.dev === ours.dev;
    } catch {
      return false;
    }
  };
  return {
    isInPlace,
    remove() {
      if (isInPlace()) removeQuietly(file);
    },
  };
}
