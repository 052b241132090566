/** What the web is given beside the API's ports. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Config } from '../config/model.ts';
import { outboxBase } from '../crashmail/place.ts';
import { MailStore } from '../host/mail-store.ts';
import { randomToken } from '../host/secrets.ts';
import { readWritten } from '../host/written-config.ts';
import { Streams } from '../web/api/streams.ts';
import { UsageFeed } from '../web/api/usage.ts';
import type { MetricsPorts } from '../web/metrics-route.ts';
import type { SitePorts } from '../web/ports.ts';
import { openAccess } from './access.ts';

/** Where the crashmail listeners of this superd keep their mails. */
const outboxesOf = ({ crashmail }: Config, statedir: string): string =>
  outboxBase({
    queue: crashmail?.queue === undefined ? undefined : resolve(crashmail.queue),
    stateDirectory: statedir,
    isRoot: true,
    homeDirectory: '',
  });

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
