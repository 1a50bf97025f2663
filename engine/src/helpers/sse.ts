import { type Cpu, Vector } from '../cpu/cpu';
import { generalProtection } from '../cpu/descriptors';
import { hex } from '../cpu/limits';
import { Cr0, Cr4, Mxcsr, Slot } from '../cpu/state';
import { How } from '../memory/mmu';
import { setControl } from '../x87/environment';
import { read, write as writeRegister } from '../x87/unit';
import type { HelperTable } from './types';

/** An SSE instruction where Mode.SSE is not set (SDM 3A 13.1.3, 2.5): #UD before #NM. */
function sseUnavailable(cpu: Cpu): void {
  const cr0 = cpu.state.low(Slot.CR0);
  if (cr0 & Cr0.EM) cpu.raise(Vector.UD, undefined, 'SSE instruction with CR0.EM set.');
  else if (!cpu.cr4(Cr4.OSFXSR)) cpu.raise(Vector.UD, undefined, 'SSE instruction with CR4.OSFXSR clear.');
  else cpu.raise(Vector.NM, undefined, 'SSE instruction with CR0.TS set.');
}

/** MXCSR ← slot d (SDM 1 10.2.3: reserved bits fault). */
function loadMxcsr(cpu: Cpu, d: number): void {
  const value = cpu.state.low(d);
  if (value & ~Mxcsr.ALL)
    generalProtection(cpu, `LDMXCSR with the reserved bits ${hex(value & ~Mxcsr.ALL)} set.`);
  else cpu.state.setLow(Slot.MXCSR, value);
}

/** MASKMOVDQU: bytes of vector a whose byte in vector b has its sign bit set, to the linear address in slot d. */
function maskedStore(cpu: Cpu, d: number, a: number, b: number): void {
  const { u8, u64, i8 } = cpu.state;
  const at = (i: number): bigint => BigInt.asUintN(64, u64[d] + BigInt(i));
  // First whether each can be written, so that a fault comes before any effect.
  for (let i = 0; i < 16; i++) {
    if (i8[b * 8 + i] < 0 && cpu.mmu.read8(cpu, at(i), How.WRITE_INTENT) === undefined) return;
  }
  for (let i = 0; i < 16; i++) {
    if (i8[b * 8 + i] < 0 && !cpu.mmu.write8(cpu, at(i), u8[a * 8 + i])) return;
  }
}

// --- FXSAVE and FXRSTOR (SDM 1 10.5, SDM 2A "FXSAVE") ---------------------------------------

/** Offsets in the area. */
const enum Area {
  MXCSR = 24,
  ST0 = 32,
  XMM0 = 160,
  /** First byte that is not written. */
  END = 416,
}

/** Checks both instructions make before touching memory. */
function areaAllowed(cpu: Cpu, linear: bigint, name: string): boolean {
  if (cpu.state.low(Slot.CR0) & (Cr0.EM | Cr0.TS)) {
    cpu.raise(Vector.NM, undefined, `${name} with CR0.TS or CR0.EM set.`);
    return false;
  }
  return (
    (linear & 15n) === 0n ||
    generalProtection(cpu, `${name}: the area at ${hex(linear)} is not aligned to 16 bytes.`)
  );
}

/** XMM registers that the current mode has. */
function xmmCount(cpu: Cpu): number {
  return cpu.code64 ? 16 : 8;
}

/** FXSAVE to the linear address in slot d; a = 1: 64-bit pointers (REX.W). */
function fxsave(cpu: Cpu, d: number, a: number): void {
  const s = cpu.state;
  const linear = s.u64[d];
  if (!areaAllowed(cpu, linear, 'FXSAVE')) return;
  const { mmu } = cpu;
  const at = (offset: number): bigint => BigInt.asUintN(64, linear + BigInt(offset));
  // The area lies in two pages at most.
  if (mmu.read8(cpu, at(0), How.WRITE_INTENT) === undefined) return;
  if (mmu.read8(cpu, at(511), How.WRITE_INTENT) === undefined) return;
  const pointer = (slot: Slot): bigint => (a ? s.u64[slot] : s.u64[slot] & 0xffffffffn);
  const write = (offset: number, value: bigint): void => void mmu.write64(cpu, at(offset), value);
  write(0, s.u64[Slot.FCW] | (s.u64[Slot.FSW] << 16n) | (s.u64[Slot.FTW] << 32n) | (s.u64[Slot.FOP] << 48n));
  write(8, pointer(Slot.FIP));
  write(16, pointer(Slot.FDP));
  for (let i = 0; i < 8; i++) {
    const bits = read(cpu, i);
    write(Area.ST0 + i * 16, BigInt.asUintN(64, bits));
    write(Area.ST0 + i * 16 + 8, bits >> 64n);
  }
  if (!cpu.cr4(Cr4.OSFXSR)) return;
  write(Area.MXCSR, s.u64[Slot.MXCSR] | (BigInt(Mxcsr.ALL) << 32n));
  for (let i = 0; i < 2 * xmmCount(cpu); i++) write(Area.XMM0 + i * 8, s.u64[Slot.XMM0 + i]);
}

/** FXRSTOR, likewise. */
function fxrstor(cpu: Cpu, d: number, a: number): void {
  const s = cpu.state;
  const linear = s.u64[d];
  if (!areaAllowed(cpu, linear, 'FXRSTOR')) return;
  const words: bigint[] = [];
  for (let offset = 0; offset < Area.END; offset += 8) {
    const word = cpu.mmu.read64(cpu, BigInt.asUintN(64, linear + BigInt(offset)));
    if (word === undefined) return;
    words.push(word);
  }
  const sse = cpu.cr4(Cr4.OSFXSR);
  const mxcsr = Number(words[Area.MXCSR / 8] & 0xffffffffn);
  if (sse && mxcsr & ~Mxcsr.ALL) {
    generalProtection(
      cpu,
      `FXRSTOR: MXCSR in the area has the reserved bits ${hex(mxcsr & ~Mxcsr.ALL)} set.`,
    );
    return;
  }
  s.u64[Slot.FSW] = (words[0] >> 16n) & 0xffffn;
  s.u64[Slot.FTW] = (words[0] >> 32n) & 0xffn;
  s.u64[Slot.FOP] = (words[0] >> 48n) & 0x7ffn;
  s.u64[Slot.FIP] = a ? words[1] : words[1] & 0xffffffffn;
  s.u64[Slot.FDP] = a ? words[2] : words[2] & 0xffffffffn;
  const tags = s.low(Slot.FTW);
  const first = Area.ST0 / 8;
  for (let i = 0; i < 8; i++)
    writeRegister(cpu, i, words[first + 2 * i] | ((words[first + 2 * i + 1] & 0xffffn) << 64n));
  s.setLow(Slot.FTW, tags);
  setControl(cpu, Number(words[0] & 0xffffn));
  if (!sse) return;
  s.setLow(Slot.MXCSR, mxcsr);
  for (let i = 0; i < 2 * xmmCount(cpu); i++) s.u64[Slot.XMM0 + i] = words[Area.XMM0 / 8 + i];
}

/** SSE and the area of FXSAVE; see types.ts for the calling convention. */
export const sseHelpers = {
  sseUnavailable,
  loadMxcsr,
  maskedStore,
  fxsave,
  fxrstor,
} as const satisfies HelperTable;
