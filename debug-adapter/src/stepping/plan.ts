import type { StopReason } from '@hyperstep/engine';

/** One slice of running, short enough that messages are answered in time. */
export interface Slice {
  /** Instructions to run in one go, a fraction of the slice. */
  readonly instructions: number;
  /** The slice's time is up. */
  over(): boolean;
}

/** What ended a plan. */
export type Ending =
  /** It arrived where it wanted to go. `text` says so if something is unusual. */
  | { kind: 'arrived'; text?: string; insideMacro?: boolean }
  /** The machine stopped for another reason. */
  | { kind: 'machine'; reason: StopReason };

/** A way of running: until something happens, a step, out of a function. */
export interface Plan {
  /** Runs a slice; undefined when there is more to do. */
  advance(slice: Slice): Ending | undefined;
  /** Takes away what it left in the machine. */
  dispose(): void;
}
