/** Writes a mail to a file: the whole message, or the HTML part with its picture for a name that ends so. */
import { writeFile } from 'node:fs/promises';
import type { Carrier, Delivery } from '../crashmail/ports.ts';
import { errnoOf } from './errno.ts';
import { buildMessage } from './mail.ts';

export function previewCarrier(file: string): Carrier {
  return {
    name: 'preview',
    async carry({ mail }): Promise<Delivery> {
      const html = mail.pictures.reduce(
        (page, { cid, png }) =>
          page.replaceAll(`cid:${cid}`, `data:image/png;base64,${Buffer.from(png).toString('base64')}`),
        mail.html,
      );
      try {
        await writeFile(file, /\.html?$/i.test(file) ? html : await buildMessage(mail));
        return { kind: 'sent' };
      } catch (cause) {
        return { kind: 'refused', reason: `cannot write ${file}: ${errnoOf(cause)}` };
      }
    },
  };
}
