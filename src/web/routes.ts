/** From a request to its route: who may ask, what is asked, who answers. Knows no sockets. */
import type { ServerConfig } from '../config/model.ts';
import type { Caller } from '../journal/record.ts';
import { errorAnswer, textAnswer } from './answers.ts';
import { apiRoute, isApi } from './api/route.ts';
import { assetRoute } from './assets.ts';
import { callerOf } from './caller.ts';
import type { WebAnswer, WebHandler, WebRequest } from './exchange.ts';
import { admit, bySession } from './gate.ts';
import { mainLogTail, processLogTail } from './log-routes.ts';
import { loginRoute, logoutRoute } from './login.ts';
import { metricsRoute } from './metrics-route.ts';
import type { Identity, SitePorts, WebPorts } from './ports.ts';
import { rpcRoute } from './rpc-route.ts';
import { STYLE } from './style.ts';
import { parseTarget, type RequestTarget } from './target.ts';
import { createUi, type Ui } from './ui.ts';

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
  if (path === '/metrics') return metricsRoute(ports, request);
  const page = path.replace(/^\/+/, '');
  if (page.startsWith('ui/')) return assetRoute(ports.assets, request, page.slice('ui/'.length));
  if (isGet || request.method === 'POST') {
    if (page === 'ok.html') return textAnswer('text/plain', 'OK');
    if (page === '' || page === 'index.html') return ui.status(ports, request, target.query);
    if (page === 'tail.html') return ui.tail(ports, target.query);
  }
  return staticRoute(request, page);
}

/** The ports for one request. */
function portsFor(site: SitePorts, caller: Caller, { role, via, mayStay, token = site.token }: Identity): WebPorts {
  return { ...site, caller, role, via, mayStay, token };
}

/** Answers the requests to one server. */
export function createHandler(site: SitePorts, server: ServerConfig): WebHandler {
  const ui = createUi();
  return async (request) => {
    const target = parseTarget(request.target);
    const { path } = target;
    const hasSessions = server.users !== undefined;
    if (hasSessions && path === '/login') {
      const hasSession = bySession(site, server, request) !== undefined;
      return loginRoute({ site, hasSession }, server, request);
    }
    const admitted = await admit(site, server, { request, path });
    if ('kind' in admitted) return admitted;
    const ports = portsFor(site, callerOf(server, request, admitted.user), admitted);
    if (hasSessions && path === '/logout') return logoutRoute({ site, ports }, server, request);
    return route(ports, ui, request, target);
  };
}
