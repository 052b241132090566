import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allProcessInfo } from '../../src/rpc/all-info.ts';
import { processStruct } from '../../src/rpc/info.ts';
import { allByName } from '../../src/rpc/names.ts';
import { encodeResponse, wrapResponse } from '../../src/rpc/xml.ts';
import { epochMillis, pid } from '../../src/units.ts';
import { FakeControl, groupConfig, processConfig } from '../support/fake-control.ts';

const time = fc.option(fc.integer({ min: 0, max: 2 ** 40 }).map(epochMillis), { nil: undefined });
const changes = fc.record(
  {
    state: fc.constantFrom('STOPPED', 'STARTING', 'RUNNING', 'BACKOFF', 'STOPPING', 'EXITED', 'FATAL'),
    pid: fc.nat({ max: 5 }).map(pid),
    startedAt: time,
    stoppedAt: time,
    spawnError: fc.string({ unit: 'binary' }),
    exitStatus: fc.integer({ min: -1, max: 255 }),
    stdoutLog: fc.string(),
    stderrLog: fc.string(),
    isDisabled: fc.boolean(),
  },
  { requiredKeys: [] },
);
const move = fc.oneof(
  fc.record({ name: fc.constantFrom('g:b', 'g:a', 'z:é', 'solo:solo'), changes }),
  fc.record({ passed: fc.nat({ max: 2 ** 30 }) }),
  fc.record({ dropped: fc.constantFrom('g', 'z') }),
);

test('allProcessInfo() is the text of all structs by name, whatever happened since it was asked last', () => {
  fc.assert(
    fc.property(fc.array(move), (moves) => {
      const control = new FakeControl([
        groupConfig('z', [processConfig('é')]),
        groupConfig('g', [processConfig('b'), processConfig('a')]),
        groupConfig('solo', [processConfig('solo')]),
      ]);
      for (const one of moves) {
        if ('changes' in one) control.set(one.name, one.changes);
        else if ('dropped' in one) control.drop(one.dropped);
        else control.now = epochMillis(control.now + one.passed);
        const structs = allByName(control).map((info) => processStruct(control, info));
        assert.equal(wrapResponse(allProcessInfo(control)), encodeResponse(structs));
      }
    }),
  );
});
