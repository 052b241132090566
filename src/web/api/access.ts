/** Where the API is, and how a method may be called. */
import type { Method } from '../../rpc/method.ts';

export const ROOT = '/api/v1';

/** May be called by GET: it looks, and calls nothing that does more. */
export const isForGet = ({ access, name }: Method): boolean => access === 'viewer' && name !== 'system.multicall';
