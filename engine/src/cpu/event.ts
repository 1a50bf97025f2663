import type { Cpu, Explanation } from './cpu';
import { Slot } from './state';

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
export class PendingEvent {
  /** By VM entry: no intercept, CR2, DR6 or RF changes (SDM 3C 27.6.1). */
  injected = false;
  /** RIP to save, in halves: the faulting instruction's, or the next one's. */
  readonly returnLow: number;
  readonly returnHigh: number;

  /**
   * @param errorCode undefined for events without one
   * @param payload #PF: linear address; #DB: bits for DR6
   * @param after returns behind the current instruction, not to it
   */
  constructor(
    cpu: Cpu,
    readonly vector: number,
    readonly type: EventType,
    public errorCode: number | undefined,
    readonly payload: bigint | undefined,
    after: boolean,
    public explanation?: Explanation,
  ) {
    const { u32 } = cpu.state;
    const low = u32[Slot.RIP * 2] + (after ? cpu.instructionLength : 0);
    this.returnLow = low >>> 0;
    this.returnHigh = cpu.code64 || !after ? u32[Slot.RIP * 2 + 1] + (low > 0xffffffff ? 1 : 0) : 0;
  }
}

/** Vectors with an error code (SDM 3A Table 6-1); one set bit each. */
const WITH_ERROR_CODE = (1 << 8) | (1 << 10) | (1 << 11) | (1 << 12) | (1 << 13) | (1 << 14) | (1 << 17);

/** Whether the hardware exception pushes an error code in protected mode. */
export function hasErrorCode(vector: number): boolean {
  return vector < 32 && ((WITH_ERROR_CODE >>> vector) & 1) !== 0;
}
