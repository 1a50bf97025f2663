import { type Instruction, MemorySizeExt, OpKind, Register } from 'iced-x86';
import { Seg, SegField, Slot } from '../cpu/state';
import { type HelperName, helperNumber } from '../helpers';
import { Mode } from '../ir/block';
import type { IrBuilder } from '../ir/builder';
import { MemAux, Op } from '../ir/ops';
import { coprocessorOf } from './coprocessor';
import { type Gpr, gprOf, segOf } from './registers';

/** Widths of operands in bytes. */
export type Bytes = 1 | 2 | 4 | 8;

/** A checked memory operand, ready for LOAD and STORE: linear address = slot + displacement. */
export interface Address {
  slot: number;
  displacement: number;
  /** {@link MemAux} bits of every access. */
  aux: number;
}

const LOADS = { 1: Op.LOAD8, 2: Op.LOAD16, 4: Op.LOAD32, 8: Op.LOAD64 } as const;
const STORES = { 1: Op.STORE8, 2: Op.STORE16, 4: Op.STORE32, 8: Op.STORE64 } as const;
const ZERO_EXTENDS = { 1: Op.ZEXT8, 2: Op.ZEXT16, 4: Op.ZEXT32, 8: Op.MOV } as const;
const SIGN_EXTENDS = { 1: Op.SEXT8, 2: Op.SEXT16, 4: Op.SEXT32, 8: Op.MOV } as const;

/** Bytes of each iced MemorySize, filled on first use. */
const memorySizes: number[] = [];

const IMMEDIATE_BYTES: { [kind: number]: Bytes } = {
  [OpKind.Immediate8]: 1,
  [OpKind.Immediate8_2nd]: 1,
  [OpKind.Immediate16]: 2,
  [OpKind.Immediate32]: 4,
  [OpKind.Immediate64]: 8,
  [OpKind.Immediate8to16]: 2,
  [OpKind.Immediate8to32]: 4,
  [OpKind.Immediate8to64]: 8,
  [OpKind.Immediate32to64]: 8,
};

/**
 * What a lift function works with: the decoded instruction, the builder, and
 * the operand helpers every family shares.
 *
 * Operand numbers are iced's, 0 is the destination. An instruction has at most
 * one ordinary memory operand; its address is computed once, by the first of
 * {@link read}, {@link readModify}, {@link address}, {@link write} that needs it.
 * So a memory operand must be touched before the registers it is made of change,
 * and a store comes before the writing of registers and flags, because it is
 * the last thing that can fault.
 */
export class LiftContext {
  /** Offset of this instruction and of the next one from the block's start, in bytes. */
  delta = 0;
  next = 0;
  /** Set by a lift function that has emitted the block's final control micro-op. */
  ended = false;
  /** The instruction calls a helper, at which a region is left; the block ends after it, so that one can be entered there. */
  called = false;
  /** The debugger may want to stop before this instruction: a BREAK stands before it. */
  watched = false;

  private known: Address | undefined;

  constructor(
    readonly ir: IrBuilder,
    readonly insn: Instruction,
    /** {@link Mode} bits. */
    public mode: number,
  ) {}

  /** Starts the next instruction; emits its INSN. The decoder has filled `insn`. */
  begin(delta: number, length: number): void {
    this.delta = delta;
    this.next = delta + length;
    this.ended = false;
    this.called = false;
    this.known = undefined;
    this.ir.beginInstruction(delta, length);
  }

  get code64(): boolean {
    return (this.mode & Mode.CODE64) !== 0;
  }

  /** Width of RIP in this mode: what jumps are cut to. */
  get ripBits(): 16 | 32 | 64 {
    return this.mode & Mode.CODE64 ? 64 : this.mode & Mode.CODE32 ? 32 : 16;
  }

  /** Calls a helper; d, a, b as that helper defines them. */
  helper(name: HelperName, d = 0, a = 0, b = 0): void {
    this.called = true;
    this.ir.emit(Op.HELPER, d, a, b, helperNumber(name));
  }

  /** Ends the block with the next instruction: for instructions after which mode, interrupts or time must be looked at again. */
  endWithNext(): void {
    this.ir.emit(Op.JUMPI, this.next, 0, 0, this.ripBits);
    this.ended = true;
  }

  /** Ends the block; a helper has set RIP. */
  end(): void {
    this.ir.emit(Op.END);
    this.ended = true;
  }

  /** Ends the block with an exception at this instruction. */
  raise(vector: number, errorCode?: number): void {
    this.ir.emit(Op.RAISE, 0, errorCode === undefined ? 0 : 1, errorCode ?? 0, vector);
    this.ended = true;
  }

  /**
   * An instruction that no table has. Of a floating-point or vector unit: the
   * machine stops and says so, because programs expect them everywhere. Any
   * other extension: #UD, as CPUID does not report it.
   */
  unsupported(): void {
    const unit = coprocessorOf(this.insn);
    if (unit) {
      this.helper('coprocessorCheck', unit);
      this.helper('unsupportedInstruction', this.insn.mnemonic);
    } else this.helper('notOffered');
    this.end();
  }

  // --- operands: what they are ---------------------------------------------

  isRegister(i: number): boolean {
    return this.insn.opKind(i) === OpKind.Register;
  }

  isMemory(i: number): boolean {
    return this.insn.opKind(i) === OpKind.Memory;
  }

  isImmediate(i: number): boolean {
    const kind = this.insn.opKind(i);
    return kind >= OpKind.Immediate8 && kind <= OpKind.Immediate32to64;
  }

  /** The general register that operand i is; undefined if it is something else. */
  gpr(i: number): Gpr | undefined {
    return this.isRegister(i) ? gprOf(this.insn.opRegister(i)) : undefined;
  }

  /** i of operand `operand`, the x87 register ST(i). */
  stackRegister(operand: number): number {
    return this.insn.opRegister(operand) - Register.ST0;
  }

  /** Bytes of the ordinary (or string) memory operand, 0 if it has no size (LEA, INVLPG). */
  get memoryBytes(): number {
    const size = this.insn.memorySize;
    return (memorySizes[size] ??= MemorySizeExt.size(size));
  }

  /** Width of operand i. Segment registers count 2, control and debug registers 8 in 64-bit mode, else 4. */
  bytes(i: number): Bytes {
    const kind = this.insn.opKind(i);
    if (kind === OpKind.Register) {
      const register = this.insn.opRegister(i);
      const gpr = gprOf(register);
      if (gpr) return gpr.bytes;
      return register >= Register.ES && register <= Register.GS ? 2 : this.code64 ? 8 : 4;
    }
    const immediate = IMMEDIATE_BYTES[kind];
    return immediate ?? (this.memoryBytes as Bytes);
  }

  /** Operand i, an immediate, sign-extended from its operand width. */
  immediate(i: number): bigint {
    return BigInt.asIntN(this.bytes(i) * 8, this.insn.immediate(i));
  }

  // --- operands: values ------------------------------------------------------

  /** Operand i zero-extended to 64 bits. The slot may be a register's own: do not write to it. */
  read(i: number): number {
    const gpr = this.gpr(i);
    if (gpr) return gpr.bytes === 8 ? gpr.slot : this.zext(gpr.slot, gpr.bytes, gpr.high);
    return this.readLow(i);
  }

  /** Operand i sign-extended to 64 bits. The slot may be a register's own. */
  readSigned(i: number): number {
    if (this.isImmediate(i)) return this.ir.constant(this.immediate(i));
    const low = this.readLow(i);
    const bytes = this.bytes(i);
    return bytes === 8 ? low : this.sext(low, bytes);
  }

  /**
   * A slot whose low part is operand i; what stands above is not defined. Cheaper
   * than {@link read}: most registers come as their own slot. For arithmetic that
   * looks at low parts only.
   */
  readLow(i: number): number {
    const kind = this.insn.opKind(i);
    if (kind === OpKind.Register) {
      const register = this.insn.opRegister(i);
      const gpr = gprOf(register);
      if (gpr) return gpr.high ? this.zext(gpr.slot, 1, true) : gpr.slot;
      return Slot.SEGMENTS + segOf(register) * 4 + SegField.SELECTOR;
    }
    if (kind === OpKind.Memory) return this.load(this.address(this.bytes(i)), this.bytes(i));
    return this.ir.constant(BigInt.asUintN(this.bytes(i) * 8, this.insn.immediate(i)));
  }

  /** As {@link readLow}, of a destination that {@link write} will write: memory is checked for writing now, so the store cannot fault. */
  readModify(i: number): number {
    if (!this.isMemory(i)) return this.readLow(i);
    const bytes = this.bytes(i);
    return this.load(this.address(bytes, true), bytes, MemAux.WRITE_INTENT);
  }

  /**
   * Where to compute operand i's new value: its own slot if it is a 32- or
   * 64-bit register (32-bit micro-ops zero-extend, as the register wants), else
   * a temporary. Pass it to {@link write} afterwards. Not to be used when the old
   * value is still needed or something may fault later.
   */
  destination(i: number): number {
    const gpr = this.gpr(i);
    return gpr && gpr.bytes >= 4 ? gpr.slot : this.ir.temp();
  }

  /** Operand i ← low part of slot; 32-bit registers are zero-extended. */
  write(i: number, slot: number): void {
    const gpr = this.gpr(i);
    if (gpr) this.writeGpr(gpr, slot);
    else this.store(this.address(this.bytes(i), true), this.bytes(i), slot);
  }

  /** Register ← low part of slot. */
  writeGpr(gpr: Gpr, slot: number): void {
    if (gpr.bytes >= 4) {
      if (gpr.slot !== slot) this.ir.emit(gpr.bytes === 8 ? Op.MOV : Op.ZEXT32, gpr.slot, slot);
    } else {
      const op = gpr.bytes === 2 ? Op.INS16 : gpr.high ? Op.INS8H : Op.INS8;
      this.ir.emit(op, gpr.slot, gpr.slot, slot);
    }
  }

  /** Low `bytes` of a register's slot ← slot, by the rules for registers of that width. */
  writeRegister(register: number, bytes: Bytes, slot: number): void {
    this.writeGpr({ slot: register, bytes, high: false }, slot);
  }

  /** A temporary with the zero-extended low part of a slot. */
  zext(slot: number, bytes: Bytes, high = false): number {
    const t = this.ir.temp();
    this.ir.emit(high ? Op.ZEXT8H : ZERO_EXTENDS[bytes], t, slot);
    return t;
  }

  /** A temporary with the sign-extended low part of a slot. */
  sext(slot: number, bytes: Bytes): number {
    const t = this.ir.temp();
    this.ir.emit(SIGN_EXTENDS[bytes], t, slot);
    return t;
  }

  /** Emits a micro-op into a fresh temporary. */
  op(op: Op, a = 0, b = 0, aux = 0): number {
    const t = this.ir.temp();
    this.ir.emit(op, t, a, b, aux);
    return t;
  }

  // --- memory ------------------------------------------------------------------

  /** Width of the memory operand's address in bytes. */
  get addressBytes(): 2 | 4 | 8 {
    const { memoryBase: base, memoryIndex: index, memoryDisplSize } = this.insn;
    if (base === Register.RIP) return 8;
    if (base === Register.EIP) return 4;
    const register = gprOf(base) ?? gprOf(index);
    if (register) return register.bytes as 2 | 4 | 8;
    return memoryDisplSize as 2 | 4 | 8;
  }

  /** Segment of the ordinary memory operand, or of a string instruction's source. */
  get memorySegment(): Seg {
    return segOf(this.insn.memorySegment);
  }

  /** Offset of the memory operand in its segment, cut to the address size (what LEA gives). `spAdjust` is added to rSP as base. */
  effective(spAdjust = 0): number {
    const { base, displacement } = this.parts(spAdjust);
    const bytes = this.addressBytes;
    if (bytes === 8) return displacement === 0 ? base : this.op(Op.ADDI64, base, displacement);
    const sum = displacement === 0 ? base : this.op(Op.ADDI32, base, displacement);
    return bytes === 2 ? this.zext(sum, 2) : displacement === 0 ? this.zext(base, 4) : sum;
  }

  /** Base + index × scale (full width or low 32 bits) and the literal that is still to be added. */
  private parts(spAdjust: number): { base: number; displacement: number } {
    const { insn, ir } = this;
    let displacement = BigInt.asIntN(64, insn.memoryDisplacementU64);
    const baseRegister = insn.memoryBase;
    if (baseRegister === Register.RIP || baseRegister === Register.EIP) {
      // The decoder has added the address of the next instruction, counted from the block's start.
      const bits = baseRegister === Register.RIP ? 64 : 32;
      const literal = Number(BigInt.asIntN(32, displacement - BigInt(this.next)));
      return { base: this.op(Op.RIP, this.next, 0, bits), displacement: literal };
    }
    const base = gprOf(baseRegister);
    const index = gprOf(insn.memoryIndex);
    const wide = this.addressBytes === 8;
    if (!base && !index) return { base: ir.constant(displacement), displacement: 0 };
    if (base?.slot === Slot.RSP) displacement += BigInt(spAdjust);
    const literal = Number(BigInt.asIntN(32, displacement));
    if (!index) return { base: base!.slot, displacement: literal };
    const scale = insn.memoryIndexScale;
    const shift = scale === 8 ? 3 : scale >> 1;
    let slot: number;
    if (base) slot = this.op(wide ? Op.ADDSHL64 : Op.ADDSHL32, base.slot, index.slot, shift);
    else if (shift === 0) slot = index.slot;
    else slot = this.op(wide ? Op.SHLI64 : Op.SHLI32, index.slot, shift);
    return { base: slot, displacement: literal };
  }

  /**
   * The memory operand's address, with segment base and the checks of an access
   * of `bytes` (0: none). Computed once an instruction; `write` counts at the
   * first call.
   */
  address(bytes: number, write = false, spAdjust = 0): Address {
    if (this.known) return this.known;
    const seg = this.memorySegment;
    let aux = seg === Seg.SS ? MemAux.STACK : 0;
    let address: Address;
    if (this.code64) {
      let { base, displacement } = this.parts(spAdjust);
      if (this.addressBytes !== 8) {
        base = displacement === 0 ? this.zext(base, 4) : this.op(Op.ADDI32, base, displacement);
        displacement = 0;
      }
      if (seg === Seg.FS || seg === Seg.GS) base = this.op(Op.ADD64, base, segmentBaseSlot(seg));
      address = { slot: base, displacement, aux };
    } else if (this.isFlat(seg, write)) {
      aux |= MemAux.WRAP32;
      if (this.addressBytes === 4) {
        const { base, displacement } = this.parts(spAdjust);
        address = { slot: base, displacement, aux };
      } else address = { slot: this.effective(spAdjust), displacement: 0, aux };
    } else {
      address = this.inSegment(this.effective(spAdjust), seg, bytes, write);
    }
    this.known = address;
    return address;
  }

  /** Moves the memory operand by a signed number of bytes in a slot (bit strings); before its first use. */
  displaceMemory(by: number, bytes: number, write: boolean): void {
    const sum = this.op(Op.ADD64, this.effective(), by);
    const offset = this.zext(sum, this.addressBytes);
    this.known = this.inSegment(offset, this.memorySegment, bytes, write);
  }

  /** The memory operand's linear address in one slot, checked like {@link address}. */
  linear(bytes: number, write = false): number {
    const { slot, displacement, aux } = this.address(bytes, write);
    if (aux & MemAux.WRAP32) {
      return displacement === 0 ? this.zext(slot, 4) : this.op(Op.ADDI32, slot, displacement);
    }
    return displacement === 0 ? slot : this.op(Op.ADDI64, slot, displacement);
  }

  /** Address of an offset (zero-extended slot) in a segment; for implicit operands: strings, XLAT, stack. */
  inSegment(offset: number, seg: Seg, bytes: number, write: boolean): Address {
    const stack = seg === Seg.SS ? MemAux.STACK : 0;
    if (this.code64) {
      const slot = seg >= Seg.FS ? this.op(Op.ADD64, offset, segmentBaseSlot(seg)) : offset;
      return { slot, displacement: 0, aux: stack };
    }
    const aux = stack | MemAux.WRAP32;
    if (this.isFlat(seg, write)) return { slot: offset, displacement: 0, aux };
    const slot = this.op(Op.SEGMENT, offset, (bytes & 0xff) | (write ? 0x100 : 0), seg);
    return { slot, displacement: 0, aux };
  }

  /** No base to add and nothing to check: Mode.FLAT covers ES, CS, SS, DS, except writing through CS. */
  private isFlat(seg: Seg, write: boolean): boolean {
    return (this.mode & Mode.FLAT) !== 0 && seg < Seg.FS && !(write && seg === Seg.CS);
  }

  /** Loads from `plus` bytes past an address, zero-extended. */
  load(address: Address, bytes: Bytes, aux = 0, plus = 0): number {
    const t = this.ir.temp();
    this.loadInto(t, address, bytes, aux, plus);
    return t;
  }

  /** As {@link load} into a given slot; a faulting load leaves it as it was. */
  loadInto(d: number, address: Address, bytes: Bytes, aux = 0, plus = 0): void {
    this.ir.emit(LOADS[bytes], d, address.slot, address.displacement + plus, address.aux | aux);
  }

  /** Stores the low part of slot `plus` bytes past an address. */
  store(address: Address, bytes: Bytes, slot: number, plus = 0): void {
    this.ir.emit(STORES[bytes], slot, address.slot, address.displacement + plus, address.aux);
  }

  // --- the stack ---------------------------------------------------------------

  /** Width of the stack pointer: SS.B, or 64 bits. */
  get stackBytes(): 2 | 4 | 8 {
    return this.code64 ? 8 : this.mode & Mode.STACK32 ? 4 : 2;
  }

  /** Address of SS:[slot + offset], the sum cut to the stack pointer's width; `slot` is RSP's or RBP's as a rule. */
  stackAddress(slot: number, offset: number, bytes: Bytes, write: boolean): Address {
    if (this.code64) return { slot, displacement: offset, aux: MemAux.STACK };
    const wide = this.stackBytes === 4;
    if (wide && this.isFlat(Seg.SS, write)) {
      return { slot, displacement: offset, aux: MemAux.STACK | MemAux.WRAP32 };
    }
    const sum = offset === 0 ? slot : this.op(Op.ADDI32, slot, offset);
    const cut = wide && sum !== slot ? sum : this.zext(sum, wide ? 4 : 2);
    return this.inSegment(cut, Seg.SS, bytes, write);
  }

  /** Memory at rSP + offset ← slot; rSP does not change. */
  stackStore(offset: number, slot: number, bytes: Bytes): void {
    this.store(this.stackAddress(Slot.RSP, offset, bytes, true), bytes, slot);
  }

  /** Memory at rSP + offset, zero-extended; rSP does not change. */
  stackLoad(offset: number, bytes: Bytes): number {
    return this.load(this.stackAddress(Slot.RSP, offset, bytes, false), bytes);
  }

  /** rSP ← rSP + offset, by the stack's width. */
  adjustStack(offset: number): void {
    this.addToStackRegister(Slot.RSP, Slot.RSP, offset);
  }

  /** register ← slot + offset by the stack's width: RSP and RBP change this way. */
  addToStackRegister(register: number, slot: number, offset: number): void {
    const bytes = this.stackBytes;
    if (bytes === 8) {
      if (offset === 0) this.ir.emit(Op.MOV, register, slot);
      else this.ir.emit(Op.ADDI64, register, slot, offset);
    } else if (bytes === 4) this.ir.emit(Op.ADDI32, register, slot, offset);
    else this.ir.emit(Op.INS16, register, register, this.op(Op.ADDI32, slot, offset));
  }

  /** Pushes the low part of a slot; the last thing an instruction does that can fault. */
  push(slot: number, bytes: Bytes): void {
    this.stackStore(-bytes, slot, bytes);
    this.adjustStack(-bytes);
  }
}

function segmentBaseSlot(seg: Seg): number {
  return Slot.SEGMENTS + seg * 4 + SegField.BASE;
}

/** Says in IR what one instruction does. */
export type LiftFunction = (c: LiftContext) => void;

/** Lift functions by iced `Mnemonic`. */
export type LiftTable = ReadonlyMap<number, LiftFunction>;
