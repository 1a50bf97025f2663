import type { PagingContext } from '../memory/walk-types';
import type { Cpu } from './cpu';
import { PHYSICAL_ADDRESS_BITS } from './limits';
import { Cr0, Cr4, Efer, Flag, Slot } from './state';

/** What the processor's present mode contributes to a page walk (SDM 3A 4.1). */
export function pagingContext(cpu: Cpu): PagingContext {
  const s = cpu.state;
  const cr0 = s.low(Slot.CR0);
  const cr4 = s.low(Slot.CR4);
  const efer = s.low(Slot.EFER);
  const mode =
    (cr0 & Cr0.PG) === 0
      ? 'none'
      : (cr4 & Cr4.PAE) === 0
        ? '32-bit'
        : (efer & Efer.LMA) === 0
          ? 'pae'
          : '4-level';
  return {
    mode,
    cr3: s.u64[Slot.CR3],
    pdptes: mode === 'pae' ? [0, 1, 2, 3].map((i) => s.u64[Slot.PDPTE0 + i]) : undefined,
    pse: (cr4 & Cr4.PSE) !== 0,
    wp: (cr0 & Cr0.WP) !== 0,
    nxe: (efer & Efer.NXE) !== 0,
    smep: (cr4 & Cr4.SMEP) !== 0,
    smap: (cr4 & Cr4.SMAP) !== 0,
    ac: cpu.flag(Flag.AC),
    ept: cpu.ept,
    physicalBits: PHYSICAL_ADDRESS_BITS,
  };
}
