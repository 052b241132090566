/** Single keys, for those who want them: where they lead is told by the views. They can be switched off (WCAG 2.1.4). */
import { signal } from '@preact/signals';
import { kept } from './kept.ts';
import type { Key } from './words-en.ts';

export interface KeyRow {
  readonly keys: readonly string[];
  readonly label: Key;
}

export const KEYS: readonly KeyRow[] = [
  { keys: ['/'], label: 'key.filter' },
  { keys: ['j', 'k'], label: 'key.move' },
  { keys: ['Enter'], label: 'key.open' },
  { keys: ['s'], label: 'key.start' },
  { keys: ['x'], label: 'key.stop' },
  { keys: ['r'], label: 'key.restart' },
  { keys: ['i'], label: 'key.signal' },
  { keys: ['1', '2', '3', '4'], label: 'key.view' },
  { keys: ['Esc'], label: 'key.back' },
  { keys: ['?'], label: 'key.help' },
];

const stored = kept('keys');
export const keysAreOn = signal(stored.get() !== 'off');

export function switchKeys(on: boolean): void {
  stored.set(on ? 'on' : 'off');
  keysAreOn.value = on;
}

type Handler = (event: KeyboardEvent) => void;
const handlers = new Map<string, Handler>();

/** @returns what takes the keys away again */
export function onKeys(given: Readonly<Record<string, Handler>>): () => void {
  for (const [key, handler] of Object.entries(given)) handlers.set(key, handler);
  return () => {
    for (const [key, handler] of Object.entries(given)) if (handlers.get(key) === handler) handlers.delete(key);
  };
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;

export function beginKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (!keysAreOn.value || isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
    const handler = handlers.get(event.key);
    if (handler === undefined) return;
    event.preventDefault();
    handler(event);
  });
}
