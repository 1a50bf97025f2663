import { decimalFraction } from './decimal';

/** Layout of a binary floating-point format. `fraction` counts stored fraction bits; x87's leading bit is stored too. */
interface Format {
  bytes: number;
  exponent: number;
  fraction: number;
  explicit: boolean;
}

const FORMATS: Readonly<Record<number | 'bfloat16', Format>> = {
  bfloat16: { bytes: 2, exponent: 8, fraction: 7, explicit: false },
  1: { bytes: 1, exponent: 4, fraction: 3, explicit: false },
  2: { bytes: 2, exponent: 5, fraction: 10, explicit: false },
  4: { bytes: 4, exponent: 8, fraction: 23, explicit: false },
  8: { bytes: 8, exponent: 11, fraction: 52, explicit: false },
  10: { bytes: 10, exponent: 15, fraction: 63, explicit: true },
  16: { bytes: 16, exponent: 15, fraction: 112, explicit: false },
};

/** How constants are rounded (NASM manual 7.11, `FLOAT`). A new pass begins with the default. */
export interface FloatMode {
  rounding: 'near' | 'up' | 'down' | 'zero';
  /** Denormals become zero. */
  daz: boolean;
}

/** The usual mode. */
export const DEFAULT_FLOAT: FloatMode = { rounding: 'near', daz: false };

/** Exponents beyond this overflow or vanish in every format; guards the power of ten. */
const MAX_EXPONENT = 20000;

/** Decimal digits that count. */
const MAX_DIGITS = 52;

/** Told what is odd about a constant; `code` is the class of a warning. */
export type FloatWarn = (code: string, message: string) => void;

/** A positive rational number, or what is not a number. */
type Parsed =
  | { kind: 'number'; numerator: bigint; denominator: bigint }
  | { kind: 'infinity' | 'quiet' | 'signalling' };

const SPECIAL: Record<string, Parsed> = {
  infinity: { kind: 'infinity' },
  nan: { kind: 'quiet' },
  qnan: { kind: 'quiet' },
  snan: { kind: 'signalling' },
};

function parse(text: string, warn: FloatWarn): Parsed | undefined {
  const s = text.toLowerCase().replaceAll('_', '');
  const special = SPECIAL[s.replace(/[?]/g, '')];
  if (special) return special;
  const hex = /^(?:0[xh]|\$)([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?\d*))?$/.exec(s);
  if (hex) return scaled(16n, hex[1], hex[2], 2n, hex[3], 4);
  const binary = /^0[by]([01]*)\.?([01]*)(?:p([+-]?\d*))?$/.exec(s);
  if (binary) return scaled(2n, binary[1], binary[2], 2n, binary[3], 1);
  const octal = /^0[oq]([0-7]*)\.?([0-7]*)(?:p([+-]?\d*))?$/.exec(s);
  if (octal) return scaled(8n, octal[1], octal[2], 2n, octal[3], 3);
  const decimal = /^(?:0[dt])?(\d*)\.?(\d*)(?:e([+-]?\d*))?$/.exec(s);
  if (!decimal) return undefined;
  const [, whole, part, exponent] = decimal;
  const leading = /^0*/.exec(whole + part)![0].length;
  const kept = leading + MAX_DIGITS;
  const power = Number.parseInt(exponent || '0', 10) || 0;
  if (whole.length + part.length === 0) return undefined;
  if (whole.length + part.length <= kept) return { kind: 'number', ...decimalFraction(whole, part, power) };
  warn('float-toolong', `only the first ${MAX_DIGITS} digits of the constant count`);
  const cut = (digits: string, from: number) =>
    digits.slice(0, Math.max(0, kept - from)).padEnd(digits.length, '0');
  return { kind: 'number', ...decimalFraction(cut(whole, 0), cut(part, whole.length), power) };
}

function scaled(
  radix: bigint,
  whole: string,
  part: string,
  base: bigint,
  exponent: string | undefined,
  perDigit: number,
): Parsed | undefined {
  const prefix: Record<string, string> = { '16': '0x', '8': '0o', '2': '0b', '10': '' };
  const digits = whole + part;
  if (digits === '') return undefined;
  let numerator = BigInt(prefix[String(radix)] + digits);
  let denominator = 1n;
  const given = Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, Number.parseInt(exponent || '0', 10) || 0));
  const power = given - part.length * perDigit;
  if (power >= 0) numerator *= base ** BigInt(power);
  else denominator = base ** BigInt(-power);
  return { kind: 'number', numerator, denominator };
}

function bits(value: bigint): number {
  return value === 0n
    ? 0
    : value.toString(16).length * 4 - Math.clz32(Number.parseInt(value.toString(16)[0], 16)) + 28;
}

/**
 * n / d as an integer: rounded to the nearest, ties to even, or towards zero. Like NASM 2.16.01, "away from
 * zero" rounds to the nearest too, but ties away: it adds one half.
 */
function divide(n: bigint, d: bigint, away: boolean | undefined): bigint {
  const q = n / d;
  if (away === false) return q;
  const twice = (n - q * d) * 2n;
  if (away) return twice >= d ? q + 1n : q;
  return twice > d || (twice === d && (q & 1n) === 1n) ? q + 1n : q;
}

/** Digits of a packed decimal. */
const PACKED = 18;

/** `12345p`, `0p12345`: packed decimal of 18 digits (NASM manual 3.4.7); undefined for anything else. */
function packedDecimal(text: string, negative: boolean, warn: FloatWarn): bigint | undefined {
  const m = /^(?:0p([\d_]+)|(\d[\d_]*)p)$/i.exec(text);
  if (!m) return undefined;
  const all = (m[1] ?? m[2]).replaceAll('_', '');
  if (all.length > PACKED) warn('other', `only the last ${PACKED} digits of the packed decimal count`);
  const digits = all.slice(-PACKED);
  return BigInt(`0x${negative ? '80' : '00'}${digits.padStart(PACKED, '0')}`);
}

/**
 * The bit pattern of a floating-point constant, rounded to nearest even, as an
 * unsigned integer; undefined when `text` is none or the format has no such size.
 */
export function floatBits(
  text: string,
  negative: boolean,
  bytes: number | 'bfloat16',
  mode: FloatMode = DEFAULT_FLOAT,
  warn: FloatWarn = () => {},
): bigint | undefined {
  const { rounding } = mode;
  const away = rounding === 'near' ? undefined : rounding !== 'zero' && (rounding === 'up') !== negative;
  const packed = bytes === 10 ? packedDecimal(text, negative, warn) : undefined;
  if (packed !== undefined || /^0p|p$/i.test(text)) return packed;
  const format = FORMATS[bytes];
  const parsed = parse(text.replace(/^__\??(.*?)\??__$/, '$1'), warn);
  if (!format || !parsed) return undefined;
  const { exponent: width, fraction, explicit } = format;
  const bias = (1 << (width - 1)) - 1;
  const largest = (1n << BigInt(width)) - 1n;
  const stored = BigInt(fraction);
  const leading = explicit ? 1n << stored : 0n;
  const join = (e: bigint, mantissa: bigint): bigint => {
    const size = explicit ? stored + 1n : stored;
    const high = (e << size) | mantissa;
    return negative ? high | (1n << (size + BigInt(width))) : high;
  };
  if (parsed.kind !== 'number') {
    const payload = { infinity: 0n, quiet: 1n << (stored - 1n), signalling: 1n }[parsed.kind];
    return join(largest, leading | payload);
  }
  const { numerator, denominator } = parsed;
  if (numerator === 0n) return join(0n, 0n);
  // Find e with 2^e <= n/d < 2^(e+1).
  let e = bits(numerator) - bits(denominator);
  const below = e >= 0 ? numerator < denominator << BigInt(e) : numerator << BigInt(-e) < denominator;
  if (below) e--;
  e = Math.max(e, 1 - bias);
  const shift = fraction - e;
  let mantissa =
    shift >= 0
      ? divide(numerator << BigInt(shift), denominator, away)
      : divide(numerator, denominator << BigInt(-shift), away);
  let biased = BigInt(e + bias);
  const one = 1n << stored;
  if (mantissa >= one << 1n) {
    mantissa >>= 1n;
    biased++;
  }
  if (mantissa < one) {
    const vanishes = mode.daz || mantissa === 0n;
    if (vanishes) warn('float-underflow', 'the constant is too small for its format: it becomes 0');
    else warn('float-denorm', 'the constant is a denormal number');
    if (vanishes) return join(0n, 0n);
    biased = 0n;
  }
  // The first power of two beyond the format NASM 2.16.01 takes for a number: what comes out is no number.
  if (biased > largest || (biased === largest && e + bias < Number(largest))) {
    warn('float-overflow', 'the constant is too large for its format: it becomes infinite');
    return join(largest, leading);
  }
  return join(biased, explicit ? mantissa : mantissa & (one - 1n));
}
