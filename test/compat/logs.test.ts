/** The logs of programs beside supervisord: which files there are, and every byte in them. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite, test } from 'node:test';
import type { Daemon } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';
import { call, program, RECORDER, recorded, section, startBoth, written } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

/** A program that says something once and stays. `script` is what it says, as a file. */
const says = (name: string, ...lines: readonly string[]): string =>
  program(name, `sh %(here)s/${name}.sh`, 'startsecs=0', 'autorestart=false', ...lines);

/** Everything in the files whose name begins with a prefix: their names and contents. */
const files = (daemon: Daemon, prefix: string): readonly (readonly [string, string])[] =>
  readdirSync(daemon.dir)
    .filter((name) => name.startsWith(prefix))
    .sort()
    .map((name) => [name, readFileSync(join(daemon.dir, name), 'latin1')]);

/** As `files`, while they may be being rotated. */
function look(daemon: Daemon, prefix: string): string {
  try {
    return JSON.stringify(files(daemon, prefix));
  } catch {
    return '';
  }
}

/** Sends lines through a `cat`, and waits for each until its log shows it. */
async function feed(daemon: Daemon, name: string, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const before = look(daemon, `${name}.log`);
    await daemon.rpc('supervisor.sendProcessStdin', name, `${line}\n`);
    await until(`${line} in the log of ${name}`, () => look(daemon, `${name}.log`) !== before);
    // Its turn is over when it answers.
    await daemon.rpc('supervisor.getState');
  }
}

const LINES = Array.from({ length: 12 }, (_, n) => `line ${String(n).padStart(2, '0')} ${'.'.repeat(30)}`);

const ROTATING: Readonly<Record<string, readonly string[]>> = {
  three: ['stdout_logfile_maxbytes=100', 'stdout_logfile_backups=3'],
  one: ['stdout_logfile_maxbytes=100', 'stdout_logfile_backups=1'],
  truncated: ['stdout_logfile_maxbytes=100', 'stdout_logfile_backups=0'],
  unlimited: ['stdout_logfile_maxbytes=0'],
  each: ['stdout_logfile_maxbytes=1', 'stdout_logfile_backups=11'],
  exact: ['stdout_logfile_maxbytes=80', 'stdout_logfile_backups=2'],
};

const BEGIN = '<!--XSUPERVISOR:BEGIN-->';
const END = '<!--XSUPERVISOR:END-->';

/** What programs print: shell scripts. The long words keep clear of a fault (lifecycle 7.6: short output is held back). */
const SCRIPTS: Readonly<Record<string, string>> = {
  both: 'echo to stdout; echo to stderr >&2',
  merged: 'echo to stdout; echo to stderr >&2',
  none: 'echo nowhere; echo nowhere either >&2',
  auto: 'echo to stdout; echo to stderr >&2',
  raw: `printf 'a\\000b\\377c\\303\\050\\033[1mbold\\r\\n\\342\\230\\203 no newline at the end'`,
  ansi: `printf 'a\\033[31mred\\033[0m b\\033[2Kc \\033[1;32;40mgreen\\033[m d\\n'`,
  sameerr: 'echo one; sleep 0.3; echo two >&2',
  capture: `echo before the capture begins, long enough; printf '${BEGIN}captured data${END}'; echo after the capture has ended, long enough`,
  split: `echo a line before it, which is long enough; printf '<!--XSUPERV'; sleep 0.4; printf 'ISOR:BEGIN-->split into parts longer than a token '; sleep 0.4; printf 'data that is longer than a token too<!--XSUPERVISOR'; sleep 0.4; printf ':END-->'; echo a line after it, which is long enough`,
  twice: `printf '${BEGIN}first${END}${BEGIN}second${END}'; echo the rest of the output, which is long enough`,
  erronly: `printf '${BEGIN}on stderr${END}' >&2; echo something on stderr that is long enough >&2; sleep 0.4; echo something on stdout that is long enough`,
  nocapture: `printf '${BEGIN}plain${END}\\n'`,
  nothing: `printf '${BEGIN}${END}'; echo the rest of the output, which is long enough`,
  logged: 'echo out; sleep 0.5; echo err >&2; sleep 0.5; printf "\\342\\230\\203\\n"; sleep 0.5; printf "\\377\\n"',
  devnull: 'echo gone; echo gone >&2',
};

suite('logs', needs('supervisord', 'python3'), () => {
  test('output, capture and events', async (t) => {
    const config = [
      '[supervisord]\nloglevel=debug\nidentifier=logs\n',
      section(
        'eventlistener:recorder',
        'command=python3 %(here)s/recorder.py events.jsonl',
        'events=PROCESS_LOG,PROCESS_COMMUNICATION,REMOTE_COMMUNICATION',
        'buffer_size=1000',
        'startsecs=0',
      ),
      says('both', 'stdout_logfile=%(here)s/both.log', 'stderr_logfile=%(here)s/both.err'),
      says('merged', 'redirect_stderr=true', 'stdout_logfile=%(here)s/merged.log'),
      says('none', 'stdout_logfile=NONE', 'stderr_logfile=off'),
      says('auto', 'stdout_logfile=AUTO'),
      says('raw', 'stdout_logfile=raw.log'),
      says(
        'sameerr',
        'stdout_logfile=%(here)s/sameerr.log',
        'stderr_logfile=%(here)s/sameerr.log',
        'stdout_logfile_maxbytes=0',
        'stderr_logfile_maxbytes=0',
      ),
      ...['capture', 'split', 'twice', 'nothing'].map((name) =>
        says(name, `stdout_logfile=%(here)s/${name}.log`, 'stdout_capture_maxbytes=1MB'),
      ),
      says(
        'erronly',
        'stdout_logfile=%(here)s/erronly.log',
        'stderr_logfile=%(here)s/erronly.log.err',
        'stderr_capture_maxbytes=1MB',
      ),
      says('nocapture', 'stdout_logfile=%(here)s/nocapture.log'),
      says('logged', 'stdout_events_enabled=true', 'stderr_events_enabled=true', 'stdout_logfile=%(here)s/logged.log'),
      says(
        'devnull',
        'stdout_logfile=/dev/null',
        'stderr_logfile=/dev/stderr',
        'stderr_logfile_maxbytes=0',
        'stdout_logfile_maxbytes=0',
      ),
      program('idle', 'cat', 'autostart=false'),
    ].join('');
    const scripts = Object.fromEntries(Object.entries(SCRIPTS).map(([name, text]) => [`${name}.sh`, `${text}\n`]));
    const pair = await startBoth(t, { config, files: { ...scripts, 'recorder.py': RECORDER } });
    const running = Object.keys(SCRIPTS).filter((name) => name !== 'ansi');
    await pair.both(async (daemon) => {
      for (const name of running) await daemon.reaches(name, 'EXITED');
      await daemon.rpc('supervisor.sendRemoteCommEvent', 'done', '');
      await until('the last event', () => recorded(daemon).some(({ payload }) => payload.startsWith('type:done')));
    });
    for (const name of running) {
      await pair.same(`${name}: files and contents`, (daemon) => files(daemon, `${name}.log`));
      await pair.same(`${name}: debug copies in the main log`, (daemon) => copies(daemon, name));
      await pair.same(`${name}: events`, (daemon) =>
        recorded(daemon)
          .filter(({ payload }) => payload.startsWith(`processname:${name} `))
          .map(({ header, payload }) => [header['eventname'], payload]),
      );
    }
    await pair.both((daemon) => assert.match(copies(daemon, 'merged').join(), /to stdout\nto stderr/));
    await pair.same('separate stderr', (daemon) => files(daemon, 'both.err'));
    await pair.same('/dev/stderr of the daemon', (daemon) =>
      daemon
        .output()
        .split('\n')
        .filter((line) => line === 'gone'),
    );
    for (const name of ['auto', 'merged', 'none', 'idle', 'raw', 'devnull']) {
      await pair.same(`${name}: names of its logs`, (daemon) => daemon.rpc('supervisor.getProcessInfo', name));
    }
    await pair.same('AUTO logs: names, modes and sizes', (daemon) =>
      readdirSync(join(daemon.dir, 'tmp'))
        .filter((name) => name.endsWith('.log') && !name.startsWith('recorder-stdout'))
        .map((name) => {
          const { mode, size } = statSync(join(daemon.dir, 'tmp', name));
          return `${basename(name)} ${mode.toString(8)} ${size}`;
        })
        .sort(),
    );
    await pair.same('AUTO log read by RPC', (daemon) => call(daemon, 'supervisor.readProcessStdoutLog', 'auto', 0, 0));
    await pair.same('log with odd bytes read by RPC', (daemon) =>
      call(daemon, 'supervisor.readProcessStdoutLog', 'split', 0, 0),
    );
    await pair.same('clearAllProcessLogs', (daemon) => call(daemon, 'supervisor.clearProcessLogs', 'idle'));
  });

  test('rotation, clear and reopen', async (t) => {
    const config = Object.entries(ROTATING).map(([name, lines]) =>
      program(name, 'cat', 'startsecs=0', `stdout_logfile=%(here)s/${name}.log`, ...lines),
    );
    const pair = await startBoth(t, {
      config: config.join(''),
      files: { 'exact.log': 'an old log that is too long already'.repeat(5) },
    });
    await pair.both(async (daemon) => {
      for (const name of Object.keys(ROTATING)) await daemon.reaches(name, 'RUNNING');
      await Promise.all(Object.keys(ROTATING).map((name) => feed(daemon, name, LINES)));
    });
    for (const name of Object.keys(ROTATING)) {
      await pair.same(`${name}: files after rotation`, (daemon) => files(daemon, `${name}.log`));
      await pair.same(`${name}: read by RPC`, (daemon) => call(daemon, 'supervisor.readProcessStdoutLog', name, 0, 0));
      await pair.same(`${name}: tailed by RPC`, (daemon) =>
        call(daemon, 'supervisor.tailProcessStdoutLog', name, 0, 50),
      );
    }
    for (const name of ['three', 'unlimited']) {
      await pair.same(`${name}: clear`, (daemon) => call(daemon, 'supervisor.clearProcessLogs', name));
      await pair.same(`${name}: files after clear`, (daemon) => files(daemon, `${name}.log`));
      await pair.both((daemon) => feed(daemon, name, ['after clear']));
      await pair.same(`${name}: files after clear and output`, (daemon) => files(daemon, `${name}.log`));
    }
    await pair.both(async (daemon) => {
      for (const name of ['one.log', 'main.log']) renameSync(join(daemon.dir, name), join(daemon.dir, `${name}.moved`));
      await feed(daemon, 'one', ['to the moved file']);
    });
    await pair.same('one: output follows a renamed file', (daemon) => files(daemon, 'one.log'));
    await pair.both(async (daemon) => {
      process.kill(daemon.pid, 'SIGUSR2');
      await until(
        'the logs are reopened',
        () => existsSync(join(daemon.dir, 'one.log')) && existsSync(join(daemon.dir, 'main.log')),
      );
      await feed(daemon, 'one', ['to the new file']);
    });
    await pair.same('one: files after SIGUSR2', (daemon) => files(daemon, 'one.log'));
    await pair.same('main log: what SIGUSR2 leaves in the old one', (daemon) =>
      daemon
        .read('main.log.moved')
        .split('\n')
        .filter((line) => /SIGUSR2|logreopen/.test(line)),
    );
    await pair.same('main log: what is in the new one', (daemon) => daemon.log());
    await pair.same('clearLog', (daemon) => call(daemon, 'supervisor.clearLog'));
    await pair.same('main log after clearLog', (daemon) => daemon.log());
    await pair.same('readLog after clearLog', (daemon) => call(daemon, 'supervisor.readLog', 0, 0));
  });

  test('strip_ansi', async (t) => {
    const config = `[supervisord]\nstrip_ansi=true\n${says('ansi', 'stdout_logfile=%(here)s/ansi.log')}`;
    const pair = await startBoth(t, { config, files: { 'ansi.sh': `${SCRIPTS['ansi']}\n` } });
    await pair.both((daemon) => written(daemon, 'ansi.log', (text) => text.endsWith('\n')));
    await pair.same('escape sequences are removed', (daemon) => files(daemon, 'ansi.log'));
  });
});

/** The lines of the main log that say what a program printed, with what they carry. */
function copies(daemon: Daemon, name: string): readonly string[] {
  const joined: { readonly head: string; body: string }[] = [];
  for (const record of daemon.log().split(/^(?=\d{4}-\d\d-\d\d )/m)) {
    const [, head, body] = /^\S+ \S+ (DEBG '[^']*' .*\n)([^]*)\n$/.exec(record) ?? [];
    if (head === undefined || body === undefined || !head.startsWith(`DEBG '${name}' `)) continue;
    const last = joined.at(-1);
    // How many reads it took is a matter of chance.
    if (last?.head === head) last.body += body;
    else joined.push({ head, body });
  }
  return joined.map(({ head, body }) => head + body);
}
