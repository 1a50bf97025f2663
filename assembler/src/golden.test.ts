/**
 * Snippets whose bytes NASM 2.16.01 made (`assembler/golden/*.txt`; `error`:
 * NASM refuses them). They need no NASM; where it is installed it is asked
 * again. `UPDATE_GOLDEN=1` writes NASM's present answers into the files.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble } from './assemble';

const folder = join(process.env.HYPERSTEP_ROOT ?? process.cwd(), 'assembler/golden');
const hasNasm = spawnSync('nasm', ['-v']).status === 0;

interface Snippet {
  name: string;
  source: string;
  expected: string;
}

function read(file: string): Snippet[] {
  const blocks = readFileSync(join(folder, file), 'utf8').split(/^=== /m).slice(1);
  return blocks.map((block) => {
    const [, name, source, expected] = /^(.*)\n([\s\S]*)^--- (.*)$/m.exec(block)!;
    return { name, source, expected };
  });
}

function ours(source: string): string {
  const bytes = new TextEncoder().encode(source);
  const result = assemble({
    main: '/snippet.asm',
    warnings: ['-all'],
    files: { read: (p) => (p === '/snippet.asm' ? bytes : undefined) },
  });
  return result.image ? Buffer.from(result.image).toString('hex') : 'error';
}

function nasm(scratch: string, source: string): string {
  const input = join(scratch, 'snippet.asm');
  const output = join(scratch, 'snippet.bin');
  writeFileSync(input, source);
  rmSync(output, { force: true });
  const run = spawnSync('nasm', ['-f', 'bin', '-w-all', '-o', output, input]);
  return run.status === 0 ? readFileSync(output).toString('hex') : 'error';
}

describe('assembler: golden snippets', () => {
  for (const file of readdirSync(folder).filter((f) => f.endsWith('.txt'))) {
    const snippets = read(file);
    describe(file, () => {
      for (const { name, source, expected } of snippets) {
        it(name, () => assert.equal(ours(source), expected));
      }

      it(`is what NASM says today${hasNasm ? '' : ' (skipped: nasm is not installed)'}`, function () {
        if (!hasNasm) return this.skip();
        const scratch = mkdtempSync(join(tmpdir(), 'hyperstep-golden-'));
        try {
          const answers = snippets.map((s) => ({ ...s, expected: nasm(scratch, s.source) }));
          if (process.env.UPDATE_GOLDEN) {
            const text = answers.map((s) => `=== ${s.name}\n${s.source}--- ${s.expected}\n\n`).join('');
            writeFileSync(join(folder, file), text);
          } else assert.deepEqual(answers, snippets);
        } finally {
          rmSync(scratch, { recursive: true, force: true });
        }
      });
    });
  }
});
