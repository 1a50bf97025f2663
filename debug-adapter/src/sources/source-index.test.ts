import assert from 'node:assert/strict';
import { indexOf, program } from '../test-program';
import { lineChain, lineKey, outerLine } from './source-index';

const kernel = program(
  {
    '/k.asm': `
bits 64
org 0x1000
%macro twice 1
  inc %1
  inc %1
%endmacro
main:
  twice rax
.loop:
  jmp .loop
table:
  dq 0
helper:
  ret
`,
  },
  'guest',
);

describe('source index', () => {
  const index = indexOf(kernel);

  it('finds the line of an address in contexts of the program only', () => {
    const place = index.find('vmcs:5000', 0x1006n)!;
    assert.deepEqual(outerLine(place), { path: '/k.asm', line: 11 });
    assert.equal(index.find('host', 0x1006n), undefined);
    assert.equal(index.find('vmcs:5000', 0xfffn), undefined);
    assert.equal(index.find('vmcs:5000', 0x1011n), undefined);
  });

  it('knows the lines inside macros', () => {
    const second = index.find('vmcs:1', 0x1003n)!;
    assert.deepEqual(
      lineChain(second).map(({ line, macro }) => [line, macro]),
      [
        [6, 'twice'],
        [9, undefined],
      ],
    );
    const first = index.find('vmcs:1', 0x1000n);
    assert.equal(lineKey(first, false), lineKey(second, false));
    assert.notEqual(lineKey(first, true), lineKey(second, true));
  });

  it('names functions and data, not local labels', () => {
    assert.equal(index.describe('vmcs:1', 0x1006n), 'main+0x6');
    assert.equal(index.describe('vmcs:1', 0x1010n), 'helper');
    assert.equal(index.describe('vmcs:1', 0x100an), 'table+0x2');
    assert.equal(index.find('vmcs:1', 0x1008n)?.program.functionAt(0x1008n), undefined);
    assert.equal(index.labelAt('vmcs:1', 0x1006n), 'main.loop');
  });

  it('looks local names up under the function around the address', () => {
    const found = index.symbols('.loop', 'vmcs:1', 0x1000n);
    assert.equal(found[0].symbol.value, 0x1006n);
    assert.deepEqual(index.symbols('.loop', 'vmcs:1'), []);
  });

  it('prefers the program whose bytes are in memory', () => {
    const other = program({ '/o.asm': 'bits 64\norg 0x1000\nother:\n nop\n nop\n nop\n' }, 'guest');
    assert.equal(indexOf(other, kernel).find('vmcs:1', 0x1000n)?.program.program.name, '/o.asm');
    assert.equal(indexOf(kernel, other).find('vmcs:1', 0x1000n)?.program.program.name, '/k.asm');
  });
});
