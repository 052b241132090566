/** The demo's worker: takes one task after the other. Told to stop, it finishes the task in hand; killed, it loses none. */
import { setTimeout as pause } from 'node:timers/promises';
import { openQueue } from './queue.ts';

const IDLE_MS = 100;
const WORK_MS = 300;

const queue = openQueue(process.argv[2] ?? 'queue.sqlite');
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const recovered = queue.recover();
console.log(`worker: ready, pid ${process.pid}, ${recovered} tasks taken over from an earlier worker`);
while (!stop.signal.aborted) {
  const task = queue.take();
  if (task === undefined) {
    await pause(IDLE_MS);
    continue;
  }
  console.log(`worker: began task ${task.id}, "${task.name}"`);
  await pause(WORK_MS);
  queue.finish(task);
  console.log(`worker: finished task ${task.id}`);
}
queue.close();
console.log('worker: stopped');
