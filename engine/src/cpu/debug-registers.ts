/** MOV to and from debug registers (SDM 3B 18.2). What they make happen: execution/hardware-breakpoints.ts. */

import { requireRing0 } from './control';
import { type Cpu, Vector } from './cpu';
import { generalProtection } from './descriptors';
import { hex } from './limits';
import { Cr4, Slot } from './state';

/** Bits of DR6 and DR7 that always read as 1, and those that can be 1. */
const DR6_ONES = 0xffff0ff0n;
const DR6_MASK = 0xffffefffn;
const DR7_ONES = 0x400n;
const DR7_MASK = 0xffff27ffn;
const DR7_GD = 1n << 13n;
/** DR6.BD. */
const DR6_BD = 1n << 13n;

function access(cpu: Cpu, dr: number, write: boolean, gpr: number): number | undefined {
  // The exit has priority over #GP for the CPL and #UD for DR4/DR5 (SDM 3C 26.1.3).
  if (cpu.intercepts.accessDr(dr, write, gpr)) return undefined;
  if (dr > 7 || ((dr === 4 || dr === 5) && cpu.cr4(Cr4.DE))) {
    cpu.raise(Vector.UD, undefined, `DR${dr} does not exist${dr < 8 ? ' while CR4.DE is set' : ''}.`);
    return undefined;
  }
  if (!requireRing0(cpu, `MOV ${write ? 'to' : 'from'} DR${dr}`)) return undefined;
  if (cpu.state.u64[Slot.DR7] & DR7_GD) {
    cpu.raise(Vector.DB, undefined, 'Debug-register access while DR7.GD is set.', DR6_BD);
    return undefined;
  }
  return slotOf(dr);
}

/** DR4 and DR5 are aliases of DR6 and DR7. */
function slotOf(dr: number): number {
  if (dr < 4) return Slot.DR0 + dr;
  return dr === 4 || dr === 6 ? Slot.DR6 : Slot.DR7;
}

/** MOV from a debug register to general register slot `gpr`. */
export function movFromDr(cpu: Cpu, dr: number, gpr: number): void {
  const slot = access(cpu, dr, false, gpr);
  if (slot === undefined) return;
  const value = cpu.state.u64[slot];
  cpu.state.u64[gpr] = cpu.code64 ? value : value & 0xffffffffn;
}

/** MOV from general register slot `gpr` to a debug register. */
export function movToDr(cpu: Cpu, dr: number, gpr: number): void {
  const slot = access(cpu, dr, true, gpr);
  if (slot === undefined) return;
  const value = cpu.code64 ? cpu.state.u64[gpr] : cpu.state.u64[gpr] & 0xffffffffn;
  cpu.attention();
  if (slot !== Slot.DR6 && slot !== Slot.DR7) {
    cpu.state.u64[slot] = value;
    return;
  }
  if (value >> 32n) {
    generalProtection(cpu, `MOV to DR${dr}, value ${hex(value)}: bits 63:32 must be 0.`);
    return;
  }
  cpu.state.u64[slot] = slot === Slot.DR6 ? (value & DR6_MASK) | DR6_ONES : (value & DR7_MASK) | DR7_ONES;
}
