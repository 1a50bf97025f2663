import { type ContextId, type ExitRecord, Slot, type StopReason, type Term } from '@hyperstep/engine';
import type { Breakpoints } from '../breakpoints/breakpoints';
import { whenTerm } from '../breakpoints/when';
import { kindOf } from '../sources/source-index';
import type { Target } from '../target';
import type { Observers } from './observers';
import type { Ending, Slice } from './plan';

/** A place to come back to, in one context, with the stack pointer in a range. */
export interface Goal {
  context: ContextId;
  address: bigint;
  stack: StackRange;
  /** An instruction that runs again after it has been cut off: breakpoints on it have been passed already. */
  retry?: boolean;
  /** The instruction there is run, too, before the goal is reached. */
  finish?: boolean;
}

/** Values that the stack pointer may have, both ends included. */
export interface StackRange {
  least: bigint;
  most: bigint;
}

/** Whatever the stack pointer is. */
export const ANY_STACK: StackRange = { least: 0n, most: 0xffffffffffffffffn };

/** No deeper than a stack pointer. */
export function stackFrom(least: bigint): StackRange {
  return { least: least < 0n ? 0n : least, most: ANY_STACK.most };
}

/** Whether a goal is reached with this stack pointer. */
export function accepts({ stack }: Goal, rsp: bigint): boolean {
  return rsp >= stack.least && rsp <= stack.most;
}

/** The same for the machine, so that recursion does not have it ask each time. */
function stackTerm({ least, most }: StackRange): Term {
  const constant = (value: bigint): Term => ({ kind: 'constant', value });
  const rsp: Term = { kind: 'register', slot: Slot.RSP };
  const below = (left: Term, right: Term): Term => ({ kind: 'binary', operator: 'less', left, right });
  const outside: Term = {
    kind: 'binary',
    operator: 'or',
    left: below(rsp, constant(least)),
    right: below(constant(most), rsp),
  };
  return { kind: 'zero', of: outside };
}

/** What a plan works with. */
export interface Tools {
  target: Target;
  observers: Observers;
  breakpoints: Breakpoints;
}

/** Ids for the machine's breakpoints, far from those of {@link Breakpoints}. */
const FIRST_ID = 1_000_000_000;

/** Running at full speed until one of some goals is reached, or a transition happens. */
export class Detour {
  private reached: Goal | undefined;
  private readonly ids: number[] = [];

  constructor(
    private readonly tools: Tools,
    goals: readonly Goal[],
    watch?: (record: ExitRecord) => boolean,
  ) {
    const { target, observers } = tools;
    goals.forEach((goal, i) => {
      const id = FIRST_ID + i;
      this.ids.push(id);
      const onHit = (context: ContextId): boolean => {
        if (context !== goal.context || !accepts(goal, target.here().rsp)) return false;
        this.reached = goal;
        return true;
      };
      const when = whenTerm(kindOf(goal.context), goal.context, stackTerm(goal.stack));
      target.machine.breakpoints.set(id, goal.address, onHit, when);
    });
    observers.watch = watch;
    observers.watched = false;
  }

  /** The goal that was reached, `transition` when that was waited for, undefined when the slice is over. */
  advance(slice: Slice): Ending | Goal | 'transition' | undefined {
    const { target, observers, breakpoints } = this.tools;
    const { machine } = target;
    this.reached = undefined;
    let reason: StopReason;
    do reason = machine.run({ limit: machine.count + slice.instructions });
    while (reason.kind === 'limit' && !slice.over());
    if (reason.kind === 'limit') return undefined;
    if (reason.kind === 'breakpoint' && this.reached) {
      if ((this.reached as Goal).retry) breakpoints.takeHits();
      if (!breakpoints.anyHit) return this.reached;
    }
    if (reason.kind === 'transition' && observers.watched) return 'transition';
    return { kind: 'machine', reason };
  }

  dispose(): void {
    for (const id of this.ids) this.tools.target.machine.breakpoints.delete(id);
    this.tools.observers.watch = undefined;
  }
}

/** Tells a plan's end from a detour's. */
export function isEnding(result: Ending | Goal | 'transition' | 'more'): result is Ending {
  return typeof result === 'object' && 'kind' in result;
}
