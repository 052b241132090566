import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, epochMillis, millis, pid } from '../../src/units.ts';
import { createHandler } from '../../src/web/routes.ts';
import { type FakeRpc, fakeRpc } from '../support/fake-rpc.ts';
import { SERVER } from '../support/web-requests.ts';

async function scrape(fake: FakeRpc, method = 'GET') {
  const nobody = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(0));
  const request = { method, target: '/metrics', header: () => undefined, readBody: nobody };
  const answer = await createHandler(fake.web, SERVER)(request);
  return answer.kind === 'whole' ? answer : assert.fail('a stream');
}

const linesOf = async (fake: FakeRpc): Promise<readonly string[]> =>
  Buffer.from((await scrape(fake)).body)
    .toString()
    .split('\n');

test('GET /metrics tells of programs and of superd, in the format of Prometheus', async () => {
  const fake = fakeRpc();
  fake.control.set('web:a', { state: 'RUNNING', pid: pid(42), startedAt: epochMillis(1_795_340_000_500) });
  fake.scrape.ends.set('web:a', { expected: 0, unexpected: 3, signal: 1, start_failed: 0, stopped: 2 });
  const reading = { cpu: undefined, cpuSeconds: 1.25, rss: bytes(4096), processes: 2 };
  fake.scrape.latest = {
    at: epochMillis(1_795_340_001_000),
    took: millis(12),
    readings: new Map([['web:a', reading]]),
  };
  fake.scrape.state = {
    ...fake.scrape.state,
    mail: { reports: 1, waiting: 2, failed: 3, oldest: epochMillis(fake.control.now - 5000) },
    pools: [{ group: 'mailer', buffered: 4, discarded: 5 }],
  };
  const answer = await scrape(fake);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.headers[0], ['Content-Type', 'text/plain; version=0.0.4; charset=utf-8']);
  assert.ok(answer.headers.some(([name, value]) => name === 'X-Content-Type-Options' && value === 'nosniff'));
  const lines = await linesOf(fake);
  for (const line of [
    'superd_process_up{group="web",process="a"} 1',
    'superd_process_up{group="solo",process="solo"} 0',
    'superd_process_state{group="web",process="a",state="RUNNING"} 1',
    'superd_process_state{group="web",process="a",state="FATAL"} 0',
    'superd_process_start_time_seconds{group="web",process="a"} 1795340000.5',
    'superd_process_restarts_total{group="web",process="a"} 2',
    'superd_process_exits_total{group="web",process="a",cause="unexpected"} 3',
    'superd_process_cpu_seconds_total{group="web",process="a"} 1.25',
    'superd_process_resident_memory_bytes{group="web",process="a"} 4096',
    'superd_process_tree_processes{group="web",process="a"} 2',
    'superd_mood{mood="RUNNING"} 1',
    'superd_journal_problem 0',
    'superd_mail_queue_length{kind="failed"} 3',
    'superd_mail_queue_oldest_age_seconds 5',
    'superd_listener_buffered_events{group="mailer"} 4',
    'superd_listener_discarded_events_total{group="mailer"} 5',
    'superd_event_loop_delay_seconds_bucket{le="+Inf"} 0',
    'superd_sample_duration_seconds 0.012',
  ]) {
    assert.ok(lines.includes(line), `${line}\n${lines.join('\n')}`);
  }
  assert.ok(!lines.some((line) => line.startsWith('superd_process_start_time_seconds{group="solo"')));
});

test('GET /metrics tells each value once, under a family that was announced once', async () => {
  const lines = await linesOf(fakeRpc());
  const names = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.replace(/ [^ ]+$/, ''));
  assert.equal(new Set(names).size, names.length);
  const families = lines.filter((line) => line.startsWith('# TYPE ')).map((line) => line.split(' ')[2] ?? '');
  assert.equal(new Set(families).size, families.length);
  for (const name of names) {
    const plain = name.replace(/\{.*$/, '');
    assert.ok(families.includes(plain) || families.includes(plain.replace(/_(bucket|sum|count)$/, '')), name);
  }
});

test('/metrics leaves use out when nothing is sampled, and refuses other methods', async () => {
  const fake = fakeRpc();
  assert.ok(
    !(await linesOf(fake)).some((line) =>
      /cpu_seconds_total\{group|resident_memory_bytes\{group|superd_sample/.test(line),
    ),
  );
  assert.equal((await scrape(fake, 'POST')).status, 400);
  assert.equal((await scrape(fake, 'HEAD')).status, 200);
});
