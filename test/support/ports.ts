/** Free TCP ports on the loopback, for servers that a test starts. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port that nobody listens on now. Whoever wants it should take it soon. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}
