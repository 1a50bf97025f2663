/**
 * Effective addresses: ModRM, SIB and displacement for 16-, 32- and 64-bit
 * addressing (Intel SDM volume 2, section 2.1.5, tables 2-1 to 2-3), chosen as
 * NASM chooses them.
 */
import { findRegister, type Register } from './registers';
import type { EncodeError, MemoryOperand } from './statement';

/** A memory operand in encoded form; ModRM.reg is filled in by the emitter. */
export interface EffectiveAddress {
  /** 16, 32 or 64. */
  addressBits: number;
  mod: number;
  rm: number;
  /** The SIB byte, or −1. */
  sib: number;
  /** 0, 1, 2 or 4. */
  displacementBytes: number;
  displacement: bigint;
  /** Extensions of index and base: bit 3 in REX/VEX, bit 4 of a vector index in EVEX.V'. */
  x: number;
  b: number;
  vectorHigh: number;
  /** The displacement counts from the end of the instruction. */
  ripRelative: boolean;
  /** A vector register of 64-bit mode in another mode. */
  foreign?: boolean;
  /** Message for a displacement that does not fit its field. */
  warning?: EncodeError;
}

/** What an address depends on besides the operand. */
export interface AddressContext {
  bits: 16 | 32 | 64;
  defaultRel: boolean;
  /** From an a16/a32/a64 prefix; 0 when there is none. */
  prefixSize: number;
  /** N of EVEX's disp8×N; 1 elsewhere. */
  scale: number;
  /** `sibmem` and MPX forms: ModRM must use SIB and the address is not RIP-relative. */
  needSib?: boolean;
}

function fail(code: string, message: string): EncodeError {
  return { code, message };
}

const bitsOfClass: Record<string, number> = { r16: 16, r32: 32, r64: 64 };

/** True for an address that is only a number: no base and no index register. */
export function isAbsolute(m: MemoryOperand): boolean {
  return m.base === undefined && m.index === undefined;
}

/** Will the operand be addressed relative to the instruction pointer? (NASM manual, section 7.2: `default rel` leaves fs/gs alone.) */
export function isRelative(m: MemoryOperand, bits: number, defaultRel: boolean): boolean {
  if (bits !== 64 || !isAbsolute(m) || !m.displacement?.address || m.relative === false) return false;
  return m.relative === true || (defaultRel && m.segment !== 'fs' && m.segment !== 'gs');
}

/** Address size in bits, or an error that says which parts disagree. */
export function addressSize(m: MemoryOperand, bits: number, prefixSize: number): number | EncodeError {
  let size = 0;
  for (const name of [m.base, m.index]) {
    if (name === undefined) continue;
    const cls = findRegister(name)?.class ?? '';
    const own = bitsOfClass[cls];
    if (own === undefined) {
      if (name === m.index && /^[xyz]mm$/.test(cls)) continue;
      return fail('address-register', `\`${name}\` cannot be used in an address`);
    }
    if (size !== 0 && size !== own) {
      return fail(
        'address-size',
        `an address cannot mix \`${m.base}\` (${size}-bit) and \`${m.index}\` (${own}-bit); both registers must have the same size`,
      );
    }
    size = own;
  }
  const written = m.displacementSize;
  if (size === 0 && prefixSize === 0 && (written === 16 || written === 32 || written === 64)) {
    // 32-bit displacement is what 64-bit addressing has anyway.
    size = bits === 64 && written === 32 ? 64 : written;
  }
  if (size === 0) size = prefixSize || bits;
  if (prefixSize !== 0 && prefixSize !== size) {
    return fail('address-size', `prefix a${prefixSize} contradicts the ${size}-bit address`);
  }
  if (size === 64 && bits !== 64) {
    return fail('address-size', `64-bit addresses exist only in 64-bit mode; this code is bits ${bits}`);
  }
  if (size === 16 && bits === 64) {
    return fail('address-size', '16-bit addresses do not exist in 64-bit mode; use 32- or 64-bit registers');
  }
  return size;
}

const wordModes: Record<string, number> = {
  'bx,si': 0,
  'si,bx': 0,
  'bx,di': 1,
  'di,bx': 1,
  'bp,si': 2,
  'si,bp': 2,
  'bp,di': 3,
  'di,bp': 3,
  'si,': 4,
  'di,': 5,
  'bp,': 6,
  'bx,': 7,
};

function fits(value: bigint, bits: number): boolean {
  return value >= -(1n << BigInt(bits - 1)) && value < 1n << BigInt(bits);
}

function overflow(value: bigint, bits: number): EncodeError | undefined {
  const v = BigInt.asIntN(64, value);
  if (fits(v, bits)) return undefined;
  return fail('displacement-range', `the displacement ${v} does not fit ${bits} bits and is cut off`);
}

/** disp8 with EVEX's scaling: the byte, or undefined when it does not apply. */
function shortDisplacement(value: bigint, scale: number): bigint | undefined {
  if (scale === 1) return value >= -128n && value <= 127n ? value : undefined;
  const n = BigInt(scale);
  if (value % n !== 0n) return undefined;
  const q = value / n;
  return q >= -128n && q <= 127n ? q : undefined;
}

/** Encodes a memory operand. */
export function encodeAddress(m: MemoryOperand, ctx: AddressContext): EffectiveAddress | EncodeError {
  const size = addressSize(m, ctx.bits, ctx.prefixSize);
  if (typeof size !== 'number') return size;
  const ea: EffectiveAddress = {
    addressBits: size,
    mod: 0,
    rm: 0,
    sib: -1,
    displacementBytes: 0,
    displacement: m.displacement?.value ?? 0n,
    x: 0,
    b: 0,
    vectorHigh: 0,
    ripRelative: false,
  };
  const written = m.displacementSize;
  if (written !== undefined && ![8, 16, 32, 64].includes(written)) {
    return fail('displacement-size', 'a displacement is `byte`, `word`, `dword` or `qword`');
  }
  return size === 16 ? wordAddress(m, ctx, ea) : longAddress(m, ctx, ea);
}

function wordAddress(
  m: MemoryOperand,
  ctx: AddressContext,
  ea: EffectiveAddress,
): EffectiveAddress | EncodeError {
  const value = BigInt.asIntN(16, ea.displacement);
  if (m.index !== undefined && m.base === undefined && m.scale === 1)
    m = { ...m, base: m.index, index: undefined };
  if (isAbsolute(m)) {
    if (m.displacementSize === 32) {
      return fail('displacement-size', 'an absolute 16-bit address has a 16-bit displacement');
    }
    ea.rm = 6;
    ea.displacementBytes = 2;
    ea.warning = overflow(ea.displacement, 16);
    return ea;
  }
  const rm =
    m.scale === 1 || m.index === undefined ? wordModes[`${m.base ?? ''},${m.index ?? ''}`] : undefined;
  if (rm === undefined) {
    return fail(
      'address-form',
      `[${addressText(m)}] is not a 16-bit address; those are bx or bp, plus si or di, without scale`,
    );
  }
  ea.rm = rm;
  if (m.displacementSize === 32 || m.displacementSize === 64) {
    return fail(
      'displacement-size',
      `a 16-bit address takes a byte or word displacement, not ${m.displacementSize} bits`,
    );
  }
  const plain = !m.displacement?.address && !m.displacement?.forward;
  const short = shortDisplacement(value, ctx.scale);
  const forced = m.displacementSize === 8 && (short !== undefined || ctx.scale === 1);
  if (forced || (short !== undefined && plain && m.displacementSize === undefined)) {
    if (value === 0n && rm !== 6 && m.displacementSize === undefined) return ea;
    ea.mod = 1;
    ea.displacementBytes = 1;
    ea.displacement = short ?? value;
    if (short === undefined) ea.warning = overflow(ea.displacement, 8);
  } else {
    ea.mod = 2;
    ea.displacementBytes = 2;
    ea.warning = overflow(ea.displacement, 16);
  }
  return ea;
}

function longAddress(
  m: MemoryOperand,
  ctx: AddressContext,
  ea: EffectiveAddress,
): EffectiveAddress | EncodeError {
  const wide = m.displacementSize === 32 || (m.displacementSize === 64 && isAbsolute(m));
  if (m.displacementSize === 16 || (m.displacementSize === 64 && !wide)) {
    return fail(
      'displacement-size',
      `a ${ea.addressBits}-bit address takes a byte or dword displacement, not ${m.displacementSize} bits`,
    );
  }
  const value = BigInt.asIntN(32, ea.displacement);
  if (isAbsolute(m)) {
    ea.displacementBytes = 4;
    if (ctx.needSib && m.relative)
      return fail(
        'address-form',
        'this instruction needs a SIB byte, which an address relative to `rip` has not',
      );
    if (isRelative(m, ctx.bits, ctx.defaultRel) && !ctx.needSib) {
      ea.rm = 5;
      ea.ripRelative = true;
      return ea;
    }
    // In 64-bit mode ModRM 5 means RIP-relative, so absolute takes a SIB without base and index.
    if (ctx.bits === 64 || ctx.needSib) {
      ea.rm = 4;
      ea.sib = 0x25;
    } else ea.rm = 5;
    ea.warning = overflow(ea.displacement, 32);
    return ea;
  }
  let base = m.base === undefined ? undefined : findRegister(m.base);
  let index = m.index === undefined ? undefined : findRegister(m.index);
  let scale: number = m.scale;
  const vector = index !== undefined && bitsOfClass[index.class] === undefined;
  if (!vector) {
    // A lone register is the base; r*2 is r+r, one byte of SIB instead of a 32-bit displacement.
    if (index && !base && scale === 1) {
      if (!m.nosplit || index.number % 8 === 4) [base, index] = [index, undefined];
    } else if (index && !base && scale === 2 && !m.nosplit) {
      base = index;
      scale = 1;
    }
    // The stack pointer cannot be an index; where the scale allows, the two change places.
    if (index && index.number === 4 && scale === 1 && base) [base, index] = [index, base];
    if (index && index.number === 4) {
      return fail('address-form', `\`${index.name}\` cannot be an index register`);
    }
  }
  if (ctx.bits !== 64) {
    ea.foreign = vector && (index?.number ?? 0) > 15;
    const tooHigh = (r: Register) => (r === index && ea.foreign ? (r.number & 8) !== 0 : r.number > 7);
    const high = [base, index].find((r): r is Register => r !== undefined && tooHigh(r));
    if (high) return fail('mode', `\`${high.name}\` exists only in 64-bit mode`);
  }
  const baseNumber = base?.number ?? 5;
  ea.b = baseNumber >> 3;
  if (index || ctx.needSib || (baseNumber & 7) === 4) {
    const indexNumber = index?.number ?? 4;
    ea.rm = 4;
    ea.x = (indexNumber >> 3) & 1;
    ea.vectorHigh = indexNumber >> 4;
    ea.sib = (Math.log2(scale) << 6) | ((indexNumber & 7) << 3) | (baseNumber & 7);
  } else {
    ea.rm = baseNumber & 7;
  }
  if (!base) {
    ea.b = 0;
    ea.displacementBytes = 4;
    ea.warning = overflow(ea.displacement, 32);
    return ea;
  }
  const plain = !m.displacement?.address && !m.displacement?.forward;
  const short = shortDisplacement(value, ctx.scale);
  if (m.displacementSize === undefined && plain && value === 0n && (baseNumber & 7) !== 5) return ea;
  const forced = m.displacementSize === 8 && (short !== undefined || ctx.scale === 1);
  if (forced || (short !== undefined && plain && !wide)) {
    ea.mod = 1;
    ea.displacementBytes = 1;
    ea.displacement = short ?? value;
    if (short === undefined) ea.warning = overflow(ea.displacement, 8);
  } else {
    ea.mod = 2;
    ea.displacementBytes = 4;
    ea.warning = overflow(ea.displacement, 32);
  }
  return ea;
}

/** The address as source text, for messages. */
export function addressText(m: MemoryOperand): string {
  const parts: string[] = [];
  if (m.base) parts.push(m.base);
  if (m.index) parts.push(m.scale === 1 ? m.index : `${m.index}*${m.scale}`);
  if (m.displacement && (m.displacement.value !== 0n || parts.length === 0)) {
    const v = BigInt.asIntN(64, m.displacement.value);
    parts.push(v < 0n ? `-0x${(-v).toString(16)}` : `0x${v.toString(16)}`);
  }
  return (m.segment ? `${m.segment}:` : '') + parts.join('+').replace('+-', '-');
}
