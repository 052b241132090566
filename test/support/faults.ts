/** What the fault tests need beside a daemon: small disks, what the kernel says of a process, whose brain is whose. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Daemon } from './daemon.ts';
import { until } from './until.ts';

export const NOBODY = 65534;
/** Executes a command as nobody. */
export const AS_NOBODY: readonly string[] = [
  '/usr/bin/setpriv',
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
  '--',
];

export const needsRoot: string | false = process.getuid?.() === 0 ? false : 'needs root';

/** A program section. */
export const program = (name: string, command: string, ...lines: readonly string[]): string =>
  [`[program:${name}]`, `command=${command}`, ...lines, ''].join('\n');

/** A program whose shell script is a file; `%(here)s/NAME.sh` is its path. */
export interface Script {
  readonly section: string;
  readonly file: Readonly<Record<string, string>>;
}

export const script = (name: string, text: string, ...lines: readonly string[]): Script => ({
  section: program(name, `sh %(here)s/${name}.sh`, ...lines),
  file: { [`${name}.sh`]: text },
});

/** The pid of the brain, once there is one. */
export const brainOf = (daemon: Daemon): Promise<number> =>
  until('a brain', () => daemon.processes().find(({ command }) => command === 'superd brain')?.pid);

/**
 * Mounts a small disk that goes with the test.
 * @returns its folder, or why it cannot be had @throws in CI, where root can
 */
export function smallDisk(t: TestContext, kibibytes: number): { readonly path: string } | { readonly skip: string } {
  const path = mkdtempSync(join(tmpdir(), 'superd-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k,mode=755`, 'tmpfs', path], { stdio: 'pipe' });
  } catch (cause) {
    rmdirSync(path);
    if (process.env['CI'] === 'true' && needsRoot === false) throw cause;
    return { skip: 'cannot mount a tmpfs' };
  }
  t.after(() => {
    execFileSync('umount', ['-l', path]);
    rmdirSync(path);
  });
  return { path };
}

/** Numbers of /proc/PID/stat after the name; the first is the state. */
const statOf = (pid: number): readonly string[] => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

const TICKS_PER_SECOND = 100;
/** Processor time that a process has used, in seconds. */
export const cpuSeconds = (pid: number): number => {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

/** Memory of a process that is not shared with others, in mebibytes. */
export function memoryOf(pid: number): number {
  const rows = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').split('\n');
  const kibibytes = (name: string): number => Number(rows.find((row) => row.startsWith(name))?.match(/\d+/)?.[0] ?? 0);
  return (kibibytes('Private_Clean') + kibibytes('Private_Dirty')) / 1024;
}

export const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** A file below a private directory by its name, wherever it is. */
export function findFile(daemon: Daemon, name: string): string {
  const entry = readdirSync(daemon.dir, { recursive: true, withFileTypes: true }).find((one) => one.name === name);
  if (entry === undefined) throw new Error(`no ${name} in ${daemon.dir}`);
  return join(entry.parentPath, entry.name);
}
