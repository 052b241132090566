/**
 * One POST and its answer over a new connection. In HTTP/1.1: there are proxies that refuse what is older.
 * Not with node:http: superctl would take longer to load that, and to run it for the first time, than for all else.
 */
import type { Socket } from 'node:net';
import type { HttpAnswer } from '../rpc/client.ts';
import { Answer } from './http-answer.ts';

export interface Post {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function encode({ path, headers, body }: Post): string {
  const all = { ...headers, 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** Ends the connection. @throws the error of the connection; ECONNRESET, EMSGSIZE or EBADMSG for an answer that is none */
export function post(socket: Socket, request: Post): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const received = new Answer();
  const settle = (): void => {
    try {
      resolve(received.value());
    } catch (cause) {
      reject(cause);
    }
    socket.destroy();
  };
  socket.on('data', (chunk: Buffer) => {
    try {
      received.add(chunk);
    } catch (cause) {
      reject(cause);
      socket.destroy();
    }
    if (received.isComplete) settle();
  });
  socket.on('end', settle);
  socket.on('error', reject);
  socket.write(encode(request));
  return promise;
}
