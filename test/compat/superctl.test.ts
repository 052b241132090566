/**
 * superctl beside the real supervisorctl: two real supervisords of the same configuration, each driven by one of the
 * clients through the same invocations. Standard output and exit codes are the same, once what differs by nature (pids,
 * times, directories) is made the same; every exception is listed.
 */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { type Answer, CHECKOUT, CONTROL, Daemon, privateDirectory } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';

const INSTALLED = existsSync('/usr/bin/supervisord') && existsSync('/usr/bin/supervisorctl');
const SKIP = INSTALLED || process.env['CI'] === 'true' ? false : 'supervisor is not installed';

const CONFIG = `
[program:cat]
command=/bin/cat
startsecs=0
[program:noisy]
command=/bin/sh -c 'echo hello; echo err >&2; exec sleep 1000'
startsecs=0
[program:manual]
command=/bin/sleep 1000
autostart=false
startsecs=0
[program:fatal]
command=/bin/false
startretries=0
autostart=false
[program:nofile]
command=/does/not/exist
autostart=false
[program:noexec]
command=/etc/passwd
autostart=false
[program:nolog]
command=/bin/sleep 1000
stdout_logfile=NONE
startsecs=0
[program:pool]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)02d
numprocs=2
startsecs=0
[group:grp]
programs=a,b
priority=5
[program:a]
command=/bin/sleep 1000
startsecs=0
[program:b]
command=/bin/sleep 1000
priority=1
startsecs=0
autostart=false
`;

/** What the second half of the test changes in the file. */
const CHANGED = CONFIG.replace(
  '[program:noisy]',
  '[program:fresh]\ncommand=/bin/sleep 9\nautostart=false\n[program:noisy]',
)
  .replace('[program:manual]\ncommand=/bin/sleep 1000', '[program:manual]\ncommand=/bin/sleep 1001')
  .replace(/\[program:nolog\]\n.*\n.*\n.*\n/, '');

type Invocation = readonly string[];
const words = (lines: string): readonly Invocation[] =>
  lines
    .trim()
    .split('\n')
    .map((line) => line.split(' '));

/** Only the first line is compared: what follows is the help text, which is in our own words. */
const WITH_HELP: readonly Invocation[] = words(`
start
stop
restart
signal
signal HUP
clear
tail
tail a b c d
tail -f a b c
maintail a b
reread x
avail x
version x
reload x
shutdown x
fg
`);

/** Compared line by line as they are. */
const SAME: readonly Invocation[] = words(`
status
status nope
status grp:*
status nope:*
status grp:
status grp:zz
status all nope
status cat cat
status cat all
status nope cat
status manual
pid
pid cat
pid all
pid nope
pid manual
pid cat nope
pid grp:*
start nope
start nope:x
start nope:*
start grp:*
start grp:*
start cat
start fatal
start nofile
start noexec
start nofile cat
start pool:
stop nope
stop manual
stop nope:*
stop pool:pool_01 cat manual
start cat noisy pool:*
restart manual
restart nope
restart nope:*
restart pool:pool_00
signal HUP nope
signal FOO cat
signal USR9 all
signal 0 cat
signal 0 grp:*
signal FOO grp:*
signal HUP nope:*
signal CONT all
signal 0 fatal
tail noisy foo
tail -2 noisy
tail noisy stderr
tail -x noisy
tail -5
tail -f
tail noisy stdout extra
tail noisy -f
tail -- noisy
tail - noisy
tail -1e1 noisy
tail nolog
tail nope
tail grp:*
tail -f nope
tail -f grp:*
maintail foo
maintail -x
clear nope
clear cat
clear cat nope noisy
reread
update
update nope
update cat
update nope all
add
add cat
add nope
add cat nope
remove
remove cat
remove nope
avail
version
open
open foo
open ftp://x
open unix:///nope
fg a b
fg nope
fg nofile
fg grp:*
help nope
help a b
quit
quit foo
exit
EOF
foo
foo bar
!ls
Status
sta
start;
status cat
`);

/** Batches answer in the order in which processes happen to stop or start, so only the set of lines is compared. */
const UNORDERED: readonly Invocation[] = words(`
stop all
start all
restart all
restart grp:*
stop grp:*
`);

const AFTER_THE_CHANGE: readonly Invocation[] = words(`
reread
avail
update nosuch
update fresh
update
reread
status fresh manual nolog
stop cat
remove cat
add cat
status cat
shutdown
`);

interface Pair {
  readonly theirs: Daemon;
  readonly ours: Daemon;
}

const SUPERCTL = `${CHECKOUT}/bin/superctl`;

const superctl = (daemon: Daemon, args: Invocation): Promise<Answer> =>
  daemon.run(SUPERCTL, '-c', daemon.config, ...args);

const normalise = (daemon: Daemon, text: string): string =>
  text
    .replaceAll(daemon.dir, 'DIR')
    .replace(/pid \d+, uptime [0-9:]+/g, 'pid P, uptime U')
    .replace(/^[1-9]\d*$/gm, 'PID')
    .replace(/[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M/g, 'TIME');

const lines = (text: string): readonly string[] => text.split('\n');

/** What is compared of an answer. */
type View = (answer: Answer, text: string) => readonly (string | number)[];

const inOrder: View = ({ status }, text) => [...lines(text), status];
/** Results come as they complete, and the exit status is that of the last that failed. */
const inAnyOrder: View = ({ status }, text) => [...lines(text).toSorted(), status === 0 ? 'well' : 'failed'];
const firstLine: View = ({ status }, text) => [lines(text)[0] ?? '', status];

async function compare(pair: Pair, args: Invocation, view: View = inOrder): Promise<void> {
  const [theirs, ours] = await Promise.all([pair.theirs.supervisorctl(...args), superctl(pair.ours, args)]);
  const shown = args.join(' ');
  assert.deepEqual(
    [shown, ...view(ours, normalise(pair.ours, ours.stdout))],
    [shown, ...view(theirs, normalise(pair.theirs, theirs.stdout))],
  );
}

async function compareAll(pair: Pair, invocations: readonly Invocation[], view: View = inOrder): Promise<void> {
  for (const args of invocations) await compare(pair, args, view);
}

/** Both daemons at rest in the same states. */
async function startPair(directories: readonly [string, string]): Promise<Pair> {
  const [theirs, ours] = directories.map((dir) => new Daemon(dir, { config: CONFIG, program: 'supervisord' }));
  if (theirs === undefined || ours === undefined) throw new Error('two directories are wanted');
  await Promise.all([theirs, ours].map((daemon) => daemon.start()));
  await Promise.all(
    [theirs, ours].flatMap((daemon) =>
      ['cat', 'noisy', 'nolog', 'grp:a', 'pool:pool_01'].map((name) => daemon.reaches(name, 'RUNNING')),
    ),
  );
  return { theirs, ours };
}

suite('superctl beside supervisorctl', { skip: SKIP }, () => {
  test('every command prints the same and exits the same', async (t) => {
    const pair = await startPair([privateDirectory(t), privateDirectory(t)]);
    await compareAll(pair, SAME);
    await compareAll(pair, WITH_HELP, firstLine);
    await compareAll(pair, UNORDERED, inAnyOrder);
    await Promise.all([pair.theirs.stop(), pair.ours.stop()]);
  });

  test('a changed configuration is told and applied the same', async (t) => {
    const pair = await startPair([privateDirectory(t), privateDirectory(t)]);
    for (const daemon of [pair.theirs, pair.ours]) writeFileSync(daemon.config, CONTROL + CHANGED);
    await compareAll(pair, AFTER_THE_CHANGE);
    await Promise.all([pair.theirs.ended(), pair.ours.ended()]);
    // Nobody listens any more.
    await compareAll(pair, words('status\nversion\nstart cat\nshutdown'));
  });

  test('the shell prints the same', async (t) => {
    const pair = await startPair([privateDirectory(t), privateDirectory(t)]);
    const scripts = [
      'status cat\\nnope\\n\\npid nope\\n?  nope\\n!x\\nEOF\\nversion',
      'shutdown\\nn\\nreload\\nx\\nquit\\nstatus',
      'open unix:///nope\\nversion\\nexit foo',
      '  start   cat manual  \\nstop manual',
      '',
    ];
    for (const script of scripts) {
      const piped = `printf '${script}' | "$@"`;
      const [theirs, ours] = await Promise.all([
        pair.theirs.run('/bin/sh', '-c', piped, 'sh', '/usr/bin/supervisorctl', '-c', pair.theirs.config),
        pair.ours.run('/bin/sh', '-c', piped, 'sh', SUPERCTL, '-c', pair.ours.config),
      ]);
      assert.equal(normalise(pair.ours, ours.stdout), normalise(pair.theirs, theirs.stdout));
      assert.equal(ours.status, theirs.status);
    }
    await Promise.all([pair.theirs.stop(), pair.ours.stop()]);
  });

  test('options and failures exit the same; where supervisorctl shows its insides, superctl prints one line', async (t) => {
    const port = await freePort();
    const inet = `[inet_http_server]\nport=127.0.0.1:${port}\nusername=me\npassword=p:w\n`;
    const daemon = new Daemon(privateDirectory(t), { config: CONFIG + inet, program: 'supervisord' });
    await daemon.start();
    const url = `http://127.0.0.1:${port}`;
    const pair = { theirs: daemon, ours: daemon };
    await compareAll(pair, [
      ['-s', url, '-u', 'me', '-p', 'p:w', 'version'],
      ['-s', 'unix:///nope', 'status'],
      ['-s', 'unix:///nope', 'start'],
      ['-s', 'unix:///nope', 'shutdown'],
      ['-s', 'unix:///nope', 'open'],
      ['-s', 'http://127.0.0.1:1', 'tail'],
      ['-s', 'http://127.0.0.1:1', 'fg', 'a', 'b'],
      ['-s', 'a', 'status'],
      ['-i', '-i', 'status'],
      ['-i', 'version'],
      ['--serverurl'],
      ['--help=1'],
      ['-x'],
      ['-c', daemon.config, 'status'],
    ]);
    const oneLiners: readonly (readonly [Invocation, RegExp])[] = [
      [['-s', url, 'status'], /^Server requires authentication$/],
      [['-s', url, '-u', 'me', '-p', 'bad', 'reread'], /^Server requires authentication$/],
      [['-s', 'unix:///nope', 'reread'], /^error: unix:\/\/\/nope no such file$/],
      [['-s', 'http://127.0.0.1:1', 'avail'], /^error: http:\/\/127\.0\.0\.1:1 refused connection$/],
      [['-s', 'ftp://x', 'version'], /^error: Unknown protocol for serverurl ftp:\/\/x$/],
      [['-s', 'http://nohost.invalid:9', 'version'], /^error: http:\/\/nohost\.invalid:9 unknown host$/],
    ];
    for (const [args, line] of oneLiners) {
      const [theirs, ours] = await Promise.all([daemon.supervisorctl(...args), superctl(daemon, args)]);
      assert.match(ours.stdout.trimEnd(), line);
      assert.match(theirs.stdout, /^error: <class /m);
      assert.equal(ours.status, theirs.status);
    }
    await daemon.stop();
  });

  test('superctl is better on purpose', async (t) => {
    const daemon = new Daemon(privateDirectory(t), { config: CONFIG, program: 'supervisord' });
    await daemon.start();
    await daemon.reaches('grp:a', 'RUNNING');
    const better: readonly (readonly [Invocation, string, string])[] = [
      // A bare name stands for the group when no process has it.
      [['start', 'grp'], 'grp: ERROR (no such process)\n', 'grp:b: started\n'],
      // Groups can be cleared.
      [['clear', 'pool:*'], 'pool:None: ERROR (no such process)\n', 'pool:pool_00: cleared\npool:pool_01: cleared\n'],
    ];
    for (const [args, theirs, ours] of better) {
      assert.equal((await daemon.supervisorctl(...args)).stdout, theirs);
      assert.equal((await superctl(daemon, args)).stdout, ours);
    }
    await daemon.stop();
  });
});
