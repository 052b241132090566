/** Groups beside supervisord: how they form, in which order they start and stop, and what reread and update make of edits. */
import { writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { CONTROL, type Daemon } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';
import { call, program, section, startBoth } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

const SLEEP = 'sleep 1000';

/** The names in lines of one kind, in the order of the log. */
const order = (daemon: Daemon, kind: 'spawned' | 'stopped'): readonly string[] =>
  [...daemon.log().matchAll(kind === 'spawned' ? /spawned: '([^']+)'/g : /stopped: (\S+) /g)].map(
    ([, name = '']) => name,
  );

const GROUPS = [
  program('late', SLEEP, 'priority=900', 'startsecs=0'),
  program('early', SLEEP, 'priority=1', 'startsecs=0'),
  program('middle', SLEEP, 'priority=500', 'startsecs=0'),
  program('pool', SLEEP, 'numprocs=11', 'process_name=%(program_name)s_%(process_num)d', 'priority=300', 'startsecs=0'),
  section('group:mixed', 'programs=z1,a9,m', 'priority=400'),
  program('z1', SLEEP, 'priority=1', 'startsecs=0'),
  program('a9', SLEEP, 'priority=900', 'startsecs=0'),
  program('m', SLEEP, 'priority=500', 'startsecs=0', 'numprocs=2', 'process_name=m%(process_num)d'),
  section('group:twice', 'programs=z1', 'priority=401'),
  program('none', SLEEP, 'numprocs=0'),
  section('eventlistener:listener', 'command=cat', 'events=TICK_3600', 'startsecs=0'),
].join('');

const BASE: Readonly<Record<string, readonly string[]>> = {
  plain: ['[program:plain]', 'command=sleep 1000', 'autostart=false'],
  other: [
    '[program:other]',
    'command=sleep 1000',
    'autostart=false',
    'stdout_logfile=%(here)s/other.log',
    'environment=A=1',
  ],
  grouped: ['[program:grouped]', 'command=sleep 1000', 'autostart=false'],
  second: ['[program:second]', 'command=sleep 1000', 'autostart=false'],
  g: ['[group:g]', 'programs=grouped,second'],
  pool: ['[eventlistener:pool]', 'command=cat', 'events=TICK_5,TICK_60', 'autostart=false'],
};

const write = (changes: Readonly<Record<string, readonly string[]>>, daemonLines = ''): string =>
  `${CONTROL}[supervisord]\n${daemonLines}\n${Object.values({ ...BASE, ...changes })
    .map((lines) => lines.join('\n'))
    .join('\n')}\n`;

const plus = (name: string, ...lines: readonly string[]): Readonly<Record<string, readonly string[]>> => ({
  [name]: [...(BASE[name] ?? []), ...lines],
});

/** Edits, each of the same file. What reread says of them is compared. */
const EDITS: Readonly<Record<string, string>> = {
  nothing: write({}),
  ...Object.fromEntries(
    [
      'command=sleep 1001',
      'priority=5',
      'autostart=true',
      'autorestart=true',
      'startsecs=2',
      'startretries=4',
      'stopsignal=HUP',
      'stopwaitsecs=11',
      'stopasgroup=true',
      'killasgroup=true',
      'exitcodes=0,1',
      'redirect_stderr=true',
      'umask=022',
      'directory=/tmp',
      'user=nobody',
      'serverurl=http://x:1',
      'environment=B=2',
      'stdout_logfile=%(here)s/plain.log',
      'stderr_logfile=NONE',
      'stdout_logfile_maxbytes=1',
      'stdout_logfile_backups=1',
      'stderr_capture_maxbytes=1',
      'stderr_events_enabled=true',
      'stdout_syslog=true',
      'numprocs=2\nprocess_name=%(program_name)s%(process_num)d',
      'process_name=renamed',
      'unknown_key=1',
      'command = sleep  1000',
      'startsecs=1',
      'exitcodes= 0',
    ].map((line) => [line.replace('\n', ' '), write(plus('plain', line))]),
  ),
  'a group leaves': write({ plain: [] }),
  'a group comes': write({ fresh: ['[program:fresh]', 'command=sleep 1'] }),
  'a program leaves its group': write({ g: ['[group:g]', 'programs=grouped'] }),
  'the order in a group': write({ g: ['[group:g]', 'programs=second,grouped'] }),
  'the priority of a group': write(plus('g', 'priority=4')),
  'a group dissolves': write({ g: [] }),
  'a program joins a group': write({ g: ['[group:g]', 'programs=grouped,second,plain'] }),
  'the environment of all': write({}, 'environment=ALL=1'),
  'other keys of the daemon': write({}, 'loglevel=debug\nidentifier=other\nminfds=1000'),
  'the buffer of a pool': write(plus('pool', 'buffer_size=11')),
  'the events of a pool': write(plus('pool', 'events=TICK_5')),
  'the environment of one': write(plus('other', 'environment=A=2')),
  'the environment of one, written otherwise': write(plus('other', 'environment=A="1"')),
  'the path of a log': write(plus('other', 'stdout_logfile=%(here)s/another.log')),
  'a kind': write({
    plain: ['[eventlistener:plain]', 'command=sleep 1000', 'autostart=false', 'events=TICK_5', 'priority=999'],
  }),
  'all at once': write({
    plain: [],
    other: [...(BASE['other'] ?? []), 'priority=3'],
    fresh: ['[program:fresh]', 'command=x'],
    early: ['[program:early]', 'command=x', 'priority=1'],
  }),
};

suite('groups', needs('supervisord'), () => {
  test('forming, starting and stopping', async (t) => {
    const pair = await startBoth(t, { config: GROUPS });
    await pair.both((daemon) => until('all are up', () => order(daemon, 'spawned').length === 20));
    await pair.same('the order of the start', (daemon) => order(daemon, 'spawned'));
    await pair.same('names, in the order of getAllProcessInfo', async (daemon) => {
      const all = await daemon.rpc('supervisor.getAllProcessInfo');
      return Array.isArray(all) ? all.map((info) => JSON.stringify(info).replace(/,"start":.*/, '')) : all;
    });
    await pair.same('getAllConfigInfo', (daemon) => call(daemon, 'supervisor.getAllConfigInfo'));
    await pair.same('stop of a mixed group', async (daemon) => {
      await until(
        'exec',
        () => daemon.processes().filter(({ command }) => command.includes('/usr/bin/supervisord ')).length <= 1,
      );
      const results = await daemon.rpc('supervisor.stopProcessGroup', 'mixed');
      return Array.isArray(results) ? results.map((result) => JSON.stringify(result)).sort() : results;
    });
    await pair.same('start of a mixed group: priority of the processes', async (daemon) => {
      await daemon.rpc('supervisor.startProcessGroup', 'mixed');
      return order(daemon, 'spawned').slice(20);
    });
    await pair.both(async (daemon) => {
      await until(
        'exec',
        () => daemon.processes().filter(({ command }) => command.includes('/usr/bin/supervisord ')).length <= 1,
      );
      await daemon.stop();
    });
    await pair.same('the order of the end: group by group', (daemon) => {
      const groupOf = (name: string): string =>
        name.startsWith('pool') ? 'pool' : /^(z1|a9|m\d)$/.test(name) ? 'mixed or twice' : name;
      const groups = order(daemon, 'stopped').slice(4).map(groupOf);
      return groups.filter((name, index) => name !== groups[index - 1]);
    });
  });

  test('reread and update', async (t) => {
    const pair = await startBoth(t, { config: write({}).replace(CONTROL, '') });
    for (const [name, config] of Object.entries(EDITS)) {
      await pair.both((daemon) => writeFileSync(daemon.config, config));
      await pair.same(`reread: ${name}`, (daemon) => call(daemon, 'supervisor.reloadConfig'));
    }
    for (const name of ['a program joins a group', 'all at once', 'nothing']) {
      await pair.both((daemon) => writeFileSync(daemon.config, EDITS[name] ?? ''));
      await pair.same(`update: ${name}`, (daemon) => daemon.supervisorctl('update'));
      await pair.same(`status after the update: ${name}`, async (daemon) => {
        const all = await daemon.rpc('supervisor.getAllProcessInfo');
        return Array.isArray(all) ? all.map((info) => JSON.stringify(info).replace(/,"start":.*/, '')) : all;
      });
    }
  });
});
