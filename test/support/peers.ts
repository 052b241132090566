/**
 * Programs of Debian that tests run superd beside. A test that needs one which is not installed says so and is skipped
 * on a person's machine; with CI=true it fails.
 */
import { existsSync } from 'node:fs';

/** What to look for, and the packages to name when it is not there. */
const PEERS = {
  supervisord: { file: '/usr/bin/supervisord', packages: 'supervisor' },
  supervisorctl: { file: '/usr/bin/supervisorctl', packages: 'supervisor' },
  python3: { file: '/usr/bin/python3', packages: 'python3' },
  celery: { file: '/usr/lib/python3/dist-packages/celery', packages: 'celery python3-celery' },
  'redis for python': { file: '/usr/lib/python3/dist-packages/redis', packages: 'python3-redis' },
  'redis-server': { file: '/usr/bin/redis-server', packages: 'redis-server' },
  uwsgi: { file: '/usr/bin/uwsgi-core', packages: 'uwsgi-core' },
  chromium: { file: '/usr/bin/chromium', packages: 'chromium' },
  openssl: { file: '/usr/bin/openssl', packages: 'openssl' },
  'uwsgi for python': { file: '/usr/lib/uwsgi/plugins/python3_plugin.so', packages: 'uwsgi-plugin-python3' },
  promtool: { file: '/usr/bin/promtool', packages: 'prometheus' },
} as const;

export type Peer = keyof typeof PEERS;

/**
 * The `skip` option of a test that needs these peers.
 * @throws in CI, where a missing peer is a failure.
 */
export function needs(...peers: readonly Peer[]): { readonly skip: string | false } {
  const missing = peers.filter((peer) => !existsSync(PEERS[peer].file));
  if (missing.length === 0) return { skip: false };
  const packages = missing.map((peer) => PEERS[peer].packages).join(' ');
  const reason = `needs ${missing.join(', ')} (Debian: apt-get install ${packages})`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  return { skip: reason };
}
