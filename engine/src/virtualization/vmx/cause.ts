import type { Explanation } from '../../cpu/cpu';
import type { Reason } from './reasons';

/** RFLAGS.RF as an exit saves it (SDM 3C 28.3.3). */
export const enum Resume {
  /** As it is. */
  KEEP,
  /** Instructions that exit. */
  CLEAR,
  /** What is like a fault. */
  SET,
}

/** Value of {@link ExitCause.errorCode} and {@link ExitCause.info} when the exit has none. */
export const NONE = -1;

/**
 * What an exit reports (SDM 3C 28.2). One object a processor, filled anew for
 * each exit; 64-bit values are in halves.
 */
export class ExitCause {
  reason: Reason = 0;
  qualification = 0;
  qualificationHigh = 0;
  /** Length of the instruction that caused the exit. */
  length = 0;
  /** VM-exit interruption information with its valid bit, else 0; and error code. */
  interruption = 0;
  errorCode: number = NONE;
  /** VM-exit instruction information (SDM 3C 28.2.5). */
  info: number = NONE;
  hasLinear = false;
  linear = 0;
  linearHigh = 0;
  hasPhysical = false;
  physical = 0;
  physicalHigh = 0;
  resume = Resume.KEEP;
  /** The exit is due to an event between instructions. */
  between = false;
  /** The original event is not reported as being delivered (SDM 3C 28.2.4): triple fault. */
  notDuringDelivery = false;
  /** The walk's own sentence on an EPT fault. */
  explanation: Explanation;

  private readonly split64 = new BigUint64Array(1);
  private readonly split32 = new Uint32Array(this.split64.buffer);

  /** Forgets the last exit. */
  begin(reason: Reason, qualification = 0): this {
    this.reason = reason;
    this.qualification = qualification;
    this.qualificationHigh = 0;
    this.length = 0;
    this.interruption = 0;
    this.errorCode = this.info = NONE;
    this.hasLinear = this.hasPhysical = false;
    this.resume = Resume.KEEP;
    this.between = this.notDuringDelivery = false;
    this.explanation = undefined;
    return this;
  }

  /** The exit qualification where it has 64 bits. */
  qualify(value: bigint): void {
    this.split64[0] = value;
    this.qualification = this.split32[0];
    this.qualificationHigh = this.split32[1];
  }

  setLinear(address: bigint): void {
    this.split64[0] = address;
    this.hasLinear = true;
    this.linear = this.split32[0];
    this.linearHigh = this.split32[1];
  }

  setPhysical(address: bigint): void {
    this.split64[0] = address;
    this.hasPhysical = true;
    this.physical = this.split32[0];
    this.physicalHigh = this.split32[1];
  }
}
