import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Screen } from '../../src/cli/command.ts';
import { maxOf, meanOf, percent, size, sparkline } from '../../src/cli/usage-text.ts';
import { RpcFault } from '../../src/rpc/faults.ts';
import type { XmlValue } from '../../src/rpc/xml.ts';
import { play, row, type Server, unreachable } from './fake-session.ts';

test('size(), percent() and sparkline() are short and know what they do not know', () => {
  assert.deepEqual([0, 1023, 4096, 1_048_576, 1.5 * 2 ** 30, 2 ** 50].map(size), [
    '0K',
    '1K',
    '4K',
    '1.0M',
    '1.5G',
    '1024.0T',
  ]);
  assert.deepEqual([size(1023 * 1024), size(undefined)], ['1.0M', '-']);
  assert.deepEqual([percent(0.05), percent(123.456), percent(undefined)], ['0.1%', '123.5%', '-']);
  assert.equal(sparkline([0, undefined, 1, 5, 10, 99], 10), '▁ ▂▅██');
  assert.equal(sparkline([0, 0], 0), '▁▁');
  assert.deepEqual(
    [meanOf([1, undefined, 3]), meanOf([undefined]), maxOf([1, 9, undefined]), maxOf([])],
    [2, undefined, 9, undefined],
  );
});

const usage = (name: string, cpu: number, rss: number): XmlValue => ({ name, cpu, rss, processes: 2, at: 1000 });
const ROWS = [row('web', 'a', 'RUNNING'), row('web', 'b', 'RUNNING'), row('solo', 'solo', 'FATAL')];
const SERVER: Server = {
  getAllProcessInfo: ROWS,
  'superd.getUsage': [usage('web:a', 5, 3_000_000), usage('web:b', 80.25, 1_000_000)],
};

/** A terminal at which these keys are pressed, one after the other, and then q. */
function fakeScreen(
  keys: readonly (string | undefined)[],
  rows = 20,
): Screen & { readonly frames: string[]; left: number } {
  const typed = [...keys];
  const screen = {
    columns: 60,
    rows,
    frames: [] as string[],
    left: 0,
    show: (lines: readonly string[]): void => void screen.frames.push(lines.join('\n')),
    key: (): Promise<string | undefined> => Promise.resolve(typed.length === 0 ? 'q' : typed.shift()),
    [Symbol.dispose]: (): void => {
      screen.left += 1;
    },
  };
  return screen;
}

const namesIn = (frame: string | undefined): readonly string[] => frame?.match(/^(web:\w|solo)/gm) ?? [];

suite('top', () => {
  test('prints one table where there is no terminal, what uses most first', async () => {
    const session = await play({ server: SERVER }, 'top');
    assert.equal(session.exit, 0);
    assert.equal(
      session.stdout,
      [
        '3 processes: 2 running, 1 fatal; cpu 85.3% of one core, memory 3.8M',
        'NAME          STATE          CPU*    MEMORY   PROCS  DESCRIPTION',
        'web:b         RUNNING       80.3%      977K       2  is RUNNING',
        'web:a         RUNNING        5.0%      2.9M       2  is RUNNING',
        'solo          FATAL             -         -       -  is FATAL',
        '',
      ].join('\n'),
    );
  });

  test('is live at a terminal: keys sort, time brings news, q leaves', async () => {
    const screen = fakeScreen(['m', 'n', undefined, 'x']);
    const session = await play({ server: SERVER, screen }, 'top');
    assert.equal(session.exit, 0);
    assert.equal(screen.left, 1);
    assert.deepEqual(screen.frames.map(namesIn), [
      ['web:b', 'web:a', 'solo'],
      ['web:a', 'web:b', 'solo'],
      ['solo', 'web:a', 'web:b'],
      ['solo', 'web:a', 'web:b'],
      ['solo', 'web:a', 'web:b'],
    ]);
    assert.equal(session.calls.filter((call) => call.startsWith('superd.getUsage')).length, 3);
    assert.ok(screen.frames.every((frame) => frame.split('\n').every((line) => line.length <= 60)));
  });

  test('fits a small terminal, and lets no name command it', async () => {
    const screen = fakeScreen([], 5);
    const hostile = row('web', 'a\u001b[2J', 'RUNNING');
    await play({ server: { ...SERVER, getAllProcessInfo: [hostile, ...ROWS] }, screen }, 'top');
    const lines = screen.frames[0]?.split('\n') ?? [];
    assert.equal(lines.length, 5);
    assert.equal(lines.at(-1), '... 4 more');
    const large = fakeScreen([]);
    await play({ server: { ...SERVER, getAllProcessInfo: [hostile] }, screen: large }, 'top');
    assert.ok(!large.frames.join('').includes('\u001b'));
  });

  test('waits for a server that is away for a moment, and gives the terminal back when it ends in a fault', async () => {
    let asked = 0;
    const flaky: Server = {
      ...SERVER,
      'superd.getUsage': () => {
        asked += 1;
        if (asked === 2) return unreachable('ECONNREFUSED');
        return asked === 4 ? new RpcFault('FAILED', 'why') : [usage('web:a', 1, 1)];
      },
    };
    const screen = fakeScreen([undefined, undefined, undefined]);
    const session = await play({ server: flaky, screen }, 'top');
    assert.match(screen.frames[1] ?? '', /no answer from superd/);
    assert.doesNotMatch(screen.frames[2] ?? '', /no answer from superd/);
    assert.equal(screen.left, 1);
    assert.notEqual(session.exit, 0);
  });

  test('prints for machines with --json', async () => {
    const session = await play({ server: SERVER, screen: fakeScreen([]) }, 'top --json');
    const [first, , last] = JSON.parse(session.stdout);
    assert.deepEqual(first, {
      namespec: 'web:b',
      statename: 'RUNNING',
      pid: 42,
      cpu_percent: 80.25,
      rss_bytes: 1_000_000,
      processes: 2,
    });
    assert.deepEqual(last, {
      namespec: 'solo',
      statename: 'FATAL',
      pid: 0,
      cpu_percent: null,
      rss_bytes: null,
      processes: null,
    });
  });

  test('says that another server than superd cannot tell', async () => {
    const session = await play({ server: { ...SERVER, 'superd.getUsage': new RpcFault('UNKNOWN_METHOD') } }, 'top');
    assert.notEqual(session.exit, 0);
    assert.notEqual(session.stdout, '');
  });
});

suite('stats', () => {
  const history = {
    start: 1000,
    step: 60,
    cpu: [-1, 10, 30],
    cpumax: [-1, 20, 90],
    rss: [-1, 1024, 3072],
    rssmax: [-1, 2048, 4096],
  };
  const server: Server = {
    ...SERVER,
    getProcessInfo: ROWS[0] ?? '',
    'superd.getUsageHistory': (name) => (name === 'nobody' ? new RpcFault('BAD_NAME', 'nobody') : history),
  };

  test('shows the last hour, day and week of a process', async () => {
    const session = await play({ server }, 'stats web:a');
    assert.equal(session.exit, 0);
    assert.equal(
      session.stdout,
      [
        'web:a: now 5.0% of one core, 2.9M in 2 processes',
        '               mean      max',
        ...['1 hour', '24 hours', '7 days'].flatMap((title) => [
          title,
          '  cpu         20.0%    90.0%   ▃█',
          '  memory         2K       4K   ▃█',
        ]),
        '',
      ].join('\n'),
    );
    assert.deepEqual(
      session.calls.filter((call) => call.includes('History')),
      [3600, 86_400, 604_800].map((seconds) => `superd.getUsageHistory(web:a,${seconds},60)`),
    );
  });

  test('shows one line a process without a name', async () => {
    const session = await play({ server }, 'stats');
    const lines = session.stdout.split('\n');
    assert.equal(lines.length, 5);
    assert.match(lines[0] ?? '', /^NAME +CPU +MEAN 1H +MAX 1H +MEMORY +MAX 1H +CPU 1H$/);
    assert.match(lines[1] ?? '', /^web:a +5\.0% +20\.0% +90\.0% +2\.9M +4K {3}▃█$/);
    assert.match(lines[3] ?? '', /^solo +- +20\.0%/);
  });

  test('goes on after a name that nobody has, and fails', async () => {
    const session = await play({ server }, 'stats nobody web:a');
    assert.equal(session.exit, 1);
    assert.match(session.stdout, /^nobody: ERROR \(no such process\)\n\nweb:a: now/);
  });

  test('prints for machines with --json, with null for what is not known', async () => {
    const session = await play({ server }, 'stats --json web:a');
    const [{ namespec, now, day }] = JSON.parse(session.stdout);
    assert.equal(namespec, 'web:a');
    assert.deepEqual(now, { cpu: 5, rss: 3_000_000, processes: 2, at: 1000 });
    assert.deepEqual(day.cpu, [null, 10, 30]);
  });
});
