/** Configurations for tests: everything at its default but for what a test says. */
import type { Config, GroupConfig, ListenerGroup, ProcessConfig, StreamConfig } from '../../src/config/model.ts';
import { bytes, millis, seconds, signal } from '../../src/units.ts';

const place = { file: '/test.conf', line: 1 };

export const aStream: StreamConfig = {
  logfile: { kind: 'none' },
  maxbytes: bytes(50 * 2 ** 20),
  backups: 10,
  captureMaxbytes: bytes(0),
  isDirect: false,
  eventsEnabled: false,
  syslog: false,
};

export const aProcess = (name: string, changes: Partial<ProcessConfig> = {}): ProcessConfig => ({
  name,
  program: name,
  command: '/bin/cat',
  directory: undefined,
  umask: undefined,
  priority: 999,
  autostart: true,
  autorestart: 'unexpected',
  startsecs: seconds(1),
  startretries: 3,
  stopsignal: signal(15),
  stopwaitsecs: seconds(10),
  stopasgroup: false,
  killasgroup: false,
  exitcodes: [0],
  redirectStderr: false,
  user: undefined,
  environment: {},
  serverurl: 'auto',
  stdout: aStream,
  stderr: aStream,
  place,
  ...changes,
});

export const aGroup = (
  name: string,
  processes: readonly ProcessConfig[] = [aProcess(name)],
  priority = 999,
): GroupConfig => ({ kind: processes.length === 1 ? 'program' : 'group', name, priority, processes, place });

export const aListenerGroup = (name: string, changes: Partial<ListenerGroup> = {}): ListenerGroup => ({
  kind: 'eventlistener',
  name,
  priority: -1,
  processes: [aProcess(name)],
  events: ['PROCESS_STATE'],
  bufferSize: 10,
  resultHandler: 'supervisor.dispatchers:default_handler',
  replay: false,
  place,
  ...changes,
});

export const aConfig = (groups: readonly GroupConfig[]): Config => ({
  file: '/test.conf',
  files: ['/test.conf'],
  includes: [],
  daemon: {
    logfile: '/supervisord.log',
    logfileMaxbytes: bytes(50 * 2 ** 20),
    logfileBackups: 10,
    loglevel: 'info',
    pidfile: '/supervisord.pid',
    umask: 0o22,
    nodaemon: true,
    silent: false,
    minfds: 1024,
    minprocs: 200,
    nocleanup: false,
    childlogdir: '/tmp',
    user: undefined,
    directory: undefined,
    stripAnsi: false,
    environment: {},
    identifier: 'supervisor',
    statedir: '/supervisord.state',
    journalMaxbytes: bytes(64 * 2 ** 20),
    metrics: 'auto',
    metricsInterval: millis(5000),
    metricsMaxbytes: bytes(64 * 2 ** 20),
    watch: false,
  },
  servers: [],
  rpcinterfaces: [],
  groups,
  notices: [],
  warnings: [],
});
