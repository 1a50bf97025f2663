/** VM-exit instruction information (SDM 3C 28.2.5): what an exit says about an instruction's operands. */
import { Code, Decoder, DecoderOptions, type Instruction, OpKind, Register } from 'iced-x86';
import type { Cpu } from '../../cpu/cpu';
import { Abort } from '../../cpu/cpu';
import { Seg, Slot } from '../../cpu/state';
import { gprOf, segOf } from '../../lift/registers';

const INDEX_INVALID = 1 << 22;
const BASE_INVALID = 1 << 27;
/** Bit 10: the operand is a register, whose number is in bits 6:3. */
export const REGISTER_OPERAND = 1 << 10;

/** Bits 9:7: address size of 2, 4 or 8 bytes. */
function addressSize(bytes: number): number {
  return (bytes === 8 ? 2 : bytes === 4 ? 1 : 0) << 7;
}

/** Bits 17:15: the segment register. */
const segment = (seg: number) => seg << 15;

/** Scaling, address size, segment, index and base of a memory operand: where all the tables agree. */
export function memoryOperandInfo(insn: Instruction, addressBytes: number): number {
  const base = gprOf(insn.memoryBase);
  const index = gprOf(insn.memoryIndex);
  let info = addressSize(addressBytes) | segment(segOf(insn.memorySegment));
  info |= index ? Math.log2(insn.memoryIndexScale) | (index.slot << 18) : INDEX_INVALID;
  info |= base ? base.slot << 23 : BASE_INVALID;
  return info;
}

/** Bytes of the addresses of a string instruction, by the kind of its memory operand. */
const STRING_SIZES: ReadonlyMap<number, number> = new Map([
  [OpKind.MemorySegSI, 2],
  [OpKind.MemorySegESI, 4],
  [OpKind.MemorySegRSI, 8],
  [OpKind.MemoryESDI, 2],
  [OpKind.MemoryESEDI, 4],
  [OpKind.MemoryESRDI, 8],
]);

/** Operand size in the descriptor-table instructions' information, outside 64-bit mode: bit 11 for 32 bits. */
const OPERAND_32 = 1 << 11;

/**
 * Operand information of the instruction that runs, for exits too rare to carry
 * it along: the instruction is decoded once more. `displacement` is what the
 * qualification of descriptor-table exits holds (SDM 3C 28.2.1).
 */
export function currentOperand(cpu: Cpu): { info: number; displacement: bigint } {
  const insn = decodeCurrent(cpu);
  if (!insn) return { info: 0, displacement: 0n };
  const result = operandOf(insn, cpu.code64 ? 8 : cpu.state.access(Seg.CS) & (1 << 14) ? 4 : 2);
  insn.free();
  return result;
}

function operandOf(insn: Instruction, defaultBytes: number): { info: number; displacement: bigint } {
  let register = -1;
  for (let i = 0; i < insn.opCount; i++) {
    const kind = insn.opKind(i);
    const string = STRING_SIZES.get(kind);
    // Of INS bits 17:15 are undefined.
    if (string !== undefined)
      return { info: addressSize(string) | segment(segOf(insn.memorySegment)), displacement: 0n };
    if (kind === OpKind.Memory) {
      // Bits 31:28: the register beside a memory operand (INVPCID).
      const second = register < 0 ? 0 : register << 28;
      const wide = register < 0 && defaultBytes === 4 && !SHORT_FORMS.has(insn.code) ? OPERAND_32 : 0;
      return {
        info: (memoryOperandInfo(insn, addressBytes(insn, defaultBytes)) | wide | second) >>> 0,
        displacement: BigInt.asUintN(64, insn.memoryDisplacementU64),
      };
    }
    const gpr = kind === OpKind.Register ? gprOf(insn.opRegister(i)) : undefined;
    if (gpr) register = gpr.slot;
  }
  return { info: register < 0 ? 0 : REGISTER_OPERAND | (register << 3), displacement: 0n };
}

/** Width of a memory operand's address. */
function addressBytes(insn: Instruction, defaultBytes: number): number {
  if (insn.memoryBase === Register.RIP) return 8;
  if (insn.memoryBase === Register.EIP) return 4;
  const register = gprOf(insn.memoryBase) ?? gprOf(insn.memoryIndex);
  return register?.bytes ?? (insn.memoryDisplSize || defaultBytes);
}

/** Descriptor-table instructions with a 16-bit operand size. */
const SHORT_FORMS = new Set<number>([
  Code.Sgdt_m1632_16,
  Code.Sidt_m1632_16,
  Code.Lgdt_m1632_16,
  Code.Lidt_m1632_16,
]);

/** The instruction at RIP, or undefined when its bytes cannot be read any more. Free it after use. */
function decodeCurrent(cpu: Cpu): Instruction | undefined {
  const bytes = new Uint8Array(cpu.instructionLength);
  const rip = cpu.state.u64[Slot.RIP];
  for (let i = 0; i < bytes.length; i++) {
    const at = cpu.state.segmentBase(Seg.CS) + rip + BigInt(i);
    const address = cpu.mmu.fetchAddress(cpu, BigInt.asUintN(cpu.code64 ? 64 : 32, at));
    if (address === undefined) {
      cpu.abort = Abort.NONE;
      return undefined;
    }
    bytes[i] = cpu.mmu.physical.read8(address);
  }
  const bits = cpu.code64 ? 64 : cpu.state.access(Seg.CS) & (1 << 14) ? 32 : 16;
  const decoder = new Decoder(bits, bytes, DecoderOptions.None);
  decoder.ip = rip;
  const insn = decoder.decode();
  decoder.free();
  if (insn.code !== Code.INVALID) return insn;
  insn.free();
  return undefined;
}
