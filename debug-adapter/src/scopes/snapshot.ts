import type { CpuMode, RegisterSnapshot } from '@hyperstep/engine';
import { GENERAL, SEGMENT_NAMES } from './register-names';

/** Code width of a mode in bits. */
export function bitsOf(mode: CpuMode, csAccess: number): 16 | 32 | 64 {
  switch (mode) {
    case '64-bit':
      return 64;
    case '32-bit protected':
      return 32;
    case 'compatibility':
      return csAccess & 0x4000 ? 32 : 16;
    default:
      return 16;
  }
}

/** Bytes of the mode's natural operand. */
export function wordSizeOf(mode: CpuMode): number {
  return mode === '64-bit' ? 8 : mode === '32-bit protected' || mode === 'compatibility' ? 4 : 2;
}

/** A whole register of a snapshot by name; undefined when not known. */
export function readSnapshot(snapshot: RegisterSnapshot, whole: string): bigint | undefined {
  const general = GENERAL.indexOf(whole as (typeof GENERAL)[number]);
  if (general >= 0) return snapshot.gpr[general];
  if (whole === 'rip') return snapshot.rip;
  if (whole === 'rflags') return snapshot.rflags;
  if (whole === 'cpl') return BigInt(snapshot.cpl);
  const [name, field] = whole.split('.');
  if (name === 'gdtr' || name === 'idtr') {
    const table = snapshot[name];
    return field === 'base' ? table.base : BigInt(table.limit);
  }
  const seg = SEGMENT_NAMES.indexOf(name as (typeof SEGMENT_NAMES)[number]);
  if (seg >= 0) {
    const value = snapshot.segments[seg];
    if (!value) return undefined;
    if (field === 'base') return value.base;
    return BigInt(field === 'limit' ? value.limit : field === 'access' ? value.access : value.selector);
  }
  return snapshot.system[whole];
}
