/** The reference page of the JSON API, rendered from the tables. */
import { FAULTS, type FaultName } from '../../rpc/faults.ts';
import { METHODS } from '../../rpc/methods.ts';
import { isForGet, ROOT } from './access.ts';
import { STATUS } from './answers.ts';
import { RESOURCES, type Resource } from './resources.ts';

const anchor = (name: string): string => name.toLowerCase().replaceAll('.', '');

function resourceSection({ path, places, params, help }: Resource): string {
  const rows = [...places, ...params].map(({ name, about }) => `- \`${name}\`: ${about}.`);
  return [`### GET ${ROOT}${path}`, '', help, ...(rows.length === 0 ? [] : ['', ...rows])].join('\n');
}

const faultRow = (name: FaultName): string => `| ${STATUS[name]} | ${name} | ${FAULTS[name]} |`;

/** Markdown. */
export function renderApiReference(): string {
  const faults = Object.keys(FAULTS).filter((name): name is FaultName => name in STATUS && name !== 'SUCCESS');
  const byStatus = faults.toSorted((a, b) => STATUS[a] - STATUS[b]);
  return `${[
    '# JSON over HTTP',
    '',
    `Below \`${ROOT}\` on any server of the configuration stand the methods of [XML-RPC](rpc.md), under the same names. How to use`,
    'them from a script is told in [control superd from a script](../how-to/control-superd-from-a-script.md). The same as an OpenAPI',
    '3.1 document is in [openapi.json](openapi.json), and on each server.',
    '',
    `- \`POST ${ROOT}/METHOD\` with \`Content-Type: application/json\` and an object of named arguments, or an array of them in order.`,
    `- \`GET ${ROOT}/METHOD?name=value\` for methods that only look; arrays and structs are written as JSON.`,
    '',
    'The answer is `{"result": …}`, or `{"fault": {"code": 10, "name": "BAD_NAME", "text": "BAD_NAME: web"}}` with the status of the',
    'table below. Texts are Unicode: other bytes, such as those of a log, become U+FFFD; `logs` gives bytes as they are. A body holds',
    'at most 1 MiB. A browser sends the header `X-Superd-Token`, as `session` tells it, with every POST that may change something; other',
    'clients need none. Requests from the pages of other sites are refused.',
    '',
    '## Methods',
    '',
    '| method | role | GET |',
    '|---|---|---|',
    ...METHODS.map((method) => {
      const { name, access } = method;
      return `| [${name}](rpc.md#${anchor(name)}) | ${access} | ${isForGet(method) ? 'yes' : ''} |`;
    }),
    '',
    '## What else there is',
    '',
    RESOURCES.map(resourceSection).join('\n\n'),
    '',
    '## Faults',
    '',
    '| status | name | code |',
    '|---|---|---|',
    ...byStatus.map(faultRow),
    '',
    'Requests that no method was asked about have the fault INCORRECT_PARAMETERS and a status of their own: 405 (GET where POST is',
    'wanted), 408 (a body that does not come), 411 (no Content-Length), 413 (too long a body), 415 (no JSON). 503 also tells that too',
    'many streams are open. Who is not let in gets 401, or 429 after too many attempts, before the API is asked; these are no JSON.',
  ].join('\n')}\n`;
}
