import type { Cpu } from '../../cpu/cpu';
import type { CpuState } from '../../cpu/state';
import type { PhysicalMemory } from '../../memory/physical';
import { OFFSETS, type VmcsField } from './fields';

/** All ones: no VMCS is current (SDM 3C 31.3, VMXON "Operation"). */
export const NO_POINTER = 0xffffffffffffffffn;

/** Byte offsets of the region's own words (SDM 3C 25.2); the last two are ours. */
const enum Header {
  REVISION = 0,
  ABORT = 4,
  LAUNCHED = 8,
  /** Instruction count of the last exit or failed entry, for the debugger. */
  COUNT = 16,
}

/**
 * One VMCS region. Its live data are always in guest-physical memory, so that a
 * copy of memory is a copy of the VMCS. The pointer lies inside RAM: VMPTRLD
 * has read the revision identifier there.
 */
export class Vmcs {
  /** RAM in words, little-endian like the guest. */
  private readonly u32: Uint32Array;
  private readonly view: DataView;

  constructor(
    private readonly memory: PhysicalMemory,
    /** Physical address of the region. */
    public pointer = 0,
  ) {
    const { ram } = memory;
    this.u32 = new Uint32Array(ram.buffer, ram.byteOffset, ram.byteLength >>> 2);
    this.view = memory.view;
  }

  /** A field's value. */
  get(field: number): bigint {
    return this.view.getBigUint64(this.pointer + OFFSETS[field], true);
  }

  /** The low 32 bits of a field, unsigned. */
  low(field: number): number {
    return this.u32[(this.pointer + OFFSETS[field]) >>> 2];
  }

  /** Bits 63:32. */
  high(field: number): number {
    return this.u32[((this.pointer + OFFSETS[field]) >>> 2) + 1];
  }

  /** A field as a JavaScript number, exact to 2^53: physical addresses. */
  number(field: number): number {
    return this.high(field) * 0x100000000 + this.low(field);
  }

  set(field: number, value: bigint): void {
    this.memory.write64(this.pointer + OFFSETS[field], value);
  }

  /** Stores 64 bits given in halves. */
  setHalves(field: number, low: number, high: number): void {
    const at = (this.pointer + OFFSETS[field]) >>> 2;
    this.u32[at] = low;
    this.u32[at + 1] = high;
  }

  /** Stores an unsigned 32-bit number. */
  setLow(field: number, value: number): void {
    const at = (this.pointer + OFFSETS[field]) >>> 2;
    this.u32[at] = value;
    this.u32[at + 1] = 0;
  }

  /** Field → register-file slot, without a bigint. */
  load(state: CpuState, slot: number, field: number): void {
    const at = (this.pointer + OFFSETS[field]) >>> 2;
    state.u32[slot * 2] = this.u32[at];
    state.u32[slot * 2 + 1] = this.u32[at + 1];
  }

  /** Register-file slot → field; 0 if it was there already. */
  replace(state: CpuState, slot: number, field: number): number {
    const at = (this.pointer + OFFSETS[field]) >>> 2;
    const changed = (this.u32[at] ^ state.u32[slot * 2]) | (this.u32[at + 1] ^ state.u32[slot * 2 + 1]);
    this.u32[at] = state.u32[slot * 2];
    this.u32[at + 1] = state.u32[slot * 2 + 1];
    return changed;
  }

  /** Stores an unsigned 32-bit number; the bits that were different in the low half. */
  replaceLow(field: number, value: number): number {
    const at = (this.pointer + OFFSETS[field]) >>> 2;
    const changed = this.u32[at] ^ value;
    this.u32[at] = value;
    this.u32[at + 1] = 0;
    return changed;
  }

  /** A word by its offset in the region. */
  word(offset: number): number {
    return this.u32[(this.pointer + offset) >>> 2];
  }

  setWord(offset: number, value: number): void {
    this.u32[(this.pointer + offset) >>> 2] = value;
  }

  /** To be called before the processor changes fields: should somebody execute code in this page, its translation is dropped. */
  beginWrites(): void {
    if (this.memory.marks[this.pointer >>> 12]) this.memory.write32(this.pointer, this.revision);
  }

  /** Bits 30:0 must be the processor's revision; bit 31 marks a shadow VMCS. */
  get revision(): number {
    return this.memory.read32(this.pointer + Header.REVISION);
  }

  /** VMX-abort indicator (SDM 3C 28.7). */
  set abortIndicator(value: number) {
    this.memory.write32(this.pointer + Header.ABORT, value);
  }

  get abortIndicator(): number {
    return this.view.getUint32(this.pointer + Header.ABORT, true);
  }

  /** Launch state: true "launched", false "clear" (SDM 3C 25.1). */
  get launched(): boolean {
    return this.word(Header.LAUNCHED) === 1;
  }

  set launched(value: boolean) {
    this.memory.write32(this.pointer + Header.LAUNCHED, value ? 1 : 0);
  }

  /** Instruction count when this VMCS was last left. */
  get lastCount(): number {
    return this.word(Header.COUNT + 4) * 0x100000000 + this.word(Header.COUNT);
  }

  set lastCount(count: number) {
    this.setWord(Header.COUNT, count);
    this.setWord(Header.COUNT + 4, count / 0x100000000);
  }

  /** True when the whole region lies in RAM, the only place a VMCS can be. */
  get inMemory(): boolean {
    return this.pointer + 4096 <= this.memory.ramBytes;
  }
}

/** Reads a field of any VMCS, current or not; undefined when `pointer` is no VMCS of this machine's memory. */
export function readVmcs(cpu: Cpu, pointer: bigint, field: VmcsField | number): bigint | undefined {
  const vmcs = new Vmcs(cpu.mmu.physical, Number(pointer));
  const encoding = typeof field === 'number' ? field : field.encoding;
  if (!vmcs.inMemory || !OFFSETS[encoding & 0x7fff]) return undefined;
  return vmcs.get(encoding & 0x7fff);
}
