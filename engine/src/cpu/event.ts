/** Interruption types as the VMCS encodes them (SDM 3C 25.8.3, Table 25-17). */
export const enum EventType {
  EXTERNAL = 0,
  NMI = 2,
  /** A fault, trap or abort the processor found. */
  HARDWARE = 3,
  /** INT n. */
  SOFTWARE = 4,
  /** INT1. */
  PRIVILEGED_SOFTWARE = 5,
  /** INT3, INTO. */
  SOFTWARE_EXCEPTION = 6,
}

/** An interrupt or exception on its way through the IDT. */
export interface PendingEvent {
  vector: number;
  type: EventType;
  /** Undefined for events without one. */
  errorCode?: number;
  /** #PF: linear address; #DB: bits for DR6. */
  payload?: bigint;
  /** RIP to save: the faulting instruction's, or the next one's. */
  returnRip: bigint;
  /** By VM entry: no intercept, CR2, DR6 or RF changes (SDM 3C 27.6.1). */
  injected?: boolean;
  explanation?: string;
}

/** Vectors with an error code (SDM 3A Table 6-1); one set bit each. */
const WITH_ERROR_CODE = (1 << 8) | (1 << 10) | (1 << 11) | (1 << 12) | (1 << 13) | (1 << 14) | (1 << 17);

/** Whether the hardware exception pushes an error code in protected mode. */
export function hasErrorCode(vector: number): boolean {
  return vector < 32 && ((WITH_ERROR_CODE >>> vector) & 1) !== 0;
}
