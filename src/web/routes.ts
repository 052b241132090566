/** From a request to its route: who may ask, what is asked, who answers. Knows no sockets. */
import type { ServerConfig } from '../config/model.ts';
import type { Caller } from '../journal/record.ts';
import { errorAnswer, textAnswer } from './answers.ts';
import { apiRoute, isApi } from './api/route.ts';
import { assetRoute } from './assets.ts';
import { authenticate } from './auth.ts';
import type { WebAnswer, WebHandler, WebRequest } from './exchange.ts';
import { mainLogTail, processLogTail } from './log-routes.ts';
import { isHostAllowed } from './origin.ts';
import type { SitePorts, WebPorts } from './ports.ts';
import { rpcRoute } from './rpc-route.ts';
import { STYLE } from './style.ts';
import { parseTarget, type RequestTarget } from './target.ts';
import { createUi, type Ui } from './ui.ts';

function refusal({ sha1 }: Pick<SitePorts, 'sha1'>, server: ServerConfig, request: WebRequest): WebAnswer | undefined {
  const { username, password } = server;
  if (username !== undefined && password !== undefined) {
    const verdict = authenticate(request.header('authorization'), { username, password }, sha1);
    if (verdict === 'malformed') return errorAnswer(400);
    if (verdict === 'refused') {
      const challenge = errorAnswer(401, [['WWW-Authenticate', 'Basic realm="default"']]);
      return challenge.kind === 'whole' ? { ...challenge, last: true } : challenge;
    }
  }
  return isHostAllowed(server, request.header('host')) ? undefined : errorAnswer(403);
}

function staticRoute(request: WebRequest, path: string): WebAnswer {
  if (request.method !== 'GET' && request.method !== 'HEAD') return errorAnswer(400);
  if (path !== 'stylesheets/supervisor.css') return errorAnswer(404);
  return textAnswer('text/css', STYLE, [['Cache-Control', 'max-age=300']]);
}

/** The first match wins. @source spec api 1.2 */
function route(ports: WebPorts, ui: Ui, request: WebRequest, target: RequestTarget): WebAnswer | Promise<WebAnswer> {
  const { path } = target;
  const isGet = request.method === 'GET';
  if (path.startsWith('/RPC2')) return rpcRoute(ports, request);
  if (isApi(path)) return apiRoute(ports, request, target);
  if (path.startsWith('/logtail')) return isGet ? processLogTail(ports, path) : errorAnswer(400);
  if (path.startsWith('/mainlogtail')) return isGet ? mainLogTail(ports) : errorAnswer(400);
  const page = path.replace(/^\/+/, '');
  if (page.startsWith('ui/')) return assetRoute(ports.assets, request, page.slice('ui/'.length));
  if (isGet || request.method === 'POST') {
    if (page === 'ok.html') return textAnswer('text/plain', 'OK');
    if (page === '' || page === 'index.html') return ui.status(ports, request, target.query);
    if (page === 'tail.html') return ui.tail(ports, target.query);
  }
  return staticRoute(request, page);
}

const callerOf = ({ section, username: user }: ServerConfig, { address }: WebRequest): Caller => ({
  kind: 'server',
  section,
  ...(user === undefined ? {} : { user }),
  ...(address === undefined ? {} : { address }),
});

/** Answers the requests to one server. */
export function createHandler(site: SitePorts, server: ServerConfig): WebHandler {
  const ui = createUi();
  return async (request) => {
    const refused = refusal(site, server, request);
    if (refused !== undefined) return refused;
    const ports: WebPorts = {
      ...site,
      caller: callerOf(server, request),
      role: 'admin',
      via: server.username === undefined ? 'nothing' : 'password',
      mayStay: () => true,
    };
    return route(ports, ui, request, parseTarget(request.target));
  };
}
