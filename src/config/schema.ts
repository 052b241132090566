/**
 * THE table: every kind of section with its keys. Parsing, "did you mean" and the reference all come from it. The rows
 * stand in `sections/`, beside the functions that read them.
 */
import type { Key } from './key.ts';
import { nearest } from './nearest.ts';
import { CRASHMAIL_KEYS } from './sections/crashmail.ts';
import { FCGI_KEYS } from './sections/fcgi.ts';
import { GROUP_KEYS } from './sections/group.ts';
import { INCLUDE_KEYS } from './sections/include.ts';
import { LISTENER_KEYS } from './sections/listener.ts';
import { PROGRAM_KEYS } from './sections/program.ts';
import { RPCINTERFACE_KEYS } from './sections/rpcinterface.ts';
import { INET_KEYS, UNIX_KEYS } from './sections/servers.ts';
import { CTLPLUGIN_KEYS, SUPERVISORCTL_KEYS } from './sections/supervisorctl.ts';
import { SUPERVISORD_KEYS } from './sections/supervisord.ts';

export interface SectionKind {
  readonly kind: string;
  /** `single`: this name; `named`: `kind:x`; `prefix`: any name that starts so. */
  readonly form: 'single' | 'named' | 'prefix';
  /** `closed`: other keys are slips; `open`: other keys belong to somebody. */
  readonly keeps: 'closed' | 'open';
  readonly doc: string;
  readonly keys: readonly Key<unknown>[];
}

export const SECTION_KINDS: readonly SectionKind[] = [
  {
    kind: 'supervisord',
    form: 'single',
    keeps: 'closed',
    doc: 'The daemon itself. The section is required; it may be empty. The command line beats it.',
    keys: SUPERVISORD_KEYS,
  },
  {
    kind: 'unix_http_server',
    form: 'prefix',
    keeps: 'closed',
    doc: 'A server on a unix socket, for `superctl` and other clients. `[unix_http_server:b]` is a second one.',
    keys: UNIX_KEYS,
  },
  {
    kind: 'inet_http_server',
    form: 'prefix',
    keeps: 'closed',
    doc: 'A server on a TCP port, for clients and browsers. `[inet_http_server:b]` is a second one.',
    keys: INET_KEYS,
  },
  {
    kind: 'rpcinterface',
    form: 'named',
    keeps: 'open',
    doc: 'An API. Without `[rpcinterface:supervisor]` clients cannot do anything.',
    keys: RPCINTERFACE_KEYS,
  },
  {
    kind: 'program',
    form: 'named',
    keeps: 'closed',
    doc: 'A program to keep running. `x` names it.',
    keys: PROGRAM_KEYS,
  },
  {
    kind: 'group',
    form: 'named',
    keeps: 'closed',
    doc: 'Programs that are started, stopped and updated together. A program that is in no group makes its own.',
    keys: GROUP_KEYS,
  },
  {
    kind: 'eventlistener',
    form: 'named',
    keeps: 'closed',
    doc: 'A program that is told of events on stdin and answers on stdout.',
    keys: LISTENER_KEYS,
  },
  {
    kind: 'fcgi-program',
    form: 'named',
    keeps: 'closed',
    doc: 'A FastCGI program: its processes share a listening socket.',
    keys: FCGI_KEYS,
  },
  {
    kind: 'include',
    form: 'single',
    keeps: 'closed',
    doc: 'Further files. Only that of the main file counts, and `superctl` does not follow it.',
    keys: INCLUDE_KEYS,
  },
  {
    kind: 'supervisorctl',
    form: 'single',
    keeps: 'closed',
    doc: 'How `superctl` finds the daemon.',
    keys: SUPERVISORCTL_KEYS,
  },
  {
    kind: 'ctlplugin',
    form: 'named',
    keeps: 'open',
    doc: 'A plugin of the Python supervisorctl. It is accepted and ignored.',
    keys: CTLPLUGIN_KEYS,
  },
  {
    kind: 'crashmail',
    form: 'single',
    keeps: 'closed',
    doc: 'Crash mails: the settings of the event listener `crashmail`. A change counts when crashmail starts again.',
    keys: CRASHMAIL_KEYS,
  },
];

/** The kinds that build on `[program:x]`: what they have beside its keys. */
export const ownKeys = ({ kind, keys }: SectionKind): readonly Key<unknown>[] =>
  kind === 'program' ? keys : keys.filter((row) => !PROGRAM_KEYS.includes(row));

function matches({ kind, form }: SectionKind, name: string): boolean {
  if (form === 'single') return name === kind;
  return name.startsWith(form === 'named' ? `${kind}:` : kind);
}

/** The kind of a section; undefined: somebody else's, which is left alone. */
export const kindOf = (name: string): SectionKind | undefined => SECTION_KINDS.find((kind) => matches(kind, name));

/** What an unknown section was probably meant to be; undefined when it looks like nothing of ours. */
export function meantSection(name: string): string | undefined {
  const colon = name.indexOf(':');
  const word = (colon < 0 ? name : name.slice(0, colon)).trim();
  const meant = nearest(
    word,
    SECTION_KINDS.map(({ kind }) => kind),
  );
  const kind = SECTION_KINDS.find((candidate) => candidate.kind === meant);
  if (kind === undefined) return undefined;
  if (kind.form !== 'named') return kind.kind;
  return `${kind.kind}:${colon < 0 ? 'x' : name.slice(colon + 1)}`;
}
