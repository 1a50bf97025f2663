/** Segment and system descriptors as they lie in the GDT and LDT (SDM 3A 3.4.5, 3.5). */
import { How } from '../memory/mmu';
import { type Cpu, Vector } from './cpu';
import { hex } from './limits';
import { Access, Seg, SegField, Slot } from './state';

const LDTR_BASE = Slot.SEGMENTS + Seg.LDTR * 4 + SegField.BASE;

/** A descriptor read from the GDT, LDT or IDT. All fields are small integers, so making one is cheap. */
export class Descriptor {
  /** In the VMCS's format, see {@link Access}. */
  access: number;

  /**
   * @param addressLow and addressHigh halves of the linear address it was read from
   * @param low and high the raw double words, signed
   */
  constructor(
    readonly selector: number,
    readonly addressLow: number,
    readonly addressHigh: number,
    readonly low: number,
    readonly high: number,
  ) {
    this.access = (high >>> 8) & 0xf0ff;
  }

  /** The 32 bits of the base that all descriptors have. */
  get base(): number {
    return ((this.low >>> 16) | ((this.high & 0xff) << 16) | (this.high & 0xff000000)) >>> 0;
  }

  /** In bytes, granularity applied. */
  get limit(): number {
    const limit = (this.low & 0xffff) | (this.high & 0xf0000);
    return this.high & 0x800000 ? ((limit << 12) | 0xfff) >>> 0 : limit;
  }

  /** A gate's offset, its low 32 bits: 16 bits in the gates of the 80286. */
  get offset(): number {
    return this.access & 8 ? ((this.high & 0xffff0000) | (this.low & 0xffff)) >>> 0 : this.low & 0xffff;
  }
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

/** Reads the descriptor at `offset` of the table whose base is in slot `table`; undefined after a fault. */
export function readDescriptor(
  cpu: Cpu,
  selector: number,
  table: number,
  offset: number,
): Descriptor | undefined {
  const { mmu } = cpu;
  const low = cpu.state.low(table) + offset;
  const high = cpu.state.high(table) + (low > 0xffffffff ? 1 : 0);
  if (!mmu.load(cpu, low >>> 0, high >>> 0, 8, How.SUPERVISOR)) return undefined;
  return new Descriptor(selector, low | 0, high | 0, mmu.valueLo | 0, mmu.valueHi | 0);
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
  return readDescriptor(cpu, selector, local ? LDTR_BASE : Slot.GDTR_BASE, offset);
}

/** Reads 8 bytes into the MMU's value, `plus` bytes behind the start of a descriptor. */
export function loadBehind(cpu: Cpu, d: Descriptor, plus: number): boolean {
  const low = (d.addressLow >>> 0) + plus;
  const high = d.addressHigh + (low > 0xffffffff ? 1 : 0);
  return cpu.mmu.load(cpu, low >>> 0, high >>> 0, 8, How.SUPERVISOR);
}

/**
 * The upper half of a 16-byte system descriptor of long mode (SDM 3A Figures
 * 3-4, 5-8): bits 63…32 of a base or offset. Checks that its type field is 0.
 */
export function fetchUpperHalf(cpu: Cpu, descriptor: Descriptor): number | undefined {
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
  if (!loadBehind(cpu, descriptor, 8)) return undefined;
  if ((cpu.mmu.valueHi >>> 8) & 0x1f) {
    selectorFault(
      cpu,
      Vector.GP,
      selector,
      `The upper half of the 16-byte descriptor of selector ${hex(selector)} has a nonzero type field.`,
    );
    return undefined;
  }
  return cpu.mmu.valueLo;
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
  const low = (d.addressLow >>> 0) + 5;
  const high = d.addressHigh + (low > 0xffffffff ? 1 : 0);
  return cpu.mmu.store(cpu, low >>> 0, high >>> 0, 1, How.SUPERVISOR, d.access & 0xff, 0);
}

/** Loads a segment register from a checked descriptor; `rpl` replaces the selector's. */
export function setFromDescriptor(cpu: Cpu, seg: Seg, d: Descriptor, rpl = d.selector & 3): void {
  cpu.state.setSegmentFields(seg, (d.selector & 0xfffc) | rpl, d.base, d.limit, d.access);
}

/** Loads LDTR or TR, whose base has 64 bits in long mode. */
export function setSystemSegment(cpu: Cpu, seg: Seg.LDTR | Seg.TR, d: Descriptor, baseHigh: number): void {
  setFromDescriptor(cpu, seg, d);
  cpu.state.u32[(Slot.SEGMENTS + seg * 4 + SegField.BASE) * 2 + 1] = baseHigh;
}

/** Loads a null segment; `dpl` matters for SS, whose DPL is the CPL (SDM 3C 25.4.1). */
export function setNull(cpu: Cpu, seg: Seg, selector: number, dpl = 0): void {
  cpu.state.setSegmentFields(seg, selector, 0, 0, Access.UNUSABLE | (dpl << Access.DPL_SHIFT));
}
