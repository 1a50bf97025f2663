/**
 * The lazy arithmetic flags: micro-op FLAGS stores the operands of the last
 * flag-setting operation, and these formulas give CF, PF, AF, ZF, SF and OF
 * when somebody asks (SDM 1 Appendix A). Working on 64-bit halves as numbers
 * keeps BigInt out of the path of conditional jumps.
 */
import { type CpuState, Flag, Slot } from '../cpu/state';
import { FlagsKind } from './ops';

const R = Slot.CC_RESULT * 2;
const A = Slot.CC_A * 2;
const B = Slot.CC_B * 2;
const KIND = Slot.CC_KIND * 2;

/** PF for each byte: set when the number of one bits is even. */
const PARITY = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0;
  for (let b = byte; b; b &= b - 1) ones++;
  return ones % 2 === 0 ? Flag.PF : 0;
});

/** Bits in an operand of size code 0…3 that fall into the half holding its sign bit. */
const SIGN = [0x80, 0x8000, 0x80000000, 0x80000000];
const MASK = [0xff, 0xffff, 0xffffffff, 0xffffffff];

/** Carry (or borrow) vector's sign-half word; bit `SIGN[size]` is CF. */
function carryWord(u: Uint32Array, kind: number, size: number): number {
  const half = size === 3 ? 1 : 0;
  const a = u[A + half];
  const b = u[B + half];
  const r = u[R + half];
  return kind === FlagsKind.ADD ? (a & b) | ((a | b) & ~r) : (~a & b) | ((~a | b) & r);
}

/** CF alone, 0 or 1. */
export function carryFlag(s: CpuState): number {
  const u = s.u32;
  const packed = u[KIND];
  const kind = packed & 15;
  const size = (packed >> 4) & 3;
  switch (kind) {
    case FlagsKind.RAW:
      return u[R] & 1;
    case FlagsKind.ADD:
    case FlagsKind.SUB:
      return carryWord(u, kind, size) & SIGN[size] ? 1 : 0;
    case FlagsKind.LOGIC:
      return 0;
    case FlagsKind.INC:
    case FlagsKind.DEC:
      return u[B] & 1;
    default:
      return shiftCarry(s, kind, size);
  }
}

/** The last bit shifted out (count ≥ 1). */
function shiftCarry(s: CpuState, kind: number, size: number): number {
  const bits = 8 << size;
  const count = s.u32[B];
  if (kind === FlagsKind.SHL) {
    if (count > bits) return 0;
    return Number((s.u64[Slot.CC_A] >> BigInt(bits - count)) & 1n);
  }
  let a = BigInt.asUintN(bits, s.u64[Slot.CC_A]);
  if (kind === FlagsKind.SAR) a = BigInt.asIntN(bits, a);
  return Number((a >> BigInt(count - 1)) & 1n);
}

function zero(u: Uint32Array, size: number): boolean {
  return size === 3 ? (u[R] | u[R + 1]) === 0 : (u[R] & MASK[size]) === 0;
}

function sign(u: Uint32Array, size: number): boolean {
  return (u[size === 3 ? R + 1 : R] & SIGN[size]) !== 0;
}

function overflow(s: CpuState, kind: number, size: number): boolean {
  const u = s.u32;
  const half = size === 3 ? 1 : 0;
  const a = u[A + half];
  const b = u[B + half];
  const r = u[R + half];
  switch (kind) {
    case FlagsKind.ADD:
      return ((a ^ r) & (b ^ r) & SIGN[size]) !== 0;
    case FlagsKind.SUB:
      return ((a ^ b) & (a ^ r) & SIGN[size]) !== 0;
    case FlagsKind.INC: // result is the most negative number
      return (~a & r & SIGN[size]) !== 0;
    case FlagsKind.DEC:
      return (a & ~r & SIGN[size]) !== 0;
    case FlagsKind.SHL: // defined for count 1: sign changed (also what processors do for larger counts)
      return (sign(u, size) ? 1 : 0) !== shiftCarry(s, kind, size);
    case FlagsKind.SHR: // defined for count 1: the original sign
      return ((size === 3 ? u[A + 1] : u[A]) & SIGN[size]) !== 0;
    default: // LOGIC, SAR
      return false;
  }
}

/** All six arithmetic flags in RFLAGS positions. */
export function getFlags(s: CpuState): number {
  const u = s.u32;
  const packed = u[KIND];
  const kind = packed & 15;
  if (kind === FlagsKind.RAW) return u[R] & Flag.ARITHMETIC;
  const size = (packed >> 4) & 3;
  let flags = PARITY[u[R] & 0xff] | carryFlag(s);
  if (zero(u, size)) flags |= Flag.ZF;
  if (sign(u, size)) flags |= Flag.SF;
  if (overflow(s, kind, size)) flags |= Flag.OF;
  if (kind === FlagsKind.ADD || kind === FlagsKind.SUB) flags |= (u[A] ^ u[B] ^ u[R]) & Flag.AF;
  else if (kind === FlagsKind.INC || kind === FlagsKind.DEC) flags |= (u[A] ^ u[R] ^ 1) & Flag.AF;
  return flags;
}

/** Sets the six arithmetic flags from RFLAGS positions. */
export function setFlags(s: CpuState, flags: number): void {
  s.u32[R] = flags & Flag.ARITHMETIC;
  s.u32[R + 1] = 0;
  s.u32[KIND] = FlagsKind.RAW;
}

/** Condition code of Jcc/SETcc/CMOVcc (SDM 2 Appendix B, "tttn"); odd codes negate. */
export function condition(s: CpuState, code: number): boolean {
  const packed = s.u32[KIND];
  const kind = packed & 15;
  const holds =
    kind === FlagsKind.RAW ? rawCondition(s.u32[R], code) : lazyCondition(s, kind, (packed >> 4) & 3, code);
  return (code & 1) !== 0 ? !holds : holds;
}

/** Conditions on the operands of the last operation, without the negation of odd codes. */
function lazyCondition(s: CpuState, kind: number, size: number, code: number): boolean {
  const u = s.u32;
  switch (code >> 1) {
    case 0:
      return overflow(s, kind, size);
    case 1:
      return carryFlag(s) !== 0;
    case 2:
      return zero(u, size);
    case 3:
      return zero(u, size) || carryFlag(s) !== 0;
    case 4:
      return sign(u, size);
    case 5:
      return PARITY[u[R] & 0xff] !== 0;
    case 6:
      return sign(u, size) !== overflow(s, kind, size);
    default:
      return zero(u, size) || sign(u, size) !== overflow(s, kind, size);
  }
}

/** Conditions on a plain flags word, without the negation of odd codes. */
function rawCondition(f: number, code: number): boolean {
  const less = ((f & Flag.SF) !== 0) !== ((f & Flag.OF) !== 0);
  switch (code >> 1) {
    case 0:
      return (f & Flag.OF) !== 0;
    case 1:
      return (f & Flag.CF) !== 0;
    case 2:
      return (f & Flag.ZF) !== 0;
    case 3:
      return (f & (Flag.ZF | Flag.CF)) !== 0;
    case 4:
      return (f & Flag.SF) !== 0;
    case 5:
      return (f & Flag.PF) !== 0;
    case 6:
      return less;
    default:
      return less || (f & Flag.ZF) !== 0;
  }
}

/** The whole RFLAGS as software sees it. */
export function readRflags(s: CpuState): number {
  return (s.low(Slot.RFLAGS) & ~Flag.ARITHMETIC) | getFlags(s) | 2;
}

/** Sets the whole RFLAGS; the caller has masked what may not change. */
export function writeRflags(s: CpuState, value: number): void {
  s.setLow(Slot.RFLAGS, (value & ~Flag.ARITHMETIC) | 2);
  setFlags(s, value);
}
