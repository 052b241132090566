/**
 * The root of superctl: reads the command line and the configuration, and gives the commands their session. What only
 * some commands need (the shell, yargs, the sampler, the configuration's reader) is loaded by those.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, EXIT, type Server, type Session } from './cli/command.ts';
import { COMMANDS } from './cli/commands.ts';
import { complete, completeWords, namesOf, wantsNames } from './cli/complete.ts';
import { runLine } from './cli/run.ts';
import { runShell } from './cli/shell.ts';
import { type CtlOptions, loadCtlConfig, parseCtlOptions } from './config/ctl.ts';
import type { CtlConfig } from './config/model.ts';
import { formatFailure } from './config/problems.ts';
import { EXIT_USAGE, fail, ok } from './errors.ts';
import { createConfigSource } from './host/config-source.ts';
import { connect, type Endpoint, isLocal } from './host/http-client.ts';
import { takeLaunch } from './host/launch.ts';
import { pause } from './host/pause.ts';
import type { Terminal } from './host/terminal.ts';
import { readUsersText, writeUsersText } from './host/users-file.ts';
import { RpcClient } from './rpc/client.ts';
import { millis } from './units.ts';

/** The shell's completion script calls superctl back with this word. */
const COMPLETIONS = '--get-yargs-completions';
const NO_NAMES = { processes: [], groups: [] } as const;

/** For commands that need no server. */
const NOWHERE: CtlConfig = {
  serverurl: '',
  username: undefined,
  password: undefined,
  cacert: undefined,
  insecure: false,
  prompt: '',
  historyFile: undefined,
};

const { argv0 } = takeLaunch();

function serverAt(endpoint: Endpoint): Server {
  const transport = connect(endpoint);
  return { url: endpoint.url, rpc: new RpcClient(transport), tail: transport.tail, isLocal: isLocal(endpoint.url) };
}

/** The real world as a session. */
class LocalSession implements Session, Disposable {
  readonly interactive: boolean;
  #endpoint: Endpoint;
  #server: Server;
  readonly #historyFile: string | undefined;
  #terminal: Terminal | undefined;

  readonly #configuration: string | undefined;

  constructor(config: CtlConfig, interactive: boolean, configuration: string | undefined) {
    this.interactive = interactive;
    this.#configuration = configuration;
    this.#endpoint = {
      url: config.serverurl,
      username: config.username,
      password: config.password,
      cacert: config.cacert,
      insecure: config.insecure,
    };
    this.#server = serverAt(this.#endpoint);
    this.#historyFile = config.historyFile;
  }

  /** Looked at when asked for: process.stdin is a stream, made then. */
  get atTerminal(): boolean {
    return process.stdin.isTTY;
  }

  get server(): Server {
    return this.#server;
  }

  #connect(change: Partial<Endpoint>): void {
    this.#endpoint = { ...this.#endpoint, ...change };
    this.#server = serverAt(this.#endpoint);
  }

  open = (url: string): void => this.#connect({ url });
  authenticate = (username: string, password: string): void => this.#connect({ username, password });

  out = (data: string | Uint8Array): void => {
    process.stdout.write(data);
  };
  err = (text: string): void => {
    process.stderr.write(text);
  };
  hint = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(text);
  };

  async #keyboard(): Promise<Terminal> {
    const { Terminal } = await import('./host/terminal.ts');
    const complete = (line: string): Promise<readonly string[]> => this.#complete(line);
    this.#terminal ??= new Terminal({ historyFile: this.interactive ? this.#historyFile : undefined, complete });
    return this.#terminal;
  }

  async #complete(line: string): Promise<readonly string[]> {
    return complete(COMMANDS, line, wantsNames(COMMANDS, line) ? await namesOf(this.#server.rpc) : NO_NAMES);
  }

  askCommand: Session['askCommand'] = async (prompt) => (await this.#keyboard()).askCommand(prompt);
  ask: Session['ask'] = async (prompt) => (await this.#keyboard()).ask(prompt);
  askSecret: Session['askSecret'] = async (prompt) => (await this.#keyboard()).askSecret(prompt);
  async *lines(abort: AbortSignal): AsyncGenerator<string> {
    yield* (await this.#keyboard()).lines(abort);
  }
  async untilInterrupt<T>(run: (abort: AbortSignal) => Promise<T>): Promise<T> {
    return (await this.#keyboard()).untilInterrupt(run);
  }

  parseFlags: Session['parseFlags'] = async (command, words) =>
    (await import('./host/args.ts')).parseFlags(command, words);
  openScreen: Session['openScreen'] = async () => (await import('./host/screen.ts')).openScreen();
  wait = (duration: number): Promise<void> => pause(millis(duration), new AbortController().signal);
  completionScript = async (): Promise<string> => (await import('./host/args.ts')).completionScript();
  sample: Session['sample'] = async (pids) => (await import('./host/sampler.ts')).sampleTrees(pids);

  readUsers: Session['readUsers'] = (file) => readUsersText(file);
  writeUsers: Session['writeUsers'] = (file, text) => writeUsersText(file, text);
  hashPassword: Session['hashPassword'] = async (password) => (await import('./host/scrypt.ts')).hashPassword(password);

  check: Session['check'] = async (given) => {
    const source = createConfigSource(process.cwd());
    const { findConfigFile } = await import('./config/search.ts');
    const { checkConfig } = await import('./config/check.ts');
    const named = given ?? this.#configuration;
    const found = named === undefined ? findConfigFile(source, argv0) : ok(named);
    if (!found.ok) return fail(`Error: ${found.error}`);
    const checked = checkConfig(source, { file: found.value, overrides: new Map() });
    return ok({ file: found.value, problems: checked.ok ? checked.value : checked.error.problems });
  };

  [Symbol.dispose](): void {
    this.#terminal?.[Symbol.dispose]();
  }
}

/** The help as the build wrote it, beside the bundle. */
function builtHelp(): string | undefined {
  try {
    return readFileSync(join(dirname(process.argv[1] ?? ''), 'superctl.help'), 'utf8');
  } catch {
    return undefined;
  }
}

async function printHelp(command: Command | undefined): Promise<number> {
  const built = command === undefined ? builtHelp() : undefined;
  if (built !== undefined) {
    process.stdout.write(built);
    return EXIT.OK;
  }
  const { renderCommandHelp, renderHelp } = await import('./host/args.ts');
  process.stdout.write(await (command === undefined ? renderHelp(COMMANDS) : renderCommandHelp(command)));
  return EXIT.OK;
}

/** `superctl status --help`; `superctl tail --help` would else be a strange channel. */
const helpWanted = (action: readonly string[]): Command | undefined =>
  action.length === 2 && action[1] === '--help' ? COMMANDS.find(({ name }) => name === action[0]) : undefined;

async function printCompletions(session: Session, words: readonly string[]): Promise<number> {
  const line = words.slice(1).join(' ');
  // A server that does not answer has no names; a half-typed line is no place for its errors.
  const names = wantsNames(COMMANDS, line) ? await namesOf(session.server.rpc).catch(() => NO_NAMES) : NO_NAMES;
  session.out(
    completeWords(COMMANDS, words, names)
      .map((word) => `${word}\n`)
      .join(''),
  );
  return EXIT.OK;
}

function refuse(message: string): number {
  process.stderr.write(message);
  return EXIT_USAGE;
}

async function run(options: Extract<CtlOptions, { kind: 'run' }>, words: readonly string[]): Promise<number> {
  const { action, file, overrides } = options;
  const wanted = helpWanted(action);
  if (wanted !== undefined) return printHelp(wanted);
  const config = loadCtlConfig(createConfigSource(process.cwd()), { argv0, file, overrides });
  const isOffline = COMMANDS.some(({ name, offline }) => offline && name === action[0]);
  if (!config.ok && !isOffline) return refuse(formatFailure(config.error, argv0));
  const usable = config.ok ? config.value : NOWHERE;
  const isShell = action.length === 0;
  using session = new LocalSession(usable, options.interactive || isShell, file);
  // Awaited here: the session ends with this block.
  if (words.length > 0) return await printCompletions(session, words);
  if (isShell) return await runShell(session, COMMANDS, usable.prompt);
  return await runLine(session, COMMANDS, action.join(' '));
}

async function main(argv: readonly string[]): Promise<number> {
  const isCompletion = argv[0] === COMPLETIONS;
  const options = parseCtlOptions(isCompletion ? [] : argv);
  if (!options.ok) return refuse(`Error: ${options.error}\nFor help, use ${argv0} -h\n`);
  if (options.value.kind === 'help') return printHelp(undefined);
  return run(options.value, isCompletion ? argv.slice(1) : []);
}

// Whoever reads our output has left; there is nobody to tell.
process.stdout.on('error', () => process.exit(EXIT.GENERIC));
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`superctl: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT.GENERIC;
  },
);
