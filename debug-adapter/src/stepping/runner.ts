import type { Core } from '../core';
import { messageOf } from '../errors';
import type { Ending, Plan, Slice } from './plan';

/** Milliseconds of one slice; between slices messages are answered. */
const SLICE = 8;
/** Milliseconds after which a machine that waits for input is looked at again. */
const WAIT = 10;
const MIN_INSTRUCTIONS = 100;
const MAX_INSTRUCTIONS = 1 << 28;

/** Gives the event loop a turn (or so many milliseconds), then calls back. */
export type Defer = (callback: () => void, milliseconds?: number) => void;

/** Runs plans in slices. */
export class Runner {
  private plan: Plan | undefined;
  private pausing = false;
  /** Halted until somebody types. */
  private waiting = false;
  /** Instructions that take about a millisecond, by what the last ones took. */
  private instructions = 1000;

  /**
   * @param begins called before a plan's first instruction
   * @param sliceOver called after every slice, for output that was gathered
   * @param ended called with what ended the plan, or `paused`
   */
  constructor(
    private readonly core: Core,
    private readonly defer: Defer,
    private readonly hooks: { begins(): void; sliceOver(): void; ended(ending: Ending | 'paused'): void },
  ) {}

  start(plan: Plan): void {
    this.plan = plan;
    this.pausing = false;
    this.core.state = 'running';
    this.core.resumed();
    this.hooks.begins();
    this.defer(() => this.tick(plan));
  }

  /** Stops at the end of the current slice. */
  pause(): void {
    this.pausing = true;
  }

  /** Ends the plan without a word: the machine is about to be replaced. True if there was one. */
  abandon(): boolean {
    if (!this.plan) return false;
    this.plan.dispose();
    this.plan = undefined;
    this.core.state = 'stopped';
    return true;
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
    this.waiting = ending !== undefined && ending !== 'paused' && this.waitsForInput(ending);
    if (!ending || this.waiting) {
      this.defer(() => this.tick(plan), this.waiting ? WAIT : undefined);
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
    this.adapt(machine.count - before, performance.now() - began);
    return ending;
  }

  /** At most fourfold growth: what comes next may be slower than what was measured. */
  private adapt(ran: number, took: number): void {
    const fitting = ran / Math.max(took, 0.05);
    const grown = Math.min(fitting, this.instructions * 4, MAX_INSTRUCTIONS);
    this.instructions = Math.max(MIN_INSTRUCTIONS, Math.floor(grown));
  }

  /** HLT with interrupts on and the serial port's receive interrupt enabled: a person may still wake it. */
  private waitsForInput(ending: Ending): boolean {
    if (ending.kind !== 'machine' || ending.reason.kind !== 'halted') return false;
    const { machine } = this.core.launched();
    const interruptsOn = (machine.registersOf(machine.cpu.context).rflags & 0x200n) !== 0n;
    return interruptsOn && (machine.serial.save().ier & 1) !== 0;
  }
}
