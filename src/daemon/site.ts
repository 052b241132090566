/** What the web is given beside the API's ports. */
import { hostname } from 'node:os';
import { randomToken, sha1 } from '../host/secrets.ts';
import { Streams } from '../web/api/streams.ts';
import { UsageFeed } from '../web/api/usage.ts';
import type { SitePorts } from '../web/ports.ts';

export const siteOf = (ports: Omit<SitePorts, 'host' | 'sha1' | 'token' | 'streams'>): SitePorts => ({
  ...ports,
  host: hostname(),
  sha1,
  token: randomToken(),
  streams: new Streams(ports.journal, new UsageFeed(ports.control, ports.metrics)),
});
