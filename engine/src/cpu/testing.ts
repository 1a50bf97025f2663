/** A processor with memory and tables for unit tests: no devices, no machine loop. */
import { PortSpace } from '../devices/ports';
import { PhysicalMemory } from '../memory/physical';
import { SoftMmu } from '../memory/soft-mmu';
import { TLB_BYTES } from '../memory/tlb';
import type { ExceptionRecord } from '../records';
import { Abort, Cpu } from './cpu';
import { enterMultiboot, resetCpu } from './reset';
import { CpuState, Slot } from './state';

const TLB = 0x10000;
const RAM = TLB + TLB_BYTES;
const RAM_BYTES = 0x400000;

/** Where the tables lie. */
export const GDT = 0x1000;
export const IDT = 0x2000;
export const TSS = 0x3000;
export const STACK = 0x8000;

/** Selectors of {@link bench}'s GDT. */
export const enum Sel {
  CODE0 = 0x08,
  DATA0 = 0x10,
  CODE3 = 0x1b,
  DATA3 = 0x23,
  TSS = 0x28,
  CODE64 = 0x38,
  CODE64_3 = 0x43,
}

/** A bench: the processor and what happened to it. */
export interface Bench {
  cpu: Cpu;
  memory: PhysicalMemory;
  records: ExceptionRecord[];
  /** Writes 8 bytes of a GDT entry. */
  descriptor(selector: number, base: number, limit: number, access: number): void;
  /** Writes an IDT gate: 8 bytes, or 16 in long mode. */
  gate(vector: number, selector: number, offset: number, access: number): void;
  push32(values: readonly number[]): void;
}

/** A processor in flat 32-bit protected mode, ring 0, with GDT, IDT and TSS loaded. */
export function bench(): Bench {
  const wasm = new WebAssembly.Memory({ initial: (RAM + RAM_BYTES) / 0x10000 });
  const memory = new PhysicalMemory({ memory: wasm, ramOffset: RAM, ramBytes: RAM_BYTES });
  const mmu = new SoftMmu({ memory: wasm, tlbOffset: TLB, physical: memory });
  const cpu = new Cpu(new CpuState(wasm.buffer, 0), mmu, new PortSpace());
  const records: ExceptionRecord[] = [];
  cpu.observer = { exception: (record) => records.push(record) };
  const s = cpu.state;

  const descriptor = (selector: number, base: number, limit: number, access: number): void => {
    const at = GDT + (selector & 0xfff8);
    memory.write32(at, ((limit & 0xffff) | (base << 16)) >>> 0);
    memory.write32(
      at + 4,
      (((base >>> 16) & 0xff) | (access << 8) | (limit & 0xf0000) | (base & 0xff000000)) >>> 0,
    );
  };
  const gate = (vector: number, selector: number, offset: number, access: number): void => {
    const at = IDT + vector * (cpu.longMode ? 16 : 8);
    memory.write32(at, ((selector << 16) | (offset & 0xffff)) >>> 0);
    memory.write32(at + 4, ((offset & 0xffff0000) | (access << 8)) >>> 0);
    if (cpu.longMode) memory.write64(at + 8, 0n);
  };
  const push32 = (values: readonly number[]): void => {
    for (const value of values) {
      s.setLow(Slot.RSP, s.low(Slot.RSP) - 4);
      memory.write32(s.low(Slot.RSP), value >>> 0);
    }
  };

  resetCpu(cpu);
  enterMultiboot(cpu, 0x100000, 0);
  descriptor(Sel.CODE0, 0, 0xfffff, 0xc09b);
  descriptor(Sel.DATA0, 0, 0xfffff, 0xc093);
  descriptor(Sel.CODE3, 0, 0xfffff, 0xc0fb);
  descriptor(Sel.DATA3, 0, 0xfffff, 0xc0f3);
  descriptor(Sel.TSS, TSS, 0x67, 0x8b);
  descriptor(Sel.CODE64, 0, 0xfffff, 0xa09b);
  descriptor(Sel.CODE64_3, 0, 0xfffff, 0xa0fb);
  memory.write32(TSS + 4, STACK);
  memory.write16(TSS + 8, Sel.DATA0);
  s.u64[Slot.GDTR_BASE] = BigInt(GDT);
  s.setLow(Slot.GDTR_LIMIT, 0xff);
  s.u64[Slot.IDTR_BASE] = BigInt(IDT);
  s.setLow(Slot.IDTR_LIMIT, 0x7ff);
  s.setSegment(7, { selector: Sel.TSS, base: BigInt(TSS), limit: 0x67, access: 0x8b });
  s.setLow(Slot.RSP, STACK);
  for (let vector = 0; vector < 64; vector++) gate(vector, Sel.CODE0, 0x5000 + vector * 16, 0x8e);
  cpu.instructionLength = 2;
  return { cpu, memory, records, descriptor, gate, push32 };
}

/** Turns 4-level paging and IA-32e mode on, identity-mapped, with CS a 64-bit code segment. */
export function enterLongMode(b: Bench): void {
  const { cpu, memory } = b;
  const s = cpu.state;
  memory.write64(0x10000, 0x11007n);
  memory.write64(0x11000, 0x12007n);
  memory.write64(0x12000, 0x87n);
  memory.write64(0x12008, 0x200087n);
  s.u64[Slot.CR3] = 0x10000n;
  s.setLow(Slot.CR4, 0x20);
  s.setLow(Slot.EFER, 0xd01);
  s.setLow(Slot.CR0, 0x80000011);
  s.setSegment(1, { selector: Sel.CODE64, base: 0n, limit: 0xffffffff, access: 0xa09b });
  s.setLow(Slot.IDTR_LIMIT, 0xfff);
  cpu.mmu.flushEverything();
  cpu.modeChanged();
  for (let vector = 0; vector < 64; vector++) b.gate(vector, Sel.CODE64, 0x5000 + vector * 16, 0x8e);
}

/** Puts the processor into ring 3. */
export function enterRing3(b: Bench): void {
  const s = b.cpu.state;
  const code64 = b.cpu.code64;
  s.setSegment(1, {
    selector: code64 ? Sel.CODE64_3 : Sel.CODE3,
    base: 0n,
    limit: 0xffffffff,
    access: code64 ? 0xa0fb : 0xc0fb,
  });
  s.setSegment(2, { selector: Sel.DATA3, base: 0n, limit: 0xffffffff, access: 0xc0f3 });
  b.cpu.modeChanged();
}

/** `#13(0x1a)` of a pending fault, or `none`. Clears it. */
export function fault(cpu: Cpu): string {
  if (cpu.abort !== Abort.FAULT) return `none`;
  cpu.abort = Abort.NONE;
  return `#${cpu.faultVector}${cpu.faultErrorCode === undefined ? '' : `(0x${cpu.faultErrorCode.toString(16)})`}`;
}
