import type { Cpu } from '../cpu/cpu';
import { Cr0, Cr4, Efer, Slot } from '../cpu/state';
import type { EptContext } from './walk-types';

/** What translations depend on, as it was when {@link Dependencies.changed} was last asked. */
export class Dependencies {
  private readonly values = new Float64Array(11).fill(-1);
  private lastEpt: EptContext | undefined;
  private lastEptPointer = 0;

  /** Compares with what is now, and keeps that. */
  changed(cpu: Cpu): boolean {
    const s = cpu.state;
    const cr0 = s.low(Slot.CR0);
    const cr4 = s.low(Slot.CR4);
    const efer = s.low(Slot.EFER);
    const paging = (cr0 & Cr0.PG) !== 0;
    const pae = paging && (cr4 & Cr4.PAE) !== 0 && (efer & Efer.LMA) === 0;
    const c = this.values;
    let changed = note(c, 0, cr0 & (Cr0.PG | Cr0.WP));
    changed = note(c, 1, s.low(Slot.CR3)) || changed;
    changed = note(c, 2, s.high(Slot.CR3)) || changed;
    changed = note(c, 3, cr4 & (Cr4.PSE | Cr4.PAE | Cr4.PGE | Cr4.PCIDE | Cr4.SMEP | Cr4.SMAP)) || changed;
    changed = note(c, 4, efer & (Efer.NXE | Efer.LMA)) || changed;
    changed = note(c, 5, this.eptPointer(cpu.ept)) || changed;
    // Whether they are in use is in what has been compared.
    if (pae) for (let i = 0; i < 4; i++) changed = note(c, 6 + i, s.number(Slot.PDPTE0 + i)) || changed;
    changed = note(c, 10, cpu.vpid) || changed;
    return changed;
  }

  /** The EPT pointer as a number, or −1 without. */
  private eptPointer(ept: EptContext | undefined): number {
    if (ept === undefined) return -1;
    if (ept !== this.lastEpt) {
      this.lastEpt = ept;
      this.lastEptPointer = Number(ept.pointer);
    }
    return this.lastEptPointer;
  }
}

/** Sets an element; whether that has changed it. */
function note(values: Float64Array, index: number, value: number): boolean {
  if (values[index] === value) return false;
  values[index] = value;
  return true;
}
