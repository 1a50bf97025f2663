import type { Cpu } from './cpu';
import { Slot } from './state';

/** MAXPHYADDR as CPUID 80000008H reports it (SDM 3A 4.1.4). */
export const PHYSICAL_ADDRESS_BITS = 40;

/** Linear-address width of 4-level paging. */
export const LINEAR_ADDRESS_BITS = 48;

/** Whether bits 63…47 of a linear address are equal (SDM 1 3.3.7.1). */
export function isCanonical(linear: bigint): boolean {
  return BigInt.asUintN(64, BigInt.asIntN(LINEAR_ADDRESS_BITS, linear)) === linear;
}

/** The same for an address whose high half this is. */
export function isCanonicalHigh(high: number): boolean {
  return (high + 0x8000) >>> 16 === 0;
}

/** RIP ← address of the next instruction, cut to the code segment's width. */
export function advanceRip(cpu: Cpu): void {
  const { u32 } = cpu.state;
  const low = u32[Slot.RIP * 2] + cpu.instructionLength;
  u32[Slot.RIP * 2] = low;
  u32[Slot.RIP * 2 + 1] = cpu.code64 ? u32[Slot.RIP * 2 + 1] + (low > 0xffffffff ? 1 : 0) : 0;
}

/** Address of the next instruction, cut to the code segment's width. */
export function nextRip(cpu: Cpu): bigint {
  const sum = cpu.state.u64[Slot.RIP] + BigInt(cpu.instructionLength);
  return BigInt.asUintN(cpu.code64 ? 64 : 32, sum);
}

/** For explanations: a number given in halves. */
export function hexHalves(low: number, high: number): string {
  return hex((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
}

/** For explanations: a number as the manual writes it. */
export function hex(value: number | bigint): string {
  return `0x${(typeof value === 'number' ? value >>> 0 : value).toString(16)}`;
}
