import type { ExitRecord } from '@hyperstep/engine';
import { accepts, Detour, type Goal, isEnding, type Tools } from './detour';
import { diversionGoals } from './diversion';
import { instructionAt } from './instruction';
import type { Ending, Plan, Slice } from './plan';

/**
 * Runs until the machine stops, or one of the goals is reached: `continue` and
 * `stepOut`. The first instruction is run alone: if it is cut off (a page fault,
 * an EPT violation) it will run again, and a breakpoint on it must not stop the
 * machine a second time.
 */
export class RunPlan implements Plan {
  private detour: Detour | undefined;

  constructor(
    private readonly tools: Tools,
    private readonly goals: readonly Goal[] = [],
    private readonly watch?: (record: ExitRecord) => boolean,
  ) {}

  advance(slice: Slice): Ending | undefined {
    do {
      const result = this.detour ? this.detour.advance(slice) : this.begin();
      if (result === undefined) return undefined;
      if (result === 'transition') return { kind: 'arrived' };
      if (result === 'more') continue;
      if (isEnding(result)) return result;
      this.dispose();
      if (!result.retry) return result.finish ? this.finish() : { kind: 'arrived' };
    } while (!slice.over());
    return undefined;
  }

  dispose(): void {
    this.detour?.dispose();
    this.detour = undefined;
  }

  private finish(): Ending {
    const { machine } = this.tools.target;
    const reason = machine.run({ limit: machine.count + 1 });
    return reason.kind === 'limit' ? { kind: 'arrived' } : { kind: 'machine', reason };
  }

  private begin(): Ending | 'transition' | 'more' {
    const { target, observers } = this.tools;
    const { machine } = target;
    const here = target.here();
    const atGoal = this.goals.some(
      (goal) => goal.finish && goal.address === here.address && accepts(goal, here.rsp),
    );
    if (atGoal) return this.finish();
    const instruction = instructionAt(target, here);
    observers.disturbed = target.faultPending;
    observers.watch = this.watch;
    observers.watched = false;
    const reason = machine.run({ limit: target.faultPending ? machine.count : machine.count + 1 });
    observers.watch = undefined;
    if (reason.kind === 'transition' && observers.watched) return 'transition';
    if (reason.kind !== 'limit') return { kind: 'machine', reason };
    const diverted = observers.disturbed ? diversionGoals(target, here, instruction) : undefined;
    const retries = diverted?.filter((goal) => goal.retry) ?? [];
    this.detour = new Detour(this.tools, [...this.goals, ...retries], this.watch);
    return 'more';
  }
}
