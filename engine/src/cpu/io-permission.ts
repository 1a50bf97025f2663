import { How } from '../memory/mmu';
import type { Cpu } from './cpu';
import { generalProtection } from './descriptors';
import { hex } from './limits';
import { tssIs32 } from './stack';
import { Seg, SegField, Slot } from './state';

/** Offset of the I/O map base in 32- and 64-bit TSSs (SDM 3A Figure 7-2). */
const IO_MAP_BASE = 102;

const TR_BASE = Slot.SEGMENTS + Seg.TR * 4 + SegField.BASE;

/**
 * Whether the program may access `size` ports from `port` on: CPL ≤ IOPL, or
 * every bit in the TSS's I/O permission bitmap is 0 (SDM 1 19.5). False after
 * raising.
 */
export function checkIoPermission(cpu: Cpu, port: number, size: number): boolean {
  if (cpu.realMode || cpu.cpl <= cpu.iopl) return true;
  const s = cpu.state;
  const limit = s.segmentLimit(Seg.TR);
  if (!tssIs32(cpu) || limit < IO_MAP_BASE + 1)
    return refuse(cpu, port, 'the TSS has no I/O permission bitmap');
  if (!loadFromTss(cpu, IO_MAP_BASE)) return false;
  const at = cpu.mmu.valueLo + (port >> 3);
  // Two bytes are always read, so an access may straddle (SDM 1 19.5.2).
  if (at + 1 > limit) return refuse(cpu, port, 'the port is beyond the I/O permission bitmap');
  if (!loadFromTss(cpu, at)) return false;
  if ((cpu.mmu.valueLo >> (port & 7)) & ((1 << size) - 1))
    return refuse(cpu, port, 'the I/O permission bitmap forbids it');
  return true;
}

/** Reads two bytes into the MMU's value. */
function loadFromTss(cpu: Cpu, offset: number): boolean {
  const low = cpu.state.low(TR_BASE) + offset;
  const high = cpu.state.high(TR_BASE) + (low > 0xffffffff ? 1 : 0);
  return cpu.mmu.load(cpu, low >>> 0, high >>> 0, 2, How.SUPERVISOR);
}

function refuse(cpu: Cpu, port: number, why: string): false {
  return generalProtection(cpu, `Port ${hex(port)} at CPL ${cpu.cpl} with IOPL ${cpu.iopl}: ${why}.`);
}
