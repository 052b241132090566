import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, closeSync, constants, mkdtempSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { PipeFolder } from '../../src/host/pipe-folder.ts';
import { PipeReader } from '../../src/host/pipe-reader.ts';
import { removeTree } from '../support/remove.ts';
import { until } from '../support/until.ts';

/** New pipes that vanish with the test. */
function pipesOf(t: TestContext, names: readonly string[]): PipeFolder {
  const folder = mkdtempSync(join(tmpdir(), 'superd-pipes-'));
  t.after(() => removeTree(folder));
  const pipes = new PipeFolder(folder);
  pipes.make(names.map((name) => ({ name, user: undefined })));
  return pipes;
}

function read(t: TestContext, pipes: PipeFolder, name: string, take: (chunk: Uint8Array) => void): PipeReader {
  const reader = new PipeReader(pipes.openForReading(name), false, take);
  t.after(() => reader.close());
  return reader;
}

test('hold() leaves what is written in the pipe until release()', async (t) => {
  const pipes = pipesOf(t, ['p', 'other']);
  const heard: string[] = [];
  const reader = read(t, pipes, 'p', (chunk) => heard.push(Buffer.from(chunk).toString()));
  read(t, pipes, 'other', () => heard.push('other'));
  appendFileSync(pipes.pathOf('p'), 'one');
  await until('the first piece', () => heard.length === 1);
  reader.hold();
  appendFileSync(pipes.pathOf('p'), 'two');
  // Whoever is not held is read meanwhile, and has had its rest.
  appendFileSync(pipes.pathOf('other'), 'x');
  await until('the other', () => heard.length === 2);
  await pause(100);
  assert.deepEqual(heard, ['one', 'other']);
  reader.release();
  await until('the second piece', () => heard.length === 3);
  assert.deepEqual(heard, ['one', 'other', 'two']);
});

test('a reader that rests does not wait for one that was released again and again meanwhile', async (t) => {
  const pipes = pipesOf(t, ['restless', 'patient']);
  const heard = { restless: 0, patient: 0 };
  const readerOf = (name: 'restless' | 'patient'): PipeReader =>
    read(t, pipes, name, () => {
      heard[name] += 1;
    });
  const restless = readerOf('restless');
  readerOf('patient');
  for (const name of ['restless', 'patient']) appendFileSync(pipes.pathOf(name), 'x');
  await until('both are read', () => heard.restless + heard.patient === 2);
  appendFileSync(pipes.pathOf('patient'), 'x');
  // Each time less than a rest after the last.
  for (let count = 0; count < 30 && heard.patient < 2; count += 1) {
    appendFileSync(pipes.pathOf('restless'), 'x');
    restless.hold();
    restless.release();
    await pause(10);
  }
  assert.equal(heard.patient, 2);
});

test('a chatty stream that was read late, and much at once, goes on to be read in large pieces', async (t) => {
  const LATE = 40 * 1024;
  const PIECES = 400;
  const pipes = pipesOf(t, ['p']);
  const fd = openSync(pipes.pathOf('p'), constants.O_RDWR | constants.O_NONBLOCK);
  t.after(() => closeSync(fd));
  writeSync(fd, Buffer.alloc(LATE));
  let reads = 0;
  let bytes = 0;
  read(t, pipes, 'p', (chunk) => {
    reads += 1;
    bytes += chunk.length;
  });
  await until('what had waited', () => bytes === LATE);
  for (let piece = 0; piece < PIECES; piece += 1) {
    writeSync(fd, 'line\n');
    await nextTurn();
  }
  await until('all of it', () => bytes === LATE + 5 * PIECES);
  assert.ok(reads < PIECES / 4, `${reads} reads`);
});

test('streams that are written flat out are read as fast as they come, many at once', async (t) => {
  const MEGABYTES = 64;
  const names = Array.from({ length: 5 }, (_, index) => `p${index}`);
  const pipes = pipesOf(t, names);
  const bytes = new Map(names.map((name) => [name, 0]));
  for (const name of names) read(t, pipes, name, (chunk) => bytes.set(name, (bytes.get(name) ?? 0) + chunk.length));
  for (const name of names) {
    execFile('/bin/sh', ['-c', `head -c ${MEGABYTES}M /dev/zero >"$0"`, pipes.pathOf(name)]);
  }
  const isAllThere = (): boolean => [...bytes.values()].every((count) => count === MEGABYTES * 2 ** 20);
  // Those that rest are read at 1.3 MB/s, and would take 50 s.
  await until('every byte', isAllThere, 30_000);
});
