import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { NODE_CHECK, OLDEST_NODE } from '../../scripts/node-check.ts';

/** What the check says to a Node of this version, and how it ends. */
function checked(node: string): readonly unknown[] {
  const seen: unknown[] = [];
  const process = {
    versions: { node },
    execPath: '/usr/bin/node',
    stderr: { write: (text: string) => seen.push(text) },
    exit: (status: number) => seen.push(status),
  };
  runInNewContext(NODE_CHECK, { process });
  return seen;
}

test('NODE_CHECK refuses what is older than the engines say', () => {
  for (const node of ['20.20.2', '24.14.9', '9.99.0']) {
    assert.deepEqual(checked(node), [`superd needs Node 24.15 or newer; /usr/bin/node is ${node}\n`, 1]);
  }
  for (const node of ['24.15.0', '24.21.0', '25.0.0', '100.0.0']) assert.deepEqual(checked(node), []);
  assert.match(
    readFileSync(`${import.meta.dirname}/../../package.json`, 'utf8'),
    new RegExp(`"node": ">=${OLDEST_NODE}"`),
  );
});
