/** The processor's state after power-on and where a boot loader leaves it. */
import { writeRflags } from '../ir/flags';
import { Abort, type Cpu } from './cpu';
import {
  APIC_BASE_RESET,
  FEATURE_CONTROL_RESET,
  MISC_ENABLE_RESET,
  MTRR_DEF_TYPE_RESET,
  PAT_RESET,
} from './msr';
import { Access, Cr0, Mxcsr, Seg, Slot } from './state';

/** EAX at a Multiboot entry (Multiboot 0.6.96 §3.2). */
export const MULTIBOOT_MAGIC = 0x2badb002;

/** Selectors and table of a Multiboot entry; the specification leaves them open. */
const MULTIBOOT_CS = 0x8;
const MULTIBOOT_DS = 0x10;

/** Access rights of a present, accessed data and code segment of ring 0. */
const DATA = Access.P | Access.S | 3;
const CODE = Access.P | Access.S | 0xb;

/** Power-on reset (SDM 3A Table 10-1). Memory is not touched; the VMX state is off. */
export function resetCpu(cpu: Cpu): void {
  const s = cpu.state;
  s.u64.fill(0n);
  // RDX identifies the processor as CPUID leaf 1 does.
  s.setLow(Slot.RDX, 0x000506e3);
  s.setLow(Slot.RIP, 0xfff0);
  writeRflags(s, 2);
  s.setLow(Slot.CR0, (Cr0.CD | Cr0.NW | Cr0.ET) >>> 0);
  for (const seg of [Seg.ES, Seg.SS, Seg.DS, Seg.FS, Seg.GS] as const)
    s.setSegment(seg, { selector: 0, base: 0n, limit: 0xffff, access: DATA });
  s.setSegment(Seg.CS, { selector: 0xf000, base: 0xffff0000n, limit: 0xffff, access: DATA });
  s.setSegment(Seg.LDTR, { selector: 0, base: 0n, limit: 0xffff, access: Access.P | 2 });
  s.setSegment(Seg.TR, { selector: 0, base: 0n, limit: 0xffff, access: Access.P | 11 });
  s.setLow(Slot.GDTR_LIMIT, 0xffff);
  s.setLow(Slot.IDTR_LIMIT, 0xffff);
  s.setLow(Slot.DR6, 0xffff0ff0);
  s.setLow(Slot.DR7, 0x400);
  s.u64[Slot.XCR0] = 1n;
  s.setLow(Slot.MXCSR, Mxcsr.RESET);
  // The x87: tags say "zero", which is not empty.
  s.setLow(Slot.FCW, 0x40);
  s.setLow(Slot.FTW, 0xff);
  s.u64[Slot.PAT] = PAT_RESET;
  s.u64[Slot.APIC_BASE] = APIC_BASE_RESET;
  s.u64[Slot.FEATURE_CONTROL] = FEATURE_CONTROL_RESET;
  s.u64[Slot.MISC_ENABLE] = MISC_ENABLE_RESET;
  s.u64[Slot.MTRR_DEF_TYPE] = MTRR_DEF_TYPE_RESET;
  s.u64[Slot.VMCS_POINTER] = 0xffffffffffffffffn;
  s.u64[Slot.PREEMPTION_DEADLINE] = 0xffffffffffffffffn;
  // No shadow is in force at instruction count 0.
  s.u64[Slot.SHADOW_STI] = s.u64[Slot.SHADOW_SS] = 0xffffffffffffffffn;

  cpu.abort = Abort.NONE;
  cpu.stop = undefined;
  cpu.icount = 0;
  cpu.delivering = -1;
  cpu.deliveredAt = -1;
  cpu.ept = undefined;
  cpu.cr0Required = 0;
  cpu.cr4Required = 0;
  cpu.mmu.flushEverything();
  cpu.modeChanged();
}

/**
 * The state in which a Multiboot loader starts an operating system
 * (Multiboot 0.6.96 §3.2): flat 32-bit segments, paging and interrupts off. The
 * GDT the selectors came from is not there any more; the guest loads its own.
 */
export function enterMultiboot(cpu: Cpu, entry: number, infoAddress: number): void {
  const s = cpu.state;
  s.setLow(Slot.CR0, Cr0.PE | Cr0.ET);
  for (let r = 0; r < 16; r++) s.u64[r] = 0n;
  s.setLow(Slot.RAX, MULTIBOOT_MAGIC);
  s.setLow(Slot.RBX, infoAddress);
  s.setLow(Slot.RIP, entry);
  writeRflags(s, 2);
  const flat = { base: 0n, limit: 0xffffffff };
  const size = Access.G | Access.DB;
  s.setSegment(Seg.CS, { selector: MULTIBOOT_CS, ...flat, access: CODE | size });
  for (const seg of [Seg.ES, Seg.SS, Seg.DS, Seg.FS, Seg.GS] as const)
    s.setSegment(seg, { selector: MULTIBOOT_DS, ...flat, access: DATA | size });
  s.u64[Slot.GDTR_BASE] = 0n;
  s.setLow(Slot.GDTR_LIMIT, 0);
  cpu.mmu.flushEverything();
  cpu.modeChanged();
}
