/** Calls of the XML-RPC API over the socket, as cheap as a client can make them, and runs of the command-line clients. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { now } from './probe.ts';

/** @returns the milliseconds until the whole answer was there */
export async function callTime(socketPath: string, method: string, agent: Agent): Promise<number> {
  const body = `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params/></methodCall>`;
  const headers = { 'Content-Type': 'text/xml', 'Content-Length': body.length };
  const begin = now();
  const call = request({ socketPath, path: '/RPC2', method: 'POST', headers, agent });
  call.end(body);
  const [response] = await once(call, 'response');
  let size = 0;
  for await (const chunk of response) size += chunk.length;
  if (response.statusCode !== 200 || size === 0) throw new Error(`${method}: ${response.statusCode}`);
  return now() - begin;
}

export const keepAlive = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 });

/** @returns the milliseconds that a command takes; its output is thrown away */
export async function commandTime(file: string, args: readonly string[]): Promise<number> {
  const begin = now();
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  await once(child, 'exit');
  return now() - begin;
}
