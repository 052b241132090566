/** A rest that somebody else may end early; a ring that comes while nobody rests ends the next rest. */
import type { Millis } from '../units.ts';
import type { Surroundings } from './ports.ts';

export class Bell {
  #abort = new AbortController();
  #isRung = false;

  ring(): void {
    this.#isRung = true;
    this.#abort.abort();
  }

  async rest(time: Millis, { pause }: Surroundings): Promise<void> {
    if (!this.#isRung) {
      this.#abort = new AbortController();
      await pause(time, this.#abort.signal);
    }
    this.#isRung = false;
  }
}
