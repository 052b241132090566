/** The daemon process, line by line: start sequence, users, limits, files, exit codes. spec lifecycle 3 and 6 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type Answer, CHECKOUT, Daemon, environmentOf, privateDirectory, startDaemon } from '../support/daemon.ts';
import { isAlive } from '../support/processes.ts';
import { until } from '../support/until.ts';

const IS_REAL = process.env['TEST_DAEMON'] === 'supervisord';
const PROGRAM = IS_REAL ? '/usr/bin/supervisord' : `${CHECKOUT}/bin/superd`;
const NOBODY = 65_534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] as const;
const isRoot = process.getuid?.() === 0;
const needsRoot = isRoot ? false : 'only root can become somebody else';

const SLEEP = '[program:p]\ncommand=sleep 1000\n';
const NO_AUTH = "CRIT Server 'unix_http_server' running without any HTTP authentication checking";

/** A directory with a configuration; nothing runs yet. */
function prepare(t: TestContext, config: string, files: Readonly<Record<string, string>> = {}): Daemon {
  return new Daemon(privateDirectory(t), { config, files });
}

/** Runs the daemon to its end. */
function run(daemon: Daemon, ...args: readonly string[]): Promise<Answer> {
  const [command = PROGRAM, ...rest] = args[0] === 'setpriv' ? [...args, '-n'] : [PROGRAM, '-n', ...args];
  return daemon.run(command, ...rest, '-c', daemon.config);
}

const withoutTime = (log: string): readonly string[] =>
  log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\S+ \S+ /, '').replace(/pid \d+/, 'pid N'));

/** Starts the daemon in the background, as an init script does, and ends it with the test. */
async function background(daemon: Daemon, ...args: readonly string[]): Promise<Answer> {
  const answer = await daemon.run(PROGRAM, '-c', daemon.config, ...args);
  if (answer.status === 0) await until('the pidfile', () => existsSync(join(daemon.dir, 'main.pid')));
  return answer;
}

async function endBackground(daemon: Daemon): Promise<void> {
  const pid = Number(daemon.read('main.pid'));
  process.kill(pid, 'SIGTERM');
  await until('the daemon ends', () => !isAlive(pid));
}

describe('the start sequence', () => {
  test('is told in the order critical, warnings, infos, servers, background, pidfile', async (t) => {
    const daemon = prepare(
      t,
      `[supervisord]\nuser=%(ENV_TEST_USER)s\nminfds=1100\ndirectory=%(here)s/tmp\n[include]\nfiles=inc/*.conf none/*.conf\n`,
      { 'inc/p.conf': SLEEP },
    );
    const user = String(process.getuid?.());
    const limited = `ulimit -Sn 1024; export TEST_USER=${user}; exec ${PROGRAM} -c ${daemon.config}`;
    const { status, stdout, stderr } = await daemon.run('/bin/sh', '-c', limited);
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
    await until('p is up', () => daemon.log().includes('success: p '));
    await endBackground(daemon);
    assert.deepEqual(withoutTime(daemon.log()), [
      `WARN No file matches via include "${daemon.dir}/none/*.conf"`,
      `INFO Included extra file "${daemon.dir}/inc/p.conf" during parsing`,
      `INFO Set uid to user ${user} succeeded`,
      'INFO Increased RLIMIT_NOFILE limit to 1100',
      "INFO RPC interface 'supervisor' initialized",
      NO_AUTH,
      'INFO daemonizing the supervisord process',
      `INFO set current directory: '${daemon.dir}/tmp'`,
      'INFO supervisord started with pid N',
      "INFO spawned: 'p' with pid N",
      'INFO success: p entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)',
      'WARN received SIGTERM indicating exit request',
      'INFO waiting for p to die',
      'WARN stopped: p (terminated by SIGTERM)',
    ]);
    daemon.assertQuiet();
  });

  test('begins anew at SIGHUP, but in the same process, and raises no limits', async (t) => {
    const daemon = await startDaemon(t, {
      config: `[supervisord]\nuser=%(ENV_TEST_USER)s\n`,
      env: { TEST_USER: String(process.getuid?.()) },
    });
    process.kill(daemon.pid, 'SIGHUP');
    const started = `supervisord started with pid ${daemon.pid}`;
    await until('the second run', () => daemon.log().split(started).length === 3);
    const lines = withoutTime(daemon.log());
    const second = lines.slice(lines.indexOf('WARN received SIGHUP indicating restart request') + 1);
    assert.deepEqual(second, [
      `INFO Set uid to user ${process.getuid?.()} succeeded`,
      "INFO RPC interface 'supervisor' initialized",
      NO_AUTH,
      'INFO supervisord started with pid N',
    ]);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});

describe('going into the background', () => {
  test('applies umask and directory, leads a session, and keeps nothing of the terminal', async (t) => {
    const command = `sh -c 'umask; pwd; ls /proc/self/fd | wc -w; exec sleep 1000'`;
    const daemon = prepare(
      t,
      `[supervisord]\numask=027\ndirectory=%(here)s/tmp\n[program:p]\ncommand=${command}\nstdout_logfile=%(here)s/p.log\n`,
    );
    assert.equal((await background(daemon)).status, 0);
    await until('p speaks', () => existsSync(join(daemon.dir, 'p.log')) && daemon.read('p.log').split('\n').length > 3);
    // ls has a descriptor of its own.
    assert.equal(daemon.read('p.log'), `0027\n${daemon.dir}/tmp\n4\n`);
    const pid = Number(daemon.read('main.pid'));
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    assert.equal(stat[3], String(pid), 'its session');
    assert.equal(lstatSync(join(daemon.dir, 'main.pid')).mode & 0o777, 0o640, 'the pidfile obeys the umask');
    await endBackground(daemon);
    daemon.assertQuiet();
  });

  test('does not happen with nodaemon: umask and directory are ignored', async (t) => {
    const command = `sh -c 'umask; pwd; exec sleep 1000'`;
    const daemon = await startDaemon(t, {
      config: `[supervisord]\numask=077\ndirectory=%(here)s/tmp\n[program:p]\ncommand=${command}\nstdout_logfile=%(here)s/p.log\n`,
    });
    const mask = process.umask().toString(8).padStart(4, '0');
    await until('p speaks', () => existsSync(join(daemon.dir, 'p.log')) && daemon.read('p.log').split('\n').length > 2);
    assert.equal(daemon.read('p.log'), `${mask}\n${daemon.dir}\n`);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});

describe('user=', { skip: needsRoot }, () => {
  test('gives everything to the user before anything is opened', async (t) => {
    const daemon = prepare(
      t,
      '[supervisord]\nuser=nobody\n[program:p]\ncommand=sh -c "id -u; id -G; echo $HOME; exec sleep 1000"\nstdout_logfile=%(here)s/p.log\n',
    );
    chmodSync(daemon.dir, 0o777);
    chmodSync(join(daemon.dir, 'tmp'), 0o777);
    await daemon.start();
    await daemon.reaches('p', 'RUNNING');
    await until('p speaks', () => daemon.read('p.log').split('\n').length > 3);
    assert.equal(daemon.read('p.log'), `${NOBODY}\n${NOBODY}\n${daemon.dir}\n`);
    for (const file of ['main.log', 'main.pid', 'control.sock', 'p.log']) {
      assert.equal(lstatSync(join(daemon.dir, file)).uid, NOBODY, file);
    }
    assert.match(daemon.log(), /^\S+ \S+ INFO Set uid to user 65534 succeeded$/m);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('fails for whoever is not root, and only warns root about its absence', async (t) => {
    const daemon = prepare(t, '[supervisord]\nuser=root\n');
    chmodSync(daemon.dir, 0o777);
    const { status, stderr } = await run(daemon, ...AS_NOBODY, PROGRAM);
    assert.equal(status, 2);
    assert.equal(stderr, `Error: Can't drop privilege as nonroot user\nFor help, use ${PROGRAM} -h\n`);
    assert.equal(existsSync(join(daemon.dir, 'main.log')), false);

    const second = await startDaemon(t, { config: '' });
    assert.match(
      withoutTime(second.log())[0] ?? '',
      /^CRIT Supervisor is running as root. {2}Privileges were not dropped because no user is specified in the config file\./,
    );
    assert.equal(await second.stop(), 0);
  });

  test('of a user who does not exist is an error', async (t) => {
    const daemon = prepare(t, '[supervisord]\nuser=no-such-user\n');
    const { status, stderr } = await run(daemon);
    assert.equal(status, 2);
    assert.match(stderr, /^Error: Invalid user name no-such-user/);
  });

  test('of a program changes groups too, but neither HOME nor USER', async (t) => {
    const daemon = await startDaemon(t, {
      config:
        '[program:p]\nuser=nobody\ncommand=sh -c "id -u; id -G; echo $HOME $USER; exec sleep 1000"\nstdout_logfile=%(here)s/p.log\n',
      env: { USER: 'me' },
    });
    await until('p speaks', () => existsSync(join(daemon.dir, 'p.log')) && daemon.read('p.log').split('\n').length > 3);
    assert.equal(daemon.read('p.log'), `${NOBODY}\n${NOBODY}\n${daemon.dir} me\n`);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});

describe('minfds and minprocs', { skip: needsRoot }, () => {
  for (const [key, pattern] of [
    ['minfds', /^Error: The minimum number of file descriptors required to run this process is 1000000 /],
    ['minprocs', /^Error: The minimum number of available processes required to run this program is 1000000 /],
  ] as const) {
    test(`${key} beyond what the system allows is an error`, async (t) => {
      const daemon = prepare(t, `[supervisord]\n${key}=1000000\n`);
      chmodSync(daemon.dir, 0o777);
      const limits = ['--nofile=1024:4096', '--nproc=1000:2000'];
      const { status, stderr } = await daemon.run(
        'prlimit',
        ...limits,
        ...AS_NOBODY,
        PROGRAM,
        '-n',
        '-c',
        daemon.config,
      );
      assert.equal(status, 2);
      assert.match(stderr, pattern);
    });
  }

  test('are inherited by the programs', async (t) => {
    const daemon = prepare(
      t,
      '[supervisord]\nminfds=1234\n[program:p]\ncommand=sh -c "ulimit -n; exec sleep 1000"\nstdout_logfile=%(here)s/p.log\n',
    );
    const daemonized = await daemon.run('prlimit', '--nofile=1024:4096', PROGRAM, '-c', daemon.config);
    assert.equal(daemonized.status, 0);
    await until('p speaks', () => existsSync(join(daemon.dir, 'p.log')) && daemon.read('p.log') !== '');
    assert.equal(daemon.read('p.log'), '1234\n');
    await endBackground(daemon);
    daemon.assertQuiet();
  });
});

describe('files of the daemon', () => {
  test('a pidfile that cannot be written is CRIT, and everything runs on', async (t) => {
    const daemon = prepare(t, '[supervisord]\npidfile=%(here)s/folder\n');
    mkdirSync(join(daemon.dir, 'folder'));
    await daemon.start();
    const lines = withoutTime(daemon.log());
    assert.ok(lines.includes(`CRIT could not write pidfile ${daemon.dir}/folder`));
    assert.ok(!lines.some((line) => line.includes('supervisord started')));
    assert.equal(await daemon.stop(), 0);
  });

  test('a stale socket is replaced, and that is said', async (t) => {
    const daemon = prepare(t, SLEEP);
    // A socket file that nobody listens on any more: its server was killed.
    const server = `import socket; s = socket.socket(socket.AF_UNIX); s.bind('${daemon.socket}')`;
    assert.equal((await daemon.run('python3', '-c', server)).status, 0);
    assert.ok(lstatSync(daemon.socket).isSocket());
    await daemon.start();
    assert.ok(daemon.output().split('\n').includes(`Unlinking stale socket ${daemon.socket}`));
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('a live socket or port ends the start with status 2, and harms nobody', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const before = await daemon.reaches('p', 'RUNNING');
    const { status, stderr } = await run(daemon);
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^Error: Another program is already listening on a port that one of our HTTP servers is configured to use\./m,
    );
    assert.deepEqual((await daemon.status('p')).pid, before.pid);
    assert.equal(Number(daemon.read('main.pid')), daemon.pid);
    assert.equal(await daemon.stop(), 0);

    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    assert.ok(typeof address === 'object' && address !== null);
    const other = prepare(t, `[inet_http_server]\nport=127.0.0.1:${address.port}\n`);
    const second = await run(other);
    taken.close();
    assert.equal(second.status, 2);
    assert.match(second.stderr, /^Error: Another program is already listening/m);
    other.assertQuiet();
  });

  test('a server that cannot be opened is named by its errno', async (t) => {
    for (const [config, reported] of [
      ['[unix_http_server]\nfile=%(here)s/no/c.sock\n', 'errno.ENOENT (2)'],
      ['[inet_http_server]\nport=192.0.2.1:9\nallow_anonymous=true\n', 'errno.EADDRNOTAVAIL (99)'],
    ] as const) {
      const { status, stderr } = await run(prepare(t, config));
      assert.equal(status, 2);
      assert.equal(stderr.split('\n')[0], `Error: Cannot open an HTTP server: socket.error reported ${reported}`);
    }
  });

  test('a socket that may not be given away ends the start', { skip: needsRoot }, async (t) => {
    const daemon = prepare(t, '[unix_http_server]\nchown=root:root\n');
    chmodSync(daemon.dir, 0o777);
    const { status, stderr } = await run(daemon, ...AS_NOBODY, PROGRAM);
    assert.equal(status, 2);
    assert.ok(stderr.startsWith(`Error: Not permitted to chown ${daemon.socket} to uid/gid (0, 0)`), stderr);
  });

  test('chmod and chown of the socket', { skip: needsRoot }, async (t) => {
    const daemon = await startDaemon(t, { config: '[unix_http_server]\nchmod=0640\nchown=nobody:root\n' });
    const { mode, uid, gid } = lstatSync(daemon.socket);
    assert.deepEqual([mode & 0o777, uid, gid], [0o640, NOBODY, 0]);
    assert.equal(await daemon.stop(), 0);
  });

  test('a main log that cannot be opened ends the start with status 1', async (t) => {
    const daemon = prepare(t, '[supervisord]\nlogfile=%(here)s/folder\n');
    mkdirSync(join(daemon.dir, 'folder'));
    assert.equal((await run(daemon)).status, 1);
    daemon.assertQuiet();
  });

  test('AUTO logs of the same identifier are removed at the start, unless nocleanup', async (t) => {
    const old = 'p-stdout---mine-abcdefgh.log';
    const names = [old, `${old}.1`, 'p-stdout---other-abcdefgh.log', 'p.log'];
    const files = Object.fromEntries(names.map((name) => [`tmp/${name}`, 'old']));
    for (const nocleanup of [false, true]) {
      const daemon = await startDaemon(t, {
        config: `[supervisord]\nidentifier=mine\nnocleanup=${nocleanup}\n${SLEEP}`,
        files,
      });
      const left = readdirSync(join(daemon.dir, 'tmp'));
      for (const name of names) assert.equal(left.includes(name), nocleanup || !name.includes('mine'), name);
      const made = left.filter((name) => /^p-(stdout|stderr)---mine-[a-z0-9_]{8}\.log$/.test(name) && name !== old);
      assert.equal(made.length, 2);
      for (const name of made) assert.equal(lstatSync(join(daemon.dir, 'tmp', name)).mode & 0o777, 0o600);
      assert.equal(await daemon.rpc('supervisor.getIdentification'), 'mine');
      assert.equal(await daemon.stop(), 0);
    }
  });
});

describe('the main log', () => {
  test('goes to stdout too in the foreground, unless silent', async (t) => {
    for (const silent of [false, true]) {
      const daemon = await startDaemon(t, { config: `[supervisord]\nsilent=${silent}\n` });
      assert.equal(await daemon.stop(), 0);
      const own = daemon
        .output()
        .split('\n')
        .filter((line) => !line.startsWith('Unlinking'));
      assert.equal(own.join('\n'), silent ? '' : daemon.log());
      assert.match(daemon.log(), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} /);
    }
  });

  test('holds what its level allows', async (t) => {
    const seen = new Map<string, ReadonlySet<string>>();
    for (const level of ['critical', 'error', 'warn', 'info', 'debug']) {
      const daemon = await startDaemon(t, { config: `[supervisord]\nloglevel=${level}\n${SLEEP}` });
      await daemon.reaches('p', 'RUNNING');
      assert.equal(await daemon.stop(), 0);
      seen.set(level, new Set(withoutTime(daemon.log()).map((line) => line.slice(0, 4))));
    }
    assert.deepEqual(
      [...seen].map(
        ([level, codes]) =>
          `${level}: ${[...codes]
            .filter((code) => /^[A-Z]{4}$/.test(code))
            .sort()
            .join()}`,
      ),
      ['critical: CRIT', 'error: CRIT', 'warn: CRIT,WARN', 'info: CRIT,INFO,WARN', 'debug: CRIT,DEBG,INFO,WARN'],
    );
  });
});

describe('a program of the daemon', () => {
  test('gets the environment in the order of spec lifecycle 3.2', async (t) => {
    const daemon = await startDaemon(t, {
      config: `
[supervisord]
environment=A="daemon",B="daemon",SUPERVISOR_GROUP_NAME="daemon"
[program:p]
command=sh -c "env | sort; exec sleep 1000"
environment=B="program",SUPERVISOR_PROCESS_NAME="program"
stdout_logfile=%(here)s/p.log
[program:q]
command=sh -c "env | sort; exec sleep 1000"
serverurl=http://elsewhere:1
stdout_logfile=%(here)s/q.log
`,
      env: { A: 'own', C: 'own', SUPERVISOR_ENABLED: 'own' },
    });
    const environment = async (name: string): Promise<Readonly<Record<string, string>>> => {
      await daemon.reaches(name, 'RUNNING');
      const lines = await until(
        `${name} speaks`,
        () => daemon.read(`${name}.log`).includes('TZ=') && daemon.read(`${name}.log`),
      );
      return Object.fromEntries(
        lines.split('\n').map((line) => [line.split('=')[0] ?? '', line.replace(/^[^=]*=/, '')]),
      );
    };
    const p = await environment('p');
    const q = await environment('q');
    const pick = (from: Readonly<Record<string, string>>): unknown =>
      ['A', 'B', 'C', 'ENABLED', 'SERVER_URL', 'PROCESS_NAME', 'GROUP_NAME'].map(
        (name) => from[name.length > 1 ? `SUPERVISOR_${name}` : name],
      );
    assert.deepEqual(pick(p), ['daemon', 'program', 'own', '1', `unix://${daemon.socket}`, 'program', 'daemon']);
    assert.deepEqual(pick(q), ['daemon', 'daemon', 'own', '1', 'http://elsewhere:1', 'q', 'daemon']);
    for (const name of Object.keys(p))
      assert.ok(!name.startsWith('SUPERD_') || ['SUPERD_TEST', 'SUPERD_COOKIE'].includes(name), name);
    assert.equal(await daemon.stop(), 0);
  });

  test('leads its process group, has three descriptors, default signals, and a stdin that never ends', async (t) => {
    const script =
      'import os,sys,time\nprint(os.getpgid(0)==os.getpid(), sorted(os.listdir("/proc/self/fd"))[:4])\nfor l in open("/proc/self/status"):\n  if l.startswith(("SigBlk","SigIgn")): print(l.strip())\nsys.stdout.flush()\nsys.stdin.read()\n';
    const daemon = await startDaemon(t, {
      config: '[program:p]\ncommand=python3 -S p.py\nstdout_logfile=%(here)s/p.log\n',
      files: { 'p.py': script },
    });
    await daemon.reaches('p', 'RUNNING');
    await until('p speaks', () => daemon.read('p.log').includes('SigIgn'));
    // Python itself ignores SIGPIPE and SIGXFSZ, and has the listing open.
    assert.equal(
      daemon.read('p.log').replaceAll('\t', ' '),
      "True ['0', '1', '2', '3']\nSigBlk: 0000000000000000\nSigIgn: 0000000001001000\n",
    );
    assert.equal(await daemon.stop(), 0);
  });

  test('that cannot be run says why on its stderr, in the exact words', async (t) => {
    const daemon = prepare(
      t,
      `
[program:where]
command=sleep 1000
directory=%(here)s/no
startretries=0
stderr_logfile=%(here)s/where.log
[program:what]
command=%(here)s/broken
startretries=0
stderr_logfile=%(here)s/what.log
`,
      { broken: 'no interpreter\n' },
    );
    writeFileSync(join(daemon.dir, 'broken'), '\u0000\u0001\u0002 nothing that any shell would take');
    chmodSync(join(daemon.dir, 'broken'), 0o755);
    await daemon.start();
    await daemon.reaches('where', 'FATAL');
    const rest = 'supervisor: child process was not spawned\n';
    assert.equal(daemon.read('where.log'), `supervisor: couldn't chdir to ${daemon.dir}/no: ENOENT\n${rest}`);
    assert.match(daemon.log(), /WARN exited: where \(exit status 127; not expected\)/);
    await daemon.reaches('what', 'FATAL');
    assert.match(daemon.log(), /WARN exited: what \(exit status 12[67]; not expected\)/);
    assert.equal(await daemon.stop(), 0);
  });

  test('of another user that cannot be reached says EACCES', { skip: needsRoot }, async (t) => {
    const daemon = prepare(
      t,
      `
[program:exec]
command=%(here)s/mine
user=nobody
startretries=0
stderr_logfile=%(here)s/exec.log
[program:chdir]
command=sleep 1000
directory=%(here)s/closed
user=nobody
startretries=0
stderr_logfile=%(here)s/chdir.log
`,
      { mine: '#!/bin/sh\n' },
    );
    chmodSync(daemon.dir, 0o755);
    chmodSync(join(daemon.dir, 'mine'), 0o700);
    mkdirSync(join(daemon.dir, 'closed'), { mode: 0o700 });
    await daemon.start();
    await daemon.reaches('exec', 'FATAL');
    await daemon.reaches('chdir', 'FATAL');
    const rest = 'supervisor: child process was not spawned\n';
    assert.equal(daemon.read('exec.log'), `supervisor: couldn't exec ${daemon.dir}/mine: EACCES\n${rest}`);
    assert.equal(daemon.read('chdir.log'), `supervisor: couldn't chdir to ${daemon.dir}/closed: EACCES\n${rest}`);
    assert.equal(await daemon.stop(), 0);
  });

  test('of another user that root alone may start says so when superd is not root', { skip: needsRoot }, async (t) => {
    const daemon = prepare(
      t,
      '[program:p]\ncommand=sleep 1000\nuser=root\nstartretries=0\nstderr_logfile=%(here)s/p.log\n',
    );
    chownSync(daemon.dir, NOBODY, NOBODY);
    chownSync(join(daemon.dir, 'tmp'), NOBODY, NOBODY);
    const child = spawnAsNobody(daemon);
    await until('p is FATAL', () =>
      daemon.status('p').then(
        ({ state }) => state === 'FATAL',
        () => false,
      ),
    );
    assert.equal(
      daemon.read('p.log'),
      `supervisor: couldn't setuid to 0: Can't drop privilege as nonroot user\nsupervisor: child process was not spawned\n`,
    );
    child.kill('SIGTERM');
    await until('the daemon ends', () => child.exitCode !== null);
    daemon.assertQuiet();
  });
});

/** The daemon in the foreground, as nobody. */
function spawnAsNobody(daemon: Daemon): ChildProcess {
  const [command, ...args] = [...AS_NOBODY, PROGRAM, '-n', '-c', daemon.config];
  return spawn(command, args, { cwd: daemon.dir, env: environmentOf(daemon.dir), stdio: 'ignore' });
}

describe('exit codes and options', () => {
  const OPTIONS: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['--foo'], 2, /^Error: option --foo not recognized\nFor help, use \S+ -h\n$/],
    [['--nodaemon=1'], 2, /^Error: option --nodaemon must not have an argument\n/],
    [['-n', '-n'], 2, /^Error: conflicting command line option '-n'\n/],
    [['a', 'b'], 2, /^Error: positional arguments are not supported: \['a', 'b'\]\n/],
    [['-z', 'x'], 2, /^Error: invalid value for -z 'x': invalid literal for int\(\) with base 10: 'x'\n/],
    [['-c', '/no/such/file'], 2, /^Error: could not find config file \/no\/such\/file\n/],
    [['-c'], 2, /^Error: option -c requires argument\n/],
    [['-e', 'loud', '-c', '%'], 2, /^Error: invalid value for -e 'loud': bad logging level name 'loud'\n/],
    [['-v'], 0, /^$/],
    [['-h'], 0, /^$/],
  ];
  test('are those of supervisord', async (t) => {
    const daemon = prepare(t, '');
    for (const [given, expected, pattern] of OPTIONS) {
      const args = given.map((word) => (word === '%' ? daemon.config : word));
      const { status, stderr } = await daemon.run(PROGRAM, ...args);
      assert.equal(status, expected, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, pattern);
    }
  });

  test('the command line beats the file, also after a restart', async (t) => {
    const daemon = prepare(t, '[supervisord]\nidentifier=file\nloglevel=info\n');
    await daemon.start('-i', 'line', '--loglevel=debug');
    assert.equal(await daemon.rpc('supervisor.getIdentification'), 'line');
    process.kill(daemon.pid, 'SIGHUP');
    await until('the second run', () => daemon.log().split('supervisord started').length === 3);
    assert.equal(await daemon.rpc('supervisor.getIdentification'), 'line');
    assert.equal(await daemon.stop(), 0);
  });
});
