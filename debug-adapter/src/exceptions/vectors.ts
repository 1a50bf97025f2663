/** Exceptions a person may want to stop at (SDM 3A Table 6-1). */

export interface VectorInfo {
  vector: number;
  mnemonic: string;
  name: string;
  /** Stops unless the person says otherwise. */
  default?: boolean;
}

export const VECTORS: readonly VectorInfo[] = [
  { vector: 0, mnemonic: '#DE', name: 'Divide error' },
  { vector: 1, mnemonic: '#DB', name: 'Debug' },
  { vector: 2, mnemonic: 'NMI', name: 'Non-maskable interrupt' },
  { vector: 3, mnemonic: '#BP', name: 'Breakpoint' },
  { vector: 4, mnemonic: '#OF', name: 'Overflow' },
  { vector: 5, mnemonic: '#BR', name: 'BOUND range exceeded' },
  { vector: 6, mnemonic: '#UD', name: 'Invalid opcode' },
  { vector: 7, mnemonic: '#NM', name: 'Device not available' },
  { vector: 8, mnemonic: '#DF', name: 'Double fault', default: true },
  { vector: 10, mnemonic: '#TS', name: 'Invalid TSS' },
  { vector: 11, mnemonic: '#NP', name: 'Segment not present' },
  { vector: 12, mnemonic: '#SS', name: 'Stack-segment fault' },
  { vector: 13, mnemonic: '#GP', name: 'General protection' },
  { vector: 14, mnemonic: '#PF', name: 'Page fault' },
  { vector: 16, mnemonic: '#MF', name: 'x87 floating-point error' },
  { vector: 17, mnemonic: '#AC', name: 'Alignment check' },
  { vector: 18, mnemonic: '#MC', name: 'Machine check' },
  { vector: 19, mnemonic: '#XM', name: 'SIMD floating-point error' },
];

const BY_VECTOR = new Map(VECTORS.map((info) => [info.vector, info]));

/** `#PF`, or `interrupt 0x21`. */
export function vectorMnemonic(vector: number): string {
  return BY_VECTOR.get(vector)?.mnemonic ?? `interrupt 0x${vector.toString(16)}`;
}

/** `Page fault`, or `Interrupt 0x21`. */
export function vectorName(vector: number): string {
  return BY_VECTOR.get(vector)?.name ?? `Interrupt 0x${vector.toString(16)}`;
}
