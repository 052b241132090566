/** What the API has beside the methods: one row each, for the routes, the index, the OpenAPI document and the reference. */
import { RECORD_KINDS } from '../../journal/codec.ts';
import { RpcFault } from '../../rpc/faults.ts';
import type { Param } from '../../rpc/method.ts';

export interface Resource {
  /** Below the root; `{…}` is a place for a value. */
  readonly path: string;
  readonly name: string;
  /** Values in the path. */
  readonly places: readonly Param[];
  /** In the query; all may be left out. */
  readonly params: readonly Param[];
  readonly produces: string;
  readonly help: string;
}

const param = (name: string, type: Param['type'], about: string): Param => ({ name, type, about });

export const EVENTS: Resource = {
  path: '/events',
  name: 'events',
  places: [],
  params: [
    param(
      'after',
      'int',
      'the last serial that is known; the header Last-Event-ID is stronger; without either, only what is new comes',
    ),
    param('name', 'string', 'only what concerns this group, group:process or group:*'),
    param('kinds', 'string', `only these kinds of records, separated by commas: ${RECORD_KINDS.join(', ')}`),
    param('usage', 'boolean', 'also events `usage`: what all programs use, each time that it was measured'),
  ],
  produces: 'text/event-stream',
  help:
    'Follow the journal as server-sent events. The id of an event is the serial of its record, its name the kind, its data the ' +
    'record as JSON, with `text`, the same in words. Records that the journal has no more are told by an event `gap` with ' +
    '{after, first}, the serials around it. An event `usage` is an object of [cpu, rss] by namespec: percent of one processor, ' +
    'and bytes. A comment comes when there was nothing for 15 seconds.',
};

export const LOGS: Resource = {
  path: '/logs/{name}/{channel}',
  name: 'logs',
  places: [param('name', 'string', 'process or group:process'), param('channel', 'string', 'stdout or stderr')],
  params: [
    param('from', 'int', 'the first byte'),
    param('length', 'int', 'how many bytes at most'),
    param('tail', 'int', 'only so many bytes from the end; instead of `from`'),
    param('follow', 'boolean', 'go on with what is appended, across rotation; begins 1024 bytes before the end'),
  ],
  produces: 'text/plain',
  help:
    'Read the log of a process, byte for byte; without parameters all of it, as a download. The headers X-Superd-Log-Start and ' +
    'X-Superd-Log-Size tell where the answer begins and how long the log was.',
};

export const SESSION: Resource = {
  path: '/session',
  name: 'session',
  places: [],
  params: [],
  produces: 'application/json',
  help:
    'Tell who asks: `user`, `role`, `via` (nothing, password or session), and `token`, which a browser sends as X-Superd-Token ' +
    'with every POST that may change something.',
};

export const OPENAPI: Resource = {
  path: '/openapi.json',
  name: 'openapi',
  places: [],
  params: [],
  produces: 'application/json',
  help: 'Describe this API as an OpenAPI 3.1 document.',
};

export const INDEX: Resource = {
  path: '',
  name: 'index',
  places: [],
  params: [],
  produces: 'application/json',
  help: 'List the methods and what else there is.',
};

export const RESOURCES: readonly Resource[] = [INDEX, OPENAPI, SESSION, EVENTS, LOGS];

/** The query of a resource, checked. @throws RpcFault */
export class ResourceQuery {
  readonly #query: URLSearchParams;

  constructor({ params }: Resource, query: URLSearchParams) {
    const known = params.map(({ name }) => name);
    for (const key of query.keys()) {
      if (query.getAll(key).length > 1) throw new RpcFault('INCORRECT_PARAMETERS', `${key} stands there twice`);
      if (known.includes(key)) continue;
      const there = known.length === 0 ? 'there is none' : `there are ${known.join(', ')}`;
      throw new RpcFault('INCORRECT_PARAMETERS', `no parameter ${key}; ${there}`);
    }
    this.#query = query;
  }

  text(name: string): string | undefined {
    return this.#query.get(name) ?? undefined;
  }

  /** A serial, or a number of bytes. @throws RpcFault */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw new RpcFault('INCORRECT_PARAMETERS', `${name}: want a number, 0 or more`);
  }

  /** @throws RpcFault */
  truth(name: string): boolean {
    const text = this.text(name) ?? 'false';
    if (text === '1' || text === 'true') return true;
    if (text === '0' || text === 'false') return false;
    throw new RpcFault('INCORRECT_PARAMETERS', `${name}: want true or false`);
  }
}
