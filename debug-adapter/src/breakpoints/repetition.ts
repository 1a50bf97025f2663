import type { ContextId } from '@hyperstep/engine';
import type { Target } from '../target';

interface Moment {
  context: ContextId;
  address: bigint;
  rsp: bigint;
  rcx: bigint;
  count: number;
}

/**
 * Tells repetitions of a REP instruction from its beginning. For the machine
 * each repetition is an instruction of its own, because interrupts may come in
 * between; for a person the breakpoint is reached once (the processor's own
 * breakpoints use RFLAGS.RF for it, SDM 3B 18.3.1.1).
 */
export class Repetition {
  private last: Moment | undefined;
  private verdict = false;

  /** The machine goes on from where it stands: that instruction has begun. */
  begun(target: Target): void {
    const { context, address, rsp } = target.here();
    this.last = { context, address, rsp, rcx: target.rcx, count: target.machine.count };
    this.verdict = false;
  }

  /** Is the instruction at which a breakpoint was just reached the one before, repeating itself? */
  goesOn(target: Target, context: ContextId, address: bigint): boolean {
    const { rsp } = target.here();
    const now: Moment = { context, address, rsp, rcx: target.rcx, count: target.machine.count };
    const { last } = this;
    const same = last?.context === context && last.address === address && last.rsp === rsp;
    // Several breakpoints at one address ask at the same moment.
    if (same && last.count === now.count) return this.verdict;
    this.verdict = same && last.rcx - 1n === now.rcx;
    this.last = now;
    return this.verdict;
  }
}
