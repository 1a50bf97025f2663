import { Mnemonic, OpKind } from 'iced-x86';
import { Seg, Slot } from '../cpu/state';
import { type HelperName, helperNumber } from '../helpers';
import { REPNE } from '../helpers/string';
import { FlagsKind, Op } from '../ir/ops';
import { flags, wide } from './common';
import type { Address, Bytes, LiftContext, LiftFunction, LiftTable } from './context';

/** Address size in bytes of each operand kind that strings use. */
const ADDRESS_BYTES: { [kind: number]: 2 | 4 | 8 } = {
  [OpKind.MemorySegSI]: 2,
  [OpKind.MemoryESDI]: 2,
  [OpKind.MemorySegESI]: 4,
  [OpKind.MemoryESEDI]: 4,
  [OpKind.MemorySegRSI]: 8,
  [OpKind.MemoryESRDI]: 8,
};

/** Address size of a string instruction: that of its memory operand. */
export function stringAddressBytes(c: LiftContext): 2 | 4 | 8 {
  return ADDRESS_BYTES[c.insn.opKind(0)] ?? ADDRESS_BYTES[c.insn.opKind(1)];
}

/** seg:[rSI], with the override if there is one. */
function source(c: LiftContext, bytes: Bytes): Address {
  return at(c, Slot.RSI, c.memorySegment, bytes, false);
}

/** ES:[rDI], which no override changes. */
function destination(c: LiftContext, bytes: Bytes, write: boolean): Address {
  return at(c, Slot.RDI, Seg.ES, bytes, write);
}

function at(c: LiftContext, register: number, seg: Seg, bytes: Bytes, write: boolean): Address {
  const size = stringAddressBytes(c);
  return c.inSegment(size === 8 ? register : c.zext(register, size), seg, bytes, write);
}

/** ±bytes, by DF. */
function stride(c: LiftContext, bytes: Bytes): number {
  const back = c.op(Op.SARI64, c.op(Op.SHLI64, Slot.RFLAGS, 63 - DF_BIT), 63);
  return c.op(Op.ADDI64, c.op(Op.ANDI64, back, -2 * bytes), bytes);
}

/** Position of DF in RFLAGS. */
const DF_BIT = 10;

function advance(c: LiftContext, registers: readonly number[], bytes: Bytes): void {
  const size = stringAddressBytes(c);
  const step = stride(c, bytes);
  for (const register of registers) {
    if (size === 2) c.writeRegister(register, 2, c.op(Op.ADD32, register, step));
    else c.ir.emit(wide(size, Op.ADD64, Op.ADD32), register, register, step);
  }
}

/** Binary logarithm of the count from which on leaving generated code for BULK pays. */
const BULK_SHIFT = 7;

/** Zero extension from an address size. */
const ZERO_EXTENDS = { 2: Op.ZEXT16, 4: Op.ZEXT32, 8: Op.MOV } as const;

/** One iteration: what it does with memory, and whether its flags can end a REPE/REPNE. */
interface StringInstruction {
  once(c: LiftContext, bytes: Bytes): void;
  /** Does many iterations at once. */
  bulk: HelperName;
  compares?: boolean;
}

const MOVS: StringInstruction = {
  bulk: 'repeatMovs',
  once(c, n) {
    const value = c.load(source(c, n), n);
    c.store(destination(c, n, true), n, value);
    advance(c, [Slot.RSI, Slot.RDI], n);
  },
};

const STOS: StringInstruction = {
  bulk: 'repeatStos',
  once(c, n) {
    c.store(destination(c, n, true), n, Slot.RAX);
    advance(c, [Slot.RDI], n);
  },
};

const LODS: StringInstruction = {
  bulk: 'repeatLods',
  once(c, n) {
    c.writeRegister(Slot.RAX, n, c.load(source(c, n), n));
    advance(c, [Slot.RSI], n);
  },
};

function compare(c: LiftContext, n: Bytes, a: number, b: number): void {
  const r = c.op(wide(n, Op.SUB64, Op.SUB32), a, b);
  flags(c, FlagsKind.SUB, n, r, a, b);
}

const CMPS: StringInstruction = {
  bulk: 'repeatCmps',
  compares: true,
  once(c, n) {
    const a = c.load(source(c, n), n);
    const b = c.load(destination(c, n, false), n);
    compare(c, n, a, b);
    advance(c, [Slot.RSI, Slot.RDI], n);
  },
};

const SCAS: StringInstruction = {
  bulk: 'repeatScas',
  compares: true,
  once(c, n) {
    compare(c, n, Slot.RAX, c.load(destination(c, n, false), n));
    advance(c, [Slot.RDI], n);
  },
};

/**
 * A string instruction. Under a repeat prefix each iteration is one execution
 * of the instruction, which then jumps to itself: RIP stays, the count in rCX
 * and the index registers say how far it is, and interrupts, faults and the
 * debugger come between iterations (SDM 2 "REP").
 *
 * While many are to come, BULK does most of them at once, and this iteration
 * is the one after those. Where a breakpoint is, each is looked at.
 */
function string(instruction: StringInstruction, bytes: Bytes): LiftFunction {
  return (c) => {
    const { insn, ir } = c;
    if (!insn.hasRepePrefix && !insn.hasRepnePrefix) {
      instruction.once(c, bytes);
      return;
    }
    const size = stringAddressBytes(c);
    const more = c.zext(Slot.RCX, size);
    const none = ir.skip(Op.SKIPZ, more);
    if (!c.watched) {
      const few = ir.skip(Op.SKIPZ, c.op(Op.SHRI64, more, BULK_SHIFT));
      const source = c.memorySegment | (insn.hasRepnePrefix ? REPNE : 0);
      ir.emit(Op.BULK, bytes, size, source, helperNumber(instruction.bulk));
      ir.emit(ZERO_EXTENDS[size], more, Slot.RCX);
      ir.land(few);
    }
    instruction.once(c, bytes);
    ir.emit(wide(size, Op.ADDI64, Op.ADDI32), more, more, -1);
    c.writeRegister(Slot.RCX, size, more);
    if (instruction.compares) {
      // Codes 4 and 5: go on while equal, or while not equal.
      const wanted = c.op(Op.COND, 0, 0, insn.hasRepePrefix ? 4 : 5);
      const stop = ir.skip(Op.SKIPNZ, wanted);
      ir.emit(Op.MOV, more, wanted);
      ir.land(stop);
    }
    ir.land(none);
    ir.emit(Op.JUMPNZ, c.delta, more, c.next, c.ripBits);
    c.ended = true;
  };
}

/** String instructions without I/O. SSE instructions share the mnemonics MOVSD and CMPSD; sse-move.ts tells them apart. */
export const stringLifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Movsb, string(MOVS, 1)],
  [Mnemonic.Movsw, string(MOVS, 2)],
  [Mnemonic.Movsd, string(MOVS, 4)],
  [Mnemonic.Movsq, string(MOVS, 8)],
  [Mnemonic.Stosb, string(STOS, 1)],
  [Mnemonic.Stosw, string(STOS, 2)],
  [Mnemonic.Stosd, string(STOS, 4)],
  [Mnemonic.Stosq, string(STOS, 8)],
  [Mnemonic.Lodsb, string(LODS, 1)],
  [Mnemonic.Lodsw, string(LODS, 2)],
  [Mnemonic.Lodsd, string(LODS, 4)],
  [Mnemonic.Lodsq, string(LODS, 8)],
  [Mnemonic.Cmpsb, string(CMPS, 1)],
  [Mnemonic.Cmpsw, string(CMPS, 2)],
  [Mnemonic.Cmpsd, string(CMPS, 4)],
  [Mnemonic.Cmpsq, string(CMPS, 8)],
  [Mnemonic.Scasb, string(SCAS, 1)],
  [Mnemonic.Scasw, string(SCAS, 2)],
  [Mnemonic.Scasd, string(SCAS, 4)],
  [Mnemonic.Scasq, string(SCAS, 8)],
]);
