/** Answers that every route needs. */
import type { Headers, WebAnswer } from './exchange.ts';

const REASONS: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [411, 'Length Required'],
  [408, 'Request Timeout'],
  [413, 'Content Too Large'],
  [429, 'Too Many Requests'],
  [431, 'Request Header Fields Too Large'],
  [500, 'Internal Server Error'],
]);

/** The page that supervisord sends with an error. @source spec api 1.3 */
export const errorBody = (status: number): string =>
  [
    '<head>',
    '<title>Error response</title>',
    '</head>',
    '<body>',
    '<h1>Error response</h1>',
    `<p>Error code ${status}.`,
    `<p>Message: ${REASONS.get(status) ?? 'Error'}.`,
    '</body>',
    '',
  ].join('\r\n');

export const reasonOf = (status: number): string => REASONS.get(status) ?? 'Error';

export const errorAnswer = (status: number, headers: Headers = []): WebAnswer => ({
  kind: 'whole',
  status,
  headers: [...headers, ['Content-Type', 'text/html']],
  body: errorBody(status),
  last: false,
});

export const textAnswer = (contentType: string, body: string, headers: Headers = []): WebAnswer => ({
  kind: 'whole',
  status: 200,
  headers: [['Content-Type', contentType], ...headers],
  body,
  last: false,
});

/** The connection ends with it. */
export const lastAnswer = (answer: WebAnswer): WebAnswer =>
  answer.kind === 'whole' ? { ...answer, last: true } : answer;

/** Text stays text: no browser runs it as the script of another site, or saves it for the bytes in it. */
export const NOT_SNIFFED: Headers[number] = ['X-Content-Type-Options', 'nosniff'];

/** For pages: nobody keeps them, frames them, or puts anything into them. */
export const PAGE_HEADERS: Headers = [
  ['Cache-Control', 'no-store'],
  ['X-Frame-Options', 'DENY'],
  NOT_SNIFFED,
  ['Referrer-Policy', 'same-origin'],
  [
    'Content-Security-Policy',
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  ],
];
