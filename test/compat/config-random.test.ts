/**
 * Random configurations, as both programs tell what they understood: the answer of reloadConfig, or its fault, and
 * getAllConfigInfo. CONFIG_FILES=5000 compares more, CONFIG_SEED=2 others.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { CONTROL, type Daemon } from '../support/daemon.ts';
import { randomFrom } from '../support/hostile.ts';
import { needs } from '../support/peers.ts';
import { randomConfig } from '../support/random-config.ts';
import { call, normalise, program, startBoth } from '../support/side-by-side.ts';

const FILES = Number(process.env['CONFIG_FILES'] ?? 600);
const SEED = Number(process.env['CONFIG_SEED'] ?? 1);

/** Where superd differs on purpose, each with what allows it. */
const ON_PURPOSE = [
  // spec lifecycle 5.1: two sections that make the same group, two processes of one name.
  /cannot make a second group|cannot have two processes/,
  // spec lifecycle 2.4: names are checked after their expansion, too.
  /Invalid name: .* because of character/,
];

const INCLUDED = {
  'inc/a.conf': '[program:included]\ncommand=cat %(here)s\nstdout_logfile=%(here)s/i.log\n',
  'inc/b.conf': '[program:merged]\ncommand=x\ndirectory=%(here)s\n[include]\nfiles=never\n',
};

async function understood(daemon: Daemon): Promise<unknown> {
  const reread = await call(daemon, 'supervisor.reloadConfig');
  return normalise(daemon, [reread, reread.includes('<fault>') || (await call(daemon, 'supervisor.getAllConfigInfo'))]);
}

suite('configuration', needs('supervisord'), () => {
  test(`${FILES} random files are understood the same`, async (t) => {
    const random = randomFrom(SEED);
    const pair = await startBoth(t, { config: program('first', 'cat', 'autostart=false'), files: INCLUDED });
    for (let done = 0; done < FILES; done += 1) {
      const config = randomConfig(random);
      // oxlint-disable no-await-in-loop -- one configuration after the other
      await pair.both((daemon) => writeFileSync(daemon.config, CONTROL + config));
      const [real, ours] = await pair.both(understood);
      if (ON_PURPOSE.some((pattern) => pattern.test(JSON.stringify(ours)))) continue;
      assert.deepEqual(ours, real, `file ${done}:\n${config}`);
    }
  });
});
