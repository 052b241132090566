import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type OpenedWorld, WORLD_VERSION, WorldFile } from '../../src/host/world-file.ts';
import { crc32 } from '../../src/journal/crc.ts';
import type { SavedChange } from '../../src/supervisor/saved.ts';
import { smallDisk } from '../support/faults.ts';
import { until } from '../support/until.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'superd-world-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

const serial = (next: number): SavedChange => ({ kind: 'serial', next });

function open(path: string, problems: string[], boot = 'boot'): OpenedWorld {
  const opened = WorldFile.open(path, boot, (text) => problems.push(text));
  assert.ok(opened.ok);
  return opened.value;
}

test('WorldFile gives back what was saved in this boot, and nothing of another', (t) => {
  const path = folder(t);
  const problems: string[] = [];
  const first = open(path, problems);
  first.file.save(serial(1));
  first.file.save(serial(2));
  const again = open(path, problems);
  assert.deepEqual(again.changes, [serial(1), serial(2)]);
  assert.equal(again.file.mark, first.file.mark);
  const other = open(path, problems, 'another boot');
  assert.deepEqual(other.changes, []);
  assert.equal(other.file.mark, first.file.mark);
  assert.deepEqual(problems, []);
});

test('WorldFile cut at any byte gives back every whole change, and goes on behind it', (t) => {
  const path = folder(t);
  const world = join(path, 'world');
  const { file } = open(path, []);
  const header = statSync(world).size;
  for (let next = 0; next < 5; next += 1) file.save(serial(next));
  const whole = readFileSync(world);
  for (let size = header; size <= whole.length; size += 1) {
    writeFileSync(world, whole);
    truncateSync(world, size);
    const { file: again, changes } = open(path, []);
    const expected = whole.subarray(header, size).toString().split('\n').length - 1;
    assert.deepEqual(
      changes,
      Array.from({ length: expected }, (_, next) => serial(next)),
    );
    again.save(serial(77));
    assert.deepEqual(open(path, []).changes.at(-1), serial(77));
  }
});

test('WorldFile leaves a newer file as it is', (t) => {
  const path = folder(t);
  const json = JSON.stringify({ version: WORLD_VERSION + 1, boot: 'boot', mark: 'm' });
  const text = `${crc32(Buffer.from(json)).toString(16).padStart(8, '0')} ${json}\n`;
  writeFileSync(join(path, 'world'), text);
  const opened = WorldFile.open(path, 'boot', (problem) => assert.fail(problem));
  assert.ok(!opened.ok);
  assert.match(opened.error, /written by a newer superd \(version \d+\)/);
  assert.equal(readFileSync(join(path, 'world'), 'utf8'), text);
});

test('WorldFile on a full disk stays whole, and says all of the world when there is room again', async (t) => {
  const disk = smallDisk(t, 64);
  if ('skip' in disk) return t.skip(disk.skip);
  const problems: string[] = [];
  const { file } = open(disk.path, problems);
  file.snapshot = () => [serial(1000)];
  let saved = 0;
  while (problems.length === 0) file.save(serial(saved++));
  assert.match(problems[0] ?? '', /^cannot write \S+\/world: ENOSPC; a brain that dies now forgets/);
  file.save(serial(saved));
  assert.deepEqual(
    open(disk.path, []).changes,
    Array.from({ length: saved - 1 }, (_, next) => serial(next)),
  );
  execFileSync('mount', ['-o', 'remount,size=256k', disk.path]);
  await until('the world is written', () => problems.length === 2);
  assert.match(problems[1] ?? '', /world is written again$/);
  file.save(serial(2000));
  assert.deepEqual(open(disk.path, []).changes, [serial(1000), serial(2000)]);
});
