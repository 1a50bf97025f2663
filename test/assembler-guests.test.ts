/**
 * Every program of every lab, assembled by us and by NASM: the same bytes.
 * NASM is the witness; without it the comparison skips and says so.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { assemble, type FileProvider } from '@hyperstep/assembler';

const root = process.env.HYPERSTEP_ROOT ?? process.cwd();
const labs = join(root, 'guests/labs');
const hasNasm = spawnSync('nasm', ['-v']).status === 0;

interface Program {
  name: string;
  source: string;
  output: string;
}

/** Files from disk; an image assembled a moment ago goes before one left there by a build. */
function provider(images: Map<string, Uint8Array>): FileProvider {
  return {
    read(path) {
      const image = images.get(path.replace(/^.*\//, ''));
      if (image) return image;
      return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
    },
  };
}

function labsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((lab) => existsSync(join(folder, lab, 'lab.json')));
}

/** What NASM makes of `main`; earlier images lie in a folder that is searched first. */
function nasm(main: string, paths: string[], images: Map<string, Uint8Array>): Uint8Array {
  const scratch = mkdtempSync(join(tmpdir(), 'hyperstep-guests-'));
  try {
    for (const [name, image] of images) writeFileSync(join(scratch, name), image);
    const output = join(scratch, 'nasm-output');
    const args = ['-f', 'bin', '-w-all', `-I${scratch}/`, ...paths.map((p) => `-I${p}/`), '-o', output, main];
    const run = spawnSync('nasm', args, { encoding: 'utf8', cwd: scratch });
    assert.equal(run.status, 0, run.stderr);
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

describe('assembler: guests', () => {
  for (const lab of labsIn(labs)) {
    const folder = join(labs, lab);
    const { programs } = JSON.parse(readFileSync(join(folder, 'lab.json'), 'utf8')) as {
      programs: Program[];
    };
    const images = new Map<string, Uint8Array>();
    for (const program of programs) {
      const main = resolve(folder, program.source);
      const paths = [folder, join(root, 'guests/include'), dirname(main)];

      it(`${lab}/${program.name} assembles without an error`, () => {
        const result = assemble({ main, files: provider(images), includePaths: paths });
        const errors = result.diagnostics.filter((d) => d.severity === 'error');
        const text = errors.map(
          (d) => `${d.range.file}:${d.range.line}:${d.range.column}: ${d.code}: ${d.message}`,
        );
        assert.deepEqual(text, []);
        assert.ok(result.image);
        images.set(program.output, result.image);
      });

      const skipped = hasNasm ? '' : ' (skipped: nasm is not installed)';
      it(`${lab}/${program.name} is byte for byte NASM's${skipped}`, function () {
        const ours = images.get(program.output);
        if (!hasNasm || !ours) return this.skip();
        const theirs = nasm(main, paths, images);
        const at = theirs.findIndex((byte, i) => byte !== ours[i]);
        assert.equal(at, -1, `first difference at offset 0x${at.toString(16)}`);
        assert.equal(ours.length, theirs.length);
      });
    }
  }
});
