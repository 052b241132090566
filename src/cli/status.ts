/** status, pid, avail and version: what there is. */
import { STATE_CODES } from '../process/state.ts';
import { need, type ProcessRow } from '../rpc/client.ts';
import { usageOf } from '../rpc/usage-client.ts';
import { EXIT, type Invocation, type Session, type Usage } from './command.ts';
import { ALL, isGroupOnly, isNamed, membersOf, nameOf, parseTarget } from './targets.ts';

/** Prints a value for machines. */
export const printJson = (session: Session, value: unknown): void => session.out(`${JSON.stringify(value, null, 2)}\n`);

interface Selection {
  readonly rows: readonly ProcessRow[];
  /** Names that mean nobody, as they are shown: a group without its `:*`. */
  readonly unknown: readonly { readonly name: string; readonly what: 'process' | 'group' }[];
}

/** Picks the processes that are named, in the order of the names; a name given twice is shown twice. */
function select(all: readonly ProcessRow[], words: readonly string[]): Selection {
  if (words.length === 0 || words.includes(ALL)) return { rows: all, unknown: [] };
  const unknown: { name: string; what: 'process' | 'group' }[] = [];
  const rows = words.flatMap((word) => {
    const target = isGroupOnly(all, word) ? ({ kind: 'group', group: word } as const) : parseTarget(word);
    const isGroup = target.kind === 'group';
    const found = isGroup ? membersOf(all, target.group) : all.filter((row) => isNamed(row, word));
    if (found.length === 0)
      unknown.push(isGroup ? { name: target.group, what: 'group' } : { name: word, what: 'process' });
    return found;
  });
  return { rows, unknown };
}

/** The states in which `status` exits with 3. */
const DOWN: ReadonlySet<number> = new Set([
  STATE_CODES.STOPPED,
  STATE_CODES.EXITED,
  STATE_CODES.FATAL,
  STATE_CODES.UNKNOWN,
]);

function exitOf({ rows, unknown }: Selection): number {
  if (rows.some((row) => DOWN.has(row.state))) return EXIT.STATUS_NOT_RUNNING;
  return unknown.length > 0 ? EXIT.STATUS_UNKNOWN : EXIT.OK;
}

const NAME_WIDTH = 30;
const GAP = 3;
const STATE_WIDTH = 10;
/** `100.0%`, `1234.5M` and a blank after each. */
const USAGE_WIDTH = 9;

const usageText = (usage: Usage | undefined): string =>
  [
    usage === undefined ? '-' : `${usage.cpuPercent.toFixed(1)}%`,
    usage === undefined ? '-' : `${(usage.rssBytes / 2 ** 20).toFixed(1)}M`,
  ]
    .map((cell) => cell.padStart(USAGE_WIDTH - 1).padEnd(USAGE_WIDTH))
    .join('');

type Usages = ReadonlyMap<number, Usage>;

/** @source spec api 5.3: name to the longest but at least 30, and 3; state to 10; description */
function table(rows: readonly ProcessRow[], usages: Usages | undefined, disabled: ReadonlySet<string>): string {
  const width = Math.max(NAME_WIDTH, ...rows.map((row) => nameOf(row).length)) + GAP;
  return rows
    .map((row) => {
      const usage = usages === undefined ? '' : `${usageText(usages.get(row.pid))} `;
      return `${nameOf(row).padEnd(width)}${row.statename.padEnd(STATE_WIDTH)}${usage}${row.description}${disabled.has(nameOf(row)) ? ' (disabled)' : ''}\n`;
    })
    .join('');
}

const NOBODY: ReadonlySet<string> = new Set();

/** What an operator wants to stay down; another server than superd knows nothing of that. */
async function disabledOf(session: Session): Promise<ReadonlySet<string>> {
  const answer = await session.server.rpc.disabled();
  return answer.ok ? new Set(answer.value) : NOBODY;
}

/** Of a superd elsewhere by what it samples itself; of another server there is nothing to know from here. */
async function sampled(session: Session, rows: readonly ProcessRow[]): Promise<Usages> {
  const { server } = session;
  if (server.isLocal) return session.sample(rows.map((row) => row.pid).filter((pid) => pid > 0));
  const answer = await usageOf(server.rpc);
  if (!answer.ok) {
    session.err('processor and memory use are shown only of superd, or of a server on this machine\n');
    return new Map();
  }
  const pids = new Map(rows.map((row) => [nameOf(row), row.pid]));
  return new Map(
    answer.value.map(({ name, cpu, rss, processes }) => [
      pids.get(name) ?? 0,
      { cpuPercent: cpu, rssBytes: rss, processes },
    ]),
  );
}

function jsonRow(row: ProcessRow, usages: Usages | undefined): Record<string, string | number> {
  const usage = usages?.get(row.pid);
  const used =
    usage === undefined ? {} : { cpu_percent: usage.cpuPercent, rss_bytes: usage.rssBytes, processes: usage.processes };
  return { namespec: nameOf(row), ...row, ...used };
}

export async function status(session: Session, { args, flags }: Invocation): Promise<number> {
  const selection = select(await need(session.server.rpc.allProcessInfo()), args);
  const { rows, unknown } = selection;
  const usages = flags.has('verbose') ? await sampled(session, rows) : undefined;
  const disabled = flags.size > 0 ? await disabledOf(session) : NOBODY;
  if (flags.has('json')) {
    printJson(session, {
      processes: rows.map((row) => ({ ...jsonRow(row, usages), disabled: disabled.has(nameOf(row)) })),
      unknown: unknown.map(({ name }) => name),
    });
  } else {
    session.out(
      unknown.map(({ name, what }) => `${name}: ERROR (no such ${what})\n`).join('') + table(rows, usages, disabled),
    );
  }
  return exitOf(selection);
}

async function pidsOf(session: Session, words: readonly string[]): Promise<number> {
  let exit: number = EXIT.OK;
  for (const word of words) {
    const result = await session.server.rpc.processInfo(word);
    session.out(result.ok ? `${result.value.pid}\n` : `No such process ${word}\n`);
    if (!result.ok) exit = EXIT.GENERIC;
    else if (result.value.pid === 0) exit = EXIT.NOT_RUNNING;
  }
  return exit;
}

export async function pid(session: Session, { args, flags }: Invocation): Promise<number> {
  const { rpc } = session.server;
  if (flags.has('json')) {
    const { rows, unknown } = select(await need(rpc.allProcessInfo()), args);
    const processes = Object.fromEntries(rows.map((row) => [nameOf(row), row.pid]));
    printJson(session, { server: await need(rpc.daemonPid()), processes, unknown: unknown.map(({ name }) => name) });
    return unknown.length > 0 ? EXIT.GENERIC : EXIT.OK;
  }
  if (args.includes(ALL)) {
    session.out((await need(rpc.allProcessInfo())).map((row) => `${row.pid}\n`).join(''));
    return EXIT.OK;
  }
  if (args.length > 0) return pidsOf(session, args);
  session.out(`${await need(rpc.daemonPid())}\n`);
  return EXIT.OK;
}

/** @source spec api 5.3: `%-32s %-9s %-9s %s:%s` */
export async function avail(session: Session, { flags }: Invocation): Promise<number> {
  const rows = await need(session.server.rpc.allConfigInfo());
  if (flags.has('json')) {
    printJson(
      session,
      rows.map((row) => ({ namespec: nameOf(row), ...row })),
    );
    return EXIT.OK;
  }
  const lines = rows.map((row) => {
    const inUse = (row.inuse ? 'in use' : 'avail').padEnd(9);
    const auto = (row.autostart ? 'auto' : 'manual').padEnd(9);
    return `${nameOf(row).padEnd(32)} ${inUse} ${auto} ${row.group_prio}:${row.process_prio}\n`;
  });
  session.out(lines.join(''));
  return EXIT.OK;
}

export async function version(session: Session, { flags }: Invocation): Promise<number> {
  const { rpc } = session.server;
  const server = await need(rpc.supervisorVersion());
  if (flags.has('json')) printJson(session, { server, api: await need(rpc.apiVersion()) });
  else session.out(`${server}\n`);
  return EXIT.OK;
}
