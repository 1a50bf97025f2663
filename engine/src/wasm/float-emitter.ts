/**
 * What the code of floating-point operations is made of: arithmetic on one shape's
 * values, and the conditions of the fast way of ir/vector-float.ts.
 */
import { Mxcsr } from '../cpu/state';
import { FloatShape } from '../ir/vector-float';
import type { Code } from './encoder';
import { Type, W } from './opcodes';
import type { VectorOperands } from './operands';
import { V } from './simd';

/** Arithmetic on one shape's values: scalars in WebAssembly's f32 or f64, packed ones in v128. */
export interface Algebra {
  type: Type;
  packed: boolean;
  single: boolean;
  add: V;
  sub: V;
  mul: V;
  div: V;
  sqrt: V;
  abs: V;
  eq: V;
  ne: V;
  lt: V;
  gt: V;
  le: V;
  ge: V;
  /** Conjunction and disjunction of what comparisons give. */
  and: W | V;
  or: W | V;
  /** The lowest lane out of a vector and into it; scalars only. */
  extract?: V;
  replace?: V;
}

export const F32: Algebra = {
  type: Type.F32,
  packed: false,
  single: true,
  add: V.F32_ADD,
  sub: V.F32_SUB,
  mul: V.F32_MUL,
  div: V.F32_DIV,
  sqrt: V.F32_SQRT,
  abs: V.F32_ABS,
  eq: V.F32_EQ,
  ne: V.F32_NE,
  lt: V.F32_LT,
  gt: V.F32_GT,
  le: V.F32_LE,
  ge: V.F32_GE,
  and: W.I32_AND,
  or: W.I32_OR,
  extract: V.F32X4_EXTRACT_LANE,
  replace: V.F32X4_REPLACE_LANE,
};

const F64: Algebra = {
  type: Type.F64,
  packed: false,
  single: false,
  add: V.F64_ADD,
  sub: V.F64_SUB,
  mul: V.F64_MUL,
  div: V.F64_DIV,
  sqrt: V.F64_SQRT,
  abs: V.F64_ABS,
  eq: V.F64_EQ,
  ne: V.F64_NE,
  lt: V.F64_LT,
  gt: V.F64_GT,
  le: V.F64_LE,
  ge: V.F64_GE,
  and: W.I32_AND,
  or: W.I32_OR,
  extract: V.F64X2_EXTRACT_LANE,
  replace: V.F64X2_REPLACE_LANE,
};

export const F32X4: Algebra = {
  type: Type.V128,
  packed: true,
  single: true,
  add: V.F32X4_ADD,
  sub: V.F32X4_SUB,
  mul: V.F32X4_MUL,
  div: V.F32X4_DIV,
  sqrt: V.F32X4_SQRT,
  abs: V.F32X4_ABS,
  eq: V.F32X4_EQ,
  ne: V.F32X4_NE,
  lt: V.F32X4_LT,
  gt: V.F32X4_GT,
  le: V.F32X4_LE,
  ge: V.F32X4_GE,
  and: V.V128_AND,
  or: V.V128_OR,
};

export const F64X2: Algebra = {
  type: Type.V128,
  packed: true,
  single: false,
  add: V.F64X2_ADD,
  sub: V.F64X2_SUB,
  mul: V.F64X2_MUL,
  div: V.F64X2_DIV,
  sqrt: V.F64X2_SQRT,
  abs: V.F64X2_ABS,
  eq: V.F64X2_EQ,
  ne: V.F64X2_NE,
  lt: V.F64X2_LT,
  gt: V.F64X2_GT,
  le: V.F64X2_LE,
  ge: V.F64X2_GE,
  and: V.V128_AND,
  or: V.V128_OR,
};

export const ALGEBRAS: Readonly<Record<FloatShape, Algebra>> = {
  [FloatShape.PS]: F32X4,
  [FloatShape.SS]: F32,
  [FloatShape.PD]: F64X2,
  [FloatShape.SD]: F64,
};

const MIN_DOUBLE = 2 ** -1022;
const MIN_SINGLE = 2 ** -126;
/** Below this, a product's error term may not be a number of the format. */
const SAFE_PRODUCT = 2 ** -900;

/** Emits code of one operation with an algebra; values are kept in locals. */
export class FloatEmitter {
  readonly c: Code;
  readonly x: number;
  readonly y: number;
  readonly r: number;

  constructor(
    readonly o: VectorOperands,
    readonly l: Algebra,
  ) {
    this.c = o.c;
    this.x = o.local(l.type, 0);
    this.y = o.local(l.type, 1);
    this.r = o.local(l.type, 2);
  }

  /** x ← a, y ← b, as far as wanted. */
  take(wanted: 'x' | 'y' | 'xy'): void {
    const { o, l } = this;
    const value = (push: () => Code, local: number): void => {
      push();
      if (l.extract !== undefined) this.c.lane(l.extract, 0);
      this.c.set(local);
    };
    if (wanted.includes('x')) value(() => o.va(), this.x);
    if (wanted.includes('y')) value(() => o.vb(), this.y);
  }

  /** d ← r, or r as the lowest lane with a's others. */
  give(): void {
    const { o, l, c, r } = this;
    o.setVector(() => {
      if (l.replace === undefined) c.get(r);
      else o.va().get(r).lane(l.replace, 0);
    });
  }

  constant(value: number): Code {
    const { c, l } = this;
    if (!l.packed) return l.single ? c.f32(value) : c.f64(value);
    const bits = l.single
      ? BigInt(new Uint32Array(Float32Array.of(value).buffer)[0]) * 0x100000001n
      : new BigUint64Array(Float64Array.of(value).buffer)[0];
    return c.v128(bits, bits);
  }

  /** Makes of a condition in any lane an i32. */
  any(): Code {
    return this.l.packed ? this.c.op(V.V128_ANY_TRUE) : this.c;
  }

  get least(): number {
    return this.l.single ? MIN_SINGLE : MIN_DOUBLE;
  }

  /** Twice the bits of a scalar, without its sign: order as of magnitudes. */
  private magnitude(local: number): Code {
    const { c, l } = this;
    if (l.single) return c.get(local).op(V.I32_REINTERPRET_F32).i32(1).op(W.I32_SHL);
    return c.get(local).op(V.I64_REINTERPRET_F64).i64(1).op(W.I64_SHL);
  }

  /** Push whether a local is denormal. */
  denormal(local: number): void {
    const { c, l } = this;
    if (l.packed) {
      c.get(local).op(l.abs);
      this.constant(this.least).op(l.lt).get(local);
      this.constant(0).op(l.ne).op(l.and);
    } else if (l.single) this.magnitude(local).i32(1).op(W.I32_SUB).i32(0xffffff).op(W.I32_LT_U);
    else this.magnitude(local).i64(1).op(W.I64_SUB).i64Big(0x1fffffffffffffn).op(W.I64_LT_U);
  }

  /** Push whether a local is a NaN or denormal. */
  incomparable(local: number): void {
    const { c, l } = this;
    this.denormal(local);
    c.get(local).get(local).op(l.ne).op(l.or);
  }

  /** Push whether the result is neither zero nor a normal number above the least; a local. */
  outOfRange(local: number): void {
    const { c, l } = this;
    if (l.packed) {
      // Not: above the least and below infinity.
      c.get(local).op(l.abs);
      this.constant(this.least).op(l.gt);
      c.get(local).op(l.abs);
      this.constant(Number.POSITIVE_INFINITY).op(l.lt).op(l.and).op(V.V128_NOT);
    } else if (l.single) {
      this.magnitude(local)
        .i32(2 << 24)
        .op(W.I32_SUB)
        .i32(0xfd << 24)
        .op(W.I32_GE_U);
    } else
      this.magnitude(local)
        .i64Big(2n << 53n)
        .op(W.I64_SUB)
        .i64Big(0x7fdn << 53n)
        .op(W.I64_GE_U);
  }

  /** Where MXCSR is not as the fast way needs it, but could be if the operation is exact: `inexact` pushes an i32. */
  whenRounding(inexact: () => void): void {
    const { c, o } = this;
    o.roundingState();
    c.if();
    o.roundingState().i32(Mxcsr.PE).op(W.I32_NE);
    o.slowIf();
    inexact();
    o.slowIf();
    c.end();
  }

  /** Push whether something is lost in x ± y = r (Knuth, "TwoSum"). */
  lostInSum(subtract: boolean): void {
    const { c, l, x, y, r } = this;
    const z = this.o.local(l.type, 3);
    c.get(r).get(x).op(l.sub).set(z);
    c.get(x).get(r).get(z).op(l.sub).op(l.sub);
    // y − z, or (−y) − z, whose sign does not matter once the sum below is turned round too.
    if (subtract) c.get(y).get(z).op(l.add).op(l.sub);
    else c.get(y).get(z).op(l.sub).op(l.add);
    this.constant(0).op(l.ne);
    this.any();
  }

  /** Push whether something is lost in p · q = product (Dekker, "Mul12"), or whether that cannot be told; lane by lane. */
  lostInProduct(p: number, q: number, product: number): void {
    const { c, l, o } = this;
    if (l.packed && l.single) {
      c.v128(0xffffffffffffffffn, 0xffffffffffffffffn);
      return;
    }
    if (l.single) {
      const wide = (local: number): Code => c.get(local).op(V.F64_PROMOTE_F32);
      wide(p) && wide(q).op(V.F64_MUL) && wide(product).op(V.F64_NE);
      return;
    }
    const [pHigh, pLow, qHigh, qLow] = [3, 4, 5, 6].map((n) => o.local(l.type, n));
    const split = (local: number, high: number, low: number): void => {
      c.get(local);
      this.constant(134217729).op(l.mul).tee(high);
      c.get(high).get(local).op(l.sub).op(l.sub).set(high);
      c.get(local).get(high).op(l.sub).set(low);
    };
    split(p, pHigh, pLow);
    split(q, qHigh, qLow);
    c.get(p).get(q).op(l.mul).get(product).op(l.ne);
    c.get(product).op(l.abs);
    this.constant(SAFE_PRODUCT).op(l.le).op(l.or);
    c.get(pLow).get(qLow).op(l.mul);
    c.get(product).get(pHigh).get(qHigh).op(l.mul).op(l.sub);
    c.get(pLow).get(qHigh).op(l.mul).op(l.sub);
    c.get(pHigh).get(qLow).op(l.mul).op(l.sub);
    c.op(l.sub);
    this.constant(0).op(l.ne).op(l.or);
  }
}
