import assert from 'node:assert/strict';
import { assemble } from '../assemble';

function bytes(text: string): string {
  const files = { read: () => new TextEncoder().encode(text) };
  const { image, diagnostics } = assemble({ main: '/a.asm', files, includePaths: [] });
  assert.deepEqual(diagnostics, []);
  return Buffer.from(image!).toString('hex');
}

// As recorded from NASM 2.16.01: the byte register stands for its whole.
describe('pinsrb with byte registers', () => {
  it('takes no REX prefix for bpl, and exists outside 64-bit mode', () => {
    assert.equal(bytes('bits 64\npinsrb xmm1, bpl, 1\npinsrb xmm9, sil, 1'), '660f3a20cd0166440f3a20ce01');
    assert.equal(bytes('bits 32\npinsrb xmm1, bpl, 1'), '660f3a20cd01');
  });
});
