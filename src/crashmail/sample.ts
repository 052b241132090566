/** A made-up crash, for `--test` and `--preview`: everything that a mail can show. Pure. */
import type { Letter } from './letter.ts';
import { NO_FACTS, type Report } from './report.ts';

const LOOKS = 120;
const MB = 1024 * 1024;

/** A program that leaks, works in waves, and then takes all it can get. */
const cpu = (at: number): number =>
  Math.round(30 + 22 * Math.sin(at / 7) + (at > 100 ? (at - 100) * 2.6 : (at * 7) % 13));
const rss = (at: number): number => Math.round((180 + at * 1.4 + (at > 96 ? (at - 96) ** 2 * 1.1 : (at % 9) * 2)) * MB);

function sampleReport(at: number, host: string): Report {
  const second = Math.floor(at / 1000);
  const looks = Array.from({ length: LOOKS }, (_, index) => index);
  return {
    id: 'sample',
    at,
    serials: [],
    count: 1,
    host,
    server: 'supervisor',
    incident: { kind: 'exited', group: 'sample', process: 'worker', pid: 4242, fromState: 'RUNNING', state: 'EXITED' },
    detail: 'full',
    facts: {
      ...NO_FACTS,
      ending: { kind: 'signal', signal: 'SIGSEGV', coreDumped: false },
      started: second - 9257,
      stopped: second,
      restarts: 3,
      restartsHour: 1,
      restartsDay: 3,
      aftermath: { state: 'RUNNING', pid: 4311 },
      settings: {
        command: '/srv/shop/bin/worker --queue mails --broker amqp://shop:********@localhost/shop',
        user: 'shop',
        directory: '/srv/shop',
        place: '/etc/superd.conf:42',
      },
      timeline: [
        { at: at - 9_257_000, text: 'STARTING -> RUNNING, pid 4242' },
        { at, text: 'RUNNING -> EXITED, pid 4242, SIGSEGV, not expected' },
        { at: at + 40, text: 'EXITED -> STARTING' },
        { at: at + 1050, text: 'STARTING -> RUNNING, pid 4311' },
      ],
      course: { stepSeconds: 5, cpuPercent: looks.map(cpu), rssBytes: looks.map(rss) },
      stderr: {
        lines: [
          'Traceback (most recent call last):',
          '  File "/srv/shop/worker.py", line 118, in run',
          '    self.render(order)',
          'This is a sample: nothing has crashed.',
        ],
        problem: '',
      },
      stdout: { lines: ['order 10017 done in 0.21 s', 'order 10018 started'], problem: '' },
    },
  };
}

export function sampleLetter(at: number, host: string, to: string): Letter {
  return {
    id: `sample${at}`,
    at,
    host,
    to,
    reports: [sampleReport(at, host)],
    troubles: [],
    recoveries: [],
    notices: [{ title: 'This is a sample: nothing has crashed.', lines: [] }],
    channels: [],
  };
}
