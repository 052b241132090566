import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concerns, following, type JournalReader, matches, newest } from '../../src/journal/query.ts';
import { type Entry, entryOf, eventOf, type JournalRecord } from '../../src/journal/record.ts';
import { formatLine, formatRecord } from '../../src/journal/text.ts';
import { epochMillis, pid } from '../../src/units.ts';
import { anEntry, numbered } from './records.ts';

const ALL = { name: undefined, since: undefined, kinds: undefined };

/** Records in pieces, read in small batches. */
function reader(records: readonly JournalRecord[], piece: number): JournalReader {
  return {
    last: records.at(-1)?.serial ?? 0,
    starts: () => records.filter((_, index) => index % piece === 0).map(({ serial }) => serial),
    async *after(serial) {
      const wanted = records.filter((record) => record.serial > serial);
      for (let at = 0; at < wanted.length; at += 2) yield wanted.slice(at, at + 2);
    },
  };
}

test('newest() and following() give what a look at everything would', async () => {
  const entries = fc.array(anEntry, { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(
      entries,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      async (all, piece, limit) => {
        const records = numbered(all);
        const journal = reader(records, piece);
        const filter = { ...ALL, kinds: new Set(['problem', 'process-state']) };
        const wanted = records.filter((record) => matches(record, filter));
        assert.deepEqual(await newest(journal, filter, limit), wanted.slice(-limit));
        const after = Math.floor(records.length / 2);
        const next = await following(journal, { after, filter, limit });
        const rest = wanted.filter(({ serial }) => serial > after).slice(0, limit);
        assert.deepEqual(next.records, rest);
        assert.equal(next.last, rest.length === limit ? rest.at(-1)?.serial : (records.at(-1)?.serial ?? after));
      },
    ),
  );
});

const at = epochMillis(0);
const record = (entry: Entry): JournalRecord => ({ serial: 1, at, ...entry });

test('concerns() finds a process by its name, its group, and those that ask for all', () => {
  const state = record({ kind: 'process-state', group: 'web', process: 'a', from: 'STOPPED', to: 'STARTING' });
  assert.ok(concerns(state, 'web') && concerns(state, 'web:a') && concerns(state, 'web:*'));
  assert.ok(!concerns(state, 'web:b') && !concerns(state, 'a'));
  const asked = (action: string, target?: string): JournalRecord =>
    record({ kind: 'operator', action, args: [], by: { kind: 'watch' }, ...(target === undefined ? {} : { target }) });
  assert.ok(concerns(asked('supervisor.stopProcess', 'web:a'), 'web:a'));
  assert.ok(concerns(asked('supervisor.stopProcess', 'web:*'), 'web:a'));
  assert.ok(concerns(asked('supervisor.stopProcessGroup', 'web'), 'web:a'));
  assert.ok(!concerns(asked('supervisor.stopProcess', 'web:b'), 'web:a'));
  assert.ok(concerns(asked('supervisor.stopAllProcesses'), 'web:a'));
  assert.ok(concerns(asked('supervisor.shutdown'), 'web'));
  assert.ok(!concerns(asked('supervisor.sendRemoteCommEvent'), 'web'));
  const config = record({ kind: 'config', added: [], changed: [{ group: 'web', keys: [] }], removed: [] });
  assert.ok(concerns(config, 'web') && !concerns(config, 'other'));
});

test('eventOf() gives back every event that listeners were told of', () => {
  const of = { group: 'g', process: 'p' } as const;
  const events = [
    { kind: 'process-state', ...of, from: 'STARTING', to: { name: 'BACKOFF', tries: 2 } },
    { kind: 'process-state', ...of, from: 'RUNNING', to: { name: 'EXITED', pid: pid(4), expected: true } },
    { kind: 'process-state', ...of, from: 'RUNNING', to: { name: 'STOPPING', pid: pid(4) } },
    { kind: 'process-state', ...of, from: 'BACKOFF', to: { name: 'FATAL' } },
    { kind: 'process-group', change: 'ADDED', group: 'g' },
    { kind: 'supervisor-state-change', to: 'STOPPING' },
    { kind: 'remote-communication', type: 't', data: 'ä\n' },
    { kind: 'process-communication', ...of, channel: 'stderr', pid: pid(4), data: Buffer.from([0, 255, 10]) },
  ] as const;
  for (const event of events) {
    const entry = entryOf(event, 7);
    assert.ok(entry !== undefined);
    assert.deepEqual(eventOf(record(entry)), { event, serial: 7 });
    const untold = entryOf(event, undefined);
    assert.equal(untold === undefined ? undefined : eventOf(record(untold)), undefined);
  }
  assert.equal(entryOf({ kind: 'tick', period: 5, when: 5 }, 7), undefined);
});

test('formatLine() gives one harmless line for any record', () => {
  fc.assert(
    fc.property(anEntry, (entry) => {
      assert.match(
        formatLine({ serial: 1, at }, formatRecord(record(entry))),
        /^ {5}1 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}[^\x00-\x1f\x7f-\x9f]+$/,
      );
    }),
  );
});

test('formatRecord() tells who, what and how it went', () => {
  const of = { group: 'g', process: 'p' } as const;
  const texts: readonly (readonly [Entry, string])[] = [
    [
      { kind: 'signal', ...of, pid: 4, signal: 'SIGKILL', target: 'group', why: 'kill' },
      'SIGKILL sent to the process group of g:p (pid 4) because the stop took too long',
    ],
    [
      { kind: 'signal', ...of, pid: 4, signal: 'SIGHUP', target: 'process', why: 'operator', problem: 'EPERM' },
      'SIGHUP could not be sent to g:p (pid 4): EPERM',
    ],
    [
      { kind: 'config', added: ['a', 'b'], changed: [{ group: 'c', keys: ['x', 'y'] }], removed: ['d'] },
      'configuration read: added a, b; changed c (x, y); removed d',
    ],
    [
      { kind: 'operator', action: 'update', args: [], by: { kind: 'watch' } },
      'a change of the configuration files: update()',
    ],
    [{ kind: 'adopted', ...of, pid: 4 }, 'g:p: pid 4 was found running and is watched'],
  ];
  for (const [entry, text] of texts) assert.equal(formatRecord(record(entry)), text);
});
