import { Mnemonic } from 'iced-x86';
import { type Cpu, Vector } from '../cpu/cpu';
import { Flag, Slot } from '../cpu/state';
import { carryFlag, getFlags, setFlags } from '../ir/flags';
import type { HelperTable } from './types';

/** Writes the low `bytes` of a register by the rules for that width; not for bytes. */
function writeRegister(cpu: Cpu, slot: number, bytes: number, value: bigint): void {
  const { u64 } = cpu.state;
  if (bytes === 2) u64[slot] = (u64[slot] & ~0xffffn) | (value & 0xffffn);
  else u64[slot] = BigInt.asUintN(bytes * 8, value);
}

const DIVIDE_BY_ZERO = 'The divisor is zero.';
const QUOTIENT_TOO_LARGE = 'The quotient does not fit into the destination.';

/** DIV. d: divisor slot (low part), a: literal bytes. */
function div(cpu: Cpu, d: number, a: number): void {
  const { u64 } = cpu.state;
  const bits = a * 8;
  const divisor = BigInt.asUintN(bits, u64[d]);
  if (divisor === 0n) {
    cpu.raise(Vector.DE, undefined, DIVIDE_BY_ZERO);
    return;
  }
  const dividend = dividendOf(cpu, a);
  const quotient = dividend / divisor;
  if (quotient >> BigInt(bits) !== 0n) {
    cpu.raise(Vector.DE, undefined, QUOTIENT_TOO_LARGE);
    return;
  }
  writeQuotient(cpu, a, quotient, dividend % divisor);
}

/** IDIV. d: divisor slot (low part), a: literal bytes. */
function idiv(cpu: Cpu, d: number, a: number): void {
  const { u64 } = cpu.state;
  const bits = a * 8;
  const divisor = BigInt.asIntN(bits, u64[d]);
  if (divisor === 0n) {
    cpu.raise(Vector.DE, undefined, DIVIDE_BY_ZERO);
    return;
  }
  const dividend = BigInt.asIntN(bits * 2, dividendOf(cpu, a));
  const quotient = dividend / divisor;
  if (BigInt.asIntN(bits, quotient) !== quotient) {
    cpu.raise(Vector.DE, undefined, QUOTIENT_TOO_LARGE);
    return;
  }
  writeQuotient(cpu, a, quotient, dividend % divisor);
}

/** AX, or rDX:rAX. */
function dividendOf(cpu: Cpu, bytes: number): bigint {
  const { u64 } = cpu.state;
  if (bytes === 1) return u64[Slot.RAX] & 0xffffn;
  const bits = bytes * 8;
  return (BigInt.asUintN(bits, u64[Slot.RDX]) << BigInt(bits)) | BigInt.asUintN(bits, u64[Slot.RAX]);
}

function writeQuotient(cpu: Cpu, bytes: number, quotient: bigint, remainder: bigint): void {
  if (bytes === 1) {
    writeRegister(cpu, Slot.RAX, 2, ((remainder & 0xffn) << 8n) | (quotient & 0xffn));
    return;
  }
  writeRegister(cpu, Slot.RAX, bytes, quotient);
  writeRegister(cpu, Slot.RDX, bytes, remainder);
}

// --- decimal adjustment ---------------------------------------------------------

function al(cpu: Cpu): number {
  return cpu.state.low(Slot.RAX) & 0xff;
}

function setAx(cpu: Cpu, value: number): void {
  writeRegister(cpu, Slot.RAX, 2, BigInt(value & 0xffff));
}

function parityOf(byte: number): number {
  let v = byte & 0xff;
  v ^= v >> 4;
  v ^= v >> 2;
  v ^= v >> 1;
  return v & 1 ? 0 : Flag.PF;
}

/** SF, ZF and PF of a byte. */
function byteFlags(byte: number): number {
  return parityOf(byte) | (byte & 0xff ? 0 : Flag.ZF) | (byte & 0x80 ? Flag.SF : 0);
}

function ascii(cpu: Cpu, sign: 1 | -1): void {
  const s = cpu.state;
  const ax = s.low(Slot.RAX) & 0xffff;
  const adjust = (ax & 0xf) > 9 || (getFlags(s) & Flag.AF) !== 0;
  const result = adjust ? ax + sign * 0x106 : ax;
  setAx(cpu, result & 0xff0f);
  setFlags(s, byteFlags(result & 0xf) | (adjust ? Flag.AF | Flag.CF : 0));
}

function aaa(cpu: Cpu): void {
  ascii(cpu, 1);
}

function aas(cpu: Cpu): void {
  ascii(cpu, -1);
}

function decimal(cpu: Cpu, sign: 1 | -1): void {
  const s = cpu.state;
  const old = al(cpu);
  const f = getFlags(s);
  let result = old;
  let out = 0;
  if ((old & 0xf) > 9 || f & Flag.AF) {
    result += sign * 6;
    out |= Flag.AF;
    // DAS: a borrow out of the first step counts (SDM 2 "DAS").
    if (sign < 0 && result < 0) out |= Flag.CF;
  }
  if (old > 0x99 || f & Flag.CF) {
    result += sign * 0x60;
    out |= Flag.CF;
  }
  setAx(cpu, (s.low(Slot.RAX) & 0xff00) | (result & 0xff));
  setFlags(s, out | byteFlags(result));
}

function daa(cpu: Cpu): void {
  decimal(cpu, 1);
}

function das(cpu: Cpu): void {
  decimal(cpu, -1);
}

/** AAM. d: literal base. */
function aam(cpu: Cpu, d: number): void {
  if (d === 0) {
    cpu.raise(Vector.DE, undefined, DIVIDE_BY_ZERO);
    return;
  }
  const value = al(cpu);
  const low = value % d;
  setAx(cpu, (Math.floor(value / d) << 8) | low);
  setFlags(cpu.state, byteFlags(low));
}

/** AAD. d: literal base. */
function aad(cpu: Cpu, d: number): void {
  const ax = cpu.state.low(Slot.RAX) & 0xffff;
  const result = ((ax & 0xff) + (ax >> 8) * d) & 0xff;
  setAx(cpu, result);
  setFlags(cpu.state, byteFlags(result));
}

// --- rotates and shifts of two words ---------------------------------------------

/** Slot d ← value, slot d + 1 ← the arithmetic flags with CF and OF as given. */
function giveRotated(cpu: Cpu, d: number, value: bigint, carry: number, overflow: number): void {
  const s = cpu.state;
  s.u64[d] = value;
  s.setLow(d + 1, (getFlags(s) & ~(Flag.CF | Flag.OF)) | (carry ? Flag.CF : 0) | (overflow ? Flag.OF : 0));
}

/** What a rotate by 0 gives: value and flags as they were. */
function giveUnchanged(cpu: Cpu, d: number): void {
  cpu.state.setLow(d + 1, getFlags(cpu.state));
}

/** RCL and RCR on `bits` + 1 bits with CF on top, leftwards by `count`. */
function throughCarry(cpu: Cpu, d: number, bits: number, count: number, left: boolean): void {
  const s = cpu.state;
  const whole = BigInt.asUintN(bits, s.u64[d]) | (BigInt(carryFlag(s)) << BigInt(bits));
  const length = bits + 1;
  const by = BigInt(left ? count % length : (length - (count % length)) % length);
  const turned = BigInt.asUintN(length, (whole << by) | (whole >> (BigInt(length) - by)));
  const value = BigInt.asUintN(bits, turned);
  const carry = Number(turned >> BigInt(bits));
  const top = Number((value >> BigInt(bits - 1)) & 1n);
  const second = Number((value >> BigInt(bits - 2)) & 1n);
  giveRotated(cpu, d, value, carry, top ^ (left ? carry : second));
}

/** RCL. d: value in and out, d + 1: flags out; a: count slot; b: literal bytes. */
function rcl(cpu: Cpu, d: number, a: number, b: number): void {
  const count = cpu.state.low(a) & (b === 8 ? 63 : 31);
  if (count === 0) giveUnchanged(cpu, d);
  else throughCarry(cpu, d, b * 8, count, true);
}

/** RCR, as {@link rcl}. */
function rcr(cpu: Cpu, d: number, a: number, b: number): void {
  const count = cpu.state.low(a) & (b === 8 ? 63 : 31);
  if (count === 0) giveUnchanged(cpu, d);
  else throughCarry(cpu, d, b * 8, count, false);
}

/** Value and flags of SHLD/SHRD: SF, ZF, PF of the result, CF, OF = the sign changed; AF undefined, 0. */
function giveShifted(cpu: Cpu, d: number, bits: number, old: bigint, value: bigint, carry: bigint): void {
  const s = cpu.state;
  const sign = (v: bigint) => (v >> BigInt(bits - 1)) & 1n;
  let f = parityOf(Number(value & 0xffn));
  if (value === 0n) f |= Flag.ZF;
  if (sign(value)) f |= Flag.SF;
  if (sign(value) !== sign(old)) f |= Flag.OF;
  if (carry & 1n) f |= Flag.CF;
  s.u64[d] = value;
  s.setLow(d + 1, f);
}

/**
 * SHLD and SHRD. d: value in and out, d + 1: flags out; a: slot shifted in; b: bytes | count slot << 8.
 * A 16-bit shift by more than 16 is undefined; processors shift on through the destination again.
 */
function shiftDouble(left: boolean) {
  return (cpu: Cpu, d: number, a: number, b: number): void => {
    const { u64 } = cpu.state;
    const bits = (b & 0xff) * 8;
    const count = cpu.state.low(b >> 8) & (bits === 64 ? 63 : 31);
    if (count === 0) {
      giveUnchanged(cpu, d);
      return;
    }
    const n = BigInt(bits);
    const old = BigInt.asUintN(bits, u64[d]);
    const filling = BigInt.asUintN(bits, u64[a]);
    const whole = (((old << n) | filling) << n) | old;
    const shifted = left ? whole << BigInt(count) : whole >> BigInt(count);
    const carry = left ? shifted >> (3n * n) : whole >> BigInt(count - 1);
    giveShifted(cpu, d, bits, old, BigInt.asUintN(bits, left ? shifted >> (2n * n) : shifted), carry);
  };
}

// --- BMI -------------------------------------------------------------------------

/** BEXTR: slot d ← field of slot a; slot b bits 0–7 say where it starts, 8–15 how long it is. */
function bextr(cpu: Cpu, d: number, a: number, b: number): void {
  const { u64 } = cpu.state;
  const control = cpu.state.low(b);
  u64[d] = BigInt.asUintN((control >> 8) & 0xff, u64[a] >> BigInt(control & 0xff));
}

/** PDEP: slot d ← low bits of slot a spread over the ones of slot b. */
function pdep(cpu: Cpu, d: number, a: number, b: number): void {
  const { u64 } = cpu.state;
  let from = u64[a];
  let result = 0n;
  for (let mask = u64[b]; mask !== 0n; mask &= mask - 1n) {
    if (from & 1n) result |= mask & -mask;
    from >>= 1n;
  }
  u64[d] = result;
}

/** PEXT: slot d ← the bits of slot a under the ones of slot b, put together. */
function pext(cpu: Cpu, d: number, a: number, b: number): void {
  const { u64 } = cpu.state;
  let result = 0n;
  let to = 1n;
  for (let mask = u64[b]; mask !== 0n; mask &= mask - 1n) {
    if (u64[a] & mask & -mask) result |= to;
    to <<= 1n;
  }
  u64[d] = result;
}

// --- checks ------------------------------------------------------------------------

/** #GP(0) unless linear address in slot d is a multiple of 16 (SDM 2 "CMPXCHG16B"). */
function alignedTo16(cpu: Cpu, d: number): void {
  if (cpu.state.low(d) & 15) {
    cpu.raise(Vector.GP, 0, 'The operand of CMPXCHG16B is not aligned to 16 bytes.');
  }
}

/** #BR of BOUND. */
function boundRange(cpu: Cpu): void {
  cpu.raise(Vector.BR, undefined, 'The index is outside the bounds.');
}

/** Stops the machine at an instruction that lift/ does not know. d: iced Mnemonic, literal. */
function unsupportedInstruction(cpu: Cpu, d: number): void {
  const rip = cpu.state.u64[Slot.RIP].toString(16);
  cpu.requestStop({
    kind: 'unsupported',
    explanation:
      `The instruction ${Mnemonic[d]?.toUpperCase()} at RIP ${rip}h is not implemented: ` +
      'this machine has the integer and system instructions, the x87 and SSE to SSE4.2, but no MMX and ' +
      'no AVX (docs/processor.md).',
  });
}

/** Integer instructions that are too rare or too long for micro-ops; see types.ts for the calling convention. */
export const arithmeticHelpers = {
  div,
  idiv,
  aaa,
  aas,
  daa,
  das,
  aam,
  aad,
  rcl,
  rcr,
  shld: shiftDouble(true),
  shrd: shiftDouble(false),
  bextr,
  pdep,
  pext,
  alignedTo16,
  boundRange,
  unsupportedInstruction,
} as const satisfies HelperTable;
