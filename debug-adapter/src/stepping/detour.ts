import type { ContextId, ExitRecord } from '@hyperstep/engine';
import type { Breakpoints } from '../breakpoints/breakpoints';
import type { Target } from '../target';
import type { Observers } from './observers';
import type { Ending, Slice } from './plan';

/** A place to come back to, in one context; `accepts` looks at the stack pointer. */
export interface Goal {
  context: ContextId;
  address: bigint;
  accepts(rsp: bigint): boolean;
}

/** Ids for the machine's breakpoints, far from those of {@link Breakpoints}. */
const FIRST_ID = 1_000_000_000;

/** Running at full speed until one of some goals is reached, or a transition happens. */
export class Detour {
  private reached = false;
  private readonly ids: number[] = [];

  constructor(
    private readonly target: Target,
    private readonly observers: Observers,
    private readonly breakpoints: Breakpoints,
    goals: readonly Goal[],
    watch?: (record: ExitRecord) => boolean,
  ) {
    goals.forEach((goal, i) => {
      const id = FIRST_ID + i;
      this.ids.push(id);
      target.machine.breakpoints.set(id, goal.address, (context) => {
        if (context !== goal.context || !goal.accepts(target.here().rsp)) return false;
        this.reached = true;
        return true;
      });
    });
    observers.watch = watch;
    observers.watched = false;
  }

  /** `true` when a goal is reached, undefined when the slice is over. */
  advance(slice: Slice): Ending | true | undefined {
    const { machine } = this.target;
    const reason = machine.run({ limit: machine.count + slice.instructions });
    if (reason.kind === 'limit') return undefined;
    const arrived =
      (reason.kind === 'breakpoint' && this.reached) ||
      (reason.kind === 'transition' && this.observers.watched);
    if (arrived && !this.breakpoints.anyHit) return true;
    return { kind: 'machine', reason };
  }

  dispose(): void {
    for (const id of this.ids) this.target.machine.breakpoints.delete(id);
    this.observers.watch = undefined;
  }
}
