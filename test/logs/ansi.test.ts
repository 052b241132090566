import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnsiStripper, MAX_SEQUENCE } from '../../src/logs/ansi.ts';
import { cutText, latin1 } from './chunks.ts';

function strip(...chunks: readonly (string | Uint8Array)[]): string {
  const stripper = new AnsiStripper();
  const kept = chunks.map((chunk) => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : Buffer.from(chunk);
    const rest = latin1(stripper.strip(bytes));
    // The reader uses its buffer again.
    bytes.fill('#');
    return rest;
  });
  return kept.join('') + latin1(stripper.end());
}

test('strip() removes control sequences with any final byte', () => {
  assert.equal(strip('a\x1b[31mred\x1b[0m b'), 'ared b');
  assert.equal(strip('\x1b[2Gx\x1b[?25hy\x1b[Az\x1b[1;2 q!'), 'xyz!');
});

test('strip() keeps what is no control sequence', () => {
  for (const text of ['', 'plain', '\x1bM', '\x1b\x1b', '\x1b[31\nx', '\x1b[\xff', 'end\x1b[3'])
    assert.equal(strip(text), text);
});

test('strip() gives the same array back when there is nothing to remove', () => {
  const chunk = Buffer.from('plain');
  assert.equal(new AnsiStripper().strip(chunk), chunk);
});

test('strip() keeps its state across chunks', () => {
  assert.equal(strip('a\x1b', '[', '3', '1', 'mb'), 'ab');
});

test('strip() takes an endless sequence for text', () => {
  const text = `\x1b[${'1'.repeat(MAX_SEQUENCE)}m`;
  assert.equal(strip(text), text);
  assert.equal(strip(...Array.from(text)), text);
});

test('strip() says the same however the bytes are cut', () => {
  const words = [
    '\x1b',
    '[',
    '\x1b[',
    '31m',
    '0',
    ';',
    ' ',
    'x',
    '\n',
    '\x1b[2K',
    '\xe9',
    'text',
    '1'.repeat(MAX_SEQUENCE - 2),
  ];
  fc.assert(fc.property(cutText(words), ({ text, chunks }) => assert.equal(strip(...chunks), strip(text))));
});
