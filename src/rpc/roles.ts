/** What the roles of users mean: each may do what the ones before it may. */
import { RpcFault } from './faults.ts';
import type { Access, Method } from './method.ts';

/** To look, to start and stop, or to change what is configured and read its secrets: what a user may do. */
export type Role = Access;

/** From the least to the most. */
export const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];

/** Whether a user of this role may call what that access wants. */
export const mayCall = (role: Role, access: Access): boolean => ROLES.indexOf(role) >= ROLES.indexOf(access);

/** @throws RpcFault FORBIDDEN */
export function checkRole(role: Role, { name, access }: Method): void {
  if (!mayCall(role, access))
    throw new RpcFault('FORBIDDEN', `${name} is for the role ${access}, this user is ${role}`);
}
