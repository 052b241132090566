/** Certificates and private keys in PEM: are they usable, and do they belong together? node:crypto is loaded when first used. */
import type { TlsFinding } from '../config/server-files.ts';

const why = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/^error:[^:]*:+/, '') : String(error);

/** @returns what is wrong, or that the certificate is out of date, which is said and lived with */
export function inspectTls(certificate: Uint8Array, key: Uint8Array): TlsFinding | undefined {
  const crypto = process.getBuiltinModule('node:crypto');
  const blame = (which: TlsFinding['key'], message: string): TlsFinding => ({ key: which, message, isUsable: false });
  let parsed: InstanceType<typeof crypto.X509Certificate>;
  try {
    parsed = new crypto.X509Certificate(certificate);
  } catch (error) {
    return blame('certfile', `cannot read a certificate in PEM: ${why(error)}`);
  }
  try {
    const secret = crypto.createPrivateKey(Buffer.from(key));
    if (!parsed.checkPrivateKey(secret)) return blame('keyfile', 'the key does not belong to the certificate');
  } catch (error) {
    return blame('keyfile', `cannot read a private key in PEM: ${why(error)}`);
  }
  if (parsed.validToDate.getTime() >= Date.now()) return undefined;
  return {
    key: 'certfile',
    message: `the certificate is out of date since ${parsed.validToDate.toISOString()}`,
    isUsable: true,
  };
}
