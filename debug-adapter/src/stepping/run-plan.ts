import type { ExitRecord } from '@hyperstep/engine';
import type { Breakpoints } from '../breakpoints/breakpoints';
import type { Target } from '../target';
import { Detour, type Goal } from './detour';
import type { Observers } from './observers';
import type { Ending, Plan, Slice } from './plan';

/** Runs until the machine stops, or one of the goals is reached: `continue` and `stepOut`. */
export class RunPlan implements Plan {
  private readonly detour: Detour;

  constructor(
    target: Target,
    observers: Observers,
    breakpoints: Breakpoints,
    goals: readonly Goal[] = [],
    watch?: (record: ExitRecord) => boolean,
  ) {
    this.detour = new Detour(target, observers, breakpoints, goals, watch);
  }

  advance(slice: Slice): Ending | undefined {
    const result = this.detour.advance(slice);
    return result === true ? { kind: 'arrived' } : result;
  }

  dispose(): void {
    this.detour.dispose();
  }
}
