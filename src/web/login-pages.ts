/** The form to log in, and the page that asks a browser to come again. They work without scripts. */
import { type Html, html } from './html.ts';
import { document } from './pages.ts';

export interface LoginPage {
  readonly identifier: string;
  /** Where to go then. */
  readonly next: string;
  /** What was typed before. */
  readonly username: string;
  /** Why it did not work; '' for the first time. */
  readonly message: string;
}

const field = (name: string, label: string, rest: Html): Html =>
  html`<label for="${name}">${label}</label><input id="${name}" name="${name}" required ${rest}>`;

export function loginPage({ identifier, next, username, message }: LoginPage): string {
  const alert = message === '' ? html`` : html`<p id="status_msg" role="alert">${message}</p>`;
  const isKnown = username !== '';
  return document(
    `${identifier}: log in`,
    html`<main class="login">
<h1>${identifier}</h1>
${alert}
<form method="post">
<input type="hidden" name="next" value="${next}">
${field('username', 'Name', html`value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false"${isKnown ? html`` : html` autofocus`}`)}
${field('password', 'Password', html`type="password" autocomplete="current-password"${isKnown ? html` autofocus` : html``}`)}
<button>Log in</button>
</form>
</main>`,
  );
}

/** Goes to another page by itself: as a page of this site, with the cookies of this site. */
export const bouncePage = (to: string): string =>
  document(
    'superd',
    html`<main><p><a href="${to}">Go on</a></p></main>`,
    html`<meta http-equiv="refresh" content="0; url=${to}">`,
  );
