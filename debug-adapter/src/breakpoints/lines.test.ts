import assert from 'node:assert/strict';
import { indexOf, program } from '../test-program';
import { linesWithCode, resolveLine } from './lines';

const source = {
  '/m.asm': `bits 32
org 0x1000
%include "i.inc"
start:
  pair
  nop

; nothing here
  pair
%rep 3
  inc eax
  dec ebx
%endrep
  db 1
`,
  '/i.inc': `%macro pair 0
  push eax
  pop eax
%endmacro
included:
  ret
`,
};

describe('breakpoint lines', () => {
  const index = indexOf(program(source));
  const at = (path: string, line: number) => {
    const found = resolveLine(index, path, line);
    return found && [found.line, found.inMacro, found.addresses.map(({ address }) => Number(address))];
  };

  it('moves to the next line with code', () => {
    assert.deepEqual(at('/m.asm', 7), [9, false, [0x1004]]);
    assert.equal(at('/m.asm', 14), undefined);
    assert.equal(at('/nowhere.asm', 1), undefined);
  });

  it('stands at the first instruction of a macro call', () => {
    assert.deepEqual(at('/m.asm', 5), [5, false, [0x1001]]);
  });

  it('stands at every use of a line', () => {
    assert.deepEqual(at('/i.inc', 3), [3, true, [0x1002, 0x1005]]);
    assert.deepEqual(at('/i.inc', 6), [6, false, [0x1000]]);
    assert.deepEqual(at('/m.asm', 12), [12, false, [0x1007, 0x1009, 0x100b]]);
  });

  it('stands at both of two calls in a row of a macro of one line', () => {
    const twice = indexOf(program({ '/t.asm': '%macro one 0\n nop\n%endmacro\none\none\n' }));
    const found = resolveLine(twice, '/t.asm', 2)!;
    assert.deepEqual(
      found.addresses.map(({ address }) => Number(address)),
      [0, 1],
    );
  });

  it('lists lines with code', () => {
    assert.deepEqual(linesWithCode(index, '/m.asm', 5, 12), [5, 6, 9, 11, 12]);
  });
});
