// oxlint-disable import/no-default-export -- node --test-reporter takes the default export
/** A reporter for the test runner: the files in which a test failed, one a line. */
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

const root = `${import.meta.dirname}/..`;

export default async function* failedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files = new Set<string>();
  for await (const event of events) {
    if (event.type !== 'test:fail') continue;
    // A failure without a file is told by its name: there is no such file, so that the run alone fails as well.
    const file = relative(root, event.data.file ?? event.data.name);
    if (!files.has(file)) yield `${file}\n`;
    files.add(file);
  }
}
