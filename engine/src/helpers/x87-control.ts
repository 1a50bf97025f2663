/** The x87's control instructions, its images in memory, and what comes before every instruction (SDM 1 8.1.10, 8.7). */
import { type Cpu, Vector } from '../cpu/cpu';
import { Cr0, Slot } from '../cpu/state';
import { How } from '../memory/mmu';
import {
  clearExceptions,
  environmentImage,
  initialize,
  loadEnvironment,
  setControl,
} from '../x87/environment';
import { read, Status, setConditions, write } from '../x87/unit';
import type { HelperTable } from './types';

/** #NM while the unit is turned off; then, for an instruction that waits, a pending exception (SDM 1 8.7). */
function x87Ready(cpu: Cpu): void {
  const cr0 = cpu.state.low(Slot.CR0);
  if (cr0 & (Cr0.EM | Cr0.TS))
    cpu.raise(Vector.NM, undefined, 'Floating-point instruction with CR0.TS or CR0.EM set.');
  else pendingException(cpu);
}

/** WAIT: #NM when a task switch is pending and CR0.MP asks to be told; then as every waiting instruction. */
function fwait(cpu: Cpu): void {
  const both = Cr0.MP | Cr0.TS;
  if ((cpu.state.low(Slot.CR0) & both) === both)
    cpu.raise(Vector.NM, undefined, 'WAIT with CR0.TS and MP set.');
  else pendingException(cpu);
}

function pendingException(cpu: Cpu): void {
  const status = cpu.state.low(Slot.FSW);
  if ((status & Status.ES) === 0) return;
  if (cpu.state.low(Slot.CR0) & Cr0.NE)
    cpu.raise(Vector.MF, undefined, 'An x87 exception that is not masked is pending.');
  // The PC's way: FERR# asks for IRQ 13, and IGNNE# lets the instruction go on (SDM 1 8.7.2).
  else cpu.ferr();
}

function fninit(cpu: Cpu): void {
  initialize(cpu);
}

/** FLDCW of slot d. */
function fldcw(cpu: Cpu, d: number): void {
  setControl(cpu, cpu.state.low(d));
}

function fnclex(cpu: Cpu): void {
  clearExceptions(cpu);
}

/** EMMS: all registers are empty, as MMX instructions name them: TOP is 0. */
function emms(cpu: Cpu): void {
  cpu.state.setLow(Slot.FTW, 0);
  setConditions(cpu, 0, Status.TOP);
}

const REGISTERS_BYTES = 80;

/** FNSTENV and FNSAVE to the linear address in slot d: a = 14 or 28, b = 1 with the registers. */
function storeEnvironment(cpu: Cpu, d: number, a: number, b: number): void {
  const { mmu, state: s } = cpu;
  const linear = s.u64[d];
  const at = (offset: number): bigint => BigInt.asUintN(64, linear + BigInt(offset));
  const bytes = a as 14 | 28;
  const end = bytes + (b ? REGISTERS_BYTES : 0);
  // The image lies in two pages at most.
  if (mmu.read8(cpu, at(0), How.WRITE_INTENT) === undefined) return;
  if (mmu.read8(cpu, at(end - 1), How.WRITE_INTENT) === undefined) return;
  const size = bytes / 7;
  environmentImage(cpu, bytes, (s.low(Slot.CR0) & Cr0.PE) === 0).forEach((word, k) => {
    for (let j = 0; j < size; j++) mmu.write8(cpu, at(k * size + j), (word >>> (8 * j)) & 0xff);
  });
  if (!b) {
    // All exceptions are masked, which none survives pending.
    setControl(cpu, s.low(Slot.FCW) | Status.EXCEPTIONS);
    return;
  }
  for (let i = 0; i < 8; i++) {
    const bits = read(cpu, i);
    for (let j = 0; j < 10; j++)
      mmu.write8(cpu, at(bytes + i * 10 + j), Number((bits >> BigInt(8 * j)) & 0xffn));
  }
  initialize(cpu);
}

/** FLDENV and FRSTOR, likewise. */
function restoreEnvironment(cpu: Cpu, d: number, a: number, b: number): void {
  const { mmu, state: s } = cpu;
  const linear = s.u64[d];
  const bytes = a as 14 | 28;
  const image: number[] = [];
  for (let k = 0; k < bytes + (b ? REGISTERS_BYTES : 0); k++) {
    const byte = mmu.read8(cpu, BigInt.asUintN(64, linear + BigInt(k)));
    if (byte === undefined) return;
    image.push(byte);
  }
  const little = (from: number, count: number): bigint =>
    image.slice(from, from + count).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const size = bytes / 7;
  const words = Array.from({ length: 7 }, (_, k) => Number(little(k * size, size)));
  loadEnvironment(cpu, words, bytes, (s.low(Slot.CR0) & Cr0.PE) === 0);
  if (!b) return;
  const tags = s.low(Slot.FTW);
  for (let i = 0; i < 8; i++) write(cpu, i, little(bytes + i * 10, 10));
  s.setLow(Slot.FTW, tags);
}

/** Control; see types.ts for the calling convention. */
export const x87ControlHelpers = {
  x87Ready,
  fwait,
  fninit,
  fldcw,
  fnclex,
  emms,
  storeEnvironment,
  restoreEnvironment,
} as const satisfies HelperTable;
