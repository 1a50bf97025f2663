/** Vector operations that take more than a lane's formula, or come in several forms (SDM 2, each under its name). */
import { s16, shuffle, type VectorFunction, widen } from './vector-lanes';

/** Lanes of a's and b's low (high) halves in turn. */
export function unpack(view: 'u8' | 'u16' | 'u32', count: number, high: boolean): VectorFunction {
  const from = high ? count / 2 : 0;
  return shuffle(view, (i) => from + (i >> 1) + (i & 1 ? count : 0));
}

/** Bytes moved up (by > 0) or down, zeros coming in. */
export function byteShift(left: boolean): VectorFunction {
  return (s, d, a, _b, imm) => {
    const n = BigInt(Math.min(imm, 16) * 8);
    const v = s.u64;
    const whole = (v[a + 1] << 64n) | v[a];
    const moved = left ? whole << n : whole >> n;
    v[d] = BigInt.asUintN(64, moved);
    v[d + 1] = BigInt.asUintN(64, moved >> 64n);
  };
}

/** PSADBW. */
export const sumOfDifferences: VectorFunction = (s, d, a, b) => {
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

/** 1/x. */
export const reciprocal = approximate((x) => 1 / x);
/** 1/√x; of −0 the result is −∞, of negative numbers the default NaN. */
export const reciprocalRoot = approximate((x) => 1 / Math.sqrt(x));

/** All lanes of b, or its lowest with a's others. */
export function approximation(f: (bits: number) => number, lanesDone: 1 | 4): VectorFunction {
  return (s, d, a, b) => {
    const v = s.u32;
    for (let i = 0; i < 4; i++) v[d * 2 + i] = i < lanesDone ? f(v[b * 2 + i]) : v[a * 2 + i];
  };
}

/** Lanes of b where the literal has a bit. */
export function blendByLiteral(view: 'u16' | 'u32', count: number, step: number): VectorFunction {
  return shuffle(view, (i, imm) => ((imm >> Math.floor(i / step)) & 1 ? i + count : i));
}

/** PSHUFB. */
export const shuffleBytes: VectorFunction = (s, d, a, b) => {
  const v = s.u8;
  const from = v.slice(a * 8, a * 8 + 16);
  const by = v.slice(b * 8, b * 8 + 16);
  for (let i = 0; i < 16; i++) v[d * 8 + i] = by[i] & 0x80 ? 0 : from[by[i] & 15];
};

/** PALIGNR. */
export const alignBytes: VectorFunction = (s, d, a, b, imm) => {
  const v = s.u8;
  const both = new Uint8Array(32);
  both.set(v.subarray(b * 8, b * 8 + 16));
  both.set(v.subarray(a * 8, a * 8 + 16), 16);
  for (let i = 0; i < 16; i++) v[d * 8 + i] = i + imm < 32 ? both[i + imm] : 0;
};

/** Unsigned bytes by signed ones. */
export const mulAddBytes: VectorFunction = (s, d, a, b) => {
  const { u8: u, i8: i, i16 } = s;
  for (let k = 0; k < 8; k++) {
    const sum = u[a * 8 + 2 * k] * i[b * 8 + 2 * k] + u[a * 8 + 2 * k + 1] * i[b * 8 + 2 * k + 1];
    // Both bytes of the pair have been read.
    i16[d * 4 + k] = s16(sum);
  }
};

/** PHMINPOSUW. */
export const minPosition: VectorFunction = (s, d, _a, b) => {
  const words = s.u16.slice(b * 4, b * 4 + 8);
  const least = Math.min(...words);
  s.u64[d] = BigInt(least | (words.indexOf(least) << 16));
  s.u64[d + 1] = 0n;
};

/** MPSADBW. */
export const sumsOfDifferences: VectorFunction = (s, d, a, b, imm) => {
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

/** INSERTPS. */
export const insertSingle: VectorFunction = (s, d, a, b, imm) => {
  const v = s.u32;
  const value = v[b * 2 + (imm >> 6)];
  for (let i = 0; i < 4; i++) {
    const kept = i === ((imm >> 4) & 3) ? value : v[a * 2 + i];
    v[d * 2 + i] = imm & (1 << i) ? 0 : kept;
  }
};

/** Of b's low half. */
export function widenB(from: 'i8' | 'u8' | 'i16' | 'u16' | 'i32', to: 'i16' | 'i32'): VectorFunction {
  const run = widen(from, to);
  return (s, d, _a, b, imm) => run(s, d, b, b, imm);
}

/** b's low lanes of `bits` as two quadwords. */
export function widenTo64(bits: 8 | 16 | 32, signed: boolean): VectorFunction {
  return (s, d, _a, b) => {
    const low = s.u64[b];
    const lane = (i: bigint): bigint =>
      (signed ? BigInt.asIntN : BigInt.asUintN)(bits, low >> (i * BigInt(bits)));
    s.u64[d] = BigInt.asUintN(64, lane(0n));
    s.u64[d + 1] = BigInt.asUintN(64, lane(1n));
  };
}
