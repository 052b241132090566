/** The reference page of the API, rendered from the tables. */
import { FAULTS } from './faults.ts';
import type { Method, Param } from './method.ts';
import { METHODS } from './methods.ts';

function parameter({ name, type, otherwise }: Param): string {
  const text = `${type} ${name}`;
  return otherwise === undefined ? text : `[${text} = ${JSON.stringify(otherwise)}]`;
}

function section(method: Method): string {
  const { name, aliases, params, returns, help, access, gated } = method;
  const lines = [
    `### ${name}`,
    '',
    `\`${returns} ${name}(${params.map(parameter).join(', ')})\``,
    '',
    help,
    '',
    ...params.map((param) => `- \`${param.name}\`: ${param.about}.`),
    ...(params.length > 0 ? [''] : []),
    `Role: ${access}.${gated ? '' : ' Answers during shutdown too.'}`,
    ...(aliases.length > 0 ? ['', `Also called ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`] : []),
  ];
  return lines.join('\n');
}

/** Markdown. */
export function renderRpcReference(): string {
  const faults = Object.entries(FAULTS).map(([name, code]) => `| ${code} | ${name} |`);
  return `${[
    '# XML-RPC methods',
    '',
    'POST to `/RPC2` on any server of the configuration. A method is for users of its role and of those above it (viewer, operator, admin); others get fault 100.',
    'The same methods can be called with [JSON over HTTP](http-api.md).',
    'Once superd shuts down or restarts, methods answer with fault 6 unless they say otherwise.',
    '',
    METHODS.map(section).join('\n\n'),
    '',
    '## Faults',
    '',
    '| code | name |',
    '|---|---|',
    ...faults,
  ].join('\n')}\n`;
}
