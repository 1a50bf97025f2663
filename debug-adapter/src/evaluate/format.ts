/** How values are shown: hexadecimal first, decimal where it helps. */

/** `0x1f`. */
export function hex(value: bigint | number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** `0x1f (31)`; small numbers that look alike only once; negative reading added when the top bit is set. */
export function formatValue(value: bigint, bits = 64): string {
  if (value < 10n) return hex(value);
  const signed = BigInt.asIntN(bits, value);
  return `${hex(value)} (${signed < 0n && signed > -0x1_0000_0000n ? signed : value})`;
}
