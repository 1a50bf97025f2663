import type { Core } from '../core';
import { messageOf } from '../errors';
import type { Ending, Plan, Slice } from './plan';

/** Milliseconds of one slice; between slices messages are answered. */
const SLICE = 8;
const MAX_INSTRUCTIONS = 1 << 28;

/** Gives the event loop a turn, then calls back. */
export type Defer = (callback: () => void) => void;

/** Runs plans in slices. */
export class Runner {
  private plan: Plan | undefined;
  private pausing = false;
  /** Instructions that fit into a slice, by what the last ones took. */
  private instructions = 10_000;

  /**
   * @param sliceOver called after every slice, for output that was gathered
   * @param ended called with what ended the plan, or `paused`
   */
  constructor(
    private readonly core: Core,
    private readonly defer: Defer,
    private readonly hooks: { sliceOver(): void; ended(ending: Ending | 'paused'): void },
  ) {}

  start(plan: Plan): void {
    this.plan = plan;
    this.pausing = false;
    this.core.state = 'running';
    this.core.resumed();
    this.core.launched().machine.passBreakpoints();
    this.defer(() => this.tick(plan));
  }

  /** Stops at the end of the current slice. */
  pause(): void {
    this.pausing = true;
  }

  /** Ends the plan without a word: the machine is about to be replaced. */
  abandon(): void {
    this.plan?.dispose();
    this.plan = undefined;
  }

  private tick(plan: Plan): void {
    if (this.plan !== plan) return;
    let ending: Ending | 'paused' | undefined;
    try {
      ending = this.pausing ? 'paused' : this.slice(plan);
    } catch (error) {
      ending = {
        kind: 'machine',
        reason: { kind: 'unsupported', explanation: `Internal error: ${messageOf(error)}` },
      };
    }
    this.hooks.sliceOver();
    if (!ending) {
      this.defer(() => this.tick(plan));
      return;
    }
    plan.dispose();
    this.plan = undefined;
    this.core.state = 'stopped';
    this.hooks.ended(ending);
  }

  private slice(plan: Plan): Ending | undefined {
    const { machine } = this.core.launched();
    const began = performance.now();
    const slice: Slice = {
      instructions: this.instructions,
      over: () => performance.now() - began >= SLICE,
    };
    const before = machine.count;
    const ending = plan.advance(slice);
    const ran = machine.count - before;
    const took = performance.now() - began;
    // Only a slice that ran to its limit says how fast the machine is.
    if (!ending && ran >= slice.instructions) this.adapt(ran, took);
    else if (took > 2 * SLICE) this.instructions = Math.max(100, this.instructions >> 1);
    return ending;
  }

  private adapt(ran: number, took: number): void {
    const fitting = (ran * SLICE) / Math.max(took, 0.05);
    this.instructions = Math.min(
      MAX_INSTRUCTIONS,
      Math.max(100, Math.min(fitting, this.instructions * 4) | 0),
    );
  }
}
