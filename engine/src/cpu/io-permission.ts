import { How } from '../memory/mmu';
import type { Cpu } from './cpu';
import { generalProtection } from './descriptors';
import { hex } from './limits';
import { tssIs32 } from './stack';
import { Seg } from './state';

/** Offset of the I/O map base in 32- and 64-bit TSSs (SDM 3A Figure 7-2). */
const IO_MAP_BASE = 102;

/**
 * Whether the program may access `size` ports from `port` on: CPL ≤ IOPL, or
 * every bit in the TSS's I/O permission bitmap is 0 (SDM 1 19.5). False after
 * raising.
 */
export function checkIoPermission(cpu: Cpu, port: number, size: number): boolean {
  if (cpu.realMode || cpu.cpl <= cpu.iopl) return true;
  const s = cpu.state;
  const refuse = (why: string) =>
    generalProtection(cpu, `Port ${hex(port)} at CPL ${cpu.cpl} with IOPL ${cpu.iopl}: ${why}.`);
  const limit = s.segmentLimit(Seg.TR);
  if (!tssIs32(cpu) || limit < IO_MAP_BASE + 1) return refuse('the TSS has no I/O permission bitmap');
  const tss = s.segmentBase(Seg.TR);
  const base = cpu.mmu.read16(cpu, BigInt.asUintN(64, tss + BigInt(IO_MAP_BASE)), How.SUPERVISOR);
  if (base === undefined) return false;
  const at = base + (port >> 3);
  // Two bytes are always read, so an access may straddle (SDM 1 19.5.2).
  if (at + 1 > limit) return refuse('the port is beyond the I/O permission bitmap');
  const bits = cpu.mmu.read16(cpu, BigInt.asUintN(64, tss + BigInt(at)), How.SUPERVISOR);
  if (bits === undefined) return false;
  if ((bits >> (port & 7)) & ((1 << size) - 1)) return refuse('the I/O permission bitmap forbids it');
  return true;
}
