// Bundles the programs into dist/. Arguments choose some of them:
// extension server adapter machine-worker machine asm (all without arguments).

import { join } from 'node:path';
import { bundle, root } from './bundle.mjs';

const programs = {
  extension: 'client/src/extension.ts',
  server: 'server/src/main.ts',
  adapter: 'debug-adapter/src/main.ts',
  'machine-worker': 'debug-adapter/src/worker.ts',
  machine: 'debug-adapter/src/cli/machine.ts',
  asm: 'assembler/src/cli/main.ts',
};

/** @param {string[]} names */
export function build(names = Object.keys(programs), outdir = join(root, 'dist')) {
  const unknown = names.filter((n) => !(n in programs));
  if (unknown.length > 0)
    throw new Error(`unknown program ${unknown.join(', ')}; known: ${Object.keys(programs).join(', ')}`);
  return bundle(Object.fromEntries(names.map((n) => [n, programs[n]])), outdir);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const names = process.argv.slice(2);
  await build(names.length > 0 ? names : undefined);
}
