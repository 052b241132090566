/** Small pictures, drawn with the colour of the text around them. What they mean always stands beside them in words. */
import type { State } from './model.ts';

const PATHS = {
  start: 'M5 3.2v9.6L13 8z',
  stop: 'M4 4h8v8H4z',
  restart:
    'M8 2.5a5.5 5.5 0 1 0 5.4 6.6h-1.9A3.7 3.7 0 1 1 8 4.3c1 0 1.9.4 2.6 1.1L8.8 7.2h4.7V2.5l-1.6 1.6A5.5 5.5 0 0 0 8 2.5z',
  signal: 'M9.2 1.5 3.5 9h3.7l-.9 5.5L12.5 7H8.6z',
  close: 'm4.3 3.2 3.7 3.7 3.7-3.7 1.1 1.1L9.1 8l3.7 3.7-1.1 1.1L8 9.1l-3.7 3.7-1.1-1.1L6.9 8 3.2 4.3z',
  down: 'M3 5.5h10L8 11z',
  right: 'M5.5 3v10L11 8z',
  up: 'M3 10.5h10L8 5z',
  auto: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zm0 1.6v9.2a4.6 4.6 0 0 1 0-9.2z',
  light:
    'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM7.3 1h1.4v2.4H7.3zM7.3 12.6h1.4V15H7.3zM1 7.3h2.4v1.4H1zM12.6 7.3H15v1.4h-2.4zM2.6 3.6l1-1 1.7 1.7-1 1zM10.7 11.7l1-1 1.7 1.7-1 1zM2.6 12.4l1.7-1.7 1 1-1.7 1.7zM10.7 4.3l1.7-1.7 1 1-1.7 1.7z',
  dark: 'M6 1.8A6.3 6.3 0 1 0 14.2 10 5.3 5.3 0 0 1 6 1.8z',
  help: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm-.8 10.6v-1.6h1.6v1.6zm2.6-5.5c-.2.4-.6.7-1 1-.4.3-.5.5-.5.9v.4H7.5v-.6c0-.7.3-1.2.9-1.6.5-.4.8-.6.8-1.1 0-.6-.5-1-1.2-1S6.8 5 6.7 5.7H5.2C5.3 4.2 6.5 3.3 8 3.3c1.6 0 2.7.9 2.7 2.2 0 .4-.1.8-.3 1.1z',
  search: 'M7 2a5 5 0 1 0 3 9l3 3 1.1-1.1-3-3A5 5 0 0 0 7 2zm0 1.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8z',
  download: 'M7.2 2h1.6v6l2.3-2.3 1.1 1.1L8 11 3.8 6.8l1.1-1.1L7.2 8zM3 12.4h10V14H3z',
  leave: 'M3 2.5h6V4H4.5v8H9v1.5H3zM10 4.8 13.2 8 10 11.2l-1-1 1.4-1.5H6.5V7.3h3.9L9 5.8z',
  mail: 'M2 3.5h12v9H2zm1.5 1.3v.4L8 8.5l4.5-3.3v-.4zm9 2.2L8 10.3 3.5 7v4.2h9z',
  file: 'M4 1.5h5l3 3v10H4zm1.5 1.5v10h5V5.5H8V3z',
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <path d={PATHS[name]} fill="currentColor" fill-rule="evenodd" />
  </svg>
);

/** Each state has a shape of its own, for those who do not tell the colours apart. */
const MARKS: Readonly<Record<State, string>> = {
  RUNNING: 'M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z',
  STARTING: 'M6 1.5a4.5 4.5 0 1 0 0 9zM6 1.5v1a3.5 3.5 0 0 1 0 7v1a4.5 4.5 0 0 0 0-9z',
  STOPPING: 'M6 1.5v9a4.5 4.5 0 0 0 0-9zM6 1.5a4.5 4.5 0 0 0 0 9v-1a3.5 3.5 0 0 1 0-7z',
  BACKOFF: 'M6 1 11.5 10.8H.5z',
  FATAL: 'M3 1.4 6 4.4l3-3L10.6 3l-3 3 3 3L9 10.6l-3-3-3 3L1.4 9l3-3-3-3z',
  EXITED: 'M2 2h8v8H2zm1.3 1.3v5.4h5.4V3.3z',
  STOPPED: 'M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM6 2.8a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4z',
  UNKNOWN: 'M6 .8 11.2 6 6 11.2.8 6z',
};

export const StateMark = ({ state }: { state: State }) => (
  <svg class={`mark state-${state.toLowerCase()}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
    <path d={MARKS[state]} fill="currentColor" fill-rule="evenodd" />
  </svg>
);
