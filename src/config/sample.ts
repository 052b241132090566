/**
 * A sample configuration: every section and key with its default, in comments, and the few lines live that a daemon and
 * its client need. Written from the table of keys, so it cannot fall behind.
 */
import type { Key } from './key.ts';
import { ownKeys, SECTION_KINDS, type SectionKind } from './schema.ts';
import { RPC_FACTORY } from './sections/rpcinterface.ts';

const INTRODUCTION = `; A configuration for superd, which also reads those of supervisord.
;
; Lines that begin with a semicolon are comments; remove it to use a setting. The values shown are the defaults, or
; examples where there is none.
;
;  - A comment behind a value needs a blank before it: "a=b ;comment". Quotes do not protect against that:
;    command=sh -c 'echo a ; echo b' is cut before the second echo.
;  - %(here)s is the directory of this file, %(ENV_HOME)s the environment variable HOME; a percent sign is written %%.
;  - "superd --check -c FILE" tells everything that is wrong with a file.
`;

/** What follows the colon of a section that has a name. */
const NAMES: Readonly<Record<string, string>> = {
  rpcinterface: 'supervisor',
  program: 'app',
  group: 'apps',
  eventlistener: 'listener',
  'fcgi-program': 'fcgi',
};

/** Live lines: without these nobody could talk to the daemon. */
const LIVE: Readonly<Record<string, string>> = {
  'unix_http_server.file': '%(here)s/superd.sock',
  'supervisord.logfile': '%(here)s/superd.log',
  'supervisord.pidfile': '%(here)s/superd.pid',
  'rpcinterface.supervisor.rpcinterface_factory': RPC_FACTORY,
  'supervisorctl.serverurl': 'unix://%(here)s/superd.sock',
};

/** Values for keys that have no default. */
const EXAMPLES: Readonly<Record<string, string>> = {
  command: '/bin/cat',
  user: 'root',
  chown: 'root:root',
  umask: '022',
  username: 'user',
  password: '123',
  users: '%(here)s/superd.users',
  certfile: '/etc/ssl/certs/superd.pem',
  keyfile: '/etc/ssl/private/superd.key',
  cacert: '/etc/ssl/certs/superd.pem',
  directory: '/tmp',
  environment: 'KEY="value",OTHER="value 2"',
  killasgroup: 'false',
  'supervisord.childlogdir': '/tmp',
  'supervisord.statedir': '%(here)s/superd.state',
  'inet_http_server.port': '127.0.0.1:9001',
  'group.programs': 'app',
  'eventlistener.events': 'PROCESS_STATE',
  'fcgi-program.socket': 'unix:///tmp/%(program_name)s.sock',
  'fcgi-program.socket_owner': 'root:root',
  'fcgi-program.socket_backlog': '128',
  'include.files': 'conf.d/*.conf',
  'supervisorctl.history_file': '%(here)s/superctl.history',
  mailto: 'ops@example.com,web@example.com',
  'crashmail.to': 'ops@example.com',
  'crashmail.from': 'superd@example.com',
  'crashmail.smtp': 'smtp://mail.example.com:587',
  'crashmail.smtp_user': 'superd',
  'crashmail.smtp_password_file': '%(here)s/smtp.password',
  'crashmail.sendmail': '/usr/sbin/sendmail -t -i',
  'crashmail.maildir': '%(here)s/Maildir',
  'crashmail.webhook': 'https://example.com/crashes',
  'crashmail.webhook_token_file': '%(here)s/webhook.token',
  'crashmail.queue': '/var/lib/crashmail',
  'crashmail.programs': 'app,apps:*',
  'crashmail.quiet_hours': '22:00-07:00',
};

const LINE_WIDTH = 120;
const VALUE_WIDTH = 40;

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** `;key=value    ; what it is for`, or the explanation above where there is not enough room behind. */
function keyLines(kind: string, { name, initial, doc, since }: Key<unknown>): readonly string[] {
  const live = LIVE[`${kind}.${name}`];
  const value = live ?? EXAMPLES[`${kind}.${name}`] ?? EXAMPLES[name] ?? initial ?? '';
  const setting = `${live === undefined ? ';' : ''}${name}=${value}`;
  const text = `${doc.replaceAll('`', '')}${since === 'superd' ? ' Only superd has it.' : ''}`;
  if (setting.length < VALUE_WIDTH && VALUE_WIDTH + 2 + text.length <= LINE_WIDTH) {
    return [`${setting.padEnd(VALUE_WIDTH)}; ${text}`];
  }
  return [...wrap(text, LINE_WIDTH - 2).map((line) => `; ${line}`), setting];
}

const requiredFirst = (keys: readonly Key<unknown>[]): readonly Key<unknown>[] =>
  [true, false].flatMap((isRequired) => keys.filter(({ initially }) => (initially === 'required') === isRequired));

function sectionLines(section: SectionKind): readonly string[] {
  const { kind, form, keys, doc } = section;
  const isLive = Object.keys(LIVE).some((key) => key.startsWith(`${kind}.`));
  const own = ownKeys(section);
  const command = own.length < keys.length ? keys.filter(({ name }) => name === 'command') : [];
  const more = command.length > 0 ? ' Every key of a program works here too.' : '';
  return [
    '',
    ...wrap(doc.replaceAll('`', '') + more, LINE_WIDTH - 2).map((line) => `; ${line}`),
    `${isLive ? '' : ';'}[${form === 'named' ? `${kind}:${NAMES[kind] ?? 'x'}` : kind}]`,
    ...requiredFirst([...command, ...own]).flatMap((key) => keyLines(kind, key)),
  ];
}

export const sampleConfig = (): string =>
  [INTRODUCTION.trimEnd(), ...SECTION_KINDS.filter(isShown).flatMap(sectionLines), ''].join('\n');

/** Plugins of the Python client have no use here. */
const isShown = ({ kind }: SectionKind): boolean => kind !== 'ctlplugin';
