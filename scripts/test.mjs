// Bundles the unit tests (`*.test.ts` beside the sources) and runs them with
// mocha. Arguments are substrings of paths: `node scripts/test.mjs assembler`;
// arguments that start with `-` go to mocha (`--grep=…`).
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { bundle, root } from './bundle.mjs';

const args = process.argv.slice(2);
const wanted = args.filter((a) => !a.startsWith('-'));
const places = ['engine', 'assembler', 'debug-adapter', 'server', 'client', 'test', 'bench'];

const tests = places
  .flatMap((place) =>
    readdirSync(join(root, place), { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile() && e.name.endsWith('.test.ts') && !e.parentPath.includes('node_modules'))
      .map((e) => relative(root, join(e.parentPath, e.name))),
  )
  .filter((path) => wanted.length === 0 || wanted.some((w) => path.includes(w)))
  .sort();
if (tests.length === 0) {
  console.error(`no test file matches ${wanted.join(', ')}`);
  process.exit(1);
}

const outdir = join(root, 'out/tests', wanted.length === 0 ? 'all' : wanted.join('+').replaceAll('/', '_'));
rmSync(outdir, { recursive: true, force: true });
await bundle(Object.fromEntries(tests.map((t) => [t.replace(/\.ts$/, ''), t])), outdir);

const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const run = spawnSync(
  process.execPath,
  [
    '--enable-source-maps',
    mocha,
    '--recursive',
    '--timeout',
    '60000',
    `${outdir}/**/*.test.js`,
    ...args.filter((a) => a.startsWith('-')),
  ],
  { stdio: 'inherit', cwd: root, env: { ...process.env, HYPERSTEP_ROOT: root } },
);
process.exit(run.status ?? 1);
