// The one place that knows how TypeScript becomes JavaScript: every program,
// test and benchmark is bundled by esbuild. Bundling is not only packaging: it
// inlines `const enum` across files, which turns the evaluator's switch over
// micro-ops into a jump table.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as esbuild from 'esbuild';

export const root = dirname(dirname(new URL(import.meta.url).pathname));

/**
 * iced-x86 for bundles. Its .wasm goes inside, so that it also runs in a browser
 * worker; and it becomes an ECMAScript module, because an import of a CommonJS
 * module is an object of getters, and the lifter reads its enums all the time.
 */
const icedInline = {
  name: 'iced-inline',
  setup(build) {
    build.onLoad({ filter: /iced-x86[\\/]iced_x86\.js$/ }, (args) => {
      const wasm = readFileSync(join(dirname(args.path), 'iced_x86_bg.wasm')).toString('base64');
      const source = readFileSync(args.path, 'utf8');
      const cut = source.search(/const path = require\(['"]path['"]\)/);
      if (cut < 0) throw new Error('iced-x86: the loader at the end of iced_x86.js has changed');
      const head = source
        .slice(0, cut)
        .replace(/const \{ TextDecoder, TextEncoder \} = require\(.*\n/, '')
        .replaceAll('module.exports', 'iced');
      const names = [...new Set([...head.matchAll(/^iced\.([A-Z]\w*) =/gm)].map((m) => m[1]))];
      const contents = `const iced = {};
${head}
const text = ${JSON.stringify(wasm)};
const bytes = typeof Buffer === 'function' ? Buffer.from(text, 'base64') : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
wasm = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
iced.__wasm = wasm;
${names.map((name) => `const ${name}_ = iced.${name};`).join('\n')}
export { ${names.map((name) => `${name}_ as ${name}`).join(', ')} };
`;
      return { contents, loader: 'js' };
    });
  },
};

/** The opcode table of the assembler as text: iced-x86 is asked once a run, not by every program that starts. */
const opcodeTable = {
  name: 'opcode-table',
  setup(build) {
    build.onResolve({ filter: /^hyperstep:opcode-table$/ }, ({ path }) => ({ path, namespace: 'hyperstep' }));
    build.onLoad({ filter: /.*/, namespace: 'hyperstep' }, async () => {
      tableText ??= writeTable();
      return { contents: `export default ${JSON.stringify(await tableText)}`, loader: 'js' };
    });
  },
};

let tableText;

async function writeTable() {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['assembler/src/encode/iced.ts'],
    bundle: true,
    format: 'cjs',
    write: false,
    plugins: [icedInline],
  });
  const module = { exports: {} };
  new Function('module', 'require', outputFiles[0].text)(module, createRequire(import.meta.url));
  return module.exports.writeRows();
}

/** Bundles `entryPoints` (absolute or root-relative paths, or a name → path map) into `outdir`. */
export function bundle(entryPoints, outdir, options = {}) {
  return esbuild.build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    sourcemap: true,
    logLevel: 'warning',
    external: ['vscode', 'mocha', 'playwright-core', ...(options.external ?? [])],
    plugins: [icedInline, opcodeTable],
    ...options.esbuild,
  });
}
