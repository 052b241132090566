/**
 * Applying a changed configuration by itself, in the steps of `superctl update`: what is gone is stopped and removed, what
 * changed is stopped and started anew, what is new is added. A broken file changes nothing.
 */
import { isRunning, isStopped } from '../process/state.ts';
import type { Control } from './control.ts';
import type { MainLog } from './host.ts';
import type { Journal } from './journal.ts';

/** Stops every process of a group, and resolves when nothing of it runs. */
export async function stopGroup(control: Control, name: string): Promise<void> {
  const processes = control.group(name)?.processes ?? [];
  for (const { slot, state } of processes) if (isRunning(state)) control.stop(slot);
  await Promise.all(processes.map(({ slot }) => control.settled(slot, isStopped)));
}

async function removeGroup(control: Control, name: string): Promise<void> {
  await stopGroup(control, name);
  control.removeGroup(name);
}

/** One update at a time; a change that is seen meanwhile is applied afterwards. */
export class Updater {
  readonly #control: Control;
  readonly #log: MainLog;
  readonly #journal: Journal;
  #running: Promise<void> | undefined;
  #isWanted = false;

  constructor(control: Control, { log, journal }: { readonly log: MainLog; readonly journal: Journal }) {
    this.#control = control;
    this.#log = log;
    this.#journal = journal;
  }

  /** The files have changed. */
  update(): Promise<void> {
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isWanted && this.#control.mood === 'RUNNING') {
      this.#isWanted = false;
      await this.#apply();
    }
  }

  async #apply(): Promise<void> {
    const read = this.#control.reread();
    if (!read.ok) {
      this.#log.log('error', `cannot apply the changed configuration, nothing was changed: ${read.error}`);
      return;
    }
    const { added, changed, removed } = read.value;
    if (removed.length + changed.length + added.length === 0) return;
    this.#journal.append({ kind: 'operator', action: 'update', args: [], by: { kind: 'watch' } });
    for (const name of removed) {
      await removeGroup(this.#control, name);
      this.#log.log('info', `configuration changed: removed process group ${name}`);
    }
    for (const name of changed) {
      await removeGroup(this.#control, name);
      this.#control.addGroup(name);
      this.#log.log('info', `configuration changed: updated process group ${name}`);
    }
    for (const name of added) {
      this.#control.addGroup(name);
      this.#log.log('info', `configuration changed: added process group ${name}`);
    }
  }
}
