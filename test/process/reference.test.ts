import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateChanges } from '../../src/process/reference.ts';

test('stateChanges() finds exactly the changes of spec lifecycle 4.3', () => {
  assert.deepEqual([...stateChanges().keys()].sort(), [
    'BACKOFF --> FATAL',
    'BACKOFF --> STARTING',
    'BACKOFF --> STOPPED',
    'EXITED --> STARTING',
    'FATAL --> STARTING',
    'RUNNING --> EXITED',
    'RUNNING --> STOPPING',
    'STARTING --> BACKOFF',
    'STARTING --> RUNNING',
    'STARTING --> STOPPING',
    'STOPPED --> STARTING',
    'STOPPING --> STOPPED',
  ]);
});
