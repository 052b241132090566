/** A sender as the journal knows it. */
import type { ServerConfig } from '../config/model.ts';
import type { Caller } from '../journal/record.ts';
import type { WebRequest } from './exchange.ts';

export const callerOf = (
  { section }: ServerConfig,
  { address }: WebRequest,
  user: string | undefined,
): Extract<Caller, { kind: 'server' }> => ({
  kind: 'server',
  section,
  ...(user === undefined ? {} : { user }),
  ...(address === undefined ? {} : { address }),
});
