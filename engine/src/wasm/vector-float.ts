/**
 * FLOAT, FGET and FSET in WebAssembly: the fast way of ir/vector-float.ts, with
 * the same conditions. Where these do not hold, the instruction begins again in
 * the evaluator, which has the exact way too.
 */
import { FloatGet, FloatOp, FloatSet, FloatShape } from '../ir/vector-float';
import { ALGEBRAS, F32, F32X4, F64X2, FloatEmitter } from './float-emitter';
import { Type, W } from './opcodes';
import type { VectorEmit, VectorOperands } from './operands';
import { V } from './simd';

type Arithmetic = FloatOp.ADD | FloatOp.SUB | FloatOp.MUL | FloatOp.DIV | FloatOp.SQRT;

function arithmetic(op: Arithmetic, shape: FloatShape): VectorEmit {
  const l = ALGEBRAS[shape];
  const unary = op === FloatOp.SQRT;
  return (o) => {
    const e = new FloatEmitter(o, l);
    const { c, x, y, r } = e;
    e.take(unary ? 'y' : 'xy');
    if (unary) c.get(y).op(l.sqrt).set(r);
    else {
      const opcode = {
        [FloatOp.ADD]: l.add,
        [FloatOp.SUB]: l.sub,
        [FloatOp.MUL]: l.mul,
        [FloatOp.DIV]: l.div,
      }[op];
      c.get(x).get(y).op(opcode).set(r);
    }
    const isNot0 = (local: number): void => {
      c.get(local);
      e.constant(0).op(l.ne);
    };
    e.outOfRange(r);
    // Zeros are right where they are exact.
    isNot0(r);
    if (op === FloatOp.MUL) {
      isNot0(x);
      isNot0(y);
      c.op(l.and).op(l.or);
    } else if (op === FloatOp.DIV) {
      isNot0(x);
      c.op(l.or);
    }
    c.op(l.and);
    e.denormal(y);
    c.op(l.or);
    if (!unary) {
      e.denormal(x);
      c.op(l.or);
    }
    e.any();
    o.slowIf();
    e.whenRounding(() => {
      if (op === FloatOp.ADD || op === FloatOp.SUB) e.lostInSum(op === FloatOp.SUB);
      else if (op === FloatOp.MUL) exceptZero(e, () => e.lostInProduct(x, y, r));
      else if (op === FloatOp.DIV) exceptZero(e, () => e.lostInProduct(r, y, x));
      else exceptZero(e, () => e.lostInProduct(r, r, y));
    });
    e.give();
  };
}

/** Results that are zero have passed the other test and are exact. */
function exceptZero(e: FloatEmitter, lost: () => void): void {
  const { c, l, r } = e;
  lost();
  c.get(r);
  e.constant(0).op(l.ne).op(l.and);
  e.any();
}

function extreme(op: FloatOp.MIN | FloatOp.MAX, shape: FloatShape): VectorEmit {
  const l = ALGEBRAS[shape];
  return (o) => {
    const e = new FloatEmitter(o, l);
    const { c, x, y, r } = e;
    e.take('xy');
    e.incomparable(x);
    e.incomparable(y);
    c.op(l.or);
    e.any();
    o.slowIf();
    if (l.packed) {
      // pmin(b, a) is a < b ? a : b, pmax(b, a) is b < a ? a : b: the second operand unless beaten.
      const single = op === FloatOp.MIN ? V.F32X4_PMIN : V.F32X4_PMAX;
      const double = op === FloatOp.MIN ? V.F64X2_PMIN : V.F64X2_PMAX;
      c.get(y)
        .get(x)
        .op(l.single ? single : double)
        .set(r);
    } else {
      c.get(x)
        .get(y)
        .get(x)
        .get(y)
        .op(op === FloatOp.MIN ? l.lt : l.gt)
        .op(W.SELECT)
        .set(r);
    }
    e.give();
  };
}

/** Of comparable numbers: predicate n + 4 is the opposite of n, and nothing is unordered. */
function comparison(shape: FloatShape): VectorEmit {
  const l = ALGEBRAS[shape];
  const scalar = l.packed ? undefined : l.single ? F32X4 : F64X2;
  return (o) => {
    const predicate = o.literal ?? 0;
    const e = new FloatEmitter(o, l);
    const { c } = e;
    e.take('xy');
    e.incomparable(e.x);
    e.incomparable(e.y);
    c.op(l.or);
    e.any();
    o.slowIf();
    o.setVector(() => {
      const v = scalar ?? l;
      const opcode = [v.eq, v.lt, v.le, undefined, v.ne, v.ge, v.gt, undefined][predicate];
      if (opcode === undefined) {
        const ones = predicate === 7 ? 0xffffffffffffffffn : 0n;
        c.v128(ones, ones);
      } else o.va() && o.vb().op(opcode);
      // Of a scalar only the lowest lane, the others being a's.
      if (scalar) o.va() && c.v128(l.single ? 0xffffffffn : 0xffffffffffffffffn, 0n).op(V.V128_BITSELECT);
    });
  };
}

function compareFlags(shape: FloatShape): VectorEmit {
  const l = ALGEBRAS[shape];
  return (o) => {
    const e = new FloatEmitter(o, l);
    const { c, x, y } = e;
    e.take('xy');
    e.incomparable(x);
    e.incomparable(y);
    c.op(l.or);
    o.slowIf();
    // CF and ZF.
    o.set32(() => {
      c.get(x).get(y).op(l.lt);
      c.get(x).get(y).op(l.eq).i32(6).op(W.I32_SHL).op(W.I32_OR);
    });
  };
}

/** Push whether MXCSR is not as rounding needs it and the pushed i32 is not 0. */
function slowIfRounding(o: VectorOperands, inexact: () => void): void {
  inexact();
  o.c.i32(0);
  o.roundingState().op(W.SELECT);
  o.slowIf();
}

function toInteger(shape: FloatShape, bits: 32 | 64, truncate: boolean): VectorEmit {
  const l = ALGEBRAS[shape];
  return (o) => {
    const e = new FloatEmitter(o, l);
    const { c, x, r } = e;
    e.take('x');
    c.get(x).op(l.abs);
    // Rounding up may reach what does not fit.
    e.constant(bits === 32 ? (l.single ? 2147483520 : 2147483647) : l.single ? 2 ** 62 : 2 ** 62)
      .op(l.lt)
      .op(W.I32_EQZ);
    o.slowIf();
    const nearest = l.single ? V.F32_NEAREST : V.F64_NEAREST;
    c.get(x);
    if (truncate) {
      // As a number again, to see whether it is the same; small ones are exact in the format.
      const toWord = l.single ? V.I64_TRUNC_SAT_F32_S : V.I64_TRUNC_SAT_F64_S;
      c.op(toWord).op(l.single ? V.F32_CONVERT_I64_S : V.F64_CONVERT_I64_S);
    } else c.op(nearest);
    c.set(r);
    // DAZ would make a denormal exact.
    e.denormal(x);
    o.slowIf();
    slowIfRounding(o, () => c.get(r).get(x).op(l.ne));
    const store = (): void => {
      c.get(r);
      if (bits === 32) c.op(l.single ? V.I32_TRUNC_SAT_F32_S : V.I32_TRUNC_SAT_F64_S);
      else c.op(l.single ? V.I64_TRUNC_SAT_F32_S : V.I64_TRUNC_SAT_F64_S);
    };
    if (bits === 32) o.set32(store);
    else o.set64(store);
  };
}

/** CONVERT between scalars and between packed halves. */
function conversion(shape: FloatShape): VectorEmit {
  const l = ALGEBRAS[shape];
  return (o) => {
    const { c } = o;
    const e = new FloatEmitter(o, l);
    const { y } = e;
    e.take('y');
    if (l.single) {
      e.incomparable(y);
      if (l.packed) c.v128(0xffffffffffffffffn, 0n).op(V.V128_AND);
      e.any();
      o.slowIf();
      o.setVector(() => {
        if (l.packed) c.get(y).op(V.F64X2_PROMOTE_LOW_F32X4);
        else o.va().get(y).op(V.F64_PROMOTE_F32).lane(V.F64X2_REPLACE_LANE, 0);
      });
      return;
    }
    const narrow = new FloatEmitter(o, l.packed ? F32X4 : F32);
    const n = o.local(narrow.l.type, l.packed ? 3 : 2);
    c.get(y)
      .op(l.packed ? V.F32X4_DEMOTE_F64X2_ZERO : V.F32_DEMOTE_F64)
      .set(n);
    // Out of range, except zeros made of zeros.
    narrow.outOfRange(n);
    if (l.packed) {
      c.get(n);
      narrow.constant(0).op(narrow.l.ne).op(V.V128_AND).op(V.V128_ANY_TRUE);
      // Lanes that became zero though they were not.
      c.get(n).op(V.F64X2_PROMOTE_LOW_F32X4);
      e.constant(0).op(l.eq).get(y);
      e.constant(0).op(l.ne).op(V.V128_AND).op(V.V128_ANY_TRUE).op(W.I32_OR);
    } else {
      c.get(y).f64(0).op(V.F64_NE).op(W.I32_AND);
    }
    o.slowIf();
    slowIfRounding(o, () => {
      c.get(n)
        .op(l.packed ? V.F64X2_PROMOTE_LOW_F32X4 : V.F64_PROMOTE_F32)
        .get(y)
        .op(l.ne);
      e.any();
    });
    o.setVector(() => {
      if (l.packed) c.get(n);
      else o.va().get(n).lane(V.F32X4_REPLACE_LANE, 0);
    });
  };
}

/** TO_I32 and TRUNCATE_I32 of packed numbers. */
function toIntegers(shape: FloatShape, truncate: boolean): VectorEmit {
  const l = ALGEBRAS[shape];
  return (o) => {
    const e = new FloatEmitter(o, l);
    const { c, y, r } = e;
    e.take('y');
    c.get(y).op(l.abs);
    e.constant(l.single ? 2147483520 : 2147483647)
      .op(l.lt)
      .op(V.V128_NOT);
    e.denormal(y);
    c.op(l.or).op(V.V128_ANY_TRUE);
    o.slowIf();
    c.get(y);
    if (!truncate) c.op(l.single ? V.F32X4_NEAREST : V.F64X2_NEAREST);
    c.op(l.single ? V.I32X4_TRUNC_SAT_F32X4_S : V.I32X4_TRUNC_SAT_F64X2_S_ZERO).set(r);
    slowIfRounding(o, () => {
      c.get(r)
        .op(l.single ? V.F32X4_CONVERT_I32X4_S : V.F64X2_CONVERT_LOW_I32X4_S)
        .get(y)
        .op(l.ne);
      c.op(V.V128_ANY_TRUE);
    });
    o.setVector(() => c.get(r));
  };
}

/** Opcodes by rounding mode: nearest, down, up, toward zero. */
const INTEGRAL: Readonly<Record<FloatShape, readonly V[]>> = {
  [FloatShape.PS]: [V.F32X4_NEAREST, V.F32X4_FLOOR, V.F32X4_CEIL, V.F32X4_TRUNC],
  [FloatShape.SS]: [V.F32_NEAREST, V.F32_FLOOR, V.F32_CEIL, V.F32_TRUNC],
  [FloatShape.PD]: [V.F64X2_NEAREST, V.F64X2_FLOOR, V.F64X2_CEIL, V.F64X2_TRUNC],
  [FloatShape.SD]: [V.F64_NEAREST, V.F64_FLOOR, V.F64_CEIL, V.F64_TRUNC],
};

/** ROUND; where MXCSR's mode is asked for, only to nearest. */
function integral(shape: FloatShape): VectorEmit {
  const l = ALGEBRAS[shape];
  return (o) => {
    const e = new FloatEmitter(o, l);
    const { c, y, r } = e;
    const literal = o.literal ?? 0;
    e.take('y');
    e.incomparable(y);
    e.any();
    o.slowIf();
    if (literal & 4) {
      o.roundingState();
      o.slowIf();
    }
    c.get(y)
      .op(INTEGRAL[shape][literal & 4 ? 0 : literal & 3])
      .set(r);
    if (!(literal & 8)) {
      slowIfRounding(o, () => {
        c.get(r).get(y).op(l.ne);
        e.any();
      });
    }
    e.give();
  };
}

const fromIntegers: VectorEmit = (o) => {
  o.roundingState();
  o.slowIf();
  o.setVector(() => o.vb().op(V.F32X4_CONVERT_I32X4_S));
};

/** FSET: integers below the format's precision are exact. */
function fromInteger(shape: FloatShape, bits: 32 | 64): VectorEmit {
  const single = ALGEBRAS[shape].single;
  const exact = single ? 2n ** 24n : 2n ** 53n;
  return (o) => {
    const { c } = o;
    const value = o.local(Type.I64, 0);
    o.b64();
    if (bits === 32) c.op(W.I64_EXTEND32_S);
    c.set(value);
    slowIfRounding(o, () =>
      c
        .get(value)
        .i64Big(exact)
        .op(W.I64_ADD)
        .i64Big(2n * exact)
        .op(W.I64_GT_U),
    );
    o.setVector(() => {
      o.va()
        .get(value)
        .op(single ? V.F32_CONVERT_I64_S : V.F64_CONVERT_I64_S);
      c.lane(single ? V.F32X4_REPLACE_LANE : V.F64X2_REPLACE_LANE, 0);
    });
  };
}

/** By FloatOp | FloatShape << 5, of FLOAT, FGET and FSET. */
export const FLOAT_CODE: (VectorEmit | undefined)[] = [];
export const FLOAT_GET_CODE: (VectorEmit | undefined)[] = [];
export const FLOAT_SET_CODE: (VectorEmit | undefined)[] = [];

const SCALARS = [FloatShape.SS, FloatShape.SD] as const;
const PACKED = [FloatShape.PS, FloatShape.PD] as const;
const ARITHMETIC = [FloatOp.ADD, FloatOp.SUB, FloatOp.MUL, FloatOp.DIV, FloatOp.SQRT] as const;

for (const shape of [...SCALARS, ...PACKED]) {
  for (const op of ARITHMETIC) FLOAT_CODE[op | (shape << 5)] = arithmetic(op, shape);
  for (const op of [FloatOp.MIN, FloatOp.MAX] as const) FLOAT_CODE[op | (shape << 5)] = extreme(op, shape);
  FLOAT_CODE[FloatOp.CMP | (shape << 5)] = comparison(shape);
  FLOAT_CODE[FloatOp.CONVERT | (shape << 5)] = conversion(shape);
  FLOAT_CODE[FloatOp.ROUND | (shape << 5)] = integral(shape);
}
for (const shape of PACKED) {
  FLOAT_CODE[FloatOp.TO_I32 | (shape << 5)] = toIntegers(shape, false);
  FLOAT_CODE[FloatOp.TRUNCATE_I32 | (shape << 5)] = toIntegers(shape, true);
}
FLOAT_CODE[FloatOp.FROM_I32 | (FloatShape.PS << 5)] = fromIntegers;
for (const shape of SCALARS) {
  FLOAT_GET_CODE[FloatGet.UCOMI | (shape << 5)] = compareFlags(shape);
  FLOAT_GET_CODE[FloatGet.COMI | (shape << 5)] = compareFlags(shape);
  FLOAT_GET_CODE[FloatGet.TO_I32 | (shape << 5)] = toInteger(shape, 32, false);
  FLOAT_GET_CODE[FloatGet.TRUNCATE_I32 | (shape << 5)] = toInteger(shape, 32, true);
  FLOAT_GET_CODE[FloatGet.TO_I64 | (shape << 5)] = toInteger(shape, 64, false);
  FLOAT_GET_CODE[FloatGet.TRUNCATE_I64 | (shape << 5)] = toInteger(shape, 64, true);
  FLOAT_SET_CODE[FloatSet.FROM_I32 | (shape << 5)] = fromInteger(shape, 32);
  FLOAT_SET_CODE[FloatSet.FROM_I64 | (shape << 5)] = fromInteger(shape, 64);
}
