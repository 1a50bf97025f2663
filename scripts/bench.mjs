// Bundles and runs the benchmarks (`*.bench.ts`). Arguments are substrings of
// their names (`npm run bench -- peers`); what begins with `--`, and what follows
// it, goes to them. Figures are printed and kept in bench/results.json, never
// asserted. docs/performance.md explains.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from './build.mjs';
import { bundle, root } from './bundle.mjs';

const args = process.argv.slice(2);
const firstOption = args.findIndex((a) => a.startsWith('-'));
const wanted = firstOption < 0 ? args : args.slice(0, firstOption);
const options = firstOption < 0 ? [] : args.slice(firstOption);
const places = ['bench', 'engine', 'assembler', 'debug-adapter', 'server'];

const files = places
  .flatMap((place) =>
    readdirSync(join(root, place), { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile() && e.name.endsWith('.bench.ts') && !e.parentPath.includes('node_modules'))
      .map((e) => relative(root, join(e.parentPath, e.name))),
  )
  .filter((path) => wanted.length === 0 || wanted.some((w) => path.includes(w)))
  .sort();
if (files.length === 0) {
  console.error(`no benchmark matches ${wanted.join(', ')}`);
  process.exit(1);
}

// Programs of their own: a benchmark neither waits for nor disturbs dist/.
const outdir = join(root, 'out/bench');
await build(['machine'], join(outdir, 'programs'));
await bundle(Object.fromEntries(files.map((f) => [f.replace(/\.ts$/, ''), f])), join(outdir, 'bundles'));
for (const file of files) {
  console.log(`— ${file}`);
  const program = join(outdir, 'bundles', file.replace(/\.ts$/, '.js'));
  const run = spawnSync(process.execPath, ['--enable-source-maps', program, ...options], {
    stdio: 'inherit',
    cwd: root,
    env: { ...process.env, HYPERSTEP_ROOT: root },
  });
  if (run.status !== 0) process.exitCode = 1;
}
