/** What the x87 computes beside the four operations: remainders, scaling and the transcendental functions. */
import { Mxcsr } from '../cpu/state';
import {
  bitLength,
  type Environment,
  EXTENDED,
  infinity,
  invalid,
  isNan,
  Kind,
  noteDenormals,
  propagate,
  round,
  type Unpacked,
  unpack,
  zero,
} from '../ir/exact-float';
import {
  arctangent,
  circular,
  exponentialMinusOne,
  log2,
  log2OfOnePlus,
  magnitude,
  product,
  quarterTurns,
  quotient,
  type Real,
} from './transcendental';

const ONE_BITS = 0x3fff8000000000000000n;

/** Rounds an inexact result. */
export function roundReal(env: Environment, r: Real): bigint {
  return round(EXTENDED, env, r.negative, r.mantissa, r.exponent, true);
}

function take(env: Environment, bits: bigint): Unpacked {
  return unpack(EXTENDED, bits, env);
}

// --- remainders (SDM 2A "FPREM", "FPREM1") ----------------------------------------------

/** A partial remainder: the value, the quotient's low three bits (absent of a NaN), and whether the reduction is complete. */
export interface Remainder {
  value: bigint;
  quotient?: number;
  complete: boolean;
}

/** Exponents may differ by less than this for the reduction to be completed in one step. */
const REDUCTION = 64;

/** x REM y; `nearest`: with the quotient rounded to nearest (IEEE 754), else truncated. */
export function remainder(env: Environment, x: bigint, y: bigint, nearest: boolean): Remainder {
  const a = take(env, x);
  const b = take(env, y);
  const done = (value: bigint): Remainder => ({ value, quotient: 0, complete: true });
  if (isNan(a) || isNan(b)) return { value: propagate(EXTENDED, env, a, b), complete: true };
  if (a.kind === Kind.INFINITY || b.kind === Kind.ZERO)
    return { value: invalid(EXTENDED, env), complete: true };
  noteDenormals(env, a, b);
  if (a.kind === Kind.ZERO || b.kind === Kind.INFINITY) return done(a.bits);
  const distance = magnitude(a.mantissa, a.exponent) - magnitude(b.mantissa, b.exponent);
  if (distance < (nearest ? -1 : 0)) return done(exactly(env, a.sign, a.mantissa, a.exponent));
  const least = Math.min(a.exponent, b.exponent);
  const p = a.mantissa << BigInt(a.exponent - least);
  const q = b.mantissa << BigInt(b.exponent - least);
  if (distance >= REDUCTION) {
    // Partial: takes off a multiple of the divisor, so that the exponent falls by 32 to 63.
    const step = BigInt(distance - (32 + (distance % 32)));
    const part = p % (q << step);
    return { value: exactly(env, a.sign, part, least), quotient: 0, complete: false };
  }
  let times = p / q;
  let rest = p - times * q;
  let sign = a.sign;
  if (nearest && (2n * rest > q || (2n * rest === q && times & 1n))) {
    times++;
    rest = q - rest;
    sign = !sign;
  }
  if (rest === 0n) sign = a.sign;
  return { value: exactly(env, sign, rest, least), quotient: Number(times & 7n), complete: true };
}

function exactly(env: Environment, sign: boolean, mantissa: bigint, exponent: number): bigint {
  return mantissa === 0n ? zero(EXTENDED, sign) : round(EXTENDED, env, sign, mantissa, exponent);
}

// --- exponents ----------------------------------------------------------------------------

/** x · 2^(y rounded toward zero) (SDM 2A "FSCALE"). */
export function scale(env: Environment, x: bigint, y: bigint): bigint {
  const a = take(env, x);
  const b = take(env, y);
  if (isNan(a) || isNan(b)) return propagate(EXTENDED, env, a, b);
  if (b.kind === Kind.INFINITY) {
    if (b.sign ? a.kind === Kind.INFINITY : a.kind === Kind.ZERO) return invalid(EXTENDED, env);
    noteDenormals(env, a);
    return b.sign ? zero(EXTENDED, a.sign) : infinity(EXTENDED, a.sign);
  }
  noteDenormals(env, a, b);
  if (a.kind !== Kind.FINITE || b.kind === Kind.ZERO) return a.bits;
  // Beyond this every result overflows or underflows.
  const limit = 0x20000;
  const big = magnitude(b.mantissa, b.exponent) > 16;
  const by = big
    ? limit
    : Number(b.exponent < 0 ? b.mantissa >> BigInt(-b.exponent) : b.mantissa << BigInt(b.exponent));
  return round(EXTENDED, env, a.sign, a.mantissa, a.exponent + (b.sign ? -by : by));
}

/** Exponent and significand of x (SDM 2A "FXTRACT"). */
export function extract(env: Environment, x: bigint): { exponent: bigint; significand: bigint } {
  const a = take(env, x);
  if (isNan(a)) {
    const nan = propagate(EXTENDED, env, a);
    return { exponent: nan, significand: nan };
  }
  if (a.kind === Kind.INFINITY) return { exponent: infinity(EXTENDED, false), significand: a.bits };
  if (a.kind === Kind.ZERO) {
    env.flags |= Mxcsr.ZE;
    return { exponent: infinity(EXTENDED, true), significand: a.bits };
  }
  noteDenormals(env, a);
  const e = magnitude(a.mantissa, a.exponent);
  return {
    exponent: exactly(env, e < 0, BigInt(Math.abs(e)), 0),
    significand: round(EXTENDED, env, a.sign, a.mantissa, 1 - bitLength(a.mantissa)),
  };
}

// --- transcendental functions (SDM 1 8.3.7) ---------------------------------------------------

/** 2^x − 1 (F2XM1); outside −1 … 1 the result is not defined: x comes back. */
export function f2xm1(env: Environment, x: bigint): bigint {
  const a = take(env, x);
  if (isNan(a)) return propagate(EXTENDED, env, a);
  if (a.kind === Kind.INFINITY) return a.sign ? ONE_BITS | (1n << 79n) : a.bits;
  if (a.kind === Kind.ZERO) return a.bits;
  noteDenormals(env, a);
  const size = magnitude(a.mantissa, a.exponent);
  if (size > 0 || (size === 0 && a.mantissa !== 1n << BigInt(-a.exponent))) return a.bits;
  if (size === 0) return a.sign ? round(EXTENDED, env, true, 1n, -1) : ONE_BITS;
  return roundReal(env, exponentialMinusOne(a.sign, a.mantissa, a.exponent));
}

/** y · log2 x (FYL2X) or y · log2(x + 1) (FYL2XP1). */
export function yLog2(env: Environment, x: bigint, y: bigint, plusOne: boolean): bigint {
  const a = take(env, x);
  const b = take(env, y);
  if (isNan(a) || isNan(b)) return propagate(EXTENDED, env, a, b);
  if (!plusOne && a.sign && a.kind !== Kind.ZERO) return invalid(EXTENDED, env);
  if (
    plusOne &&
    a.sign &&
    (a.kind === Kind.INFINITY || (a.kind === Kind.FINITE && magnitude(a.mantissa, a.exponent) >= 0))
  )
    return invalid(EXTENDED, env);
  // The logarithm's sign: of x − 1, or of x.
  const one = !plusOne && a.bits === ONE_BITS;
  const nothing = one || (plusOne && a.kind === Kind.ZERO);
  const below = plusOne
    ? a.sign
    : a.kind === Kind.ZERO || (a.kind === Kind.FINITE && magnitude(a.mantissa, a.exponent) < 0);
  const sign = below !== b.sign;
  if (nothing) {
    if (b.kind === Kind.INFINITY) return invalid(EXTENDED, env);
    noteDenormals(env, a, b);
    return zero(EXTENDED, sign);
  }
  if (!plusOne && a.kind === Kind.ZERO) {
    if (b.kind === Kind.ZERO) return invalid(EXTENDED, env);
    if (b.kind !== Kind.INFINITY) env.flags |= Mxcsr.ZE;
    return infinity(EXTENDED, sign);
  }
  if (a.kind === Kind.INFINITY) {
    if (b.kind === Kind.ZERO) return invalid(EXTENDED, env);
    noteDenormals(env, b);
    return infinity(EXTENDED, sign);
  }
  noteDenormals(env, a, b);
  if (b.kind === Kind.INFINITY) return infinity(EXTENDED, sign);
  if (b.kind === Kind.ZERO) return zero(EXTENDED, sign);
  const logarithm = plusOne ? log2OfOnePlus(a.sign, a.mantissa, a.exponent) : log2(a.mantissa, a.exponent);
  if (!plusOne && (a.mantissa & (a.mantissa - 1n)) === 0n) {
    // Of a power of two the logarithm is exact.
    const power = BigInt(Math.abs(magnitude(a.mantissa, a.exponent)));
    return round(EXTENDED, env, sign, power * b.mantissa, b.exponent);
  }
  return roundReal(env, product(logarithm, b.sign, b.mantissa, b.exponent));
}

/** The angle of the point (x, y) (FPATAN; SDM 2A Table 3-30). */
export function fpatan(env: Environment, x: bigint, y: bigint): bigint {
  const a = take(env, x);
  const b = take(env, y);
  if (isNan(a) || isNan(b)) return propagate(EXTENDED, env, a, b);
  noteDenormals(env, a, b);
  const turns = (n: number): bigint =>
    n === 0 ? zero(EXTENDED, b.sign) : roundReal(env, quarterTurns(n, b.sign));
  if (b.kind === Kind.INFINITY) return turns(a.kind !== Kind.INFINITY ? 2 : a.sign ? 3 : 1);
  if (a.kind === Kind.INFINITY || b.kind === Kind.ZERO) return turns(a.sign ? 4 : 0);
  if (a.kind === Kind.ZERO) return turns(2);
  return roundReal(env, arctangent(b, a, a.sign, b.sign));
}

/** Results of the functions of an angle; undefined: it is 2^63 or more, C2 is set and nothing changes. */
export type Angles = { sine: bigint; cosine: bigint; tangent: bigint } | undefined;

/** Which of them an instruction asks for: the others raise no flags. */
export type Wanted = readonly ('sine' | 'cosine' | 'tangent')[];

/** FSIN, FCOS, FSINCOS, FPTAN. */
export function angles(env: Environment, x: bigint, wanted: Wanted): Angles {
  const a = take(env, x);
  const all = (value: bigint): Angles => ({ sine: value, cosine: value, tangent: value });
  if (isNan(a)) return all(propagate(EXTENDED, env, a));
  if (a.kind === Kind.INFINITY) return all(invalid(EXTENDED, env));
  if (a.kind === Kind.ZERO) return { sine: a.bits, cosine: ONE_BITS, tangent: a.bits };
  if (magnitude(a.mantissa, a.exponent) >= 63) return undefined;
  noteDenormals(env, a);
  const { sine, cosine } = circular(a.sign, a.mantissa, a.exponent);
  const result = { sine: 0n, cosine: 0n, tangent: 0n };
  for (const name of wanted) {
    const r = name === 'sine' ? sine : name === 'cosine' ? cosine : quotient(sine, cosine);
    result[name] = roundReal(env, r);
  }
  return result;
}
