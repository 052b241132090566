/** What crashmail does for a person at a terminal: a test, a preview, a look at the queues, and sending what waits. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attemptDelivery } from '../crashmail/delivery.ts';
import { Desk, type DeskOptions } from '../crashmail/desk.ts';
import type { Witnesses } from '../crashmail/facts.ts';
import { CALM } from '../crashmail/flood.ts';
import { History } from '../crashmail/history.ts';
import type { Incident } from '../crashmail/incident.ts';
import { outlineOf, programOf } from '../crashmail/outline.ts';
import type { Channel, Delivery, Surroundings } from '../crashmail/ports.ts';
import { readRecord, readReport } from '../crashmail/records.ts';
import { NO_COURSE, NO_SETTINGS, NO_VERDICT } from '../crashmail/report.ts';
import { sampleLetter } from '../crashmail/sample.ts';
import { Sender } from '../crashmail/sender.ts';
import { moment, shortCause } from '../crashmail/words.ts';
import { errnoOf } from './errno.ts';
import { DiskOutbox } from './outbox.ts';
import { lockHolder } from './outbox-lock.ts';

export interface TaskTools {
  readonly channels: readonly Channel[];
  readonly digest: (text: string) => string;
  readonly recipients: (incident: Incident) => string;
  /** The folder of the outboxes. */
  readonly base: string;
  readonly desk: DeskOptions;
  readonly to: string;
  readonly surroundings: Surroundings;
  readonly print: (line: string) => void;
}

function outcome(delivery: Delivery): string {
  switch (delivery.kind) {
    case 'sent': {
      const answer = delivery.answer === undefined ? '' : `: ${delivery.answer}`;
      return `sent${answer}${delivery.missed === undefined ? '' : `; but refused for ${delivery.missed}`}`;
    }
    case 'partly':
      return `sent, but not yet to ${delivery.owed.join(', ')}: ${delivery.reason}`;
    case 'refused':
      return `refused for good: ${delivery.reason}`;
    case 'later':
      return `not sent: ${delivery.reason}`;
  }
}

/** Sends a sample by every channel. @returns the exit status: 0 when each has taken it */
export async function testChannels(tools: TaskTools): Promise<number> {
  const letter = sampleLetter(tools.surroundings.wall(), tools.desk.host, tools.to);
  let status = 0;
  for (const channel of tools.channels) {
    const delivery = await attemptDelivery(channel, { letter, owed: undefined }, new AbortController().signal);
    tools.print(`${channel.name}: ${outcome(delivery)}`);
    if (delivery.kind !== 'sent' || delivery.missed !== undefined) status = 1;
  }
  return status;
}

/** Writes a sample; the one channel puts it into a file. */
export async function writePreview(tools: TaskTools): Promise<number> {
  const letter = sampleLetter(tools.surroundings.wall(), tools.desk.host, tools.to);
  for (const channel of tools.channels) {
    const delivery = await attemptDelivery(channel, { letter, owed: undefined }, new AbortController().signal);
    if (delivery.kind === 'sent') continue;
    tools.surroundings.say('reason' in delivery ? delivery.reason : outcome(delivery));
    return 1;
  }
  return 0;
}

const namesIn = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory).catch((): readonly string[] => [])).filter((name) => !name.startsWith('.')).toSorted();

/** The outboxes below the base: folders that have a folder for letters. */
async function outboxesIn(base: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await namesIn(base)) {
    if ((await namesIn(join(base, name))).includes('waiting')) found.push(join(base, name));
  }
  return found;
}

async function outboxesOf({ base, print }: TaskTools): Promise<readonly string[]> {
  const outboxes = await outboxesIn(base);
  if (outboxes.length === 0) print(`no outbox in ${base}`);
  return outboxes;
}

async function listLetters(tools: TaskTools, directory: string, folder: 'waiting' | 'failed'): Promise<number> {
  const names = (await namesIn(join(directory, folder))).filter((name) => name.endsWith('.json'));
  for (const name of names) {
    const record = readRecord(await readFile(join(directory, folder, name), 'utf8').catch(() => ''));
    if (record === undefined) tools.print(`  ${folder}  ${name}: cannot be read`);
    else {
      const { letter, attempts, trouble } = record;
      const tried = attempts === 0 ? 'not tried yet' : `tried ${attempts} ${attempts === 1 ? 'time' : 'times'}`;
      tools.print(`  ${folder}  ${moment(letter.at)}  to ${letter.to || 'nobody'}  ${outlineOf(letter).subject}`);
      tools.print(`           ${tried}${trouble === '' ? '' : `: ${trouble}`}`);
    }
  }
  return names.length;
}

async function listReports(tools: TaskTools, directory: string): Promise<number> {
  const names = await namesIn(join(directory, 'reports'));
  for (const name of names) {
    const report = readReport(await readFile(join(directory, 'reports', name), 'utf8').catch(() => ''));
    if (report !== undefined)
      tools.print(`  to come  ${moment(report.at)}  ${programOf(report)}: ${shortCause(report)}`);
  }
  return names.length;
}

/** Lists what waits, in every outbox below the base. */
export async function listQueues(tools: TaskTools): Promise<number> {
  for (const directory of await outboxesOf(tools)) {
    const pid = await lockHolder(directory);
    tools.print(`${directory}${pid === undefined ? ' (no crashmail runs)' : ` (crashmail runs as pid ${pid})`}`);
    const waiting = await listLetters(tools, directory, 'waiting');
    const reports = await listReports(tools, directory);
    const failed = await listLetters(tools, directory, 'failed');
    tools.print(`  ${waiting} waiting, ${reports} to come, ${failed} failed`);
  }
  return 0;
}

/** Without a supervisor to ask, a report is sent as it is. */
const nobody: Witnesses = {
  rpc: { ask: async () => ({ kind: 'failed', reason: 'the supervisor was not asked' }) },
  readTail: async () => undefined,
  course: () => NO_COURSE,
  memory: () => NO_VERDICT,
  settings: () => NO_SETTINGS,
  mask: (_program, text) => text,
};

async function sendFrom(tools: TaskTools, directory: string): Promise<boolean> {
  const { surroundings, digest, recipients, channels } = tools;
  const outbox = new DiskOutbox(directory, surroundings.say);
  await outbox.refresh();
  const sender: Sender = new Sender({ outbox, channels, surroundings, moved: () => {}, refused: () => {} });
  const desk = new Desk(
    {
      outbox,
      witnesses: nobody,
      history: new History(),
      surroundings,
      recipients,
      digest,
      posted: () => {},
      underway: () => undefined,
    },
    tools.desk,
    { flood: CALM, keep: async () => {} },
  );
  desk.flush();
  desk.stop();
  await desk.run();
  sender.stop();
  await sender.run();
  return outbox.waiting().length === 0;
}

/** Sends what waits: by the crashmail that runs, or else by this process. @returns 0 when nothing is left behind */
export async function flushQueues(tools: TaskTools): Promise<number> {
  let status = 0;
  for (const directory of await outboxesOf(tools)) {
    const pid = await lockHolder(directory);
    if (pid !== undefined) {
      try {
        process.kill(pid, 'SIGUSR1');
        tools.print(`${directory}: crashmail (pid ${pid}) was told to send now`);
      } catch (cause) {
        tools.surroundings.say(`cannot tell crashmail (pid ${pid}) to send: ${errnoOf(cause)}`);
        status = 1;
      }
    } else if (await sendFrom(tools, directory)) tools.print(`${directory}: nothing waits any more`);
    else {
      tools.print(`${directory}: some mails could not be sent`);
      status = 1;
    }
  }
  return status;
}
