import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { packed } from '../../src/host/http-packing.ts';
import type { WebAnswer, WebRequest } from '../../src/web/exchange.ts';

const TEXT = 'long enough to be worth it '.repeat(400);
const answer = (packs: boolean, body: string): WebAnswer => ({
  kind: 'whole',
  status: 200,
  headers: [['Content-Type', 'application/json']],
  body,
  last: false,
  ...(packs ? { packs: true } : {}),
});
const asking = (accepted: string | undefined): WebRequest => ({
  method: 'GET',
  target: '/',
  header: (name) => (name === 'accept-encoding' ? accepted : undefined),
  readBody: () => Promise.resolve(Buffer.of()),
});

test('packed() packs what may be packed, for who takes it, and says so', async () => {
  const given = await packed(answer(true, TEXT), asking('br, gzip;q=0.5'));
  assert.ok(given.kind === 'whole' && typeof given.body !== 'string');
  assert.ok(given.body.length < TEXT.length / 10);
  assert.equal(gunzipSync(given.body).toString(), TEXT);
  assert.deepEqual(given.headers.slice(1), [
    ['Content-Encoding', 'gzip'],
    ['Vary', 'Accept-Encoding'],
  ]);
});

test('packed() leaves the rest as it is', async () => {
  for (const [which, accepted] of [
    [answer(false, TEXT), 'gzip'],
    [answer(true, 'short'), 'gzip'],
    [answer(true, TEXT), undefined],
    [answer(true, TEXT), 'gzip;q=0'],
    [answer(true, TEXT), 'br'],
  ] as const) {
    assert.equal(await packed(which, asking(accepted)), which);
  }
});
