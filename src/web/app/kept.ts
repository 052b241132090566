/** What a browser remembers of a person's choices; one that may not remember forgets. */

export interface Kept {
  get(): string | undefined;
  set(value: string): void;
}

export const kept = (name: string): Kept => ({
  get() {
    try {
      return localStorage.getItem(`superd.${name}`) ?? undefined;
    } catch {
      return undefined;
    }
  },
  set(value) {
    try {
      localStorage.setItem(`superd.${name}`, value);
    } catch {
      // Private windows may refuse.
    }
  },
});
