/** What every bundle begins with: an old Node is told what it lacks, instead of failing somewhere inside. */

/** As `engines` in package.json says. */
export const OLDEST_NODE = '24.15';

const [major, minor] = OLDEST_NODE.split('.').map(Number);

export const NODE_CHECK: string = [
  '{',
  "const [major, minor] = process.versions.node.split('.').map(Number);",
  `if (major < ${major} || (major === ${major} && minor < ${minor})) {`,
  `process.stderr.write('superd needs Node ${OLDEST_NODE} or newer; ' + process.execPath + ' is ' + process.versions.node + '\\n');`,
  'process.exit(1);',
  '}',
  '}',
].join(' ');
