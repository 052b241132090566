/** The stylesheet of the plain pages. */

export const STYLE = `:root {
  color-scheme: light dark;
  --page: #f7f7f5;
  --card: #fff;
  --text: #1c1e21;
  --quiet: #5b6068;
  --line: #dcdedf;
  --accent: #0b5cad;
  --good: #17693a;
  --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181b;
    --card: #1f2226;
    --text: #e6e7e9;
    --quiet: #a0a6ae;
    --line: #33373d;
    --accent: #79b8ff;
    --good: #5fd18b;
    --bad: #ff8a80;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
header, footer, nav { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; }
header { justify-content: space-between; margin-bottom: 1rem; }
footer { margin-top: 1rem; color: var(--quiet); font-size: .875rem; }
h1 { margin: 0; font-size: 1.375rem; }
a { color: var(--accent); }
form { display: inline-flex; gap: .375rem; margin: 0; }
button { font: inherit; font-size: .875rem; padding: .1875rem .625rem; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: .375rem; cursor: pointer; }
button:hover { border-color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .5rem .75rem; text-align: left; border-bottom: 1px solid var(--line); }
tr:last-child > * { border-bottom: 0; }
thead th { color: var(--quiet); font-size: .8125rem; font-weight: 600; }
tbody th { font-weight: 500; }
td.actions { white-space: nowrap; }
td.actions a { margin-left: .5rem; font-size: .875rem; }
.state { font-weight: 600; }
.statusrunning { color: var(--good); }
.statuserror { color: var(--bad); }
.statusnominal { color: var(--quiet); }
#status_msg { margin: 0 0 1rem; padding: .5rem .75rem; background: var(--card); border: 1px solid var(--line); border-left: .25rem solid var(--accent); border-radius: .375rem; }
.login { max-width: 22rem; margin: 10vh auto 0; padding: 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
.login #status_msg { margin: 1rem 0 0; border-left-color: var(--bad); }
.login form { display: grid; gap: .375rem; margin-top: 1rem; }
.login input { font: inherit; padding: .375rem .5rem; margin-bottom: .5rem; color: var(--text); background: var(--page); border: 1px solid var(--quiet); border-radius: .375rem; }
.login button { font-size: 1rem; padding: .375rem; color: var(--card); background: var(--accent); }
pre { margin: 0; padding: .75rem; font: .8125rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
`;
