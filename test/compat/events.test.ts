/** Events and event listeners beside supervisord: headers, payloads, order, buffers, refusals and broken listeners. */
import { suite, test } from 'node:test';
import type { Daemon } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';
import { call, linesOf, program, RECORDER, recorded, section, startBoth, written } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

const listener = (name: string, command: string, ...lines: readonly string[]): string =>
  section(`eventlistener:${name}`, `command=${command}`, 'startsecs=0', 'buffer_size=1000', ...lines);

const recorder = (file: string, events: string, ...lines: readonly string[]): string =>
  listener(file, `python3 %(here)s/recorder.py ${file}`, `events=${events}`, ...lines);

/** Speaks to the daemon line by line as a script says: `<` reads an event, anything else is written as it is. */
const SPEAKER = `
import sys, time
heard = open(sys.argv[1] + '.heard', 'a')
stdin = open(0, encoding='utf-8', newline='')
for word in sys.argv[2:]:
    if word == '<':
        line = stdin.readline()
        header = dict(token.split(':', 1) for token in line.split())
        print(header['eventname'], stdin.read(int(header['len'])).replace('\\n', '|'), file=heard, flush=True)
    elif word == 'exit':
        sys.exit(0)
    elif word == 'crash':
        sys.exit(3)
    elif word == 'pause':
        time.sleep(0.5)
    else:
        sys.stdout.write(word.encode().decode('unicode_escape')); sys.stdout.flush()
time.sleep(1000)
`;

/** Listeners that say the wrong thing, or nothing, or the right thing oddly. Each is told of one event. */
const SPEAKERS: Readonly<Record<string, readonly string[]>> = {
  good: ['READY\\n', '<', 'RESULT 2\\nOK', 'READY\\n'],
  slow: ['REA', 'pause', 'DY\\n', '<', 'RES', 'pause', 'ULT 2', 'pause', '\\nO', 'pause', 'K', 'READY\\n'],
  together: ['READY\\n', '<', 'RESULT 2\\nOKREADY\\n'],
  hello: ['hello world\\n'],
  twice: ['READY\\nREADY\\n'],
  chatty: ['READY\\n', 'pause', 'and more'],
  linefeed: ['READY\\n', '<', 'RESULT 2\\nOK\\n', 'READY\\n'],
  noresult: ['READY\\n', '<', 'READY\\n'],
  badlength: ['READY\\n', '<', 'RESULT foo\\n'],
  fails: ['READY\\n', '<', 'RESULT 4\\nFAIL', 'READY\\n', '<', 'RESULT 2\\nOK', 'READY\\n'],
  other: ['READY\\n', '<', 'RESULT 6\\nwhat??', 'READY\\n', '<', 'RESULT 2\\nOK', 'READY\\n'],
  long: ['READY\\n', '<', `RESULT 300\\n${'x'.repeat(300)}`, 'READY\\n', '<', 'RESULT 2\\nOK', 'READY\\n'],
  prefix: ['READY\\n', '<', 'ABCDEFG 2\\nOK', 'READY\\n'],
  dies: ['READY\\n', '<', 'exit'],
  crashes: ['READY\\n', '<', 'crash'],
  leaves: ['READY\\n', '<', 'RESULT 2\\nOK', 'exit'],
};

const heads = (daemon: Daemon, file: string): readonly (readonly [string | undefined, string])[] =>
  recorded(daemon, file).map(({ header, payload }) => [header['eventname'], payload]);

const done = (daemon: Daemon, ...files: readonly string[]): Promise<unknown> =>
  until('the last event', () =>
    files.every((file) => recorded(daemon, file).some(({ payload }) => payload.startsWith('type:done\n'))),
  );

const tell = (daemon: Daemon, type: string, data: string): Promise<unknown> =>
  daemon.rpc('supervisor.sendRemoteCommEvent', type, data);

suite('events', needs('supervisord', 'python3'), () => {
  test('every type, and what a pool hears', async (t) => {
    const config = [
      '[supervisord]\nidentifier=events\n',
      recorder('all', 'EVENT', 'priority=-10'),
      recorder('remote', 'REMOTE_COMMUNICATION', 'priority=-8'),
      recorder('lower', 'tick_5, process_group_added', 'priority=-7'),
      recorder('states', 'PROCESS_STATE_STARTING,PROCESS_STATE_FATAL', 'priority=-6'),
      recorder('daemon', 'SUPERVISOR_STATE_CHANGE', 'priority=-5'),
      program('sleeps', 'sleep 1000', 'startsecs=0', 'autostart=false'),
      program(
        'talks',
        "sh -c 'echo hello; sleep 1000'",
        'startsecs=0',
        'autostart=false',
        'stdout_events_enabled=true',
      ),
      program('fails', 'false', 'startretries=1', 'startsecs=4', 'autostart=false'),
      program('ends', "sh -c 'sleep 1.5; exit 3'", 'autostart=false', 'autorestart=false'),
      program('missing', '/does/not/exist', 'startretries=0', 'autostart=false'),
    ].join('');
    const pair = await startBoth(t, { config, files: { 'recorder.py': RECORDER } });
    const files = ['all', 'remote', 'lower', 'states', 'daemon'];
    await pair.both(async (daemon) => {
      for (const name of files) await daemon.reaches(name, 'RUNNING');
      await daemon.rpc('supervisor.startProcess', 'sleeps');
      await until('exec', () => daemon.processes().some(({ command }) => command === 'sleep 1000'));
      await daemon.rpc('supervisor.stopProcess', 'sleeps');
      await daemon.rpc('supervisor.startProcess', 'talks');
      await daemon.rpc('supervisor.startProcess', 'missing').catch(() => undefined);
      await daemon.rpc('supervisor.startProcess', 'fails').catch(() => undefined);
      await daemon.reaches('fails', 'FATAL');
      await daemon.rpc('supervisor.startProcess', 'ends');
      await daemon.reaches('ends', 'EXITED');
      await daemon.rpc('supervisor.removeProcessGroup', 'ends');
      await daemon.rpc('supervisor.addProcessGroup', 'ends');
      await tell(daemon, 'type', 'data');
      await tell(daemon, 'té', 'dé ☃ 😀');
      await tell(daemon, '', '');
      await tell(daemon, 'two\nlines', 'a\nb\n');
      await tell(daemon, 'large', 'x'.repeat(200_000));
      await tell(daemon, 'done', '');
      await done(daemon, 'all', 'remote');
      await until('a tick', () => recorded(daemon, 'lower').some(({ header }) => header['eventname'] === 'TICK_5'));
    });
    for (const name of ['sleeps', 'talks', 'fails', 'ends', 'missing', 'all', 'remote']) {
      await pair.same(`${name}: its events`, (daemon) =>
        heads(daemon, 'all').filter((entry) => JSON.stringify(entry).includes(`processname:${name} `)),
      );
    }
    await pair.same('groups: added and removed', (daemon) =>
      heads(daemon, 'all').filter((entry) => JSON.stringify(entry).includes('PROCESS_GROUP')),
    );
    await pair.same('remote communication', (daemon) => heads(daemon, 'remote'));
    await pair.same('a pool of lower priority misses the groups before it', (daemon) =>
      heads(daemon, 'lower').filter((entry) => !JSON.stringify(entry).includes('TICK')),
    );
    await pair.same('two types of many', (daemon) => heads(daemon, 'states').map(String).sort());
    await pair.same('ticks', (daemon) => {
      const ticks = recorded(daemon, 'all').filter(({ header }) => header['eventname'] === 'TICK_5');
      return [
        ...new Set(ticks.map(({ payload }) => [payload.replace(/\d+$/, 'n'), Number(payload.slice(5)) % 5].join())),
      ];
    });
    await pair.same('headers: tokens and what is always the same', (daemon) => [
      ...new Set(
        recorded(daemon, 'all').map(({ header }) =>
          [Object.keys(header).join(' '), header['ver'], header['server'], header['pool']].join(),
        ),
      ),
    ]);
    await pair.same('len counts characters', (daemon) =>
      recorded(daemon, 'all').every(({ header, payload }) => Number(header['len']) === Array.from(payload).length),
    );
    for (const file of ['all', 'remote', 'lower']) {
      await pair.same(`${file}: pool serials count from 0`, (daemon) =>
        recorded(daemon, file).every(({ header }, index) => Number(header['poolserial']) === index),
      );
    }
    await pair.same('serials: those of EVENT count from 0', (daemon) =>
      recorded(daemon, 'all').every(({ header }, index) => Number(header['serial']) === index),
    );
    await pair.same('serials: another pool hears the same', (daemon) => {
      const serials = new Map(recorded(daemon, 'all').map(({ header, payload }) => [payload, header['serial']]));
      return recorded(daemon, 'remote').every(({ header, payload }) => serials.get(payload) === header['serial']);
    });
    await pair.both((daemon) => daemon.stop());
    await pair.same('the end as a listener sees it', (daemon) => {
      const all = heads(daemon, 'all').filter(([eventname]) => !String(eventname).startsWith('TICK'));
      const end = all.findIndex(([eventname]) => eventname === 'SUPERVISOR_STATE_CHANGE_STOPPING');
      // How much it hears after that is a race between its own end and that of the others.
      return all.slice(end, end + 3);
    });
    await pair.same('states of the daemon', (daemon) => heads(daemon, 'daemon'));
  });

  test('listeners that behave and misbehave', async (t) => {
    const config = Object.entries(SPEAKERS).map(([name, words], index) =>
      listener(
        name,
        `python3 %(here)s/speaker.py ${name} ${words.map((word) => `'${word}'`).join(' ')}`,
        'events=REMOTE_COMMUNICATION',
        'autorestart=false',
        // Of equal priority, supervisord would give a refused event to every pool (api 4.3, B).
        `priority=${index + 1}`,
        `stdout_logfile=%(here)s/${name}.out`,
      ),
    );
    const pair = await startBoth(t, {
      config: `[supervisord]\nloglevel=debug\n${config.join('')}`,
      files: { 'speaker.py': SPEAKER },
    });
    const silent = ['hello', 'twice', 'chatty'];
    const heard = (name: string): number => (SPEAKERS[name] ?? []).filter((word) => word === '<').length;
    await pair.both(async (daemon) => {
      for (const name of Object.keys(SPEAKERS)) {
        const word = silent.includes(name) ? 'UNKNOWN' : 'ACKNOWLEDGED -> READY';
        await until(`${name}: ${word}\n${linesOf(daemon, name)}`, () => linesOf(daemon, name).includes(word));
      }
      await tell(daemon, 'type', 'data');
      for (const name of Object.keys(SPEAKERS).filter((n) => !silent.includes(n))) {
        await written(daemon, `${name}.heard`, (text) => text.split('\n').length > heard(name));
      }
      for (const name of ['dies', 'crashes', 'leaves']) await daemon.reaches(name, 'EXITED');
      const settled = (name: string, word: string): Promise<unknown> =>
        until(`${name} ${word}`, () => linesOf(daemon, name).includes(word));
      for (const name of ['linefeed', 'noresult', 'badlength']) await settled(name, 'UNKNOWN');
      for (const name of ['good', 'slow', 'together', 'fails', 'other', 'long', 'prefix']) {
        await until(
          `${name} is ready again`,
          () => linesOf(daemon, name).split('ACKNOWLEDGED -> READY').length > heard(name) + 1,
        );
      }
    });
    for (const name of Object.keys(SPEAKERS)) {
      // When a process without startsecs is called running, and in how many pieces it is heard, is chance.
      await pair.same(`${name}: what the main log tells`, (daemon) =>
        linesOf(daemon, name)
          .replace(/^.*( INFO (spawned|success): | stdout output:).*\n/gm, '')
          // Whether the end of a listener or the return of its event is told first matters to nobody.
          .replace(/^(.* DEBG rebuffering .*\n)(.* exited: .*\n)/m, '$2$1'),
      );
      await pair.same(`${name}: its log holds the protocol`, (daemon) => daemon.read(`${name}.out`));
      await pair.same(`${name}: what it is`, (daemon) => daemon.rpc('supervisor.getProcessInfo', name));
      if (!silent.includes(name)) await pair.same(`${name}: what it heard`, (daemon) => daemon.read(`${name}.heard`));
    }
    for (const name of ['dies', 'crashes']) {
      await pair.same(`${name}: the event comes again after a restart`, async (daemon) => {
        await call(daemon, 'supervisor.startProcess', name);
        return written(daemon, `${name}.heard`, (text) => text.split('\n').length > 2);
      });
    }
  });

  test('pools and buffers', async (t) => {
    const config = [
      recorder('watch', 'REMOTE_COMMUNICATION', 'priority=1'),
      listener('never', 'sleep 1000', 'events=REMOTE_COMMUNICATION', 'priority=2').replace(
        'buffer_size=1000',
        'buffer_size=3',
      ),
      listener(
        'late',
        `sh -c 'while ! test -e go; do sleep 0.1; done; exec python3 recorder.py late.jsonl'`,
        'events=REMOTE_COMMUNICATION',
        'priority=3',
      ).replace('buffer_size=1000', 'buffer_size=2'),
      listener(
        'pool',
        "python3 %(here)s/speaker.py %(process_num)d 'READY\\n' <",
        'events=REMOTE_COMMUNICATION',
        'numprocs=3',
        'process_name=%(program_name)s_%(process_num)d',
        'priority=4',
      ),
    ].join('');
    const pair = await startBoth(t, {
      config: `[supervisord]\nloglevel=debug\n${config}`,
      files: { 'recorder.py': RECORDER, 'speaker.py': SPEAKER },
    });
    await pair.both(async (daemon) => {
      await until('the pool is ready', () => daemon.log().split(/pool_\d: ACKNOWLEDGED -> READY/).length === 4);
      await until('the watcher is ready', () => daemon.log().includes('watch: ACKNOWLEDGED -> READY'));
      await daemon.reaches('late', 'RUNNING');
      for (const number of [1, 2, 3, 4, 5, 6]) {
        await tell(daemon, 'number', String(number));
        await until(`${number} is heard`, () => recorded(daemon, 'watch').length === number);
      }
      for (const number of [0, 1, 2]) await written(daemon, `${number}.heard`, (text) => text !== '');
    });
    await pair.same('a full buffer drops the oldest', (daemon) => linesOf(daemon, 'never'));
    for (const number of [0, 1, 2]) {
      await pair.same(`pool_${number}: the first that is ready gets the event`, (daemon) =>
        daemon.read(`${number}.heard`),
      );
      await pair.same(`pool_${number}: what the main log tells`, (daemon) =>
        linesOf(daemon, `pool_${number}`).replace(/^.* INFO (spawned|success): .*\n/gm, ''),
      );
    }
    await pair.both(async (daemon) => {
      await daemon.run('/usr/bin/touch', 'go');
      await until('the late one', () => recorded(daemon, 'late.jsonl').length === 2);
    });
    await pair.same('a late listener gets what is left in the buffer', (daemon) => heads(daemon, 'late.jsonl'));
    await pair.same('its serials', (daemon) =>
      recorded(daemon, 'late.jsonl').map(({ header }) => [header['serial'], header['poolserial']]),
    );
  });
});
