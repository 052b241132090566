/** Certificates for localhost that sign themselves, made by Debian's openssl. */
import { join } from 'node:path';
import { execa } from 'execa';

/** Writes NAME.pem and NAME.key into a directory; a certificate of -1 days is out of date. */
export async function makeCertificate(dir: string, name: string, days: number = 30): Promise<void> {
  const file = join(dir, name);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const files = ['-keyout', `${file}.key`, '-out', `${file}.pem`];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = await execa(
    '/usr/bin/openssl',
    ['req', '-x509', '-nodes', ...curve, ...files, ...names, '-days', String(days)],
    { reject: false },
  );
  if (made.exitCode !== 0) throw new Error(`openssl: ${made.stderr}`);
}
