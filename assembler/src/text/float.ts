/**
 * Floating-point constants. NASM computes them with fractions of 192 bits that
 * are cut off after every step; where an exact result would lie halfway between
 * two numbers, its result may be the lower one. Sources get the same bytes here.
 */

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

/** Told what is odd about a constant; `code` is the class of a warning. */
export type FloatWarn = (code: string, message: string) => void;

/** Bits of a fraction. */
const WIDTH = 192;
const ALL = (1n << BigInt(WIDTH)) - 1n;
/** Decimal digits that count. */
const MAX_DIGITS = 52;
const MAX_DECIMAL_EXPONENT = 5000;
const MAX_BINARY_EXPONENT = 20000;

/** A number: fraction · 2^exponent, where the fraction has {@link WIDTH} bits behind the point, the first one set; 0 for zero. */
interface Binary {
  fraction: bigint;
  exponent: number;
}

function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const hex = value.toString(16);
  return hex.length * 4 - Math.clz32(Number.parseInt(hex[0], 16)) + 28;
}

/** The product of two fractions, cut off, with its first bit set. */
function multiply(a: bigint, b: bigint): Binary {
  const product = a * b;
  const wide = BigInt(WIDTH);
  if (product >> (2n * wide - 1n)) return { fraction: product >> wide, exponent: 0 };
  return { fraction: (product >> (wide - 1n)) & ALL, exponent: -1 };
}

/** Reads a signed exponent; without digits it is 0. */
function exponentOf(text: string | undefined, most: number): number {
  const digits = (text ?? '').replace(/^[+-]/, '');
  const value = Math.min(Number(digits === '' ? 0 : digits), most);
  return text?.[0] === '-' ? -value : value;
}

function decimal(whole: string, part: string, exponent: string | undefined, warn: FloatWarn): Binary {
  const all = whole + part;
  const zeros = /^0*/.exec(all)![0].length;
  const significant = all.slice(zeros);
  if (significant === '') return { fraction: 0n, exponent: 0 };
  if (significant.length > MAX_DIGITS)
    warn('float-toolong', `only the first ${MAX_DIGITS} digits of the constant count`);
  const digits = significant.slice(0, MAX_DIGITS);
  let tens = whole.length - zeros + exponentOf(exponent, MAX_DECIMAL_EXPONENT);
  // 0.digits as a binary fraction.
  const numerator = BigInt(digits);
  const denominator = 10n ** BigInt(digits.length);
  let shift = WIDTH + Math.max(0, bitLength(denominator) - bitLength(numerator));
  while ((numerator << BigInt(shift)) / denominator > ALL) shift--;
  let fraction = (numerator << BigInt(shift)) / denominator;
  let twos = WIDTH - shift + tens;
  // Times 5^tens, by squaring.
  let power = tens < 0 ? (ALL / 5n) * 4n + 1n : 5n << BigInt(WIDTH - 3);
  let extra = tens < 0 ? -2 : 3;
  for (tens = Math.abs(tens); tens > 0; tens = Math.floor(tens / 2)) {
    if (tens % 2 === 1) {
      const next = multiply(fraction, power);
      fraction = next.fraction;
      twos += extra + next.exponent;
    }
    const square = multiply(power, power);
    power = square.fraction;
    extra = extra * 2 + square.exponent;
  }
  return { fraction, exponent: twos };
}

/** Digits of a radix that is 2^`bits`. */
function binary(bits: number, whole: string, part: string, exponent: string | undefined): Binary {
  const prefix = { 4: '0x', 3: '0o', 1: '0b' }[bits]!;
  const value = BigInt(prefix + (whole + part || '0'));
  if (value === 0n) return { fraction: 0n, exponent: 0 };
  const length = bitLength(value);
  const shift = BigInt(WIDTH - length);
  const fraction = shift >= 0n ? value << shift : value >> -shift;
  const point = length - part.length * bits;
  return { fraction, exponent: point + exponentOf(exponent, MAX_BINARY_EXPONENT) };
}

type Special = 'infinity' | 'quiet' | 'signalling';

const SPECIAL: Readonly<Record<string, Special>> = {
  infinity: 'infinity',
  nan: 'quiet',
  qnan: 'quiet',
  snan: 'signalling',
};

const RADIXES: readonly (readonly [RegExp, number])[] = [
  [/^(?:0[xh]|\$)([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?\d*))?$/, 4],
  [/^0[by]([01]*)\.?([01]*)(?:p([+-]?\d*))?$/, 1],
  [/^0[oq]([0-7]*)\.?([0-7]*)(?:p([+-]?\d*))?$/, 3],
];

function parse(text: string, warn: FloatWarn): Binary | Special | undefined {
  const s = text.toLowerCase().replaceAll('_', '');
  const special = SPECIAL[s.replace(/[?]/g, '')];
  if (special) return special;
  for (const [pattern, bits] of RADIXES) {
    const m = pattern.exec(s);
    if (m) return m[1] + m[2] === '' ? undefined : binary(bits, m[1], m[2], m[3]);
  }
  const m = /^(?:0[dt])?(\d*)\.?(\d*)(?:e([+-]?\d*))?$/.exec(s);
  return m && m[1] + m[2] !== '' ? decimal(m[1], m[2], m[3], warn) : undefined;
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

/** Rounds at `half`, the first bit that is not kept; what lies below it is cleared. Away from zero, like NASM 2.16.01, means adding one half. */
function round(value: bigint, half: bigint, rounding: FloatMode['rounding'], negative: boolean): bigint {
  const cut = value & ~(half - 1n);
  const rest = value & (half - 1n);
  if (rounding === 'near') {
    const up = (value & half) !== 0n && (rest !== 0n || (value & (half << 1n)) !== 0n);
    return up ? cut + half : cut;
  }
  const away = rounding !== 'zero' && (rounding === 'up') !== negative;
  return away && (value & ((half << 1n) - 1n)) !== 0n ? cut + half : cut;
}

/**
 * The bit pattern of a floating-point constant as an unsigned integer; undefined
 * when `text` is none or the format has no such size.
 */
export function floatBits(
  text: string,
  negative: boolean,
  bytes: number | 'bfloat16',
  mode: FloatMode = DEFAULT_FLOAT,
  warn: FloatWarn = () => {},
): bigint | undefined {
  const packed = bytes === 10 ? packedDecimal(text, negative, warn) : undefined;
  if (packed !== undefined || /^0p|p$/i.test(text)) return packed;
  const format = FORMATS[bytes];
  const parsed = parse(text.replace(/^__\??(.*?)\??__$/, '$1'), warn);
  if (!format || !parsed) return undefined;
  const bits = format.bytes * 8;
  const made =
    typeof parsed === 'string' ? special(format, parsed) : finite(format, parsed, negative, mode, warn);
  const sign = negative ? 1n << BigInt(bits - 1) : 0n;
  return sign | (made >> BigInt(WIDTH - bits));
}

/** Bit `index` of {@link WIDTH}, counted from the highest. */
const bitAt = (index: number): bigint => 1n << BigInt(WIDTH - 1 - index);

function special({ exponent, fraction, explicit }: Format, kind: Special): bigint {
  const lead = exponent + (explicit ? 1 : 0);
  let value = ((1n << BigInt(exponent)) - 1n) << BigInt(WIDTH - 1 - exponent);
  if (explicit) value |= bitAt(lead);
  if (kind === 'quiet') value |= bitAt(lead + 1);
  else if (kind === 'signalling') value |= bitAt(lead + fraction);
  return value;
}

/** The format's pattern at the top of {@link WIDTH} bits. */
function finite(
  format: Format,
  { fraction, exponent: power }: Binary,
  negative: boolean,
  { rounding, daz }: FloatMode,
  warn: FloatWarn,
): bigint {
  if (fraction === 0n) return 0n;
  const { exponent: width, explicit } = format;
  const most = 1 << (width - 1);
  const lead = width + (explicit ? 1 : 0);
  const half = bitAt(format.bytes * 8);
  const field = (value: number) => BigInt(value) << BigInt(WIDTH - 1 - width);
  const overflow = (): bigint => {
    warn('float-overflow', 'the constant is too large for its format: it becomes infinite');
    return special(format, 'infinity');
  };
  let exponent = power - 1;
  if (exponent > most) return overflow();
  if (exponent < 2 - most) {
    const shift = -(exponent + most - 2 - width) + (explicit ? 1 : 0);
    const value = round(fraction >> BigInt(shift), half, rounding, negative);
    // Rounded up to the smallest normal number.
    if (value & bitAt(lead)) return (explicit ? value : value & ~bitAt(lead)) | field(1);
    const vanishes = daz || value === 0n;
    if (vanishes) warn('float-underflow', 'the constant is too small for its format: it becomes 0');
    else warn('float-denorm', 'the constant is a denormal number');
    return vanishes ? 0n : value;
  }
  exponent += most - 1;
  let value = round(fraction >> BigInt(lead), half, rounding, negative);
  if (value & bitAt(lead - 1)) {
    value >>= 1n;
    exponent++;
    if (exponent >= 2 * most - 1) return overflow();
  }
  return (explicit ? value : value & ~bitAt(lead)) | field(exponent);
}
