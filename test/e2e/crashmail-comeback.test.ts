/** superd itself dies while crashmail listens: one mail about each death, and none of the crashes around it is lost. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isStruct } from '../../src/rpc/xml.ts';
import { CHECKOUT, type Daemon, startDaemon } from '../support/daemon.ts';
import { type ParsedMail, parse } from '../support/mail.ts';
import { needs } from '../support/peers.ts';
import { brainOf, kill } from '../support/survival/rig.ts';
import { until } from '../support/until.ts';

const NEEDS = needs('python3');

const CONFIG = `
[eventlistener:crashmail]
command=${process.execPath} ${CHECKOUT}/src/crashmail.ts -a -m ops@example.com --maildir %(here)s/Maildir --window 1
events=PROCESS_STATE
replay=true
startsecs=0
stderr_logfile=%(here)s/crashmail.err

[program:steady]
command=/bin/sleep 600
numprocs=3
process_name=%(program_name)s_%(process_num)d
startsecs=0
`;

const FLAPPERS = `
[program:flap]
command=/bin/sh -c "sleep 0.3; exit 5"
numprocs=2
process_name=%(program_name)s_%(process_num)d
startsecs=0
autorestart=true
`;

const inboxOf = ({ dir }: Daemon): readonly string[] => {
  const inbox = join(dir, 'Maildir', 'new');
  return existsSync(inbox) ? readdirSync(inbox).map((name) => readFileSync(join(inbox, name), 'utf8')) : [];
};

/** Those about superd itself. */
const obituaries = (daemon: Daemon): readonly string[] =>
  inboxOf(daemon).filter((mail) => /^Subject: .*supervisor died/m.test(mail));

const mailsOf = (daemon: Daemon): Promise<readonly ParsedMail[]> => Promise.all(inboxOf(daemon).map(parse));

const complain = (daemon: Daemon): string => `\n${daemon.read('crashmail.err')}\n${daemon.log()}`;

/** Waits until crashmail has read the journal further than this serial. */
function searchedTo(daemon: Daemon, serial: number): Promise<number> {
  return until(
    () => `crashmail knows the journal${complain(daemon)}`,
    () =>
      notesBelow(daemon.dir)
        .map((text) => Number(JSON.parse(text).journal ?? 0))
        .find((to) => to > serial),
  );
}

const notesBelow = (dir: string): readonly string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter(
      ({ name, parentPath }) =>
        name === 'state.json' && !parentPath.endsWith('/tmp') && parentPath.includes('/crashmail'),
    )
    .map(({ name, parentPath }) => readFileSync(join(parentPath, name), 'utf8'));

async function killBrain(daemon: Daemon): Promise<void> {
  const brain = await until('a brain', () => brainOf(daemon.pid));
  kill(brain);
  await until('another brain answers', async () => {
    const now = brainOf(daemon.pid);
    return now !== undefined && now !== brain && daemon.rpc('supervisor.getState').then(isStruct, () => false);
  });
}

async function start(t: TestContext, config: string): Promise<Daemon> {
  const daemon = await startDaemon(t, {
    program: 'superd',
    config: `[supervisord]\nstatedir=%(here)s/state\n${config}`,
  });
  await daemon.reaches('steady:steady_2', 'RUNNING');
  await searchedTo(daemon, 0);
  return daemon;
}

test('crashmail mails once that the brain of superd died, and what became of the programs', NEEDS, async (t) => {
  const daemon = await start(t, CONFIG);
  await killBrain(daemon);
  await until(
    () => `the mail${complain(daemon)}`,
    () => obituaries(daemon).length === 1,
  );
  // It looks again whenever it starts.
  const { pid } = await daemon.reaches('crashmail', 'RUNNING');
  kill(pid);
  await daemon.reaches('crashmail', 'RUNNING', pid);
  // What happens at once is told in one mail: first the one about crashmail itself.
  await until(
    () => `the mail about crashmail${complain(daemon)}`,
    () => inboxOf(daemon).length === 2,
  );
  await killBrain(daemon);
  await until(
    () => `the second mail${complain(daemon)}`,
    () => obituaries(daemon).length === 2,
  );
  for (const mail of await Promise.all(obituaries(daemon).map(parse))) {
    assert.equal(mail.defects, 0);
    assert.match(mail.headers['subject'] ?? '', /supervisor died and came back$/);
    assert.match(
      mail.body,
      /Cause: +superd ended \(SIGKILL\) and was started again at once; \d+ processes went on, none/,
    );
  }
  const before = await searchedTo(daemon, 0);
  const brain = brainOf(daemon.pid);
  await daemon.rpc('superd.upgrade');
  await until('a new brain answers', async () => {
    const now = brainOf(daemon.pid);
    return now !== undefined && now !== brain && daemon.rpc('supervisor.getState').then(isStruct, () => false);
  });
  const searched = await searchedTo(daemon, before);
  await daemon.stop();
  await daemon.start();
  await searchedTo(daemon, searched);
  assert.equal(obituaries(daemon).length, 2, 'neither an upgrade nor an orderly stop is a death');
  await daemon.stop();
});

test('crashmail mails once that keeper and brain of superd died', NEEDS, async (t) => {
  const daemon = await start(t, CONFIG);
  const { pid } = await daemon.status('steady:steady_1');
  const brain = await until('a brain', () => brainOf(daemon.pid));
  kill(daemon.pid);
  kill(brain);
  await daemon.ended();
  kill(pid);
  await daemon.start();
  await until(
    () => `the mail${complain(daemon)}`,
    async () => (await mailsOf(daemon)).some(({ headers }) => (headers['subject'] ?? '').includes('supervisor')),
  );
  const [mail, ...others] = (await mailsOf(daemon)).filter(({ body }) => body.includes('orderly shutdown'));
  assert.deepEqual(others, []);
  assert.match(mail?.body ?? '', /ended without an orderly shutdown.*; \d+ processes went on, \d+ ended unwatched: /);
  assert.match(mail?.body ?? '', /steady:steady_1/);
  await daemon.stop();
});

test('crashmail with replay mails each exit exactly once while the brain dies again and again', NEEDS, async (t) => {
  const daemon = await start(t, CONFIG + FLAPPERS);
  for (let kills = 0; kills < 4; kills += 1) {
    const before = (await exits(daemon)).length;
    await until('more crashes', async () => (await exits(daemon)).length > before + 2);
    await killBrain(daemon);
  }
  // Also of one that just waits to be started again.
  await daemon.rpc('supervisor.stopProcessGroup', 'flap');
  await daemon.rpc('supervisor.signalProcess', 'crashmail', 'USR1');
  const told = (await exits(daemon)).toSorted((a, b) => a - b);
  await until(
    () => `each exit is mailed${complain(daemon)}`,
    async () => new Set(await mailed(daemon)).size >= told.length,
  );
  assert.deepEqual(
    (await mailed(daemon)).toSorted((a, b) => a - b),
    told,
  );
  await daemon.stop();
});

/** The serials of all unexpected exits, from the journal. */
async function exits(daemon: Daemon): Promise<readonly number[]> {
  const options = { kinds: ['process-state'], after: 0, limit: 1000 };
  const rows = await daemon.rpc('superd.history', options);
  assert.ok(Array.isArray(rows));
  return rows.flatMap((row) => {
    const json = isStruct(row) ? row['json'] : undefined;
    const record = JSON.parse(typeof json === 'string' ? json : '{}');
    return record.to === 'EXITED' && record.expected === false ? [record.event] : [];
  });
}

async function mailed(daemon: Daemon): Promise<readonly number[]> {
  const mails = await mailsOf(daemon);
  return mails.flatMap(({ headers }) => (headers['x-superd-event-serials']?.match(/\d+/g) ?? []).map(Number));
}
