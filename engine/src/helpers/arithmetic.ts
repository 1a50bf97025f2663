import { Mnemonic } from 'iced-x86';
import type { Cpu } from '../cpu/cpu';
import { Slot } from '../cpu/state';
import type { HelperTable } from './types';

/** Stops the machine at an instruction that lift/ does not know. d: iced Mnemonic, literal. */
function unsupportedInstruction(cpu: Cpu, d: number): void {
  const rip = cpu.state.u64[Slot.RIP].toString(16);
  cpu.requestStop({
    kind: 'unsupported',
    explanation:
      `The instruction ${Mnemonic[d]?.toUpperCase()} at RIP ${rip}h is not implemented: ` +
      'this machine has the integer and system instructions, but no x87, MMX, SSE or AVX yet.',
  });
}

/** Helpers of this area; see types.ts for the calling convention. */
export const arithmeticHelpers = { unsupportedInstruction } as const satisfies HelperTable;
