/** The page takes the place of the plain one, once it is known to work in this browser. */
import { effect } from '@preact/signals';
import { render } from 'preact';
import { beginFeed } from './feed.ts';
import { language, t } from './i18n.ts';
import { beginKeys } from './keyboard.ts';
import { beginRouting, route } from './router.ts';
import { Shell } from './shell.tsx';
import { overview, tick, trouble } from './store.ts';
import { beginTheme } from './theme.ts';

const SECOND = 1000;

/** The title and its picture say how it is, also when the page is one of many. */
function followTitle(): void {
  const icon = document.createElement('link');
  icon.rel = 'icon';
  document.head.append(icon);
  effect(() => {
    const isBad = trouble.value > 0;
    const here = route.value.view === 'program' ? route.value.name : t(route.value.view);
    document.title = `${isBad ? `(${trouble.value}) ` : ''}${here} · ${overview.value?.identifier ?? 'superd'}`;
    const colour = overview.value === undefined ? '%23888' : isBad ? '%23d33' : '%23293';
    icon.href = `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" fill="${colour}"/></svg>`;
  });
}

/** What older browsers lack; they keep the plain page. */
const isAble = (): boolean =>
  'groupBy' in Map && 'withResolvers' in Promise && 'any' in AbortSignal && CSS.supports('selector(:has(a))');

function begin(): void {
  document.querySelector('link[href$="supervisor.css"]')?.remove();
  const root = document.createElement('div');
  root.id = 'app';
  document.body.replaceChildren(root);
  beginTheme();
  beginKeys();
  beginRouting(() => {
    scrollTo(0, 0);
    // Whoever listens to the page hears where he is now.
    requestAnimationFrame(() => document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true }));
  });
  effect(() => {
    document.documentElement.lang = language.value;
  });
  followTitle();
  render(<Shell />, root);
  setInterval(() => {
    if (!document.hidden) tick();
  }, SECOND);
  // It never ends, and handles its errors.
  void beginFeed();
}

if (isAble()) begin();
