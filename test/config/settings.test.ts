import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFiles } from '../../src/config/files.ts';
import { Report } from '../../src/config/problems.ts';
import { type Setting, settingsOf, type Written } from '../../src/config/settings.ts';
import { type FakeMachine, fakeSource, good } from './fake-source.ts';

const MAIN = `[supervisord]
environment=SHARED="1",DB_PASSWORD="common"
[include]
files=more.ini
[program:web]
command=/bin/web --token=abc %(process_num)s
numprocs=2
process_name=web_%(process_num)s
stopsignal=INT
environment=OWN="2",API_KEY="own"
[group:site]
programs=web
priority=7
`;
const MORE = `
[eventlistener:mail]
command=/bin/mail
events=PROCESS_STATE
`;
const MACHINE: FakeMachine = { files: { '/etc/s.conf': MAIN, '/etc/more.ini': MORE } };

function written(machine: FakeMachine): Written {
  const read = readFiles(fakeSource(machine), { file: '/etc/s.conf', names: new Map(), report: new Report() });
  assert.ok(read.ok);
  return read.value;
}

function settings(name: string, files: Written): ReadonlyMap<string, Setting> {
  const [group, process] = name.split(':');
  const found = good(MAIN, MACHINE).groups.find((candidate) => candidate.name === group);
  const config = found?.processes.find((candidate) => candidate.name === process);
  assert.ok(config !== undefined && group !== undefined);
  return new Map(settingsOf(config, group, files).map((setting) => [`${setting.section} ${setting.key}`, setting]));
}

test('settingsOf() tells what holds, where it is written, and what holds otherwise', () => {
  const found = settings('site:web_1', written(MACHINE));
  const section = 'program:web';
  const place = (line: number): Setting['place'] => ({ file: '/etc/s.conf', line });
  assert.deepEqual(found.get('program:web command'), {
    section,
    key: 'command',
    value: '/bin/web --token=******** 1',
    initial: undefined,
    place: place(6),
  });
  assert.partialDeepStrictEqual(found.get('program:web numprocs'), { value: '2', place: place(7) });
  assert.deepEqual(found.get('program:web startsecs'), {
    section,
    key: 'startsecs',
    value: '1',
    initial: '1',
    place: undefined,
  });
  assert.partialDeepStrictEqual(found.get('group:site priority'), { value: '7', place: place(13) });
});

test('settingsOf() shows variables one by one, where they come from, without their secrets', () => {
  const found = settings('site:web_0', written(MACHINE));
  assert.partialDeepStrictEqual(found.get('program:web environment OWN'), { value: '2', place: { line: 10 } });
  assert.partialDeepStrictEqual(found.get('program:web environment API_KEY'), { value: '********' });
  assert.partialDeepStrictEqual(found.get('supervisord environment SHARED'), { value: '1', place: { line: 2 } });
  assert.partialDeepStrictEqual(found.get('supervisord environment DB_PASSWORD'), { value: '********' });
  assert.doesNotMatch(JSON.stringify([...found]), /"(own|common)"/);
  assert.equal(found.has('program:web environment'), false);
});

test('settingsOf() finds the section of a listener in an included file', () => {
  const found = settings('mail:mail', written(MACHINE));
  assert.partialDeepStrictEqual(found.get('eventlistener:mail events'), {
    value: 'PROCESS_STATE',
    place: { file: '/etc/more.ini', line: 4 },
  });
});

test('settingsOf() tells the values also when the files are gone', () => {
  const found = settings('site:web_0', { sections: new Map(), defaults: new Map() });
  assert.partialDeepStrictEqual(found.get('program:web command'), { value: '/bin/web --token=******** 0' });
  assert.equal(found.get('program:web command')?.place, undefined);
});
