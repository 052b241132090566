/**
 * Measures superd beside every other supervisor that is installed, on the same programs in one run, and prints a table;
 * docs/explanation/performance.md holds one. `--only=hundred,chatty` and `--peers=superd,supervisord` choose, `--rounds=3` repeats,
 * `--write` renews the page.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { fiveHundred, growth, hundred, thousand, twoHundred } from '../test/bench/control-experiments.ts';
import { FIGURES, type Sample } from '../test/bench/figures.ts';
import { Lab } from '../test/bench/lab.ts';
import { busy, chatty, flood } from '../test/bench/output-experiments.ts';
import { ALL_PEERS, isInstalled, type PeerName, packageOf } from '../test/bench/peers.ts';
import { type Measured, plotOf, tableOf } from '../test/bench/report.ts';
import { soak } from '../test/bench/soak.ts';
import { median } from '../test/bench/statistics.ts';

interface Experiment {
  readonly run: (lab: Lab, peer: PeerName) => Promise<readonly Sample[]>;
  readonly peers: readonly PeerName[];
}

const WITH_API: readonly PeerName[] = ['superd', 'supervisord'];
const EXPERIMENTS: Readonly<Record<string, Experiment>> = {
  hundred: { run: hundred, peers: ALL_PEERS },
  twoHundred: { run: twoHundred, peers: ALL_PEERS },
  fiveHundred: { run: fiveHundred, peers: ALL_PEERS },
  thousand: { run: thousand, peers: ALL_PEERS.filter((peer) => peer !== 'pm2') },
  flood: { run: flood, peers: ALL_PEERS.filter((peer) => peer !== 'daemontools') },
  chatty: { run: chatty, peers: ALL_PEERS },
  busy: { run: busy, peers: WITH_API },
  growth: { run: growth, peers: WITH_API },
  soak: { run: soak, peers: ['superd'] },
};

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    peers: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});
/** The soak takes minutes, and is no comparison: only when it is asked for. */
const chosen = values.only?.split(',') ?? Object.keys(EXPERIMENTS).filter((name) => name !== 'soak');
const unknown = chosen.find((name) => !(name in EXPERIMENTS));
if (unknown !== undefined) throw new Error(`no experiment is named ${unknown}: ${Object.keys(EXPERIMENTS).join(', ')}`);
const wanted = values.peers?.split(',') ?? ALL_PEERS;
const peers = ALL_PEERS.filter((peer) => wanted.includes(peer));
for (const peer of peers.filter((one) => !isInstalled(one))) console.log(`${peer} is left out: ${packageOf(peer)}`);

const collected = new Map<string, number[]>();
const loadBefore = loadavg()[0] ?? 0;
using lab = new Lab();
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const [name, { run, peers: able }] of Object.entries(EXPERIMENTS)) {
    if (!chosen.includes(name)) continue;
    for (const peer of peers.filter((one) => able.includes(one) && isInstalled(one))) {
      const samples = await run(lab, peer).catch((cause: unknown): readonly Sample[] => {
        console.log(`${name} with ${peer} failed: ${String(cause)}`);
        return [];
      });
      console.log(`${name} ${peer}: ${samples.map(([id, value]) => `${id} ${value.toPrecision(4)}`).join(', ')}`);
      for (const [id, value] of samples) {
        const key = `${peer} ${id}`;
        collected.set(key, [...(collected.get(key) ?? []), value]);
      }
    }
  }
}

const measured: Measured = new Map([...collected].map(([key, numbers]) => [key, median(numbers)]));
const table = tableOf(FIGURES, peers.filter(isInstalled), measured);
console.log(table);
if (values.write) write();

/** Replaces what stands between the two marks of the page; the words around it are written by hand. */
function write(): void {
  const page = `${import.meta.dirname}/../docs/explanation/performance.md`;
  const [cpu] = cpus();
  const machine =
    `${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, ` +
    `Node ${process.version}; load average before the run ${loadBefore.toFixed(1)}; medians of ${values.rounds} rounds; ` +
    `probes ${lab.probe.isCompiled ? 'compiled' : 'shell scripts'}.`;
  const text = readFileSync(page, 'utf8');
  const [begin, end] = ['<!-- measured: begin -->', '<!-- measured: end -->'];
  const before = text.slice(0, text.indexOf(begin) + begin.length);
  writeFileSync(page, `${before}\n\n${machine}\n\n${table}\n\n${text.slice(text.indexOf(end))}`);
  writeFileSync(`${import.meta.dirname}/../docs/explanation/growth.svg`, plotOf(measured));
}
