/**
 * What the launcher, the keeper and the foreground process tell through the environment; taken out of it at once, so
 * that no program inherits it.
 */

const ARGV0 = 'SUPERD_ARGV0';
const NOFILE = 'SUPERD_NOFILE';
const DAEMON = 'SUPERD_DAEMON';
const CWD = 'SUPERD_CWD';
const MALLOC = 'SUPERD_MALLOC';
/** What the launcher tells the C library, unless a person told it something: freed memory goes back at once. */
const MALLOC_SETTINGS = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '65536',
  MALLOC_TOP_PAD_: '4096',
  MALLOC_MMAP_THRESHOLD_: '24576',
} as const;

export interface Launch {
  /** The name by which superd was called. */
  readonly argv0: string;
  /** The soft limit of open files before Node raised it; 0 when unknown. */
  readonly foundFiles: number;
  /** This is a background process. */
  readonly isDaemon: boolean;
  /** Where superd was started: the base of relative paths, even when it changes its directory. */
  readonly cwd: string;
  /** The launcher's settings of the C library's memory are for every process of superd, and for no program. */
  readonly hasMalloc: boolean;
}

function take(name: string): string | undefined {
  const value = process.env[name];
  delete process.env[name];
  return value;
}

/** To be called once, before anything else. */
export function takeLaunch(): Launch {
  const files = take(NOFILE);
  const hasMalloc = take(MALLOC) === '1';
  if (hasMalloc) for (const name of Object.keys(MALLOC_SETTINGS)) take(name);
  return {
    argv0: take(ARGV0) ?? process.argv[1] ?? 'superd',
    foundFiles: files === 'unlimited' ? Number.POSITIVE_INFINITY : Number(files ?? 0),
    isDaemon: take(DAEMON) === '1',
    cwd: take(CWD) ?? process.cwd(),
    hasMalloc,
  };
}

/** The same for another process of superd. */
export const launchEnvironment = ({
  argv0,
  foundFiles,
  isDaemon,
  cwd,
  hasMalloc,
}: Launch): Readonly<Record<string, string>> => ({
  [ARGV0]: argv0,
  [NOFILE]: Number.isFinite(foundFiles) ? String(foundFiles) : 'unlimited',
  [DAEMON]: isDaemon ? '1' : '0',
  [CWD]: cwd,
  ...(hasMalloc ? { [MALLOC]: '1', ...MALLOC_SETTINGS } : {}),
});
