/**
 * The programs that live through the kills. Each writes down for itself what it did, so that afterwards the logs, the
 * journal and the listener can be compared with what really happened.
 */

/**
 * Numbered lines, `<pid> <number> <padding>`, as many a second as asked for; on SIGTERM a last one, `<pid> end <count>`.
 * Arguments: lines per turn, milliseconds between turns, length of the padding.
 */
const WRITER = `
const { writeSync } = require('node:fs');
const [perTurn, pause, padding] = process.argv.slice(2).map(Number);
const tail = ' ' + 'x'.repeat(padding) + '\\n';
let next = 0;
const turn = () => {
  let text = '';
  for (let count = 0; count < perTurn; count += 1) text += process.pid + ' ' + next++ + tail;
  for (let data = Buffer.from(text); data.length > 0; ) data = data.subarray(writeSync(1, data));
};
process.on('SIGUSR1', () => {});
process.on('SIGTERM', () => {
  writeSync(1, process.pid + ' end ' + next + '\\n');
  process.exit(0);
});
turn();
setInterval(turn, pause);
`;

/** Keeps the serial and the body of every event, and acknowledges it. */
const LISTENER = `
const { appendFileSync, writeSync } = require('node:fs');
let pending = Buffer.alloc(0);
writeSync(1, 'READY\\n');
process.stdin.on('data', (data) => {
  pending = Buffer.concat([pending, data]);
  for (;;) {
    const end = pending.indexOf('\\n');
    if (end < 0) return;
    const header = pending.toString('utf8', 0, end);
    const length = Number(/len:(\\d+)/.exec(header)[1]);
    if (pending.length < end + 1 + length) return;
    appendFileSync(process.argv[2], /serial:(\\d+)/.exec(header)[1] + ' ' + /eventname:(\\S+)/.exec(header)[1] + '\\n');
    pending = pending.subarray(end + 1 + length);
    writeSync(1, 'RESULT 2\\nOKREADY\\n');
  }
});
`;

/** Runs for a moment and ends with a code that it wrote down first: `<pid> <code>`. */
const QUITTER = `
code=$(( $$ % 5 ))
sleep 0.$(( $$ % 7 + 1 ))
echo "$$ $code" >> "$1"
exit $code
`;

export const FILES: Readonly<Record<string, string>> = {
  'writer.cjs': WRITER,
  'listener.cjs': LISTENER,
  'quitter.sh': QUITTER,
};

/** The group that is added and removed while the daemon runs. */
export const EXTRA = `
[program:extra]
command=sleep 10003
numprocs=2
process_name=%(program_name)s_%(process_num)d
`;

/** Programs with numbered lines, and how they are logged. */
export const WRITERS: readonly string[] = ['fast', 'steady', 'trickle'];
/** What nobody but an operator, or the killer, ends: `group:process`. */
export const STABLE: readonly string[] = [
  ...WRITERS.map((name) => `${name}:${name}`),
  'stubborn:stubborn',
  'again:again',
  'fcgi:fcgi',
  'many:many_0',
  'many:many_1',
  'many:many_2',
];
/** A stop is followed by SIGKILL after so long. */
export const STUBBORN_STOPWAIT_MS = 1000;

const writer = (name: string, ...args: readonly number[]): string => `
[program:${name}]
command=${process.execPath} %(here)s/writer.cjs ${args.join(' ')}
stdout_logfile=%(here)s/${name}.log
stdout_logfile_maxbytes=0
startsecs=0
`;

export const CONFIG: string = `
${writer('fast', 100, 5, 30)}
${writer('steady', 5, 10, 60)}
${writer('trickle', 1, 20, 10)}
[program:stubborn]
command=sh -c "trap '' TERM; while :; do sleep 0.5; done"
stopwaitsecs=${STUBBORN_STOPWAIT_MS / 1000}
killasgroup=true
startsecs=0
[program:again]
command=sleep 10001
autorestart=true
startsecs=0
[program:broken]
command=sh -c "exit 1"
startretries=1000
[program:quitter]
command=sh %(here)s/quitter.sh %(here)s/quits
numprocs=3
process_name=%(program_name)s_%(process_num)d
autorestart=true
startsecs=0
stopasgroup=true
killasgroup=true
[program:many]
command=sleep 10002
numprocs=3
process_name=%(program_name)s_%(process_num)d
[fcgi-program:fcgi]
command=sleep 10004
socket=unix://%(here)s/fcgi.sock
[eventlistener:ears]
command=${process.execPath} %(here)s/listener.cjs %(here)s/heard
events=PROCESS_STATE
replay=true
`;
