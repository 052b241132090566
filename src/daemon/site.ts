/** What the web is given beside the API's ports. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Config } from '../config/model.ts';
import { outboxBase } from '../crashmail/place.ts';
import { MailStore } from '../host/mail-store.ts';
import { randomToken, sha1 } from '../host/secrets.ts';
import { readWritten } from '../host/written-config.ts';
import { Streams } from '../web/api/streams.ts';
import { UsageFeed } from '../web/api/usage.ts';
import type { SitePorts } from '../web/ports.ts';

/** Where the crashmail listeners of this superd keep their mails. */
const outboxesOf = ({ crashmail, daemon }: Config): string =>
  outboxBase({
    queue: crashmail?.queue === undefined ? undefined : resolve(crashmail.queue),
    stateDirectory: daemon.statedir,
    isRoot: true,
    homeDirectory: '',
  });

export const siteOf = (
  ports: Omit<SitePorts, 'host' | 'mails' | 'written' | 'sha1' | 'token' | 'streams'>,
): SitePorts => ({
  ...ports,
  host: hostname(),
  mails: new MailStore(() => outboxesOf(ports.control.config)),
  written: () => readWritten(ports.control.config.file),
  sha1,
  token: randomToken(),
  streams: new Streams(ports.journal, new UsageFeed(ports.control, ports.metrics)),
});
