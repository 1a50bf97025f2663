/**
 * The x87's transcendental functions (SDM 1 8.3.7) on fixed-point integers with
 * so many guard bits that the results are, but for cases nobody has met, the
 * correctly rounded ones. Processors may differ in the last bit: their results
 * are promised to be within one unit in the last place.
 */
import { bitLength } from '../ir/exact-float';

/** (−1)^negative · mantissa · 2^exponent, not yet rounded; it is inexact. */
export interface Real {
  negative: boolean;
  mantissa: bigint;
  exponent: number;
}

/** Fraction bits of the fixed-point numbers below. */
const BITS = 192;
const ONE = 1n << BigInt(BITS);

function times(a: bigint, b: bigint): bigint {
  return (a * b) >> BigInt(BITS);
}

/** Σ (±square)^k / (2k + 1): arctangent (minus) and area tangent (plus) of a number, divided by it. */
function oddSeries(square: bigint): bigint {
  let sum = ONE;
  let power = ONE;
  for (let k = 3n; power !== 0n && power !== -1n; k += 2n) {
    power = times(power, square);
    sum += power / k;
  }
  return sum;
}

/** Σ (−square)^k / ((2k + first)!): sine (first = 1, divided by its argument) and cosine (first = 0). */
function circularSeries(square: bigint, first: 0n | 1n): bigint {
  let sum = ONE;
  let term = ONE;
  for (let k = first + 1n; term !== 0n; k += 2n) {
    term = -times(term, square) / (k * (k + 1n));
    if (term === -1n) break;
    sum += term;
  }
  return sum;
}

/**
 * π as the reduction of arguments has it: 66 bits (SDM 1 8.3.8). Near its multiples the functions are therefore far
 * from the mathematical ones, and programs know it.
 */
const REDUCTION_PI = 0xc90fdaa22168c234cn;
const REDUCTION_BITS = 66;

/** π, by Machin's formula: 16 arctan 1/5 − 4 arctan 1/239. */
function machin(bits: number): bigint {
  const arctangentOfInverse = (n: bigint): bigint => {
    let power = (1n << BigInt(bits + 16)) / n;
    let sum = power;
    for (let k = 3n, sign = -1n; power !== 0n; k += 2n, sign = -sign) {
      power /= n * n;
      sum += (sign * power) / k;
    }
    return sum;
  };
  return (16n * arctangentOfInverse(5n) - 4n * arctangentOfInverse(239n)) >> 16n;
}

/** Fraction bits while arguments up to 2^63 are reduced. */
const PI_BITS = BITS + 80;
const PI = machin(BITS);
/** ln 2 = 2 artanh 1/3 */
const LN2 = (2n * (ONE / 3n) * oddSeries(times(ONE / 3n, ONE / 3n))) >> BigInt(BITS);

/** A mantissa as a fixed-point number; bits below the fixed point are lost. */
function fixed(mantissa: bigint, exponent: number): bigint {
  const by = exponent + BITS;
  return by >= 0 ? mantissa << BigInt(by) : mantissa >> BigInt(-by);
}

function real(value: bigint, exponent = -BITS): Real {
  return { negative: value < 0n, mantissa: value < 0n ? -value : value, exponent };
}

/** Position of the highest bit: 2^magnitude ≤ number < 2^(magnitude + 1). */
export function magnitude(mantissa: bigint, exponent: number): number {
  return bitLength(mantissa) - 1 + exponent;
}

/** The x87's constants, of whose bits more than enough are given (SDM 2A "FLD1 …"). */
export const CONSTANTS = {
  pi: real(PI),
  ln2: real(LN2),
  log2e: real((ONE * ONE) / LN2),
  log2ten: log2(10n, 0),
  log10two: real((ONE * ONE) / fixed(log2(10n, 0).mantissa, log2(10n, 0).exponent)),
} as const;

/** 2^x − 1 for −1 ≤ x ≤ 1, x ≠ 0. */
export function exponentialMinusOne(negative: boolean, mantissa: bigint, exponent: number): Real {
  const t = times(fixed(negative ? -mantissa : mantissa, exponent), LN2);
  // (e^t − 1) / t, which is near 1 whatever t's size.
  let sum = ONE;
  let term = ONE;
  for (let k = 2n; term !== 0n && term !== -1n; k++) {
    term = times(term, t) / k;
    sum += term;
  }
  return { negative, mantissa: mantissa * times(LN2, sum), exponent: exponent - BITS };
}

/** log2 of mantissa · 2^exponent; mantissa > 0. */
export function log2(mantissa: bigint, exponent: number): Real {
  let power = magnitude(mantissa, exponent);
  // The number is m · 2^power with m from √½ to √2, so that the series is short and the two parts never cancel.
  const width = bitLength(mantissa) - 1;
  if (mantissa * mantissa > 1n << BigInt(2 * width + 1)) power++;
  const one = 1n << BigInt(Math.max(power - exponent, 0));
  const scaled = power - exponent > 0 ? mantissa : mantissa << BigInt(exponent - power);
  const fraction = log2OfRatio(scaled - one, scaled + one);
  if (power === 0) return fraction;
  const whole = BigInt(power) << BigInt(BITS);
  const part = fixed(fraction.mantissa, fraction.exponent);
  return real(whole + (fraction.negative ? -part : part));
}

/** log2(1 + x), x > −1; exact enough even of a tiny x. */
export function log2OfOnePlus(negative: boolean, mantissa: bigint, exponent: number): Real {
  // Beyond |x| < 1 − √½ the SDM leaves FYL2XP1 undefined; the logarithm is what programs expect.
  if (magnitude(mantissa, exponent) >= -2) {
    const least = Math.min(exponent, 0);
    const x = mantissa << BigInt(exponent - least);
    return log2((1n << BigInt(-least)) + (negative ? -x : x), least);
  }
  // x / (2 + x), over 2^exponent; of a tiny x the 2 is all that counts.
  const down = BigInt(Math.min(-exponent, 4 * BITS));
  const two = 2n << down;
  if (-exponent > 4 * BITS) {
    const ratio = log2OfRatio(mantissa, two);
    return { negative, mantissa: ratio.mantissa, exponent: ratio.exponent + exponent + 4 * BITS };
  }
  return log2OfRatio(negative ? -mantissa : mantissa, two + (negative ? -mantissa : mantissa));
}

/** log2((1 + s) / (1 − s)) of the small ratio s, with full relative precision: 2 artanh(s) / ln 2. */
function log2OfRatio(numerator: bigint, denominator: bigint): Real {
  const negative = numerator < 0n;
  const n = negative ? -numerator : numerator;
  if (n === 0n) return { negative: false, mantissa: 0n, exponent: 0 };
  const shift = BITS + bitLength(denominator) - bitLength(n);
  const ratio = (n << BigInt(shift)) / denominator;
  const s = fixed(ratio, -shift);
  const factor = (2n * oddSeries(times(s, s)) * ONE) / LN2;
  return { negative, mantissa: ratio * factor, exponent: -shift - BITS };
}

/** The integer square root of a fixed-point number. */
function root(x: bigint): bigint {
  const target = x << BigInt(BITS);
  let r = 1n << BigInt((bitLength(target) + 1) >> 1);
  for (;;) {
    const next = (r + target / r) >> 1n;
    if (next >= r) return r;
    r = next;
  }
}

/** The angle of the point (x, y), both positive and finite, y/x = mantissas' ratio · 2^exponent; less than π/2. */
function firstQuadrant(y: bigint, x: bigint, exponent: number): Real {
  const size = bitLength(y) - bitLength(x) + exponent;
  if (size > 0) {
    // arctan t = π/2 − arctan 1/t; of a large t only the π/2 is left.
    const rest = firstQuadrant(x, y, -exponent);
    return real((PI >> 1n) - fixed(rest.mantissa, rest.exponent));
  }
  const shift = BITS + 8 + bitLength(x) - bitLength(y);
  const ratio = (y << BigInt(shift)) / x;
  const down = exponent - shift;
  if (size < -16) {
    const t = fixed(ratio, down);
    return { negative: false, mantissa: ratio * oddSeries(-times(t, t)), exponent: down - BITS };
  }
  // Halve the angle three times: tan(a/2) = t / (1 + √(1 + t²)).
  let t = fixed(ratio, down);
  for (let i = 0; i < 3; i++) t = (t * ONE) / (ONE + root(ONE + times(t, t)));
  return real(8n * times(t, oddSeries(-times(t, t))));
}

/** The angle of the point (x, y), 0 < angle < π, y > 0, x ≠ 0; its sign is y's. */
export function arctangent(
  y: { mantissa: bigint; exponent: number },
  x: { mantissa: bigint; exponent: number },
  xNegative: boolean,
  negative: boolean,
): Real {
  const angle = firstQuadrant(y.mantissa, x.mantissa, y.exponent - x.exponent);
  if (!xNegative) return { ...angle, negative };
  return { ...real(PI - fixed(angle.mantissa, angle.exponent)), negative };
}

/** A multiple of π/4 from 0 to 4, as arctangents of zeros and infinities are. */
export function quarterTurns(n: number, negative: boolean): Real {
  return { ...real((PI * BigInt(n)) >> 2n), negative };
}

/** Sine and cosine of mantissa · 2^exponent, which is less than 2^63 and not zero. */
export function circular(
  negative: boolean,
  mantissa: bigint,
  exponent: number,
): { sine: Real; cosine: Real } {
  if (magnitude(mantissa, exponent) < -BITS / 2) {
    // The argument itself; a little less than it, and than 1.
    const below = (m: bigint, e: number): Real => ({
      negative: false,
      mantissa: (m << BigInt(BITS)) - 1n,
      exponent: e - BITS,
    });
    return { sine: { ...below(mantissa, exponent), negative }, cosine: below(1n, 0) };
  }
  // x = quadrant · π/2 + rest, |rest| ≤ π/4
  const x =
    exponent + PI_BITS >= 0
      ? mantissa << BigInt(exponent + PI_BITS)
      : mantissa >> BigInt(-exponent - PI_BITS);
  const half = REDUCTION_PI << BigInt(PI_BITS - REDUCTION_BITS - 1);
  const quadrant = (2n * x + half) / (2n * half);
  const rest = x - quadrant * half;
  const small = rest >> BigInt(PI_BITS - BITS);
  const square = times(small, small);
  const sine = real(rest * circularSeries(square, 1n), -PI_BITS - BITS);
  const cosine = real(circularSeries(square, 0n));
  const turned = [
    { sine, cosine },
    { sine: cosine, cosine: opposite(sine) },
    { sine: opposite(sine), cosine: opposite(cosine) },
    { sine: opposite(cosine), cosine: sine },
  ][Number(quadrant & 3n)];
  return { sine: negative ? opposite(turned.sine) : turned.sine, cosine: turned.cosine };
}

function opposite(r: Real): Real {
  return { ...r, negative: !r.negative };
}

/** Quotient of two numbers, neither zero. */
export function quotient(a: Real, b: Real): Real {
  const shift = BITS + bitLength(b.mantissa) - bitLength(a.mantissa);
  const up = BigInt(Math.max(0, shift));
  const mantissa = (a.mantissa << up) / b.mantissa;
  return { negative: a.negative !== b.negative, mantissa, exponent: a.exponent - b.exponent - Number(up) };
}

/** Product of a number and mantissa · 2^exponent. */
export function product(a: Real, negative: boolean, mantissa: bigint, exponent: number): Real {
  return {
    negative: a.negative !== negative,
    mantissa: a.mantissa * mantissa,
    exponent: a.exponent + exponent,
  };
}
