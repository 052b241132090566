/** Records for tests: any of every kind, and short ones of a process called web. */
import fc from 'fast-check';
import type { Entry, JournalRecord } from '../../src/journal/record.ts';
import { epochMillis } from '../../src/units.ts';

const name = fc.string({ minLength: 1, maxLength: 12, unit: 'binary' });
const of = { group: name, process: name };
const event = fc.nat();

export const anEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('process-state' as const),
      ...of,
      from: fc.constantFrom('STOPPED' as const, 'RUNNING' as const),
      to: fc.constantFrom('STARTING' as const, 'EXITED' as const),
      pid: fc.nat(),
      expected: fc.boolean(),
      exit: fc.constantFrom({ kind: 'code' as const, code: 3 }, { kind: 'unknown' as const }),
      event,
    },
    { requiredKeys: ['kind', 'group', 'process', 'from', 'to'] },
  ),
  fc.record({ kind: fc.constant('spawn-error' as const), ...of, reason: fc.string({ unit: 'binary' }) }),
  fc.record({
    kind: fc.constant('operator' as const),
    action: name,
    args: fc.array(fc.record({ name, value: fc.string({ unit: 'binary' }) }), { maxLength: 3 }),
    by: fc.constantFrom({ kind: 'watch' as const }, { kind: 'server' as const, section: 'unix_http_server' }),
  }),
  fc.record({
    kind: fc.constant('config' as const),
    added: fc.array(name),
    changed: fc.array(fc.record({ group: name, keys: fc.array(name) })),
    removed: fc.array(name),
  }),
  fc.record({ kind: fc.constant('problem' as const), text: fc.string({ unit: 'binary' }) }),
  fc.record({ kind: fc.constant('remote-communication' as const), type: name, data: fc.string(), event }),
);

/** Numbered from `first`, a second apart. */
export const numbered = (entries: readonly Entry[], first = 1): readonly JournalRecord[] =>
  entries.map((entry, index) => ({
    serial: first + index,
    at: epochMillis(1_795_340_000_000 + index * 1000),
    ...entry,
  }));
