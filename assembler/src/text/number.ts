/** Radix letters, before (`0x`) or after (`…h`) the digits; NASM manual 3.4.1. */
const RADIX: Record<string, number> = { b: 2, y: 2, o: 8, q: 8, d: 10, t: 10, h: 16, x: 16 };

/** Frequent numbers, made once. */
const SMALL = Array.from({ length: 256 }, (_, i) => BigInt(i));

/** The value of up to nine decimal digits; −1 for anything else. */
function decimal(text: string): number {
  if (text.length > 9) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return text === '' ? -1 : value;
}

/** Reads an integer in any of NASM's notations; undefined when its digits do not fit its radix. */
export function parseNumber(text: string): bigint | undefined {
  const short = decimal(text);
  if (short >= 0) return short < SMALL.length ? SMALL[short] : BigInt(short);
  const s = text.toLowerCase();
  let digits = s;
  let radix = 10;
  if (s[0] === '$') {
    radix = 16;
    digits = s.slice(1);
  } else {
    const before = s.length > 2 && s[0] === '0' ? (RADIX[s[1]] ?? 0) : 0;
    const after = s.length > 1 ? (RADIX[s[s.length - 1]] ?? 0) : 0;
    if (before > after) {
      radix = before;
      digits = s.slice(2);
    } else if (after > before) {
      radix = after;
      digits = s.slice(0, -1);
    }
  }
  if (digits.includes('_')) digits = digits.replaceAll('_', '');
  if (digits === '' || !valid(digits, radix)) return undefined;
  if (radix === 10) return BigInt(digits);
  return BigInt((radix === 16 ? '0x' : radix === 8 ? '0o' : '0b') + digits);
}

function valid(digits: string, radix: number): boolean {
  for (let i = 0; i < digits.length; i++) {
    const c = digits.charCodeAt(i);
    const value = c >= 0x30 && c <= 0x39 ? c - 0x30 : c >= 0x61 && c <= 0x66 ? c - 0x57 : 99;
    if (value >= radix) return false;
  }
  return true;
}

/** Two's complement in 64 bits: NASM's integers wrap. */
export function wrap(value: bigint): bigint {
  return value >= -0x80000000n && value <= 0x7fffffffn ? value : BigInt.asIntN(64, value);
}
