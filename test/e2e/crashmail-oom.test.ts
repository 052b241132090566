/** A real kill for memory: a program in a control group with a limit takes more than that. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CHECKOUT, Daemon, privateDirectory } from '../support/daemon.ts';
import { parse } from '../support/mail.ts';
import { needs } from '../support/peers.ts';
import { until } from '../support/until.ts';

const LIMIT = 64 * 2 ** 20;
/** Both versions: where the memory controller is, and the files that limit memory and swap. */
const VERSIONS = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', swap: ['memory.memsw.limit_in_bytes', LIMIT] },
  { root: '/sys/fs/cgroup', limit: 'memory.max', swap: ['memory.swap.max', 0] },
] as const;

/** A control group with a limit, gone with the test; undefined where this machine gives none. */
function limitedGroup(t: TestContext, name: string): string | undefined {
  for (const { root, limit, swap } of VERSIONS) {
    const group = join(root, name);
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    // Before the processes in it are gone, it cannot go.
    t.after(() => until('the control group is empty', () => readFileSync(join(group, 'cgroup.procs'), 'utf8') === ''));
    t.after(() => rmdirSync(group));
    try {
      writeFileSync(join(group, limit), String(LIMIT));
      if (existsSync(join(group, swap[0]))) writeFileSync(join(group, swap[0]), String(swap[1]));
      return group;
    } catch {
      // The controller is not for such groups.
    }
  }
  return undefined;
}

const HOG = "import os; pages = bytearray(os.urandom(1) * (256 << 20)); print('not reached', flush=True)";

test('crashmail says that the kernel killed a program at its memory limit', needs('python3'), async (t) => {
  const dir = privateDirectory(t);
  const group = limitedGroup(t, basename(dir));
  if (group === undefined) return t.skip('no control group with a memory limit can be made here');
  const daemon = new Daemon(dir, {
    program: 'superd',
    files: { 'hog.sh': `echo $$ > ${group}/cgroup.procs\nread go\nexec /usr/bin/python3 -c "${HOG}"\n` },
    config: `
[eventlistener:crashmail]
command=${process.execPath} ${CHECKOUT}/src/crashmail.ts -a -m ops@example.com --maildir %(here)s/Maildir
events=PROCESS_STATE
startsecs=0
stderr_logfile=%(here)s/crashmail.err
[program:hog]
command=/bin/sh %(here)s/hog.sh
startsecs=1
autorestart=false
[program:other]
command=/bin/sh -c "exit 3"
startsecs=0
autostart=false
autorestart=false
`,
  });
  await daemon.start();
  await daemon.reaches('hog', 'RUNNING');
  const mails = (): readonly string[] => {
    const inbox = join(dir, 'Maildir', 'new');
    return existsSync(inbox) ? readdirSync(inbox).map((name) => readFileSync(join(inbox, name), 'utf8')) : [];
  };
  const mailAbout = (program: string): Promise<string> =>
    until(
      () => `the mail about ${program}\n${daemon.read('crashmail.err')}`,
      () => mails().find((mail) => mail.includes(`X-Superd-Program: ${program}\n`)),
    );
  // Events are told in their order: with this mail, crashmail has also seen the hog while it lived.
  await daemon.rpc('supervisor.startProcess', 'other', false);
  assert.doesNotMatch((await parse(await mailAbout('other'))).body, /memory limit|for memory/);
  await daemon.rpc('supervisor.sendProcessStdin', 'hog', 'go\n');
  const mail = await parse(await mailAbout('hog'));
  t.diagnostic(mail.headers['subject'] ?? '');
  t.diagnostic(/^Cause:.*(?:\n {2,}.*)*/m.exec(mail.body)?.[0] ?? '');
  assert.match(mail.headers['subject'] ?? '', /hog .*memory/);
  assert.match(
    mail.body,
    /^Cause: +killed by the kernel because it reached its memory limit \((the kernel log|its control group)/m,
  );
  await daemon.stop();
});
