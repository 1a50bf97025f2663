/** CR3 and the PAE page-directory-pointer registers (SDM 3A 4.3, 4.4.1). */
import { walk } from '../memory/walk';
import type { Cpu } from './cpu';
import { generalProtection } from './descriptors';
import { hex, PHYSICAL_ADDRESS_BITS } from './limits';
import { pagingContext } from './paging-context';
import { Cr0, Cr4, Efer, Slot } from './state';

/** Whether CR0, CR4 and EFER together select PAE paging. */
export function isPaePaging(cr0: number, cr4: number, efer: number): boolean {
  return (cr0 & Cr0.PG) !== 0 && (cr4 & Cr4.PAE) !== 0 && (efer & Efer.LMA) === 0;
}

/**
 * Reads and checks the four PDPTEs that `cr3` points to. Raises #GP(0) for a
 * present one with reserved bits set (SDM 3A 4.4.1).
 */
export function readPdptes(cpu: Cpu, cr3: bigint): bigint[] | undefined {
  const table = cr3 & 0xffffffe0n;
  const context = { ...pagingContext(cpu), mode: 'none' as const, pdptes: undefined };
  // The four entries lie inside one page: one walk through EPT serves them all.
  const where = walk(cpu.mmu.physical, table, { kind: 'read', user: false }, context);
  if (!where.ok) {
    if (where.stage === 'nested') cpu.intercepts.ept(where, false, 0n);
    return undefined;
  }
  const reserved = (-1n << BigInt(PHYSICAL_ADDRESS_BITS)) | 0x1e6n;
  const entries: bigint[] = [];
  for (let i = 0; i < 4; i++) {
    const entry = cpu.mmu.physical.read64(Number(where.hostPhysical) + 8 * i);
    if (entry & 1n && entry & reserved) {
      generalProtection(cpu, `PAE: PDPTE ${i} = ${hex(entry)} has reserved bits set.`);
      return undefined;
    }
    entries.push(entry);
  }
  return entries;
}

/** Puts PDPTEs into their registers. */
export function setPdptes(cpu: Cpu, entries: readonly bigint[]): void {
  entries.forEach((entry, i) => {
    cpu.state.u64[Slot.PDPTE0 + i] = entry;
  });
}

/** Loads CR3 and what follows from it: PDPTEs, TLB. False after raising, with nothing changed. */
export function reloadCr3(cpu: Cpu, value: bigint): boolean {
  const s = cpu.state;
  if (isPaePaging(s.low(Slot.CR0), s.low(Slot.CR4), s.low(Slot.EFER))) {
    const entries = readPdptes(cpu, value);
    if (!entries) return false;
    setPdptes(cpu, entries);
  }
  s.u64[Slot.CR3] = value;
  cpu.mmu.flush(false);
  cpu.modeChanged();
  return true;
}
