/**
 * Configuration files over the whole alphabet of the dialect: every key with values right and wrong, comments, odd
 * delimiters, continuations, expansions, sections of every kind that repeat and merge. What superd does better on
 * purpose is left out: names that a second section claims, texts expanded twice, digits of other scripts.
 */
import type { Random } from './hostile.ts';

type Some = readonly [string, ...string[]];

/** What a key may say, and what is an error. */
interface Words {
  readonly right: Some;
  readonly wrong: Some;
}

// biome-ignore format: one kind each line
const KINDS = {
  int: { right: ['0', '1', '5', '-3', '+7', '1_000', ' 4 ', '007', '10', '999999'], wrong: ['', 'x', '1.5', '0x10', '1e3', '--1', '_1', '1 0', '1__0'] },
  bool: { right: ['true', 'false', 'TRUE', 'Yes', 'no', 'on', 'OFF', '1', '0'], wrong: ['', 't', 'y', '2', 'none', 'truee'] },
  size: { right: ['0', '10', '1KB', '1kb', '5 MB', '1Gb', '-1', '3MB ', '+2KB', '1_0KB'], wrong: ['', '1K', '1B', '1TB', '1.5MB', 'KB', 'x'] },
  signal: { right: ['TERM', 'SIGTERM', 'term', 'sigkill', '9', '34', '64', 'RTMIN', 'SIGRTMIN', 'CLD', 'IOT', 'POLL', ' HUP ', '0', 'STKFLT'], wrong: ['', 'NOPE', '35', '63', '65', '-1', 'RTMIN+1', 'SIG', 'SIGSIGTERM', '1.5', '32'] },
  codes: { right: ['0', '0,2', '', ' 1 , 2 ', '255', '0,0', '+1'], wrong: ['256', '-1', 'x', '1,', ',', '1;2', '1 2', ',1'] },
  restart: { right: ['true', 'false', 'unexpected', 'UNEXPECTED', '1', 'off', 'yes'], wrong: ['', 'x', 'unexpectedd'] },
  log: { right: ['NONE', 'none', 'off', 'AUTO', 'Auto', '%(here)s/x.log', '/tmp/a.log', 'rel.log', '', 'syslog', '~/x.log', '/tmp/%(program_name)s-%(process_num)d.log', '  NONE  ', '/tmp/../tmp/y.log', '/tmp//z.log'], wrong: ['/nope/x.log', '~nouser/x.log', '/tmp/%', '/tmp/%(nope)s'] },
  environment: { right: ['A=1', 'A="x y",B=\'z\'', 'A=1,', 'A=1;B=2', 'A="%(program_name)s"', 'A="1",A="2"', '', 'A=/usr/bin:/bin', 'A=(x),B=y', 'A="#",B=";"', 'A=1,\n B=2', 'A=%(process_num)d', 'PATH="/bin:%(ENV_PATH)s"', 'A=1|B=2', 'A=x#y', "A='a,b=c'", 'A=~/x', 'A=$X'], wrong: ['A', 'A=', '=1', 'A=b=c', 'A=1,,B=2', 'A=1 B=2', 'A="x', 'A=a*b', ',', 'A==', 'A=1,B', '%(nope)s'] },
  octal: { right: ['022', '0o22', '77', '0', '7777', '0_22', ' 022 '], wrong: ['', '8', '9', 'x', '0x1'] },
  user: { right: ['root', '0', 'nobody', '65534'], wrong: ['nope', '99999', '', '-1'] },
  directory: { right: ['/tmp', '/nope', '~', '%(here)s', '', 'rel', '/tmp/%(process_num)d'], wrong: ['%(nope)s', '%(here', '%(here)q', '%d'] },
  url: { right: ['auto', 'AUTO', '', 'http://x:1', ' Auto ', 'anything'], wrong: ['%(nope)s', '%'] },
  name: { right: ['%(program_name)s', '%(program_name)s_%(process_num)02d', 'x%(process_num)d', '%(group_name)s-%(process_num)s', 'fixed', 'ünï%(process_num)d'], wrong: ['a b', 'a:b', 'a/b', 'x%(nope)s', 'c d%(process_num)d'] },
  count: { right: ['1', '2', '3', '0', '-1'], wrong: ['', 'x', '1.5'] },
  command: { right: ['/bin/cat', 'sh -c "echo a b"', "sh -c 'a ; b'", 'sleep %(process_num)d', './x', 'a\n b\n   c', 'echo %(ENV_HOME)s %%', 'echo a;b', 'echo a ;b', 'echo a #b', 'x #y ;z', 'é è', '"unclosed', '', '%(process_num)-4dx', '%(program_name).2s', '%(process_num)#x'], wrong: ['%(nope)s', '%', '%(program_name)d', '%(process_num)z', 'date +%Y', '%(a(b))s'] },
} as const satisfies Record<string, Words>;

// biome-ignore format: a table
const KEYS: readonly [readonly [string, keyof typeof KINDS], ...(readonly [string, keyof typeof KINDS])[]] = [
  ['autostart', 'bool'], ['autorestart', 'restart'], ['startsecs', 'int'], ['startretries', 'int'], ['stopsignal', 'signal'], ['stopwaitsecs', 'int'], ['stopasgroup', 'bool'],
  ['killasgroup', 'bool'], ['exitcodes', 'codes'], ['user', 'user'], ['redirect_stderr', 'bool'], ['stdout_logfile', 'log'], ['stderr_logfile', 'log'], ['priority', 'int'],
  ['stdout_logfile_maxbytes', 'size'], ['stderr_logfile_maxbytes', 'size'], ['stdout_logfile_backups', 'int'], ['stderr_logfile_backups', 'int'], ['umask', 'octal'],
  ['stdout_capture_maxbytes', 'size'], ['stderr_capture_maxbytes', 'size'], ['stdout_events_enabled', 'bool'], ['stderr_events_enabled', 'bool'], ['stdout_syslog', 'bool'],
  ['stderr_syslog', 'bool'], ['environment', 'environment'], ['directory', 'directory'], ['serverurl', 'url'], ['process_name', 'name'], ['numprocs', 'count'],
  ['numprocs_start', 'int'], ['command', 'command'], ['unknown_key', 'int'],
];

const DELIMITERS: Some = ['=', '=', '=', ' = ', ':', ' : ', '= ', '\t=\t'];
const BEHIND: Some = [' ; comment', ' # comment', ' ;', '\t;x', '   '];
const BETWEEN: Some = ['', '   ', '; comment', '  # indented comment', ' continued', '\tcontinued=x'];
const JUNK: Some = ['junk', '=x', '[a', '[]', ': y'];
const PROGRAMS: Some = ['a', 'b', 'web', 'web.api', 'a-1', 'Zed', 'é'];

const within = (random: Random, percent: number): boolean => random.below(100) < percent;

function line(random: Random, name: string, value: string): string {
  const spelt = within(random, 8) ? name.toUpperCase() : name;
  return `${spelt}${random.pick(DELIMITERS)}${value}${within(random, 6) ? random.pick(BEHIND) : ''}`;
}

function header(random: Random, name: string): readonly string[] {
  const before = within(random, 5) ? random.pick(['; c', '# c', '']) : [];
  const behind = within(random, 5) ? random.pick([' ', ' ; x', ' text']) : '';
  const [kind, ...extra] = random.pick<Some>([
    ['program'],
    ['program'],
    ['program'],
    [
      'eventlistener',
      line(random, 'events', random.pick(['TICK_5', 'event', 'PROCESS_STATE,TICK', 'PROCESS_LOG, tick_60'])),
    ],
    [
      'fcgi-program',
      line(random, 'socket', random.pick(['unix:///tmp/x.sock', 'tcp://localhost:9', 'unix://%(here)s/x.sock'])),
    ],
  ]);
  return [before, `[${kind}:${name}]${behind}`, extra].flat();
}

/** A program with a few keys. At most one of them is wrong: superd tells all errors, supervisord the first. */
function programSection(random: Random, name: string, isWrong: boolean): string {
  const count = 1 + random.below(7);
  const wrongAt = isWrong ? random.below(count) : -1;
  const lines = [...header(random, name), line(random, 'command', random.pick(KINDS.command.right))];
  for (let index = 0; index < count; index += 1) {
    const [key, kind] = random.pick(KEYS);
    const words: Words = KINDS[kind];
    lines.push(line(random, key, random.pick(index === wrongAt ? words.wrong : words.right)));
    if (within(random, 4)) lines.push(random.pick(index === wrongAt ? JUNK : BETWEEN));
    if (key === 'numprocs') lines.push('process_name=%(program_name)s_%(process_num)d');
  }
  return `${lines.join(random.pick(['\n', '\n', '\n', '\r\n']))}\n`;
}

/** The sections of programs, and around them what merges with them, at random. */
export function randomConfig(random: Random): string {
  const wrongAt = within(random, 40) ? 0 : -1;
  const names = PROGRAMS.toSorted(() => random.below(3) - 1).slice(0, 1 + random.below(4));
  const parts = names.map((name, index) => programSection(random, name, index === wrongAt));
  if (within(random, 20))
    parts.push(programSection(random, names[0] ?? 'a', false).replace(/^\[[a-z-]+:/m, '[program:'));
  if (within(random, 10))
    parts.unshift(`[DEFAULT]\n${line(random, random.pick(['startsecs', 'priority', 'nope']), '1')}\n`);
  if (within(random, 10)) parts.push(`[supervisord]\n${line(random, random.pick(['identifier', 'minfds']), '7')}\n`);
  if (within(random, 20))
    parts.push(
      `[include]\n${line(random, 'files', random.pick(['inc/*.conf', 'inc/a.conf inc/[ab].conf', 'none/*']))}\n`,
    );
  return parts.join(random.pick(['', '', '\n\n']));
}
