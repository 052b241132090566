/** The plain pages as HTML: what they show is handed in, what they do is in ui.ts. They work without scripts. */
import { formatNamespec } from '../process/namespec.ts';
import type { StateName } from '../process/state.ts';
import { mayCall, type Role } from '../rpc/roles.ts';
import type { Slot } from '../supervisor/host.ts';
import type { Manifest } from './assets.ts';
import { type Html, html } from './html.ts';
import type { Identity } from './ports.ts';

export interface ProcessRow {
  readonly slot: Slot;
  readonly state: StateName;
  readonly description: string;
}

export interface StatusPage {
  readonly identifier: string;
  readonly version: string;
  readonly token: string;
  /** '' for none. */
  readonly message: string;
  /** Seconds between reloads; undefined: only by hand. */
  readonly refresh: number | undefined;
  readonly rows: readonly ProcessRow[];
  readonly who: Who;
  /** What makes it live in a browser with scripts; undefined: it was not built. */
  readonly scripts: Manifest | undefined;
}

/** Who looks at the page. */
export interface Who {
  readonly user: string | undefined;
  readonly role: Role;
  readonly via: Identity['via'];
}

/** The script finds the token for its requests here, and takes the place of the body. */
const live = ({ scripts, token, who: { via } }: StatusPage): Html =>
  scripts === undefined
    ? html``
    : html`
<meta name="superd-token" content="${token}" data-via="${via}">
<link rel="stylesheet" href="ui/${scripts.style}">
<script type="module" src="ui/${scripts.script}"></script>`;

/** @param head what stands in the head besides the usual */
export const document = (title: string, body: Html, head: Html = html``): string =>
  html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="stylesheets/supervisor.css">${head}
</head>
<body>
${body}
</body>
</html>
`.html;

/** The class names are supervisord's: pages that scrape the table rely on them. @source spec api 7 */
function stateClass(state: StateName): string {
  if (state === 'RUNNING') return 'statusrunning';
  return state === 'FATAL' || state === 'BACKOFF' ? 'statuserror' : 'statusnominal';
}

function actionsFor(state: StateName): readonly (readonly [action: string, label: string])[] {
  if (state === 'RUNNING')
    return [
      ['restart', 'Restart'],
      ['stop', 'Stop'],
      ['clearlog', 'Clear Log'],
    ];
  const canStart = state === 'STOPPED' || state === 'EXITED' || state === 'FATAL';
  return canStart
    ? [
        ['start', 'Start'],
        ['clearlog', 'Clear Log'],
      ]
    : [['clearlog', 'Clear Log']];
}

const button = (name: string, [action, label]: readonly [string, string]): Html =>
  html`<button name="action" value="${action}" aria-label="${label} ${name}">${label}</button>`;

function row({ slot, state, description }: ProcessRow, token: string | undefined): Html {
  const name = formatNamespec(slot.group, slot.process);
  const inUrl = encodeURIComponent(name);
  const form =
    token === undefined
      ? html``
      : html`<form method="post" action="index.html"><input type="hidden" name="token" value="${token}"><input type="hidden" name="processname" value="${name}">${actionsFor(state).map((action) => button(name, action))}</form>
`;
  return html`<tr>
<td><span class="state ${stateClass(state)}">${state.toLowerCase()}</span></td>
<td>${description}</td>
<th scope="row"><a href="tail.html?processname=${inUrl}">${name}</a></th>
<td class="actions">${form}<a href="logtail/${inUrl}" aria-label="Follow stdout of ${name}">Tail -f Stdout</a><a href="logtail/${inUrl}/stderr" aria-label="Follow stderr of ${name}">Tail -f Stderr</a></td>
</tr>
`;
}

/** @param token undefined: whoever looks may change nothing */
const table = (rows: readonly ProcessRow[], token: string | undefined): Html =>
  rows.length === 0
    ? html`<p>No programs to manage</p>`
    : html`<div class="scroll"><table>
<thead><tr><th scope="col">State</th><th scope="col">Description</th><th scope="col">Name</th><th scope="col">Action</th></tr></thead>
<tbody>
${rows.map((process) => row(process, token))}</tbody>
</table></div>`;

const messageBox = (message: string): Html =>
  message === '' ? html`` : html`<p id="status_msg" class="status_msg" role="status">${message}</p>`;

/** Who looks, and the way out of a session. Nobody is named where nobody is asked. */
function whoBox({ user, role, via }: Who, token: string): Html {
  if (user === undefined) return html``;
  const out =
    via === 'session'
      ? html`<form method="post" action="logout"><input type="hidden" name="token" value="${token}"><button>Log out</button></form>`
      : html``;
  return html`<span>${user} (${role})</span>${out}`;
}

export function statusPage(given: StatusPage): string {
  const { identifier, version, token, message, refresh, rows, who } = given;
  const again =
    refresh === undefined ? html`<a href="?refresh=10">Refresh by itself</a>` : html`<a href="./">Stop refreshing</a>`;
  const mayAct = mayCall(who.role, 'operator');
  const all = mayAct
    ? html`
<form method="post" action="index.html"><input type="hidden" name="token" value="${token}">${button('processes', ['restartall', 'Restart All'])}${button('processes', ['stopall', 'Stop All'])}</form>`
    : html``;
  return document(
    `${identifier}: processes`,
    html`<header><h1>${identifier}</h1>
<nav aria-label="All processes"><a href="index.html?action=refresh">Refresh</a>${again}${all}${whoBox(who, token)}</nav></header>
<main>
${messageBox(message)}
${table(rows, mayAct ? token : undefined)}
</main>
<footer>superd ${version}</footer>`,
    live(given),
  );
}

/** Asks before it does what a link wanted: a link alone must change nothing. */
export function confirmPage({ action, name, token }: { action: string; name: string; token: string }): string {
  return document(
    'Please confirm',
    html`<main><h1>Please confirm</h1>
<p>${action} ${name}</p>
<form method="post" action="index.html"><input type="hidden" name="token" value="${token}"><input type="hidden" name="processname" value="${name}">${button(name, [action, 'Confirm'])}</form>
<p><a href="./">Back</a></p></main>`,
  );
}

export interface TailPage {
  readonly name: string;
  readonly channel: string;
  readonly limit: number;
  readonly text: string;
}

export function tailPage({ name, channel, limit, text }: TailPage): string {
  const link = (target: string, label: string): Html =>
    html`<a href="tail.html?processname=${encodeURIComponent(name)}&limit=${limit}&channel=${target}">${label}</a>`;
  return document(
    `${name}: ${channel}`,
    html`<header><h1>${name}</h1>
<nav aria-label="Log">${link(channel, 'Refresh')}${link('stdout', 'stdout')}${link('stderr', 'stderr')}<a href="./">All processes</a></nav></header>
<main><div class="scroll"><pre>${text}</pre></div></main>`,
  );
}
