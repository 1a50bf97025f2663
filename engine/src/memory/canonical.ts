/** Every byte of [address, address + size) is canonical for 48-bit linear addresses. */
export function canonicalRange(lo: number, hi: number, size: number): boolean {
  const sign = (hi | 0) >> 15;
  if (sign !== 0 && sign !== -1) return false;
  const end = lo + size - 1;
  if (end <= 0xffffffff) return true;
  // Carries into the high half: the last canonical low address is 0x00007fff'ffffffff; the top wraps to 0.
  return hi !== 0x7fff;
}

/** An address in halves, for messages. */
export function hexAddress(lo: number, hi: number): string {
  return `0x${(BigInt(hi >>> 0) * 0x100000000n + BigInt(lo >>> 0)).toString(16)}`;
}
