// Bundles and runs the benchmarks (`bench/*.bench.ts`); arguments are substrings
// of their names. Figures are printed, never asserted.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, root } from './bundle.mjs';

const wanted = process.argv.slice(2);
const files = readdirSync(join(root, 'bench'))
  .filter((f) => f.endsWith('.bench.ts') && (wanted.length === 0 || wanted.some((w) => f.includes(w))))
  .map((f) => `bench/${f}`);
const outdir = join(root, 'out/bench-bundles');
await bundle(Object.fromEntries(files.map((f) => [f.replace(/^bench\/|\.ts$/g, ''), f])), outdir);
for (const file of files) {
  const program = join(outdir, file.replace(/^bench\//, '').replace(/\.ts$/, '.js'));
  const run = spawnSync(process.execPath, ['--enable-source-maps', program], { stdio: 'inherit', cwd: root });
  if (run.status !== 0) process.exitCode = 1;
}
