import { Seg, SegField, Slot } from '../cpu/state';
import { Mode } from '../ir/block';
import type { IrBuilder } from '../ir/builder';
import { Op } from '../ir/ops';
import type { BinaryOperator, Term } from '../ir/term';

/** A breakpoint as code sees it. */
export interface Watch {
  linear: bigint;
  /** Where this is 0, the breakpoint need not be asked (execution/breakpoints.ts). */
  when?: Term;
}

/** With more breakpoints at one page offset, all of them are asked. */
const MAX_WATCHES = 4;

const SS_ACCESS = Slot.SEGMENTS + Seg.SS * 4 + SegField.ACCESS;

/**
 * Emits the BREAK before the instruction at `delta`, and micro-ops that find
 * out whether one of the breakpoints may want to stop there: whether it is at
 * this linear address, and its condition holds.
 */
export function emitBreak(ir: IrBuilder, mode: number, delta: number, watches: readonly Watch[]): void {
  const start = ir.emit(Op.BREAK, delta);
  // With a base in CS, code is the evaluator's, which asks always.
  if (!(mode & (Mode.CODE64 | Mode.FLAT)) || watches.length > MAX_WATCHES) return;
  ir.release(Slot.TEMP);
  const emitter = new TermEmitter(ir, mode, delta);
  const any = ir.temp();
  watches.forEach(({ linear, when }, i) => {
    const mark = ir.mark();
    const wanted = i === 0 ? any : ir.temp();
    const here: Term = { kind: 'constant', value: BigInt.asUintN(64, linear) };
    emitter.into(wanted, { kind: 'binary', operator: 'equal', left: { kind: 'rip' }, right: here });
    if (when) {
      const elsewhere = ir.skip(Op.SKIPZ, wanted);
      emitter.into(wanted, when);
      ir.land(elsewhere);
    }
    if (i > 0) ir.emit(Op.OR64, any, any, wanted);
    ir.release(mark);
  });
  ir.emit(Op.BREAKNZ, 0, any);
  ir.land(start);
}

const BINARY: Readonly<Record<BinaryOperator, Op>> = {
  add: Op.ADD64,
  subtract: Op.SUB64,
  multiply: Op.MUL64,
  and: Op.AND64,
  or: Op.OR64,
  xor: Op.XOR64,
  'shift left': Op.SHL64,
  'shift right': Op.SHR64,
  'shift right signed': Op.SAR64,
  equal: Op.EQ64,
  less: Op.LTU64,
  'less signed': Op.LTS64,
};

const LOADS = { 1: Op.LOAD8, 2: Op.LOAD16, 4: Op.LOAD32, 8: Op.LOAD64 } as const;
const ZERO_EXTENDS: Readonly<Record<number, Op>> = { 8: Op.ZEXT8, 16: Op.ZEXT16, 32: Op.ZEXT32, 64: Op.MOV };

/** Jcc's conditions for the flags that have one, by position in RFLAGS: CF, PF, ZF, SF, OF. */
const FLAG_CONDITIONS: Readonly<Record<number, number>> = { 0: 2, 2: 10, 6: 4, 7: 8, 11: 0 };

class TermEmitter {
  constructor(
    private readonly ir: IrBuilder,
    private readonly mode: number,
    private readonly delta: number,
  ) {}

  /** d, a temporary, ← value of a term. */
  into(d: number, term: Term): void {
    const { ir, mode } = this;
    const mark = ir.mark();
    switch (term.kind) {
      case 'constant':
        this.constant(d, term.value);
        break;
      case 'register':
        ir.emit(Op.MOV, d, term.slot);
        break;
      case 'rip':
        ir.emit(Op.RIP, d, this.delta, 0, mode & Mode.CODE64 ? 64 : mode & Mode.CODE32 ? 32 : 16);
        break;
      case 'rflags':
        ir.emit(Op.GETFLAGS, d);
        ir.emit(Op.OR64, d, d, Slot.RFLAGS);
        break;
      case 'cpl':
        // SS.DPL (SDM 3A 5.5); real-address mode has no rings.
        ir.emit(Op.SHRI64, d, SS_ACCESS, 5);
        ir.emit(Op.ANDI64, d, d, mode & Mode.REAL ? 0 : 3);
        break;
      case 'part':
        this.part(d, term);
        break;
      case 'memory':
        ir.emit(LOADS[term.bytes ?? this.wordBytes], d, this.operand(d, term.address));
        break;
      case 'zero':
        ir.emit(Op.EQZ64, d, this.operand(d, term.of));
        break;
      case 'divide':
        this.divide(d, term);
        break;
      case 'binary': {
        const a = this.operand(d, term.left);
        const b = this.operand(undefined, term.right);
        if (term.operator.startsWith('shift')) this.shift(d, term.operator, a, b);
        else ir.emit(BINARY[term.operator], d, a, b);
        break;
      }
      case 'choice': {
        this.into(d, term.test);
        const otherwise = ir.skip(Op.SKIPZ, d);
        this.into(d, term.yes);
        const done = ir.skip(Op.SKIP);
        ir.land(otherwise);
        this.into(d, term.no);
        ir.land(done);
        break;
      }
    }
    ir.release(mark);
  }

  /** A slot with a term's value, not to be written to: a register's own, or `d` (else a fresh temporary). */
  private operand(d: number | undefined, term: Term): number {
    if (term.kind === 'register') return term.slot;
    const slot = d ?? this.ir.temp();
    this.into(slot, term);
    return slot;
  }

  private constant(d: number, value: bigint): void {
    const { ir } = this;
    ir.emit(Op.CONST, d, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  }

  /** Bytes of the mode's natural operand. */
  private get wordBytes(): 2 | 4 | 8 {
    const { mode } = this;
    if (mode & Mode.CODE64) return 8;
    return mode & Mode.LONG || (mode & Mode.CODE32 && !(mode & Mode.REAL)) ? 4 : 2;
  }

  private part(d: number, { of, shift, bits }: Term & { kind: 'part' }): void {
    const { ir } = this;
    const condition = bits === 1 ? FLAG_CONDITIONS[shift] : undefined;
    if (of.kind === 'rflags' && condition !== undefined) {
      ir.emit(Op.COND, d, 0, 0, condition);
      return;
    }
    const whole = this.operand(d, of);
    const low = shift === 0 ? whole : d;
    if (shift > 0) ir.emit(Op.SHRI64, d, whole, shift);
    const extend = ZERO_EXTENDS[bits];
    if (extend !== undefined) ir.emit(extend, d, low);
    else {
      const mask = ir.temp();
      this.constant(mask, (1n << BigInt(bits)) - 1n);
      ir.emit(Op.AND64, d, low, mask);
    }
  }

  /** Micro-ops take counts modulo 64. */
  private shift(d: number, operator: BinaryOperator, a: number, count: number): void {
    const { ir } = this;
    const most = ir.temp();
    const over = ir.temp();
    this.constant(most, 63n);
    ir.emit(Op.LTU64, over, most, count);
    if (operator === 'shift right signed') {
      const inside = ir.skip(Op.SKIPNZ, over);
      ir.emit(Op.MOV, most, count);
      ir.land(inside);
      ir.emit(Op.SAR64, d, a, most);
    } else {
      ir.emit(BINARY[operator], d, a, count);
      const inside = ir.skip(Op.SKIPZ, over);
      this.constant(d, 0n);
      ir.land(inside);
    }
  }

  /** Signed division is that of magnitudes; a sign is a mask of zeros or ones. */
  private divide(d: number, { of, by, wanted, signed }: Term & { kind: 'divide' }): void {
    const { ir } = this;
    const a = ir.temp();
    this.into(a, of);
    if (!signed) {
      this.divideUnsigned(d, a, by, wanted);
      return;
    }
    const sign = ir.temp();
    const apply = (value: number) => {
      ir.emit(Op.XOR64, value, value, sign);
      ir.emit(Op.SUB64, value, value, sign);
    };
    ir.emit(Op.SARI64, sign, a, 63);
    apply(a);
    const divisor = BigInt.asIntN(64, by);
    this.divideUnsigned(d, a, divisor < 0n ? -divisor : divisor, wanted);
    if (divisor < 0n && wanted === 'quotient') {
      this.constant(a, -1n);
      ir.emit(Op.XOR64, sign, sign, a);
    }
    apply(d);
  }

  /** By a product (Granlund and Montgomery, "Division by Invariant Integers using Multiplication", figure 4.1). */
  private divideUnsigned(d: number, a: number, by: bigint, wanted: 'quotient' | 'remainder'): void {
    const { ir } = this;
    if (by === 1n) {
      if (wanted === 'quotient') ir.emit(Op.MOV, d, a);
      else this.constant(d, 0n);
      return;
    }
    const log = (by - 1n).toString(2).length; // of the next power of two
    const product = ir.temp();
    this.constant(product, ((1n << 64n) * ((1n << BigInt(log)) - by)) / by + 1n);
    ir.emit(Op.MULHU64, product, product, a);
    ir.emit(Op.SUB64, d, a, product);
    ir.emit(Op.SHRI64, d, d, 1);
    ir.emit(Op.ADD64, d, d, product);
    ir.emit(Op.SHRI64, d, d, log - 1);
    if (wanted === 'quotient') return;
    this.constant(product, by);
    ir.emit(Op.MUL64, product, product, d);
    ir.emit(Op.SUB64, d, a, product);
  }
}
