/** The page's own logic, without a browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnsiLines } from '../../src/web/app/ansi.ts';
import { asksForOverview, withRecords, withUsage } from '../../src/web/app/apply.ts';
import { formatBytes, formatPercent, formatSpan } from '../../src/web/app/format.ts';
import type { JournalRecord, Process, State } from '../../src/web/app/model.ts';
import { readHistory, readOverview, readProcess } from '../../src/web/app/read.ts';
import { matches, rowsOf, visibleRows, type Wish } from '../../src/web/app/rows.ts';
import { EventParser, type ServerEvent } from '../../src/web/app/sse.ts';
import { stretches } from '../../src/web/app/stretches.ts';
import { EN } from '../../src/web/app/words-en.ts';
import { ZH } from '../../src/web/app/words-zh.ts';

const process = (name: string, more: object = {}): Process =>
  readProcess({ group: name, name, state: 'RUNNING', ...more });
const wish: Wish = {
  text: '',
  states: new Set(),
  sorting: { key: 'name', isDescending: false },
  folded: new Set(),
};
const change = (serial: number, to: State, more: object = {}): JournalRecord => ({
  serial,
  at: serial * 1000,
  kind: 'process-state',
  group: 'web',
  process: 'web',
  to,
  ...more,
});

test('EventParser gives the same events however the text is cut', () => {
  const text = 'retry: 2000\nid: 4\n\nid: 5\nevent: operator\ndata: {"a":1}\n\n:\n\ndata: one\r\ndata:two\r\n\r\n';
  const whole: readonly ServerEvent[] = [
    { id: '5', event: 'operator', data: '{"a":1}' },
    { id: '', event: 'message', data: 'one\ntwo' },
  ];
  fc.assert(
    fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
      const parser = new EventParser();
      const ends = [...cuts.toSorted((a, b) => a - b), text.length];
      const found = ends.flatMap((end, index) => parser.push(text.slice(ends[index - 1] ?? 0, end)));
      assert.deepEqual(found, whole);
    }),
  );
});

test('readOverview() takes anything, and what is missing for nothing', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const found = readOverview({ processes: [value] });
      assert.equal(found.role, 'viewer');
      assert.equal(found.processes.length, 1);
    }),
  );
});

test('readProcess() tells why a process does not start as its records do', () => {
  const reason = "can't find command 'x'";
  const read = process('web', { state: 'FATAL', lastexit: 'exit status 3', description: reason });
  const followed = withRecords([process('web', { lastexit: 'exit status 3' })], [change(9, 'FATAL', { reason })]);
  assert.deepEqual([read.lastExit, followed[0]?.lastExit], [reason, reason]);
  assert.equal(process('web', { lastexit: 'exit status 3', description: 'pid 7' }).lastExit, 'exit status 3');
});

test('readHistory() reads records with their text, and passes over what is none', () => {
  const json = JSON.stringify({ serial: 3, at: 5000, kind: 'bug', text: 'x' });
  assert.deepEqual(readHistory([{ json, text: 'bug: x' }, { json: '{' }, 7]), [
    { serial: 3, at: 5000, kind: 'bug', text: 'bug: x' },
  ]);
});

test('withRecords() follows a process through its states', () => {
  const before = [process('web', { pid: 7, started: 1, cpu: 3, rss: 5 }), process('other')];
  const exited = withRecords(before, [change(9, 'EXITED', { exit: { kind: 'code', code: 3 }, pid: 7 })]);
  assert.partialDeepStrictEqual(exited[0], { state: 'EXITED', pid: 0, lastExit: 'exit status 3', stopped: 9000 });
  assert.equal(exited[0]?.cpu, undefined);
  assert.equal(exited[1], before[1]);
  const back = withRecords(exited, [change(10, 'STARTING'), change(11, 'RUNNING', { pid: 8 })]);
  assert.partialDeepStrictEqual(back[0], { state: 'RUNNING', pid: 8, restarts: 1, started: 10_000 });
  const killed = withRecords(back, [
    change(12, 'EXITED', { exit: { kind: 'signal', signal: 'SIGSEGV', coreDumped: true } }),
  ]);
  assert.equal(killed[0]?.lastExit, 'terminated by SIGSEGV (core dumped)');
});

test('withRecords() ignores records of others, and asks for an overview when there are other processes', () => {
  const all = [process('web')];
  assert.equal(withRecords(all, [{ ...change(1, 'FATAL'), group: 'x' }]), all);
  assert.ok(asksForOverview({ serial: 1, at: 1, kind: 'process-group' }));
  assert.ok(!asksForOverview(change(1, 'FATAL')));
});

test('withUsage() takes samples by either name, and moves the sparklines on', () => {
  const [one] = withUsage([process('web')], { 'web:web': [12.5, 4096] });
  assert.partialDeepStrictEqual(one, { cpu: 12.5, rss: 4096, cpuSpark: [12.5] });
  const [two] = withUsage([process('web', { cpuspark: Array.from({ length: 60 }, () => 1) })], {});
  assert.equal(two?.cpu, undefined);
  assert.equal(two?.cpuSpark.length, 60);
  assert.equal(two?.cpuSpark.at(-1), 0);
});

test('rowsOf() gathers groups, and has no heads where one process is its group', () => {
  const all = [process('a'), process('x', { group: 'web' }), process('y', { group: 'web', state: 'FATAL' })];
  const keys = (given: Partial<Wish>): readonly string[] => rowsOf(all, { ...wish, ...given }).map(({ key }) => key);
  assert.deepEqual(keys({}), ['a', 'web:*', 'web:x', 'web:y']);
  assert.deepEqual(keys({ folded: new Set(['web']) }), ['a', 'web:*']);
  assert.deepEqual(keys({ states: new Set(['trouble']) }), ['web:*', 'web:y']);
  assert.deepEqual(keys({ text: 'WEB y' }), ['web:*', 'web:y']);
  assert.deepEqual(keys({ sorting: { key: 'state', isDescending: true } }), ['web:y', 'a', 'web:x']);
});

test('matches() finds what stands in the last exit', () => {
  assert.ok(matches(process('a', { lastexit: 'exit status 78' }), { text: '78', states: new Set() }));
});

test('visibleRows() draws few rows of many, and what is seen is among them', () => {
  fc.assert(
    fc.property(fc.nat({ max: 5000 }), fc.integer({ min: -2000, max: 300_000 }), (count, top) => {
      const { from, to } = visibleRows(count, 36, { top, height: 900 });
      assert.ok(0 <= from && from <= to && to <= count);
      if (count > 200) assert.ok(to - from < 60);
      const first = Math.floor(top / 36);
      if (first >= 0 && first < count) assert.ok(from <= first && first < to);
    }),
  );
});

test('stretches() cover the time without gaps, beginning where something is known', () => {
  const records = [change(10, 'RUNNING'), change(20, 'EXITED'), change(30, 'RUNNING')];
  assert.deepEqual(stretches(records, 'RUNNING', { from: 15_000, to: 40_000 }), [
    { state: 'RUNNING', from: 15_000, to: 20_000 },
    { state: 'EXITED', from: 20_000, to: 30_000 },
    { state: 'RUNNING', from: 30_000, to: 40_000 },
  ]);
  assert.equal(stretches(records, 'RUNNING', { from: 0, to: 40_000 })[0]?.from, 10_000);
  assert.deepEqual(stretches([], 'STOPPED', { from: 0, to: 9 }), [{ state: 'STOPPED', from: 0, to: 9 }]);
});

test('AnsiLines colours, goes on over lines, and shows no other control character', () => {
  const ansi = new AnsiLines();
  const texts = (line: string): readonly string[] => ansi.take(line).map(({ text, classes }) => `${classes}|${text}`);
  assert.deepEqual(texts('plain \x1b[31mred'), ['|plain ', 'ansi-red-fg|red']);
  assert.deepEqual(texts('still red\x1b[0m plain'), ['ansi-red-fg|still red', '| plain']);
  assert.deepEqual(texts('10 %\r20 %\r'), ['|20 %']);
  assert.deepEqual(texts('\x1b]0;title\x07a\x1b[2Jb\x00\x1b[Kc'), ['|abc']);
  assert.equal(ansi.take('\x1b[38;5;196mx')[0]?.colour, 'rgb(255, 0, 0)');
  assert.equal(ansi.take('\x1b[38;2;1;2;3mx\x1b[0m')[0]?.colour, 'rgb(1, 2, 3)');
});

test('AnsiLines keeps every character of text that is no control character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const line = text.replace(/[\x00-\x1f\x7f-\x9f]/g, '');
      assert.equal(
        new AnsiLines()
          .take(line)
          .map((piece) => piece.text)
          .join(''),
        line,
      );
    }),
  );
});

test('numbers are short', () => {
  assert.deepEqual([0, 999, 1024, 43.1 * 1024 ** 2, 1.25 * 1024 ** 3, 1020 * 1024].map(formatBytes), [
    '0 B',
    '999 B',
    '1.00 K',
    '43.1 M',
    '1.25 G',
    '1.00 M',
  ]);
  assert.deepEqual([0, 0.04, 0.44, 12.4, 250].map(formatPercent), ['0%', '0%', '0.4%', '12%', '250%']);
  assert.deepEqual([8e3, 252e3, 11_100e3, 1_051_200e3].map(formatSpan), ['8s', '4m 12s', '3h 05m', '12d 4h']);
});

test('every language has every text, with the same values in it', () => {
  const values = (text: string): readonly string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();
  assert.deepEqual(Object.keys(ZH).toSorted(), Object.keys(EN).toSorted());
  for (const [key, text] of Object.entries(EN)) {
    const other = Object.entries(ZH).find(([name]) => name === key)?.[1] ?? '';
    assert.deepEqual(values(other), values(text), key);
    assert.notEqual(other.trim(), '', key);
  }
});
