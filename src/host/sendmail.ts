/** The channel to a sendmail program: one command line, which gets the whole mail on its standard input. */
import { judgeSendmail } from '../crashmail/delivery.ts';
import type { Carrier, Delivery } from '../crashmail/ports.ts';
import { type Millis, millis } from '../units.ts';
import { DEFAULT_MAX_OUTPUT, runCommand } from './command.ts';
import { buildMessage } from './mail.ts';

const SENDMAIL_TIMEOUT: Millis = millis(60_000);

/**
 * The command line is the operator's own and goes to the shell, as superlance does it; nothing of a report is ever
 * part of it. @source spec api 9
 */
export function sendmailCarrier(commandLine: string, env: Readonly<Record<string, string>>): Carrier {
  return {
    name: 'sendmail',
    async carry({ mail }, abort): Promise<Delivery> {
      const outcome = await runCommand({
        command: '/bin/sh',
        args: ['-c', commandLine],
        env,
        directory: '/',
        input: await buildMessage(mail),
        timeout: SENDMAIL_TIMEOUT,
        maxOutput: DEFAULT_MAX_OUTPUT,
        abort,
      });
      return judgeSendmail(outcome);
    },
  };
}
