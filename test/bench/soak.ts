/** Twenty thousand restarts and ten gigabytes of logs: does anything grow that should not? `npm run bench -- --only=soak`. */
import { statSync } from 'node:fs';
import { descriptorsOf, memoryOf } from './cost.ts';
import type { Sample } from './figures.ts';
import { everyWord, type Lab, settle, type Trial, wait } from './lab.ts';
import type { PeerName, Program } from './peers.ts';

const RESTARTS = 20_000;
/** A program that ends at once is started again after about a second. */
const PROGRAMS = 200;
const LOG_BYTES = 10e9;
/** Growth is counted from here on: what is made once is made by then. */
const WARM_RESTARTS = 2000;
const PATIENCE_MS = 900_000;
/** Roughly: "up p12 1234567 123456789012345" and a line feed. */
const WORD_BYTES = 30;

const keys = 'startsecs=0\nstdout_logfile_maxbytes=50MB\nstdout_logfile_backups=2\n';

const programs =
  (lab: Lab) =>
  (words: string): readonly Program[] => [
    { name: 'flood', words: [lab.probe.path, 'flood', 'flood', words, String(LOG_BYTES)], isLogged: true, keys },
    ...Array.from({ length: PROGRAMS }, (_, index) => {
      const name = `p${index}`;
      return { name, words: [lab.probe.path, 'once', name, words], isLogged: false, keys };
    }),
  ];

const restarts = ({ words }: Trial): number =>
  (statSync(words.path, { throwIfNoEntry: false })?.size ?? 0) / WORD_BYTES;

function held({ running }: Trial): { readonly rss: number; readonly descriptors: number } {
  const pids = running.pids();
  return { rss: memoryOf(pids).rss, descriptors: pids.reduce((sum, pid) => sum + descriptorsOf(pid), 0) };
}

export function soak(lab: Lab, peer: PeerName): Promise<readonly Sample[]> {
  return lab.trial(peer, programs(lab), async (trial) => {
    await wait('it is warm', () => restarts(trial) > WARM_RESTARTS, 100, PATIENCE_MS);
    const before = held(trial);
    await wait('it has restarted often', () => restarts(trial) > RESTARTS, 100, PATIENCE_MS);
    await everyWord(trial, 1, { what: 'done' });
    await settle();
    const after = held(trial);
    return [
      ['soak-rss-before', before.rss],
      ['soak-rss-after', after.rss],
      ['soak-descriptors-before', before.descriptors],
      ['soak-descriptors-after', after.descriptors],
    ];
  });
}
