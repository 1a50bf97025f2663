/** Listings against NASM's, byte for byte: `golden/*.lst` are NASM 2.16.01's; where it is installed it is asked again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble } from '../assemble';

const folder = join(process.env.HYPERSTEP_ROOT ?? process.cwd(), 'assembler/src/output/golden');
const hasNasm = spawnSync('nasm', ['-v']).status === 0;

function read(path: string): Uint8Array | undefined {
  try {
    return readFileSync(join(folder, path));
  } catch {
    return undefined;
  }
}

describe('listings', () => {
  it('end where they would never end, and the output is whole', () => {
    const data = new TextEncoder().encode('db 20000000 dup (1, 2)\n nop\n');
    const { listing, image } = assemble({ main: 'a.asm', files: { read: () => data }, listing: true });
    assert.equal(image?.length, 40_000_001);
    assert.match(listing!.slice(-200), /\n\.\.\. more than 1000000 lines: the rest is left out\n$/);
  });

  for (const [name, format] of [
    ['listing', 'bin'],
    ['object', 'elf64'],
  ] as const) {
    const golden = () => readFileSync(join(folder, `${name}.lst`), 'utf8');

    it(`of ${name}.asm are NASM's`, () => {
      const { listing, image } = assemble({
        main: `${name}.asm`,
        files: { read },
        format,
        listing: () => undefined,
      });
      assert.ok(image);
      assert.equal(listing, golden());
    });

    it(`of ${name}.asm: the golden file is what NASM says today${hasNasm ? '' : ' (skipped: nasm is not installed)'}`, function () {
      if (!hasNasm) return this.skip();
      const scratch = mkdtempSync(join(tmpdir(), 'hyperstep-listing-'));
      try {
        const output = join(scratch, 'listing');
        spawnSync('nasm', ['-w-all', '-f', format, '-l', output, '-o', '/dev/null', `${name}.asm`], {
          cwd: folder,
        });
        assert.equal(readFileSync(output, 'utf8'), golden());
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    });
  }

  it('end lines where the assembler does', () => {
    const files = { read: () => new TextEncoder().encode(' nop\0 nop\r db 1\x1a db 2') };
    const { listing, diagnostics } = assemble({ main: 'x.asm', files, listing: true });
    assert.deepEqual(diagnostics, []);
    assert.equal(
      listing,
      [
        '     1 00000000 90                       nop',
        '     2 00000001 90                       nop',
        '     3 00000002 01                       db 1',
        '     4 00000003 02                       db 2',
        '',
      ].join('\n'),
    );
  });

  it('show messages below their line', () => {
    const files = { read: () => new TextEncoder().encode(' db 300\n nop\n mov eax\n') };
    const { listing } = assemble({ main: 'x.asm', files, listing: true });
    assert.equal(
      listing,
      [
        '     1 00000000 2C                       db 300',
        '     1          ******************       warning: 300 does not fit into 1 byte',
        '     2 00000001 90                       nop',
        '     3                                   mov eax',
        '     3          ******************       error: `mov` takes 2 operands, not 1',
        '',
      ].join('\n'),
    );
  });
});
