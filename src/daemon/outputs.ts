/** The output of programs, put together from pipes, logs, syslog and the sockets that the keeper holds. */
import type { DaemonConfig } from '../config/model.ts';
import { createAutoLog } from '../host/auto-logs.ts';
import type { KeeperLink } from '../host/keeper-link.ts';
import { openLogFile } from '../host/log-file.ts';
import { type OutputPorts, SlotOutputs } from '../host/outputs.ts';
import { PipeFolder } from '../host/pipe-folder.ts';
import { SharedSockets, type SocketHolder } from '../host/shared-sockets.ts';
import { type Syslog, SyslogSink } from '../host/syslog.ts';
import type { MainLog } from '../supervisor/host.ts';
import type { SavedLogs } from '../supervisor/saved.ts';

/** What the outputs want of the run. */
export interface OutputsRequest {
  readonly callbacks: Pick<OutputPorts, 'opened' | 'pidOf' | 'publish' | 'dialogue'>;
  readonly daemon: DaemonConfig;
  readonly link: KeeperLink;
  readonly log: MainLog;
  readonly syslog: Syslog;
  /** Of an earlier brain. */
  readonly knownLogs: ReadonlyMap<string, SavedLogs> | undefined;
  /** Bytes of output that no log took. */
  readonly lost: (count: number) => void;
}

export function openOutputs(request: OutputsRequest): SlotOutputs {
  const { callbacks, daemon, link, log, syslog, knownLogs } = request;
  const onProblem = (text: string): void => log.log('error', text);
  const holder = {
    listen: (socket) => link.send({ op: 'listen', socket }),
    unlisten: (url, path) => link.send({ op: 'unlisten', url, path }),
    tryListen: (socket) => link.tryListen(socket),
  } satisfies SocketHolder;
  const ports: OutputPorts = {
    ...callbacks,
    pipes: new PipeFolder(daemon.statedir),
    sockets: new SharedSockets(holder, log),
    log,
    isDebug: ['debug', 'trace', 'blather'].includes(daemon.loglevel),
    stripAnsi: daemon.stripAnsi,
    openLog: (path, { maxbytes, backups }) => openLogFile({ path, maxbytes, backups, onProblem, onLost: request.lost }),
    openSyslog: (process) => new SyslogSink({ process, syslog }),
    autoLog: (process, channel) => {
      const { childlogdir, identifier } = daemon;
      const made = createAutoLog({ childlogdir, identifier, process, channel });
      if (made.ok) return made.value;
      onProblem(`cannot create the log of ${process} in ${childlogdir}: ${made.error}`);
      return '';
    },
  };
  return new SlotOutputs(ports, knownLogs);
}
