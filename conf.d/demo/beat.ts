/** The demo's scheduler: puts each task of the timetable into the queue when its time has come. */
import { openQueue } from './queue.ts';

const TIMETABLE = [
  { task: 'resize a picture', seconds: 1 },
  { task: 'send the newsletter', seconds: 5 },
  { task: 'write the report', seconds: 20 },
] as const;

const queue = openQueue(process.argv[2] ?? 'queue.sqlite');
console.log(`beat: ${TIMETABLE.length} tasks in the timetable`);

const timers = TIMETABLE.map(({ task, seconds }) =>
  setInterval(() => {
    queue.put(task);
    console.log(`beat: sent "${task}"`);
  }, seconds * 1000),
);

process.once('SIGTERM', () => {
  for (const timer of timers) clearInterval(timer);
  queue.close();
  console.log('beat: stopped');
});
