/** Loading segment registers and checking accesses through them (SDM 3A chapters 3 and 5). */
import { type Cpu, Vector } from './cpu';
import {
  type Descriptor,
  dplOf,
  fetchDescriptor,
  fetchUpperHalf,
  generalProtection,
  isConforming,
  isNull,
  isPresent,
  isReadable,
  isWritableData,
  markAccessed,
  SystemType,
  selectorFault,
  setFromDescriptor,
  setNull,
  setSystemSegment,
  systemType,
  writeBusy,
} from './descriptors';
import { hex, isCanonicalHigh } from './limits';
import { Access, Seg, type SegmentValue } from './state';

const NAMES = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS', 'LDTR', 'TR'] as const;

/** What a segment register holds after a load in real-address mode: limit and size stay (SDM 3A 21.1.1). */
export function realModeSegment(cpu: Cpu, seg: Seg, selector: number): SegmentValue {
  const s = cpu.state;
  return {
    selector: selector & 0xffff,
    base: BigInt((selector & 0xffff) << 4),
    limit: s.segmentLimit(seg),
    access: (s.access(seg) & (Access.DB | Access.G)) | Access.P | Access.S | 3,
  };
}

/**
 * Loads ES, SS, DS, FS or GS (SDM 2B "MOV", operation). False after raising.
 * The MOV SS shadow is the caller's.
 */
export function loadSegment(cpu: Cpu, seg: Seg, selector: number): boolean {
  if (cpu.realMode) cpu.state.setSegment(seg, realModeSegment(cpu, seg, selector));
  else if (!(seg === Seg.SS ? loadStackSegment(cpu, selector) : loadDataSegment(cpu, seg, selector)))
    return false;
  cpu.segmentsChanged();
  return true;
}

function loadStackSegment(cpu: Cpu, selector: number): boolean {
  const rpl = selector & 3;
  if (isNull(selector)) {
    // SDM 3A 5.4.1.1: in 64-bit mode SS may be null below ring 3.
    if (!cpu.code64 || cpu.cpl === 3 || rpl !== cpu.cpl)
      return generalProtection(cpu, 'A null selector was loaded into SS.');
    setNull(cpu, Seg.SS, selector, cpu.cpl);
    return true;
  }
  const d = fetchDescriptor(cpu, selector);
  if (!d || !checkStackDescriptor(cpu, d, cpu.cpl, Vector.GP) || !markAccessed(cpu, d)) return false;
  setFromDescriptor(cpu, Seg.SS, d);
  return true;
}

/** The checks on a stack segment for privilege level `cpl`; raises `vector`, or #SS when not present. */
export function checkStackDescriptor(cpu: Cpu, d: Descriptor, cpl: number, vector: Vector): boolean {
  const { selector } = d;
  if ((selector & 3) !== cpl)
    return selectorFault(cpu, vector, selector, `SS selector ${hex(selector)}: its RPL is not CPL ${cpl}.`);
  if (!isWritableData(d))
    return selectorFault(
      cpu,
      vector,
      selector,
      `SS selector ${hex(selector)} is not a writable data segment.`,
    );
  if (dplOf(d) !== cpl)
    return selectorFault(
      cpu,
      vector,
      selector,
      `SS selector ${hex(selector)}: DPL ${dplOf(d)} is not CPL ${cpl}.`,
    );
  if (!isPresent(d))
    return selectorFault(cpu, Vector.SS, selector, `Stack segment ${hex(selector)} is not present.`);
  return true;
}

function loadDataSegment(cpu: Cpu, seg: Seg, selector: number): boolean {
  if (isNull(selector)) {
    setNull(cpu, seg, selector);
    return true;
  }
  const d = fetchDescriptor(cpu, selector);
  if (!d) return false;
  const bad = (vector: Vector, why: string) =>
    selectorFault(cpu, vector, selector, `${NAMES[seg]} selector ${hex(selector)}${why}.`);
  if (!isReadable(d)) return bad(Vector.GP, ' is neither data nor readable code');
  if (!isConforming(d) && Math.max(selector & 3, cpu.cpl) > dplOf(d))
    return bad(Vector.GP, `: DPL ${dplOf(d)} is more privileged than CPL ${cpu.cpl} or RPL ${selector & 3}`);
  if (!isPresent(d)) return bad(Vector.NP, ' is not present');
  if (!markAccessed(cpu, d)) return false;
  setFromDescriptor(cpu, seg, d);
  return true;
}

/** Bits 63…32 of the base of an LDT or TSS descriptor, which has 16 bytes in long mode (SDM 3A 7.2.3). */
function systemBaseHigh(cpu: Cpu, d: Descriptor): number | undefined {
  if (!cpu.longMode) return 0;
  const upper = fetchUpperHalf(cpu, d);
  if (upper === undefined || isCanonicalHigh(upper)) return upper;
  selectorFault(
    cpu,
    Vector.GP,
    d.selector,
    `The base of system segment ${hex(d.selector)} is not canonical.`,
  );
  return undefined;
}

/** LLDT after its privilege check (SDM 2A). False after raising. */
export function loadLdtr(cpu: Cpu, selector: number): boolean {
  if (isNull(selector)) {
    setNull(cpu, Seg.LDTR, selector);
    return true;
  }
  if (selector & 4)
    return selectorFault(cpu, Vector.GP, selector, `LDTR selector ${hex(selector)} is not in the GDT.`);
  const d = fetchDescriptor(cpu, selector);
  if (!d) return false;
  if (systemType(d) !== SystemType.LDT)
    return selectorFault(cpu, Vector.GP, selector, `Selector ${hex(selector)} is not an LDT descriptor.`);
  if (!isPresent(d)) return selectorFault(cpu, Vector.NP, selector, `LDT ${hex(selector)} is not present.`);
  const baseHigh = systemBaseHigh(cpu, d);
  if (baseHigh === undefined) return false;
  setSystemSegment(cpu, Seg.LDTR, d, baseHigh);
  return true;
}

/** LTR after its privilege check (SDM 2A): marks the TSS busy. False after raising. */
export function loadTr(cpu: Cpu, selector: number): boolean {
  if (isNull(selector)) return generalProtection(cpu, 'A null selector was loaded into TR.');
  if (selector & 4)
    return selectorFault(cpu, Vector.GP, selector, `TR selector ${hex(selector)} is not in the GDT.`);
  const d = fetchDescriptor(cpu, selector);
  if (!d) return false;
  const type = systemType(d);
  if (type !== SystemType.TSS_AVAILABLE && (cpu.longMode || type !== SystemType.TSS16_AVAILABLE))
    return selectorFault(cpu, Vector.GP, selector, `Selector ${hex(selector)} is not an available TSS.`);
  if (!isPresent(d)) return selectorFault(cpu, Vector.NP, selector, `TSS ${hex(selector)} is not present.`);
  const baseHigh = systemBaseHigh(cpu, d);
  if (baseHigh === undefined || !writeBusy(cpu, d, true)) return false;
  setSystemSegment(cpu, Seg.TR, d, baseHigh);
  return true;
}

/** Whether `size` bytes at `offset` lie inside a segment (SDM 3A 5.3). */
export function withinLimit(access: number, limit: number, offset: number, size: number): boolean {
  const last = offset + size - 1;
  // Expand-down data: valid above the limit, up to 64 KiB or 4 GiB by the B bit.
  if ((access & (Access.S | 0xc)) === (Access.S | 4))
    return offset > limit && last <= (access & Access.DB ? 0xffffffff : 0xffff);
  return last <= limit;
}

/** Whether {@link segmentCheck} lets an access pass, outside 64-bit mode; raises nothing. */
export function segmentAdmits(cpu: Cpu, seg: Seg, offset: number, size: number, write: boolean): boolean {
  const access = cpu.state.access(seg);
  if (!cpu.realMode && forbidden(access, write) !== undefined) return false;
  return withinLimit(access, cpu.state.segmentLimit(seg), offset, size);
}

/**
 * Linear address of `offset` in a segment, checked for an access of `size`
 * bytes; raises #GP(0) or, through SS, #SS(0) and answers undefined. In 64-bit
 * mode only FS and GS have a base and nothing is checked here (SDM 3A 3.4.4).
 */
export function segmentCheck(
  cpu: Cpu,
  seg: Seg,
  offset: bigint,
  size: number,
  write: boolean,
): bigint | undefined {
  const s = cpu.state;
  if (cpu.code64)
    return seg === Seg.FS || seg === Seg.GS ? BigInt.asUintN(64, s.segmentBase(seg) + offset) : offset;
  const access = s.access(seg);
  const at = Number(BigInt.asUintN(32, offset));
  const problem = cpu.realMode ? undefined : forbidden(access, write);
  if (problem === undefined && withinLimit(access, s.segmentLimit(seg), at, size))
    return BigInt.asUintN(32, s.segmentBase(seg) + BigInt(at));
  const what = problem ?? `offset ${hex(at)} is outside the limit ${hex(s.segmentLimit(seg))}`;
  cpu.raise(
    seg === Seg.SS ? Vector.SS : Vector.GP,
    0,
    `${write ? 'Write' : 'Read'} through ${NAMES[seg]} (selector ${hex(s.selector(seg))}): ${what}.`,
  );
  return undefined;
}

function forbidden(access: number, write: boolean): string | undefined {
  if (access & Access.UNUSABLE) return 'the segment register holds a null selector';
  const code = (access & 8) !== 0;
  if (write) return code ? 'it is a code segment' : access & 2 ? undefined : 'it is read-only';
  return code && !(access & 2) ? 'it is execute-only code' : undefined;
}
