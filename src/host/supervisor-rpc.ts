/** A listener's questions to its supervisor. HTTP is loaded with the first one; nothing ever rejects or hangs. */
import type { Answer, Rpc, RpcParam } from '../crashmail/ports.ts';
import { pause } from './pause.ts';
import { readTail } from './small-file.ts';

/** Calls that may hang at the same time; beyond that the supervisor counts as deaf. */
const MAX_CALLS = 40;

async function callOnce(url: string, method: string, params: readonly RpcParam[]): Promise<Answer> {
  const [{ connect }, { RpcClient }] = await Promise.all([import('./http-client.ts'), import('../rpc/client.ts')]);
  const username = process.env['SUPERVISOR_USERNAME'];
  const client = new RpcClient(connect({ url, username, password: process.env['SUPERVISOR_PASSWORD'] }));
  try {
    const answer = await client.call(method, params, (value) => value);
    return answer.ok ? { kind: 'value', value: answer.value } : { kind: 'fault', code: answer.error.code };
  } catch (cause) {
    return { kind: 'failed', reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

export function rpcTo(url: string): Rpc {
  const late: Answer = { kind: 'failed', reason: 'the supervisor did not answer in time' };
  let calls = 0;
  return {
    async ask(method, params, timeout): Promise<Answer> {
      if (url === '' || calls >= MAX_CALLS) return late;
      calls += 1;
      const over = new AbortController();
      const called = callOnce(url, method, params).finally(() => {
        calls -= 1;
        over.abort();
      });
      return Promise.race([called, pause(timeout, over.signal).then(() => (over.signal.aborted ? called : late))]);
    },
  };
}

/** Logs are files of the daemon's machine, which is ours when we reach it locally. */
export async function readLogTail(url: string, path: string, size: number): Promise<string | undefined> {
  const { isLocal } = await import('./http-client.ts');
  return isLocal(url) ? readTail(path, size) : undefined;
}
