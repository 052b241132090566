/** The configuration files as they are now, for those who ask where a key stands. */
import { dirname } from 'node:path';
import { readFiles } from '../config/files.ts';
import { Report } from '../config/problems.ts';
import type { Written } from '../config/settings.ts';
import { createConfigSource } from './config-source.ts';

const NOTHING: Written = { sections: new Map(), defaults: new Map() };

/** @param file the main file, absolute */
export function readWritten(file: string): Written {
  const source = createConfigSource(dirname(file));
  const variables = Object.entries(source.env).map(([name, value]): [string, string] => [`ENV_${name}`, value]);
  const names = new Map([...variables, ['host_node_name', source.nodename]]);
  // Whatever is wrong in them is told by others.
  const files = readFiles(source, { file, names, report: new Report() });
  return files.ok ? files.value : NOTHING;
}
