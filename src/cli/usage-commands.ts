/** Rows of the table of commands: what programs use. */
import type { Command, Flag } from './command.ts';
import { ANY, JSON_FLAG, none, ROW } from './rows.ts';
import { stats } from './stats.ts';
import { top } from './top.ts';

const SORT: Flag = { name: 'sort', short: 's', takes: 'by', help: 'cpu (if not said), mem or name' };

export const USAGE: readonly Command[] = [
  {
    ...ROW,
    name: 'top',
    usage: [['', 'Show which processes use most, with all that descend from them; live at a terminal, else once']],
    notes: ['The keys c, m and n sort by processor use, memory and name; q leaves. --json prints once, for machines.'],
    arity: none('top'),
    own: true,
    flags: [SORT, JSON_FLAG],
    json: '`[{"namespec", "statename", "pid", "cpu_percent", "rss_bytes", "processes"}]`, with `null` for what does not run',
    run: top,
  },
  {
    ...ROW,
    name: 'stats',
    usage: [
      ['', 'Show what every process uses, and used in the last hour'],
      ['<name>', 'Show what a process used in the last hour, day and week'],
      ['<group>:*', 'Show that of every process of a group'],
    ],
    arity: ANY,
    own: true,
    flags: [JSON_FLAG],
    json: '`[{"namespec", "now": {"cpu", "rss", "processes", "at"} or null, "hour", "day", "week"}]`, each span `{"start", "step", "cpu", "cpumax", "rss", "rssmax"}` with `null` in the arrays for what is not known',
    completes: 'processes',
    run: stats,
  },
];
