/** Cases of the field survey (D3) that take weeks, or a clock that nobody may change: with the real Supervisor in virtual time. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Slot } from '../../../src/supervisor/host.ts';
import { seconds } from '../../../src/units.ts';
import { aConfig, aGroup, aListenerGroup, aProcess } from '../../support/config.ts';
import { LIVES } from '../../support/fake-host.ts';
import { aWorld, type FakeWorld } from '../../support/fake-world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const slot = (name: string): Slot => ({ group: name, process: name });
const stateOf = ({ supervisor }: FakeWorld, name: string): string | undefined => supervisor.process(slot(name))?.state;
const spawnsOf = ({ supervisor }: FakeWorld, name: string): number => supervisor.history(slot(name))?.starts ?? 0;

describe('in virtual time', () => {
  test('D3 #8 what survives SIGKILL is named, and blocks neither the others nor the shutdown', async () => {
    const config = aConfig([aGroup('stuck', undefined, 999), aGroup('early', undefined, 1)]);
    const world = aWorld(config, ({ group }) => (group === 'stuck' ? { ...LIVES, hangs: true } : LIVES));
    world.host.advance(5000);
    world.supervisor.stop(slot('stuck'));
    world.host.advance(60_000);
    assert.equal(stateOf(world, 'stuck'), 'STOPPING');
    assert.equal(stateOf(world, 'early'), 'RUNNING');
    const named = world.host.lines.filter((line) => line.startsWith('critical stuck (100) survives SIGKILL'));
    assert.equal(named.length, 1);
    world.supervisor.shutdown();
    world.host.advance(1000);
    assert.equal(stateOf(world, 'early'), 'STOPPED');
    assert.deepEqual(world.finished, ['shutdown']);
  });

  test('D3 #8 a shutdown that meets such a process goes on without it, and ends', () => {
    const config = aConfig([aGroup('stuck', undefined, 999), aGroup('early', undefined, 1)]);
    const world = aWorld(config, ({ group }) => (group === 'stuck' ? { ...LIVES, hangs: true } : LIVES));
    world.host.advance(5000);
    world.supervisor.shutdown();
    world.host.advance(10_000);
    assert.deepEqual(world.finished, []);
    world.host.advance(20_000);
    assert.equal(stateOf(world, 'early'), 'STOPPED');
    assert.deepEqual(world.finished, ['shutdown']);
  });

  test('D3 #9 a program that ends at once, for ever, is started once a second', () => {
    const restless = aProcess('x', { startsecs: seconds(0), autorestart: 'always' });
    const world = aWorld(aConfig([aGroup('x', [restless])]), () => ({ ...LIVES, exitsAfter: 5 }));
    world.host.advance(HOUR);
    assert.ok(spawnsOf(world, 'x') <= 3610, `${spawnsOf(world, 'x')}`);
    assert.ok(spawnsOf(world, 'x') >= 3500, `${spawnsOf(world, 'x')}`);
  });

  test('D3 #9 one that never reaches startsecs is given up after startretries', () => {
    const world = aWorld(aConfig([aGroup('x')]), () => ({ ...LIVES, exitsAfter: 5 }));
    world.host.advance(DAY);
    assert.equal(stateOf(world, 'x'), 'FATAL');
    assert.equal(spawnsOf(world, 'x'), 4);
  });

  test('D3 #10 one that crashes every 40 minutes for weeks is restarted at once each time', () => {
    const world = aWorld(aConfig([aGroup('x')]), () => ({ ...LIVES, exitsAfter: (40 * HOUR) / 60, code: 1 }));
    world.host.advance(21 * DAY);
    const expected = (21 * DAY) / ((40 * HOUR) / 60);
    assert.ok(Math.abs(spawnsOf(world, 'x') - expected) <= 2, `${spawnsOf(world, 'x')} of ${expected}`);
    assert.notEqual(stateOf(world, 'x'), 'FATAL');
  });

  test('D3 #23 a clock that jumps moves no deadline, and ticks neither stop nor come in floods', () => {
    for (const jump of [-DAY, -HOUR, HOUR, 10 * 365 * DAY]) {
      const slow = aProcess('slow', { stopwaitsecs: seconds(30) });
      const ticks = aListenerGroup('ticks', { events: ['TICK_5'] });
      const config = aConfig([ticks, aGroup('slow', [slow]), aGroup('x')]);
      const world = aWorld(config, ({ group }) =>
        group === 'slow' ? { ...LIVES, stopsAfter: undefined } : group === 'x' ? { ...LIVES, exitsAfter: 900 } : LIVES,
      );
      world.host.advance(500);
      world.host.wallShift = jump;
      // The start that was under way is judged by the time that has passed.
      world.host.advance(1000);
      assert.equal(stateOf(world, 'slow'), 'RUNNING', `${jump}`);
      assert.equal(stateOf(world, 'x'), 'BACKOFF', `${jump}`);
      world.supervisor.stop(slot('slow'));
      world.host.wallShift = 2 * jump;
      world.host.advance(29_000);
      assert.equal(stateOf(world, 'slow'), 'STOPPING', `${jump}`);
      world.host.advance(2000);
      assert.equal(stateOf(world, 'slow'), 'STOPPED', `${jump}`);
      const before = world.host.events.filter(({ kind }) => kind === 'tick').length;
      world.host.advance(60_000);
      const during = world.host.events.filter(({ kind }) => kind === 'tick').length - before;
      assert.ok(during >= 12 && during <= 40, `${during} ticks in a minute after ${jump}`);
    }
  });
});
