import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ACKNOWLEDGED,
  BUSY,
  type ListenerOutput,
  type ListenerState,
  MAX_RESULT_BYTES,
  MAX_RESULT_LINE,
  step,
} from '../../src/events/protocol.ts';

const READY: ListenerState = { name: 'READY' };

function say(state: ListenerState, ...chunks: readonly string[]): readonly [string, readonly string[]] {
  let current = state;
  const said: string[] = [];
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk, 'latin1');
    const [next, outputs] = step(current, bytes);
    // The reader uses its buffer again.
    bytes.fill('#');
    current = next;
    said.push(...outputs.map(show));
  }
  return [current.name, said];
}

function show(output: ListenerOutput): string {
  switch (output.kind) {
    case 'result':
      return output.processed ? 'processed' : 'rejected';
    case 'bad-result-line':
      return `bad '${output.line}'`;
    case 'transition':
      return `${output.from}>${output.to}`;
  }
}

const VIOLATED = 'BUSY>UNKNOWN';
const DONE = 'BUSY>ACKNOWLEDGED';

test('step() waits for six bytes in ACKNOWLEDGED', () => {
  assert.deepEqual(say(ACKNOWLEDGED, 'XXXXX'), ['ACKNOWLEDGED', []]);
  assert.deepEqual(say(ACKNOWLEDGED, 'XXXXX', 'X'), ['UNKNOWN', ['ACKNOWLEDGED>UNKNOWN']]);
  assert.deepEqual(say(ACKNOWLEDGED, 'REA', 'DY', '\n'), ['READY', ['ACKNOWLEDGED>READY']]);
});

test('step() takes anything said in READY for a violation', () => {
  assert.deepEqual(say(READY, 'x'), ['UNKNOWN', ['READY>UNKNOWN']]);
  assert.deepEqual(say(ACKNOWLEDGED, 'READY\nREADY\n'), ['UNKNOWN', ['ACKNOWLEDGED>READY', 'READY>UNKNOWN']]);
});

test('step() hears nothing in UNKNOWN', () => {
  assert.deepEqual(say({ name: 'UNKNOWN' }, 'READY\n'), ['UNKNOWN', []]);
});

test('step() reads a result and what follows it', () => {
  assert.deepEqual(say(BUSY, 'RESULT 2\nOK'), ['ACKNOWLEDGED', ['processed', DONE]]);
  assert.deepEqual(say(BUSY, 'RESULT 4\nFAIL'), ['ACKNOWLEDGED', ['rejected', DONE]]);
  assert.deepEqual(say(BUSY, 'RESULT 2\nOKREADY\n'), ['READY', ['processed', DONE, 'ACKNOWLEDGED>READY']]);
  assert.deepEqual(say(BUSY, 'RES', 'ULT 2', '\nO', 'K'), ['ACKNOWLEDGED', ['processed', DONE]]);
  assert.deepEqual(say(BUSY, 'RESULT 2\nok'), ['ACKNOWLEDGED', ['rejected', DONE]]);
  assert.deepEqual(say(BUSY, 'RESULT 3\nOK!'), ['ACKNOWLEDGED', ['rejected', DONE]]);
});

test('step() does not look at the first seven bytes of a result line', () => {
  assert.deepEqual(say(BUSY, 'ABCDEFG2\nOK'), ['ACKNOWLEDGED', ['processed', DONE]]);
  assert.deepEqual(say(BUSY, 'RESULT  +0_2 \nOK'), ['ACKNOWLEDGED', ['processed', DONE]]);
});

test('step() completes an empty result at once', () => {
  assert.deepEqual(say(BUSY, 'RESULT 0\n'), ['ACKNOWLEDGED', ['rejected', DONE]]);
});

test('step() calls a stray line feed after the result a violation', () => {
  const said = ['processed', DONE, 'ACKNOWLEDGED>UNKNOWN'];
  assert.deepEqual(say(BUSY, 'RESULT 2\nOK\nREADY\n'), ['UNKNOWN', said]);
  assert.deepEqual(say(BUSY, 'RESULT 2\nOK\n', 'READY\n'), ['UNKNOWN', said]);
});

test('step() refuses what is not a length', () => {
  for (const length of ['foo', '', '-1', '1.0', '0x2', '2 2', `${MAX_RESULT_BYTES + 1}`, '9'.repeat(400)]) {
    const [name, said] = say(BUSY, `RESULT ${length}\nOK`);
    assert.deepEqual([name, said.length, said.at(-1)], ['UNKNOWN', 2, VIOLATED], length);
  }
  assert.deepEqual(say(BUSY, 'RESULT foo\n'), ['UNKNOWN', ["bad 'RESULT foo'", VIOLATED]]);
  assert.deepEqual(say(BUSY, 'READY\n'), ['UNKNOWN', ["bad 'READY'", VIOLATED]]);
});

test('step() bounds a result line', () => {
  assert.equal(say(BUSY, 'x'.repeat(MAX_RESULT_LINE))[0], 'BUSY');
  const [name, said] = say(BUSY, 'x'.repeat(MAX_RESULT_LINE), 'x');
  assert.deepEqual([name, said], ['UNKNOWN', [`bad '${'x'.repeat(MAX_RESULT_LINE)}'`, VIOLATED]]);
});

const talk = fc.array(
  fc.constantFrom('READY\n', 'RESULT 2\n', 'OK', 'RESULT 4\nFAIL', 'RESULT 0\n', '\n', 'x', 'RESULT ', '1', '\xff'),
);
const start = fc.constantFrom<ListenerState>(ACKNOWLEDGED, BUSY, READY);

test('step() says the same however the bytes are cut', () => {
  fc.assert(
    fc.property(start, talk, fc.array(fc.nat(40)), (state, words, cuts) => {
      const text = words.join('');
      const marks = [...new Set([0, ...cuts.filter((cut) => cut < text.length), text.length])].sort((a, b) => a - b);
      const chunks = marks.slice(1).map((mark, index) => text.slice(marks[index], mark));
      assert.deepEqual(say(state, ...chunks), say(state, text));
    }),
  );
});

test('step() never throws', () => {
  fc.assert(
    fc.property(start, fc.array(fc.uint8Array()), (state, chunks) => {
      let current = state;
      for (const chunk of chunks) [current] = step(current, chunk);
    }),
  );
});
