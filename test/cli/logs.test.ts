import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RpcFault } from '../../src/rpc/faults.ts';
import { play, row, unreachable } from './fake-session.ts';

const aborted = { kind: 'aborted' } as const;
const closed = { kind: 'closed' } as const;

suite('tail', () => {
  test('reads the last bytes of a channel', async () => {
    const server = { readProcessStdoutLog: 'out\n', readProcessStderrLog: 'err' };
    const session = await play({ server }, 'tail x', 'tail -5 x stderr');
    assert.equal(session.stdout, 'out\n\nerr\n');
    assert.deepEqual(
      session.calls.filter((call) => call.startsWith('read')),
      ['readProcessStdoutLog(x,-1600,0)', 'readProcessStderrLog(x,-5,0)'],
    );
  });

  test('refuses what it does not understand', async () => {
    const cases = {
      'tail -f': 'Error: tail requires process name',
      'tail x foo': "Error: bad channel 'foo'",
      'tail x -f': "Error: bad channel '-f'",
      'tail -x y': 'Error: bad argument -x',
      'tail -1e1 y': 'Error: bad argument -1e1',
      'maintail foo': 'Error: bad argument foo',
    };
    for (const [line, message] of Object.entries(cases)) {
      const session = await play({ server: {} }, line);
      assert.deepEqual([session.stdout, session.exit], [`${message}\n`, 1]);
    }
  });

  test('says why a log cannot be read', async () => {
    const reasons = [
      ['NO_FILE', 'no log file'],
      ['FAILED', 'unknown error reading log'],
      ['BAD_NAME', 'no such process name'],
    ] as const;
    for (const [fault, reason] of reasons) {
      const server = { readProcessStdoutLog: new RpcFault(fault) };
      const session = await play({ server }, 'tail x');
      assert.deepEqual([session.stdout, session.exit], [`x: ERROR (${reason})\n`, 1]);
    }
  });

  test('follows until the server closes', async () => {
    const tails = { '/logtail/g:%C3%A9/stdout': { chunks: ['one\n', 'two'], end: closed } };
    const session = await play({ server: {}, tails }, 'tail -f g:é');
    assert.equal(session.stdout, '==> Press Ctrl-C to exit <==\none\ntwo');
    assert.equal(session.exit, 0);
  });

  test('tells on standard error, with exit 0, that there is nothing to follow', async () => {
    const tails = { '/mainlogtail': { chunks: [], end: { kind: 'refused', status: 404 } } } as const;
    const session = await play({ server: {}, tails }, 'maintail -f');
    assert.equal(session.stderr, 'unix:///fake/mainlogtail Cannot read, status code 404\n');
    assert.equal(session.exit, 0);
  });

  test('fails when the server is gone before it begins', async () => {
    const tails = {
      '/mainlogtail': { chunks: [], end: { kind: 'unreachable', error: unreachable('ENOENT') } },
    } as const;
    const session = await play({ server: {}, tails }, 'maintail -f');
    assert.match(session.stdout, /error: unix:\/\/\/fake no such file\n$/);
    assert.equal(session.exit, 1);
  });
});

suite('fg', () => {
  const both = (end: typeof aborted | typeof closed | { kind: 'refused'; status: number }) => ({
    '/logtail/x/stdout': { chunks: ['hello\n'], end },
    '/logtail/x/stderr': { chunks: [], end },
  });

  test('sends lines until the input ends', async () => {
    const server = { getProcessInfo: row('x', 'x', 'RUNNING'), sendProcessStdin: true };
    const session = await play({ server, typed: ['a', 'b'], tails: both(aborted) }, 'fg x');
    assert.equal(session.stdout, '==> Press Ctrl-C to exit <==\nhello\nExiting foreground\n');
    assert.deepEqual(
      session.calls.filter((call) => call.startsWith('send')),
      ['sendProcessStdin(x,a\n)', 'sendProcessStdin(x,b\n)'],
    );
    assert.equal(session.exit, 0);
  });

  test('ends when the process does, and works without a log file', async () => {
    let asked = 0;
    const getProcessInfo = () => {
      asked += 1;
      return row('x', 'x', asked < 2 ? 'RUNNING' : 'EXITED');
    };
    const options = { server: { getProcessInfo, sendProcessStdin: true }, typed: ['a', 'b'] };
    const session = await play({ ...options, tails: both({ kind: 'refused', status: 404 }) }, 'fg x');
    assert.ok(session.stdout.endsWith('Process got killed\nExiting foreground\n'));
  });

  test('takes one running process', async () => {
    const stopped = { getProcessInfo: row('x', 'x', 'STOPPED') };
    assert.equal((await play({ server: stopped }, 'fg x')).stdout, 'ERROR: process not running\n');
    assert.equal((await play({ server: stopped }, 'fg x y')).stdout, 'ERROR: too many process names supplied\n');
    const nobody = { getProcessInfo: new RpcFault('BAD_NAME', 'x') };
    const session = await play({ server: nobody }, 'fg x');
    assert.deepEqual([session.stdout, session.exit], ['ERROR: bad process name supplied\n', 1]);
  });
});
