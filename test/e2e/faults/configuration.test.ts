/** Cases of the field survey (D3) that concern what people write into configurations. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CHECKOUT, CONTROL, startDaemon } from '../../support/daemon.ts';
import { program } from '../../support/faults.ts';
import { until } from '../../support/until.ts';

const SLEEP = program('sleep', 'sleep 1000');

/** What makes a configuration unusable, and what is said about it. */
const BROKEN: readonly (readonly [what: string, text: string | Uint8Array, answer: RegExp])[] = [
  ['a bad value', `${SLEEP}startsecs=ten\n`, /superd\.conf:\d+.*startsecs/],
  ['no command', '[program:x]\nautostart=true\n', /superd\.conf:\d+.*command/],
  ['a lone percent sign', program('x', 'echo 100%'), /superd\.conf:\d+.*command/],
  ['an unknown expansion', program('x', 'echo %(nothing)s'), /superd\.conf:\d+.*nothing/],
  ['a line that is none', 'this is no configuration\n', /superd\.conf:1/],
  ['noise', Buffer.from(Array.from({ length: 4000 }, (_, at) => (at * 7919 + 128) % 256)), /superd\.conf/],
  ['a group of nobody', '[group:g]\nprograms=nobody\n', /superd\.conf:\d+.*nobody/],
];

describe('a configuration', { concurrency: 3 }, () => {
  test('D3 #26 that is broken is refused with its line, by check, reread and SIGHUP, and everything stays as it was', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    const superd = join(CHECKOUT, 'bin/superd');
    const hups = (): number => daemon.log().split('CRIT cannot restart').length - 1;
    for (const [what, text, answer] of BROKEN) {
      const control = what === 'a line that is none' ? '' : CONTROL;
      writeFileSync(daemon.config, Buffer.concat([Buffer.from(control), Buffer.from(text)]));
      const checked = await daemon.run(superd, '--check', '-c', daemon.config);
      assert.equal(checked.status, 2, what);
      assert.match(checked.stderr, answer, what);
      const fault = await daemon.rpc('supervisor.reloadConfig').then(
        () => 'none',
        (error: unknown) => String(error),
      );
      assert.match(fault, /92 CANT_REREAD/, what);
      const before = hups();
      process.kill(daemon.pid, 'SIGHUP');
      await until('the refusal', () => hups() > before);
      assert.equal((await daemon.status('sleep')).pid, pid, what);
    }
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #26 with a byte order mark, comments, unknown keys, globs without match and loops of includes is read', async (t) => {
    const odd = [
      `\uFEFF${CONTROL.trimStart()}`,
      '[include]\nfiles=none/*.conf superd.conf more/*.ini\n',
      '[program:odd]\ncommand=sh -c "echo a;exec sleep 1000" ; a comment\nfuture_key=1\nenvironment=A="x;y",B="100%%"\n',
    ].join('\n');
    const daemon = await startDaemon(t, {
      config: SLEEP,
      files: { 'more/a.ini': '[program:more]\ncommand=sleep 1001\n[include]\nfiles=*.ini\n' },
    });
    await daemon.reaches('sleep', 'RUNNING');
    writeFileSync(daemon.config, odd);
    const checked = await daemon.run(join(CHECKOUT, 'bin/superd'), '--check', '-c', daemon.config);
    assert.equal(checked.status, 0, checked.stderr);
    assert.match(checked.stderr, /superd\.conf:\d+: \[program:odd\] future_key: /);
    const updated = await daemon.superctl('update');
    assert.equal(updated.status, 0, updated.stdout + updated.stderr);
    await daemon.reaches('odd', 'RUNNING');
    await daemon.reaches('more', 'RUNNING');
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #26 with a NUL, or a quote that does not end, is the trouble of one program only', async (t) => {
    const never = 'startretries=0';
    const daemon = await startDaemon(t, {
      config:
        SLEEP +
        program('word', 'cat\0now', never) +
        program('variable', 'sleep 1000', 'environment=A="x\0y"', never) +
        program('folder', 'sleep 1000', 'directory=/tmp\0x', never) +
        program('quote', "sh -c 'echo", never),
    });
    for (const name of ['word', 'variable', 'folder', 'quote']) await daemon.reaches(name, 'FATAL');
    assert.equal((await daemon.status('quote')).description, `can't parse command "sh -c 'echo": No closing quotation`);
    await daemon.reaches('sleep', 'RUNNING');
    assert.doesNotMatch(daemon.log(), /bug/);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #26 of ten megabytes is read in bounded time, while programs and clients go on', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    const filler = `; ${'x'.repeat(1022)}\n`.repeat(10 * 1024);
    writeFileSync(daemon.config, `${CONTROL}${SLEEP}${filler}`);
    const began = performance.now();
    const answer = await daemon.superctl('reread');
    assert.equal(answer.stdout, 'No config updates to processes\n');
    assert.ok(performance.now() - began < 20_000);
    assert.equal((await daemon.status('sleep')).pid, pid);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #27 that is half written when the update comes changes nothing', async (t) => {
    const wanted = `${CONTROL}${SLEEP}${program('new', 'sleep 1001', 'startsecs=1', 'environment=A="b"')}`;
    const daemon = await startDaemon(t, { config: SLEEP });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    for (const end of ['[program:new]', 'command', '\nstartse', 'environment=A="b']) {
      writeFileSync(daemon.config, wanted.slice(0, wanted.indexOf(end) + end.length));
      const updated = await daemon.superctl('update');
      assert.notEqual(updated.status, 0, `${end}: ${updated.stdout}`);
      assert.equal((await daemon.superctl('status')).stdout.trim().split('\n').length, 1, end);
    }
    writeFileSync(daemon.config, wanted);
    assert.equal((await daemon.superctl('update')).status, 0);
    await daemon.reaches('new', 'RUNNING');
    assert.equal((await daemon.status('sleep')).pid, pid);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #29 with names of any kind refuses them, or keeps them out of paths', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    await daemon.reaches('sleep', 'RUNNING');
    const names = [
      'a b',
      '../../escape',
      'x/y',
      'a:b',
      'n'.repeat(300),
      'größe-日本',
      '<b>&amp;',
      "it's",
      '.hidden',
      '-f',
    ];
    for (const name of names) {
      writeFileSync(daemon.config, `${CONTROL}[program:${name}]\ncommand=sleep 1000\nstartsecs=0\n`);
      const updated = await daemon.superctl('update');
      const status = await daemon.superctl('status');
      if (updated.status === 0) {
        const process = await until(`${name} runs`, async () => {
          const all = await daemon.rpc('supervisor.getAllProcessInfo');
          const [one] = Array.isArray(all) ? all : [];
          return JSON.stringify(one).includes('"statename":"RUNNING"') && JSON.stringify(one);
        });
        assert.ok(process.includes(JSON.stringify(name).slice(1, -1)), process);
        assert.match(process, new RegExp(`"stdout_logfile":"${daemon.dir}/tmp/[^/"]+"`));
        assert.match(status.stdout, /RUNNING|STARTING/);
      } else assert.match(updated.stdout + updated.stderr, /superd\.conf:\d+|name/);
    }
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});
