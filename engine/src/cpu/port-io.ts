/** IN, OUT, INS and OUTS: one access to the I/O bus (SDM 1 chapter 19). */
import { How } from '../memory/mmu';
import type { Cpu } from './cpu';
import { checkIoPermission } from './io-permission';
import { advanceRip } from './limits';
import { segmentCheck } from './segmentation';
import { Flag, type Seg, Slot } from './state';

/** Access sizes of the I/O bus. */
export type PortSize = 1 | 2 | 4;

/**
 * IN: AL, AX or EAX ← port. Goes on with the next instruction. A device that wants something of the machine (an
 * interrupt, an earlier timer) says so itself.
 */
export function portIn(cpu: Cpu, port: number, size: PortSize, immediate: boolean): void {
  if (!checkIoPermission(cpu, port, size)) return;
  if (cpu.intercepts.io(port, size, true, undefined, immediate)) return;
  const s = cpu.state;
  const value = cpu.ports.read(port, size);
  if (size === 4) s.setLow(Slot.RAX, value);
  else if (size === 2) s.u32[Slot.RAX * 2] = (s.low(Slot.RAX) & ~0xffff) | (value & 0xffff);
  else s.u32[Slot.RAX * 2] = (s.low(Slot.RAX) & ~0xff) | (value & 0xff);
  advanceRip(cpu);
}

/** OUT: port ← AL, AX or EAX. RIP is advanced first: the device may stop the machine. */
export function portOut(cpu: Cpu, port: number, size: PortSize, immediate: boolean): void {
  if (!checkIoPermission(cpu, port, size)) return;
  if (cpu.intercepts.io(port, size, false, undefined, immediate)) return;
  const value = cpu.state.low(Slot.RAX);
  advanceRip(cpu);
  cpu.ports.write(port, size === 4 ? value : value & (size === 2 ? 0xffff : 0xff), size);
}

/** What an INS or OUTS is made of. */
export interface StringIo {
  size: PortSize;
  addressBytes: 2 | 4 | 8;
  repeat: boolean;
  /** ES for INS. */
  seg: Seg;
}

/** One iteration of INS or OUTS: under REP, RIP stays while the count is not used up. */
export function stringIo(cpu: Cpu, input: boolean, io: StringIo): void {
  const s = cpu.state;
  const { size, repeat } = io;
  const bits = io.addressBytes * 8;
  const count = BigInt.asUintN(bits, s.u64[Slot.RCX]);
  if (repeat && count === 0n) {
    advanceRip(cpu);
    return;
  }
  const port = s.low(Slot.RDX) & 0xffff;
  if (!checkIoPermission(cpu, port, size)) return;
  const index = input ? Slot.RDI : Slot.RSI;
  const linear = segmentCheck(cpu, io.seg, BigInt.asUintN(bits, s.u64[index]), size, input);
  if (linear === undefined) return;
  if (cpu.intercepts.io(port, size, input, { rep: repeat, linear })) return;
  // INS must know that it may write before it takes a value from the device.
  const memory = readMemory(cpu, linear, size, input ? How.WRITE_INTENT : 0);
  if (memory === undefined) return;
  if (input && !writeMemory(cpu, linear, size, cpu.ports.read(port, size))) return;

  const step = BigInt(cpu.flag(Flag.DF) ? -size : size);
  advance(cpu, index, bits, step);
  if (repeat) advance(cpu, Slot.RCX, bits, -1n);
  if (!repeat || count === 1n) advanceRip(cpu);
  if (!input) cpu.ports.write(port, memory, size);
}

function readMemory(cpu: Cpu, linear: bigint, size: PortSize, how: number): number | undefined {
  if (size === 4) return cpu.mmu.read32(cpu, linear, how);
  return size === 2 ? cpu.mmu.read16(cpu, linear, how) : cpu.mmu.read8(cpu, linear, how);
}

function writeMemory(cpu: Cpu, linear: bigint, size: PortSize, value: number): boolean {
  if (size === 4) return cpu.mmu.write32(cpu, linear, value);
  return size === 2 ? cpu.mmu.write16(cpu, linear, value) : cpu.mmu.write8(cpu, linear, value);
}

/** Adds to a register of 16, 32 (zero-extending) or 64 bits. */
function advance(cpu: Cpu, slot: number, bits: number, step: bigint): void {
  const u64 = cpu.state.u64;
  const sum = BigInt.asUintN(bits, u64[slot] + step);
  u64[slot] = bits === 16 ? (u64[slot] & ~0xffffn) | sum : sum;
}
