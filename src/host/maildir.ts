/** Delivers into a Maildir: written to tmp, synced, then renamed into new. @source maildir(5) */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mail } from '../crashmail/mail.ts';
import type { Carrier, Delivery } from '../crashmail/ports.ts';
import { makePrivate, moveSynced, writeSynced } from './durable.ts';
import { errnoOf } from './errno.ts';
import { buildMessage } from './mail.ts';

/** What maildir(5) asks for in place of the two characters that a host name must not bring in. */
const safeHost = (host: string): string => host.replaceAll('/', '\\057').replaceAll(':', '\\072').slice(0, 64);

/** The same for the same mail, so that one that was delivered before is found again, read or not. */
const nameOf = (mail: Mail, host: string): string =>
  `${Math.floor(mail.date / 1000)}.crashmail_${mail.id}.${safeHost(host)}`;

async function isThere(directory: string, name: string): Promise<boolean> {
  const files = await Promise.all(['new', 'cur'].map((sub) => readdir(join(directory, sub))));
  return files.flat().some((file) => file === name || file.startsWith(`${name}:`));
}

async function deliver(directory: string, host: string, mail: Mail): Promise<void> {
  await makePrivate(...['tmp', 'new', 'cur'].map((sub) => join(directory, sub)));
  const name = nameOf(mail, host);
  if (await isThere(directory, name)) return;
  const temporary = join(directory, 'tmp', name);
  await rm(temporary, { force: true });
  await writeSynced(temporary, await buildMessage(mail));
  await moveSynced(temporary, join(directory, 'new', name));
}

export function maildirCarrier(directory: string, host: string): Carrier {
  return {
    name: 'maildir',
    async carry({ mail }): Promise<Delivery> {
      try {
        await deliver(directory, host, mail);
        return { kind: 'sent' };
      } catch (cause) {
        return { kind: 'later', scope: 'channel', reason: `cannot write to Maildir ${directory}: ${errnoOf(cause)}` };
      }
    },
  };
}
