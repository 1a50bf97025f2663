/**
 * Decimal constants as NASM 2.16.01 reads them: 192 bits of fraction, times a
 * power of five made by squaring, everything cut off at 192 bits. The result
 * lies a little below the true value, so that what lies half-way between two
 * numbers of the format (`dd 1.1e10`) is rounded down; sources have such bytes.
 */

const WIDTH = 192n;
const TOP = 1n << (WIDTH - 1n);
const FIFTH = (() => {
  let bits = 0n;
  for (let i = 0n; i < WIDTH; i += 4n) bits = (bits << 4n) | 0xcn;
  return bits + 1n;
})();

/** The largest exponent that counts. */
const MAX_EXPONENT = 5000;

/** A product cut off; `shift` is −1 when it had to be moved up by one bit. */
function multiply(a: bigint, b: bigint): { bits: bigint; shift: number } {
  const product = (a * b) >> (WIDTH - 1n);
  const high = product >> 1n;
  return high & TOP ? { bits: high, shift: 0 } : { bits: product, shift: -1 };
}

/** The number with these digits before and behind the point, as a fraction. */
export function decimalFraction(
  whole: string,
  part: string,
  exponent: number,
): { numerator: bigint; denominator: bigint } {
  const all = whole + part;
  const leading = /^0*/.exec(all)![0].length;
  const digits = all.slice(leading).replace(/0+$/, '');
  if (digits === '') return { numerator: 0n, denominator: 1n };
  let ten = whole.length - leading + Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, exponent));
  // 0.digits with the first bit set, which takes `two`.
  const power = 10n ** BigInt(digits.length);
  const value = BigInt(digits);
  let two = 0;
  while (value << BigInt(1 - two) < power) two--;
  let bits = (value << (WIDTH + BigInt(-two))) / power;
  two += ten;
  let factor = ten < 0 ? FIFTH : 5n << (WIDTH - 3n);
  let twos = ten < 0 ? -2 : 3;
  for (ten = Math.abs(ten); ten > 0; ten >>= 1) {
    if (ten & 1) {
      const product = multiply(bits, factor);
      bits = product.bits;
      two += twos + product.shift;
    }
    const square = multiply(factor, factor);
    factor = square.bits;
    twos = twos * 2 + square.shift;
  }
  const scale = two - Number(WIDTH);
  return scale < 0
    ? { numerator: bits, denominator: 1n << BigInt(-scale) }
    : { numerator: bits << BigInt(scale), denominator: 1n };
}
