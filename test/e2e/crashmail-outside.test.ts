/**
 * What people are promised of crashmail, seen from outside: superd and crashmail as they ship, a mail server that is not
 * ours, and the journal as the list of what has to be in the mails.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { isStruct } from '../../src/rpc/xml.ts';
import { Aiosmtpd, serialsByMail } from '../support/aiosmtpd.ts';
import { CHECKOUT, Daemon, privateDirectory } from '../support/daemon.ts';
import { parse } from '../support/mail.ts';
import { needs } from '../support/peers.ts';
import { Random } from '../support/survival/random.ts';
import { kill } from '../support/survival/rig.ts';
import { until } from '../support/until.ts';

const NEEDS = needs('aiosmtpd');
const MEBIBYTE = 2 ** 20;

interface Crash {
  readonly serial: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Every unexpected exit, from the journal. */
async function crashes(daemon: Daemon): Promise<readonly Crash[]> {
  const found: Crash[] = [];
  for (let after = 0; ; ) {
    const rows = await daemon.rpc('superd.history', { kinds: ['process-state'], after, limit: 1000 });
    assert.ok(Array.isArray(rows));
    for (const row of rows) {
      assert.ok(isStruct(row) && typeof row['json'] === 'string');
      const record = JSON.parse(row['json']);
      after = record.serial;
      if (record.to === 'EXITED' && record.expected === false) found.push({ serial: record.event, at: record.at });
    }
    if (rows.length < 1000) return found;
  }
}

const sorted = (numbers: Iterable<number>): readonly number[] => [...numbers].toSorted((a, b) => a - b);

async function start(
  t: TestContext,
  { keys = '', programs }: { readonly keys?: string; readonly programs: string },
): Promise<{ readonly daemon: Daemon; readonly server: Aiosmtpd }> {
  const dir = privateDirectory(t);
  const server = await Aiosmtpd.in(dir);
  await server.start();
  const daemon = new Daemon(dir, {
    program: 'superd',
    config: `
[supervisord]
statedir=%(here)s/state
[eventlistener:crashmail]
command=${CHECKOUT}/bin/crashmail
events=PROCESS_STATE
replay=true
startsecs=0
stderr_logfile=%(here)s/crashmail.err
[crashmail]
to=ops@example.com
smtp=smtp://127.0.0.1:${server.port}
${keys}
${programs}`,
  });
  await daemon.start();
  return { daemon, server };
}

const couriers = (daemon: Daemon) => daemon.processes().filter(({ command }) => /courier/.test(command));

const told = (daemon: Daemon, server: Aiosmtpd) => (): string => {
  const mails = server.mails().map(({ at, serials }) => `${at}: ${serials.length} crashes`);
  const said = daemon.read('crashmail.err').split('\n');
  return `each crash is mailed\n${mails.join('\n')}\n${said.filter((line) => !line.includes('unexpected exit')).join('\n')}`;
};

/** Waits until each crash is mailed, and then finds it in exactly one mail. */
async function assertMailed(daemon: Daemon, server: Aiosmtpd): Promise<void> {
  const wanted = sorted((await crashes(daemon)).map(({ serial }) => serial));
  await until(
    told(daemon, server),
    async () => new Set([...serialsByMail(server.mails()).values()].flat()).size >= wanted.length,
    120_000,
  );
  assert.deepEqual(sorted([...serialsByMail(server.mails()).values()].flat()), wanted);
}

test('every crash is in exactly one mail while the mail server is refused, hangs and is killed', NEEDS, async (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1e6);
  t.diagnostic(`TEST_SEED=${seed}`);
  const random = new Random(seed);
  const { daemon, server } = await start(t, {
    keys: 'window=1\nwindow_max=4',
    programs: `
[program:flap]
command=/bin/sh -c "sleep 0.%(process_num)d3; echo last words; exit 5"
stopasgroup=true
numprocs=8
process_name=%(program_name)s_%(process_num)d
startsecs=0
autorestart=true
`,
  });
  const crashmail = await daemon.reaches('crashmail', 'RUNNING');
  const ills = {
    refuse: async () => {
      await server.kill();
      await pause(200 + random.below(1500));
      await server.start();
    },
    hang: async () => {
      server.signal('SIGSTOP');
      await pause(200 + random.below(2500));
      server.signal('SIGCONT');
    },
    'kill while it hangs': async () => {
      server.signal('SIGSTOP');
      await pause(random.below(1000));
      await server.kill();
      await server.start();
    },
    'kill the courier': async () => couriers(daemon).forEach(({ pid }) => kill(pid)),
  } as const;
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    const ill = random.pick(['refuse', 'hang', 'kill while it hangs', 'kill the courier'] as const);
    await ills[ill]();
    await pause(random.below(600));
  }
  await daemon.rpc('supervisor.stopProcessGroup', 'flap');
  // What waits for its window or its next attempt goes now.
  await daemon.rpc('supervisor.signalProcess', 'crashmail', 'USR1');
  await assertMailed(daemon, server);
  assert.equal((await daemon.status('crashmail')).pid, crashmail.pid, 'crashmail itself never died');
  for (const mail of await Promise.all(
    server
      .mails()
      .slice(0, 5)
      .map(({ text }) => parse(text)),
  )) {
    assert.equal(mail.defects, 0);
  }
  await daemon.stop();
  await server.kill();
  daemon.assertQuiet();
});

test('500 crashes in 10 s are at most 3 mails, and the memory of the storm is given back', NEEDS, async (t) => {
  const { daemon, server } = await start(t, {
    // What crashmail hears of too late for the mail about the storm is collected for this long.
    keys: 'window=20',
    programs: `
[program:storm]
command=/bin/sh -c "sleep 0.8; echo last words; exit 5"
stopasgroup=true
numprocs=50
process_name=%(program_name)s_%(process_num)02d
startsecs=0
autorestart=true
autostart=false
stderr_logfile=NONE
`,
  });
  const { pid } = await daemon.reaches('crashmail', 'RUNNING');
  await daemon.rpc('supervisor.startProcessGroup', 'storm', false);
  await until('500 crashes', async () => (await crashes(daemon)).length >= 500);
  await daemon.rpc('supervisor.stopProcessGroup', 'storm');
  await assertMailed(daemon, server);
  const found = await crashes(daemon);
  const seconds = ((found[499]?.at ?? 0) - (found[0]?.at ?? 0)) / 1000;
  t.diagnostic(
    `500 crashes in ${seconds} s; mails of ${server
      .mails()
      .map(({ serials }) => serials.length)
      .join(', ')}`,
  );
  assert.ok(server.mails().length <= 3, String(server.mails().length));
  await until(
    () => `crashmail has at most 60 MiB; it has ${memoryOf(pid)}`,
    () => couriers(daemon).length === 0 && memoryOf(pid) <= 60,
  );
  await daemon.stop();
  await server.kill();
  daemon.assertQuiet();
});

const memoryOf = (pid: number): number => {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return (Number(kibibytes) * 1024) / MEBIBYTE;
};

/** How many times longer than on an idle machine a start of Node takes now: median of five, against 50 ms. */
function burden(): number {
  const times = Array.from({ length: 5 }, () => {
    const started = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    return performance.now() - started;
  });
  return Math.max(1, (sorted(times)[2] ?? 0) / 50);
}

/** Measuring on a machine that does other work: the best of so many. */
const TRIES = 3;
const CRASHES = 5;

test('an idle crashmail has a crash mailed within 300 ms, and is small before and after', NEEDS, async (t) => {
  const count = TRIES * CRASHES;
  const { daemon, server } = await start(t, {
    programs: `
[program:crash]
command=/bin/sh -c "echo last words; exit 5"
stopasgroup=true
numprocs=${count}
process_name=%(program_name)s_%(process_num)d
startsecs=0
autostart=false
autorestart=false
[program:steady]
command=/bin/sleep 600
numprocs=20
process_name=%(program_name)s_%(process_num)d
`,
  });
  const { pid } = await daemon.reaches('crashmail', 'RUNNING');
  await daemon.reaches('steady:steady_19', 'RUNNING');
  let median = Number.POSITIVE_INFINITY;
  let bound = 300;
  for (let n = 0; n < count && median > bound; n += 1) {
    await until('crashmail rests', () => couriers(daemon).length === 0);
    assert.ok(memoryOf(pid) <= 60, `${memoryOf(pid)} MiB after ${n} mails`);
    await daemon.rpc('supervisor.startProcess', `crash:crash_${n}`, false);
    await until(told(daemon, server), () => server.mails().length > n);
    if ((n + 1) % CRASHES !== 0) continue;
    const exits = (await crashes(daemon)).slice(-CRASHES);
    const arrived = new Map(server.mails().flatMap(({ at, serials }) => serials.map((serial) => [serial, at])));
    const times = sorted(exits.map(({ serial, at }) => (arrived.get(serial) ?? 0) * 1000 - at));
    median = times[Math.floor(CRASHES / 2)] ?? median;
    bound = 300 * burden();
    t.diagnostic(
      `crash to mail: ${times.map(Math.round).join(', ')} ms, at most ${Math.round(bound)} on this machine now`,
    );
  }
  await until('crashmail rests', () => couriers(daemon).length === 0);
  t.diagnostic(`resident: ${memoryOf(pid).toFixed(1)} MiB`);
  assert.ok(memoryOf(pid) <= 60, `${memoryOf(pid)} MiB`);
  assert.ok(median <= bound, `${median} ms`);
  await daemon.stop();
  await server.kill();
  daemon.assertQuiet();
});
