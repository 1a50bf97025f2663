/**
 * The pure vector micro-ops in WebAssembly: VECTOR, VGET and VSET, once for the
 * interpreter and the region compiler, as wasm/ops.ts does for the others. An
 * operation without an entry here is the evaluator's.
 */
import { VectorGet, VectorOp, VectorSet } from '../ir/vector-ops';
import type { Code } from './encoder';
import { Type, W } from './opcodes';
import type { VectorEmit } from './operands';
import { V } from './simd';

/** Operations whose code depends on the literal so that the interpreter cannot have it. */
export interface VectorCode {
  emit: VectorEmit;
  needsLiteral?: boolean;
}

const zero = (c: Code): Code => c.v128(0n, 0n);

/** d ← a op b */
const binary = (op: V): VectorCode => ({ emit: (o) => o.setVector(() => o.va() && o.vb().op(op)) });

function shuffled(bytes: (i: number, literal: number) => number, needsLiteral = true): VectorCode {
  const emit: VectorEmit = (o) =>
    o.setVector(() => {
      o.va();
      o.vb().shuffle(Array.from({ length: 16 }, (_, i) => bytes(i, o.literal ?? 0)));
    });
  return { emit, needsLiteral };
}

/** A shuffle whose literal gives lane numbers: lane i of `width` bytes is lane `from` of a (b's come behind a's). */
function lanes(
  width: number,
  from: (lane: number, literal: number) => number,
  needsLiteral = true,
): VectorCode {
  return shuffled((i, imm) => from(Math.floor(i / width), imm) * width + (i % width), needsLiteral);
}

function unpack(width: number, high: boolean): VectorCode {
  const count = 16 / width;
  const first = high ? count / 2 : 0;
  return lanes(width, (i) => first + (i >> 1) + (i & 1 ? count : 0), false);
}

/** A shift by a literal or, with `byVector`, by b's low half; too large counts give zero, or all signs. */
function shift(op: V, bits: number, signed: boolean, byVector: boolean): VectorCode {
  const emit: VectorEmit = (o) => {
    const { c } = o;
    if (!byVector && o.literal !== undefined) {
      const count = signed ? Math.min(o.literal, bits - 1) : o.literal;
      o.setVector(() => {
        if (count >= bits) zero(c);
        else o.va().i32(count).op(op);
      });
      return;
    }
    const count = o.local(Type.I64, 0);
    if (byVector) o.vb().lane(V.I64X2_EXTRACT_LANE, 0);
    else o.pushLiteral().op(W.I64_EXTEND_I32_U);
    c.set(count);
    o.setVector(() => {
      const small = (): Code => c.get(count).i64(bits).op(W.I64_LT_U);
      o.va();
      if (signed) {
        c.get(count)
          .op(W.I32_WRAP_I64)
          .i32(bits - 1);
        small().op(W.SELECT).op(op);
      } else {
        c.get(count).op(W.I32_WRAP_I64).op(op);
        zero(c);
        small().op(W.SELECT);
      }
    });
  };
  return { emit };
}

/** High words of the products of words. */
function highProducts(low: V, high: V): VectorCode {
  const emit: VectorEmit = (o) =>
    o.setVector(() => {
      o.va() && o.vb().op(low);
      o.va() && o.vb().op(high);
      // The upper word of each doubleword.
      o.c.shuffle(Array.from({ length: 16 }, (_, i) => (i >> 1) * 4 + 2 + (i & 1)));
    });
  return { emit };
}

const EVEN_LANES = Array.from({ length: 16 }, (_, i) => ((i >> 2) * 8 + (i & 3)) % 32);

/** Products of the even doublewords. */
function evenProducts(product: V): VectorEmit {
  return (o) =>
    o.setVector(() => {
      // Only the low half of each shuffle's result counts.
      o.va();
      o.va().shuffle(EVEN_LANES);
      o.vb();
      o.vb().shuffle(EVEN_LANES).op(product);
    });
}

/** d ← op of b, several times over. */
const unary = (...ops: V[]): VectorCode => ({
  emit: (o) =>
    o.setVector(() => {
      o.vb();
      for (const op of ops) o.c.op(op);
    }),
});

/** Neighbours of both operands: even lanes with odd lanes. */
function horizontal(op: V, width: 2 | 4): VectorCode {
  const pick = (odd: number): number[] =>
    Array.from({ length: 16 }, (_, i) => (Math.floor(i / width) * 2 + odd) * width + (i % width));
  return {
    emit: (o) =>
      o.setVector(() => {
        o.va() && o.vb().shuffle(pick(0));
        o.va() && o.vb().shuffle(pick(1)).op(op);
      }),
  };
}

/** a's lanes negated where b is negative, and zero where it is zero. */
function signed(sub: V, greater: V, equal: V): VectorCode {
  return {
    emit: (o) =>
      o.setVector(() => {
        const { c } = o;
        zero(c) && o.va().op(sub);
        o.va();
        zero(c) && o.vb().op(greater).op(V.V128_BITSELECT);
        o.vb() && zero(c).op(equal).op(V.V128_ANDNOT);
      }),
  };
}

/** Bytes of b and then a from the literal's on, zeros behind them. */
const aligned: VectorEmit = (o) =>
  o.setVector(() => {
    const n = Math.min(o.literal ?? 0, 32);
    if (n <= 16) o.vb() && o.va().shuffle(Array.from({ length: 16 }, (_, i) => i + n));
    else o.va() && zero(o.c).shuffle(Array.from({ length: 16 }, (_, i) => i + n - 16));
  });

/** Swizzling gives 0 for every number above 15, x86 only for those with the top bit set. */
const shuffledBytes: VectorEmit = (o) =>
  o.setVector(() => {
    o.va();
    o.vb().v128(0x8f8f8f8f8f8f8f8fn, 0x8f8f8f8f8f8f8f8fn).op(V.V128_AND).op(V.I8X16_SWIZZLE);
  });

/** Lanes of b where the literal has a bit. */
function blend(width: number): VectorCode {
  return lanes(width, (i, imm) => ((imm >> i) & 1 ? i + 16 / width : i));
}

const sumOfDifferences: VectorEmit = (o) =>
  o.setVector(() => {
    const { c } = o;
    const sums = o.local(Type.V128, 0);
    o.va() && o.vb().op(V.I8X16_SUB_SAT_U);
    o.vb() && o.va().op(V.I8X16_SUB_SAT_U).op(V.V128_OR);
    c.op(V.I16X8_EXTADD_PAIRWISE_I8X16_U).op(V.I32X4_EXTADD_PAIRWISE_I16X8_U).tee(sums);
    c.i32(32).op(V.I64X2_SHR_U);
    c.get(sums).v128(0xffffffffn, 0xffffffffn).op(V.V128_AND).op(V.I64X2_ADD);
  });

/** By operation. */
export const VECTOR_CODE: Readonly<Record<number, VectorCode | undefined>> = {
  [VectorOp.MOV]: { emit: (o) => o.setVector(() => o.va()) },
  [VectorOp.AND]: binary(V.V128_AND),
  // WebAssembly inverts its second operand, x86 its first.
  [VectorOp.ANDN]: { emit: (o) => o.setVector(() => o.vb() && o.va().op(V.V128_ANDNOT)) },
  [VectorOp.OR]: binary(V.V128_OR),
  [VectorOp.XOR]: binary(V.V128_XOR),

  [VectorOp.ADD8]: binary(V.I8X16_ADD),
  [VectorOp.ADD16]: binary(V.I16X8_ADD),
  [VectorOp.ADD32]: binary(V.I32X4_ADD),
  [VectorOp.ADD64]: binary(V.I64X2_ADD),
  [VectorOp.SUB8]: binary(V.I8X16_SUB),
  [VectorOp.SUB16]: binary(V.I16X8_SUB),
  [VectorOp.SUB32]: binary(V.I32X4_SUB),
  [VectorOp.SUB64]: binary(V.I64X2_SUB),
  [VectorOp.ADDS8]: binary(V.I8X16_ADD_SAT_S),
  [VectorOp.ADDS16]: binary(V.I16X8_ADD_SAT_S),
  [VectorOp.ADDU8]: binary(V.I8X16_ADD_SAT_U),
  [VectorOp.ADDU16]: binary(V.I16X8_ADD_SAT_U),
  [VectorOp.SUBS8]: binary(V.I8X16_SUB_SAT_S),
  [VectorOp.SUBS16]: binary(V.I16X8_SUB_SAT_S),
  [VectorOp.SUBU8]: binary(V.I8X16_SUB_SAT_U),
  [VectorOp.SUBU16]: binary(V.I16X8_SUB_SAT_U),

  [VectorOp.MULLOW16]: binary(V.I16X8_MUL),
  [VectorOp.MULHIGHS16]: highProducts(V.I32X4_EXTMUL_LOW_I16X8_S, V.I32X4_EXTMUL_HIGH_I16X8_S),
  [VectorOp.MULHIGHU16]: highProducts(V.I32X4_EXTMUL_LOW_I16X8_U, V.I32X4_EXTMUL_HIGH_I16X8_U),
  [VectorOp.MULU32]: { emit: evenProducts(V.I64X2_EXTMUL_LOW_I32X4_U) },
  [VectorOp.MULADD16]: binary(V.I32X4_DOT_I16X8_S),
  [VectorOp.SAD8]: { emit: sumOfDifferences },
  [VectorOp.AVG8]: binary(V.I8X16_AVGR_U),
  [VectorOp.AVG16]: binary(V.I16X8_AVGR_U),
  [VectorOp.MINU8]: binary(V.I8X16_MIN_U),
  [VectorOp.MAXU8]: binary(V.I8X16_MAX_U),
  [VectorOp.MINS16]: binary(V.I16X8_MIN_S),
  [VectorOp.MAXS16]: binary(V.I16X8_MAX_S),

  [VectorOp.EQ8]: binary(V.I8X16_EQ),
  [VectorOp.EQ16]: binary(V.I16X8_EQ),
  [VectorOp.EQ32]: binary(V.I32X4_EQ),
  [VectorOp.GT8]: binary(V.I8X16_GT_S),
  [VectorOp.GT16]: binary(V.I16X8_GT_S),
  [VectorOp.GT32]: binary(V.I32X4_GT_S),

  [VectorOp.SHL16]: shift(V.I16X8_SHL, 16, false, true),
  [VectorOp.SHL32]: shift(V.I32X4_SHL, 32, false, true),
  [VectorOp.SHL64]: shift(V.I64X2_SHL, 64, false, true),
  [VectorOp.SHR16]: shift(V.I16X8_SHR_U, 16, false, true),
  [VectorOp.SHR32]: shift(V.I32X4_SHR_U, 32, false, true),
  [VectorOp.SHR64]: shift(V.I64X2_SHR_U, 64, false, true),
  [VectorOp.SAR16]: shift(V.I16X8_SHR_S, 16, true, true),
  [VectorOp.SAR32]: shift(V.I32X4_SHR_S, 32, true, true),
  [VectorOp.SHLI16]: shift(V.I16X8_SHL, 16, false, false),
  [VectorOp.SHLI32]: shift(V.I32X4_SHL, 32, false, false),
  [VectorOp.SHLI64]: shift(V.I64X2_SHL, 64, false, false),
  [VectorOp.SHRI16]: shift(V.I16X8_SHR_U, 16, false, false),
  [VectorOp.SHRI32]: shift(V.I32X4_SHR_U, 32, false, false),
  [VectorOp.SHRI64]: shift(V.I64X2_SHR_U, 64, false, false),
  [VectorOp.SARI16]: shift(V.I16X8_SHR_S, 16, true, false),
  [VectorOp.SARI32]: shift(V.I32X4_SHR_S, 32, true, false),
  [VectorOp.SHLBYTES]: {
    needsLiteral: true,
    emit: (o) =>
      o.setVector(() => {
        const n = Math.min(o.literal ?? 0, 16);
        zero(o.c);
        o.va().shuffle(Array.from({ length: 16 }, (_, i) => i + 16 - n));
      }),
  },
  [VectorOp.SHRBYTES]: {
    needsLiteral: true,
    emit: (o) =>
      o.setVector(() => {
        const n = Math.min(o.literal ?? 0, 16);
        o.va();
        zero(o.c).shuffle(Array.from({ length: 16 }, (_, i) => i + n));
      }),
  },

  [VectorOp.UNPACKLOW8]: unpack(1, false),
  [VectorOp.UNPACKLOW16]: unpack(2, false),
  [VectorOp.UNPACKLOW32]: unpack(4, false),
  [VectorOp.UNPACKLOW64]: unpack(8, false),
  [VectorOp.UNPACKHIGH8]: unpack(1, true),
  [VectorOp.UNPACKHIGH16]: unpack(2, true),
  [VectorOp.UNPACKHIGH32]: unpack(4, true),
  [VectorOp.UNPACKHIGH64]: unpack(8, true),
  [VectorOp.PACKS16]: binary(V.I8X16_NARROW_I16X8_S),
  [VectorOp.PACKS32]: binary(V.I16X8_NARROW_I32X4_S),
  [VectorOp.PACKU16]: binary(V.I8X16_NARROW_I16X8_U),

  [VectorOp.SHUFFLE32]: lanes(4, (i, imm) => (imm >> (2 * i)) & 3),
  [VectorOp.SHUFFLELOW16]: lanes(2, (i, imm) => (i < 4 ? (imm >> (2 * i)) & 3 : i)),
  [VectorOp.SHUFFLEHIGH16]: lanes(2, (i, imm) => (i < 4 ? i : 4 + ((imm >> (2 * i - 8)) & 3))),
  [VectorOp.SHUFFLE2X32]: lanes(4, (i, imm) => ((imm >> (2 * i)) & 3) + (i < 2 ? 0 : 4)),
  [VectorOp.SHUFFLE2X64]: lanes(8, (i, imm) => ((imm >> i) & 1) + 2 * i),
  [VectorOp.LOW32]: lanes(4, (i) => (i === 0 ? 4 : i), false),
  [VectorOp.LOW64]: lanes(8, (i) => (i === 0 ? 2 : i), false),
  [VectorOp.HIGHHIGH]: lanes(8, (i) => (i === 0 ? 3 : 1), false),
  [VectorOp.ZEXT64]: {
    emit: (o) => o.setVector(() => o.va() && o.c.v128(0xffffffffffffffffn, 0n).op(V.V128_AND)),
  },
  [VectorOp.CVT_I32_F64]: { emit: (o) => o.setVector(() => o.va().op(V.F64X2_CONVERT_LOW_I32X4_S)) },

  [VectorOp.SHUFFLE8]: { emit: shuffledBytes },
  [VectorOp.ABS8]: unary(V.I8X16_ABS),
  [VectorOp.ABS16]: unary(V.I16X8_ABS),
  [VectorOp.ABS32]: unary(V.I32X4_ABS),
  [VectorOp.SIGN8]: signed(V.I8X16_SUB, V.I8X16_GT_S, V.I8X16_EQ),
  [VectorOp.SIGN16]: signed(V.I16X8_SUB, V.I16X8_GT_S, V.I16X8_EQ),
  [VectorOp.SIGN32]: signed(V.I32X4_SUB, V.I32X4_GT_S, V.I32X4_EQ),
  [VectorOp.ALIGN8]: { emit: aligned, needsLiteral: true },
  [VectorOp.HADD16]: horizontal(V.I16X8_ADD, 2),
  [VectorOp.HADD32]: horizontal(V.I32X4_ADD, 4),
  [VectorOp.HADDS16]: horizontal(V.I16X8_ADD_SAT_S, 2),
  [VectorOp.HSUB16]: horizontal(V.I16X8_SUB, 2),
  [VectorOp.HSUB32]: horizontal(V.I32X4_SUB, 4),
  [VectorOp.HSUBS16]: horizontal(V.I16X8_SUB_SAT_S, 2),
  [VectorOp.BLEND16]: blend(2),
  [VectorOp.BLEND32]: blend(4),
  [VectorOp.BLEND64]: blend(8),
  [VectorOp.MINS8]: binary(V.I8X16_MIN_S),
  [VectorOp.MAXS8]: binary(V.I8X16_MAX_S),
  [VectorOp.MINU16]: binary(V.I16X8_MIN_U),
  [VectorOp.MAXU16]: binary(V.I16X8_MAX_U),
  [VectorOp.MINS32]: binary(V.I32X4_MIN_S),
  [VectorOp.MAXS32]: binary(V.I32X4_MAX_S),
  [VectorOp.MINU32]: binary(V.I32X4_MIN_U),
  [VectorOp.MAXU32]: binary(V.I32X4_MAX_U),
  [VectorOp.MULLOW32]: binary(V.I32X4_MUL),
  [VectorOp.MULS32]: { emit: evenProducts(V.I64X2_EXTMUL_LOW_I32X4_S) },
  [VectorOp.WIDENS8TO16]: unary(V.I16X8_EXTEND_LOW_I8X16_S),
  [VectorOp.WIDENS8TO32]: unary(V.I16X8_EXTEND_LOW_I8X16_S, V.I32X4_EXTEND_LOW_I16X8_S),
  [VectorOp.WIDENS8TO64]: unary(
    V.I16X8_EXTEND_LOW_I8X16_S,
    V.I32X4_EXTEND_LOW_I16X8_S,
    V.I64X2_EXTEND_LOW_I32X4_S,
  ),
  [VectorOp.WIDENS16TO32]: unary(V.I32X4_EXTEND_LOW_I16X8_S),
  [VectorOp.WIDENS16TO64]: unary(V.I32X4_EXTEND_LOW_I16X8_S, V.I64X2_EXTEND_LOW_I32X4_S),
  [VectorOp.WIDENS32TO64]: unary(V.I64X2_EXTEND_LOW_I32X4_S),
  [VectorOp.WIDENU8TO16]: unary(V.I16X8_EXTEND_LOW_I8X16_U),
  [VectorOp.WIDENU8TO32]: unary(V.I16X8_EXTEND_LOW_I8X16_U, V.I32X4_EXTEND_LOW_I16X8_U),
  [VectorOp.WIDENU8TO64]: unary(
    V.I16X8_EXTEND_LOW_I8X16_U,
    V.I32X4_EXTEND_LOW_I16X8_U,
    V.I64X2_EXTEND_LOW_I32X4_U,
  ),
  [VectorOp.WIDENU16TO32]: unary(V.I32X4_EXTEND_LOW_I16X8_U),
  [VectorOp.WIDENU16TO64]: unary(V.I32X4_EXTEND_LOW_I16X8_U, V.I64X2_EXTEND_LOW_I32X4_U),
  [VectorOp.WIDENU32TO64]: unary(V.I64X2_EXTEND_LOW_I32X4_U),
  [VectorOp.EQ64]: binary(V.I64X2_EQ),
  [VectorOp.GT64]: binary(V.I64X2_GT_S),
  [VectorOp.PACKU32]: binary(V.I16X8_NARROW_I32X4_U),
};

/** By kind of VGET. A lane's number must be known: the interpreter reads lanes from memory itself. */
export const GET_CODE: Readonly<Record<Exclude<VectorGet, VectorGet.COUNT>, VectorEmit>> = {
  [VectorGet.LANE8]: (o) => o.set32(() => o.va().lane(V.I8X16_EXTRACT_LANE_U, o.literal ?? 0)),
  [VectorGet.LANE16]: (o) => o.set32(() => o.va().lane(V.I16X8_EXTRACT_LANE_U, o.literal ?? 0)),
  [VectorGet.LANE32]: (o) => o.set32(() => o.va().lane(V.I32X4_EXTRACT_LANE, o.literal ?? 0)),
  [VectorGet.LANE64]: (o) => o.set64(() => o.va().lane(V.I64X2_EXTRACT_LANE, o.literal ?? 0)),
  [VectorGet.SIGNS8]: (o) => o.set32(() => o.va().op(V.I8X16_BITMASK)),
  [VectorGet.SIGNS32]: (o) => o.set32(() => o.va().op(V.I32X4_BITMASK)),
  [VectorGet.SIGNS64]: (o) => o.set32(() => o.va().op(V.I64X2_BITMASK)),
};

/** By kind of VSET, likewise. */
export const SET_CODE: Readonly<Record<Exclude<VectorSet, VectorSet.COUNT>, VectorEmit>> = {
  [VectorSet.LANE8]: (o) => o.setVector(() => o.va() && o.b32().lane(V.I8X16_REPLACE_LANE, o.literal ?? 0)),
  [VectorSet.LANE16]: (o) => o.setVector(() => o.va() && o.b32().lane(V.I16X8_REPLACE_LANE, o.literal ?? 0)),
  [VectorSet.LANE32]: (o) => o.setVector(() => o.va() && o.b32().lane(V.I32X4_REPLACE_LANE, o.literal ?? 0)),
  [VectorSet.LANE64]: (o) => o.setVector(() => o.va() && o.b64().lane(V.I64X2_REPLACE_LANE, o.literal ?? 0)),
  [VectorSet.ONLY32]: (o) => o.setVector(() => zero(o.c) && o.b32().lane(V.I32X4_REPLACE_LANE, 0)),
  [VectorSet.ONLY64]: (o) => o.setVector(() => zero(o.c) && o.b64().lane(V.I64X2_REPLACE_LANE, 0)),
  [VectorSet.I32_F64]: (o) =>
    o.setVector(() => o.va() && o.b32().op(V.F64_CONVERT_I32_S).lane(V.F64X2_REPLACE_LANE, 0)),
};
