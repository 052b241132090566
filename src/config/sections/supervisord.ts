/** `[supervisord]`: its keys, and the daemon's configuration made of them. @source spec lifecycle 2.3 */
import type { Environment } from '../environment.ts';
import { type Context, type Key, key, read, readMaybe } from '../key.ts';
import type { DaemonConfig } from '../model.ts';
import {
  anyPath,
  boolean,
  byteSize,
  environment,
  existingDirectory,
  filePath,
  integer,
  logLevel,
  mainLogPath,
  octal,
  text,
  userType,
} from '../values.ts';
import { METRICS_KEYS, readMetrics } from './metrics.ts';
import { warnCutEnvironment } from './warnings.ts';

const names = 'here';

/** In the order in which supervisord looks at them. */
const KEYS = {
  minfds: key('minfds', integer, {
    initial: '1024',
    names,
    doc: 'How many file descriptors must be available; the soft limit is raised to this number, and programs inherit it.',
  }),
  minprocs: key('minprocs', integer, {
    initial: '200',
    names,
    doc: 'How many processes must be available; the soft limit is raised to this number.',
  }),
  directory: key('directory', existingDirectory, {
    names,
    doc: 'The directory to change to when superd becomes a daemon. It is not used with `nodaemon`.',
  }),
  umask: key('umask', octal(), {
    initial: '022',
    names,
    doc: 'The file mode creation mask of superd when it becomes a daemon.',
  }),
  logfile: key('logfile', mainLogPath, {
    initial: 'supervisord.log',
    names,
    doc: 'The main log. `syslog` sends it to syslog.',
  }),
  logfile_maxbytes: key('logfile_maxbytes', byteSize, {
    initial: '50MB',
    names,
    doc: 'The size at which the main log is rotated; `0` never rotates.',
  }),
  logfile_backups: key('logfile_backups', integer, {
    initial: '10',
    names,
    doc: 'How many rotated main logs to keep; `0` keeps none.',
  }),
  loglevel: key('loglevel', logLevel, { initial: 'info', names, doc: 'What the main log tells.' }),
  pidfile: key('pidfile', filePath, {
    initial: 'supervisord.pid',
    names,
    doc: 'The file that holds the process id of superd.',
  }),
  identifier: key('identifier', text, {
    initial: 'supervisor',
    names,
    doc: 'The name of this superd in the API, in events and in the names of `AUTO` logs.',
  }),
  nodaemon: key('nodaemon', boolean, { initial: 'false', names, doc: 'Stay in the foreground.' }),
  silent: key('silent', boolean, {
    initial: 'false',
    names,
    since: '4.2.0',
    doc: 'With `nodaemon`: do not copy the main log to stdout.',
  }),
  childlogdir: key('childlogdir', existingDirectory, {
    names,
    initially: 'the system’s temporary directory',
    doc: 'Where `AUTO` logs of programs are made.',
  }),
  nocleanup: key('nocleanup', boolean, {
    initial: 'false',
    names,
    doc: 'Keep old `AUTO` logs at start; otherwise those of an earlier run are removed.',
  }),
  strip_ansi: key('strip_ansi', boolean, {
    initial: 'false',
    names,
    doc: 'Remove terminal colours and other ANSI sequences from the logs of programs.',
  }),
  environment: key('environment', environment, {
    initial: '',
    initially: 'empty',
    names: 'host',
    where: 'environment',
    doc: 'Variables for every program. Each `K` also becomes the name `%(ENV_K)s` in the sections after this one.',
  }),
  user: key('user', userType, {
    names,
    doc: 'The user to become at start. Only root can; root without this key gets a warning in the log.',
  }),
  statedir: key('statedir', anyPath, {
    names,
    since: 'superd',
    initially: '`pidfile` with `.state` in place of `.pid`',
    doc: 'Where superd keeps what must survive its restart: named pipes, records of running programs, the journal. The pipes of a superd that runs as root are in memory, in `/run` or `/dev/shm`, behind the link `pipes`.',
  }),
  journal_maxbytes: key('journal_maxbytes', byteSize, {
    initial: '64MB',
    names,
    since: 'superd',
    doc: 'How large the journal in `statedir` may become; its oldest records go first.',
  }),
  ...METRICS_KEYS,
  watch: key('watch', boolean, {
    initial: 'false',
    names,
    since: 'superd',
    doc: 'Watch the configuration files, and apply valid changes as `superctl update` does.',
  }),
};

export const SUPERVISORD_KEYS: readonly Key<unknown>[] = Object.values(KEYS);

/** The row behind an option of the command line; both have the same types and errors. */
export const supervisordKey = (name: string): Key<unknown> | undefined =>
  SUPERVISORD_KEYS.find((row) => row.name === name);

/** `[supervisord]` as read, before its `user` is. */
export type DaemonDraft = Omit<DaemonConfig, 'user'>;

function readEnvironment(context: Context): Environment {
  const value = read(context, KEYS.environment);
  warnCutEnvironment(context, value);
  return value;
}

/** Reads all but `user`, which supervisord looks at last. */
export function readDaemon(context: Context): DaemonDraft {
  const draft = {
    minfds: read(context, KEYS.minfds),
    minprocs: read(context, KEYS.minprocs),
    directory: readMaybe(context, KEYS.directory),
    umask: read(context, KEYS.umask),
    logfile: read(context, KEYS.logfile),
    logfileMaxbytes: read(context, KEYS.logfile_maxbytes),
    logfileBackups: read(context, KEYS.logfile_backups),
    loglevel: read(context, KEYS.loglevel),
    pidfile: read(context, KEYS.pidfile),
    identifier: read(context, KEYS.identifier),
    nodaemon: read(context, KEYS.nodaemon),
    silent: read(context, KEYS.silent),
    childlogdir: readMaybe(context, KEYS.childlogdir) ?? context.source.tempdir,
    nocleanup: read(context, KEYS.nocleanup),
    stripAnsi: read(context, KEYS.strip_ansi),
    environment: Object.fromEntries(readEnvironment(context).variables),
    journalMaxbytes: read(context, KEYS.journal_maxbytes),
    ...readMetrics(context),
    watch: read(context, KEYS.watch),
  };
  const statedir = readMaybe(context, KEYS.statedir) ?? `${draft.pidfile.replace(/\.pid$/, '')}.state`;
  return { ...draft, statedir };
}

export const readDaemonUser = (context: Context): DaemonConfig['user'] => readMaybe(context, KEYS.user);
