import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Packing, WebAssets } from '../../src/web/assets.ts';
import type { WebAnswer } from '../../src/web/exchange.ts';
import { createHandler } from '../../src/web/routes.ts';
import { fakeRpc } from '../support/fake-rpc.ts';
import { SERVER } from '../support/web-requests.ts';

const SCRIPT = 'app-0123456789ab.js';
const STYLE = 'style-0123456789ab.css';
const FILES: ReadonlyMap<string, string> = new Map([
  [SCRIPT, 'code'],
  [`${SCRIPT}.br`, 'code as brotli'],
  [`${SCRIPT}.gz`, 'code as gzip'],
  [STYLE, 'style'],
]);

/** Refuses every name that the build does not make. */
const ASSETS: WebAssets = {
  manifest: () => ({ script: SCRIPT, style: STYLE }),
  read(name: string, packing: Packing | undefined) {
    assert.match(name, /^[a-z0-9-]+\.(js|css)$/);
    const text = FILES.get(packing === undefined ? name : `${name}.${packing}`);
    return text === undefined ? undefined : Buffer.from(text);
  },
};

const ask = (target: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<WebAnswer> =>
  createHandler(
    { ...fakeRpc().web, assets: ASSETS },
    SERVER,
  )({ method, target, header: (name) => headers[name], readBody: () => Promise.resolve(Buffer.of()) });

async function whole(answer: Promise<WebAnswer>): Promise<Extract<WebAnswer, { kind: 'whole' }>> {
  const given = await answer;
  assert.ok(given.kind === 'whole');
  return given;
}

test('/ui/ serves what the build made, packed as the browser takes it, to be kept for ever', async () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['', 'code', undefined],
    ['gzip, deflate, br', 'code as brotli', 'br'],
    ['gzip, br;q=0', 'code as gzip', 'gzip'],
    ['GZIP;q=0.5', 'code as gzip', 'gzip'],
    ['brr, gzipped', 'code', undefined],
  ];
  for (const [accepted, body, encoding] of cases) {
    const answer = await whole(ask(`/ui/${SCRIPT}`, { 'accept-encoding': accepted }));
    const headers = new Map(answer.headers);
    assert.equal(Buffer.from(answer.body).toString(), body);
    assert.equal(headers.get('Content-Encoding'), encoding);
    assert.equal(headers.get('Content-Type'), 'text/javascript;charset=utf-8');
    assert.match(headers.get('Cache-Control') ?? '', /immutable/);
  }
  const style = await whole(ask(`/ui/${STYLE}`, { 'accept-encoding': 'br' }));
  assert.equal(Buffer.from(style.body).toString(), 'style');
});

test('/ui/ has no other file', async () => {
  for (const target of [
    '/ui/',
    '/ui/manifest.json',
    '/ui/../superd.cjs',
    '/ui/%2e%2e/superd.cjs',
    `/ui/../${SCRIPT}`,
    `/ui/${SCRIPT}.br`,
    '/ui/app-ba9876543210.js',
    `/ui/${SCRIPT}%00`,
  ]) {
    assert.equal((await whole(ask(target))).status, 404, target);
  }
  assert.equal((await whole(ask(`/ui/${SCRIPT}`, {}, 'POST'))).status, 400);
});

test('the plain page loads the script under a strict policy, unless it is to refresh by itself', async () => {
  const page = await whole(ask('/'));
  const policy = new Map(page.headers).get('Content-Security-Policy') ?? '';
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.doesNotMatch(policy, /unsafe|\*|http/);
  assert.match(String(page.body), new RegExp(`<script type="module" src="ui/${SCRIPT}"></script>`));
  const plain = await whole(ask('/?refresh=10'));
  assert.doesNotMatch(String(plain.body), /<script/);
  assert.doesNotMatch(new Map(plain.headers).get('Content-Security-Policy') ?? '', /script-src/);
});
