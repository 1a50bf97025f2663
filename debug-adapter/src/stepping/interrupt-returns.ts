import { Mnemonic } from 'iced-x86';
import { withInstruction } from '../disassembly/decode';
import type { IndexedProgram } from '../sources/source-index';

const IRETS = new Set<number>([Mnemonic.Iret, Mnemonic.Iretd, Mnemonic.Iretq]);

const cache = new WeakMap<IndexedProgram, bigint[]>();

/**
 * Addresses of a program's IRET instructions. Handlers may return elsewhere than
 * to where they were called from (they skip the instruction, or choose a fixup),
 * so the only sign of the way out is the IRET itself.
 */
export function interruptReturns(program: IndexedProgram): bigint[] {
  let found = cache.get(program);
  if (!found) cache.set(program, (found = scan(program)));
  return found;
}

function scan(program: IndexedProgram): bigint[] {
  const { image, map } = program.program;
  const found: bigint[] = [];
  for (const { code, address, length, fileOffset, bits } of map.lines) {
    if (!code || !image || fileOffset < 0) continue;
    for (let at = 0; at < length; ) {
      const bytes = image.subarray(fileOffset + at, fileOffset + length);
      const here = address + BigInt(at);
      const size = withInstruction(bytes, bits, here, (instruction) => {
        if (IRETS.has(instruction.mnemonic)) found.push(here);
        return instruction.length;
      });
      if (!size) break;
      at += size;
    }
  }
  return found;
}
