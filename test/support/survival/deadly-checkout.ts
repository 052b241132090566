/** A superd whose brain dies where a test says: the launcher and the keeper as they are, the brain with places to die. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { CHECKOUT } from '../daemon.ts';

export class DeadlyCheckout {
  readonly executable: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #plan: string;

  private constructor(dir: string) {
    this.executable = join(dir, 'app/bin/superd');
    this.#plan = join(dir, 'death');
    this.env = { SUPERD_TEST_DEATH: this.#plan };
  }

  static async make(dir: string): Promise<DeadlyCheckout> {
    const made = new DeadlyCheckout(dir);
    for (const folder of ['app/bin', 'app/dist']) mkdirSync(join(dir, folder), { recursive: true });
    copyFileSync(join(CHECKOUT, 'bin/superd'), made.executable);
    symlinkSync(join(CHECKOUT, 'node_modules'), join(dir, 'app/node_modules'));
    const options = {
      absWorkingDir: CHECKOUT,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node24',
      logLevel: 'error',
      define: { 'import.meta.url': 'importMetaUrl' },
      banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    } as const;
    const brain = "import './test/support/survival/deadly-brain.ts'; import './src/superd.ts';";
    const outfile = (name: string): string => join(dir, 'app/dist', `${name}.cjs`);
    await Promise.all([
      build({ ...options, stdin: { contents: brain, resolveDir: CHECKOUT }, outfile: outfile('superd') }),
      build({ ...options, entryPoints: ['src/keeper.ts'], outfile: outfile('keeper') }),
    ]);
    return made;
  }

  /** The brain dies at the `number`-th place that it comes to from now on. */
  planDeath(number: number): void {
    writeFileSync(`${this.#plan}.next`, String(number));
    copyFileSync(`${this.#plan}.next`, this.#plan);
  }

  /** @returns whether the death that was planned has not happened; it will not any more */
  callOff(): boolean {
    const isAhead = existsSync(this.#plan);
    rmSync(this.#plan, { force: true });
    return isAhead;
  }

  /** Where it has died so far. */
  places(): readonly string[] {
    const log = `${this.#plan}.log`;
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  }
}
