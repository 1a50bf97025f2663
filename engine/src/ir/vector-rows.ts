/**
 * The pure vector operations of micro-op VECTOR: one row each, with a name and
 * what the evaluator does. SDM 2's "Operation" sections say the same per
 * instruction. Floating-point arithmetic, which depends on MXCSR, is in
 * ir/vector-float.ts.
 */
import {
  alignBytes,
  approximation,
  blendByLiteral,
  byteShift,
  insertSingle,
  minPosition,
  mulAddBytes,
  reciprocal,
  reciprocalRoot,
  shuffleBytes,
  sumOfDifferences,
  sumsOfDifferences,
  unpack,
  widenB,
  widenTo64,
} from './vector-functions';
import {
  halves,
  horizontal,
  lanes,
  lanes64,
  pack,
  pairs,
  s8,
  s16,
  shift,
  shuffle,
  u8,
  u16,
  type VectorFunction,
  widen,
} from './vector-lanes';
import { VectorOp } from './vector-ops';

/** One operation. */
export interface VectorRow {
  name: string;
  run: VectorFunction;
}

const MASK = (x: boolean): number => (x ? -1 : 0);
const low32 = (x: bigint): bigint => x & 0xffffffffn;

const sign = (x: number, y: number): number => (y < 0 ? -x : y === 0 ? 0 : x);
const ALL64 = 0xffffffffffffffffn;
const signed64 = (x: bigint): bigint => BigInt.asIntN(64, x);
const signed32 = (x: bigint): bigint => BigInt.asIntN(32, x);

function row(name: string, run: VectorFunction): VectorRow {
  return { name, run };
}

/** Rows by operation. */
export const VECTOR_ROWS: Readonly<Record<Exclude<VectorOp, VectorOp.COUNT>, VectorRow>> = {
  [VectorOp.MOV]: row('MOV', (s, d, a) => {
    s.u64[d] = s.u64[a];
    s.u64[d + 1] = s.u64[a + 1];
  }),
  [VectorOp.AND]: row(
    'AND',
    lanes('u32', (x, y) => x & y),
  ),
  [VectorOp.ANDN]: row(
    'ANDN',
    lanes('u32', (x, y) => ~x & y),
  ),
  [VectorOp.OR]: row(
    'OR',
    lanes('u32', (x, y) => x | y),
  ),
  [VectorOp.XOR]: row(
    'XOR',
    lanes('u32', (x, y) => x ^ y),
  ),

  [VectorOp.ADD8]: row(
    'ADD8',
    lanes('u8', (x, y) => x + y),
  ),
  [VectorOp.ADD16]: row(
    'ADD16',
    lanes('u16', (x, y) => x + y),
  ),
  [VectorOp.ADD32]: row(
    'ADD32',
    lanes('u32', (x, y) => x + y),
  ),
  [VectorOp.ADD64]: row(
    'ADD64',
    lanes64((x, y) => x + y),
  ),
  [VectorOp.SUB8]: row(
    'SUB8',
    lanes('u8', (x, y) => x - y),
  ),
  [VectorOp.SUB16]: row(
    'SUB16',
    lanes('u16', (x, y) => x - y),
  ),
  [VectorOp.SUB32]: row(
    'SUB32',
    lanes('u32', (x, y) => x - y),
  ),
  [VectorOp.SUB64]: row(
    'SUB64',
    lanes64((x, y) => x - y),
  ),
  [VectorOp.ADDS8]: row(
    'ADDS8',
    lanes('i8', (x, y) => s8(x + y)),
  ),
  [VectorOp.ADDS16]: row(
    'ADDS16',
    lanes('i16', (x, y) => s16(x + y)),
  ),
  [VectorOp.ADDU8]: row(
    'ADDU8',
    lanes('u8', (x, y) => u8(x + y)),
  ),
  [VectorOp.ADDU16]: row(
    'ADDU16',
    lanes('u16', (x, y) => u16(x + y)),
  ),
  [VectorOp.SUBS8]: row(
    'SUBS8',
    lanes('i8', (x, y) => s8(x - y)),
  ),
  [VectorOp.SUBS16]: row(
    'SUBS16',
    lanes('i16', (x, y) => s16(x - y)),
  ),
  [VectorOp.SUBU8]: row(
    'SUBU8',
    lanes('u8', (x, y) => u8(x - y)),
  ),
  [VectorOp.SUBU16]: row(
    'SUBU16',
    lanes('u16', (x, y) => u16(x - y)),
  ),

  [VectorOp.MULLOW16]: row(
    'MULLOW16',
    lanes('i16', (x, y) => x * y),
  ),
  [VectorOp.MULHIGHS16]: row(
    'MULHIGHS16',
    lanes('i16', (x, y) => (x * y) >> 16),
  ),
  [VectorOp.MULHIGHU16]: row(
    'MULHIGHU16',
    lanes('u16', (x, y) => (x * y) / 0x10000),
  ),
  [VectorOp.MULU32]: row(
    'MULU32',
    lanes64((x, y) => low32(x) * low32(y)),
  ),
  [VectorOp.MULADD16]: row(
    'MULADD16',
    pairs('i16', 'i32', (a0, a1, b0, b1) => a0 * b0 + a1 * b1),
  ),
  [VectorOp.SAD8]: row('SAD8', sumOfDifferences),
  [VectorOp.AVG8]: row(
    'AVG8',
    lanes('u8', (x, y) => (x + y + 1) >> 1),
  ),
  [VectorOp.AVG16]: row(
    'AVG16',
    lanes('u16', (x, y) => (x + y + 1) >> 1),
  ),
  [VectorOp.MINU8]: row('MINU8', lanes('u8', Math.min)),
  [VectorOp.MAXU8]: row('MAXU8', lanes('u8', Math.max)),
  [VectorOp.MINS16]: row('MINS16', lanes('i16', Math.min)),
  [VectorOp.MAXS16]: row('MAXS16', lanes('i16', Math.max)),

  [VectorOp.EQ8]: row(
    'EQ8',
    lanes('i8', (x, y) => MASK(x === y)),
  ),
  [VectorOp.EQ16]: row(
    'EQ16',
    lanes('i16', (x, y) => MASK(x === y)),
  ),
  [VectorOp.EQ32]: row(
    'EQ32',
    lanes('i32', (x, y) => MASK(x === y)),
  ),
  [VectorOp.GT8]: row(
    'GT8',
    lanes('i8', (x, y) => MASK(x > y)),
  ),
  [VectorOp.GT16]: row(
    'GT16',
    lanes('i16', (x, y) => MASK(x > y)),
  ),
  [VectorOp.GT32]: row(
    'GT32',
    lanes('i32', (x, y) => MASK(x > y)),
  ),

  [VectorOp.SHL16]: row('SHL16', shift(16, 'left', false)),
  [VectorOp.SHL32]: row('SHL32', shift(32, 'left', false)),
  [VectorOp.SHL64]: row('SHL64', shift(64, 'left', false)),
  [VectorOp.SHR16]: row('SHR16', shift(16, 'right', false)),
  [VectorOp.SHR32]: row('SHR32', shift(32, 'right', false)),
  [VectorOp.SHR64]: row('SHR64', shift(64, 'right', false)),
  [VectorOp.SAR16]: row('SAR16', shift(16, 'signed', false)),
  [VectorOp.SAR32]: row('SAR32', shift(32, 'signed', false)),
  [VectorOp.SHLI16]: row('SHLI16', shift(16, 'left', true)),
  [VectorOp.SHLI32]: row('SHLI32', shift(32, 'left', true)),
  [VectorOp.SHLI64]: row('SHLI64', shift(64, 'left', true)),
  [VectorOp.SHRI16]: row('SHRI16', shift(16, 'right', true)),
  [VectorOp.SHRI32]: row('SHRI32', shift(32, 'right', true)),
  [VectorOp.SHRI64]: row('SHRI64', shift(64, 'right', true)),
  [VectorOp.SARI16]: row('SARI16', shift(16, 'signed', true)),
  [VectorOp.SARI32]: row('SARI32', shift(32, 'signed', true)),
  [VectorOp.SHLBYTES]: row('SHLBYTES', byteShift(true)),
  [VectorOp.SHRBYTES]: row('SHRBYTES', byteShift(false)),

  [VectorOp.UNPACKLOW8]: row('UNPACKLOW8', unpack('u8', 16, false)),
  [VectorOp.UNPACKLOW16]: row('UNPACKLOW16', unpack('u16', 8, false)),
  [VectorOp.UNPACKLOW32]: row('UNPACKLOW32', unpack('u32', 4, false)),
  [VectorOp.UNPACKLOW64]: row(
    'UNPACKLOW64',
    halves((a0, _a1, b0) => [a0, b0]),
  ),
  [VectorOp.UNPACKHIGH8]: row('UNPACKHIGH8', unpack('u8', 16, true)),
  [VectorOp.UNPACKHIGH16]: row('UNPACKHIGH16', unpack('u16', 8, true)),
  [VectorOp.UNPACKHIGH32]: row('UNPACKHIGH32', unpack('u32', 4, true)),
  [VectorOp.UNPACKHIGH64]: row(
    'UNPACKHIGH64',
    halves((_a0, a1, _b0, b1) => [a1, b1]),
  ),
  [VectorOp.PACKS16]: row('PACKS16', pack('i16', 'i8', s8)),
  [VectorOp.PACKS32]: row('PACKS32', pack('i32', 'i16', s16)),
  [VectorOp.PACKU16]: row('PACKU16', pack('i16', 'u8', u8)),

  [VectorOp.SHUFFLE32]: row(
    'SHUFFLE32',
    shuffle('u32', (i, imm) => (imm >> (2 * i)) & 3),
  ),
  [VectorOp.SHUFFLELOW16]: row(
    'SHUFFLELOW16',
    shuffle('u16', (i, imm) => (i < 4 ? (imm >> (2 * i)) & 3 : i)),
  ),
  [VectorOp.SHUFFLEHIGH16]: row(
    'SHUFFLEHIGH16',
    shuffle('u16', (i, imm) => (i < 4 ? i : 4 + ((imm >> (2 * i - 8)) & 3))),
  ),
  [VectorOp.SHUFFLE2X32]: row(
    'SHUFFLE2X32',
    shuffle('u32', (i, imm) => ((imm >> (2 * i)) & 3) + (i < 2 ? 0 : 4)),
  ),
  [VectorOp.SHUFFLE2X64]: row(
    'SHUFFLE2X64',
    shuffle('u32', (i, imm) => 2 * ((imm >> (i >> 1)) & 1) + (i & 1) + (i < 2 ? 0 : 4)),
  ),
  [VectorOp.LOW32]: row(
    'LOW32',
    shuffle('u32', (i) => (i === 0 ? 4 : i)),
  ),
  [VectorOp.LOW64]: row(
    'LOW64',
    halves((_a0, a1, b0) => [b0, a1]),
  ),
  [VectorOp.HIGHHIGH]: row(
    'HIGHHIGH',
    halves((_a0, a1, _b0, b1) => [b1, a1]),
  ),
  [VectorOp.ZEXT64]: row(
    'ZEXT64',
    halves((a0) => [a0, 0n]),
  ),

  [VectorOp.CVT_I32_F64]: row('CVT_I32_F64', widen('i32', 'f64')),
  [VectorOp.RECIPROCAL]: row('RECIPROCAL', approximation(reciprocal, 4)),
  [VectorOp.RECIPROCAL1]: row('RECIPROCAL1', approximation(reciprocal, 1)),
  [VectorOp.RSQRT]: row('RSQRT', approximation(reciprocalRoot, 4)),
  [VectorOp.RSQRT1]: row('RSQRT1', approximation(reciprocalRoot, 1)),

  [VectorOp.SHUFFLE8]: row('SHUFFLE8', shuffleBytes),
  [VectorOp.ABS8]: row(
    'ABS8',
    lanes('i8', (_x, y) => Math.abs(y)),
  ),
  [VectorOp.ABS16]: row(
    'ABS16',
    lanes('i16', (_x, y) => Math.abs(y)),
  ),
  [VectorOp.ABS32]: row(
    'ABS32',
    lanes('i32', (_x, y) => Math.abs(y)),
  ),
  [VectorOp.SIGN8]: row('SIGN8', lanes('i8', sign)),
  [VectorOp.SIGN16]: row('SIGN16', lanes('i16', sign)),
  [VectorOp.SIGN32]: row('SIGN32', lanes('i32', sign)),
  [VectorOp.ALIGN8]: row('ALIGN8', alignBytes),
  [VectorOp.HADD16]: row(
    'HADD16',
    horizontal('i16', (x, y) => x + y),
  ),
  [VectorOp.HADD32]: row(
    'HADD32',
    horizontal('i32', (x, y) => x + y),
  ),
  [VectorOp.HADDS16]: row(
    'HADDS16',
    horizontal('i16', (x, y) => s16(x + y)),
  ),
  [VectorOp.HSUB16]: row(
    'HSUB16',
    horizontal('i16', (x, y) => x - y),
  ),
  [VectorOp.HSUB32]: row(
    'HSUB32',
    horizontal('i32', (x, y) => x - y),
  ),
  [VectorOp.HSUBS16]: row(
    'HSUBS16',
    horizontal('i16', (x, y) => s16(x - y)),
  ),
  [VectorOp.MULROUND16]: row(
    'MULROUND16',
    lanes('i16', (x, y) => (((x * y) >> 14) + 1) >> 1),
  ),
  [VectorOp.MULADD8]: row('MULADD8', mulAddBytes),
  [VectorOp.BLEND16]: row('BLEND16', blendByLiteral('u16', 8, 1)),
  [VectorOp.BLEND32]: row('BLEND32', blendByLiteral('u32', 4, 1)),
  [VectorOp.BLEND64]: row('BLEND64', blendByLiteral('u32', 4, 2)),
  [VectorOp.MINS8]: row('MINS8', lanes('i8', Math.min)),
  [VectorOp.MAXS8]: row('MAXS8', lanes('i8', Math.max)),
  [VectorOp.MINU16]: row('MINU16', lanes('u16', Math.min)),
  [VectorOp.MAXU16]: row('MAXU16', lanes('u16', Math.max)),
  [VectorOp.MINS32]: row('MINS32', lanes('i32', Math.min)),
  [VectorOp.MAXS32]: row('MAXS32', lanes('i32', Math.max)),
  [VectorOp.MINU32]: row('MINU32', lanes('u32', Math.min)),
  [VectorOp.MAXU32]: row('MAXU32', lanes('u32', Math.max)),
  [VectorOp.MULLOW32]: row('MULLOW32', lanes('i32', Math.imul)),
  [VectorOp.MULS32]: row(
    'MULS32',
    lanes64((x, y) => BigInt.asUintN(64, signed32(x) * signed32(y))),
  ),
  [VectorOp.WIDENS8TO16]: row('WIDENS8TO16', widenB('i8', 'i16')),
  [VectorOp.WIDENS8TO32]: row('WIDENS8TO32', widenB('i8', 'i32')),
  [VectorOp.WIDENS8TO64]: row('WIDENS8TO64', widenTo64(8, true)),
  [VectorOp.WIDENS16TO32]: row('WIDENS16TO32', widenB('i16', 'i32')),
  [VectorOp.WIDENS16TO64]: row('WIDENS16TO64', widenTo64(16, true)),
  [VectorOp.WIDENS32TO64]: row('WIDENS32TO64', widenTo64(32, true)),
  [VectorOp.WIDENU8TO16]: row('WIDENU8TO16', widenB('u8', 'i16')),
  [VectorOp.WIDENU8TO32]: row('WIDENU8TO32', widenB('u8', 'i32')),
  [VectorOp.WIDENU8TO64]: row('WIDENU8TO64', widenTo64(8, false)),
  [VectorOp.WIDENU16TO32]: row('WIDENU16TO32', widenB('u16', 'i32')),
  [VectorOp.WIDENU16TO64]: row('WIDENU16TO64', widenTo64(16, false)),
  [VectorOp.WIDENU32TO64]: row('WIDENU32TO64', widenTo64(32, false)),
  [VectorOp.EQ64]: row(
    'EQ64',
    lanes64((x, y) => (x === y ? ALL64 : 0n)),
  ),
  [VectorOp.GT64]: row(
    'GT64',
    lanes64((x, y) => (signed64(x) > signed64(y) ? ALL64 : 0n)),
  ),
  [VectorOp.PACKU32]: row('PACKU32', pack('i32', 'u16', u16)),
  [VectorOp.MINPOS16]: row('MINPOS16', minPosition),
  [VectorOp.MPSAD8]: row('MPSAD8', sumsOfDifferences),
  [VectorOp.INSERT32]: row('INSERT32', insertSingle),
};

/** What the evaluator calls, by number. */
export const VECTOR_FUNCTIONS: readonly VectorFunction[] = Object.values(VECTOR_ROWS).map(({ run }) => run);
