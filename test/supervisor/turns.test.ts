import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startInTurns, type TurnPorts } from '../../src/supervisor/turns.ts';
import { newGroup, type ProcessRecord } from '../../src/supervisor/world.ts';
import { aGroup, aProcess } from '../support/config.ts';

const some = (count: number): readonly ProcessRecord[] => {
  const processes = Array.from({ length: count }, (_, index) => aProcess(`p${index}`));
  return [...newGroup(aGroup('g', processes), []).processes.values()];
};

/** Tells in order what is done with how many. */
class Ports implements TurnPorts {
  readonly told: string[] = [];
  /** What the pipes of each turn wait for. */
  readonly made: PromiseWithResolvers<void>[] = [];
  wanted = true;
  readonly outputs: TurnPorts['outputs'] = {
    makeAhead: (slots) => {
      if (slots.length > 0) this.told.push(`pipes for ${slots.length}`);
      const made = Promise.withResolvers<void>();
      this.made.push(made);
      return made.promise;
    },
    open: (slots) => this.told.push(`open ${slots.length}`),
  };
  start = (records: readonly ProcessRecord[]): void => {
    this.told.push(`start ${records[0]?.slot.process ?? 'nobody'}`);
  };
  isWanted = (): boolean => this.wanted;
}

suite('startInTurns()', () => {
  test('starts few at once, before it returns', async () => {
    const ports = new Ports();
    const done = startInTurns(some(3), ports);
    assert.deepEqual(ports.told, ['open 3', 'start p0']);
    ports.made[0]?.resolve();
    await done;
  });

  test('makes the pipes of a turn while the one before it is started, and waits for them', async () => {
    const ports = new Ports();
    const done = startInTurns(some(35), ports);
    assert.deepEqual(ports.told.splice(0), ['pipes for 20', 'open 10', 'start p0']);
    ports.made[0]?.resolve();
    await ports.made[0]?.promise;
    assert.deepEqual(ports.told.splice(0), ['pipes for 5', 'open 20', 'start p10']);
    for (let turn = 1; turn < 3; turn += 1) {
      ports.made[turn]?.resolve();
      await ports.made[turn]?.promise;
    }
    await done;
    assert.deepEqual(ports.told, ['open 5', 'start p30']);
  });

  test('starts each once and in order, however many there are', async () => {
    for (const count of [0, 1, 10, 11, 30, 31, 500]) {
      const started: string[] = [];
      await startInTurns(some(count), {
        outputs: { makeAhead: () => Promise.resolve(), open: () => undefined },
        start: (records) => started.push(...records.map(({ slot }) => slot.process)),
        isWanted: () => true,
      });
      assert.deepEqual(
        started,
        Array.from({ length: count }, (_, index) => `p${index}`),
      );
    }
  });

  test('ends with the turn in which the end was asked for, once nothing is being made', async () => {
    const ports = new Ports();
    const done = startInTurns(some(100), ports);
    ports.wanted = false;
    ports.made[0]?.resolve();
    await done;
    assert.deepEqual(ports.told, ['pipes for 20', 'open 10', 'start p0']);
    assert.equal(ports.made.length, 1);
  });
});
