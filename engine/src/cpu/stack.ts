/** Stacks as control transfers use them: pushes and pops that change nothing until the transfer commits. */
import { How } from '../memory/mmu';
import { type Cpu, Vector } from './cpu';
import {
  dplOf,
  fetchDescriptor,
  isNull,
  isPresent,
  isWritableData,
  segmentOf,
  selectorFault,
} from './descriptors';
import { hex, isCanonical } from './limits';
import { withinLimit } from './segmentation';
import { Access, Seg, type SegmentValue, Slot } from './state';

/** Sizes a transfer pushes and pops. */
export type StackSize = 2 | 4 | 8;

/**
 * A stack being pushed to or popped from. The registers stay as they are; the
 * caller commits `pointer` with {@link setStackPointer}.
 */
export class StackFrame {
  private readonly width: 16 | 32 | 64;

  /**
   * @param segment the stack segment; its limit is checked unless `flat64`
   * @param errorCode of #SS when the segment's limit is exceeded
   * @param supervisor accesses are made with supervisor rights whatever the CPL (a stack switch to an inner ring)
   */
  constructor(
    private readonly cpu: Cpu,
    private readonly segment: SegmentValue,
    flat64: boolean,
    public pointer: bigint,
    private readonly errorCode = 0,
    private readonly supervisor = false,
  ) {
    this.width = flat64 ? 64 : segment.access & Access.DB ? 32 : 16;
    this.pointer = BigInt.asUintN(this.width, pointer);
  }

  /** The current stack. */
  static current(cpu: Cpu): StackFrame {
    return new StackFrame(cpu, cpu.state.segment(Seg.SS), cpu.code64, cpu.state.u64[Slot.RSP]);
  }

  /** Pushes the low part of `value`. False on a fault. */
  push(value: bigint | number, size: StackSize): boolean {
    const to = BigInt.asUintN(this.width, this.pointer - BigInt(size));
    const linear = this.linear(to, size);
    if (linear === undefined) return false;
    const { cpu } = this;
    const how = this.how();
    const raw = BigInt(value);
    const done =
      size === 8
        ? cpu.mmu.write64(cpu, linear, BigInt.asUintN(64, raw), how)
        : size === 4
          ? cpu.mmu.write32(cpu, linear, Number(BigInt.asUintN(32, raw)), how)
          : cpu.mmu.write16(cpu, linear, Number(BigInt.asUintN(16, raw)), how);
    if (done) this.pointer = to;
    return done;
  }

  /** Pops a value, zero-extended; undefined on a fault. */
  pop(size: StackSize): bigint | undefined {
    const linear = this.linear(this.pointer, size);
    if (linear === undefined) return undefined;
    const { cpu } = this;
    const how = this.how();
    const value =
      size === 8
        ? cpu.mmu.read64(cpu, linear, how)
        : size === 4
          ? cpu.mmu.read32(cpu, linear, how)
          : cpu.mmu.read16(cpu, linear, how);
    if (value === undefined) return undefined;
    this.skip(size);
    return BigInt(value);
  }

  /** Releases bytes without reading them. */
  skip(bytes: number): void {
    this.pointer = BigInt.asUintN(this.width, this.pointer + BigInt(bytes));
  }

  private how(): number {
    return How.STACK | (this.supervisor ? How.SUPERVISOR : 0) | (this.width === 64 ? 0 : How.WRAP32);
  }

  private linear(offset: bigint, size: number): bigint | undefined {
    if (this.width === 64) return offset;
    const { access, limit, base, selector } = this.segment;
    if (!(access & Access.UNUSABLE) && withinLimit(access, limit, Number(offset), size))
      return BigInt.asUintN(32, base + offset);
    this.cpu.raise(
      Vector.SS,
      this.errorCode,
      `The stack (SS ${hex(selector)}, offset ${hex(offset)}) exceeds its segment's limit ${hex(limit)}.`,
    );
    return undefined;
  }
}

/** Writes RSP, ESP or SP by the stack segment's size. */
export function setStackPointer(cpu: Cpu, pointer: bigint, flat64: boolean, access: number): void {
  const u64 = cpu.state.u64;
  if (flat64) u64[Slot.RSP] = pointer;
  else if (access & Access.DB) u64[Slot.RSP] = BigInt.asUintN(32, pointer);
  else u64[Slot.RSP] = (u64[Slot.RSP] & ~0xffffn) | BigInt.asUintN(16, pointer);
}

/** A stack taken from the TSS. */
export interface NewStack {
  segment: SegmentValue;
  pointer: bigint;
}

function tssFault(cpu: Cpu, explanation: string): undefined {
  selectorFault(cpu, Vector.TS, cpu.state.selector(Seg.TR), explanation);
  return undefined;
}

/** Whether the current TSS is a 32-bit (or 64-bit) one. */
export function tssIs32(cpu: Cpu): boolean {
  return (cpu.state.access(Seg.TR) & 8) !== 0;
}

/** RSP0…RSP2 at 4 + 8·level, IST1…IST7 at 36 + 8·(n − 1) of the 64-bit TSS (SDM 3A 7.7). */
export function tssPointer64(cpu: Cpu, offset: number): bigint | undefined {
  const s = cpu.state;
  if (offset + 7 > s.segmentLimit(Seg.TR))
    return tssFault(
      cpu,
      `The stack pointer at TSS offset ${offset} is beyond TR's limit ${hex(s.segmentLimit(Seg.TR))}.`,
    );
  const value = cpu.mmu.read64(
    cpu,
    BigInt.asUintN(64, s.segmentBase(Seg.TR) + BigInt(offset)),
    How.SUPERVISOR,
  );
  if (value === undefined) return undefined;
  if (isCanonical(value)) return value;
  cpu.raise(Vector.SS, 0, `The stack pointer ${hex(value)} from TSS offset ${offset} is not canonical.`);
  return undefined;
}

/**
 * The stack of an inner privilege level from a 16- or 32-bit TSS, with its
 * checks (SDM 3A 5.8.5, 6.12.1). Faults are #TS.
 */
export function innerStack(cpu: Cpu, level: number): NewStack | undefined {
  const s = cpu.state;
  const wide = tssIs32(cpu);
  const offset = wide ? 4 + 8 * level : 2 + 4 * level;
  if (offset + (wide ? 5 : 3) > s.segmentLimit(Seg.TR))
    return tssFault(
      cpu,
      `The ring ${level} stack in the TSS is beyond TR's limit ${hex(s.segmentLimit(Seg.TR))}.`,
    );
  const at = BigInt.asUintN(32, s.segmentBase(Seg.TR) + BigInt(offset));
  const pointer = wide ? cpu.mmu.read32(cpu, at, How.SUPERVISOR) : cpu.mmu.read16(cpu, at, How.SUPERVISOR);
  if (pointer === undefined) return undefined;
  const selector = cpu.mmu.read16(cpu, at + (wide ? 4n : 2n), How.SUPERVISOR);
  if (selector === undefined) return undefined;
  const what = `The ring ${level} stack segment ${hex(selector)} in the TSS`;
  if (isNull(selector)) {
    cpu.raise(Vector.TS, 0, `${what} is null.`);
    return undefined;
  }
  const d = fetchDescriptor(cpu, selector, Vector.TS);
  if (!d) return undefined;
  let problem: string | undefined;
  if ((selector & 3) !== level || dplOf(d) !== level) problem = 'is not of that privilege level';
  else if (!isWritableData(d)) problem = 'is not a writable data segment';
  if (problem) {
    selectorFault(cpu, Vector.TS, selector, `${what} ${problem}.`);
    return undefined;
  }
  if (!isPresent(d)) {
    selectorFault(cpu, Vector.SS, selector, `${what} is not present.`);
    return undefined;
  }
  return { segment: segmentOf(d), pointer: BigInt(pointer) };
}
