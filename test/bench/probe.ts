/** The supervised program of the benchmark: compiled where there is a C compiler, else a shell script that does the same. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The same as probe.c, as well as a shell can: its clock ticks in hundredths of a second. */
const SCRIPT = `#!/bin/sh
say() { read up rest </proc/uptime; echo "$1 $2 $$ \${up%.*}\${up#*.}0000000" >>"$3"; }
say up "$2" "$3"
case $1 in
  once) exit 0 ;;
  flood) yes "$(printf %099d 0)" | head -c "$4"; say done "$2" "$3" ;;
  lines) i=0; while [ $i -lt "$5" ]; do read up rest </proc/uptime
    printf '%010d %020d %067d\\n' $i "\${up%.*}\${up#*.}0000000" 0; i=$((i + 1)); sleep 0.001; done; say done "$2" "$3" ;;
esac
exec sleep 100000 "$0"
`;

export const LINE_BYTES = 100;

export interface Probe {
  readonly path: string;
  readonly isCompiled: boolean;
}

export function makeProbe(dir: string): Probe {
  const path = join(dir, 'probe');
  const compiler = ['/usr/bin/cc', '/usr/bin/gcc', '/usr/bin/clang'].find((file) => existsSync(file));
  if (compiler !== undefined) {
    execFileSync(compiler, ['-O2', '-s', '-o', path, join(import.meta.dirname, 'probe.c')]);
    return { path, isCompiled: true };
  }
  writeFileSync(path, SCRIPT);
  chmodSync(path, 0o755);
  return { path, isCompiled: false };
}

/** What a probe said. */
export interface Word {
  readonly what: 'up' | 'done';
  readonly name: string;
  readonly pid: number;
  /** Milliseconds on the machine's monotonic clock. */
  readonly at: number;
}

function wordOf(line: string): Word {
  const [what, name = '', pid, at] = line.split(' ');
  return { what: what === 'done' ? 'done' : 'up', name, pid: Number(pid), at: Number(at) / 1e6 };
}

/** The file in which probes say that they are up. */
export class Words {
  readonly path: string;
  readonly #words: Word[] = [];
  /** Of the last line that was read. */
  #end = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Reads what is new only: whoever waits looks often, and must not take the time that is measured. */
  all(): readonly Word[] {
    const content = existsSync(this.path) ? readFileSync(this.path, 'latin1') : '';
    const end = content.lastIndexOf('\n') + 1;
    if (end > this.#end) {
      for (const line of content.slice(this.#end, end - 1).split('\n')) this.#words.push(wordOf(line));
      this.#end = end;
    }
    return this.#words;
  }

  /** The last that each program said of itself. */
  latest(what: Word['what'] = 'up'): ReadonlyMap<string, Word> {
    return new Map(this.all().flatMap((word) => (word.what === what ? [[word.name, word]] : [])));
  }
}

/** Milliseconds on the same clock as the probes'. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;
