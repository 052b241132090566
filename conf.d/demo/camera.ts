/** The demo's camera: every other second it photographs the state of the queue, for charts to be drawn from later. */
import { openQueue } from './queue.ts';

const SHUTTER_MS = 2000;

const queue = openQueue(process.argv[2] ?? 'queue.sqlite');
console.log(`camera: a photograph every ${SHUTTER_MS} ms`);

const timer = setInterval(() => {
  const { waiting, running, done } = queue.photograph();
  console.log(`camera: ${waiting} waiting, ${running} running, ${done} done`);
}, SHUTTER_MS);

process.once('SIGTERM', () => {
  clearInterval(timer);
  queue.close();
  console.log('camera: stopped');
});
