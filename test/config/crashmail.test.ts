import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProblem } from '../../src/config/problems.ts';
import { bad, good } from './fake-source.ts';

const HEAD = '[supervisord]\n';

test('[crashmail] has sane defaults, and none without the section', () => {
  assert.equal(good(HEAD).crashmail, undefined);
  const config = good(`${HEAD}[crashmail]\nto=a@x.org\n`).crashmail;
  assert.deepEqual(
    [config?.to, config?.window, config?.windowMax, config?.burst, config?.fatal, config?.quietHours, config?.lines],
    [['a@x.org'], 300_000, 21_600_000, 20, true, undefined, 30],
  );
});

test('[crashmail] reads times, hours, addresses and servers', () => {
  const config = good(`${HEAD}[crashmail]
to=Ops Team <ops@x.org>, root
smtp=mail.x.org:587
window=90s
batch=2h
quiet_hours=22:00-7:30
smtp_password_file=%(here)s/secret
`).crashmail;
  assert.deepEqual(config?.to, ['Ops Team <ops@x.org>', 'root']);
  assert.deepEqual([config?.smtp, config?.window, config?.batch], ['smtp://mail.x.org:587', 90_000, 7_200_000]);
  assert.deepEqual(config?.quietHours, { from: 1320, until: 450 });
  assert.equal(config?.smtpPasswordFile, '/etc/secret');
});

test('[crashmail] blames every wrong value with its line', () => {
  const { problems } = bad(`${HEAD}[crashmail]
to=a@x.org, b x
smtp=ftp://x
window=soon
quiet_hours=25:00-07:00
lines=501
severity=loud
smtp_tls=maybe
webhook=example.com
burst=0
`);
  assert.deepEqual(problems.map(formatProblem), [
    '/etc/s.conf:3: [crashmail] to: cannot read "b x" as a mail address',
    '/etc/s.conf:4: [crashmail] smtp: cannot read "ftp://x" as a mail server: want one such as smtp://mail.example.com:587',
    '/etc/s.conf:5: [crashmail] window: cannot read "soon" as a time such as 300 or 5min',
    '/etc/s.conf:6: [crashmail] quiet_hours: cannot read "25:00-07:00" as hours: want such as 22:00-07:00',
    '/etc/s.conf:7: [crashmail] lines: cannot read "501" as an integer from 0 to 500',
    '/etc/s.conf:8: [crashmail] severity: cannot read "loud" as a severity: want info, warning or critical',
    '/etc/s.conf:9: [crashmail] smtp_tls: cannot read "maybe": want auto, require or off',
    '/etc/s.conf:10: [crashmail] webhook: cannot read "example.com" as a URL: want one such as https://example.com/hook',
    '/etc/s.conf:11: [crashmail] burst: cannot read "0" as an integer from 1 to 1000',
  ]);
});

test('[crashmail] warns of keys that nobody reads', () => {
  const [warning] = good(`${HEAD}[crashmail]\nwindw=5min\n`).warnings.map(formatProblem);
  assert.match(warning ?? '', /\[crashmail\] windw: warning: this key is not known.*did you mean window\?/);
});

test('mailto= names recipients of a program and of a group, and refuses header injection', () => {
  const config = good(`${HEAD}[program:a]
command=/bin/cat
mailto=a@x.org
[program:b]
command=/bin/cat
[group:g]
programs=a,b
mailto=g@x.org,h@x.org
`);
  const [group] = config.groups;
  assert.deepEqual(group?.mailto, ['g@x.org', 'h@x.org']);
  assert.deepEqual(
    group?.processes.map(({ mailto }) => mailto),
    [['a@x.org'], undefined],
  );
  assert.equal(bad(`${HEAD}[program:a]\ncommand=x\nmailto=a@x.org\n Bcc: b@x.org\n`).problems.length, 1);
});
