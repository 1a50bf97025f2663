/**
 * How vector operations work on lanes in the register file: small makers of
 * functions, from which ir/vector-rows.ts makes its table. A function gets slot
 * numbers d, a, b (two slots each) and a literal; d may be a or b.
 */
import type { CpuState } from '../cpu/state';

/** What a row of the table executes. */
export type VectorFunction = (s: CpuState, d: number, a: number, b: number, imm: number) => void;

/** Views of {@link CpuState} whose elements are numbers. */
export type NumberView = 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'u32' | 'f32' | 'f64';

/** Elements a slot. */
const PER_SLOT = { i8: 8, u8: 8, i16: 4, u16: 4, i32: 2, u32: 2, f32: 2, f64: 1 } as const;

/** Sixteen bytes on the side, for operations that read lanes after others have been written. */
const SIDE = new ArrayBuffer(16);
const side = {
  i8: new Int8Array(SIDE),
  u8: new Uint8Array(SIDE),
  i16: new Int16Array(SIDE),
  u16: new Uint16Array(SIDE),
  i32: new Int32Array(SIDE),
  u32: new Uint32Array(SIDE),
  f32: new Float32Array(SIDE),
  f64: new Float64Array(SIDE),
} as const;

function takeSide(s: CpuState, d: number): void {
  const { u32 } = s;
  for (let i = 0; i < 4; i++) u32[d * 2 + i] = side.u32[i];
}

/** Lane by lane: d[i] ← f(a[i], b[i]). */
export function lanes(view: NumberView, f: (x: number, y: number) => number): VectorFunction {
  const n = PER_SLOT[view];
  return (s, d, a, b) => {
    const v = s[view];
    for (let i = 0; i < 2 * n; i++) v[d * n + i] = f(v[a * n + i], v[b * n + i]);
  };
}

/** d ← lanes chosen from a (0 …) and b (after a's) by their numbers; `choose` gives the number for lane i. */
export function shuffle(
  view: 'u8' | 'u16' | 'u32',
  choose: (i: number, imm: number) => number,
): VectorFunction {
  const n = PER_SLOT[view];
  const count = 2 * n;
  return (s, d, a, b, imm) => {
    const v = s[view];
    const out = side[view];
    for (let i = 0; i < count; i++) {
      const from = choose(i, imm);
      out[i] = from < count ? v[a * n + from] : v[b * n + from - count];
    }
    takeSide(s, d);
  };
}

/** The same on halves. */
export function halves(
  f: (a0: bigint, a1: bigint, b0: bigint, b1: bigint) => [bigint, bigint],
): VectorFunction {
  return (s, d, a, b) => {
    const v = s.u64;
    const [low, high] = f(v[a], v[a + 1], v[b], v[b + 1]);
    v[d] = low;
    v[d + 1] = high;
  };
}

/** Half by half. */
export function lanes64(f: (x: bigint, y: bigint) => bigint): VectorFunction {
  return halves((a0, a1, b0, b1) => [f(a0, b0), f(a1, b1)]);
}

/** Lanes of a and then b, made half as wide with saturation. */
export function pack(
  from: 'i16' | 'i32',
  to: 'i8' | 'u8' | 'i16' | 'u16',
  saturate: (x: number) => number,
): VectorFunction {
  const n = PER_SLOT[from];
  const count = 2 * n;
  return (s, d, a, b) => {
    const v = s[from];
    const out = side[to];
    for (let i = 0; i < count; i++) {
      out[i] = saturate(v[a * n + i]);
      out[count + i] = saturate(v[b * n + i]);
    }
    takeSide(s, d);
  };
}

/** Wide lanes made of pairs: d[i] ← f(a[2i], a[2i + 1], b[2i], b[2i + 1]). */
export function pairs(
  from: NumberView,
  to: NumberView,
  f: (a0: number, a1: number, b0: number, b1: number) => number,
): VectorFunction {
  const n = PER_SLOT[from];
  return (s, d, a, b) => {
    const v = s[from];
    const out = side[to];
    for (let i = 0; i < n; i++) {
      out[i] = f(v[a * n + 2 * i], v[a * n + 2 * i + 1], v[b * n + 2 * i], v[b * n + 2 * i + 1]);
    }
    takeSide(s, d);
  };
}

/** Lanes of a's low half made as wide as `to`'s. */
export function widen(from: NumberView, to: NumberView): VectorFunction {
  const n = PER_SLOT[from];
  const count = 2 * PER_SLOT[to];
  return (s, d, a) => {
    const v = s[from];
    const out = side[to];
    for (let i = 0; i < count; i++) out[i] = v[a * n + i];
    takeSide(s, d);
  };
}

/** Neighbours of a, then of b, put together: HADD and its kin. */
export function horizontal(view: 'i16' | 'i32', f: (x: number, y: number) => number): VectorFunction {
  const n = PER_SLOT[view];
  return (s, d, a, b) => {
    const v = s[view];
    const out = side[view];
    for (let i = 0; i < n; i++) {
      out[i] = f(v[a * n + 2 * i], v[a * n + 2 * i + 1]);
      out[n + i] = f(v[b * n + 2 * i], v[b * n + 2 * i + 1]);
    }
    takeSide(s, d);
  };
}

/** A shift of every lane by one count: b's low 64 bits, or the literal. Counts of the width and above give 0, or the sign. */
export function shift(
  bits: 16 | 32 | 64,
  kind: 'left' | 'right' | 'signed',
  literal: boolean,
): VectorFunction {
  const count = (s: CpuState, b: number, imm: number): number => {
    if (literal) return Math.min(imm, bits);
    return s.u32[b * 2 + 1] !== 0 ? bits : Math.min(s.u32[b * 2], bits);
  };
  if (bits === 64) {
    return (s, d, a, b, imm) => {
      const n = BigInt(count(s, b, imm));
      const v = s.u64;
      for (let i = 0; i < 2; i++) v[d + i] = kind === 'left' ? v[a + i] << n : v[a + i] >> n;
    };
  }
  const view = bits === 16 ? (kind === 'signed' ? 'i16' : 'u16') : kind === 'signed' ? 'i32' : 'u32';
  const perSlot = PER_SLOT[view];
  return (s, d, a, b, imm) => {
    const n = count(s, b, imm);
    const v = s[view];
    for (let i = 0; i < 2 * perSlot; i++) {
      const x = v[a * perSlot + i];
      let r: number;
      if (kind === 'signed') r = x >> Math.min(n, bits - 1);
      else if (n >= bits) r = 0;
      else r = kind === 'left' ? x << n : x >>> n;
      v[d * perSlot + i] = r;
    }
  };
}

/** Cuts to a range. */
export function clamp(low: number, high: number): (x: number) => number {
  return (x) => Math.min(Math.max(x, low), high);
}

/** Saturation to signed and unsigned bytes and words. */
export const s8 = clamp(-0x80, 0x7f);
export const u8 = clamp(0, 0xff);
export const s16 = clamp(-0x8000, 0x7fff);
export const u16 = clamp(0, 0xffff);
