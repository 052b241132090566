import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSignal, signalName } from '../../src/process/signal.ts';
import { signal } from '../../src/units.ts';

const GOOD: readonly (readonly [string, number])[] = [
  ['TERM', 15],
  ['sigterm', 15],
  [' usr1 ', 10],
  ['0', 0],
  ['-0', 0],
  ['1_5', 15],
  ['RTMIN', 34],
  ['34', 34],
  ['rtmax', 64],
  ['CLD', 17],
  ['IOT', 6],
  ['IO', 29],
  ['POLL', 29],
  ['WINCH', 28],
  ['_DFL', 0],
];

const BAD: readonly (readonly [string, string])[] = [
  ['35', "value '35' is not a valid signal number"],
  [' 35 ', "value ' 35 ' is not a valid signal number"],
  ['-1', "value '-1' is not a valid signal number"],
  ['RTMIN+1', "value 'RTMIN+1' is not a valid signal name"],
  ['', "value '' is not a valid signal name"],
  ['SIG', "value 'SIG' is not a valid signal name"],
  ['__proto__', "value '__proto__' is not a valid signal name"],
  ['ſ', "value 'ſ' is not a valid signal name"],
];

test('parseSignal() reads numbers, names and aliases', () => {
  for (const [text, number] of GOOD) assert.deepEqual(parseSignal(text), { ok: true, value: number }, text);
});

test('parseSignal() refuses what supervisord refuses, in its words', () => {
  for (const [text, error] of BAD) assert.deepEqual(parseSignal(text), { ok: false, error }, text);
});

test('signalName() prints the standard name, and the number where there is none', () => {
  const names = [6, 17, 29, 34, 64, 35].map((number) => signalName(signal(number)));
  assert.deepEqual(names, ['SIGABRT', 'SIGCHLD', 'SIGPOLL', 'SIGRTMIN', 'SIGRTMAX', 'signal 35']);
});
