/** Light, dark, or as the system says. */
import { signal } from '@preact/signals';
import { kept } from './kept.ts';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const stored = kept('theme');
const first = stored.get();
export const theme = signal<Theme>(THEMES.find((name) => name === first) ?? 'auto');
/** Counts changes of what is seen, for what is drawn and not styled. */
export const appearance = signal(0);

function apply(): void {
  document.documentElement.dataset['theme'] = theme.value;
  appearance.value += 1;
}

export function setTheme(next: Theme): void {
  stored.set(next);
  theme.value = next;
  apply();
}

export function beginTheme(): void {
  apply();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    appearance.value += 1;
  });
}
