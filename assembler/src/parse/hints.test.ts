import assert from 'node:assert/strict';
import { assemble } from '../assemble';

function messages(source: string): string[] {
  const data = new TextEncoder().encode(source);
  return assemble({ main: '/a.asm', files: { read: () => data } }).diagnostics.map((d) => d.message);
}

describe('hints in messages', () => {
  for (const [source, expected] of [
    ['mov ax, word ptr [bx]', /NASM writes the size alone/],
    ['mov ax, offset msg\nmsg:', /a label without brackets is its address/],
    ['main proc', /NASM has no procedures/],
    ['.model small', /NASM does not need that line/],
    ['.data', /write `section .data`/],
    ['.globl main', /write `global name`/],
    ['include "a.inc"', /write `%include "file"`/],
    ['x dword 5', /doublewords are written `dd`/],
    ['mov ax, ffh', /begins with a digit: `0ffh`/],
    ['mov ax, 0x21h', /write `0x21` or `021h`/],
    ['mov ax, 1f', /hexadecimal is `0x1f`/],
    ['# comment', /a comment begins with `;`/],
    ['mvo ax, bx', /neither `mvo` nor `ax` is an instruction/],
    ['print "hello"', /`print` is not an instruction/],
    ['\ufefforg 100h', /byte-order mark/],
    ['\ufeff; a comment', /byte-order mark/],
    ['cpu 8086\npush 1', /needs `cpu 186` or later; `cpu 8086` holds here/],
    ['cpu 80386', /does not know `80386`; it takes default, 8086, 186/],
  ] as const) {
    it(`say what to write for ${JSON.stringify(source)}`, () => {
      assert.match(messages(source).join('\n'), expected);
    });
  }

  it('are not given where there is nothing to say', () => {
    assert.deepEqual(messages('mov ax, nowhere'), ['symbol `nowhere` is not defined']);
  });
});
