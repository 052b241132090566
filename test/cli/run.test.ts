import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { COMMANDS } from '../../src/cli/commands.ts';
import { parseLine } from '../../src/cli/run.ts';
import { runShell } from '../../src/cli/shell.ts';
import { RpcFault } from '../../src/rpc/faults.ts';
import { FakeSession, http, play, row, unreachable } from './fake-session.ts';

suite('parseLine()', () => {
  const parse = (line: string): string => {
    const parsed = parseLine(COMMANDS, line);
    if (parsed.kind === 'command') return `${parsed.command.name}|${parsed.rest}`;
    return parsed.kind === 'unknown' ? `unknown ${parsed.text}` : 'empty';
  };

  test('reads a line as supervisorctl does', () => {
    assert.equal(parse('  status   cat  '), 'status|cat');
    assert.equal(parse('start;'), 'start|;');
    assert.equal(parse('? pid'), 'help|pid');
    assert.equal(parse('?'), 'help|');
    assert.equal(parse('EOF'), 'exit|');
    assert.equal(parse('  '), 'empty');
    assert.equal(parse('!ls'), 'unknown !ls');
    assert.equal(parse('Status'), 'unknown Status');
    assert.equal(parse('constructor'), 'unknown constructor');
  });

  test('never fails', () => {
    fc.assert(fc.property(fc.string(), (line) => typeof parse(line) === 'string'));
  });
});

suite('runLine() when the server cannot be used', () => {
  const upchecked = COMMANDS.filter(({ upcheck, own }) => upcheck && !own).map(({ name }) => name);

  test('only these commands ask for the API version first', () => {
    assert.deepEqual(upchecked.sort(), [
      'clear',
      'fg',
      'maintail',
      'pid',
      'restart',
      'signal',
      'start',
      'status',
      'stop',
      'tail',
      'version',
    ]);
  });

  test('prints why and exits by the reason, before it looks at the arguments', async () => {
    const cases = [
      [unreachable('ECONNREFUSED'), /^unix:\/\/\/fake refused connection\n$/, 4],
      [unreachable('ENOENT'), /^unix:\/\/\/fake no such file\n$/, 7],
      ['2.0', /^Sorry, this version of supervisorctl expects .* 3\.0, but the remote version is 2\.0\.\n$/, 5],
      [new RpcFault('UNKNOWN_METHOD'), /^Sorry, supervisord responded but did not recognize/, 3],
      [new RpcFault('SHUTDOWN_STATE'), /^error: SHUTDOWN_STATE\n$/, 1],
      [unreachable('EACCES'), /^error: unix:\/\/\/fake permission denied\n$/, 1],
      [http(500, 'Internal Server Error'), /^error: unix:\/\/\/fake answered 500 Internal Server Error\n$/, 1],
      [http(401, 'Unauthorized'), /^Server requires authentication\n$/, 1],
      [{ status: 200, reason: 'OK', body: 'what' }, /^error: unix:\/\/\/fake gave an answer that is not understood/, 1],
    ] as const;
    for (const [getVersion, expected, exit] of cases) {
      for (const name of upchecked) {
        const session = await play({ server: { getVersion } }, name);
        assert.match(session.stdout, expected);
        assert.equal(session.exit, name === 'status' && exit !== 1 ? 4 : exit, name);
        assert.deepEqual(session.calls, ['getVersion()']);
      }
    }
  });

  test('keeps the phrases for commands without that check, and exits with 1', async () => {
    for (const line of ['reread', 'update', 'avail', 'add x', 'remove x', 'reload']) {
      const gone = unreachable('ENOENT');
      const server = {
        reloadConfig: gone,
        getAllConfigInfo: gone,
        addProcessGroup: gone,
        removeProcessGroup: gone,
        restart: gone,
      };
      const session = await play({ server }, line);
      assert.equal(session.stdout, 'error: unix:///fake no such file\n');
      assert.equal(session.exit, 1);
    }
    const session = await play({ server: { shutdown: unreachable('ECONNREFUSED') } }, 'shutdown');
    assert.equal(session.stdout, 'ERROR: unix:///fake refused connection (already shut down?)\n');
    assert.equal(session.exit, 1);
  });

  test('asks a person for credentials once, and tries again', async () => {
    let asked = 0;
    const getVersion = () => {
      asked += 1;
      return asked === 1 ? http(401, 'Unauthorized') : '3.0';
    };
    const options = { server: { getVersion, getPID: 7 }, interactive: true, typed: ['me', 'pw'] };
    const session = await play(options, 'pid');
    assert.equal(session.stdout, 'Server requires authentication\nUsername:Password:7\n');
    assert.equal(session.credentials, 'me:pw');
    assert.equal(session.exit, 0);
    const again = await play({ ...options, server: { getVersion: http(401, 'Unauthorized') } }, 'pid');
    assert.equal(again.exit, 1);
  });
});

suite('runLine() with wrong arguments', () => {
  test('says what is wanted and how the command is used', async () => {
    const cases = [
      ['start', 'Error: start requires a process name', 2],
      ['stop', 'Error: stop requires a process name', 1],
      ['signal HUP', 'Error: signal requires a signal name and a process name', 1],
      ['version x', 'Error: version accepts no arguments', 1],
      ['maintail a b', 'Error: too many arguments', 1],
      ['tail', 'Error: too few arguments', 1],
      ['fg', 'ERROR: no process name supplied', 1],
    ] as const;
    for (const [line, message, exit] of cases) {
      const session = await play({ server: {} }, line);
      const [first, second] = session.stdout.split('\n');
      assert.equal(first, message);
      assert.ok(second?.startsWith(line.split(' ')[0] ?? '?'));
      assert.equal(session.exit, exit);
    }
  });
});

suite('runShell()', () => {
  test('shows the status, runs lines, and leaves with 0', async () => {
    const server = { getAllProcessInfo: [row('cat', 'cat', 'FATAL')] };
    const session = new FakeSession({ server, interactive: true, typed: ['nope', '', 'quit', 'status'] });
    assert.equal(await runShell(session, COMMANDS, 'me'), 0);
    const status = 'cat                              FATAL     is FATAL\n';
    assert.equal(session.stdout, `${status}me> *** Unknown syntax: nope\nme> me> \n`);
  });

  test('leaves at the end of input', async () => {
    const session = new FakeSession({ server: { getAllProcessInfo: [] }, interactive: true });
    assert.equal(await runShell(session, COMMANDS, 'me'), 0);
    assert.equal(session.stdout, 'me> \n');
  });

  test('asks before it shuts down', async () => {
    const options = { server: { shutdown: true }, interactive: true };
    const no = await play({ ...options, typed: ['n'] }, 'shutdown');
    assert.deepEqual([no.calls, no.exit], [[], 0]);
    const yes = await play({ ...options, typed: ['Yes'] }, 'shutdown');
    assert.deepEqual(yes.calls, ['shutdown()']);
    assert.ok(yes.stdout.endsWith('y/N? Shut down\n'));
    const nobody = await play(options, 'shutdown');
    assert.deepEqual([nobody.calls, nobody.exit], [[], 1]);
  });
});
