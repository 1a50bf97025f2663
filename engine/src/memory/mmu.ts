import type { PhysicalMemory } from './physical';

/** Bits of an access's `how`. The first three equal MemAux. */
export const enum How {
  /** Non-canonical: #SS instead of #GP. */
  STACK = 1,
  WRAP32 = 2,
  /** A read that must be allowed to write too. */
  WRITE_INTENT = 4,
  /** Supervisor whatever the CPL: descriptor tables, TSS (SDM 3A 4.6.1 "implicit"). */
  SUPERVISOR = 8,
}

/**
 * Linear memory as instructions see it: translation, permission, faults. A
 * method that fails has called `cpu.raise` (or made the VM exit) and answers
 * undefined/false; the caller returns. `Processor` is the Cpu, a parameter so that
 * memory does not import what imports it.
 */
export interface Mmu<Processor> {
  readonly physical: PhysicalMemory;
  /** Reads into {@link valueLo} and {@link valueHi}, zero-extended, unsigned halves. The address is given in halves. */
  load(cpu: Processor, lo: number, hi: number, size: 1 | 2 | 4 | 8, how: number): boolean;
  readonly valueLo: number;
  readonly valueHi: number;
  /** Writes the low `size` bytes of a value given in halves; nothing is written when any byte cannot be. */
  store(
    cpu: Processor,
    lo: number,
    hi: number,
    size: 1 | 2 | 4 | 8,
    how: number,
    valueLo: number,
    valueHi: number,
  ): boolean;
  /**
   * Offset in {@link view} of `size` bytes that lie in one page of RAM, if an access to them needs no walk now, nor
   * anything else that only {@link load} and {@link store} do; else −1.
   */
  reach(lo: number, hi: number, size: number, how: number, write: boolean): number;
  readonly view: DataView;
  /** The same with bigint addresses, for rarer work. Values are unsigned. */
  read8(cpu: Processor, linear: bigint, how?: number): number | undefined;
  read16(cpu: Processor, linear: bigint, how?: number): number | undefined;
  read32(cpu: Processor, linear: bigint, how?: number): number | undefined;
  read64(cpu: Processor, linear: bigint, how?: number): bigint | undefined;
  write8(cpu: Processor, linear: bigint, value: number, how?: number): boolean;
  write16(cpu: Processor, linear: bigint, value: number, how?: number): boolean;
  write32(cpu: Processor, linear: bigint, value: number, how?: number): boolean;
  write64(cpu: Processor, linear: bigint, value: bigint, how?: number): boolean;
  /**
   * Offset in RAM of the byte at a linear address given in halves, if an access now would need no walk; else −1.
   * Has no effect. Writing there is not writing into code.
   */
  cachedAddress(lo: number, hi: number, write: boolean): number;
  /**
   * The same for a read of a page that has lost its place in the TLB to the page of another access, which would lose
   * it again by the read: where walks for both, now and after any writing to the other page, go. −1 also when they
   * would have an effect.
   */
  rivalAddress(
    cpu: Processor,
    lo: number,
    hi: number,
    otherLo: number,
    otherHi: number,
    otherWrite: boolean,
  ): number;
  /** Physical address of an instruction byte for execution, or undefined after raising the fault. */
  fetchAddress(cpu: Processor, linear: bigint): number | undefined;
  /** Called by `cpu.segmentsChanged()`: CPL or RFLAGS.AC may be new, nothing else is. */
  privilegeChanged(cpu: Processor): void;
  /** Called by `cpu.modeChanged()`: CPL, CR0/3/4, EFER, AC, VMX mode, EPT pointer or VPID may be new. */
  modeChanged(cpu: Processor): void;
  /** Drops every cached translation of the current address space (and, `all`, also global ones). */
  flush(all: boolean): void;
  /** Drops what a new walk would not give again: a VM transition without VPID (SDM 3C 29.4.3.1). */
  refresh(): void;
  /** The linear address is given in halves. */
  flushPage(lo: number, hi: number): void;
  /** EPT/VPID invalidations: simply everything. */
  flushEverything(): void;
}
