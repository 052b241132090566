/** `[supervisorctl]` and `[ctlplugin:x]`: what superctl reads. @source spec lifecycle 2.8, api 5.1 */
import path from 'node:path';
import { ok } from '../../errors.ts';
import { type Context, type Key, key, read, readMaybe } from '../key.ts';
import type { CtlConfig } from '../model.ts';
import { anyPath, boolean, expandHome, type Type, text } from '../values.ts';

/** A server's URL; the path of a unix socket is made absolute. */
const url: Type<string> = {
  label: '`http://host:port`, `https://host:port` or `unix:///path`',
  zero: '',
  parse: (value, source) => {
    if (!value.startsWith('unix://')) return ok(value);
    return ok(`unix://${path.resolve(source.cwd, expandHome(value.slice('unix://'.length), source))}`);
  },
};

const KEYS = {
  serverurl: key('serverurl', url, {
    initial: 'http://localhost:9001',
    names: 'here',
    doc: 'Where superd listens.',
  }),
  username: key('username', text, { doc: 'The user name for the server.' }),
  password: key('password', text, { doc: 'The password for the server, in plain text.' }),
  cacert: key('cacert', anyPath, {
    names: 'here',
    since: 'superd',
    doc: 'Certificates in PEM that an `https` server is checked against, in the place of the usual authorities; for a server that signed its own, that certificate.',
  }),
  insecure: key('insecure', boolean, {
    initial: 'false',
    since: 'superd',
    doc: 'Do not check who answers at an `https` server. Whoever is between may read the password.',
  }),
  prompt: key('prompt', text, { initial: 'supervisor', doc: 'The prompt of the interactive mode, without `> `.' }),
  history_file: key('history_file', anyPath, {
    names: 'here',
    since: '3.0a5',
    doc: 'The file that keeps the lines typed in the interactive mode.',
  }),
};

export const SUPERVISORCTL_KEYS: readonly Key<unknown>[] = Object.values(KEYS);

export const CTLPLUGIN_KEYS: readonly Key<unknown>[] = [
  key('supervisor.ctl_factory', text, {
    initially: 'required',
    doc: 'A Python plugin of supervisorctl; superctl does not use it.',
  }),
];

export const readCtl = (context: Context): CtlConfig => ({
  serverurl: read(context, KEYS.serverurl),
  username: readMaybe(context, KEYS.username),
  password: readMaybe(context, KEYS.password),
  cacert: readMaybe(context, KEYS.cacert),
  insecure: read(context, KEYS.insecure),
  prompt: read(context, KEYS.prompt),
  historyFile: readMaybe(context, KEYS.history_file),
});
