import assert from 'node:assert/strict';
import { bytesAt, indexOf, program } from '../test-program';
import { scanStack } from './scan';

const code = program({
  '/s.asm': `bits 64
org 0x1000
main:
  call worker
main_2:
  call stranger
main_3:
  call [rax]
main_4:
  call dispatch
main_5:
  syscall
main_6:
worker:
  jmp tail
stranger:
  ret
tail:
  nop
  ret
dispatch:
  jmp [rax]
  align 8
gdt:
  dq 0, 0x00AF9B000000FFFF
stack:
  times 16 dq 0
stack_top:
`,
});
const index = indexOf(code);
const label = (name: string) => code.map.symbols.find((symbol) => symbol.name === name)!.value;

/** Callers of `at` on a stack with these words. */
function scan(at: string, words: bigint[], top = label('stack_top')) {
  const rsp = top - BigInt(words.length * 8);
  const stack = new BigUint64Array(words);
  const frames = scanStack(
    {
      context: 'host',
      index,
      codeBase: 0n,
      stackBase: 0n,
      bits: 64,
      isCodeSelector: (selector) => selector === 8,
      read: (address, length) => {
        if (address < rsp || address >= top) return bytesAt(code, address, length);
        return new Uint8Array(stack.buffer, Number(address - rsp), Math.min(length, Number(top - address)));
      },
    },
    label(at),
    rsp,
  );
  return frames.map((frame) => `${frame.via} ${index.describe('host', frame.address - 1n)?.split('+')[0]}`);
}

describe('stack scanning', () => {
  it('accepts direct calls of the function, also through tail jumps', () => {
    assert.deepEqual(scan('tail', [1n, label('main_2')]), ['call main']);
    assert.deepEqual(scan('worker', [label('main_2')]), ['call main']);
  });

  it('refuses calls of other functions', () => {
    assert.deepEqual(scan('tail', [label('main_3')]), []);
    assert.deepEqual(scan('stranger', [label('main_2'), label('main_3')]), ['call main_2']);
  });

  it('accepts indirect calls and handlers behind a jump table', () => {
    assert.deepEqual(scan('tail', [label('main_4')]), ['call main_3']);
    assert.deepEqual(scan('tail', [label('main_5')]), ['call main_4']);
  });

  it('finds interrupt frames and system calls', () => {
    const frame = [label('tail'), 8n, 0x202n, label('stack_top'), 0n];
    assert.deepEqual(scan('stranger', [5n, ...frame]), ['interrupt stranger']);
    assert.deepEqual(scan('stranger', [label('tail'), 24n, 0x202n, 0n, 0n]), []);
    assert.deepEqual(scan('stranger', [0x246n, label('main_6')]), ['syscall main_5']);
  });

  it('ends where the next label begins', () => {
    assert.deepEqual(scan('tail', [label('main_2')], label('stack_top') + 8n), []);
  });
});
