/** A mail server that may be rude, and what a mail reader that is not ours finds in a message. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { SMTPServer } from 'smtp-server';

export interface ParsedMail {
  readonly headers: Readonly<Record<string, string>>;
  /** The text part. */
  readonly body: string;
  readonly html: string;
  readonly pictures: readonly string[];
  readonly defects: number;
}

const PARSER = `
import email, email.policy, json, sys
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
parts = list(m.walk())
print(json.dumps({"headers": {k.lower(): str(v) for k, v in m.items()},
  "body": m.get_body(("plain",)).get_content(), "html": m.get_body(("html",)).get_content(),
  "pictures": [p.get_content_type() for p in parts if p.get_content_maintype() == "image"],
  "defects": sum(len(p.defects) + sum(len(v.defects) for v in p.values()) for p in parts)}))
`;

/** What Python's email module reads in a message. */
export async function parse(message: Uint8Array | string): Promise<ParsedMail> {
  const python = spawn('/usr/bin/python3', ['-c', PARSER], { stdio: ['pipe', 'pipe', 'inherit'] });
  python.stdin.end(message);
  return JSON.parse(await text(python.stdout));
}

export interface MailServerOptions {
  /** Is the n-th message taken? */
  readonly accept?: (offered: number) => boolean;
  /** Is there such a user? */
  readonly knows?: (address: string) => boolean;
  /** What to do with the n-th message instead of taking it: say this, drop the line, or hang. */
  readonly mood?: (offered: number) => 'take' | 'later' | 'drop' | 'hang' | 'take-and-drop' | 'take-and-hang';
  /** TLS, and this login. */
  readonly login?: { readonly user: string; readonly pass: string };
  /** TLS begins with STARTTLS instead of from the start; without it no login is taken. */
  readonly startTls?: boolean;
}

/** A mail server; a message that is not accepted never gets its answer. */
export class MailServer {
  readonly accepted: string[] = [];
  offered = 0;
  /** Was each message that was offered sent over TLS? */
  readonly secure: boolean[] = [];
  readonly #server: SMTPServer;

  constructor(
    t: TestContext,
    { accept = () => true, knows = () => true, mood = () => 'take', login, startTls = false }: MailServerOptions = {},
  ) {
    this.#server = new SMTPServer({
      onRcptTo: ({ address }, _session, done) => {
        done(knows(address) ? null : Object.assign(new Error('no such user'), { responseCode: 550 }));
      },
      disabledCommands: startTls ? [] : ['STARTTLS'],
      secure: login !== undefined && !startTls,
      authOptional: login === undefined,
      onAuth: ({ username, password }, _session, done) => {
        const isRight = username === login?.user && password === login?.pass;
        done(isRight ? null : new Error('wrong password'), isRight ? { user: username } : undefined);
      },
      closeTimeout: 1,
      onData: (stream, { secure }, done) => {
        this.secure.push(secure);
        text(stream).then((message) => {
          this.offered += 1;
          if (!accept(this.offered)) return;
          const answer = mood(this.offered);
          if (answer.startsWith('take')) this.accepted.push(message);
          if (answer === 'take') done();
          else if (answer === 'later') done(Object.assign(new Error('greylisted'), { responseCode: 451 }));
          else if (!answer.endsWith('hang')) for (const connection of this.#server.connections) connection.close();
        }, done);
      },
    });
    this.#server.on('error', () => {});
    t.after(() => new Promise<void>((resolve) => this.#server.close(() => resolve())));
  }

  async listen(port = 0): Promise<number> {
    const server = this.#server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address: AddressInfo | string | null = server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }
}
