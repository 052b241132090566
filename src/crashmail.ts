/** crashmail: an event listener that mails when a program exits unexpectedly. This root joins its parts. */
import { createHash } from 'node:crypto';
import { homedir, hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { Listener } from './crashmail/listener.ts';
import {
  DEFAULT_SENDMAIL,
  EXIT_CRASHMAIL_USAGE,
  isSmtpUrl,
  type Options,
  parseOptions,
  USAGE,
} from './crashmail/options.ts';
import { outboxBase, outboxName } from './crashmail/place.ts';
import type { Answer, Channel, Rpc, Surroundings } from './crashmail/ports.ts';
import type { Letterhead } from './crashmail/render.ts';
import { Sender } from './crashmail/sender.ts';
import { StdioSupervisor } from './host/listener-io.ts';
import { type SmtpUrl, smtpChannel } from './host/mail.ts';
import { maildirChannel } from './host/maildir.ts';
import { DiskOutbox } from './host/outbox.ts';
import { pause } from './host/pause.ts';
import { daemonMark } from './host/process-mark.ts';
import { sendmailChannel } from './host/sendmail.ts';
import { readSecret, readTail } from './host/small-file.ts';
import { epochMillis, type Millis, millis } from './units.ts';

/** How long a mail under way may delay the end. Shorter than supervisord's default stopwaitsecs. */
const LAST_MAIL: Millis = millis(5000);

/** Calls that may hang at the same time; beyond that the supervisor counts as deaf. */
const MAX_CALLS = 30;

const environment = (name: string): string => process.env[name] ?? '';

const say = (line: string): void => {
  process.stderr.write(`crashmail: ${line}\n`);
};

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 24);

const surroundings: Surroundings = {
  now: () => millis(performance.now()),
  wall: () => epochMillis(Date.now()),
  random: Math.random,
  pause,
  say,
};

/** The URL from a file is read for each mail, so that correcting the file is enough. */
function smtpUrlOf({ smtp, smtpFile }: Options): () => SmtpUrl {
  if (smtpFile === undefined) return () => ({ url: smtp ?? '' });
  return () => {
    const secret = readSecret(smtpFile);
    if ('problem' in secret) return secret;
    return isSmtpUrl(secret.text) ? { url: secret.text } : { problem: `cannot read an SMTP URL in ${smtpFile}` };
  };
}

/** What a sendmail program gets: our own environment without the key to the supervisor. */
const sendmailEnvironment = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name === 'SUPERVISOR_PASSWORD' ? [] : [[name, value]],
    ),
  );

/** Without an address and without any way to send, a report still goes where it can be found. */
const standardError: Channel = {
  name: 'stderr',
  async deliver(mail) {
    say(`no address is given, so nothing is mailed:\n${mail.subject}\n\n${mail.text}`);
    return { kind: 'sent' };
  },
};

/** Every way that was named; sendmail when none was. */
function channelsOf(options: Options): readonly Channel[] {
  const channels: Channel[] = [];
  if (options.smtp !== undefined || options.smtpFile !== undefined) {
    const url = smtpUrlOf(options);
    const first = url();
    if ('problem' in first) say(first.problem);
    channels.push(smtpChannel(url));
  }
  if (options.maildir !== undefined) channels.push(maildirChannel(resolve(options.maildir), hostname()));
  if (options.sendmail !== undefined || (channels.length === 0 && options.email !== '')) {
    channels.push(sendmailChannel(options.sendmail ?? DEFAULT_SENDMAIL, sendmailEnvironment()));
  }
  return channels.length > 0 ? channels : [standardError];
}

/** Calls the daemon; HTTP is loaded with the first call. Never rejects. */
async function callOnce(url: string, method: string, params: readonly (string | number)[]): Promise<Answer> {
  const [{ connect }, { RpcClient }] = await Promise.all([import('./host/http-client.ts'), import('./rpc/client.ts')]);
  const username = process.env['SUPERVISOR_USERNAME'];
  const client = new RpcClient(connect({ url, username, password: process.env['SUPERVISOR_PASSWORD'] }));
  try {
    const answer = await client.call(method, params, (value) => value);
    return answer.ok ? { kind: 'value', value: answer.value } : { kind: 'fault', code: answer.error.code };
  } catch (cause) {
    return { kind: 'failed', reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

function rpcTo(url: string): Rpc {
  const late: Answer = { kind: 'failed', reason: 'the supervisor did not answer in time' };
  let calls = 0;
  return {
    async ask(method, params, timeout): Promise<Answer> {
      if (url === '' || calls >= MAX_CALLS) return late;
      calls += 1;
      const over = new AbortController();
      const called = callOnce(url, method, params).finally(() => {
        calls -= 1;
        over.abort();
      });
      return Promise.race([called, pause(timeout, over.signal).then(() => (over.signal.aborted ? called : late))]);
    },
  };
}

/** Logs are files of the daemon's machine, which is ours when we reach it locally. */
async function readLogTail(url: string, path: string, size: number): Promise<string | undefined> {
  const { isLocal } = await import('./host/http-client.ts');
  return isLocal(url) ? readTail(path, size) : undefined;
}

/** From the user database, since $HOME is the daemon's; a user without an entry has to take that. */
function homeDirectory(): string {
  try {
    return userInfo().homedir;
  } catch {
    return homedir();
  }
}

/** The outbox of this listener of this daemon. */
function openOutbox({ queue }: Options): DiskOutbox {
  const base = outboxBase({
    queue: queue === undefined ? undefined : resolve(queue),
    stateDirectory: environment('SUPERD_STATEDIR'),
    isRoot: process.geteuid?.() === 0,
    homeDirectory: homeDirectory(),
  });
  const identity = {
    serverUrl: environment('SUPERVISOR_SERVER_URL'),
    group: environment('SUPERVISOR_GROUP_NAME'),
    process: environment('SUPERVISOR_PROCESS_NAME') || 'crashmail',
  };
  return new DiskOutbox(join(base, outboxName(identity, digest)), say);
}

async function serve(options: Options): Promise<void> {
  const url = environment('SUPERVISOR_SERVER_URL');
  const letterhead: Letterhead = { from: options.from, to: options.email, prefix: options.prefix };
  const channels = channelsOf(options);
  const outbox = openOutbox(options);
  const sender = new Sender({ outbox, channels, letterhead, surroundings });
  const supervisor = new StdioSupervisor();
  const listener = new Listener(
    {
      supervisor,
      witnesses: { rpc: rpcTo(url), readTail: (path, size) => readLogTail(url, path, size) },
      outbox,
      channels,
      surroundings,
      digest,
      written: () => sender.wake(),
    },
    {
      interest: { programs: options.programs, fatal: options.fatal },
      letterhead,
      lines: options.lines,
      host: hostname(),
      daemon: daemonMark() ?? `${process.pid} ${Date.now()}`,
    },
  );
  // What was reported before must be known before the first event is heard.
  await outbox.refresh();
  const sending = sender.run();
  const told = Promise.withResolvers<void>();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => told.resolve());
  await Promise.race([listener.run(), told.promise]);
  sender.stop();
  await Promise.race([sending, pause(LAST_MAIL, new AbortController().signal)]);
}

async function main(args: readonly string[]): Promise<number> {
  const read = parseOptions(args);
  if (!read.ok) {
    process.stderr.write(`crashmail: ${read.error}\n\n${USAGE}`);
    return EXIT_CRASHMAIL_USAGE;
  }
  if (read.value === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (process.stdin.isTTY && environment('SUPERVISOR_SERVER_URL') === '') {
    process.stderr.write('crashmail must be run as a supervisor event listener\n');
    return EXIT_CRASHMAIL_USAGE;
  }
  try {
    await serve(read.value);
    return 0;
  } catch (cause) {
    say(`cannot go on: ${cause instanceof Error ? cause.message : String(cause)}`);
    return 1;
  }
}

// Standard error may go away before us; there is nobody left to tell.
process.stderr.on('error', () => {});
main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  () => process.exit(1),
);
