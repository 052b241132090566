/** What the web is given beside the API's ports. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Config, ProcessConfig } from '../config/model.ts';
import { parseOptions } from '../crashmail/options.ts';
import { outboxBase } from '../crashmail/place.ts';
import { MailStore } from '../host/mail-store.ts';
import { randomToken } from '../host/secrets.ts';
import { readWritten } from '../host/written-config.ts';
import { splitWords } from '../process/command.ts';
import { Streams } from '../web/api/streams.ts';
import { UsageFeed } from '../web/api/usage.ts';
import type { MetricsPorts } from '../web/metrics-route.ts';
import type { SitePorts } from '../web/ports.ts';
import { openAccess } from './access.ts';

/** The folder that a listener's command line gives to crashmail, if it is one. */
function queueOf({ command, directory }: ProcessConfig): string | undefined {
  const words = splitWords(command);
  if (typeof words === 'string') return undefined;
  const at = words.findIndex((word) => /(^|\/)crashmail(\.\w+)?$/.test(word));
  const parsed = at < 0 ? undefined : parseOptions(words.slice(at + 1));
  if (parsed?.ok !== true || parsed.value === 'help' || parsed.value.queue === undefined) return undefined;
  return resolve(directory ?? '', parsed.value.queue);
}

/** Where the crashmail listeners of this superd keep their mails: as the first of them that says so, or all. */
function outboxesOf({ crashmail, groups }: Config, statedir: string): string {
  const listeners = groups.filter(({ kind }) => kind === 'eventlistener').flatMap(({ processes }) => processes);
  const given = listeners.map(queueOf).find((queue) => queue !== undefined);
  const queue = given ?? (crashmail?.queue === undefined ? undefined : resolve(crashmail.queue));
  return outboxBase({ queue, stateDirectory: statedir, isRoot: true, homeDirectory: '' });
}

type Given = Omit<MetricsPorts, 'caller' | 'role' | 'host' | 'mails' | 'written'> & Pick<SitePorts, 'assets'>;

/** @param statedir of this run */
export const siteOf = (ports: Given, statedir: string): SitePorts => ({
  ...ports,
  ...openAccess(ports, statedir),
  host: hostname(),
  mails: new MailStore(() => outboxesOf(ports.control.config, statedir)),
  written: () => readWritten(ports.control.config.file),
  token: randomToken(),
  streams: new Streams(ports.journal, new UsageFeed(ports.control, ports.metrics)),
});
