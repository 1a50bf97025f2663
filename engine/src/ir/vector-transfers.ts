/** VGET and VSET: between vectors and 64-bit slots. */
import type { CpuState } from '../cpu/state';
import { VectorGet, VectorSet } from './vector-ops';

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
