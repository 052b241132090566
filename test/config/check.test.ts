import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig } from '../../src/config/check.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { fakeSource } from './fake-source.ts';

const check = (text: string): ReturnType<typeof checkConfig> =>
  checkConfig(fakeSource({ files: { '/etc/s.conf': text } }), { file: '/etc/s.conf', overrides: new Map() });

const CTL = '[supervisorctl]\nserverurl=%(nope)s\nprompt=100%\n';

test('checkConfig() warns of what superctl could not use, in its place', () => {
  const checked = check(`${CTL}[supervisord]\nlgofile=x\n`);
  assert.ok(checked.ok);
  assert.deepEqual(
    checked.value.map((problem) => formatProblem(problem).replace(/names .*/, '…')),
    [
      "/etc/s.conf:2: [supervisorctl] serverurl: warning: Format string '%(nope)s' for 'supervisorctl.serverurl' contains …",
      "/etc/s.conf:3: [supervisorctl] prompt: warning: Format string '100%' for 'supervisorctl.prompt' is badly formatted: incomplete format (write %% for a literal %)",
      '/etc/s.conf:5: [supervisord] lgofile: warning: this key is not known, and ignored (did you mean logfile?)',
    ],
  );
});

test('checkConfig() keeps errors errors, and their summary', () => {
  const checked = check(`${CTL}[supervisord]\nminfds=x\n`);
  assert.ok(!checked.ok);
  assert.equal(checked.error.summary, "invalid literal for int() with base 10: 'x'");
  assert.deepEqual(
    checked.error.problems.map(({ severity, place }) => [severity, place?.line]),
    [
      ['warning', 2],
      ['warning', 3],
      ['error', 5],
    ],
  );
});

test('checkConfig() finds nothing wrong without a section for superctl', () => {
  assert.deepEqual(check('[supervisord]\n'), { ok: true, value: [] });
});
