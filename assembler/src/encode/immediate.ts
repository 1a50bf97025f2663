/** Immediates: which values suit which encoding, and what is lost when one is cut off. */
import type { Slot } from './form';
import type { EncodeError, ImmediateOperand } from './statement';

/**
 * Can this encoding carry the value? NASM compares bytes to be sign-extended
 * modulo 2^16 or 2^32, so `add eax,0xffffffff` is `add eax,-1`. An address may
 * change when the program is placed, so it never takes a short form.
 */
export function valueFits(slot: Slot, op: ImmediateOperand): boolean {
  const { value, address } = op.value;
  switch (slot.immediate) {
    case 'one':
      return !address && value === 1n;
    case 'sign8':
      if (op.size === 8) return true;
      return !address && BigInt.asUintN(slot.immediateSize === 16 ? 16 : 32, value + 128n) <= 255n;
    case 'fits-u32':
      return !address && BigInt.asUintN(64, value) <= 0xffffffffn;
    case 'fits-s32':
      return !address && BigInt.asIntN(32, value) === BigInt.asIntN(64, value);
    default:
      return true;
  }
}

/** A warning when bits of the value are lost. */
export function lostBits(slot: Slot, op: ImmediateOperand, operand: number): EncodeError | undefined {
  const v = BigInt.asIntN(64, op.value.value);
  const bits = BigInt(slot.bytes * 8);
  if (bits >= 64n) return undefined;
  const signed = slot.immediate === 'sign8' || slot.immediate === 'sign32';
  // NASM takes −256 to 255 for a byte.
  const low = -(1n << (signed ? bits - 1n : bits));
  const high = signed ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n;
  if (v >= low && v <= high) return undefined;
  if (slot.immediate === 'sign8' && op.size !== 8) return undefined;
  return {
    code: 'immediate-range',
    message: `${v} does not fit ${slot.bytes * 8} bits${signed ? ' with sign' : ''}; the instruction gets 0x${BigInt.asUintN(Number(bits), v).toString(16)}`,
    operand,
  };
}
