/** The OpenAPI document, made from the table of methods and the table of resources. @source OpenAPI 3.1.1 */
import { FAULTS } from '../../rpc/faults.ts';
import type { Method, Param, TypeName } from '../../rpc/method.ts';
import type { XmlValue } from '../../rpc/xml.ts';
import { VERSION } from '../../version.ts';
import { isForGet, ROOT } from './access.ts';
import { STATUS } from './answers.ts';
import { RESOURCES, type Resource } from './resources.ts';

type JsonObject = Readonly<Record<string, XmlValue>>;

const TYPES: Readonly<Record<TypeName, JsonObject>> = {
  string: { type: 'string' },
  int: { type: 'integer' },
  boolean: { type: 'boolean' },
  array: { type: 'array' },
  struct: { type: 'object' },
};

const schemaOf = ({ type, about, otherwise }: Param): JsonObject => ({
  ...TYPES[type],
  description: about,
  ...(otherwise === undefined ? {} : { default: otherwise }),
});

const content = (type: string, schema: JsonObject): JsonObject => ({ [type]: { schema } });

/** What a value in the query looks like; arrays and structs are JSON there. */
function queryParameter(param: Param, required: boolean): JsonObject {
  const { name, type, about } = param;
  const { description: _, ...schema } = schemaOf(param);
  const isJson = type === 'array' || type === 'struct';
  const shape: JsonObject = isJson ? { content: content('application/json', schema) } : { schema };
  return { name, in: 'query', required, description: about, ...shape };
}

const firstSentence = (text: string): string => /^.*?[.:;](?=\s|$)/s.exec(text)?.[0].replace(/[.:;]$/, '') ?? text;

const FAULT_ANSWERS: JsonObject = {
  default: { $ref: '#/components/responses/fault' },
};

function bodyOf(params: readonly Param[]): JsonObject {
  const required = params.filter(({ otherwise }) => otherwise === undefined).map(({ name }) => name);
  const schema: JsonObject = {
    type: 'object',
    properties: Object.fromEntries(params.map((param) => [param.name, schemaOf(param)])),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
  return { required: required.length > 0, content: content('application/json', schema) };
}

function methodPath(name: string, method: Method): JsonObject {
  const { params, returns, help, access } = method;
  const result = { type: 'object', properties: { result: TYPES[returns] }, required: ['result'] };
  const common: JsonObject = {
    tags: [name.split('.')[0] ?? ''],
    summary: firstSentence(help),
    description: `${help}\n\nRole: ${access}.`,
    'x-superd-role': access,
    responses: {
      '200': { description: 'What the method answers', content: content('application/json', result) },
      ...FAULT_ANSWERS,
    },
  };
  const post: JsonObject = { operationId: name, ...common, requestBody: bodyOf(params) };
  if (!isForGet(method)) return { post };
  const parameters = params.map((param) => queryParameter(param, param.otherwise === undefined));
  return { get: { operationId: `${name}.get`, ...common, parameters }, post };
}

function resourcePath({ name, places, params, produces, help }: Resource): JsonObject {
  const inPath = places.map(
    ({ name: place, about }): JsonObject => ({
      name: place,
      in: 'path',
      required: true,
      description: about,
      schema: { type: 'string' },
    }),
  );
  const schema: JsonObject = produces === 'application/json' ? { type: 'object' } : { type: 'string' };
  return {
    get: {
      operationId: name,
      tags: ['look'],
      summary: firstSentence(help),
      description: help,
      'x-superd-role': 'viewer',
      parameters: [...inPath, ...params.map((param) => queryParameter(param, false))],
      responses: { '200': { description: 'What was asked for', content: content(produces, schema) }, ...FAULT_ANSWERS },
    },
  };
}

const FAULT_SCHEMA: JsonObject = {
  type: 'object',
  required: ['fault'],
  properties: {
    fault: {
      type: 'object',
      required: ['code', 'name', 'text'],
      properties: {
        code: { type: 'integer', enum: Object.values(FAULTS) },
        name: { type: 'string', enum: Object.keys(FAULTS) },
        text: { type: 'string', description: 'the name, and what there is to say beside it' },
      },
    },
  },
};

const last = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

/** The published names, each method once: no aliases. */
export const namesOf = (published: ReadonlyMap<string, Method>): readonly (readonly [string, Method])[] =>
  [...published].filter(([name, method]) => last(name) === last(method.name));

export function openApi(published: ReadonlyMap<string, Method>): JsonObject {
  const methods = namesOf(published);
  const tags = [...new Set(methods.map(([name]) => name.split('.')[0] ?? '')), 'look'];
  const statuses = [...new Set(Object.values(STATUS))].filter((status) => status >= 400).toSorted((a, b) => a - b);
  return {
    openapi: '3.1.1',
    info: {
      title: 'superd',
      version: VERSION,
      description:
        'The process supervisor superd, over HTTP. Every method can be called by POST with a JSON object of arguments, or an ' +
        'array of them in order; methods that only look also by GET. What is no Unicode in a log becomes U+FFFD in an answer of a method.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: ROOT }],
    security: [{}, { basic: [] }],
    tags: tags.map((name) => ({ name })),
    paths: Object.fromEntries([
      ...RESOURCES.map((resource) => [resource.path === '' ? '/' : resource.path, resourcePath(resource)] as const),
      ...methods.map(([name, method]) => [`/${name}`, methodPath(name, method)] as const),
    ]),
    components: {
      schemas: { fault: FAULT_SCHEMA },
      responses: {
        fault: {
          description: `A fault, with the status that fits it: ${statuses.join(', ')}; 405, 408, 411, 413 and 415 are of the request itself`,
          content: content('application/json', { $ref: '#/components/schemas/fault' }),
        },
      },
      securitySchemes: { basic: { type: 'http', scheme: 'basic' } },
    },
  };
}
