/** Which view is shown: it stands behind the `#` of the address, so that links, the back button and reloads work. */
import { signal } from '@preact/signals';

export type Route =
  | { readonly view: 'programs' }
  | { readonly view: 'program'; readonly name: string }
  | { readonly view: 'events' }
  | { readonly view: 'mail'; readonly report: string | undefined }
  | { readonly view: 'plan' };

export type View = Route['view'];

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function parseRoute(hash: string): Route {
  const [view = '', argument] = hash.replace(/^#\/?/, '').split('/');
  if (view === 'program' && argument !== undefined) return { view, name: decode(argument) };
  if (view === 'events' || view === 'plan') return { view };
  if (view === 'mail') return { view, report: argument === undefined ? undefined : decode(argument) };
  return { view: 'programs' };
}

export const programLink = (namespec: string): string => `#/program/${encodeURIComponent(namespec)}`;
export const reportLink = (id: string): string => `#/mail/${encodeURIComponent(id)}`;

export const route = signal<Route>(parseRoute(location.hash));

/** @param moved is called when the person has gone to another view */
export function beginRouting(moved: () => void): void {
  addEventListener('hashchange', () => {
    route.value = parseRoute(location.hash);
    moved();
  });
}
