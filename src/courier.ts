/**
 * The courier: makes the mails of a crashmail and carries them, and ends when crashmail closes its input or dies. It
 * decides nothing and keeps nothing; crashmail starts it when there is something to send. This root joins its parts.
 */
import {
  COURIER_VERSION,
  type CourierOrders,
  EXIT_OTHER_VERSION,
  type FromCourier,
  type ToCourier,
} from './crashmail/courier.ts';
import { attemptDelivery } from './crashmail/delivery.ts';
import type { Channel, Delivery } from './crashmail/ports.ts';
import { channelsOf } from './host/channels.ts';
import { loadMailer } from './host/mail.ts';
import { pause } from './host/pause.ts';
import { LineReader } from './keeper/protocol.ts';
import { millis } from './units.ts';

/** How long a sendmail program that is told to end may take. */
const LAST_BREATH = millis(2500);

const say = (line: string): void => {
  process.stderr.write(`crashmail: ${line}\n`);
};

const tell = (message: FromCourier): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

class Courier {
  #channels: readonly Channel[] = [];
  readonly #tasks = new Map<number, { readonly abort: AbortController; readonly done: Promise<void> }>();

  hear(message: ToCourier): void {
    switch (message.op) {
      case 'hello':
        if (message.version !== COURIER_VERSION) process.exit(EXIT_OTHER_VERSION);
        this.#prepare(message.orders);
        break;
      case 'deliver': {
        const abort = new AbortController();
        this.#tasks.set(message.task, { abort, done: this.#deliver(message, abort.signal) });
        break;
      }
      case 'abort':
        this.#tasks.get(message.task)?.abort.abort();
        break;
    }
  }

  /** Ends what is under way. Nobody waits for the answers any more. */
  async end(): Promise<void> {
    const tasks = [...this.#tasks.values()];
    for (const { abort } of tasks) abort.abort();
    const done = Promise.all(tasks.map((task) => task.done));
    await Promise.race([done, pause(LAST_BREATH, new AbortController().signal)]);
  }

  #prepare(orders: CourierOrders): void {
    this.#channels = channelsOf(orders, say);
    tell({ op: 'ready' });
    // The first mail does not wait for it then. What goes wrong here goes wrong there, too, and is told there.
    loadMailer().catch(() => {});
  }

  async #deliver(
    { task, channel, letter, owed }: Extract<ToCourier, { readonly op: 'deliver' }>,
    abort: AbortSignal,
  ): Promise<void> {
    const found = this.#channels.find(({ name }) => name === channel);
    const missing: Delivery = { kind: 'later', scope: 'channel', reason: `there is no channel ${channel}` };
    const delivery = found === undefined ? missing : await attemptDelivery(found, { letter, owed }, abort);
    tell({ op: 'done', task, delivery });
    this.#tasks.delete(task);
  }
}

const courier = new Courier();
const reader = new LineReader<ToCourier>((message) => courier.hear(message));

const leave = (): void => {
  const exit = (): never => process.exit(0);
  courier.end().then(exit, exit);
};

process.title = 'crashmail courier';
// A signal to the whole group is for crashmail, which still has to note what was sent.
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.on(name, () => {});
process.stderr.on('error', () => {});
process.stdout.on('error', leave);
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text: string) => reader.push(text));
process.stdin.on('end', leave);
process.stdin.on('error', leave);
