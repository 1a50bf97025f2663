import type { ContextId, ExitRecord, StopReason } from '@hyperstep/engine';
import type { Breakpoints } from '../breakpoints/breakpoints';
import type { Target } from '../target';
import type { Observers } from './observers';
import type { Ending, Slice } from './plan';

/** A place to come back to, in one context; `accepts` looks at the stack pointer. */
export interface Goal {
  context: ContextId;
  address: bigint;
  accepts(rsp: bigint): boolean;
  /** An instruction that runs again after it has been cut off: breakpoints on it have been passed already. */
  retry?: boolean;
  /** The instruction there is run, too, before the goal is reached. */
  finish?: boolean;
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
      target.machine.breakpoints.set(id, goal.address, (context) => {
        if (context !== goal.context || !goal.accepts(target.here().rsp)) return false;
        this.reached = goal;
        return true;
      });
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
