/** The frame around every view: who and where, the ways to the views, how the connection is. */
import { useEffect } from 'preact/hooks';
import { hasSession } from './api.ts';
import { Dialogs, isHelpOpen } from './dialogs.tsx';
import { Events } from './events.tsx';
import { link, wasAway } from './feed.ts';
import { formatSpan } from './format.ts';
import { isLanguage, LANGUAGES, language, speak, t } from './i18n.ts';
import { Icon } from './icons.tsx';
import { onKeys } from './keyboard.ts';
import { LogoutButton } from './logout.tsx';
import { Mail } from './mail.tsx';
import { Plan } from './plan.tsx';
import { Program } from './program.tsx';
import { Programs } from './programs.tsx';
import { type Route, route } from './router.ts';
import { mayConfigure, now, overview, serverTime, trouble } from './store.ts';
import { setTheme, THEMES, theme } from './theme.ts';
import { Toasts } from './toasts.tsx';
import type { Key } from './words-en.ts';

interface Tab {
  readonly href: string;
  readonly label: Key;
  readonly views: readonly Route['view'][];
}

const TABS: readonly Tab[] = [
  { href: '#/', label: 'programs', views: ['programs', 'program'] },
  { href: '#/events', label: 'events', views: ['events'] },
  { href: '#/mail', label: 'mail', views: ['mail'] },
];
const PLAN: Tab = { href: '#/plan', label: 'plan', views: ['plan'] };

const tabs = (): readonly Tab[] => (mayConfigure.value ? [...TABS, PLAN] : TABS);

function Tabs() {
  return (
    <nav aria-label={t('views')}>
      {tabs().map(({ href, label, views }) => (
        <a key={href} href={href} aria-current={views.includes(route.value.view) ? 'page' : undefined}>
          {t(label)}
          {href === '#/' && trouble.value > 0 && (
            <span class="badge" title={t('in.trouble', { n: trouble.value })}>
              {trouble.value}
            </span>
          )}
        </a>
      ))}
    </nav>
  );
}

const THEME_LABELS = { auto: 'theme.auto', light: 'theme.light', dark: 'theme.dark' } as const;

function Tools() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'auto';
  const { user = '', role = 'viewer' } = overview.value ?? {};
  return (
    <div class="tools">
      <span class={`link link-${link.value.kind}`} role="status">
        <span class="link-text">{t(`link.${link.value.kind}`)}</span>
      </span>
      {user !== '' && (
        <span class="user">
          {user} <small>{t(`role.${role}`)}</small>
        </span>
      )}
      <select
        class="language"
        aria-label={t('language')}
        value={language.value}
        onChange={({ currentTarget: { value } }) => isLanguage(value) && speak(value)}
      >
        {LANGUAGES.map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
      <button
        type="button"
        class="quiet-button"
        aria-label={t(THEME_LABELS[theme.value])}
        title={t(THEME_LABELS[theme.value])}
        onClick={() => setTheme(next)}
      >
        <Icon name={theme.value} />
      </button>
      <button
        type="button"
        class="quiet-button keys-button"
        aria-label={t('keys')}
        title={t('keys')}
        onClick={() => (isHelpOpen.value = true)}
      >
        <Icon name="help" />
      </button>
      {hasSession && <LogoutButton />}
    </div>
  );
}

/** Tells when the connection is gone and when it came back. What is shown meanwhile may be old. */
function Banner() {
  const { value } = link;
  if (value.kind === 'lost') {
    const away = now.value - serverTime() + Date.now() - value.since;
    return (
      <p class="banner lost" role="alert">
        {t('lost')} <span aria-hidden="true">{formatSpan(away)}</span>
      </p>
    );
  }
  if (wasAway.value === undefined) return null;
  return (
    <p class="banner back" role="status">
      {t('back', { time: formatSpan(wasAway.value) })}
    </p>
  );
}

function View() {
  const { value } = route;
  switch (value.view) {
    case 'programs':
      return <Programs />;
    case 'program':
      return <Program key={value.name} name={value.name} />;
    case 'events':
      return <Events />;
    case 'mail':
      return <Mail report={value.report} />;
    case 'plan':
      return <Plan />;
  }
}

function useShellKeys(): void {
  useEffect(() => {
    const views = Object.fromEntries(
      ['#/', '#/events', '#/mail', '#/plan'].map((href, index) => [
        String(index + 1),
        () => {
          location.hash = href;
        },
      ]),
    );
    return onKeys({
      ...views,
      '?': () => {
        isHelpOpen.value = true;
      },
    });
  }, []);
}

export function Shell() {
  useShellKeys();
  const { identifier = '', host = '', version = '', mood = 'RUNNING' } = overview.value ?? {};
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        {t('skip')}
      </a>
      <header class="top">
        <a class="brand" href="#/" title={host === '' ? undefined : `superd ${version} · ${host}`}>
          <strong>{identifier === '' ? 'superd' : identifier}</strong>
          {host !== '' && <span>{host}</span>}
        </a>
        <Tabs />
        <Tools />
      </header>
      <Banner />
      {mood !== 'RUNNING' && mood !== '' && <p class="banner lost">{t('mood', { mood })}</p>}
      <main id="main" tabIndex={-1} class={link.value.kind === 'lost' ? 'stale' : undefined}>
        <View />
      </main>
      <footer class="bottom">superd {version}</footer>
      <Toasts />
      <Dialogs />
    </>
  );
}
