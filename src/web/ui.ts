/** The plain web pages: status, actions and log tails. The page with scripts (app/) takes over from the first of them. */

import { describe } from '../rpc/describe.ts';
import { dispatch } from '../rpc/dispatch.ts';
import { RpcFault } from '../rpc/faults.ts';
import { allByName } from '../rpc/names.ts';
import type { RpcPorts } from '../rpc/ports.ts';
import { mayCall } from '../rpc/roles.ts';
import { epochSeconds } from '../units.ts';
import { VERSION } from '../version.ts';
import { ACTIONS, runAction } from './actions.ts';
import { errorAnswer, PAGE_HEADERS, textAnswer } from './answers.ts';
import type { Headers, WebAnswer, WebRequest } from './exchange.ts';
import { mayChange } from './origin.ts';
import { confirmPage, type ProcessRow, statusPage, tailPage } from './pages.ts';
import type { WebPorts } from './ports.ts';
import { readText } from './rpc-route.ts';

export interface Ui {
  status(ports: WebPorts, request: WebRequest, query: URLSearchParams): WebAnswer | Promise<WebAnswer>;
  tail(ports: WebPorts, query: URLSearchParams): Promise<WebAnswer>;
}

/** How many outcomes wait to be shown; the oldest is forgotten first. */
const MAX_NOTICES = 64;
/** The least and the most bytes of a log page. */
const TAIL_BYTES = { least: 1024, most: 1024 * 1024 } as const;
const REFRESH_SECONDS = { least: 2, most: 3600 } as const;

/** What the page with scripts may load and do: nothing that is not from here, no text as code. */
const LIVE: Headers[number] = [
  'Content-Security-Policy',
  [
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'",
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  ].join('; '),
];

function page(text: string, headers: Headers = []): WebAnswer {
  const usual = PAGE_HEADERS.filter(([name]) => !headers.some(([other]) => other === name));
  return textAnswer('text/html;charset=utf-8', text, [...usual, ...headers]);
}

/** A number between two bounds; undefined for a text that is none. */
function clamp(text: string | null, { least, most }: { least: number; most: number }): number | undefined {
  if (text === null || !/^\d{1,9}$/.test(text)) return undefined;
  return Math.min(most, Math.max(least, Number(text)));
}

function rows({ control }: RpcPorts): readonly ProcessRow[] {
  const now = epochSeconds(control.wall());
  return allByName(control).map(({ slot, state, pid, startedAt, stoppedAt, spawnError }) => {
    const [start, stop] = [epochSeconds(startedAt), epochSeconds(stoppedAt)];
    const description = describe({ name: slot.process, state, pid, start, stop, now, spawnError });
    return { slot, state, description };
  });
}

/**
 * Outcomes of actions, told on the next page. They are kept here and not in the address, where anybody could put any
 * text into a link.
 */
class Notices {
  readonly #texts = new Map<string, string>();
  #last = 0;

  add(text: string): string {
    this.#last += 1;
    const key = String(this.#last);
    this.#texts.set(key, text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= MAX_NOTICES) break;
      this.#texts.delete(oldest);
    }
    return key;
  }

  get(key: string | null): string {
    return this.#texts.get(key ?? '') ?? '';
  }
}

async function act(ports: WebPorts, notices: Notices, request: WebRequest): Promise<WebAnswer> {
  const text = await readText(request);
  if (typeof text === 'number') return errorAnswer(text);
  const form = new URLSearchParams(text);
  if (!mayChange(request, ports, form.get('token') ?? '')) return errorAnswer(403);
  const action = form.get('action') ?? '';
  if (!mayCall(ports.role, ACTIONS.get(action)?.access ?? 'viewer')) return errorAnswer(403);
  const message = await runAction(ports, action, form.get('processname') ?? '');
  if (message === undefined) return errorAnswer(400);
  const headers: Headers = [...PAGE_HEADERS, ['Location', `./?notice=${notices.add(message)}`]];
  return { kind: 'whole', status: 303, headers, body: '', last: false };
}

async function show(ports: WebPorts, notices: Notices, query: URLSearchParams): Promise<WebAnswer> {
  const { control, token, assets } = ports;
  const action = query.get('action');
  if (action !== null && action !== '' && action !== 'refresh') {
    if (!ACTIONS.has(action)) return errorAnswer(400);
    return page(confirmPage({ action, name: query.get('processname') ?? '', token }));
  }
  const message = action === 'refresh' ? await runAction(ports, 'refresh', '') : notices.get(query.get('notice'));
  const refresh = clamp(query.get('refresh'), REFRESH_SECONDS);
  const scripts = refresh === undefined ? assets.manifest() : undefined;
  const headers: Headers = [
    ...(refresh === undefined ? [] : [['Refresh', String(refresh)] as const]),
    ...(scripts === undefined ? [] : [LIVE]),
  ];
  const { identifier } = control;
  const answer = page(
    statusPage({
      identifier,
      version: VERSION,
      token,
      message: message ?? '',
      refresh,
      rows: rows(ports),
      scripts,
      who: { user: ports.caller.kind === 'server' ? ports.caller.user : undefined, role: ports.role, via: ports.via },
    }),
    headers,
  );
  return answer.kind === 'whole' ? { ...answer, packs: true } : answer;
}

/** @source spec api 7 (tail.html) */
async function tailText(ports: RpcPorts, name: string, given: { channel: string; limit: number }): Promise<string> {
  if (name === '') return 'No process name found';
  const method = given.channel === 'stderr' ? 'supervisor.readProcessStderrLog' : 'supervisor.readProcessStdoutLog';
  try {
    const text = await dispatch(ports, method, [name, -given.limit, 0]);
    return typeof text === 'string' ? text : '';
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error;
    return error.fault === 'NO_FILE'
      ? `No file for ${name}`
      : `ERROR: unexpected rpc fault [${error.code}] ${error.text}`;
  }
}

export function createUi(): Ui {
  const notices = new Notices();
  return {
    status: (ports, request, query) =>
      request.method === 'POST' ? act(ports, notices, request) : show(ports, notices, query),
    async tail(ports, query) {
      const name = query.get('processname') ?? '';
      const limit = clamp(query.get('limit'), TAIL_BYTES) ?? TAIL_BYTES.least;
      const channel = query.get('channel') === 'stderr' ? 'stderr' : 'stdout';
      return page(tailPage({ name, channel, limit, text: await tailText(ports, name, { channel, limit }) }));
    },
  };
}
