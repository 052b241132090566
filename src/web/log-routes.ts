/** /logtail and /mainlogtail: live logs. */
import { parseNamespec } from '../process/namespec.ts';
import { PUBLISHED } from '../rpc/methods.ts';
import type { RpcPorts } from '../rpc/ports.ts';
import { mayCall } from '../rpc/roles.ts';
import { errorAnswer, NOT_SNIFFED } from './answers.ts';
import type { WebAnswer } from './exchange.ts';
import { LogFollower } from './follower.ts';
import type { WebPorts } from './ports.ts';

/** A tail is for those who may call the method that reads the same. */
const mayRead = ({ role }: WebPorts, method: string): boolean =>
  mayCall(role, PUBLISHED.get(method)?.access ?? 'admin');

/** @param isWanted whether the log is still that of the process, which may be removed or configured anew. */
function follow({ logs }: RpcPorts, path: string | undefined, isWanted: () => boolean): WebAnswer {
  const opened = path === undefined || path === '' ? undefined : logs.open(path);
  if (path === undefined || !opened?.ok) return errorAnswer(404);
  const source = new LogFollower(logs, opened.value, { path, isWanted });
  return {
    kind: 'stream',
    headers: [
      ['Last-Modified', new Date(source.modifiedAt).toUTCString()],
      ['Content-Type', 'text/plain;charset=utf-8'],
      ['X-Accel-Buffering', 'no'],
      NOT_SNIFFED,
    ],
    source,
  };
}

/** `/logtail/<namespec>[/<channel>]`. @source spec api 1.5 */
export function processLogTail(ports: WebPorts, path: string): WebAnswer {
  const [, , name = '', channel = 'stdout'] = path.split('/');
  const { group, process } = parseNamespec(name);
  if (process === undefined || (channel !== 'stdout' && channel !== 'stderr')) return errorAnswer(404);
  if (!mayRead(ports, 'supervisor.readProcessStdoutLog')) return errorAnswer(403);
  const currentPath = (): string | undefined => {
    const info = ports.control.process({ group, process });
    return channel === 'stdout' ? info?.stdoutLog : info?.stderrLog;
  };
  const log = currentPath();
  return follow(ports, log, () => currentPath() === log && ports.mayStay());
}

export const mainLogTail = (ports: WebPorts): WebAnswer =>
  mayRead(ports, 'supervisor.readLog')
    ? follow(ports, ports.mainLogFile.path, () => ports.mayStay())
    : errorAnswer(403);
