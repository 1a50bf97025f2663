/** Segment and system descriptors as they lie in the GDT and LDT (SDM 3A 3.4.5, 3.5). */
import { How } from '../memory/mmu';
import { type Cpu, Vector } from './cpu';
import { hex } from './limits';
import { Access, Seg, type SegmentValue, Slot } from './state';

/** A descriptor read from the GDT or LDT. */
export interface Descriptor {
  selector: number;
  /** Linear address it was read from. */
  address: bigint;
  /** The raw double words. */
  low: number;
  high: number;
  base: bigint;
  /** In bytes, granularity applied. */
  limit: number;
  /** In the VMCS's format, see {@link Access}. */
  access: number;
}

/** Types of system descriptors (SDM 3A Table 3-2). */
export const enum SystemType {
  TSS16_AVAILABLE = 1,
  LDT = 2,
  TSS16_BUSY = 3,
  CALL_GATE16 = 4,
  TASK_GATE = 5,
  INTERRUPT_GATE16 = 6,
  TRAP_GATE16 = 7,
  TSS_AVAILABLE = 9,
  TSS_BUSY = 11,
  CALL_GATE = 12,
  INTERRUPT_GATE = 14,
  TRAP_GATE = 15,
}

/** Raises a selector fault: error code is the selector without its RPL (SDM 3A 6.13). Always false. */
export function selectorFault(cpu: Cpu, vector: Vector, selector: number, explanation: string): false {
  cpu.raise(vector, selector & 0xfffc, explanation);
  return false;
}

/** Raises #GP(0); always false. */
export function generalProtection(cpu: Cpu, explanation: string): false {
  cpu.raise(Vector.GP, 0, explanation);
  return false;
}

/** Selector 0…3: the null selector. */
export function isNull(selector: number): boolean {
  return (selector & 0xfffc) === 0;
}

/** Splits a raw descriptor into its fields. */
export function parseDescriptor(selector: number, address: bigint, low: number, high: number): Descriptor {
  const base = ((low >>> 16) | ((high & 0xff) << 16) | (high & 0xff000000)) >>> 0;
  const limit = (low & 0xffff) | (high & 0xf0000);
  return {
    selector,
    address,
    low,
    high,
    base: BigInt(base),
    limit: high & 0x800000 ? ((limit << 12) | 0xfff) >>> 0 : limit,
    access: (high >>> 8) & 0xf0ff,
  };
}

/**
 * Reads the descriptor `selector` points to. Raises `vector`(selector) when it
 * lies outside its table and answers undefined.
 */
export function fetchDescriptor(
  cpu: Cpu,
  selector: number,
  vector: Vector = Vector.GP,
): Descriptor | undefined {
  const s = cpu.state;
  const offset = selector & 0xfff8;
  const local = (selector & 4) !== 0;
  if (local && s.access(Seg.LDTR) & Access.UNUSABLE) {
    selectorFault(cpu, vector, selector, `Selector ${hex(selector)} is in the LDT, but LDTR is null.`);
    return undefined;
  }
  const limit = local ? s.segmentLimit(Seg.LDTR) : s.low(Slot.GDTR_LIMIT);
  if (offset + 7 > limit) {
    const table = local ? 'LDT' : 'GDT';
    selectorFault(
      cpu,
      vector,
      selector,
      `Selector ${hex(selector)} is beyond the ${table}'s limit ${hex(limit)}.`,
    );
    return undefined;
  }
  const base = local ? s.segmentBase(Seg.LDTR) : s.u64[Slot.GDTR_BASE];
  const address = BigInt.asUintN(64, base + BigInt(offset));
  const raw = cpu.mmu.read64(cpu, address, How.SUPERVISOR);
  if (raw === undefined) return undefined;
  return parseDescriptor(selector, address, Number(raw & 0xffffffffn), Number(raw >> 32n));
}

/**
 * The upper half of a 16-byte system descriptor of long mode (SDM 3A Figures
 * 3-4, 5-8): bits 63…32 of a base or offset. Checks that its type field is 0.
 */
export function fetchUpperHalf(cpu: Cpu, descriptor: Descriptor): bigint | undefined {
  const { selector } = descriptor;
  const local = (selector & 4) !== 0;
  const limit = local ? cpu.state.segmentLimit(Seg.LDTR) : cpu.state.low(Slot.GDTR_LIMIT);
  if ((selector & 0xfff8) + 15 > limit) {
    selectorFault(
      cpu,
      Vector.GP,
      selector,
      `The 16-byte descriptor of selector ${hex(selector)} crosses its table's limit.`,
    );
    return undefined;
  }
  const raw = cpu.mmu.read64(cpu, BigInt.asUintN(64, descriptor.address + 8n), How.SUPERVISOR);
  if (raw === undefined) return undefined;
  if ((raw >> 40n) & 0x1fn) {
    selectorFault(
      cpu,
      Vector.GP,
      selector,
      `The upper half of the 16-byte descriptor of selector ${hex(selector)} has a nonzero type field.`,
    );
    return undefined;
  }
  return (raw & 0xffffffffn) << 32n;
}

/** Present bit. */
export function isPresent(d: Descriptor): boolean {
  return (d.access & Access.P) !== 0;
}

/** DPL, 0…3. */
export function dplOf(d: { access: number }): number {
  return (d.access >> Access.DPL_SHIFT) & 3;
}

/** A code segment. */
export function isCode(d: { access: number }): boolean {
  return (d.access & (Access.S | 8)) === (Access.S | 8);
}

/** A conforming code segment. */
export function isConforming(d: { access: number }): boolean {
  return (d.access & (Access.S | 0xc)) === (Access.S | 0xc);
}

/** A writable data segment. */
export function isWritableData(d: { access: number }): boolean {
  return (d.access & (Access.S | 0xa)) === (Access.S | 2);
}

/** A data segment or a readable code segment. */
export function isReadable(d: { access: number }): boolean {
  return (d.access & Access.S) !== 0 && (d.access & 0xa) !== 8;
}

/** Type of a system descriptor, or −1 for code and data. */
export function systemType(d: { access: number }): number {
  return d.access & Access.S ? -1 : d.access & Access.TYPE;
}

/** Sets the accessed bit in memory where it is clear (SDM 3A 3.4.5.1). False on a fault. */
export function markAccessed(cpu: Cpu, d: Descriptor): boolean {
  if (d.access & 1) return true;
  d.access |= 1;
  return writeType(cpu, d);
}

/** Sets or clears the busy bit of a TSS descriptor in memory (SDM 3A 7.2.2). False on a fault. */
export function writeBusy(cpu: Cpu, d: Descriptor, busy: boolean): boolean {
  d.access = busy ? d.access | 2 : d.access & ~2;
  return writeType(cpu, d);
}

function writeType(cpu: Cpu, d: Descriptor): boolean {
  const address = BigInt.asUintN(64, d.address + 5n);
  return cpu.mmu.write8(cpu, address, d.access & 0xff, How.SUPERVISOR);
}

/** What a segment register holds after loading the descriptor; `rpl` replaces the selector's. */
export function segmentOf(d: Descriptor, rpl = d.selector & 3): SegmentValue {
  return { selector: (d.selector & 0xfffc) | rpl, base: d.base, limit: d.limit, access: d.access };
}

/** A null segment; `dpl` matters for SS, whose DPL is the CPL (SDM 3C 25.4.1). */
export function nullSegment(selector: number, dpl = 0): SegmentValue {
  return { selector, base: 0n, limit: 0, access: Access.UNUSABLE | (dpl << Access.DPL_SHIFT) };
}
