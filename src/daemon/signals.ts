/** What a signal to the daemon means. */
import type { Control } from '../supervisor/control.ts';
import type { MainLog } from '../supervisor/host.ts';
import type { Journal } from '../supervisor/journal.ts';

export interface Obeying {
  readonly control: Pick<Control, 'mood' | 'restart' | 'shutdown'>;
  readonly log: MainLog;
  readonly journal: Journal;
  readonly reopenLogs: () => void;
}

/** @source spec lifecycle 6.2 */
export function obey(name: string, { control, log, journal, reopenLogs }: Obeying): void {
  const tell = (action: string): void => {
    journal.append({ kind: 'operator', action, args: [], by: { kind: 'signal', name } });
  };
  switch (name) {
    case 'SIGHUP':
      if (control.mood !== 'RUNNING') {
        log.log('warn', 'ignored SIGHUP indicating restart request (shutdown in progress)');
        return;
      }
      log.log('warn', 'received SIGHUP indicating restart request');
      tell('supervisor.restart');
      control.restart();
      return;
    case 'SIGUSR2':
      log.log('info', 'received SIGUSR2 indicating log reopen request');
      tell('reopen the logs');
      reopenLogs();
      return;
    case 'SIGUSR1':
      log.log('warn', 'ignored SIGUSR1');
      return;
    default:
      log.log('warn', `received ${name} indicating exit request`);
      tell('supervisor.shutdown');
      control.shutdown();
  }
}
