/** The HTTP servers of a run: opened one after the other, announced in the log, closed with the run. */
import type { Config, ServerConfig } from '../config/model.ts';
import { type OpenServer, openServer } from '../host/http-server.ts';
import { serverProblemText } from '../host/server-problem.ts';
import type { MainLog } from '../supervisor/host.ts';
import type { SitePorts } from '../web/ports.ts';
import { createHandler } from '../web/routes.ts';
import type { StartProblem } from './request.ts';

export interface ServersRequest {
  readonly web: SitePorts;
  /** Whoever comes earlier waits until there is a world to speak of. */
  readonly begun: Promise<void>;
  /** Says something to whoever started the daemon. */
  readonly notice: (text: string) => void;
  /** What is opened is closed with these. */
  readonly resources: AsyncDisposableStack;
}

/** @source spec lifecycle 6.1, 6.7 */
export async function openServers(
  servers: readonly ServerConfig[],
  { web, begun, notice, resources }: ServersRequest,
): Promise<StartProblem | undefined> {
  for (const server of servers) {
    const handler = createHandler(web, server);
    const opened = await openServer(server, {
      handler: (request) => begun.then(() => handler(request)),
      notice,
      report: (error) => web.log.log('critical', `bug: ${error instanceof Error ? error.stack : String(error)}`),
      tell: (level, text) => web.log.log(level, text),
    });
    if (!opened.ok) return { status: 2, text: serverProblemText(server, opened.error) };
    resources.use(disposable(opened.value));
  }
  return undefined;
}

/** @source spec lifecycle 7.2 */
export function announceServers({ servers, rpcinterfaces }: Config, log: MainLog): void {
  for (const { section, username } of servers) {
    for (const { namespace } of rpcinterfaces) log.log('info', `RPC interface '${namespace}' initialized`);
    if (username !== undefined) continue;
    log.log('critical', `Server '${section}' running without any HTTP authentication checking`);
  }
}

const disposable = (server: OpenServer): AsyncDisposable => ({
  [Symbol.asyncDispose]: () => server.close(),
});

/** For the children: the first unix server, else the first inet server. @source spec lifecycle 3.2 */
export function serverUrlOf(servers: readonly ServerConfig[]): string | undefined {
  const unix = servers.find((server) => server.kind === 'unix');
  if (unix !== undefined) return `unix://${unix.file}`;
  const inet = servers.find((server) => server.kind === 'inet');
  return inet === undefined ? undefined : `http://${inet.host === '' ? 'localhost' : inet.host}:${inet.port}`;
}
