/** `/ui/…`: the script and the style of the page, built into dist/web. Their names change with their content. */
import { errorAnswer } from './answers.ts';
import type { Headers, WebAnswer, WebRequest } from './exchange.ts';

/** The file that names the others. */
export const MANIFEST = 'manifest.json';

/** What the page loads, as file names. */
export interface Manifest {
  readonly script: string;
  readonly style: string;
}

export type Packing = 'br' | 'gz';

/** The built page as it is on disk now. */
export interface WebAssets {
  /** undefined: it was not built. */
  manifest(): Manifest | undefined;
  /** A file, or its packed form; undefined: there is none. */
  read(name: string, packing: Packing | undefined): Uint8Array | undefined;
}

/** Nothing but names that the build makes: no path leads out of the folder. */
const NAME = /^(?:app-[0-9a-f]{12}\.js|style-[0-9a-f]{12}\.css)$/;
const ENCODINGS: readonly (readonly [packing: Packing, encoding: string])[] = [
  ['br', 'br'],
  ['gz', 'gzip'],
];

/** Whether a client takes an encoding. @source RFC 9110 12.5.3 */
export function accepts(header: string, encoding: string): boolean {
  return header.split(',').some((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** @param name what stands behind `/ui/` */
export function assetRoute(assets: WebAssets, request: WebRequest, name: string): WebAnswer {
  if (request.method !== 'GET' && request.method !== 'HEAD') return errorAnswer(400);
  if (!NAME.test(name)) return errorAnswer(404);
  const accepted = request.header('accept-encoding') ?? '';
  const [packing, encoding] = ENCODINGS.find(([, offered]) => accepts(accepted, offered)) ?? [];
  const packed = packing === undefined ? undefined : assets.read(name, packing);
  const body = packed ?? assets.read(name, undefined);
  if (body === undefined) return errorAnswer(404);
  const headers: Headers = [
    ['Content-Type', name.endsWith('.js') ? 'text/javascript;charset=utf-8' : 'text/css;charset=utf-8'],
    ['Cache-Control', 'private, max-age=31536000, immutable'],
    ['X-Content-Type-Options', 'nosniff'],
    ['Vary', 'Accept-Encoding'],
    ...(packed === undefined || encoding === undefined ? [] : [['Content-Encoding', encoding] as const]),
  ];
  return { kind: 'whole', status: 200, headers, body, last: false };
}
