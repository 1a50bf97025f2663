/**
 * Object files against NASM 2.16.01: `objects.txt` holds sources, each with its
 * format; `golden.txt` what NASM made of them, as text (`refused`: it will
 * not). Where NASM is installed the whole files have to be equal, byte for
 * byte. `UPDATE_GOLDEN=1` writes NASM's present answers.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AssembleOptions, assemble } from '@hyperstep/assembler';
import { ElfReader } from './dump';

const folder = join(process.env.HYPERSTEP_ROOT ?? process.cwd(), 'test/elf');
const hasNasm = spawnSync('nasm', ['-v']).status === 0;

interface Source {
  name: string;
  format: NonNullable<AssembleOptions['format']>;
  text: string;
}

function sources(): Source[] {
  const blocks = readFileSync(join(folder, 'objects.txt'), 'utf8').split(/^=== /m).slice(1);
  return blocks.map((block) => {
    const [, name, format, text] = /^(\S+) (\S+)\n([\s\S]*)$/.exec(block)!;
    return { name, format: format as 'elf64', text };
  });
}

function ours(source: Source): Uint8Array | undefined {
  const bytes = new TextEncoder().encode(source.text);
  const read = (path: string) => (path === 'source.asm' ? bytes : undefined);
  return assemble({ main: 'source.asm', files: { read }, format: source.format }).image;
}

function nasm(scratch: string, source: Source): Uint8Array | undefined {
  writeFileSync(join(scratch, 'source.asm'), source.text);
  const output = join(scratch, 'source.o');
  rmSync(output, { force: true });
  spawnSync('nasm', ['-w-all', '-f', source.format, '-o', output, 'source.asm'], { cwd: scratch });
  return existsSync(output) ? readFileSync(output) : undefined;
}

function dump(object: Uint8Array | undefined): string {
  return object ? new ElfReader(object).dump() : 'refused\n';
}

function golden(): Map<string, string> {
  const blocks = readFileSync(join(folder, 'golden.txt'), 'utf8').split(/^=== /m).slice(1);
  return new Map(
    blocks.map((b) => {
      const end = b.indexOf('\n');
      return [b.slice(0, end), b.slice(end + 1)] as const;
    }),
  );
}

describe('object files against NASM', () => {
  const all = sources();
  const expected = golden();

  for (const source of all) {
    const key = `${source.name} ${source.format}`;
    it(key, () => assert.equal(dump(ours(source)), expected.get(key)));
  }

  it(`are NASM's byte for byte${hasNasm ? '' : ' (skipped: nasm is not installed)'}`, function () {
    if (!hasNasm) return this.skip();
    const scratch = mkdtempSync(join(tmpdir(), 'hyperstep-elf-'));
    try {
      const answers = all.map((s) => ({ s, object: nasm(scratch, s) }));
      const text = answers.map(({ s, object }) => `=== ${s.name} ${s.format}\n${dump(object)}`).join('');
      if (process.env.UPDATE_GOLDEN) writeFileSync(join(folder, 'golden.txt'), text);
      else assert.equal(text, readFileSync(join(folder, 'golden.txt'), 'utf8'));
      for (const { s, object } of answers) {
        const hex = (b: Uint8Array | undefined) => (b ? Buffer.from(b).toString('hex') : 'refused');
        assert.equal(hex(ours(s)), hex(object), `${s.name} ${s.format}`);
      }
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
});
