/** Stacks as control transfers use them: pushes and pops that change nothing until the transfer commits. */
import { How } from '../memory/mmu';
import { type Cpu, Vector } from './cpu';
import {
  dplOf,
  fetchDescriptor,
  isNull,
  isPresent,
  isWritableData,
  selectorFault,
  setNull,
} from './descriptors';
import { hex, hexHalves, isCanonicalHigh } from './limits';
import { withinLimit } from './segmentation';
import { Access, Seg, SegField, Slot } from './state';

const TR_BASE = Slot.SEGMENTS + Seg.TR * 4 + SegField.BASE;

/** Sizes a transfer pushes and pops. */
export type StackSize = 2 | 4 | 8;

/** A stack segment as accesses through it see it. */
export interface StackSegment {
  selector: number;
  /** Its low 32 bits: only 64-bit code, which does not look at it, has more. */
  base: number;
  limit: number;
  access: number;
}

/**
 * A stack being pushed to or popped from. The registers stay as they are; the
 * caller commits `low` and `high`, the pointer's halves, with {@link setStackPointer}.
 */
export class StackFrame {
  /** Value of the last {@link pop}, zero-extended. */
  valueLow = 0;
  valueHigh = 0;
  /** Offset in the MMU's view of what is at the pointer, and of how many bytes that holds. */
  private found = -1;
  private foundBytes = 0;
  private readonly width: 16 | 32 | 64;
  private readonly how: number;

  /**
   * @param segment the stack segment; without one, the flat 64-bit stack
   * @param errorCode of #SS when the segment's limit is exceeded
   * @param supervisor accesses are made with supervisor rights whatever the CPL (a stack switch to an inner ring)
   */
  constructor(
    private readonly cpu: Cpu,
    readonly segment: StackSegment | undefined,
    public low: number,
    public high: number,
    private readonly errorCode = 0,
    supervisor = false,
  ) {
    this.width = segment === undefined ? 64 : segment.access & Access.DB ? 32 : 16;
    this.how = How.STACK | (supervisor ? How.SUPERVISOR : 0) | (segment === undefined ? 0 : How.WRAP32);
    this.move(0);
  }

  /** The current stack; `supervisor` as in the constructor. */
  static current(cpu: Cpu, supervisor = false): StackFrame {
    const s = cpu.state;
    const segment = cpu.code64
      ? undefined
      : {
          selector: s.selector(Seg.SS),
          base: s.low(Slot.SEGMENTS + Seg.SS * 4 + SegField.BASE),
          limit: s.segmentLimit(Seg.SS),
          access: s.access(Seg.SS),
        };
    return new StackFrame(cpu, segment, s.low(Slot.RSP), s.high(Slot.RSP), 0, supervisor);
  }

  /**
   * Offset in the MMU's view of the `bytes` above the pointer (or, `below`, of those below it) if they can all be
   * popped (pushed) without a fault and without a walk, else −1: then it must be done one by one.
   */
  reach(bytes: number, below: boolean): number {
    const { cpu, segment } = this;
    const low = below ? this.low - bytes : this.low;
    if (low < 0) return -1;
    if (segment === undefined) return cpu.mmu.reach(low, this.high, bytes, this.how, below);
    if (segment.access & Access.UNUSABLE || !withinLimit(segment.access, segment.limit, low, bytes))
      return -1;
    return cpu.mmu.reach((segment.base + low) >>> 0, 0, bytes, this.how, below);
  }

  /** Pushes the low part of a value. False on a fault. */
  push(low: number, high: number, size: StackSize): boolean {
    const { cpu } = this;
    const oldLow = this.low;
    const oldHigh = this.high;
    this.move(-size);
    if (this.inside(size) && cpu.mmu.store(cpu, this.linear, this.high, size, this.how, low, high))
      return true;
    this.low = oldLow;
    this.high = oldHigh;
    return false;
  }

  /** The next `bytes` are likely to be popped: finds them once for all. */
  expect(bytes: number): void {
    this.found = this.reach(bytes, false);
    if (this.found >= 0) this.foundBytes = bytes;
  }

  /** Pops a value into `valueLow` and `valueHigh`. False on a fault. */
  pop(size: StackSize): boolean {
    const { cpu, found } = this;
    if (this.foundBytes >= size) {
      const { view } = cpu.mmu;
      this.valueLow = size === 2 ? view.getUint16(found, true) : view.getUint32(found, true);
      this.valueHigh = size === 8 ? view.getUint32(found + 4, true) : 0;
      this.found = found + size;
      this.foundBytes -= size;
      this.move(size);
      return true;
    }
    const { mmu } = cpu;
    if (!this.inside(size) || !mmu.load(cpu, this.linear, this.high, size, this.how)) return false;
    this.valueLow = mmu.valueLo;
    this.valueHigh = mmu.valueHi;
    this.move(size);
    return true;
  }

  /** Moves the pointer: releases bytes without reading them. */
  move(bytes: number): void {
    const low = this.low + bytes;
    if (this.width === 64) {
      if (low > 0xffffffff) this.high = (this.high + 1) >>> 0;
      else if (low < 0) this.high = (this.high - 1) >>> 0;
      this.low = low >>> 0;
    } else {
      this.low = this.width === 32 ? low >>> 0 : low & 0xffff;
      this.high = 0;
    }
  }

  /** The low half of the pointer's linear address; the high half is `high`. */
  private get linear(): number {
    const { segment } = this;
    return segment === undefined ? this.low : (segment.base + this.low) >>> 0;
  }

  private inside(size: number): boolean {
    const { segment } = this;
    if (segment === undefined) return true;
    const { access, limit, selector } = segment;
    if (!(access & Access.UNUSABLE) && withinLimit(access, limit, this.low, size)) return true;
    this.cpu.raise(
      Vector.SS,
      this.errorCode,
      `The stack (SS ${hex(selector)}, offset ${hex(this.low)}) exceeds its segment's limit ${hex(limit)}.`,
    );
    return false;
  }
}

/** Writes RSP, ESP or SP by the stack segment's size. */
export function setStackPointer(cpu: Cpu, low: number, high: number, flat64: boolean, access: number): void {
  const s = cpu.state;
  if (flat64) s.setHalves(Slot.RSP, low, high);
  else if (access & Access.DB) s.setLow(Slot.RSP, low);
  else s.u32[Slot.RSP * 2] = (s.low(Slot.RSP) & ~0xffff) | (low & 0xffff);
}

/** SS:RSP ← the stack of inner level `level`: its segment from the TSS or, in long mode, a null one (SDM 3A 6.14.4). */
export function setInnerStack(cpu: Cpu, stack: StackFrame, level: number): void {
  const { segment } = stack;
  if (segment === undefined) setNull(cpu, Seg.SS, level, level);
  else cpu.state.setSegmentFields(Seg.SS, segment.selector, segment.base, segment.limit, segment.access);
  setStackPointer(cpu, stack.low, stack.high, segment === undefined, segment?.access ?? 0);
}

function tssFault(cpu: Cpu, explanation: string): undefined {
  selectorFault(cpu, Vector.TS, cpu.state.selector(Seg.TR), explanation);
  return undefined;
}

/** Whether the current TSS is a 32-bit (or 64-bit) one. */
export function tssIs32(cpu: Cpu): boolean {
  return (cpu.state.access(Seg.TR) & 8) !== 0;
}

/**
 * The stack at RSP0…RSP2, at 4 + 8·level, or IST1…IST7, at 36 + 8·(n − 1) of the
 * 64-bit TSS (SDM 3A 7.7). `aligned`: to 16 bytes, as interrupts do (SDM 3A 6.14.2).
 */
export function tssStack64(
  cpu: Cpu,
  offset: number,
  supervisor: boolean,
  aligned: boolean,
): StackFrame | undefined {
  const s = cpu.state;
  if (offset + 7 > s.segmentLimit(Seg.TR))
    return tssFault(
      cpu,
      `The stack pointer at TSS offset ${offset} is beyond TR's limit ${hex(s.segmentLimit(Seg.TR))}.`,
    );
  const { mmu } = cpu;
  const low = s.low(TR_BASE) + offset;
  const high = s.high(TR_BASE) + (low > 0xffffffff ? 1 : 0);
  if (!mmu.load(cpu, low >>> 0, high >>> 0, 8, How.SUPERVISOR)) return undefined;
  const { valueLo, valueHi } = mmu;
  if (isCanonicalHigh(valueHi)) {
    const start = aligned ? (valueLo & ~0xf) >>> 0 : valueLo;
    return new StackFrame(cpu, undefined, start, valueHi, 0, supervisor);
  }
  cpu.raise(
    Vector.SS,
    0,
    `The stack pointer ${hexHalves(valueLo, valueHi)} from TSS offset ${offset} is not canonical.`,
  );
  return undefined;
}

/**
 * The stack of an inner privilege level from a 16- or 32-bit TSS, with its
 * checks (SDM 3A 5.8.5, 6.12.1). Faults are #TS.
 */
export function innerStack(cpu: Cpu, level: number): StackFrame | undefined {
  const s = cpu.state;
  const wide = tssIs32(cpu);
  const offset = wide ? 4 + 8 * level : 2 + 4 * level;
  if (offset + (wide ? 5 : 3) > s.segmentLimit(Seg.TR))
    return tssFault(
      cpu,
      `The ring ${level} stack in the TSS is beyond TR's limit ${hex(s.segmentLimit(Seg.TR))}.`,
    );
  const { mmu } = cpu;
  const at = s.low(TR_BASE) + offset;
  if (!mmu.load(cpu, at >>> 0, 0, wide ? 4 : 2, How.SUPERVISOR)) return undefined;
  const pointer = mmu.valueLo;
  if (!mmu.load(cpu, (at + (wide ? 4 : 2)) >>> 0, 0, 2, How.SUPERVISOR)) return undefined;
  const selector = mmu.valueLo;
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
  const { base, limit, access } = d;
  return new StackFrame(cpu, { selector, base, limit, access }, pointer, 0, selector & 0xfffc, true);
}
