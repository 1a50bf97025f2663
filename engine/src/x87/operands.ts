/** Formats of the x87's memory operands (SDM 1 4.2 to 4.7). */
import { Mxcsr } from '../cpu/state';
import {
  convert,
  DOUBLE,
  defaultNan,
  type Environment,
  EXTENDED,
  fromInteger,
  isNan,
  Kind,
  type Rounding,
  roundToIntegral,
  SINGLE,
  toInteger,
  unpack,
} from '../ir/exact-float';

/** What a memory operand is. */
export const enum Operand {
  SINGLE,
  DOUBLE,
  EXTENDED,
  INT16,
  INT32,
  INT64,
  BCD,
}

/** Bytes of each. */
export const OPERAND_BYTES = [4, 8, 10, 2, 4, 8, 10] as const;

/** Bits of the integers. */
const INTEGER_BITS = { [Operand.INT16]: 16, [Operand.INT32]: 32, [Operand.INT64]: 64 } as const;

/** The extended number that a memory operand's bits are. */
export function load(env: Environment, operand: Operand, bits: bigint): bigint {
  switch (operand) {
    case Operand.SINGLE:
      return convert(SINGLE, EXTENDED, env, bits);
    case Operand.DOUBLE:
      return convert(DOUBLE, EXTENDED, env, bits);
    case Operand.EXTENDED:
      return bits;
    case Operand.BCD:
      return fromPacked(env, bits);
    default:
      return fromInteger(EXTENDED, env, BigInt.asIntN(INTEGER_BITS[operand], bits));
  }
}

/** The bits to store for an extended number; `truncate`: FISTTP. */
export function store(env: Environment, operand: Operand, value: bigint, truncate: boolean): bigint {
  switch (operand) {
    case Operand.SINGLE:
      return convert(EXTENDED, SINGLE, env, value);
    case Operand.DOUBLE:
      return convert(EXTENDED, DOUBLE, env, value);
    case Operand.EXTENDED:
      return value;
    case Operand.BCD:
      return toPacked(env, value);
    default:
      return toInteger(EXTENDED, env, value, INTEGER_BITS[operand], truncate);
  }
}

/** What is stored for an empty register when that is masked. */
export function indefinite(operand: Operand): bigint {
  switch (operand) {
    case Operand.SINGLE:
      return defaultNan(SINGLE);
    case Operand.DOUBLE:
      return defaultNan(DOUBLE);
    case Operand.EXTENDED:
      return defaultNan(EXTENDED);
    case Operand.BCD:
      return PACKED_INDEFINITE;
    default:
      return 1n << BigInt(INTEGER_BITS[operand] - 1);
  }
}

// --- packed decimal integers: 18 digits and a sign (SDM 1 4.7) ---------------------------------

const PACKED_INDEFINITE = 0xffffc000000000000000n;
const DIGITS = 18;

function fromPacked(env: Environment, bits: bigint): bigint {
  let value = 0n;
  for (let k = DIGITS - 1; k >= 0; k--) value = value * 10n + ((bits >> BigInt(4 * k)) & 15n);
  const sign = bits >> 79n;
  return value === 0n ? sign << 79n : fromInteger(EXTENDED, env, sign ? -value : value);
}

function toPacked(env: Environment, x: bigint): bigint {
  const whole = unpack(EXTENDED, roundToIntegral(EXTENDED, env, x, env.rounding as Rounding, false), env);
  env.flags &= ~Mxcsr.DE;
  const magnitude =
    whole.kind === Kind.ZERO
      ? 0n
      : whole.exponent < 0
        ? whole.mantissa >> BigInt(-whole.exponent)
        : whole.mantissa << BigInt(whole.exponent);
  if (isNan(whole) || whole.kind === Kind.INFINITY || magnitude >= 10n ** BigInt(DIGITS)) {
    env.flags = Mxcsr.IE;
    return PACKED_INDEFINITE;
  }
  let packed = whole.sign ? 0x80n << 72n : 0n;
  let rest = magnitude;
  for (let k = 0; rest !== 0n; k++, rest /= 10n) packed |= (rest % 10n) << BigInt(4 * k);
  return packed;
}
