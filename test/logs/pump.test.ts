import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pump, type PumpSink } from '../../src/logs/pump.ts';
import { bytes } from '../../src/units.ts';

const BEGIN = '<!--XSUPERVISOR:BEGIN-->';
const END = '<!--XSUPERVISOR:END-->';

function fixture(options: { readonly stripAnsi?: boolean; readonly captureMaxbytes?: number }) {
  const said: string[] = [];
  const kept: Uint8Array[] = [];
  const say = (what: string) => (data: Uint8Array) => said.push(`${what} ${Buffer.from(data).toString()}`);
  const keep = (what: string) => (data: Uint8Array) => {
    say(what)(data);
    kept.push(data);
  };
  const sink: PumpSink = { append: say('file'), end: () => said.push('end') };
  const pump = new Pump(
    { stripAnsi: options.stripAnsi ?? false, captureMaxbytes: bytes(options.captureMaxbytes ?? 0) },
    {
      sinks: [sink],
      onLog: keep('log'),
      onCommunication: keep('comm'),
      onDebug: say('debug'),
      onUnterminated: (length) => said.push(`unterminated ${length}`),
    },
  );
  return { pump, said, kept, write: (text: string) => pump.write(Buffer.from(text)) };
}

test('write() hands the very same bytes to the file when nothing else is configured', () => {
  const got: Uint8Array[] = [];
  const nothing = { onLog: undefined, onCommunication: undefined, onDebug: undefined, onUnterminated: undefined };
  const pump = new Pump(
    { stripAnsi: false, captureMaxbytes: bytes(0) },
    { ...nothing, sinks: [{ append: (data) => got.push(data) }] },
  );
  const chunk = Buffer.from('x');
  pump.write(chunk);
  assert.equal(got[0], chunk);
});

test('write() logs, copies and publishes each chunk', () => {
  const { said, write } = fixture({});
  write('a');
  write('b');
  assert.deepEqual(said, ['file a', 'debug a', 'log a', 'file b', 'debug b', 'log b']);
});

test('write() leaves tags alone without capture mode', () => {
  const { said, write } = fixture({});
  write(`${BEGIN}x`);
  assert.equal(said[0], `file ${BEGIN}x`);
});

test('write() publishes captured text but does not log it', () => {
  const { said, write } = fixture({ captureMaxbytes: 10, stripAnsi: true });
  write(`a${BEGIN}\x1b[1mb${END}c`);
  assert.deepEqual(said, ['file a', 'debug a', 'log a', 'debug b', 'log b', 'comm b', 'file c', 'debug c', 'log c']);
});

test('write() gives events copies that survive the reuse of the chunk', () => {
  const { pump, kept } = fixture({ captureMaxbytes: 10 });
  const chunk = Buffer.from(`a${BEGIN}b${END}`);
  pump.write(chunk);
  chunk.fill(0);
  assert.deepEqual(
    kept.map((data) => Buffer.from(data).toString()),
    ['a', 'b', 'b'],
  );
});

test('end() lets out what was held back, and ends the sinks', () => {
  const { pump, said, write } = fixture({ captureMaxbytes: 10, stripAnsi: true });
  write('a<!--X');
  write('\x1b[3');
  pump.end();
  pump.end();
  assert.deepEqual(
    said.filter((line) => !/^(debug|log)/.test(line)),
    ['file a', 'file <!--X\x1b[3', 'end', 'end'],
  );
});

test('end() drops an open capture', () => {
  const { pump, said, write } = fixture({ captureMaxbytes: 10 });
  write(`${BEGIN}abc`);
  pump.end();
  write('d');
  assert.deepEqual(
    said.filter((line) => !/^(debug|log)/.test(line)),
    ['unterminated 3', 'end', 'file d'],
  );
});
