/** reread, update, plan, add and remove: which groups there are. */
import { repr } from '../repr.ts';
import { CallError, type GroupChange, type KeyChange, need, type PlanAnswer, type RpcClient } from '../rpc/client.ts';
import { FAULTS } from '../rpc/faults.ts';
import type { XmlFault } from '../rpc/xml.ts';
import { EXIT, type Invocation, type Session } from './command.ts';
import { printJson } from './status.ts';
import { ALL } from './targets.ts';

function line(session: Session, text: string): void {
  session.out(`${text}\n`);
}

function refuse(session: Session, text: string): number {
  line(session, text);
  return EXIT.GENERIC;
}

/** Prints what a fault means here, and fails on every other. */
function explain(session: Session, fault: XmlFault, meanings: Readonly<Record<number, string>>): number {
  const meaning = meanings[fault.code];
  if (meaning === undefined) throw new CallError({ kind: 'fault', fault });
  return refuse(session, `ERROR: ${meaning}`);
}

const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** @source spec api 5.3, reread */
export async function reread(session: Session, { flags }: Invocation): Promise<number> {
  const result = await session.server.rpc.reloadConfig();
  if (!result.ok) {
    return explain(session, result.error, {
      [FAULTS.SHUTDOWN_STATE]: 'supervisor shutting down',
      [FAULTS.CANT_REREAD]: result.error.text,
    });
  }
  const { added, changed, removed } = result.value;
  if (flags.has('json')) {
    printJson(session, result.value);
    return EXIT.OK;
  }
  const lines = [
    ...added.map((name) => [name, 'available'] as const),
    ...changed.map((name) => [name, 'changed'] as const),
    ...removed.map((name) => [name, 'disappeared'] as const),
  ].sort(([a], [b]) => byCodePoint(a, b));
  for (const [name, what] of lines) line(session, `${name}: ${what}`);
  if (lines.length === 0) line(session, 'No config updates to processes');
  return EXIT.OK;
}

/** Stops a group and takes it away. */
async function retire(rpc: RpcClient, group: string, session: Session): Promise<'removed' | 'stuck'> {
  const outcomes = await need(rpc.act('stopProcessGroup', group));
  line(session, `${group}: stopped`);
  if (outcomes.some(({ status }) => status === FAULTS.FAILED)) {
    line(session, `${group}: has problems; not removing`);
    return 'stuck';
  }
  await need(rpc.removeGroup(group));
  return 'removed';
}

interface Steps {
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly added: readonly string[];
}

/** @source spec api 6: removed, changed, added; one group after the other */
async function apply(session: Session, { removed, changed, added }: Steps): Promise<number> {
  const { rpc } = session.server;
  let exit: number = EXIT.OK;
  for (const group of removed) {
    if ((await retire(rpc, group, session)) === 'stuck') exit = EXIT.GENERIC;
    else line(session, `${group}: removed process group`);
  }
  for (const group of changed) {
    // A group that cannot be stopped keeps its old configuration; adding a second copy would help nobody.
    if ((await retire(rpc, group, session)) === 'stuck') {
      exit = EXIT.GENERIC;
      continue;
    }
    await need(rpc.addGroup(group));
    line(session, `${group}: updated process group`);
  }
  for (const group of added) {
    await need(rpc.addGroup(group));
    line(session, `${group}: added process group`);
  }
  return exit;
}

export async function update(session: Session, { args }: Invocation): Promise<number> {
  const { rpc } = session.server;
  const result = await rpc.reloadConfig();
  if (!result.ok) {
    return explain(session, result.error, { [FAULTS.SHUTDOWN_STATE]: 'already shutting down' });
  }
  const { added, changed, removed } = result.value;
  if (args.length === 0 || args.includes(ALL)) return apply(session, { removed, changed, added });
  const active = (await need(rpc.allProcessInfo())).map(({ group }) => group);
  const known = new Set([...active, ...added]);
  const wanted = new Set(args);
  let exit: number = EXIT.OK;
  for (const name of [...wanted].sort(byCodePoint)) {
    if (!known.has(name)) exit = refuse(session, `ERROR: no such group: ${name}`);
  }
  const isWanted = (group: string): boolean => wanted.has(group);
  const applied = await apply(session, {
    removed: removed.filter(isWanted),
    changed: changed.filter(isWanted),
    added: added.filter(isWanted),
  });
  return applied === EXIT.OK ? exit : applied;
}

export async function add(session: Session, { args }: Invocation): Promise<number> {
  let exit: number = EXIT.OK;
  for (const name of args) {
    const result = await session.server.rpc.addGroup(name);
    if (result.ok) line(session, `${name}: added process group`);
    // supervisorctl prints this one as an error, and does not count it.
    else if (result.error.code === FAULTS.ALREADY_ADDED) line(session, 'ERROR: process group already active');
    else {
      exit = explain(session, result.error, {
        [FAULTS.SHUTDOWN_STATE]: 'shutting down',
        [FAULTS.BAD_NAME]: `no such process/group: ${name}`,
      });
    }
  }
  return exit;
}

export async function remove(session: Session, { args }: Invocation): Promise<number> {
  let exit: number = EXIT.OK;
  for (const name of args) {
    const result = await session.server.rpc.removeGroup(name);
    if (result.ok) line(session, `${name}: removed process group`);
    else {
      exit = explain(session, result.error, {
        [FAULTS.STILL_RUNNING]: `process/group still running: ${name}`,
        [FAULTS.BAD_NAME]: `no such process/group: ${name}`,
      });
    }
  }
  return exit;
}

/** A process that comes or goes is told as a change of the key `process`. */
function describeChange({ process, key, before, after }: KeyChange): string {
  return key === 'process'
    ? `    ${process}: ${after}\n`
    : `    ${process}: ${key}: ${repr(before)} -> ${repr(after)}\n`;
}

const describe = ({ group, changes }: GroupChange): string =>
  `change ${group} (its processes restart)\n${changes.map(describeChange).join('')}`;

/** Asks superd for the plan; supervisord can only list the groups. */
async function ask(session: Session): Promise<{ readonly plan: PlanAnswer; readonly note: string | undefined }> {
  const { rpc } = session.server;
  const result = await rpc.plan();
  if (result.ok) return { plan: result.value, note: undefined };
  if (result.error.code !== FAULTS.UNKNOWN_METHOD) throw new CallError({ kind: 'fault', fault: result.error });
  const { added, changed, removed } = await need(rpc.reloadConfig());
  const plan = { added, removed, changed: changed.map((group) => ({ group, changes: [] })) };
  return { plan, note: 'this server cannot tell which keys changed; it has now read its configuration again' };
}

/** What an update would do; changes nothing that runs. */
export async function plan(session: Session, { flags }: Invocation): Promise<number> {
  const { plan: wanted, note } = await ask(session);
  if (note !== undefined) session.err(`note: ${note}\n`);
  if (flags.has('json')) {
    printJson(session, wanted);
    return EXIT.OK;
  }
  const lines = [
    ...wanted.removed.map((group) => `remove ${group}\n`),
    ...wanted.changed.map(describe),
    ...wanted.added.map((group) => `add ${group}\n`),
  ];
  session.out(lines.length === 0 ? 'nothing to do\n' : lines.join(''));
  return EXIT.OK;
}
