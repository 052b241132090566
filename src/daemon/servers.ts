/** The HTTP servers of a run: opened one after the other, announced in the log, closed with the run. */

import { EXPOSED_HINT, isExposed, wantsCredentials } from '../config/loopback.ts';
import type { Config, ServerConfig } from '../config/model.ts';
import { fail, ok, type Result } from '../errors.ts';
import { isAddress, type OpenServer, openServer, resolveHost } from '../host/http-server.ts';
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

/** Where a server of the configuration stands, for the log. */
const nameOf = ({ section, place: { file, line } }: ServerConfig): string =>
  `Server '${section}' (${file}${line === undefined ? '' : `:${line}`})`;

/** Why a server is not opened though it could be: it would let strangers do everything. */
async function exposure(server: ServerConfig): Promise<string | undefined> {
  if (server.kind === 'unix') return undefined;
  const address = await resolveHost(server.host);
  // What is no address fails by itself.
  if (!isAddress(address) || !isExposed(server, address)) return undefined;
  const where = `${server.host === '' ? '*' : server.host}:${server.port}`;
  return `${nameOf(server)} is not opened: other machines reach ${where}, and nothing protects it; ${EXPOSED_HINT}`;
}

/** @returns the servers that are open: what cannot be opened safely is told of, and left. @source spec lifecycle 6.1, 6.7 */
export async function openServers(
  servers: readonly ServerConfig[],
  { web, begun, notice, resources }: ServersRequest,
): Promise<Result<readonly ServerConfig[], StartProblem>> {
  const open: ServerConfig[] = [];
  for (const server of servers) {
    const refusal = await exposure(server);
    if (refusal !== undefined) {
      web.log.log('critical', refusal);
      continue;
    }
    const handler = createHandler(web, server);
    const opened = await openServer(server, {
      handler: (request) => begun.then(() => handler(request)),
      notice,
      report: (error) => web.log.log('critical', `bug: ${error instanceof Error ? error.stack : String(error)}`),
      tell: (level, text) => web.log.log(level, text),
    });
    if (opened.ok) {
      resources.use(disposable(opened.value));
      open.push(server);
    }
    // The files were sound when the configuration was read: what became of them stops no program.
    else if (opened.error.kind === 'tls')
      web.log.log('critical', `${nameOf(server)} is not opened: ${opened.error.text}`);
    else return fail({ status: 2, text: serverProblemText(server, opened.error) });
  }
  return ok(open);
}

/** @source spec lifecycle 7.2 */
export function announceServers(
  servers: readonly ServerConfig[],
  rpcinterfaces: Config['rpcinterfaces'],
  log: MainLog,
): void {
  for (const server of servers) {
    for (const { namespace } of rpcinterfaces) log.log('info', `RPC interface '${namespace}' initialized`);
    if (wantsCredentials(server)) continue;
    log.log('critical', `Server '${server.section}' running without any HTTP authentication checking`);
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
  if (inet === undefined) return undefined;
  return `${inet.tls === undefined ? 'http' : 'https'}://${inet.host === '' ? 'localhost' : inet.host}:${inet.port}`;
}
