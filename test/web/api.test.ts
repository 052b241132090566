import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InetServer } from '../../src/config/model.ts';
import { pid } from '../../src/units.ts';
import type { WebAnswer, WebRequest } from '../../src/web/exchange.ts';
import { createHandler } from '../../src/web/routes.ts';
import { type FakeRpc, fakeRpc } from '../support/fake-rpc.ts';

const SERVER: InetServer = {
  kind: 'inet',
  section: 'inet_http_server',
  host: '127.0.0.1',
  port: 9001,
  username: undefined,
  password: undefined,
  place: { file: 'superd.conf', line: 1 },
};

const JSON_TYPE = { 'content-type': 'application/json' };

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function webRequest(target: string, { method = 'GET', headers = {}, body = '' }: Asked): WebRequest {
  const data = Buffer.from(body);
  const all: Readonly<Record<string, string>> =
    method === 'GET' ? headers : { 'content-length': String(data.length), ...headers };
  return { method, target, header: (name) => all[name], readBody: () => Promise.resolve(data) };
}

const ask = (fake: FakeRpc, target: string, asked: Asked = {}): Promise<WebAnswer> =>
  createHandler(fake.web, SERVER)(webRequest(`/api/v1${target}`, asked));

async function json(
  fake: FakeRpc,
  target: string,
  asked: Asked = {},
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const answer = await ask(fake, target, asked);
  assert.ok(answer.kind === 'whole', target);
  const headers = new Map(answer.headers);
  assert.equal(headers.get('Content-Type'), 'application/json');
  assert.equal(headers.get('X-Content-Type-Options'), 'nosniff');
  return { status: answer.status, body: JSON.parse(Buffer.from(answer.body).toString()) };
}

const post = (body: unknown, headers: Readonly<Record<string, string>> = {}): Asked => ({
  method: 'POST',
  headers: { ...JSON_TYPE, ...headers },
  body: JSON.stringify(body),
});

test('POST calls a method with named or positional arguments', async () => {
  const fake = fakeRpc();
  fake.control.set('solo:solo', { state: 'RUNNING', pid: pid(7) });
  const signalled = await json(fake, '/supervisor.signalProcess', post({ signal: 'HUP', name: 'solo' }));
  assert.deepEqual(signalled, { status: 200, body: { result: true } });
  const again = await json(fake, '/supervisor.signalProcess', post(['solo', 'USR1']));
  assert.deepEqual(again, { status: 200, body: { result: true } });
  assert.deepEqual(fake.control.calls, ['signal solo:solo 1', 'signal solo:solo 10']);
  const version = await json(fake, '/supervisor.getVersion', { method: 'POST', headers: JSON_TYPE });
  assert.deepEqual(version.body, { result: '3.0' });
});
