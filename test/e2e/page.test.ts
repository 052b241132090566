/** The page in a real browser, on a real daemon: what happens is seen, what is pressed is done. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { isStruct } from '../../src/rpc/xml.ts';
import { openBrowser, openTab, seriousFindings, type Tab } from '../support/browser.ts';
import { CHECKOUT, type Daemon, startDaemon } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

const NEEDS = needs('chromium');
const LIMIT_BYTES = 150_000;

let browser: Browser;
before(async () => {
  if (NEEDS.skip === false) browser = await openBrowser();
});
after(() => browser?.close());

interface Site {
  readonly daemon: Daemon;
  readonly url: string;
}

async function startSite(t: TestContext, programs: string, server = '', files = {}): Promise<Site> {
  const port = await freePort();
  const config = `[inet_http_server]\nport=127.0.0.1:${port}\n${server}\n${programs}`;
  return { daemon: await startDaemon(t, { config, files }), url: `http://127.0.0.1:${port}/` };
}

const SLEEPER = '[program:sleeper]\ncommand=/bin/sleep 1000\nstartsecs=0\n';
/** Ends by itself, each time with the same status. */
const FLAKY = '[program:flaky]\ncommand=/bin/sh -c "exit 3"\nautostart=false\nautorestart=false\nstartsecs=0\n';

const open = (t: TestContext, { url }: Site, options: object = {}): Promise<Tab> =>
  openTab(t, browser, { ...options, url });
const rowOf = (page: Page, name: string): Locator =>
  page.locator('.row', { has: page.locator(`[data-row="${name}"]`) });
const sees = (where: Locator, text: string | RegExp): Promise<void> =>
  where.filter({ hasText: text }).first().waitFor();

test('the page shows what happens as it happens', NEEDS, async (t) => {
  const site = await startSite(t, SLEEPER + FLAKY);
  const { page } = await open(t, site);
  await sees(rowOf(page, 'sleeper'), 'Running');
  await site.daemon.superctl('stop', 'sleeper');
  await sees(rowOf(page, 'sleeper'), 'Stopped');
  await site.daemon.superctl('start', 'flaky');
  await sees(rowOf(page, 'flaky'), /Exited.*exit status 3/);
  assert.match(await page.title(), /Programs/);
});

test('buttons and keys do what they say, and what became of it is shown', NEEDS, async (t) => {
  const site = await startSite(t, SLEEPER + FLAKY);
  const { page } = await open(t, site);
  await rowOf(page, 'sleeper').getByRole('button', { name: 'Stop sleeper' }).click();
  await sees(page.locator('.toast'), 'sleeper stopped');
  assert.equal((await site.daemon.status('sleeper')).state, 'STOPPED');
  // What a key means depends on what the page knows by now.
  await sees(rowOf(page, 'sleeper'), 'Stopped');
  await page.locator('[data-row=sleeper]').focus();
  await page.keyboard.press('s');
  await sees(page.locator('.toast'), 'sleeper started');
  const before = await site.daemon.reaches('sleeper', 'RUNNING');
  await sees(rowOf(page, 'sleeper'), 'Running');
  await page.keyboard.press('r');
  await sees(page.locator('.toast'), 'sleeper restarted');
  await site.daemon.reaches('sleeper', 'RUNNING', before.pid);
  await sees(rowOf(page, 'sleeper'), 'Running');
  await page.keyboard.press('i');
  await page.getByRole('button', { name: 'SIGKILL' }).click();
  await sees(page.locator('.toast'), 'Signal sent to sleeper');
  await page.keyboard.press('/');
  await page.keyboard.type('flak');
  await rowOf(page, 'sleeper').waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await rowOf(page, 'sleeper').waitFor();
});

test('all, a group, or what is filtered are stopped only after a question', NEEDS, async (t) => {
  const pool = '[program:pool]\ncommand=/bin/sleep 1000\nstartsecs=0\nnumprocs=2\nprocess_name=p%(process_num)d\n';
  const site = await startSite(t, SLEEPER + pool);
  const { page } = await open(t, site);
  await page.getByRole('button', { name: 'Stop pool:*' }).click();
  await sees(page.locator('dialog'), 'pool:p0');
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await site.daemon.status('pool:p0')).state, 'RUNNING');
  await page.getByRole('button', { name: 'Stop pool:*' }).click();
  await page.locator('dialog').getByRole('button', { name: 'Stop', exact: true }).click();
  await sees(page.locator('.toast'), 'pool:* stopped');
  assert.equal((await site.daemon.status('pool:p1')).state, 'STOPPED');
  assert.equal((await site.daemon.status('sleeper')).state, 'RUNNING');
});

test('a program that cannot be started says why', NEEDS, async (t) => {
  const site = await startSite(t, '[program:lost]\ncommand=/nowhere/at/all\nstartretries=0\n');
  const { page, complaints } = await open(t, site);
  await site.daemon.reaches('lost', 'FATAL');
  await page.reload();
  await sees(rowOf(page, 'lost').locator('.exit.bad'), "can't find command '/nowhere/at/all'");
  await page.getByRole('button', { name: 'Start lost', exact: true }).click();
  await sees(page.locator('.toast.bad'), /lost: no such file/);
  assert.equal((await page.locator('.toast.bad').innerText()).split('/nowhere/at/all').length, 2);
  // Browsers say this of every refusal.
  assert.match(complaints.splice(0).join('\n'), /^Failed to load resource: .* 404 .*startProcess$/);
});

test('the page of a process has its log, its life, its configuration, and says why', NEEDS, async (t) => {
  const script = 'printf "\\\\033[31mred\\\\033[0m line\\\\n"; while read line; do echo "said $line"; done';
  const talker = `[program:talker]\ncommand=/bin/sh -c '${script}'\nstartsecs=0\nstdout_logfile=%(here)s/talker.log\n`;
  const site = await startSite(t, talker);
  await site.daemon.reaches('talker', 'RUNNING');
  const { page } = await open(t, site);
  await page.locator('[data-row=talker]').click();
  await sees(page.locator('.log-lines .ansi-red-fg'), 'red');
  await site.daemon.rpc('supervisor.sendProcessStdin', 'talker', 'hello <b>you</b>\n');
  await sees(page.locator('.log-lines > div'), 'said hello <b>you</b>');
  await page.getByLabel('Search in the log').fill('hello');
  await sees(page.locator('.found'), '1 found');
  assert.equal(await page.locator('.log-lines > .hit').count(), 1);
  await sees(page.locator('.why'), /talker is RUNNING/);
  await sees(page.locator('.life-list'), 'Running');
  await sees(page.locator('.configuration tr', { hasText: 'stdout_logfile' }).first(), /superd\.conf:\d+/);
  const downloading = page.waitForEvent('download');
  await page.getByLabel('Download the whole log').click();
  assert.match((await downloading).suggestedFilename(), /talker/);
});

test('a log is followed over its rotation', NEEDS, async (t) => {
  const program =
    '[program:cat]\ncommand=/bin/sh -c "echo ready && exec cat"\nstartsecs=0\nstdout_logfile=%(here)s/cat.log\nstdout_logfile_maxbytes=60\n';
  const site = await startSite(t, program);
  await site.daemon.reaches('cat', 'RUNNING');
  const { page } = await open(t, { ...site, url: `${site.url}#/program/cat` });
  await sees(page.locator('.log-lines > div'), 'ready');
  for (const word of ['first', 'second', 'third']) {
    await site.daemon.rpc('supervisor.sendProcessStdin', 'cat', `${word} ${'x'.repeat(60)}\n`);
    await sees(page.locator('.log-lines > div'), word);
  }
});

test('after the brain was killed the page comes back, current, and can act', NEEDS, async (t) => {
  const site = await startSite(t, SLEEPER + FLAKY);
  const { page } = await open(t, site);
  await sees(page.locator('.link-live'), 'Live');
  const brain = await site.daemon.rpc('superd.getBrain');
  assert.ok(isStruct(brain) && typeof brain['pid'] === 'number');
  process.kill(brain['pid'], 'SIGKILL');
  await page.locator('.banner').first().waitFor();
  await sees(page.locator('.banner.back'), 'Connected again');
  await sees(page.locator('.link-live'), 'Live');
  await rowOf(page, 'sleeper').getByRole('button', { name: 'Stop sleeper' }).click();
  await sees(page.locator('.toast.good'), 'sleeper stopped');
  await site.daemon.superctl('start', 'flaky');
  await sees(rowOf(page, 'flaky'), 'Exited');
  await page.getByRole('link', { name: 'Events' }).click();
  await sees(page.locator('.entry'), 'superd was started again while its programs ran on');
  await site.daemon.stop();
  site.daemon.assertQuiet();
});

test('a page that nobody sees holds no connection, and is current when it is looked at', NEEDS, async (t) => {
  const site = await startSite(t, SLEEPER);
  const { page } = await open(t, { ...site, url: 'about:blank' });
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.addInitScript(`Object.defineProperty(document, 'hidden', { get: () => window.isSeen !== true })`);
  await page.goto(site.url);
  await sees(rowOf(page, 'sleeper'), 'Running');
  await until('it asks', () => asked.includes('/api/v1/superd.historyAfter'));
  assert.ok(!asked.includes('/api/v1/events'));
  await site.daemon.superctl('stop', 'sleeper');
  await page.evaluate(`window.isSeen = true; document.dispatchEvent(new Event('visibilitychange'))`);
  await sees(rowOf(page, 'sleeper'), 'Stopped');
  assert.ok(asked.includes('/api/v1/events'));
});

test('without a stream for it the page asks now and then', NEEDS, async (t) => {
  const site = await startSite(t, SLEEPER);
  const { page, complaints } = await open(t, { ...site, url: 'about:blank' });
  const body = JSON.stringify({ fault: { code: 30, name: 'FAILED', text: 'too many streams are open' } });
  await page.route('**/api/v1/events*', (route) => route.fulfill({ status: 503, body }));
  await page.goto(site.url);
  await sees(rowOf(page, 'sleeper'), 'Running');
  await site.daemon.superctl('stop', 'sleeper');
  await sees(rowOf(page, 'sleeper'), 'Stopped');
  await sees(page.locator('.link-live'), 'Live');
  assert.match(complaints.splice(0).join(), /503 .*events/);
});

test('a crash mail and its report can be read', NEEDS, async (t) => {
  const crashmail = `[crashmail]\nto=ops@example.com\nmaildir=%(here)s/Maildir\n[eventlistener:crashmail]\ncommand=${CHECKOUT}/bin/crashmail\nevents=PROCESS_STATE\nstartsecs=0\n`;
  const crasher =
    '[program:crasher]\ncommand=/bin/sh -c "sleep 1; echo <b>oh</b> no >&2; exit 9"\nautostart=false\nautorestart=false\nstartsecs=0\n';
  const site = await startSite(t, crashmail + crasher);
  const { page } = await open(t, { ...site, url: `${site.url}#/mail` });
  await sees(page.locator('.empty'), 'No crash');
  await site.daemon.superctl('start', 'crasher');
  await sees(page.locator('.mails li'), /crasher/);
  await sees(page.locator('section', { has: page.locator('h2', { hasText: 'Sent' }) }), 'crasher');
  await page.locator('.mails a').first().click();
  await sees(page.locator('.report pre'), '<b>oh</b> no');
});

test('the plan is shown and applied', NEEDS, async (t) => {
  const site = await startSite(t, SLEEPER);
  const { page } = await open(t, { ...site, url: `${site.url}#/plan` });
  await sees(page.locator('.card'), 'Nothing to do');
  await site.daemon.run('/bin/sed', '-i', 's/sleep 1000/sleep 999/', 'superd.conf');
  await site.daemon.run('/bin/sh', '-c', `printf '[program:new]\\ncommand=/bin/sleep 5\\n' >> superd.conf`);
  await page.getByRole('button', { name: 'Look again' }).click();
  await sees(page.locator('.plan .changed'), /sleeper.*sleep 1000.*sleep 999/);
  await sees(page.locator('.plan .added'), 'new');
  await page.getByRole('button', { name: 'Apply' }).click();
  await sees(page.locator('.toast.good'), '2 groups updated');
  await sees(page.locator('.card'), 'Nothing to do');
  await page.getByRole('link', { name: 'Programs' }).click();
  await sees(rowOf(page, 'new'), /Starting|Running/);
});

/** How many bytes of a canvas are not zero. */
async function drawnBytes(page: Page, chart: string): Promise<number> {
  const found: unknown = await page.evaluate(`(() => {
    const canvas = document.querySelector('${chart} canvas');
    const { width, height } = canvas;
    return canvas.getContext('2d').getImageData(0, 0, width, height).data.filter((byte) => byte > 0).length;
  })()`);
  return Number(found);
}

test('charts of processor and memory are drawn, for an hour, a day and a week', NEEDS, async (t) => {
  const busy = '[program:busy]\ncommand=/bin/sh -c "while :; do :; done"\nstartsecs=0\n';
  const site = await startSite(t, `${busy}[supervisord]\nmetrics_interval=1\n`);
  const { page } = await open(t, site);
  await sees(rowOf(page, 'busy').locator('.cpu'), /\d%/);
  await rowOf(page, 'busy').locator('.cpu path.spark-line').waitFor();
  await page.locator('[data-row=busy]').click();
  await page.getByRole('img', { name: /^CPU: \d+/ }).waitFor();
  for (const range of ['1 hour', '24 hours', '7 days']) {
    await page.getByRole('button', { name: range }).click();
    await until(`charts of ${range}`, async () => (await drawnBytes(page, '.chart-cpu')) > 1000);
    assert.ok((await drawnBytes(page, '.chart-memory')) > 1000, range);
    // What stands under the cursor is told while it is over a chart, and not over the buttons.
    assert.equal(await page.locator('.chart-cpu .u-legend').isVisible(), false);
  }
  await page.locator('.chart-cpu .u-over').hover();
  await page.locator('.chart-cpu .u-legend').waitFor({ state: 'visible' });
  await page.locator('.life .state-running').first().waitFor();
});

test(
  'a viewer sees everything and no button that changes something; an operator may act, and logs out',
  NEEDS,
  async (t) => {
    const site = await startSite(t, SLEEPER, 'users=%(here)s/users', { users: '# nobody yet\n' });
    for (const [name, role] of [
      ['vera', 'viewer'],
      ['olaf', 'operator'],
    ] as const) {
      const added = await site.daemon.run(
        '/bin/sh',
        '-c',
        `echo secret-${name} | ${CHECKOUT}/bin/superctl passwd users ${name} --role ${role}`,
      );
      assert.equal(added.status, 0, added.stderr);
    }
    const logIn = async (page: Page, name: string): Promise<void> => {
      await page.locator('input[type=password]').fill(`secret-${name}`);
      await page.locator('input:not([type=password]):not([type=hidden])').fill(name);
      await page.locator('form button').click();
      await sees(rowOf(page, 'sleeper'), 'Running');
    };
    const { page } = await open(t, site);
    await logIn(page, 'vera');
    await sees(page.locator('.user'), /vera.*viewer/);
    assert.equal(await page.locator('[data-verb]').count(), 0);
    assert.equal(await page.getByRole('link', { name: 'Plan' }).count(), 0);
    await page.locator('[data-row=sleeper]').focus();
    await page.keyboard.press('x');
    await page.getByRole('button', { name: 'Log out' }).click();
    await logIn(page, 'olaf');
    await rowOf(page, 'sleeper').getByRole('button', { name: 'Stop sleeper' }).click();
    await sees(page.locator('.toast.good'), 'sleeper stopped');
    await page.getByRole('link', { name: 'Events' }).click();
    await sees(page.locator('.entry'), /olaf.*stopProcess/);
  },
);

test('a login leads to the view that was asked for, also behind a wrong password', NEEDS, async (t) => {
  const site = await startSite(t, SLEEPER, 'username=me\npassword=secret\nusers=%(here)s/users', {
    users: '# nobody\n',
  });
  const { page, complaints } = await open(t, { ...site, url: `${site.url}#/program/sleeper` });
  for (const password of ['wrong', 'secret']) {
    await page.locator('#username').fill('me');
    await page.locator('#password').fill(password);
    await page.locator('form button').click();
    if (password === 'wrong') await sees(page.locator('#status_msg'), 'do not belong together');
  }
  await sees(page.locator('h1'), 'sleeper');
  // The browser's word for the wrong password.
  assert.match(complaints.splice(0).join(), /^[^,]*403[^,]*$/);
});

const HOSTILE = `<img>&"'<script>`;

test('names, arguments and lines of a log are text, whatever is in them', NEEDS, async (t) => {
  const program = `[program:${HOSTILE}]\ncommand=/bin/sh -c "echo '<script>alert(2)</script><img src=x onerror=alert(3)>' && exec sleep 1000" '<b>argument</b>'\nstartsecs=0\nstdout_logfile=%(here)s/out.txt\n`;
  const site = await startSite(t, program);
  await site.daemon.reaches(HOSTILE, 'RUNNING');
  const { page } = await open(t, site);
  await page.getByRole('link', { name: HOSTILE }).click();
  await sees(page.locator('h1'), HOSTILE);
  await sees(page.locator('.log-lines'), '<script>alert(2)</script>');
  await sees(page.locator('.configuration'), '<b>argument</b>');
  await page.getByRole('link', { name: 'Events' }).click();
  await sees(page.locator('.entry .subject'), HOSTILE);
  assert.equal(await page.locator('#app img, #app script').count(), 0);
});

test('no more comes over the wire than is promised, and nothing from elsewhere', NEEDS, async (t) => {
  const site = await startSite(t, SLEEPER);
  const { page } = await open(t, { ...site, url: 'about:blank' });
  const hosts = new Set<string>();
  let bytes = 0;
  page.on('requestfinished', async (request) => {
    hosts.add(new URL(request.url()).host);
    const sizes = await request.sizes();
    bytes += sizes.responseBodySize + sizes.responseHeadersSize;
  });
  await page.goto(site.url);
  await sees(rowOf(page, 'sleeper'), 'Running');
  await page.getByRole('link', { name: 'Crash mail' }).click();
  await sees(page.locator('main'), 'No crash was ever reported');
  assert.ok(bytes > 10_000 && bytes < LIMIT_BYTES, `${bytes} bytes`);
  assert.deepEqual([...hosts], [new URL(site.url).host]);
});

test('axe finds nothing serious, in both themes, on a desk and on a phone', NEEDS, async (t) => {
  const site = await startSite(t, SLEEPER + FLAKY);
  await site.daemon.superctl('start', 'flaky');
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const viewport of [
      { width: 1280, height: 800 },
      { width: 390, height: 844 },
    ]) {
      const { page } = await open(t, site, { colorScheme, viewport });
      await sees(rowOf(page, 'flaky'), 'Exited');
      for (const [hash, ready] of [
        ['#/', '[data-row]'],
        ['#/program/flaky', '.configuration td'],
        ['#/events', '.entry'],
        ['#/mail', '.empty'],
        ['#/plan', '.empty'],
      ] as const) {
        await page.goto(site.url + hash);
        await page.locator(ready).first().waitFor();
        assert.deepEqual(await seriousFindings(page), [], `${colorScheme} ${viewport.width} ${hash}`);
      }
      await page.goto(`${site.url}#/program/sleeper`);
      await page.locator('.facts').waitFor();
      for (const key of ['?', 'i']) {
        await page.keyboard.press(key);
        await page.locator('dialog').waitFor();
        assert.deepEqual(await seriousFindings(page), [], `${colorScheme} ${viewport.width} ${key}`);
        await page.keyboard.press('Escape');
        await page.locator('dialog').waitFor({ state: 'detached' });
      }
    }
  }
});

test('with 1000 programs only those that are seen are drawn, and all are found', NEEDS, async (t) => {
  const many =
    '[program:many]\ncommand=/bin/sleep 1000\nautostart=false\nnumprocs=1000\nprocess_name=m%(process_num)04d\n';
  const site = await startSite(t, many + SLEEPER);
  const { page } = await open(t, site);
  await rowOf(page, 'many:m0000').waitFor();
  assert.ok((await page.locator('.row').count()) < 100);
  await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
  await rowOf(page, 'sleeper').waitFor();
  await rowOf(page, 'many:m0000').waitFor({ state: 'detached' });
  await page.getByLabel('Filter').fill('m0777');
  await rowOf(page, 'many:m0777').waitFor();
  await until('only it is left', async () => (await page.locator('[data-row]').count()) === 1);
  await page.getByRole('button', { name: 'Start many:m0777', exact: true }).click();
  await sees(rowOf(page, 'many:m0777'), 'Running');
});

test('the page speaks Chinese to who does, or chooses to', NEEDS, async (t) => {
  const site = await startSite(t, SLEEPER);
  const { page } = await open(t, site, { locale: 'zh-CN' });
  await sees(rowOf(page, 'sleeper'), '运行中');
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh');
  await page.locator('select.language').selectOption('en');
  await sees(rowOf(page, 'sleeper'), 'Running');
  await page.reload();
  await sees(rowOf(page, 'sleeper'), 'Running');
});

test('without scripts the plain page works', NEEDS, async (t) => {
  const site = await startSite(t, SLEEPER);
  const { page } = await open(t, site, { javaScriptEnabled: false });
  await page.getByRole('button', { name: 'Stop sleeper' }).click();
  await sees(page.getByRole('status'), 'Process sleeper stopped');
});
