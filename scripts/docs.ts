/**
 * Writes the reference pages that are generated from tables in the source; with `--check` it writes nothing, and exits 1
 * when a page is stale. A chapter adds its page to `PAGES`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { renderCliReference } from '../src/cli/reference.ts';
import { renderEventsReference } from '../src/events/reference.ts';
import { renderMetricsReference } from '../src/metrics/reference.ts';
import { renderStatesReference } from '../src/process/reference.ts';
import { PUBLISHED } from '../src/rpc/methods.ts';
import { renderRpcReference } from '../src/rpc/reference.ts';
import { openApi } from '../src/web/api/openapi.ts';
import { renderApiReference } from '../src/web/api/reference.ts';
import { renderConfiguration } from './docs/configuration.ts';

interface Page {
  /** Relative to the root of the project. */
  readonly file: string;
  readonly render: () => string;
}

const PAGES: readonly Page[] = [
  { file: 'docs/reference/configuration.md', render: renderConfiguration },
  { file: 'docs/reference/process-states.md', render: renderStatesReference },
  { file: 'docs/reference/rpc.md', render: renderRpcReference },
  { file: 'docs/reference/http-api.md', render: renderApiReference },
  { file: 'docs/reference/openapi.json', render: () => `${JSON.stringify(openApi(PUBLISHED), undefined, 2)}\n` },
  { file: 'docs/reference/events.md', render: renderEventsReference },
  { file: 'docs/reference/metrics.md', render: renderMetricsReference },
  { file: 'docs/reference/superctl.md', render: renderCliReference },
];

const root = `${import.meta.dirname}/..`;

function current(file: string): string | undefined {
  try {
    return readFileSync(`${root}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

const stale = PAGES.filter(({ file, render }) => current(file) !== render());
if (process.argv.includes('--check')) {
  for (const { file } of stale) console.error(`${file} is stale: run npm run docs`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const { file, render } of stale) writeFileSync(`${root}/${file}`, render());
}
