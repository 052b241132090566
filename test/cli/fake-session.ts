/** A session over a server that is a table of answers; a method or a question that is not in it is refused. */
import assert from 'node:assert/strict';
import type { CheckReport, Screen, Session, Usage } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runLine } from '../../src/cli/run.ts';
import { fail, HostError, ok, type Result } from '../../src/errors.ts';
import { type HttpAnswer, RpcClient, type TailEnd } from '../../src/rpc/client.ts';
import { RpcFault } from '../../src/rpc/faults.ts';
import { decodeCall, encodeFault, encodeResponse, type XmlValue } from '../../src/rpc/xml.ts';
import { webUser } from '../support/fake-access.ts';

type Reply = XmlValue | RpcFault | HttpAnswer | HostError;
/** By method without its namespace: an answer, or a function of the parameters. */
export type Server = Readonly<Record<string, Reply | ((...params: readonly XmlValue[]) => Reply)>>;

const isHttp = (reply: Reply): reply is HttpAnswer =>
  typeof reply === 'object' && reply !== null && 'body' in reply && typeof reply.body === 'string';

function answer(reply: Reply): Result<HttpAnswer, HostError> {
  if (reply instanceof HostError) return fail(reply);
  if (isHttp(reply)) return ok(reply);
  const body = reply instanceof RpcFault ? encodeFault({ code: reply.code, text: reply.text }) : encodeResponse(reply);
  return ok({ status: 200, reason: 'OK', body });
}

export interface FakeOptions {
  readonly server: Server;
  readonly interactive?: boolean;
  readonly isLocal?: boolean;
  readonly atTerminal?: boolean;
  readonly files?: Readonly<Record<string, string>>;
  /** What the person types, line by line. */
  readonly typed?: readonly string[];
  readonly usages?: ReadonlyMap<number, Usage>;
  readonly check?: Result<CheckReport, string>;
  /** The terminal; undefined: there is none. */
  readonly screen?: Screen;
  /** What each tail brings before its end. */
  readonly tails?: Readonly<Record<string, { readonly chunks: readonly string[]; readonly end: TailEnd }>>;
}

export class FakeSession implements Session {
  readonly interactive: boolean;
  readonly atTerminal: boolean;
  /** Users files by path. */
  readonly files: Map<string, string>;
  stdout: string = '';
  stderr: string = '';
  /** Methods called, with their parameters. */
  readonly calls: string[] = [];
  readonly opened: string[] = [];
  credentials: string | undefined;
  server: Session['server'];
  readonly #options: FakeOptions;
  readonly #typed: string[];

  constructor(options: FakeOptions) {
    this.#options = options;
    this.#typed = [...(options.typed ?? [])];
    this.interactive = options.interactive ?? false;
    this.atTerminal = options.atTerminal ?? false;
    this.files = new Map(Object.entries(options.files ?? {}));
    this.server = {
      url: 'unix:///fake',
      rpc: new RpcClient({ post: (body) => this.#post(body), tail: (...args) => this.#tail(...args) }),
      tail: (...args) => this.#tail(...args),
      isLocal: options.isLocal ?? true,
    };
  }

  async #post(body: string): Promise<Result<HttpAnswer, HostError>> {
    const call = decodeCall(body);
    assert.ok(call.ok);
    const { method, params } = call.value;
    const name = method.replace('supervisor.', '');
    this.calls.push(
      `${name}(${params.map((param) => (typeof param === 'string' ? param : JSON.stringify(param))).join(',')})`,
    );
    const reply = this.#options.server[name] ?? (name === 'getVersion' ? '3.0' : undefined);
    if (reply === undefined) throw new Error(`${method} was not expected`);
    return answer(typeof reply === 'function' ? reply(...params) : reply);
  }

  async #tail(path: string, onChunk: (chunk: Uint8Array) => void, abort: AbortSignal): Promise<TailEnd> {
    const tail = this.#options.tails?.[path];
    if (tail === undefined) throw new Error(`the tail of ${path} was not expected`);
    for (const chunk of tail.chunks) onChunk(Buffer.from(chunk));
    if (tail.end.kind !== 'aborted' || abort.aborted) return tail.end;
    const { promise, resolve } = Promise.withResolvers<TailEnd>();
    abort.addEventListener('abort', () => resolve(tail.end));
    return promise;
  }

  open = (url: string): void => {
    this.opened.push(url);
    this.server = { ...this.server, url };
  };
  authenticate = (username: string, password: string): void => {
    this.credentials = `${username}:${password}`;
  };
  out = (data: string | Uint8Array): void => {
    this.stdout += typeof data === 'string' ? data : Buffer.from(data).toString();
  };
  err = (text: string): void => {
    this.stderr += text;
  };
  hint = (): void => undefined;
  ask = async (prompt: string): Promise<string | undefined> => {
    this.stdout += prompt;
    return this.#typed.shift();
  };
  askCommand: Session['askCommand'] = this.ask;
  askSecret: Session['askSecret'] = this.ask;
  async *lines(): AsyncGenerator<string> {
    for (let line = this.#typed.shift(); line !== undefined; line = this.#typed.shift()) yield line;
  }
  openScreen = async (): Promise<Screen | undefined> => this.#options.screen;
  untilInterrupt = <T>(run: (abort: AbortSignal) => Promise<T>): Promise<T> => run(new AbortController().signal);
  parseFlags: Session['parseFlags'] = async (_command, words) => {
    const names = words.filter((word) => word.startsWith('--')).map((word) => word.slice(2));
    const values = new Map(
      words.flatMap((word) => (word.startsWith('--role=') ? [['role', word.slice(7)] as const] : [])),
    );
    const args = words.filter((word) => !word.startsWith('-'));
    const flags = (['json', 'verbose', 'persist', 'delete'] as const).filter((name) => names.includes(name));
    return ok({ rest: args.join(' '), args, flags: new Set(flags), values });
  };
  sample: Session['sample'] = async () => this.#options.usages ?? new Map();
  check: Session['check'] = async () => this.#options.check ?? fail('no check was expected');
  readUsers: Session['readUsers'] = (file) =>
    file.startsWith('/secret') ? fail(`cannot read ${file}: EACCES`) : ok(this.files.get(file) ?? '');
  writeUsers: Session['writeUsers'] = (file, text) => {
    if (file.startsWith('/full')) return fail(`cannot write ${file}: ENOSPC`);
    this.files.set(file, text);
    return ok(undefined);
  };
  hashPassword: Session['hashPassword'] = async (password) => webUser('', 'viewer', password).hash;
  wait = async (): Promise<void> => {};
  completionScript = async (): Promise<string> => 'script\n';
}

/** Runs lines one after the other in a new session. @returns what was printed, and the last exit code */
export async function play(options: FakeOptions, ...lines: readonly string[]): Promise<FakeSession & { exit: number }> {
  const session = new FakeSession(options);
  let exit = 0;
  for (const line of lines) exit = await runLine(session, COMMANDS, line);
  return Object.assign(session, { exit });
}

/** A struct of getAllProcessInfo. */
export const row = (group: string, name: string, statename: string, more: Record<string, XmlValue> = {}): XmlValue => ({
  group,
  name,
  statename,
  state:
    { STOPPED: 0, STARTING: 10, RUNNING: 20, BACKOFF: 30, STOPPING: 40, EXITED: 100, FATAL: 200 }[statename] ?? 1000,
  description: `is ${statename}`,
  pid: statename === 'RUNNING' ? 42 : 0,
  start: 1,
  stop: 0,
  now: 2,
  exitstatus: 0,
  spawnerr: '',
  stdout_logfile: '',
  stderr_logfile: '',
  ...more,
});

export const unreachable = (code: string): HostError => new HostError('call', 'unix:///fake', code);
export const http = (status: number, reason: string): HttpAnswer => ({ status, reason, body: '' });
