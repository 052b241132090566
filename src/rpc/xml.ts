/**
 * XML-RPC texts to values and back, for the daemon and for superctl. Reads what supervisord's clients send and writes
 * what its server writes; never emits what a strict reader would refuse. It knows no method and no transport.
 */
import { fail, ok, type Result } from '../errors.ts';
import { readXml, XmlProblem, type XmlSink } from './xml-parser.ts';

export type XmlValue = string | number | boolean | null | readonly XmlValue[] | { readonly [key: string]: XmlValue };

export interface XmlCall {
  readonly method: string;
  readonly params: readonly XmlValue[];
}

/** A fault as it travels. */
export interface XmlFault {
  readonly code: number;
  readonly text: string;
}

/** The `code` of an answer that is no XML-RPC at all; no real fault has it. */
export const UNREADABLE = 0;

/** Elements of a call: many thousand calls in one, and still little memory. */
const MAX_CALL_ELEMENTS = 250_000;
/** Elements of an answer: the configuration of tens of thousands of processes. */
const MAX_ANSWER_ELEMENTS = 5_000_000;

const MAX_INT = 2 ** 31 - 1;
const MIN_INT = -(2 ** 31);

export const isList = (value: XmlValue | undefined): value is readonly XmlValue[] => Array.isArray(value);
export const isStruct = (value: XmlValue | undefined): value is { readonly [key: string]: XmlValue } =>
  typeof value === 'object' && value !== null && !isList(value);

/** XML 1.0 forbids these; supervisord sends them raw and every client fails. @source spec api 1.7 */
const ILLEGAL = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;
const SPECIAL = /[&<>\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

/** Most texts hold nothing of all this, and looking once is cheaper than replacing thrice. */
const PLAIN = /^[\t\n\x20-%'-;=?-\ud7ff\ue000-\ufffd]*$/;

const escape = (text: string): string =>
  PLAIN.test(text)
    ? text
    : text
        .toWellFormed()
        .replace(ILLEGAL, '\ufffd')
        .replace(SPECIAL, (char) => ESCAPES[char] ?? char);

/** Whole numbers that are too large for XML-RPC travel as doubles; what is infinite is capped; NaN has no form and becomes 0. */
function encodeNumber(value: number): string {
  if (Number.isFinite(value) && (!Number.isInteger(value) || value > MAX_INT || value < MIN_INT))
    return `<double>${value}</double>`;
  return `<int>${Number.isNaN(value) ? 0 : Math.min(MAX_INT, Math.max(MIN_INT, value))}</int>`;
}

/** Null has no form that every client reads, so it becomes the empty string. @source spec api 1.7 */
function encodeScalar(value: string | number | boolean | null): string {
  if (typeof value === 'boolean') return `<boolean>${value ? 1 : 0}</boolean>`;
  return typeof value === 'number' ? encodeNumber(value) : `<string>${escape(value ?? '')}</string>`;
}

type Members = readonly (readonly [name: string, value: XmlValue])[];

/** Pieces for one join: a long answer that grows as a string is copied, and collected, again and again. */
function addValue(pieces: string[], value: XmlValue): void {
  if (typeof value !== 'object' || value === null) {
    pieces.push('<value>', encodeScalar(value), '</value>\n');
    return;
  }
  if (isList(value)) {
    pieces.push('<value><array><data>\n');
    for (const item of value) addValue(pieces, item);
    pieces.push('</data></array></value>\n');
    return;
  }
  pieces.push('<value><struct>\n');
  addMembers(pieces, Object.entries(value));
  pieces.push('</struct></value>\n');
}

function addMembers(pieces: string[], members: Members): void {
  for (const [name, value] of members) {
    pieces.push('<member>\n<name>', escape(name), '</name>\n');
    addValue(pieces, value);
    pieces.push('</member>\n');
  }
}

function encodeValue(value: XmlValue): string {
  const pieces: string[] = [];
  addValue(pieces, value);
  return pieces.join('');
}

/** Some members of a struct. */
export function encodeMembers(members: Members): string {
  const pieces: string[] = [];
  addMembers(pieces, members);
  return pieces.join('');
}

/** One member that is a text, at once. */
export const encodeTextMember = (name: string, text: string): string =>
  `<member>\n<name>${name}</name>\n<value><string>${escape(text)}</string></value>\n</member>\n`;

export const encodeStruct = (members: string): string => `<value><struct>\n${members}</struct></value>\n`;
export const encodeList = (items: readonly string[]): string =>
  `<value><array><data>\n${items.join('')}</data></array></value>\n`;

/** Roughly the bytes of a value once it is encoded. */
export function weigh(value: XmlValue): number {
  const own = 32 + (typeof value === 'string' ? value.length : 0);
  if (typeof value !== 'object' || value === null) return own;
  return Object.values(value).reduce<number>((sum, member) => sum + 32 + weigh(member), own);
}

const PROLOG = "<?xml version='1.0'?>\n";

const wrapParams = (values: readonly string[]): string =>
  `<params>\n${values.map((value) => `<param>\n${value}</param>\n`).join('')}</params>\n`;

const encodeParams = (params: readonly XmlValue[]): string => wrapParams(params.map(encodeValue));

export const encodeCall = (method: string, params: readonly XmlValue[]): string =>
  `${PROLOG}<methodCall>\n<methodName>${escape(method)}</methodName>\n${encodeParams(params)}</methodCall>\n`;

/** @param value as it is encoded */
export const wrapResponse = (value: string): string =>
  `${PROLOG}<methodResponse>\n${wrapParams([value])}</methodResponse>\n`;

export const encodeResponse = (value: XmlValue): string => wrapResponse(encodeValue(value));

export const encodeFault = (fault: XmlFault): string =>
  `${PROLOG}<methodResponse>\n<fault>\n${encodeValue({ faultCode: fault.code, faultString: fault.text })}</fault>\n</methodResponse>\n`;

function decodeInt(text: string): number {
  const digits = text.trim();
  if (!/^[+-]?[0-9]+$/.test(digits)) throw new XmlProblem('not an integer');
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, Number(digits)));
}

function decodeDouble(text: string): number {
  const digits = text.trim();
  const value = /^[-+.0-9eE]+$/.test(digits) ? Number(digits) : Number.NaN;
  if (Number.isNaN(value)) throw new XmlProblem('not a double');
  return value;
}

function decodeBase64(text: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, 'base64'));
  } catch {
    throw new XmlProblem('base64 is not UTF-8');
  }
}

/** An element that was read to its end. */
interface Item {
  readonly tag: string;
  readonly value: XmlValue;
}

const NONE: readonly Item[] = [];
/** A member of a struct with a simple value: most of what there is in an answer. */
const MEMBER =
  /<member>[ \t\n]*<name>([^<&]*)<\/name>[ \t\n]*<value>(?:<(string|int|i4|boolean|double)>([^<&]*)<\/\2>|([^<&]*))<\/value>[ \t\n]*<\/member>[ \t\n]*/y;

interface Element {
  readonly tag: string;
  readonly text: string;
  readonly items: readonly Item[];
}

/** An element that is still open. */
interface Frame extends Element {
  text: string;
  readonly items: Item[];
}

function decodeStruct(items: readonly Item[]): XmlValue {
  const members: (readonly [string, XmlValue])[] = [];
  for (const { tag, value } of items) {
    if (tag !== 'member' || !isList(value)) throw new XmlProblem('struct without members');
    const [name, content = null] = value;
    members.push([typeof name === 'string' ? name : '', content]);
  }
  return Object.fromEntries(members);
}

/** A member travels to its struct as a pair. */
function decodeMember(items: readonly Item[]): XmlValue {
  const [name, value] = items;
  if (name?.tag !== 'name' || value?.tag !== 'value') throw new XmlProblem('member without name and value');
  return [name.value, value.value];
}

/** The value of an element; one of an unknown name is its text. @source spec api 1.7 */
function decodeElement({ tag, text, items }: Element): XmlValue {
  switch (tag) {
    case 'int':
    case 'i4':
      return decodeInt(text);
    case 'boolean':
      return text === '1';
    case 'double':
      return decodeDouble(text);
    case 'base64':
      return decodeBase64(text);
    case 'nil':
    case 'ex:nil':
      return null;
    case 'value':
      return items[0] === undefined ? text : items[0].value;
    case 'param':
    case 'fault':
      return items[0]?.value ?? null;
    case 'array':
      return items[0]?.tag === 'data' ? items[0].value : [];
    case 'data':
    case 'params':
      return items.map((item) => item.value);
    case 'member':
      return decodeMember(items);
    case 'struct':
      return decodeStruct(items);
    default:
      return text;
  }
}

/** Reads a document and returns the children of its root by tag. */
function decodeDocument(text: string, maxElements: number): ReadonlyMap<string, XmlValue> {
  const root: Frame = { tag: '', text: '', items: [] };
  const frames: Frame[] = [];
  const sink: XmlSink = {
    open: (tag) => frames.push(frames.length === 0 ? root : { tag, text: '', items: [] }),
    text: (piece) => {
      const frame = frames.at(-1);
      if (frame !== undefined) frame.text += piece;
    },
    close: () => {
      const frame = frames.pop();
      const parent = frames.at(-1);
      if (frame !== undefined) parent?.items.push({ tag: frame.tag, value: decodeElement(frame) });
    },
    shortcut: {
      pattern: MEMBER,
      elements: 4,
      depth: 3,
      take: ([, name = '', tag, scalar, text = '']) => {
        const isText = tag === undefined || tag === 'string';
        const value = isText ? (scalar ?? text) : decodeElement({ tag, text: scalar ?? '', items: NONE });
        frames.at(-1)?.items.push({ tag: 'member', value: [name, value] });
      },
    },
  };
  readXml(text, sink, maxElements);
  return new Map(root.items.map(({ tag, value }) => [tag, value]));
}

function problemOf(error: unknown): string {
  if (error instanceof XmlProblem) return error.message;
  throw error;
}

/** Reads a call; missing `<params>` means none. The error says why the text is none. */
export function decodeCall(text: string): Result<XmlCall, string> {
  try {
    const children = decodeDocument(text, MAX_CALL_ELEMENTS);
    const method = children.get('methodName');
    const params = children.get('params') ?? [];
    if (typeof method !== 'string' || method === '') return fail('no method name');
    return ok({ method, params: isList(params) ? params : [] });
  } catch (error) {
    return fail(problemOf(error));
  }
}

function decodeFault({ faultCode, faultString }: { readonly [key: string]: XmlValue }): XmlFault {
  return {
    code: typeof faultCode === 'number' ? faultCode : UNREADABLE,
    text: typeof faultString === 'string' ? faultString : '',
  };
}

/** Reads an answer: its value, or its fault; code UNREADABLE stands for a text that is neither. */
export function decodeResponse(text: string): Result<XmlValue, XmlFault> {
  try {
    const children = decodeDocument(text, MAX_ANSWER_ELEMENTS);
    const fault = children.get('fault');
    if (isStruct(fault)) return fail(decodeFault(fault));
    const params = children.get('params');
    const value = isList(params) ? params[0] : undefined;
    return value === undefined ? fail({ code: UNREADABLE, text: 'no value in the answer' }) : ok(value);
  } catch (error) {
    return fail({ code: UNREADABLE, text: problemOf(error) });
  }
}
