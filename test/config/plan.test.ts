import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffGroups, type Plan, sameGroup } from '../../src/config/plan.ts';
import { good } from './fake-source.ts';

const D = '[supervisord]\n';
const groups = (text: string) => good(D + text).groups;
const diff = (before: string, after: string): Plan => diffGroups(groups(before), groups(after));
const names = ({ added, changed, removed }: Plan): unknown => [
  added.map(({ name }) => name),
  changed.map(({ group }) => group),
  removed.map(({ name }) => name),
];

const P = '[program:x]\ncommand=/bin/cat\n';
const L = '[eventlistener:x]\ncommand=x\nevents=TICK_5,TICK_60\n';
const F = '[fcgi-program:x]\ncommand=x\nsocket=unix:///s\n';

/** The edits of api 6, and those that supervisord does not see. */
const CHANGES: readonly (readonly [string, string, string])[] = [
  [P, `${P}startsecs=2`, 'startsecs'],
  [P, `${P}stdout_logfile=/tmp/x`, 'stdout_logfile'],
  [`${P}stdout_logfile=/tmp/x`, P, 'stdout_logfile'],
  [P, `${P}priority=1`, 'priority'],
  [P, `${P}directory=/x`, 'directory'],
  [P, `${P}user=web`, 'user'],
  [P, `${P}umask=0`, 'umask'],
  [P, `${P}environment=A=1`, 'environment A'],
  [P, `${P}serverurl=`, 'serverurl'],
  [P, `${P}exitcodes=`, 'exitcodes'],
  [P, `${P}stopsignal=INT`, 'stopsignal'],
  [L, `${L}buffer_size=11`, 'buffer_size'],
  [L, L.replace(',TICK_60', ''), 'events'],
  [F, F.replace('/s', '/t'), 'socket'],
  [F, `${F}socket_mode=0777`, 'socket_mode'],
  [F, `${F}socket_owner=web`, 'socket_owner'],
  [F, `${F}socket_backlog=5`, 'socket_backlog'],
];

test('diffGroups() sees every change of a key, and names it', () => {
  for (const [before, after, key] of CHANGES) {
    const [change] = diff(before, after).changed;
    const keys = change?.processes.flatMap((process) => (process.kind === 'changed' ? process.keys : [])) ?? [];
    assert.ok(
      [...(change?.keys ?? []), ...keys].some((one) => one.key === key),
      `${after}: ${key}`,
    );
  }
});

test('diffGroups() does not see what makes no difference', () => {
  assert.deepEqual(names(diff(P, `; a comment\n\n${P}startsecs=1\n`)), [[], [], []]);
  assert.deepEqual(names(diff(L, L.replace('TICK_5,TICK_60', 'TICK_60,TICK_5'))), [[], [], []]);
});

test('diffGroups() lists added, changed and removed groups in their orders', () => {
  const before = '[program:c]\ncommand=c\n[program:b]\ncommand=b\n[program:a]\ncommand=a';
  const after =
    '[program:b]\ncommand=b2\n[program:z]\ncommand=z\n[program:y]\ncommand=y\n[program:w]\ncommand=w\npriority=1';
  assert.deepEqual(names(diff(before, after)), [['w', 'y', 'z'], ['b'], ['a', 'c']]);
});

test('diffGroups() tells which processes changed, and how', () => {
  const many = (numprocs: number): string => `${P}process_name=p%(process_num)s\nnumprocs=${numprocs}\n`;
  const [change] = diff(many(2), `${many(3)}environment=N=%(process_num)s\n`).changed;
  assert.deepEqual(change?.processes, [
    { kind: 'changed', process: 'p0', keys: [{ key: 'environment N', from: undefined, to: '0' }] },
    { kind: 'changed', process: 'p1', keys: [{ key: 'environment N', from: undefined, to: '1' }] },
    { kind: 'added', process: 'p2' },
  ]);
  assert.deepEqual(diff(many(2), many(1)).changed[0]?.processes, [{ kind: 'removed', process: 'p1' }]);
});

test('diffGroups() sees the order of programs= in a group, and its kind', () => {
  const programs = '[program:a]\ncommand=a\n[program:b]\ncommand=b\n';
  const [change] = diff(`${programs}[group:g]\nprograms=a,b`, `${programs}[group:g]\nprograms=b,a`).changed;
  assert.deepEqual(change?.keys, [{ key: 'order', from: 'a,b', to: 'b,a' }]);
  assert.deepEqual(names(diff(P, `${P.replace(':x', ':y')}process_name=x\n[group:x]\nprograms=y`)), [[], ['x'], []]);
});

test('diffGroups() masks secrets', () => {
  const text = (secret: string): string =>
    `[program:x]\ncommand=cat --password=${secret} http://u:${secret}@h/\nenvironment=DB_PASSWORD="${secret}",URL="http://u:${secret}@h"`;
  const plan = JSON.stringify(diff(text('one'), text('two')).changed.map(({ keys, processes }) => [keys, processes]));
  assert.doesNotMatch(plan, /one|two/);
});

test('sameGroup() holds for every configuration and itself', () => {
  const lines = [
    'startsecs=2',
    'user=web',
    'numprocs=0',
    'environment=A=1,B=2',
    'stdout_logfile=/tmp/x',
    'stopasgroup=1',
  ];
  fc.assert(
    fc.property(fc.subarray(lines), fc.subarray(lines), (a, b) => {
      const [one] = groups(P + a.join('\n'));
      const [two] = groups(P + b.join('\n'));
      assert.ok(one && two);
      const equal = a.join() === b.join() || (a.includes('numprocs=0') && b.includes('numprocs=0'));
      return sameGroup(one, two) === equal && sameGroup(two, one) === equal;
    }),
    { numRuns: 200 },
  );
});
