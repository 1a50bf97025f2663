// Bundles and runs the fuzzer: `npm run fuzz -- --inputs N --seed S`. What it
// finds is written to out/fuzz/. docs/dialect.md says what was run.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { bundle, root } from './bundle.mjs';

const outdir = join(root, 'out/fuzz/program');
await bundle({ fuzz: 'test/fuzz/main.ts' }, outdir);
const run = spawnSync(
  process.execPath,
  ['--enable-source-maps', '--expose-gc', join(outdir, 'fuzz.js'), ...process.argv.slice(2)],
  { stdio: 'inherit', cwd: root, env: { ...process.env, HYPERSTEP_ROOT: root } },
);
process.exit(run.status ?? 1);
