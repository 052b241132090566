/** Finds what an operator named, and puts processes into the orders of the API. */
import { compareText } from '../config/text.ts';
import { parseNamespec } from '../process/namespec.ts';
import type { Control, GroupInfo, ProcessInfo } from '../supervisor/control.ts';
import { RpcFault } from './faults.ts';

export type Target =
  | { readonly kind: 'process'; readonly process: ProcessInfo }
  | { readonly kind: 'group'; readonly group: GroupInfo };

/** The process or group of a name such as `web`, `web:web_1`, `web:*`. @throws BAD_NAME with the name as given */
export function findTarget(control: Control, name: string): Target {
  const { group: groupName, process: processName } = parseNamespec(name);
  const group = control.group(groupName);
  if (group === undefined) throw new RpcFault('BAD_NAME', name);
  if (processName === undefined) return { kind: 'group', group };
  const process = group.processes.find((candidate) => candidate.slot.process === processName);
  if (process === undefined) throw new RpcFault('BAD_NAME', name);
  return { kind: 'process', process };
}

/** As findTarget, for methods that take no whole group. */
export function findProcess(control: Control, name: string): ProcessInfo {
  const target = findTarget(control, name);
  if (target.kind === 'group') throw new RpcFault('BAD_NAME', name);
  return target.process;
}

/** The group of a bare group name. */
export function findGroup(control: Control, name: string): GroupInfo {
  const group = control.group(name);
  if (group === undefined) throw new RpcFault('BAD_NAME', name);
  return group;
}

/** Ascending priority, ties in stored order. @source spec api 0 */
export const groupInOrder = (group: GroupInfo): readonly ProcessInfo[] =>
  group.processes.toSorted((a, b) => a.config.priority - b.config.priority);

/** All processes: groups by priority, ties in the order of activation. @source spec api 0 */
export const allInOrder = (control: Control): readonly ProcessInfo[] =>
  control
    .groups()
    .toSorted((a, b) => a.config.priority - b.config.priority)
    .flatMap(groupInOrder);

/** All processes by group name, then process name. @source spec api 0 */
export const allByName = (control: Control): readonly ProcessInfo[] =>
  control
    .groups()
    .flatMap((group) => group.processes)
    .toSorted((a, b) => compareText(a.slot.group, b.slot.group) || compareText(a.slot.process, b.slot.process));
