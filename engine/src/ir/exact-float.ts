/**
 * IEEE 754 arithmetic by the book, on bit patterns and integers: every rounding
 * mode, every flag, NaNs as x86 makes them (SDM 1 4.8.3.5, 11.5, Appendix E).
 * ir/vector-float.ts comes here when the host's arithmetic alone would not give
 * the flags, and the x87 (x87/) for everything; so it is simple rather than fast.
 */
import { Mxcsr } from '../cpu/state';

/** A binary format. */
export interface Format {
  bits: 32 | 64 | 80;
  /** Fraction bits. */
  fraction: number;
  /** Bits below the exponent: the fraction and, in the x87's format, the integer bit. */
  field: number;
  /** Largest biased exponent: infinities and NaNs. */
  special: number;
  bias: number;
}

export const SINGLE: Format = { bits: 32, fraction: 23, field: 23, special: 0xff, bias: 127 };
export const DOUBLE: Format = { bits: 64, fraction: 52, field: 52, special: 0x7ff, bias: 1023 };
/** The x87's "double extended precision", whose integer bit is stored (SDM 1 4.2.2). */
export const EXTENDED: Format = { bits: 80, fraction: 63, field: 64, special: 0x7fff, bias: 16383 };

/** Rounding modes of MXCSR.RC. */
export const enum Rounding {
  NEAREST = 0,
  DOWN = 1,
  UP = 2,
  ZERO = 3,
}

/** What a bit pattern stands for. */
export const enum Kind {
  ZERO,
  /** Normal or denormal. */
  FINITE,
  INFINITY,
  QNAN,
  SNAN,
  /** An encoding of the x87's format that no operation takes: the integer bit contradicts the exponent (SDM 1 8.2.2). */
  UNSUPPORTED,
}

/** A number taken apart: (−1)^sign · mantissa · 2^exponent. */
export interface Unpacked {
  kind: Kind;
  sign: boolean;
  mantissa: bigint;
  exponent: number;
  denormal: boolean;
  /** As it came, or the zero that DAZ makes of it. */
  bits: bigint;
}

/** Added to or taken from the exponent of an x87 result whose underflow or overflow is not masked (SDM 1 8.5.4). */
const WRAP = 24576;

/** One instruction's floating-point environment: what MXCSR or the x87's control word asks for, and the flags it has raised so far. */
export class Environment {
  rounding: Rounding = Rounding.NEAREST;
  /** Denormals are zeros. */
  daz = false;
  /** Tiny results become zero; only while underflow is masked. */
  ftz = false;
  underflowMasked = true;
  overflowMasked = true;
  /** {@link Mxcsr} flags; the x87's have the same positions. */
  flags = 0;
  /** Bits of an EXTENDED result's significand: the x87's precision control. */
  precision = 64;
  /** The last rounding made the magnitude larger: the x87's C1. */
  roundedUp = false;

  begin(mxcsr: number): void {
    this.rounding = (mxcsr & Mxcsr.RC) >> Mxcsr.RC_SHIFT;
    this.daz = (mxcsr & Mxcsr.DAZ) !== 0;
    this.underflowMasked = (mxcsr & Mxcsr.UM) !== 0;
    this.overflowMasked = (mxcsr & Mxcsr.OM) !== 0;
    this.ftz = this.underflowMasked && (mxcsr & Mxcsr.FTZ) !== 0;
    this.flags = 0;
  }
}

/** The sign's bit. */
export function signBit(f: Format): bigint {
  return 1n << BigInt(f.bits - 1);
}

/** The integer bit where it is stored. */
function integerBit(f: Format): bigint {
  return f.field > f.fraction ? 1n << BigInt(f.fraction) : 0n;
}

/** ±∞ */
export function infinity(f: Format, sign: boolean): bigint {
  return (BigInt(f.special) << BigInt(f.field)) | integerBit(f) | (sign ? signBit(f) : 0n);
}

/** The finite number of the largest magnitude. */
function largest(f: Format, sign: boolean): bigint {
  return (BigInt(f.special) << BigInt(f.field)) - 1n + (sign ? signBit(f) : 0n);
}

/** ±0 */
export function zero(f: Format, sign: boolean): bigint {
  return sign ? signBit(f) : 0n;
}

/** The "QNaN floating-point indefinite": negative, only the quiet bit (SDM 1 4.8.3.7). */
export function defaultNan(f: Format): bigint {
  return infinity(f, true) | quietBit(f);
}

function quietBit(f: Format): bigint {
  return 1n << BigInt(f.fraction - 1);
}

/** Takes a bit pattern apart. */
export function unpack(f: Format, bits: bigint, env: Environment): Unpacked {
  const sign = (bits & signBit(f)) !== 0n;
  const biased = Number(bits >> BigInt(f.field)) & f.special;
  const fraction = bits & ((1n << BigInt(f.fraction)) - 1n);
  const integer = bits & integerBit(f);
  const u: Unpacked = { kind: Kind.FINITE, sign, mantissa: fraction, exponent: 0, denormal: false, bits };
  if (biased !== 0 && integer !== integerBit(f)) u.kind = Kind.UNSUPPORTED;
  else if (biased === f.special) {
    u.kind = fraction === 0n ? Kind.INFINITY : fraction & quietBit(f) ? Kind.QNAN : Kind.SNAN;
  } else if (biased !== 0) {
    u.mantissa = fraction | (1n << BigInt(f.fraction));
    u.exponent = biased - f.bias - f.fraction;
  } else if (integer !== 0n) {
    // A pseudo-denormal has the value of the least normal exponent (SDM 1 8.2.2).
    u.mantissa = fraction | integer;
    u.exponent = 1 - f.bias - f.fraction;
    u.denormal = true;
    u.bits = bits + (1n << BigInt(f.field));
  } else if (fraction === 0n) u.kind = Kind.ZERO;
  else if (env.daz) {
    u.kind = Kind.ZERO;
    u.mantissa = 0n;
    u.bits = zero(f, sign);
  } else {
    u.denormal = true;
    u.exponent = 1 - f.bias - f.fraction;
  }
  return u;
}

/** A NaN, or an encoding that is treated like one. */
export function isNan(u: Unpacked): boolean {
  return u.kind >= Kind.QNAN;
}

/**
 * The NaN result of an operation with a NaN among its operands, quieted: the
 * first one; on the x87 a QNaN before an SNaN, then the one with the larger
 * significand, then the positive one (SDM 1 Table 4-7).
 */
export function propagate(f: Format, env: Environment, x: Unpacked, y = x): bigint {
  if (x.kind === Kind.UNSUPPORTED || y.kind === Kind.UNSUPPORTED) return invalid(f, env);
  if (x.kind === Kind.SNAN || y.kind === Kind.SNAN) env.flags |= Mxcsr.IE;
  let first = isNan(x);
  if (f === EXTENDED && first && isNan(y)) {
    if (x.kind !== y.kind) first = x.kind === Kind.QNAN;
    else if (x.mantissa !== y.mantissa) first = x.mantissa > y.mantissa;
    else first = !x.sign;
  }
  return (first ? x : y).bits | quietBit(f);
}

/** An invalid operation's flag and result. */
export function invalid(f: Format, env: Environment): bigint {
  env.flags |= Mxcsr.IE;
  return defaultNan(f);
}

/** DE for denormal operands. */
export function noteDenormals(env: Environment, x: Unpacked, y = x): void {
  if (x.denormal || y.denormal) env.flags |= Mxcsr.DE;
}

/** Bits of a positive number. */
export function bitLength(x: bigint): number {
  return x.toString(2).length;
}

/** Does the part cut off (rest of `shift` bits, and something below it if `sticky`) round the magnitude up? */
function roundsUp(
  env: Environment,
  sign: boolean,
  odd: boolean,
  rest: bigint,
  shift: number,
  sticky: boolean,
): boolean {
  switch (env.rounding) {
    case Rounding.NEAREST: {
      if (shift === 0) return false;
      const half = 1n << BigInt(shift - 1);
      return rest > half || (rest === half && (sticky || odd));
    }
    case Rounding.DOWN:
      return sign && (rest !== 0n || sticky);
    case Rounding.UP:
      return !sign && (rest !== 0n || sticky);
    default:
      return false;
  }
}

/** mantissa · 2^exponent (mantissa > 0, `sticky`: and a little more) rounded to `quantum` = exponent of the last place. */
function roundTo(
  env: Environment,
  sign: boolean,
  mantissa: bigint,
  exponent: number,
  sticky: boolean,
  quantum: number,
) {
  const shift = quantum - exponent;
  env.roundedUp = false;
  if (shift <= 0) return { value: mantissa << BigInt(-shift), inexact: sticky };
  const value = mantissa >> BigInt(shift);
  const rest = mantissa & ((1n << BigInt(shift)) - 1n);
  const up = roundsUp(env, sign, (value & 1n) !== 0n, rest, shift, sticky);
  env.roundedUp = up;
  return { value: up ? value + 1n : value, inexact: rest !== 0n || sticky };
}

/** Rounds (−1)^sign · mantissa · 2^exponent into the format; overflow, underflow and precision flags (SDM 1 4.9.1.4–6). */
export function round(
  f: Format,
  env: Environment,
  sign: boolean,
  mantissa: bigint,
  exponent: number,
  sticky = false,
): bigint {
  const places = f === EXTENDED ? env.precision - 1 : f.fraction;
  const top = exponent + bitLength(mantissa) - 1;
  const least = 1 - f.bias;
  // As if the exponent had no limits: tells whether the result is tiny, "after rounding" (SDM 1 4.9.1.5).
  let quantum = top - places;
  let { value, inexact } = roundTo(env, sign, mantissa, exponent, sticky, quantum);
  if (value === 1n << BigInt(places + 1)) {
    value >>= 1n;
    quantum++;
  }
  if (quantum + places < least) {
    if (env.ftz) {
      env.flags |= Mxcsr.UE | Mxcsr.PE;
      return zero(f, sign);
    }
    if (f === EXTENDED && !env.underflowMasked) {
      env.flags |= Mxcsr.UE;
      quantum += WRAP;
      if (quantum + places < least) {
        // FSCALE can leave even the wrapped range.
        env.flags |= Mxcsr.PE;
        env.roundedUp = false;
        return zero(f, sign);
      }
    } else {
      // Not masked, any tiny result is reported; whether it is inexact then is a matter of the unlimited exponent.
      const wasInexact = inexact;
      quantum = least - places;
      ({ value, inexact } = roundTo(env, sign, mantissa, exponent, sticky, quantum));
      if (inexact || !env.underflowMasked) env.flags |= Mxcsr.UE;
      if (!env.underflowMasked) inexact = wasInexact;
    }
  }
  if (inexact) env.flags |= Mxcsr.PE;
  let biased = value >> BigInt(places) === 0n ? 0 : quantum + places + f.bias;
  if (biased >= f.special) {
    env.flags |= env.overflowMasked ? Mxcsr.OE | Mxcsr.PE : Mxcsr.OE;
    if (f === EXTENDED && !env.overflowMasked && biased - WRAP < f.special) biased -= WRAP;
    else {
      const away = env.rounding === Rounding.NEAREST || env.rounding === (sign ? Rounding.DOWN : Rounding.UP);
      env.roundedUp = away;
      if (away) return infinity(f, sign);
      return largest(f, sign) - (((1n << BigInt(f.fraction - places)) - 1n) & largest(f, false));
    }
  }
  const field = (value << BigInt(f.fraction - places)) & ((1n << BigInt(f.field)) - 1n);
  return zero(f, sign) | (BigInt(biased) << BigInt(f.field)) | field;
}

// --- arithmetic -----------------------------------------------------------------

/** A lane of an operation on two numbers. */
export type Binary = (f: Format, env: Environment, x: bigint, y: bigint) => bigint;

function sum(f: Format, env: Environment, a: Unpacked, b: Unpacked): bigint {
  if (isNan(a) || isNan(b)) return propagate(f, env, a, b);
  if (a.kind === Kind.INFINITY) {
    if (b.kind === Kind.INFINITY && a.sign !== b.sign) return invalid(f, env);
    noteDenormals(env, b);
    return infinity(f, a.sign);
  }
  noteDenormals(env, a, b);
  if (b.kind === Kind.INFINITY) return infinity(f, b.sign);
  if (a.kind === Kind.ZERO && b.kind === Kind.ZERO) {
    return zero(f, a.sign === b.sign ? a.sign : env.rounding === Rounding.DOWN);
  }
  const exponent =
    a.kind === Kind.ZERO ? b.exponent : b.kind === Kind.ZERO ? a.exponent : Math.min(a.exponent, b.exponent);
  const aligned = (u: Unpacked): bigint => {
    if (u.kind === Kind.ZERO) return 0n;
    const m = u.mantissa << BigInt(u.exponent - exponent);
    return u.sign ? -m : m;
  };
  const total = aligned(a) + aligned(b);
  if (total === 0n) return zero(f, env.rounding === Rounding.DOWN);
  return round(f, env, total < 0n, total < 0n ? -total : total, exponent);
}

export const add: Binary = (f, env, x, y) => sum(f, env, unpack(f, x, env), unpack(f, y, env));

export const subtract: Binary = (f, env, x, y) => {
  const b = unpack(f, y, env);
  if (!isNan(b)) b.sign = !b.sign;
  return sum(f, env, unpack(f, x, env), b);
};

export const multiply: Binary = (f, env, x, y) => {
  const a = unpack(f, x, env);
  const b = unpack(f, y, env);
  if (isNan(a) || isNan(b)) return propagate(f, env, a, b);
  const sign = a.sign !== b.sign;
  if (a.kind === Kind.INFINITY || b.kind === Kind.INFINITY) {
    if (a.kind === Kind.ZERO || b.kind === Kind.ZERO) return invalid(f, env);
    noteDenormals(env, a, b);
    return infinity(f, sign);
  }
  noteDenormals(env, a, b);
  if (a.kind === Kind.ZERO || b.kind === Kind.ZERO) return zero(f, sign);
  return round(f, env, sign, a.mantissa * b.mantissa, a.exponent + b.exponent);
};

export const divide: Binary = (f, env, x, y) => {
  const a = unpack(f, x, env);
  const b = unpack(f, y, env);
  if (isNan(a) || isNan(b)) return propagate(f, env, a, b);
  const sign = a.sign !== b.sign;
  if (a.kind === Kind.INFINITY) {
    if (b.kind === Kind.INFINITY) return invalid(f, env);
    noteDenormals(env, b);
    return infinity(f, sign);
  }
  if (b.kind === Kind.ZERO) {
    if (a.kind === Kind.ZERO) return invalid(f, env);
    env.flags |= Mxcsr.ZE;
    return infinity(f, sign);
  }
  noteDenormals(env, a, b);
  if (a.kind === Kind.ZERO || b.kind === Kind.INFINITY) return zero(f, sign);
  // Enough bits that the quotient has two more than the format, the rest being the sticky bit.
  const shift = Math.max(0, f.fraction + 3 + bitLength(b.mantissa) - bitLength(a.mantissa));
  const dividend = a.mantissa << BigInt(shift);
  const quotient = dividend / b.mantissa;
  return round(f, env, sign, quotient, a.exponent - b.exponent - shift, quotient * b.mantissa !== dividend);
};

/** The integer square root, rounded down. */
function integerRoot(x: bigint): bigint {
  let r = 1n << BigInt((bitLength(x) + 1) >> 1);
  for (;;) {
    const next = (r + x / r) >> 1n;
    if (next >= r) return r;
    r = next;
  }
}

/** √y; the first operand is not looked at. */
export const squareRoot: Binary = (f, env, _x, y) => {
  const b = unpack(f, y, env);
  if (isNan(b)) return propagate(f, env, b);
  if (b.kind === Kind.ZERO) return zero(f, b.sign);
  if (b.sign) return invalid(f, env);
  if (b.kind === Kind.INFINITY) return infinity(f, false);
  noteDenormals(env, b);
  let shift = 2 * (f.fraction + 3);
  if ((b.exponent - shift) & 1) shift++;
  const scaled = b.mantissa << BigInt(shift);
  const root = integerRoot(scaled);
  return round(f, env, false, root, (b.exponent - shift) / 2, root * root !== scaled);
};

/** −1, 0, 1, or undefined when one is a NaN. */
function order(f: Format, a: Unpacked, b: Unpacked): -1 | 0 | 1 | undefined {
  if (isNan(a) || isNan(b)) return undefined;
  const key = (u: Unpacked): bigint => (u.sign ? signBit(f) - u.bits : u.bits);
  const p = key(a);
  const q = key(b);
  return p < q ? -1 : p > q ? 1 : 0;
}

/** MIN (−1) and MAX (1): the second operand whenever it is not clearly beaten; any NaN is invalid (SDM 2 "MINPS"). */
function extreme(wanted: -1 | 1): Binary {
  return (f, env, x, y) => {
    const a = unpack(f, x, env);
    const b = unpack(f, y, env);
    if (isNan(a) || isNan(b)) {
      env.flags |= Mxcsr.IE;
      return b.bits;
    }
    noteDenormals(env, a, b);
    return order(f, a, b) === wanted ? a.bits : b.bits;
  };
}

export const minimum = extreme(-1);
export const maximum = extreme(1);

/** How x compares with y; `signalling`: a QNaN is invalid too. */
export function compare(
  f: Format,
  env: Environment,
  x: bigint,
  y: bigint,
  signalling: boolean,
): -1 | 0 | 1 | undefined {
  const a = unpack(f, x, env);
  const b = unpack(f, y, env);
  if (isNan(a) || isNan(b)) {
    if (signalling || a.kind >= Kind.SNAN || b.kind >= Kind.SNAN) env.flags |= Mxcsr.IE;
    return undefined;
  }
  noteDenormals(env, a, b);
  return order(f, a, b);
}

// --- conversions --------------------------------------------------------------------

/** From one format into another. */
export function convert(from: Format, to: Format, env: Environment, x: bigint): bigint {
  const a = unpack(from, x, env);
  if (isNan(a)) {
    if (a.kind === Kind.UNSUPPORTED) return invalid(to, env);
    const payload = a.bits & ((1n << BigInt(from.fraction)) - 1n);
    const by = BigInt(Math.abs(to.fraction - from.fraction));
    const moved = to.fraction > from.fraction ? payload << by : payload >> by;
    if (a.kind === Kind.SNAN) env.flags |= Mxcsr.IE;
    return infinity(to, a.sign) | quietBit(to) | moved;
  }
  if (a.kind === Kind.ZERO) return zero(to, a.sign);
  if (a.kind === Kind.INFINITY) return infinity(to, a.sign);
  // The x87 reports a denormal when it is loaded, not when it is stored.
  if (from !== EXTENDED) noteDenormals(env, a);
  return round(to, env, a.sign, a.mantissa, a.exponent);
}

/** From a signed integer. */
export function fromInteger(to: Format, env: Environment, value: bigint): bigint {
  if (value === 0n) return 0n;
  return round(to, env, value < 0n, value < 0n ? -value : value, 0);
}

/** To a signed integer of `width` bits, as two's complement; "integer indefinite" where it does not fit (SDM 1 4.2.3). */
export function toInteger(
  from: Format,
  env: Environment,
  x: bigint,
  width: 16 | 32 | 64,
  truncate: boolean,
): bigint {
  const a = unpack(from, x, env);
  if (a.kind === Kind.ZERO) return 0n;
  const indefinite = 1n << BigInt(width - 1);
  if (a.kind !== Kind.FINITE || a.exponent > 64) {
    env.flags |= Mxcsr.IE;
    return indefinite;
  }
  const asked = env.rounding;
  if (truncate) env.rounding = Rounding.ZERO;
  const { value, inexact } = roundTo(env, a.sign, a.mantissa, a.exponent, false, 0);
  env.rounding = asked;
  const signed = a.sign ? -value : value;
  if (signed < -indefinite || signed >= indefinite) {
    env.flags |= Mxcsr.IE;
    return indefinite;
  }
  if (inexact) env.flags |= Mxcsr.PE;
  return BigInt.asUintN(width, signed);
}

/** To an integer in the same format, in a rounding mode; `quiet`: inexactness sets no flag (SDM 2 "ROUNDPD"). */
export function roundToIntegral(
  f: Format,
  env: Environment,
  x: bigint,
  mode: Rounding,
  quiet: boolean,
): bigint {
  const a = unpack(f, x, env);
  if (isNan(a)) return propagate(f, env, a);
  if (f === EXTENDED) noteDenormals(env, a);
  if (a.kind !== Kind.FINITE || a.exponent >= 0) return a.bits;
  const asked = env.rounding;
  env.rounding = mode;
  const { value, inexact } = roundTo(env, a.sign, a.mantissa, a.exponent, false, 0);
  env.rounding = asked;
  if (inexact && !quiet) env.flags |= Mxcsr.PE;
  const { roundedUp } = env;
  const result = value === 0n ? zero(f, a.sign) : round(f, env, a.sign, value, 0);
  env.roundedUp = roundedUp;
  return result;
}
