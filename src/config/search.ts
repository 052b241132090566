/** Where a configuration is when nobody names it. */
import path from 'node:path';
import { fail, ok, type Result } from '../errors.ts';
import type { ConfigSource } from './source.ts';

/** Where a configuration is looked for when no -c is given. @source spec lifecycle 1.9 */
export function searchPaths(argv0: string, cwd: string): readonly string[] {
  const above = path.dirname(path.dirname(path.resolve(cwd, argv0)));
  return [
    `${above}/etc/supervisord.conf`.replace(/^\/\//, '/'),
    `${above}/supervisord.conf`.replace(/^\/\//, '/'),
    'supervisord.conf',
    'etc/supervisord.conf',
    '/etc/supervisord.conf',
    '/etc/supervisor/supervisord.conf',
  ];
}

/** The first of the usual places where there is a file. */
export function findConfigFile(source: ConfigSource, argv0: string): Result<string, string> {
  const paths = searchPaths(argv0, source.cwd);
  const found = paths.find((file) => source.exists(path.resolve(source.cwd, file)));
  if (found !== undefined) return ok(path.resolve(source.cwd, found));
  return fail(`No config file found at default paths (${paths.join(', ')}); use the -c option to name one`);
}
