/**
 * The formulas of ir/flags.ts as WebAssembly, for a statically known kind and
 * size of the operation that set the flags (SDM 1 Appendix A).
 */
import { FlagsKind } from '../ir/ops';
import type { Code } from './encoder';
import { W } from './opcodes';

/** The last operation that set flags. */
export interface FlagsSource {
  kind: FlagsKind;
  /** 0 = 8 bit … 3 = 64 bit */
  size: number;
  /** Of SUB: the result is a − b without a borrow, so that comparing a with b says all. */
  plain: boolean;
}

/** How to push the operands, 64 bits each. */
export interface FlagsOperands {
  readonly c: Code;
  r(): Code;
  a(): Code;
  b(): Code;
}

/** Moves an i64's low part to the top of an i32 (8, 16, 32 bits) or leaves it (64 bits): comparisons then see its width only. */
function narrow(c: Code, size: number): void {
  if (size === 3) return;
  c.op(W.I32_WRAP_I64);
  if (size < 2) c.i32(size === 0 ? 24 : 16).op(W.I32_SHL);
}

/** Compares two pushed-and-narrowed values: op64 for 64 bits, op32 else. */
function comparison(
  o: FlagsOperands,
  size: number,
  left: () => Code,
  right: (() => Code) | 0,
  op64: W,
  op32: W,
): void {
  const { c } = o;
  left();
  narrow(c, size);
  if (right === 0) size === 3 ? c.i64(0) : c.i32(0);
  else {
    right();
    narrow(c, size);
  }
  c.op(size === 3 ? op64 : op32);
}

function negative(o: FlagsOperands, size: number, value: () => Code): void {
  comparison(o, size, value, 0, W.I64_LT_S, W.I32_LT_S);
}

/** Pushes whether the low part of a pushed i64 is 0. Of a mask V8 makes one TEST. */
function isZero(c: Code, size: number): void {
  if (size < 3) c.op(W.I32_WRAP_I64);
  if (size < 2) c.i32(size === 0 ? 0xff : 0xffff).op(W.I32_AND);
  c.op(size === 3 ? W.I64_EQZ : W.I32_EQZ);
}

function zero(o: FlagsOperands, size: number): void {
  o.r();
  isZero(o.c, size);
}

const not = (c: Code): Code => c.i64(-1).op(W.I64_XOR);

/** Pushes CF as 0 or 1. */
export function pushCarry(o: FlagsOperands, s: FlagsSource): void {
  const { c } = o;
  switch (s.kind) {
    case FlagsKind.RAW:
      o.r().op(W.I32_WRAP_I64).i32(1).op(W.I32_AND);
      return;
    case FlagsKind.ADD: // (a & b) | ((a | b) & ~r)
      negative(o, s.size, () => {
        o.a();
        o.b().op(W.I64_AND);
        o.a();
        o.b().op(W.I64_OR);
        o.r();
        return not(c).op(W.I64_AND).op(W.I64_OR);
      });
      return;
    case FlagsKind.SUB:
      if (s.plain) comparison(o, s.size, o.a, o.b, W.I64_LT_U, W.I32_LT_U);
      else {
        // (~a & b) | ((~a | b) & r)
        negative(o, s.size, () => {
          o.a();
          not(c);
          o.b().op(W.I64_AND);
          o.a();
          not(c);
          o.b().op(W.I64_OR);
          return o.r().op(W.I64_AND).op(W.I64_OR);
        });
      }
      return;
    case FlagsKind.LOGIC:
      c.i32(0);
      return;
    case FlagsKind.INC:
    case FlagsKind.DEC:
      o.b().op(W.I32_WRAP_I64).i32(1).op(W.I32_AND);
      return;
    default:
      pushShiftCarry(o, s);
  }
}

/** The last bit shifted out; the count in b is at least 1. */
function pushShiftCarry(o: FlagsOperands, { kind, size }: FlagsSource): void {
  const { c } = o;
  const bits = 8 << size;
  if (kind === FlagsKind.SHL) {
    // count > bits (narrow operands only) gives 0: then bits − count is negative and a's low part is gone.
    o.a();
    c.i64(bits);
    o.b().i64Big(0xffffffffn).op(W.I64_AND).op(W.I64_SUB).op(W.I64_SHR_U);
    c.op(W.I32_WRAP_I64).i32(1).op(W.I32_AND);
    if (size < 2) {
      o.b().op(W.I32_WRAP_I64).i32(bits).op(W.I32_LE_U);
      c.op(W.I32_AND);
    }
    return;
  }
  o.a();
  if (kind === FlagsKind.SAR) {
    if (size < 3) c.op([W.I64_EXTEND8_S, W.I64_EXTEND16_S, W.I64_EXTEND32_S][size]);
  } else if (size < 3) c.i64Big([0xffn, 0xffffn, 0xffffffffn][size]).op(W.I64_AND);
  o.b()
    .i64(1)
    .op(W.I64_SUB)
    .op(kind === FlagsKind.SAR ? W.I64_SHR_S : W.I64_SHR_U);
  c.op(W.I32_WRAP_I64).i32(1).op(W.I32_AND);
}

function pushOverflow(o: FlagsOperands, s: FlagsSource): void {
  const { c } = o;
  switch (s.kind) {
    case FlagsKind.ADD: // (a ^ r) & (b ^ r)
      negative(o, s.size, () => {
        o.a();
        o.r().op(W.I64_XOR);
        o.b();
        return o.r().op(W.I64_XOR).op(W.I64_AND);
      });
      return;
    case FlagsKind.SUB: // (a ^ b) & (a ^ r)
      negative(o, s.size, () => {
        o.a();
        o.b().op(W.I64_XOR);
        o.a();
        return o.r().op(W.I64_XOR).op(W.I64_AND);
      });
      return;
    case FlagsKind.INC: // ~a & r
      negative(o, s.size, () => {
        o.a();
        not(c);
        return o.r().op(W.I64_AND);
      });
      return;
    case FlagsKind.DEC: // a & ~r
      negative(o, s.size, () => {
        o.a();
        o.r();
        return not(c).op(W.I64_AND);
      });
      return;
    case FlagsKind.SHL:
      negative(o, s.size, () => o.r());
      pushShiftCarry(o, s);
      c.op(W.I32_XOR);
      return;
    case FlagsKind.SHR:
      negative(o, s.size, () => o.a());
      return;
    default:
      c.i32(0);
  }
}

function pushParity(o: FlagsOperands): void {
  o.r().op(W.I32_WRAP_I64).i32(0xff).op(W.I32_AND).op(W.I32_POPCNT).i32(1).op(W.I32_AND).op(W.I32_EQZ);
}

/** Positions of OF, CF, ZF, –, SF, PF by condition pair. */
const RAW_BIT = [11, 0, 6, 0, 7, 2];

function pushRaw(o: FlagsOperands, pair: number): void {
  const { c } = o;
  const bit = (n: number): Code => {
    o.r().op(W.I32_WRAP_I64);
    if (n > 0) c.i32(n).op(W.I32_SHR_U);
    return c.i32(1).op(W.I32_AND);
  };
  if (pair === 3) o.r().op(W.I32_WRAP_I64).i32(0x41).op(W.I32_AND).i32(0).op(W.I32_NE);
  else if (pair < 6) bit(RAW_BIT[pair]);
  else {
    bit(7);
    bit(11).op(W.I32_XOR);
    if (pair === 7) bit(6).op(W.I32_OR);
  }
}

/** Pushes condition `code` (encoding of Jcc) as 0 or 1. */
export function pushCondition(o: FlagsOperands, s: FlagsSource, code: number): void {
  const { c } = o;
  const pair = code >> 1;
  const { size } = s;
  if (s.kind === FlagsKind.RAW) pushRaw(o, pair);
  else if (s.kind === FlagsKind.SUB && s.plain && pair === 2 && size < 2) {
    o.a();
    o.b().op(W.I64_XOR);
    isZero(c, size);
  } else if (s.kind === FlagsKind.SUB && s.plain && pair !== 0 && pair !== 4 && pair !== 5) {
    const [op64, op32] = COMPARED[pair]!;
    comparison(o, size, o.a, o.b, op64, op32);
  } else if (s.kind === FlagsKind.LOGIC && pair >= 6) {
    if (pair === 6) negative(o, size, () => o.r());
    else comparison(o, size, () => o.r(), 0, W.I64_LE_S, W.I32_LE_S);
  } else {
    switch (pair) {
      case 0:
        pushOverflow(o, s);
        break;
      case 1:
        pushCarry(o, s);
        break;
      case 2:
        zero(o, size);
        break;
      case 3:
        zero(o, size);
        pushCarry(o, s);
        c.op(W.I32_OR);
        break;
      case 4:
        negative(o, size, () => o.r());
        break;
      case 5:
        pushParity(o);
        break;
      default:
        negative(o, size, () => o.r());
        pushOverflow(o, s);
        c.op(W.I32_XOR);
        if (pair === 7) {
          zero(o, size);
          c.op(W.I32_OR);
        }
    }
  }
  if (code & 1) c.op(W.I32_EQZ);
}

/** After a plain subtraction: how a and b compare. */
const COMPARED: readonly (readonly [W, W] | undefined)[] = [
  undefined,
  [W.I64_LT_U, W.I32_LT_U],
  [W.I64_EQ, W.I32_EQ],
  [W.I64_LE_U, W.I32_LE_U],
  undefined,
  undefined,
  [W.I64_LT_S, W.I32_LT_S],
  [W.I64_LE_S, W.I32_LE_S],
];

/** Pushes all six flags in RFLAGS positions (i32). */
export function pushFlags(o: FlagsOperands, s: FlagsSource): void {
  const { c } = o;
  if (s.kind === FlagsKind.RAW) {
    o.r().op(W.I32_WRAP_I64).i32(0x8d5).op(W.I32_AND);
    return;
  }
  pushCarry(o, s);
  for (const [code, position] of [
    [10, 2],
    [4, 6],
    [8, 7],
    [0, 11],
  ]) {
    pushCondition(o, s, code);
    c.i32(position).op(W.I32_SHL).op(W.I32_OR);
  }
  if (s.kind > FlagsKind.DEC || s.kind === FlagsKind.LOGIC) return;
  o.a();
  o.r().op(W.I64_XOR);
  if (s.kind <= FlagsKind.SUB) o.b().op(W.I64_XOR);
  c.op(W.I32_WRAP_I64).i32(0x10).op(W.I32_AND).op(W.I32_OR);
}

/**
 * Computes all six flags of an operation known only at run time into the i32
 * local `result`. There is no branch in it, so that V8 drops it when nobody
 * asks. `kind` pushes the packed kind and size as i64; `t` are six i64 scratch locals.
 */
export function computeDynamicFlags(
  o: FlagsOperands,
  kind: () => Code,
  t: readonly number[],
  result: number,
): void {
  const { c } = o;
  const [shift, a, b, r, top, carry] = t;
  const is = (which: FlagsKind): Code => kind().i64(15).op(W.I64_AND).i64(which).op(W.I64_EQ);
  const subtracts = (): Code => {
    c.i64(0);
    return is(FlagsKind.SUB).op(W.I64_EXTEND_I32_U).op(W.I64_SUB);
  };
  const put = (position: number): Code => c.i32(position).op(W.I32_SHL).op(W.I32_OR);
  // Operands with their top bit at bit 63: shifted by 64 − (8 << size).
  c.i64(64).i64(8);
  kind().i64(4).op(W.I64_SHR_U).i64(3).op(W.I64_AND).op(W.I64_SHL).op(W.I64_SUB).set(shift);
  o.a().get(shift).op(W.I64_SHL).set(a);
  o.b().get(shift).op(W.I64_SHL).set(b);
  o.r().get(shift).op(W.I64_SHL).set(r);
  // carry of ADD and SUB at the top: (x & b) | ((x | b) & ~(r ^ m)) with x = a ^ m, m = −1 for SUB
  subtracts().set(top);
  c.get(a).get(top).op(W.I64_XOR).tee(carry).get(b).op(W.I64_AND);
  c.get(carry).get(b).op(W.I64_OR).get(r).get(top).op(W.I64_XOR);
  not(c).op(W.I64_AND).op(W.I64_OR).i64(63).op(W.I64_SHR_U);
  // INC, DEC: b's bit 0
  o.b().i64(1).op(W.I64_AND);
  kind().i64(15).op(W.I64_AND).i64(FlagsKind.LOGIC).op(W.I64_LT_U).op(W.SELECT);
  // SHL: a >> (bits − count), nothing for counts above the width
  o.a().i64(64).get(shift).op(W.I64_SUB);
  o.b().op(W.I64_SUB).op(W.I64_SHR_U).i64(1).op(W.I64_AND).i64(0);
  o.b().i64(64).get(shift).op(W.I64_SUB).op(W.I64_LE_U).op(W.SELECT);
  is(FlagsKind.SHL).op(W.I32_EQZ).op(W.SELECT);
  // SHR, SAR: the last bit that left at the bottom
  c.get(a).get(shift).op(W.I64_SHR_U);
  o.b().i64(1).op(W.I64_SUB).op(W.I64_SHR_U).i64(1).op(W.I64_AND);
  is(FlagsKind.SHR).op(W.I32_EQZ).op(W.SELECT);
  c.get(a).get(shift).op(W.I64_SHR_S);
  o.b().i64(1).op(W.I64_SUB).op(W.I64_SHR_U).i64(1).op(W.I64_AND);
  is(FlagsKind.SAR).op(W.I32_EQZ).op(W.SELECT);
  c.i64(0);
  is(FlagsKind.LOGIC).op(W.I32_EQZ).op(W.SELECT).set(carry);

  c.get(carry).op(W.I32_WRAP_I64);
  pushParity(o);
  put(2);
  // AF: bit 4 of a ^ r, of ADD and SUB also ^ b
  o.a();
  o.r().op(W.I64_XOR);
  o.b().i64(0);
  kind().i64(15).op(W.I64_AND).i64(FlagsKind.LOGIC).op(W.I64_LT_U).op(W.SELECT).op(W.I64_XOR);
  c.op(W.I32_WRAP_I64).i32(0x10).op(W.I32_AND).i32(0);
  // ADD 1, SUB 2, INC 4, DEC 5
  c.i32(0b110110);
  kind().i64(15).op(W.I64_AND).op(W.I32_WRAP_I64).op(W.I32_SHR_U).i32(1).op(W.I32_AND).op(W.SELECT);
  c.op(W.I32_OR);
  c.get(r).op(W.I64_EQZ);
  put(6);
  c.get(r).i64(63).op(W.I64_SHR_U).op(W.I32_WRAP_I64);
  put(7);
  // OF at the top. ADD, SUB: (a ^ r) & (b ^ r ^ m); INC: (a ^ r) & r; DEC: (a ^ r) & ~r
  c.get(a).get(r).op(W.I64_XOR);
  c.get(b).get(r).op(W.I64_XOR).get(top).op(W.I64_XOR);
  c.get(r);
  c.get(r);
  not(c);
  is(FlagsKind.INC).op(W.SELECT);
  kind().i64(15).op(W.I64_AND).i64(FlagsKind.LOGIC).op(W.I64_LT_U).op(W.SELECT).op(W.I64_AND);
  // SHL: sign ^ carry; SHR: a's sign; LOGIC and SAR: none
  c.get(r).get(carry).i64(63).op(W.I64_SHL).op(W.I64_XOR);
  is(FlagsKind.SHL).op(W.I32_EQZ).op(W.SELECT);
  c.get(a);
  is(FlagsKind.SHR).op(W.I32_EQZ).op(W.SELECT);
  c.i64(0);
  c.i32((1 << FlagsKind.LOGIC) | (1 << FlagsKind.SAR));
  kind()
    .i64(15)
    .op(W.I64_AND)
    .op(W.I32_WRAP_I64)
    .op(W.I32_SHR_U)
    .i32(1)
    .op(W.I32_AND)
    .op(W.I32_EQZ)
    .op(W.SELECT);
  c.i64(63).op(W.I64_SHR_U).op(W.I32_WRAP_I64);
  put(11);
  o.r().op(W.I32_WRAP_I64).i32(0x8d5).op(W.I32_AND);
  is(FlagsKind.RAW).op(W.I32_EQZ).op(W.SELECT).set(result);
}

/** Pushes condition `code` of the flags that the i32 local `flags` holds in RFLAGS positions. */
export function pushConditionOf(c: Code, flags: number, code: number): void {
  const wide = { c, r: () => c.get(flags).op(W.I64_EXTEND_I32_U), a: () => c, b: () => c };
  pushCondition(wide, { kind: FlagsKind.RAW, size: 0, plain: false }, code);
}
