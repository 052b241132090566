import assert from 'node:assert/strict';
import { test } from 'node:test';
import { glob } from '../../src/config/glob.ts';
import { fakeSource } from './fake-source.ts';

const FILES = [
  '/d/a.conf',
  '/d/b.conf',
  '/d/B.conf',
  '/d/.hidden.conf',
  '/d/a[1].conf',
  '/d/x^.conf',
  '/d/sub/c.conf',
  '/d/\u{10000}',
  '/d/\ue000',
];
const source = fakeSource({ files: Object.fromEntries(FILES.map((file) => [file, ''])) });

const CASES: readonly (readonly [string, readonly string[]])[] = [
  ['/d/*.conf', ['/d/B.conf', '/d/a.conf', '/d/a[1].conf', '/d/b.conf', '/d/x^.conf']],
  ['/d/?.conf', ['/d/B.conf', '/d/a.conf', '/d/b.conf']],
  ['/d/[ab].conf', ['/d/a.conf', '/d/b.conf']],
  ['/d/[!a].conf', ['/d/B.conf', '/d/b.conf']],
  ['/d/[A-Z].conf', ['/d/B.conf']],
  ['/d/[z-a].conf', []],
  ['/d/a[[]1].conf', ['/d/a[1].conf']],
  ['/d/x[^].conf', ['/d/x^.conf']],
  ['/d/[', []],
  ['/d/.*.conf', ['/d/.hidden.conf']],
  ['/d/**/c.conf', ['/d/sub/c.conf']],
  ['/**/*.conf', ['/d/B.conf', '/d/a.conf', '/d/a[1].conf', '/d/b.conf', '/d/x^.conf']],
  ['/d/*/', ['/d/sub/']],
  ['/d/a.conf', ['/d/a.conf']],
  ['/d/nope', []],
  ['/d/[\ue000\u{10000}]', ['/d/\ue000', '/d/\u{10000}']],
];

test('glob() matches as Python does, sorted by code point', () => {
  for (const [pattern, want] of CASES) assert.deepEqual(glob(source, pattern), want, pattern);
});
