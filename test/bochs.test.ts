import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootUnderBochs, missingTools } from './bochs/boot';

const root = process.env.HYPERSTEP_ROOT ?? process.cwd();

// NASM and Bochs say whether the guests are right, before our own assembler
// and engine have a word.
describe('labs assembled by NASM, booted by GRUB under Bochs', () => {
  const missing = missingTools();
  if (spawnSync('which', ['nasm']).status !== 0) missing.push('nasm');
  const without = missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : '';
  let out: string;

  before(function () {
    if (missing.length > 0) return this.skip();
    out = mkdtempSync(join(tmpdir(), 'hyperstep-lab-'));
    const built = spawnSync('sh', [join(root, 'guests/build.sh'), 'hypercall', out], { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    assert.equal(built.stderr, '', 'NASM has no warning');
  });
  after(() => {
    if (out) rmSync(out, { recursive: true, force: true });
  });

  it(`hypercall prints its expected text${without}`, async () => {
    const expected = readFileSync(join(root, 'guests/labs/hypercall/expected.txt'), 'latin1');
    assert.equal(await bootUnderBochs(join(out, 'hypercall.img')), expected);
  });

  it(`the VMM says so on a processor without VMX${without}`, async () => {
    const said = await bootUnderBochs(join(out, 'hypercall.img'), { cpu: 'athlon64_venice' });
    assert.equal(said, '[vmm] this processor has no VMX (CPUID.1:ECX bit 5)\n');
  });
});
