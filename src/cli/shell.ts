/** The interactive shell: shows the status, then runs line after line. */
import { type Command, EXIT, type Session } from './command.ts';
import { parseLine, runLine } from './run.ts';

/** Its exit code is always 0. @source spec api 5.1 */
export async function runShell(session: Session, commands: readonly Command[], prompt: string): Promise<number> {
  await runLine(session, commands, 'status');
  for (;;) {
    const line = await session.askCommand(`${prompt}> `);
    if (line === undefined) {
      session.out('\n');
      return EXIT.OK;
    }
    await runLine(session, commands, line);
    const parsed = parseLine(commands, line);
    if (parsed.kind === 'command' && parsed.command.leaves) return EXIT.OK;
  }
}

/** quit and exit: the shell sees to the rest. */
export async function leave(session: Session): Promise<number> {
  session.out('\n');
  return EXIT.OK;
}
