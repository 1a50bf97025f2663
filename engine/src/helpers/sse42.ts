/** SSE4.2's text instructions and CRC32. */
import type { Cpu } from '../cpu/cpu';
import { type CpuState, Flag, Slot } from '../cpu/state';
import { setFlags } from '../ir/flags';
import type { HelperTable } from './types';

// --- PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (SDM 1 12.9, SDM 2B 4.1) -------------------

/** Literal b: imm8, and above it what the instruction is. */
const enum Text {
  /** Lengths are in rAX and rDX. */
  EXPLICIT = 0x100,
  /** … of 64 bits. */
  WIDE = 0x200,
  /** The result is a mask in XMM0, not an index in ECX. */
  MASK = 0x400,
}

/** Elements of a vector as numbers. */
function elements(s: CpuState, slot: number, format: number): number[] {
  const view = ([s.u8, s.u16, s.i8, s.i16] as const)[format];
  const n = format & 1 ? 4 : 8;
  return Array.from({ length: 2 * n }, (_, i) => view[slot * n + i]);
}

/** Valid elements: up to a zero, or as many as the register says, at most all. */
function validLength(
  s: CpuState,
  list: readonly number[],
  explicit: number | undefined,
  wide: boolean,
): number {
  if (explicit === undefined) {
    const end = list.indexOf(0);
    return end < 0 ? list.length : end;
  }
  const length = wide ? s.i64[explicit] : BigInt(s.i32[explicit * 2]);
  const size = length < 0n ? -length : length;
  return size > BigInt(list.length) ? list.length : Number(size);
}

/** IntRes1: aggregation of comparisons, with what invalid elements compare as (SDM 2B Table 4-7). */
function aggregate(kind: number, x: readonly number[], xs: number, y: readonly number[], ys: number): number {
  const count = x.length;
  let result = 0;
  for (let j = 0; j < count; j++) {
    let bit: boolean;
    switch (kind) {
      case 0: // equal any
        bit = j < ys && x.slice(0, xs).includes(y[j]);
        break;
      case 1: // ranges
        bit = false;
        for (let i = 0; i + 1 < xs; i += 2) bit ||= j < ys && y[j] >= x[i] && y[j] <= x[i + 1];
        break;
      case 2: // equal each
        bit = j < xs && j < ys ? x[j] === y[j] : j >= xs && j >= ys;
        break;
      default: // equal ordered: x begins in y here
        bit = true;
        for (let i = 0; i < xs && i + j < count; i++) bit &&= i + j < ys && x[i] === y[i + j];
    }
    if (bit) result |= 1 << j;
  }
  return result;
}

/** d: first vector, a: second, b: {@link Text} and imm8. */
function compareText(cpu: Cpu, d: number, a: number, b: number): void {
  const s = cpu.state;
  const format = b & 3;
  const x = elements(s, d, format);
  const y = elements(s, a, format);
  const count = x.length;
  const explicit = (b & Text.EXPLICIT) !== 0;
  const wide = (b & Text.WIDE) !== 0;
  const xs = validLength(s, x, explicit ? Slot.RAX : undefined, wide);
  const ys = validLength(s, y, explicit ? Slot.RDX : undefined, wide);
  let result = aggregate((b >> 2) & 3, x, xs, y, ys);
  const all = (1 << count) - 1;
  if (b & 0x10) result ^= b & 0x20 ? (1 << ys) - 1 : all;

  if (b & Text.MASK) {
    s.u64[Slot.XMM0] = s.u64[Slot.XMM0 + 1] = 0n;
    if (b & 0x40) {
      const size = 16 / count;
      for (let i = 0; i < 16; i++) s.u8[Slot.XMM0 * 8 + i] = (result >> Math.floor(i / size)) & 1 ? 0xff : 0;
    } else s.setLow(Slot.XMM0, result);
  } else {
    const last = 31 - Math.clz32(result);
    const first = 31 - Math.clz32(result & -result);
    s.setLow(Slot.RCX, result === 0 ? count : b & 0x40 ? last : first);
  }
  setFlags(
    s,
    (result !== 0 ? Flag.CF : 0) |
      (ys < count ? Flag.ZF : 0) |
      (xs < count ? Flag.SF : 0) |
      (result & 1 ? Flag.OF : 0),
  );
}

// --- CRC32 ------------------------------------------------------------------------------------

/** Of the polynomial 11EDC6F41H, bits reversed. */
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** Slot d ← its low 32 bits with b bytes of slot a taken in; zero-extended. */
function crc32(cpu: Cpu, d: number, a: number, b: number): void {
  const s = cpu.state;
  let crc = s.low(d);
  for (let i = 0; i < b; i++) crc = CRC[(crc ^ s.u8[a * 8 + i]) & 0xff] ^ (crc >>> 8);
  s.setLow(d, crc);
}

/** See types.ts for the calling convention. */
export const sse42Helpers = { compareText, crc32 } as const satisfies HelperTable;
