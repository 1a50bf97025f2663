/** What VMREAD and VMWRITE look up: a table by encoding that generated code reads as well. */
import { fieldExists } from './capabilities';
import { F, VMCS_FIELDS, type VmcsField } from './fields';

/** Groups of entry checks that need not be repeated while no field they look at was written. */
export const enum CheckGroup {
  CONTROLS = 1,
  HOST = 2,
  GUEST = 4,
  ALL = 7,
}

/** Bits of a row of {@link FIELD_ACCESS}; no row is 0. */
export const enum FieldAccess {
  /** Where in the VMCS region the field is. */
  OFFSET = 0xfff,
  /** Width of the field; without: 64 bits, or natural. */
  BITS_16 = 1 << 12,
  BITS_32 = 1 << 13,
  /** Access to the upper half of a 64-bit field (SDM 3C 25.11.2, "access type"). */
  HIGH = 1 << 14,
  READ_ONLY = 1 << 15,
  /** {@link CheckGroup}s that become due when the field is written. */
  CHECKS_SHIFT = 16,
}

/** Bits that encodings of fields in the table have: width, kind, five bits of the index, access type. */
export const ENCODING_BITS = 0x6c3f;

/** A row's number: an encoding without the bits between the index and the kind, and without bit 12. */
export function rowOf(encoding: number): number {
  return (encoding & 0x3f) | ((encoding >>> 4) & 0xc0) | ((encoding >>> 5) & 0x300);
}

/** Rows by {@link rowOf}; 0: the processor does not support the encoding. */
export const FIELD_ACCESS = new Uint32Array(1024);

/** The row of the encoding given in halves, or 0. */
export function fieldAccess(low: number, high: number): number {
  return high !== 0 || (low & ~ENCODING_BITS) !== 0 ? 0 : FIELD_ACCESS[rowOf(low)];
}

const NO_CHECKS = 0;

/** Fields that make other groups due than their kind says. */
const EXCEPTIONS = new Map<number, number>([
  // Checked at every entry anyway.
  [F.GUEST_RIP, NO_CHECKS],
  // No check looks at them.
  [F.GUEST_RSP, NO_CHECKS],
  [F.HOST_RSP, NO_CHECKS],
  [F.PREEMPTION_TIMER, NO_CHECKS],
  [F.TSC_OFFSET, NO_CHECKS],
  [F.EXCEPTION_BITMAP, NO_CHECKS],
  [F.CR0_MASK, NO_CHECKS],
  [F.CR4_MASK, NO_CHECKS],
  [F.CR0_SHADOW, NO_CHECKS],
  [F.CR4_SHADOW, NO_CHECKS],
  // No check on controls depends on them.
  [F.GUEST_RFLAGS, CheckGroup.GUEST],
  [F.GUEST_INTERRUPTIBILITY, CheckGroup.GUEST],
  [F.GUEST_ACTIVITY, CheckGroup.GUEST],
  [F.GUEST_PENDING_DEBUG, CheckGroup.GUEST],
]);

/** Which groups of entry checks a write to the field makes due again. */
function checksOf({ kind, encoding }: VmcsField): number {
  const exception = EXCEPTIONS.get(encoding);
  if (exception !== undefined) return exception;
  if (kind === 'host') return CheckGroup.HOST;
  // Whether an injected event needs an error code depends on the guest's mode (SDM 3C 27.2.1.3).
  return kind === 'guest' ? CheckGroup.GUEST | CheckGroup.CONTROLS : CheckGroup.ALL;
}

for (const field of VMCS_FIELDS.filter(fieldExists)) {
  const { encoding, width, offset, readOnly } = field;
  const rest = (checksOf(field) << FieldAccess.CHECKS_SHIFT) | (readOnly ? FieldAccess.READ_ONLY : 0);
  const bits = width === 16 ? FieldAccess.BITS_16 : width === 32 ? FieldAccess.BITS_32 : 0;
  FIELD_ACCESS[rowOf(encoding)] = offset | bits | rest;
  if (width === 64) FIELD_ACCESS[rowOf(encoding | 1)] = (offset + 4) | FieldAccess.HIGH | rest;
}
