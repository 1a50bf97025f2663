/**
 * Many iterations of a REP string instruction at once, for the BULK micro-op.
 *
 * A helper does k ≥ 0 iterations that are sure to be complete and to be
 * followed by another one, and leaves that other one, which may fault, cross
 * into unknown pages, write code or end the repetition, to the instruction's
 * ordinary micro-ops. After it everything is as after k single iterations:
 * memory, rSI, rDI, rCX, rAX, the flags and the instruction count (each
 * iteration counts one, SDM 2 "REP"; the INSN before the BULK has counted the
 * one that follows). So k is bounded by
 *
 * - rCX − 1, and `cpu.deadline`, which is where interrupts, timers, the limit
 *   of `Machine.run` and single steps come in;
 * - what can be reached without a walk: the soft TLB has the page, with the tag
 *   for the access. It has neither devices' pages, nor write tags for pages
 *   with translated code, nor anything while alignment is checked;
 * - the end of the offsets of the address size, and the segment's limit;
 * - for CMPS and SCAS, the first iteration whose flags end the repetition.
 */
import type { Cpu } from '../cpu/cpu';
import { segmentAdmits } from '../cpu/segmentation';
import { Flag, Seg, SegField, Slot } from '../cpu/state';
import { Mode } from '../ir/block';
import { FlagsKind } from '../ir/ops';
import type { HelperTable } from './types';

const PAGE = 4096;
const CC_RESULT = Slot.CC_RESULT * 2;
const CC_A = Slot.CC_A * 2;
const CC_B = Slot.CC_B * 2;
const CC_KIND = Slot.CC_KIND * 2;

/**
 * BULK's words: d, bytes of an element; a, bytes of rSI, rDI and rCX; b, the
 * segment of the source, with this bit if the repetition goes on while the
 * compared elements differ.
 */
export const REPNE = 0x100;

/** A REP instruction under way. */
interface Repeat {
  cpu: Cpu;
  bytes: number;
  addressBytes: number;
  segment: Seg;
  repne: boolean;
  /** DF: addresses decrease. */
  down: boolean;
  /** Iterations that may still be done at once. */
  left: number;
}

/** Where one of the operands is. */
interface Side {
  register: Slot.RSI | Slot.RDI;
  write: boolean;
}

const SOURCE: Side = { register: Slot.RSI, write: false };
const DESTINATION: Side = { register: Slot.RDI, write: true };
/** SCAS and CMPS only read it. */
const COMPARED: Side = { register: Slot.RDI, write: false };

// --- the repetition -----------------------------------------------------------------

function begin(cpu: Cpu, bytes: number, addressBytes: number, word: number): Repeat {
  return {
    cpu,
    bytes,
    addressBytes,
    segment: word & 0xff,
    repne: (word & REPNE) !== 0,
    down: cpu.flag(Flag.DF),
    left: Math.min(count(cpu, addressBytes) - 1, cpu.deadline - cpu.icount),
  };
}

/** rCX. Above 2^53 it is not exact, and need not be. */
function count(cpu: Cpu, addressBytes: number): number {
  const { state } = cpu;
  if (addressBytes === 8) return state.number(Slot.RCX);
  return addressBytes === 4 ? state.low(Slot.RCX) : state.low(Slot.RCX) & 0xffff;
}

/** `n` iterations are done: registers and count as after each of them. */
function advance(r: Repeat, n: number, sides: readonly Side[]): void {
  const { cpu } = r;
  const distance = r.down ? -n * r.bytes : n * r.bytes;
  for (const { register } of sides) add(cpu, register, r.addressBytes, distance);
  add(cpu, Slot.RCX, r.addressBytes, -n);
  cpu.icount += n;
  r.left -= n;
}

/** register ← register + distance, by the rules for registers of `bytes`. */
function add(cpu: Cpu, register: number, bytes: number, distance: number): void {
  const { u32 } = cpu.state;
  const low = u32[register * 2] + distance;
  if (bytes === 2) u32[register * 2] = (u32[register * 2] & 0xffff0000) | (low & 0xffff);
  else {
    u32[register * 2] = low;
    u32[register * 2 + 1] = bytes === 4 ? 0 : u32[register * 2 + 1] + Math.floor(low / 0x100000000);
  }
}

// --- where the operands are -----------------------------------------------------------

/** Elements that lie together in RAM: how many, and the offset in RAM of the first one's lowest byte. */
interface Span {
  elements: number;
  first: number;
}

/** Linear address, in halves, of the byte of an operand that is reached first. */
interface Place {
  low: number;
  high: number;
  /** Elements from there on that the offset and the segment allow; `r.left` at most. */
  most: number;
}

/** An operand's elements from the present one on that need no walk and lie together in RAM. */
function span(r: Repeat, side: Side): Span | undefined {
  const place = locate(r, side);
  if (!place) return undefined;
  const { mmu } = r.cpu;
  const start = mmu.cachedAddress(place.low, place.high, side.write);
  if (start < 0) return undefined;
  let room = roomInPage(r, place);
  // Pages that follow each other in RAM too are one piece.
  const step = r.down ? -PAGE : PAGE;
  const wanted = place.most * r.bytes;
  for (let next = start + step; room < wanted; room += PAGE, next += step) {
    move(r, place, step);
    if (mmu.cachedAddress(place.low, place.high, side.write) !== next) break;
  }
  return spanFrom(r, start, Math.min(place.most, Math.floor(room / r.bytes)));
}

/**
 * The source's elements when its page and the destination's evict each other from the soft TLB, at each iteration
 * anew: as far as both stay in their pages.
 */
function evicted(r: Repeat, destination: Side): Span | undefined {
  const from = locate(r, SOURCE);
  const to = from && locate(r, destination);
  if (!to) return undefined;
  const start = r.cpu.mmu.rivalAddress(r.cpu, from.low, from.high, to.low, to.high, destination.write);
  if (start < 0) return undefined;
  const room = Math.min(roomInPage(r, from), roomInPage(r, to));
  return spanFrom(r, start, Math.min(from.most, Math.floor(room / r.bytes)));
}

function spanFrom(r: Repeat, start: number, elements: number): Span {
  return { elements, first: r.down ? start - r.bytes + 1 : start };
}

function roomInPage(r: Repeat, { low }: Place): number {
  return r.down ? (low & (PAGE - 1)) + 1 : PAGE - (low & (PAGE - 1));
}

function locate(r: Repeat, side: Side): Place | undefined {
  const register = r.cpu.state.low(side.register);
  const offset = r.addressBytes === 2 ? register & 0xffff : register;
  const most = withinOffsets(r, offset);
  const place = most > 0 ? linear(r, side, offset, most) : undefined;
  if (place && r.down) move(r, place, r.bytes - 1);
  return place;
}

function move(r: Repeat, place: Place, distance: number): void {
  const sum = place.low + distance;
  place.low = sum >>> 0;
  if (r.cpu.code64) place.high = (place.high + Math.floor(sum / 0x100000000)) >>> 0;
}

/** Elements before the offset wraps around; 64-bit offsets wrap where linear addresses do. */
function withinOffsets(r: Repeat, offset: number): number {
  if (r.addressBytes === 8) return r.left;
  const size = r.addressBytes === 4 ? 0x100000000 : 0x10000;
  return Math.min(r.left, Math.floor((r.down ? offset + r.bytes : size - offset) / r.bytes));
}

/** Linear address of an operand's present element; undefined unless `most` of them are inside the segment. */
function linear(r: Repeat, side: Side, offset: number, most: number): Place | undefined {
  const { cpu, bytes } = r;
  const { state } = cpu;
  const seg = side.register === Slot.RDI ? Seg.ES : r.segment;
  const high = r.addressBytes === 8 ? state.u32[side.register * 2 + 1] : 0;
  const base = (Slot.SEGMENTS + seg * 4 + SegField.BASE) * 2;
  if (cpu.code64) {
    if (seg < Seg.FS) return { low: offset, high, most };
    const sum = offset + state.u32[base];
    return { low: sum >>> 0, high: (high + state.u32[base + 1] + (sum > 0xffffffff ? 1 : 0)) >>> 0, most };
  }
  if (cpu.mode & Mode.FLAT && seg < Seg.FS && !(side.write && seg === Seg.CS))
    return { low: offset, high: 0, most };
  const lowest = r.down ? offset - (most - 1) * bytes : offset;
  if (!segmentAdmits(cpu, seg, lowest, most * bytes, side.write)) return undefined;
  return { low: (offset + state.u32[base]) >>> 0, high: 0, most };
}

// --- what is done with them ----------------------------------------------------------------

function repeatMovs(cpu: Cpu, d: number, a: number, b: number): void {
  const r = begin(cpu, d, a, b);
  while (r.left > 0) {
    const from = span(r, SOURCE) ?? evicted(r, DESTINATION);
    const to = from && span(r, DESTINATION);
    if (!to) return;
    const n = Math.min(from.elements, to.elements);
    if (n === 0 || !copy(r, to.first, from.first, n)) return;
    advance(r, n, [SOURCE, DESTINATION]);
  }
}

/** Moves n elements in the order of their iterations; false if that order matters in a way that has no shorter form. */
function copy(r: Repeat, to: number, from: number, n: number): boolean {
  const { ram } = r.cpu.mmu.physical;
  const length = n * r.bytes;
  const ahead = r.down ? from - to : to - from;
  if (r.down) {
    from -= length - r.bytes;
    to -= length - r.bytes;
  }
  // Elements are read before they are overwritten, unless the destination is ahead and overlaps.
  if (ahead <= 0 || ahead >= length) {
    ram.copyWithin(to, from, from + length);
    return true;
  }
  if (ahead < r.bytes) return false;
  // Each byte is that of `ahead` bytes before: the first ones repeat.
  if (r.down) {
    const end = to + length;
    ram.copyWithin(end - ahead, end, end + ahead);
    for (let done = ahead; done < length; done *= 2) {
      const more = Math.min(done, length - done);
      ram.copyWithin(end - done - more, end - more, end);
    }
  } else {
    ram.copyWithin(to, from, to);
    extend(ram, to, ahead, length);
  }
  return true;
}

/** Repeats the first `done` bytes at `at` until there are `length`. */
function extend(ram: Uint8Array, at: number, done: number, length: number): void {
  for (; done < length; done *= 2) ram.copyWithin(at + done, at, at + Math.min(done, length - done));
}

function repeatStos(cpu: Cpu, d: number, a: number, b: number): void {
  const r = begin(cpu, d, a, b);
  while (r.left > 0) {
    const to = span(r, DESTINATION);
    if (!to) return;
    const n = to.elements;
    if (n === 0) return;
    fill(cpu, r.down ? to.first - (n - 1) * d : to.first, d, n * d);
    advance(r, n, [DESTINATION]);
  }
}

/** Writes the low `bytes` of rAX again and again. */
function fill(cpu: Cpu, at: number, bytes: number, length: number): void {
  const { ram } = cpu.mmu.physical;
  const value = cpu.state.u8.subarray(Slot.RAX * 8, Slot.RAX * 8 + bytes);
  if (value.every((byte) => byte === value[0])) {
    ram.fill(value[0], at, at + length);
    return;
  }
  ram.set(value, at);
  extend(ram, at, bytes, length);
}

function repeatLods(cpu: Cpu, d: number, a: number, b: number): void {
  const r = begin(cpu, d, a, b);
  while (r.left > 0) {
    const from = span(r, SOURCE);
    if (!from) return;
    const n = from.elements;
    if (n === 0) return;
    const last = from.first + (r.down ? -(n - 1) * d : (n - 1) * d);
    cpu.state.u8.set(cpu.mmu.physical.ram.subarray(last, last + d), Slot.RAX * 8);
    if (d === 4) cpu.state.u32[Slot.RAX * 2 + 1] = 0;
    advance(r, n, [SOURCE]);
  }
}

function repeatCmps(cpu: Cpu, d: number, a: number, b: number): void {
  const r = begin(cpu, d, a, b);
  const { view } = cpu.mmu.physical;
  const step = r.down ? -d : d;
  while (r.left > 0) {
    const first = span(r, SOURCE) ?? evicted(r, COMPARED);
    const second = first && span(r, COMPARED);
    if (!second) return;
    const most = Math.min(first.elements, second.elements);
    const n = r.repne
      ? unlike(view, first.first, second.first, most, step)
      : alike(view, first.first, second.first, most, step);
    if (n === 0) return;
    const back = (n - 1) * step;
    read(view, first.first + back, d);
    const { low, high } = value;
    read(view, second.first + back, d);
    setFlags(cpu, low, high, d);
    advance(r, n, [SOURCE, COMPARED]);
    if (n < most) return;
  }
}

function repeatScas(cpu: Cpu, d: number, a: number, b: number): void {
  const r = begin(cpu, d, a, b);
  const { view } = cpu.mmu.physical;
  const { u32 } = cpu.state;
  const low = u32[Slot.RAX * 2];
  const high = u32[Slot.RAX * 2 + 1];
  const step = r.down ? -d : d;
  while (r.left > 0) {
    const at = span(r, COMPARED);
    if (!at) return;
    const n = scan(cpu, at.first, at.elements, step, !r.repne);
    if (n === 0) return;
    read(view, at.first + (n - 1) * step, d);
    setFlags(cpu, low, high, d);
    advance(r, n, [COMPARED]);
    if (n < at.elements) return;
  }
}

/** Number of pairs, from the first on, that are equal. */
function alike(view: DataView, a: number, b: number, most: number, step: number): number {
  const bytes = Math.abs(step);
  const length = most * bytes;
  let same = 0;
  if (step > 0) {
    while (same + 4 <= length && view.getInt32(a + same) === view.getInt32(b + same)) same += 4;
    while (same < length && view.getInt8(a + same) === view.getInt8(b + same)) same++;
  } else {
    // Offsets of the first elements' ends.
    a += bytes;
    b += bytes;
    while (same + 4 <= length && view.getInt32(a - same - 4) === view.getInt32(b - same - 4)) same += 4;
    while (same < length && view.getInt8(a - same - 1) === view.getInt8(b - same - 1)) same++;
  }
  return Math.floor(same / bytes);
}

/** Number of pairs, from the first on, that differ. */
function unlike(view: DataView, a: number, b: number, most: number, step: number): number {
  const bytes = Math.abs(step);
  let n = 0;
  for (; n < most; n++, a += step, b += step) {
    let i = 0;
    while (i < bytes && view.getInt8(a + i) === view.getInt8(b + i)) i++;
    if (i === bytes) break;
  }
  return n;
}

/** Number of elements, from the first on, that are equal to rAX, or not equal to it. */
function scan(cpu: Cpu, at: number, most: number, step: number, equal: boolean): number {
  const { ram, view } = cpu.mmu.physical;
  const { u32 } = cpu.state;
  const low = u32[Slot.RAX * 2];
  const high = u32[Slot.RAX * 2 + 1];
  let n = 0;
  switch (Math.abs(step)) {
    case 1: {
      if (step === 1 && !equal) {
        const found = ram.subarray(at, at + most).indexOf(low & 0xff);
        return found < 0 ? most : found;
      }
      for (; n < most && (ram[at] === (low & 0xff)) === equal; at += step) n++;
      break;
    }
    case 2:
      for (; n < most && (view.getUint16(at, true) === (low & 0xffff)) === equal; at += step) n++;
      break;
    case 4:
      for (; n < most && (view.getUint32(at, true) === low) === equal; at += step) n++;
      break;
    default:
      for (; n < most; at += step, n++) {
        if ((view.getUint32(at, true) === low && view.getUint32(at + 4, true) === high) !== equal) break;
      }
  }
  return n;
}

const value = { low: 0, high: 0 };

/** Reads an element into {@link value}, zero-extended. */
function read(view: DataView, at: number, bytes: number): void {
  value.low =
    bytes === 1 ? view.getUint8(at) : bytes === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
  value.high = bytes === 8 ? view.getUint32(at + 4, true) : 0;
}

/**
 * The flags of the comparison of a value with {@link value}, as the micro-ops SUB and FLAGS of lift/string.ts
 * leave them; of rAX they keep all 64 bits.
 */
function setFlags(cpu: Cpu, low: number, high: number, bytes: number): void {
  const { u32 } = cpu.state;
  const difference = low - value.low;
  u32[CC_RESULT] = difference;
  u32[CC_RESULT + 1] = bytes === 8 ? high - value.high - (difference < 0 ? 1 : 0) : 0;
  u32[CC_A] = low;
  u32[CC_A + 1] = high;
  u32[CC_B] = value.low;
  u32[CC_B + 1] = value.high;
  u32[CC_KIND] = FlagsKind.SUB | ((31 - Math.clz32(bytes)) << 4);
}

/** BULK's helpers. */
export const stringHelpers = {
  repeatMovs,
  repeatStos,
  repeatLods,
  repeatCmps,
  repeatScas,
} as const satisfies HelperTable;
