import type { PagingContext } from '../memory/walk-types';
import type { Cpu } from './cpu';
import { Cr0, Cr4, Efer, Flag, Slot } from './state';

/** MAXPHYADDR: what CPUID.80000008H:EAX reports and reserved-bit checks use. */
export const PHYSICAL_BITS = 40;

/**
 * The paging mode and permission switches of the processor as it stands (SDM 3A
 * 4.1.1), for the walker.
 */
export function pagingContext(cpu: Cpu): PagingContext {
  const s = cpu.state;
  const cr0 = s.low(Slot.CR0);
  const cr4 = s.low(Slot.CR4);
  const efer = s.low(Slot.EFER);
  const mode =
    (cr0 & Cr0.PG) === 0 ? 'none' : (cr4 & Cr4.PAE) === 0 ? '32-bit' : efer & Efer.LMA ? '4-level' : 'pae';
  return {
    mode,
    cr3: s.u64[Slot.CR3],
    pdptes: mode === 'pae' ? [0, 1, 2, 3].map((i) => s.u64[Slot.PDPTE0 + i]) : undefined,
    pse: (cr4 & Cr4.PSE) !== 0,
    wp: (cr0 & Cr0.WP) !== 0,
    nxe: (efer & Efer.NXE) !== 0,
    smep: (cr4 & Cr4.SMEP) !== 0,
    smap: (cr4 & Cr4.SMAP) !== 0,
    ac: (s.low(Slot.RFLAGS) & Flag.AC) !== 0,
    ept: cpu.ept,
    physicalBits: PHYSICAL_BITS,
  };
}
