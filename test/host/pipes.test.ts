import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { PipeFolder, PipeReader } from '../../src/host/pipes.ts';
import { until } from '../support/until.ts';

test('hold() leaves what is written in the pipe until release()', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'superd-pipes-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const pipes = new PipeFolder(folder);
  pipes.make(['p', 'other'].map((name) => ({ name, user: undefined })));
  const heard: string[] = [];
  const reader = new PipeReader(pipes.openForReading('p'), false, (chunk) => heard.push(Buffer.from(chunk).toString()));
  const other = new PipeReader(pipes.openForReading('other'), false, () => heard.push('other'));
  t.after(() => {
    reader.close();
    other.close();
  });
  appendFileSync(pipes.pathOf('p'), 'one');
  await until('the first piece', () => heard.length === 1);
  reader.hold();
  appendFileSync(pipes.pathOf('p'), 'two');
  // Whoever is not held is read meanwhile, and has had its pause.
  appendFileSync(pipes.pathOf('other'), 'x');
  await until('the other', () => heard.length === 2);
  await pause(100);
  assert.deepEqual(heard, ['one', 'other']);
  reader.release();
  await until('the second piece', () => heard.length === 3);
  assert.deepEqual(heard, ['one', 'other', 'two']);
});
