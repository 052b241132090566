/** Ends the session of a person who came over the login page; a password that the browser knows by itself cannot be forgotten. */
import { currentToken } from './api.ts';
import { t } from './i18n.ts';
import { Icon } from './icons.tsx';

export const LogoutButton = () => (
  <form method="post" action="logout">
    <input type="hidden" name="token" value={currentToken()} />
    <button type="submit" class="quiet-button" aria-label={t('logout')} title={t('logout')}>
      <Icon name="leave" />
    </button>
  </form>
);
