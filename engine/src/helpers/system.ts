import {
  clearTaskSwitched,
  loadMachineStatus,
  movFromCr,
  movToCr,
  requireRing0,
  storeMachineStatus,
} from '../cpu/control';
import { type Cpu, Vector } from '../cpu/cpu';
import { cpuid as cpuidLeaf } from '../cpu/cpuid';
import { movFromDr, movToDr } from '../cpu/debug-registers';
import { generalProtection } from '../cpu/descriptors';
import { flagsMask } from '../cpu/far-returns';
import { deliverInterrupt } from '../cpu/interrupts';
import { advanceRip, hex, isCanonical, isCanonicalHigh } from '../cpu/limits';
import { msrRead, readMsr, slotOfMsr, writeMsr } from '../cpu/msr';
import { type PortSize, portIn, portOut, stringIo } from '../cpu/port-io';
import type { StackSize } from '../cpu/stack';
import { Cr0, Cr4, Flag, Seg, SegField, Slot } from '../cpu/state';
import { syscall, sysenter, sysexit, sysret } from '../cpu/syscalls';
import { readRflags, writeRflags } from '../ir/flags';
import type { HelperTable } from './types';

// --- software interrupts ------------------------------------------------------------

/** INT d. Sets RIP. */
function intN(cpu: Cpu, d: number): void {
  deliverInterrupt(cpu, d, 'software');
}

/** INT3 (d = 3) and INTO with OF set (d = 4). */
function softwareException(cpu: Cpu, d: number): void {
  deliverInterrupt(cpu, d, 'software-exception');
}

/** INT1. */
function int1(cpu: Cpu): void {
  deliverInterrupt(cpu, Vector.DB, 'privileged-software');
}

// --- flags ------------------------------------------------------------------------------

function requireIopl(cpu: Cpu, name: string): boolean {
  if (cpu.realMode || cpu.cpl <= cpu.iopl) return true;
  return generalProtection(cpu, `${name} at CPL ${cpu.cpl} with IOPL ${cpu.iopl}.`);
}

function cli(cpu: Cpu): void {
  if (requireIopl(cpu, 'CLI')) cpu.state.u32[Slot.RFLAGS * 2] &= ~Flag.IF;
}

/** STI: interrupts stay off for one more instruction if they were off (SDM 2B "STI"). */
function sti(cpu: Cpu): void {
  if (!requireIopl(cpu, 'STI')) return;
  if (cpu.flag(Flag.IF)) return;
  cpu.state.setNumber(Slot.SHADOW_STI, cpu.icount);
  cpu.state.u32[Slot.RFLAGS * 2] |= Flag.IF;
  cpu.attention();
}

/** Slot d ← RFLAGS as PUSHF stores it: RF and VM clear. */
function readFlags(cpu: Cpu, d: number): void {
  cpu.state.setLow(d, readRflags(cpu.state) & ~(Flag.RF | Flag.VM));
}

/** RFLAGS ← slot d for POPF of a bytes, the bits that the privilege level allows. */
function popFlags(cpu: Cpu, d: number, a: number): void {
  const s = cpu.state;
  const old = s.low(Slot.RFLAGS);
  const mask = flagsMask(cpu.realMode ? 0 : cpu.cpl, cpu.iopl, a as StackSize);
  const flags = (old & ~mask) | (s.low(d) & mask);
  // The arithmetic flags, which are not kept there, are all in the mask.
  writeRflags(s, flags);
  if ((flags ^ old) & Flag.AC) cpu.segmentsChanged();
  cpu.flagsLoaded(old);
}

/** CLAC (d = 0) and STAC (d = 1). */
function setAc(cpu: Cpu, d: number): void {
  if (cpu.cpl !== 0) {
    cpu.raise(Vector.UD, undefined, `${d ? 'STAC' : 'CLAC'} at CPL ${cpu.cpl}; it needs CPL 0.`);
    return;
  }
  const { u32 } = cpu.state;
  u32[Slot.RFLAGS * 2] = (u32[Slot.RFLAGS * 2] & ~Flag.AC) | (d ? Flag.AC : 0);
  cpu.segmentsChanged();
}

// --- the processor itself ---------------------------------------------------------------

/** HLT. RIP is that of the next instruction while the processor is halted. */
function hlt(cpu: Cpu): void {
  if (!requireRing0(cpu, 'HLT') || cpu.intercepts.instruction('hlt')) return;
  advanceRip(cpu);
  cpu.state.setLow(Slot.ACTIVITY, 1);
  cpu.attention();
}

function pause(cpu: Cpu): void {
  cpu.intercepts.instruction('pause');
}

/** INVD (d = 0) and WBINVD (d = 1): there are no caches. */
function invalidateCaches(cpu: Cpu, d: number): void {
  if (requireRing0(cpu, d ? 'WBINVD' : 'INVD')) cpu.intercepts.instruction(d ? 'wbinvd' : 'invd');
}

function cpuid(cpu: Cpu): void {
  if (cpu.intercepts.instruction('cpuid')) return;
  const s = cpu.state;
  const result = cpuidLeaf(cpu, s.low(Slot.RAX), s.low(Slot.RCX));
  s.setLow(Slot.RAX, result[0]);
  s.setLow(Slot.RBX, result[1]);
  s.setLow(Slot.RCX, result[2]);
  s.setLow(Slot.RDX, result[3]);
}

function splitToEdxEax(cpu: Cpu, value: bigint): void {
  cpu.state.setLow(Slot.RAX, Number(value & 0xffffffffn));
  cpu.state.setLow(Slot.RDX, Number(value >> 32n));
}

function rdmsr(cpu: Cpu): void {
  const s = cpu.state;
  const index = s.low(Slot.RCX);
  const slot = slotOfMsr(index);
  if (slot >= 0 && cpu.cpl === 0) {
    if (cpu.intercepts.readMsr(index)) return;
    s.setLow(Slot.RAX, s.low(slot));
    s.setLow(Slot.RDX, s.high(slot));
    return;
  }
  const value = readMsr(cpu, index);
  if (value !== undefined) splitToEdxEax(cpu, value);
}

function wrmsr(cpu: Cpu): void {
  const s = cpu.state;
  const value = (BigInt(s.low(Slot.RDX)) << 32n) | BigInt(s.low(Slot.RAX));
  writeMsr(cpu, s.low(Slot.RCX), value);
}

/** RDTSC (d = 0) and RDTSCP (d = 1). */
function rdtsc(cpu: Cpu, d: number): void {
  const name = d ? 'rdtscp' : 'rdtsc';
  if (cpu.cpl !== 0 && cpu.cr4(Cr4.TSD)) {
    generalProtection(cpu, `${name.toUpperCase()} at CPL ${cpu.cpl} while CR4.TSD is set.`);
    return;
  }
  if (cpu.intercepts.instruction(name)) return;
  const s = cpu.state;
  if (cpu.nonRoot) splitToEdxEax(cpu, msrRead(cpu, 0x10)!);
  else {
    const { clock } = cpu;
    const high = Math.floor(clock / 0x100000000);
    const low = clock - high * 0x100000000 + s.low(Slot.TSC_OFFSET);
    s.setLow(Slot.RAX, low);
    s.setLow(Slot.RDX, high + s.high(Slot.TSC_OFFSET) + (low > 0xffffffff ? 1 : 0));
  }
  if (d) s.setLow(Slot.RCX, s.low(Slot.TSC_AUX));
}

/** RDPMC: no counter exists, so every index is wrong. */
function rdpmc(cpu: Cpu): void {
  if (cpu.cpl !== 0 && !cpu.cr4(Cr4.PCE)) {
    generalProtection(cpu, `RDPMC at CPL ${cpu.cpl} while CR4.PCE is clear.`);
    return;
  }
  if (cpu.intercepts.instruction('rdpmc')) return;
  generalProtection(cpu, `RDPMC: there is no performance counter ${hex(cpu.state.low(Slot.RCX))}.`);
}

/**
 * Before an x87 instruction that does not wait (d = 1), or an MMX or SSE one
 * that this machine does not have (d = 2): the exceptions with which an operating
 * system turns them off (SDM 3A Table 2-2, 14.1).
 */
function coprocessorCheck(cpu: Cpu, d: number): void {
  const cr0 = cpu.state.low(Slot.CR0);
  if (d === 2 && cr0 & Cr0.EM) cpu.raise(Vector.UD, undefined, 'MMX or SSE instruction with CR0.EM set.');
  else if (cr0 & (d === 1 ? Cr0.EM | Cr0.TS : Cr0.TS))
    cpu.raise(Vector.NM, undefined, 'Floating-point instruction with CR0.TS or CR0.EM set.');
}

/** An instruction that CPUID does not offer. */
function notOffered(cpu: Cpu): void {
  cpu.raise(Vector.UD, undefined, 'CPUID does not report this instruction.');
}

// --- control and debug registers -----------------------------------------------------------

/** Slot d ← CR a. */
function readCr(cpu: Cpu, d: number, a: number): void {
  movFromCr(cpu, a, d);
}

/** CR d ← slot a. */
function writeCr(cpu: Cpu, d: number, a: number): void {
  movToCr(cpu, d, a);
}

/** Slot d ← DR a. */
function readDr(cpu: Cpu, d: number, a: number): void {
  movFromDr(cpu, a, d);
}

/** DR d ← slot a. */
function writeDr(cpu: Cpu, d: number, a: number): void {
  movToDr(cpu, d, a);
}

function clts(cpu: Cpu): void {
  clearTaskSwitched(cpu);
}

/** Machine status word ← slot d; a: slot with the linear address of a memory operand, or 0. */
function lmsw(cpu: Cpu, d: number, a: number): void {
  loadMachineStatus(cpu, cpu.state.low(d) & 0xffff, a ? cpu.state.u64[a] : undefined);
}

/** Slot d ← CR0 for SMSW. */
function smsw(cpu: Cpu, d: number): void {
  const value = storeMachineStatus(cpu);
  if (value !== undefined) cpu.state.u64[d] = value;
}

// --- address translation --------------------------------------------------------------------

/** INVLPG of the linear address in slot d. */
function invlpg(cpu: Cpu, d: number): void {
  if (!requireRing0(cpu, 'INVLPG')) return;
  const s = cpu.state;
  if (cpu.intercepts.invlpg(s.u64[d])) return;
  if (isCanonicalHigh(s.high(d))) cpu.mmu.flushPage(s.low(d), s.high(d));
}

/** INVPCID of the type in slot d; its descriptor is at the linear address in slot a. */
function invpcid(cpu: Cpu, d: number, a: number): void {
  if (!requireRing0(cpu, 'INVPCID') || cpu.intercepts.instruction('invpcid')) return;
  const s = cpu.state;
  const type = cpu.code64 ? s.u64[d] : BigInt(s.low(d));
  const pcid = cpu.mmu.read64(cpu, s.u64[a]);
  if (pcid === undefined) return;
  const linear = cpu.mmu.read64(cpu, BigInt.asUintN(64, s.u64[a] + 8n));
  if (linear === undefined) return;
  let problem: string | undefined;
  if (type > 3n) problem = `type ${type} does not exist`;
  else if (pcid >> 12n) problem = 'bits 63:12 of the descriptor must be 0';
  else if (type < 2n && pcid !== 0n && !cpu.cr4(Cr4.PCIDE)) problem = 'a PCID other than 0 needs CR4.PCIDE';
  else if (type === 0n && !isCanonical(linear)) problem = `linear address ${hex(linear)} is not canonical`;
  if (problem) {
    generalProtection(cpu, `INVPCID: ${problem}.`);
    return;
  }
  if (type === 0n) cpu.mmu.flushPage(Number(linear & 0xffffffffn), Number(linear >> 32n));
  else cpu.mmu.flush(true);
}

// --- FS and GS bases ---------------------------------------------------------------------------

function swapgs(cpu: Cpu): void {
  if (!requireRing0(cpu, 'SWAPGS')) return;
  const u64 = cpu.state.u64;
  const slot = Slot.SEGMENTS + Seg.GS * 4 + SegField.BASE;
  const base = u64[slot];
  u64[slot] = u64[Slot.KERNEL_GS_BASE];
  u64[Slot.KERNEL_GS_BASE] = base;
}

function requireFsgsbase(cpu: Cpu): boolean {
  if (cpu.cr4(Cr4.FSGSBASE)) return true;
  cpu.raise(Vector.UD, undefined, 'CR4.FSGSBASE is clear.');
  return false;
}

/** Slot d ← base of segment register a (literal). */
function readSegmentBase(cpu: Cpu, d: number, a: number): void {
  if (requireFsgsbase(cpu)) cpu.state.u64[d] = cpu.state.segmentBase(a as Seg);
}

/** Base of segment register d (literal) ← slot a. */
function writeSegmentBase(cpu: Cpu, d: number, a: number): void {
  if (!requireFsgsbase(cpu)) return;
  const base = cpu.state.u64[a];
  if (isCanonical(base)) cpu.state.u64[Slot.SEGMENTS + d * 4 + SegField.BASE] = base;
  else generalProtection(cpu, `The segment base ${hex(base)} is not canonical.`);
}

// --- ports -------------------------------------------------------------------------------------

/** IN of d bytes from the port in slot a; b = 1: the port is an immediate. Sets RIP. */
function inPort(cpu: Cpu, d: number, a: number, b: number): void {
  portIn(cpu, cpu.state.low(a) & 0xffff, d as PortSize, b !== 0);
}

/** OUT, likewise. */
function outPort(cpu: Cpu, d: number, a: number, b: number): void {
  portOut(cpu, cpu.state.low(a) & 0xffff, d as PortSize, b !== 0);
}

/** One iteration of INS (d bit 3 set) or OUTS of d & 7 bytes, address size a, segment b & 7, REP if b & 8. Sets RIP. */
function stringPort(cpu: Cpu, d: number, a: number, b: number): void {
  stringIo(cpu, (d & 8) !== 0, {
    size: (d & 7) as PortSize,
    addressBytes: a as 2 | 4 | 8,
    seg: (b & 7) as Seg,
    repeat: (b & 8) !== 0,
  });
}

/** System instructions; see types.ts for the calling convention. */
export const systemHelpers = {
  intN,
  softwareException,
  int1,
  syscall: (cpu: Cpu) => syscall(cpu),
  /** d = 1: 64-bit operand. */
  sysret: (cpu: Cpu, d: number) => sysret(cpu, d !== 0),
  sysenter: (cpu: Cpu) => sysenter(cpu),
  sysexit: (cpu: Cpu, d: number) => sysexit(cpu, d !== 0),
  cli,
  sti,
  readFlags,
  popFlags,
  setAc,
  hlt,
  pause,
  invalidateCaches,
  cpuid,
  rdmsr,
  wrmsr,
  rdtsc,
  rdpmc,
  coprocessorCheck,
  notOffered,
  readCr,
  writeCr,
  readDr,
  writeDr,
  clts,
  lmsw,
  smsw,
  invlpg,
  invpcid,
  swapgs,
  readSegmentBase,
  writeSegmentBase,
  inPort,
  outPort,
  stringPort,
} as const satisfies HelperTable;
