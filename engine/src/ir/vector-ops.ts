/**
 * The pure vector operations of micro-op VECTOR: one row each, with a name and
 * what the evaluator does. SDM 2's "Operation" sections say the same per
 * instruction. Floating-point arithmetic, which depends on MXCSR, is in
 * ir/vector-float.ts.
 */
import type { CpuState } from '../cpu/state';
import {
  clamp,
  halves,
  horizontal,
  lanes,
  lanes64,
  pack,
  pairs,
  shift,
  shuffle,
  type VectorFunction,
  widen,
} from './vector-lanes';

/** Numbers of the operations. Names: what, lane width in bits; S signed, U unsigned, F floating-point. */
export const enum VectorOp {
  /** d ← a */
  MOV,
  AND,
  /** ~a & b */
  ANDN,
  OR,
  XOR,

  ADD8,
  ADD16,
  ADD32,
  ADD64,
  SUB8,
  SUB16,
  SUB32,
  SUB64,
  /** With saturation. */
  ADDS8,
  ADDS16,
  ADDU8,
  ADDU16,
  SUBS8,
  SUBS16,
  SUBU8,
  SUBU16,

  /** Low and high halves of the products. */
  MULLOW16,
  MULHIGHS16,
  MULHIGHU16,
  /** Even 32-bit lanes, unsigned, to 64 bits. */
  MULU32,
  /** Products of signed words, neighbours added. */
  MULADD16,
  /** Sums of eight absolute differences of bytes. */
  SAD8,
  /** (a + b + 1) >> 1 */
  AVG8,
  AVG16,
  MINU8,
  MAXU8,
  MINS16,
  MAXS16,

  /** All ones where true. */
  EQ8,
  EQ16,
  EQ32,
  GT8,
  GT16,
  GT32,

  /** By the count in b's low half. */
  SHL16,
  SHL32,
  SHL64,
  SHR16,
  SHR32,
  SHR64,
  SAR16,
  SAR32,
  /** By the literal. */
  SHLI16,
  SHLI32,
  SHLI64,
  SHRI16,
  SHRI32,
  SHRI64,
  SARI16,
  SARI32,
  /** The whole vector by literal bytes. */
  SHLBYTES,
  SHRBYTES,

  /** Lanes of a's and b's low (high) halves in turn. */
  UNPACKLOW8,
  UNPACKLOW16,
  UNPACKLOW32,
  UNPACKLOW64,
  UNPACKHIGH8,
  UNPACKHIGH16,
  UNPACKHIGH32,
  UNPACKHIGH64,
  /** Signed lanes of a, b with saturation to bytes (words), signed or unsigned. */
  PACKS16,
  PACKS32,
  PACKU16,

  /** Four lanes of a, two bits of the literal each. */
  SHUFFLE32,
  /** Likewise within a's low (high) four words. */
  SHUFFLELOW16,
  SHUFFLEHIGH16,
  /** Two lanes of a, then two of b. */
  SHUFFLE2X32,
  SHUFFLE2X64,
  /** a with its lowest 32 (64) bits from b. */
  LOW32,
  LOW64,
  /** b's high half, a's high half. */
  HIGHHIGH,
  /** a's low half alone. */
  ZEXT64,

  /** Two signed doublewords to double; exact. */
  CVT_I32_F64,
  /** Approximations (SDM 2 "RCPPS", "RSQRTPS"); of the lowest lane, a's others kept. */
  RECIPROCAL,
  RECIPROCAL1,
  RSQRT,
  RSQRT1,

  // SSSE3, SSE4.1, SSE4.2
  /** Bytes of a by b's low four bits; 0 where b's top bit is set. */
  SHUFFLE8,
  ABS8,
  ABS16,
  ABS32,
  /** a negated, zero or as it is, by b's sign. */
  SIGN8,
  SIGN16,
  SIGN32,
  /** 16 bytes of b and then a, from the literal's on. */
  ALIGN8,
  HADD16,
  HADD32,
  HADDS16,
  HSUB16,
  HSUB32,
  HSUBS16,
  MULROUND16,
  /** Unsigned bytes of a by signed bytes of b, neighbours added with saturation. */
  MULADD8,
  /** Lanes of b where the literal has a bit. */
  BLEND16,
  BLEND32,
  BLEND64,
  MINS8,
  MAXS8,
  MINU16,
  MAXU16,
  MINS32,
  MAXS32,
  MINU32,
  MAXU32,
  MULLOW32,
  /** Even 32-bit lanes, signed, to 64 bits. */
  MULS32,
  /** b's low lanes made wider. */
  WIDENS8TO16,
  WIDENS8TO32,
  WIDENS8TO64,
  WIDENS16TO32,
  WIDENS16TO64,
  WIDENS32TO64,
  WIDENU8TO16,
  WIDENU8TO32,
  WIDENU8TO64,
  WIDENU16TO32,
  WIDENU16TO64,
  WIDENU32TO64,
  EQ64,
  GT64,
  PACKU32,
  /** The least unsigned word of b and its number. */
  MINPOS16,
  /** Eight sums of four absolute differences (SDM 2 "MPSADBW"). */
  MPSAD8,
  /** A lane of b into a, some made zero (SDM 2 "INSERTPS"). */
  INSERT32,
  COUNT,
}

/** One operation. */
export interface VectorRow {
  name: string;
  run: VectorFunction;
}

const MASK = (x: boolean): number => (x ? -1 : 0);
const s8 = clamp(-0x80, 0x7f);
const u8 = clamp(0, 0xff);
const s16 = clamp(-0x8000, 0x7fff);
const u16 = clamp(0, 0xffff);
const low32 = (x: bigint): bigint => x & 0xffffffffn;

function unpack(view: 'u8' | 'u16' | 'u32', count: number, high: boolean): VectorFunction {
  const from = high ? count / 2 : 0;
  return shuffle(view, (i) => from + (i >> 1) + (i & 1 ? count : 0));
}

/** Bytes moved up (by > 0) or down, zeros coming in. */
function byteShift(left: boolean): VectorFunction {
  return (s, d, a, _b, imm) => {
    const n = BigInt(Math.min(imm, 16) * 8);
    const v = s.u64;
    const whole = (v[a + 1] << 64n) | v[a];
    const moved = left ? whole << n : whole >> n;
    v[d] = BigInt.asUintN(64, moved);
    v[d + 1] = BigInt.asUintN(64, moved >> 64n);
  };
}

const sumOfDifferences: VectorFunction = (s, d, a, b) => {
  const v = s.u8;
  for (let half = 0; half < 2; half++) {
    let sum = 0;
    for (let i = 0; i < 8; i++) sum += Math.abs(v[(a + half) * 8 + i] - v[(b + half) * 8 + i]);
    s.setLow(d + half, sum);
  }
};

/** The value an approximation works on and gives: denormals count as zeros. */
function flushed(x: number): number {
  return Math.abs(x) < 2 ** -126 ? x * 0 : x;
}

/** 1/x or 1/√x in single precision; correctly rounded, which is well within the 1.5 · 2^-12 that is promised. */
function approximate(f: (x: number) => number): (bits: number) => number {
  const float = new Float32Array(1);
  const word = new Uint32Array(float.buffer);
  return (bits) => {
    word[0] = bits;
    if ((bits & 0x7fffffff) > 0x7f800000) return bits | 0x400000; // a quieted NaN
    const result = flushed(Math.fround(f(flushed(float[0]))));
    if (Number.isNaN(result)) return 0xffc00000;
    float[0] = result;
    return word[0];
  };
}

const reciprocal = approximate((x) => 1 / x);
// Of −0 the result is −∞, of negative numbers the default NaN.
const reciprocalRoot = approximate((x) => 1 / Math.sqrt(x));

/** All lanes of b, or its lowest with a's others. */
function approximation(f: (bits: number) => number, lanesDone: 1 | 4): VectorFunction {
  return (s, d, a, b) => {
    const v = s.u32;
    for (let i = 0; i < 4; i++) v[d * 2 + i] = i < lanesDone ? f(v[b * 2 + i]) : v[a * 2 + i];
  };
}

/** Lanes of b where the literal has a bit. */
function blendByLiteral(view: 'u16' | 'u32', count: number, step: number): VectorFunction {
  return shuffle(view, (i, imm) => ((imm >> Math.floor(i / step)) & 1 ? i + count : i));
}

const shuffleBytes: VectorFunction = (s, d, a, b) => {
  const v = s.u8;
  const from = v.slice(a * 8, a * 8 + 16);
  const by = v.slice(b * 8, b * 8 + 16);
  for (let i = 0; i < 16; i++) v[d * 8 + i] = by[i] & 0x80 ? 0 : from[by[i] & 15];
};

const alignBytes: VectorFunction = (s, d, a, b, imm) => {
  const v = s.u8;
  const both = new Uint8Array(32);
  both.set(v.subarray(b * 8, b * 8 + 16));
  both.set(v.subarray(a * 8, a * 8 + 16), 16);
  for (let i = 0; i < 16; i++) v[d * 8 + i] = i + imm < 32 ? both[i + imm] : 0;
};

/** Unsigned bytes by signed ones. */
const mulAddBytes: VectorFunction = (s, d, a, b) => {
  const { u8: u, i8: i, i16 } = s;
  for (let k = 0; k < 8; k++) {
    const sum = u[a * 8 + 2 * k] * i[b * 8 + 2 * k] + u[a * 8 + 2 * k + 1] * i[b * 8 + 2 * k + 1];
    // Both bytes of the pair have been read.
    i16[d * 4 + k] = s16(sum);
  }
};

const minPosition: VectorFunction = (s, d, _a, b) => {
  const words = s.u16.slice(b * 4, b * 4 + 8);
  const least = Math.min(...words);
  s.u64[d] = BigInt(least | (words.indexOf(least) << 16));
  s.u64[d + 1] = 0n;
};

const sumsOfDifferences: VectorFunction = (s, d, a, b, imm) => {
  const x = s.u8.slice(a * 8, a * 8 + 16);
  const y = s.u8.slice(b * 8, b * 8 + 16);
  const first = imm & 4 ? 4 : 0;
  const second = (imm & 3) * 4;
  for (let i = 0; i < 8; i++) {
    let sum = 0;
    for (let k = 0; k < 4; k++) sum += Math.abs(x[first + i + k] - y[second + k]);
    s.u16[d * 4 + i] = sum;
  }
};

const insertSingle: VectorFunction = (s, d, a, b, imm) => {
  const v = s.u32;
  const value = v[b * 2 + (imm >> 6)];
  for (let i = 0; i < 4; i++) {
    const kept = i === ((imm >> 4) & 3) ? value : v[a * 2 + i];
    v[d * 2 + i] = imm & (1 << i) ? 0 : kept;
  }
};

/** Of b's low half. */
function widenB(from: 'i8' | 'u8' | 'i16' | 'u16' | 'i32', to: 'i16' | 'i32'): VectorFunction {
  const run = widen(from, to);
  return (s, d, _a, b, imm) => run(s, d, b, b, imm);
}

/** b's low lanes of `bits` as two quadwords. */
function widenTo64(bits: 8 | 16 | 32, signed: boolean): VectorFunction {
  return (s, d, _a, b) => {
    const low = s.u64[b];
    const lane = (i: bigint): bigint =>
      (signed ? BigInt.asIntN : BigInt.asUintN)(bits, low >> (i * BigInt(bits)));
    s.u64[d] = BigInt.asUintN(64, lane(0n));
    s.u64[d + 1] = BigInt.asUintN(64, lane(1n));
  };
}

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

// --- between vectors and 64-bit slots ---------------------------------------------

/** Kinds of VGET. */
export const enum VectorGet {
  LANE8,
  LANE16,
  LANE32,
  LANE64,
  /** The lanes' sign bits, lane 0 lowest. */
  SIGNS8,
  SIGNS32,
  SIGNS64,
  COUNT,
}

/** Kinds of VSET. */
export const enum VectorSet {
  LANE8,
  LANE16,
  LANE32,
  LANE64,
  /** The value alone, the rest zero; a is not looked at. */
  ONLY32,
  ONLY64,
  /** The signed 32-bit value as a double in the low half: exact. */
  I32_F64,
  COUNT,
}

/** A row of VGET: `lane` is the literal. */
export type GetFunction = (s: CpuState, d: number, a: number, lane: number) => void;
/** A row of VSET. */
export type SetFunction = (s: CpuState, d: number, a: number, b: number, lane: number) => void;

function signs(view: 'i8' | 'i32' | 'i64', perSlot: number): GetFunction {
  return (s, d, a) => {
    const v = s[view];
    let mask = 0;
    for (let i = 0; i < 2 * perSlot; i++) if (v[a * perSlot + i] < 0) mask |= 1 << i;
    s.setLow(d, mask);
  };
}

/** By {@link VectorGet}. */
export const VECTOR_GETS: Readonly<Record<Exclude<VectorGet, VectorGet.COUNT>, GetFunction>> = {
  [VectorGet.LANE8]: (s, d, a, lane) => s.setLow(d, s.u8[a * 8 + lane]),
  [VectorGet.LANE16]: (s, d, a, lane) => s.setLow(d, s.u16[a * 4 + lane]),
  [VectorGet.LANE32]: (s, d, a, lane) => s.setLow(d, s.u32[a * 2 + lane]),
  [VectorGet.LANE64]: (s, d, a, lane) => {
    s.u64[d] = s.u64[a + lane];
  },
  [VectorGet.SIGNS8]: signs('i8', 8),
  [VectorGet.SIGNS32]: signs('i32', 2),
  [VectorGet.SIGNS64]: signs('i64', 1),
};

function copy(s: CpuState, d: number, a: number): void {
  if (d === a) return;
  s.u64[d] = s.u64[a];
  s.u64[d + 1] = s.u64[a + 1];
}

/** By {@link VectorSet}. */
export const VECTOR_SETS: Readonly<Record<Exclude<VectorSet, VectorSet.COUNT>, SetFunction>> = {
  [VectorSet.LANE8]: (s, d, a, b, lane) => {
    copy(s, d, a);
    s.u8[d * 8 + lane] = s.u32[b * 2];
  },
  [VectorSet.LANE16]: (s, d, a, b, lane) => {
    copy(s, d, a);
    s.u16[d * 4 + lane] = s.u32[b * 2];
  },
  [VectorSet.LANE32]: (s, d, a, b, lane) => {
    copy(s, d, a);
    s.u32[d * 2 + lane] = s.u32[b * 2];
  },
  [VectorSet.LANE64]: (s, d, a, b, lane) => {
    copy(s, d, a);
    s.u64[d + lane] = s.u64[b];
  },
  [VectorSet.ONLY32]: (s, d, _a, b) => {
    s.setLow(d, s.u32[b * 2]);
    s.u64[d + 1] = 0n;
  },
  [VectorSet.ONLY64]: (s, d, _a, b) => {
    s.u64[d] = s.u64[b];
    s.u64[d + 1] = 0n;
  },
  [VectorSet.I32_F64]: (s, d, a, b) => {
    copy(s, d, a);
    s.f64[d] = s.i32[b * 2];
  },
};
