/**
 * A small linear reader for the XML that XML-RPC uses: elements, text, CDATA, comments, character references.
 * It reports tags and text to a sink and keeps no tree. Document types and own entities are refused; attributes are
 * skipped. It knows nothing of XML-RPC.
 */

/** What is wrong with a text; thrown inside the codec only. */
export class XmlProblem extends Error {}

export interface XmlSink {
  open(tag: string): void;
  text(text: string): void;
  close(): void;
  /** Elements of one shape, of which a text may hold thousands, are read at once. */
  readonly shortcut?: Shortcut;
}

export interface Shortcut {
  /** Sticky; matches one element with all that it holds and the space behind it, and nothing that would be refused. */
  readonly pattern: RegExp;
  /** How many elements that are, and how deep they stand. */
  readonly elements: number;
  readonly depth: number;
  readonly take: (match: RegExpExecArray) => void;
}

const MAX_DEPTH = 128;
/** Longer tags are refused: XML-RPC has no attributes. */
const MAX_TAG = 1024;

const EXCLAMATION = 0x21;
const QUESTION = 0x3f;

const NAME = /^[A-Za-z_][\w:.-]*$/;
const BLANK = /^[ \t\n]*$/;
const NAMED: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

function reference(name: string): string {
  const named = NAMED.get(name);
  if (named !== undefined) return named;
  const digits = /^#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,9}))$/.exec(name);
  const code = digits?.[1] === undefined ? Number.parseInt(digits?.[2] ?? '', 10) : Number.parseInt(digits[1], 16);
  if (!(code > 0 && code <= 0x10ffff)) throw new XmlProblem('undefined entity');
  return String.fromCodePoint(code);
}

function unescape(text: string): string {
  return text.includes('&') ? text.replace(/&([^;&]{0,12})(;?)/g, (_, name, end) => reference(end && name)) : text;
}

/** The index after the next `end`. */
function after(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  if (found < 0) throw new XmlProblem(`no closing ${end}`);
  return found + end.length;
}

interface Tag {
  readonly name: string;
  readonly closing: boolean;
  readonly empty: boolean;
}

function readTag(inside: string): Tag {
  if (inside.length > MAX_TAG) throw new XmlProblem('tag too long');
  const closing = inside.startsWith('/');
  const empty = !closing && inside.endsWith('/');
  const body = inside.slice(closing ? 1 : 0, empty ? -1 : undefined);
  const name = body.split(/[ \t\n]/, 1)[0] ?? '';
  if (!NAME.test(name) || (closing && body.trimEnd() !== name)) throw new XmlProblem('not well-formed');
  return { name, closing, empty };
}

/** An answer is made of very few different tags. */
const MAX_KNOWN_TAGS = 64;
const knownTags = new Map<string, Tag>();

function tagOf(inside: string): Tag {
  const known = knownTags.get(inside);
  if (known !== undefined) return known;
  const tag = readTag(inside);
  if (knownTags.size < MAX_KNOWN_TAGS) knownTags.set(inside, tag);
  return tag;
}

/** Reads one document of so many elements at most, or throws XmlProblem. Takes time linear in the text. */
export function readXml(source: string, sink: XmlSink, maxElements: number): void {
  // Line ends as every XML reader sees them; a CR that matters arrives as &#13;.
  const text = (source.startsWith('\ufeff') ? source.slice(1) : source).replace(/\r\n?/g, '\n');
  const stack: string[] = [];
  let elements = 0;
  let at = 0;
  const characters = (piece: string): void => {
    if (stack.length > 0) sink.text(piece);
    else if (!BLANK.test(piece)) throw new XmlProblem('text outside of the document element');
  };
  const close = (name: string): void => {
    if (stack.pop() !== name) throw new XmlProblem(`mismatched tag ${name}`);
    sink.close();
  };
  const count = (more: number, deeper: number): void => {
    elements += more;
    if (elements > maxElements || stack.length + deeper > MAX_DEPTH) throw new XmlProblem('too many elements');
  };
  /** The index behind all that the shortcut took; undefined: it took nothing. */
  const takeAtOnce = ({ pattern, elements: some, depth, take }: Shortcut, from: number): number | undefined => {
    if (stack.length === 0) return undefined;
    let behind: number | undefined;
    pattern.lastIndex = from;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      count(some, depth);
      take(match);
      behind = pattern.lastIndex;
    }
    return behind;
  };
  const tag = (inside: string): void => {
    const { name, closing, empty } = tagOf(inside);
    if (closing) return close(name);
    if (stack.length === 0 && elements > 0) throw new XmlProblem('more than one document element');
    count(1, 1);
    stack.push(name);
    sink.open(name);
    if (empty) close(name);
  };
  while (at < text.length) {
    const next = text.indexOf('<', at);
    if (next !== at) characters(unescape(text.slice(at, next < 0 ? undefined : next)));
    if (next < 0) break;
    const kind = text.charCodeAt(next + 1);
    if (kind !== EXCLAMATION && kind !== QUESTION) {
      const behind = sink.shortcut === undefined ? undefined : takeAtOnce(sink.shortcut, next);
      at = behind ?? after(text, '>', next);
      if (behind === undefined) tag(text.slice(next + 1, at - 1));
    } else if (kind === QUESTION) at = after(text, '?>', next);
    else if (text.startsWith('<!--', next)) at = after(text, '-->', next + 4);
    else if (text.startsWith('<![CDATA[', next)) {
      at = after(text, ']]>', next);
      characters(text.slice(next + 9, at - 3));
    } else throw new XmlProblem('document types are refused');
  }
  if (stack.length > 0 || elements === 0) throw new XmlProblem('no element found');
}
