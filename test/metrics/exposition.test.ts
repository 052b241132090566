import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Delays } from '../../src/metrics/delays.ts';
import { causeOf, ExitCounts } from '../../src/metrics/exits.ts';
import { formatFamily, labels } from '../../src/metrics/exposition.ts';
import { millis, pid } from '../../src/units.ts';

suite('formatFamily()', () => {
  test('writes help, type and values, and nothing for a family without values', () => {
    const family = { name: 'x_total', type: 'counter', help: 'a \\ b\nc' } as const;
    assert.equal(formatFamily({ ...family, values: [] }), '');
    assert.equal(
      formatFamily({ ...family, values: [{ value: 1.5 }, { labels: labels({ a: 'b', c: 'd' }), value: 2 }] }),
      '# HELP x_total a \\\\ b\\nc\n# TYPE x_total counter\nx_total 1.5\nx_total{a="b",c="d"} 2\n',
    );
  });

  test('knows the numbers that are none', () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => ({ value }));
    assert.match(formatFamily({ name: 'x', type: 'gauge', help: '', values }), /x NaN\nx \+Inf\nx -Inf\n$/);
  });
});

/** As a reader of the format does it. */
const unescape = (text: string): string =>
  text.replaceAll(/\\(.)/g, (_match, char: string) => (char === 'n' ? '\n' : char));

test('labels() escapes whatever a name may hold', () => {
  assert.equal(labels({ a: 'x"y\\z\n' }), 'a="x\\"y\\\\z\\n"');
  assert.equal(labels({ a: '\ud800' }), 'a="\ufffd"');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      const [, found = ''] = /^a="((?:[^"\\\n]|\\.)*)"$/.exec(labels({ a: value })) ?? [];
      assert.equal(unescape(found), value);
    }),
  );
});

test('Delays counts each delay in every bucket that holds it', () => {
  const delays = new Delays();
  for (const delay of [0.5, 3, 700, 60_000, -1]) delays.add(millis(delay));
  assert.deepEqual(delays.counts, [2, 2, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4]);
  assert.equal(delays.count, 5);
  assert.equal(delays.sum, 60.7035);
});

suite('ExitCounts', () => {
  const exit = { kind: 'code', code: 1 } as const;
  const killed = { kind: 'signal', signal: 'SIGKILL', coreDumped: false } as const;
  const event = { kind: 'process-state', group: 'g', process: 'p' } as const;
  const exited = (expected: boolean) => ({ name: 'EXITED', pid: pid(1), expected }) as const;

  test('tells why a child ended', () => {
    assert.equal(causeOf({ ...event, from: 'RUNNING', to: exited(true), detail: { exit } }), 'expected');
    assert.equal(causeOf({ ...event, from: 'RUNNING', to: exited(false), detail: { exit } }), 'unexpected');
    assert.equal(causeOf({ ...event, from: 'RUNNING', to: exited(false), detail: { exit: killed } }), 'signal');
    const stopped = { name: 'STOPPED', pid: pid(1) } as const;
    assert.equal(causeOf({ ...event, from: 'STOPPING', to: stopped, detail: { exit: killed } }), 'stopped');
    const backoff = { name: 'BACKOFF', tries: 1 } as const;
    assert.equal(causeOf({ ...event, from: 'STARTING', to: backoff, detail: { exit } }), 'start_failed');
  });

  test('counts one end once, whatever states it leads through, and no failed spawn', () => {
    const counts = new ExitCounts();
    counts.see({ ...event, from: 'STARTING', to: { name: 'BACKOFF', tries: 1 }, detail: { exit } });
    counts.see({ ...event, from: 'BACKOFF', to: { name: 'FATAL' }, detail: { exit } });
    counts.see({ ...event, from: 'STARTING', to: { name: 'BACKOFF', tries: 1 }, detail: { reason: 'no such file' } });
    assert.equal(counts.of('g:p').start_failed, 1);
    assert.equal(
      Object.values(counts.of('g:p')).reduce((sum, count) => sum + count),
      1,
    );
    counts.see({ kind: 'process-group', change: 'REMOVED', group: 'g' });
    assert.equal(counts.of('g:p').start_failed, 0);
  });
});
