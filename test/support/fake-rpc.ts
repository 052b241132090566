/** The ports of the API over memory: logs are byte arrays in a map. */
import type { Written } from '../../src/config/settings.ts';
import { fail, ok, type Result } from '../../src/errors.ts';
import { PUBLISHED } from '../../src/rpc/methods.ts';
import type { LogReader, LogStat, MailAccess, MailQueue, OpenLog, RpcPorts } from '../../src/rpc/ports.ts';
import { epochMillis, pid } from '../../src/units.ts';
import { Streams } from '../../src/web/api/streams.ts';
import { UsageFeed } from '../../src/web/api/usage.ts';
import type { SitePorts } from '../../src/web/ports.ts';
import { FakeAccess } from './fake-access.ts';
import { FakeControl, groupConfig, processConfig } from './fake-control.ts';
import { FakeJournal } from './fake-journal.ts';
import { FakeMetrics, FakeScrape } from './fake-metrics.ts';

/** A log file in memory; replacing it in the map is a rotation. */
export interface MemoryLog {
  data: Uint8Array;
  readonly identity: string;
}

export class MemoryLogs implements LogReader {
  readonly files: Map<string, MemoryLog> = new Map();
  /** Paths that cannot be read. */
  readonly broken: Set<string> = new Set();
  /** Logs that are open. */
  open_count = 0;
  #serial = 0;

  put(path: string, text: string | Uint8Array): void {
    this.#serial += 1;
    this.files.set(path, { data: Buffer.from(text), identity: String(this.#serial) });
  }

  append(path: string, text: string): void {
    const file = this.files.get(path);
    if (file !== undefined) file.data = Buffer.concat([file.data, Buffer.from(text)]);
  }

  open(path: string): Result<OpenLog, 'missing' | 'failed'> {
    const file = this.files.get(path);
    if (this.broken.has(path)) return fail('failed');
    if (file === undefined) return fail('missing');
    this.open_count += 1;
    return ok({
      stat: (): LogStat => ({ size: file.data.length, modifiedAt: epochMillis(0), identity: file.identity }),
      read: (offset: number, length: number): Uint8Array => file.data.subarray(offset, offset + length),
      [Symbol.dispose]: (): void => {
        this.open_count -= 1;
      },
    });
  }

  identity(path: string): string | undefined {
    return this.files.get(path)?.identity;
  }
}

const NOTHING_WRITTEN: Written = { sections: new Map(), defaults: new Map() };

export class FakeMails implements MailAccess {
  next: MailQueue = { collected: [], waiting: [], failed: [], sent: [] };
  readonly texts: Map<string, string> = new Map();

  queue(): Promise<MailQueue> {
    return Promise.resolve(this.next);
  }

  text(id: string): Promise<string | undefined> {
    return Promise.resolve(this.texts.get(id));
  }
}

export interface FakeRpc {
  readonly control: FakeControl;
  readonly logs: MemoryLogs;
  readonly journal: FakeJournal;
  readonly metrics: FakeMetrics;
  readonly mails: FakeMails;
  readonly scrape: FakeScrape;
  readonly ports: RpcPorts;
  readonly access: FakeAccess;
  readonly web: SitePorts;
}

export const MAIN_LOG = '/var/log/superd.log';

/** `web` has the processes a (priority 999) and b (priority 1); `solo` stands alone. */
export function fakeRpc(): FakeRpc {
  const control = new FakeControl([
    groupConfig('web', [processConfig('a'), processConfig('b', { priority: 1 })]),
    groupConfig('solo', [processConfig('solo')], 5),
  ]);
  const logs = new MemoryLogs();
  const journal = new FakeJournal();
  const metrics = new FakeMetrics();
  const mails = new FakeMails();
  const scrape = new FakeScrape();
  const ports: RpcPorts = {
    published: PUBLISHED,
    control,
    brain: { pid: pid(77), served: 0, lastEnd: '', replace: async () => fail('no other brain') },
    logs,
    mainLogFile: { path: MAIN_LOG, clear: () => ok(undefined) },
    log: { log: () => undefined },
    journal,
    host: 'here.example',
    metrics,
    mails,
    written: () => NOTHING_WRITTEN,
    caller: { kind: 'server', section: 'unix_http_server' },
    role: 'admin',
  };
  const access = new FakeAccess();
  return {
    control,
    logs,
    journal,
    metrics,
    mails,
    scrape,
    ports,
    access,
    web: {
      ...ports,
      ...access.site(ports),
      scrape,
      token: 'secret',
      assets: { manifest: () => undefined, read: () => undefined },
      streams: new Streams(journal, new UsageFeed(control, metrics)),
    },
  };
}
