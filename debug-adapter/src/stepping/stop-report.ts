import type { ContextId } from '@hyperstep/engine';

/** A stop as the protocol tells it. */
export interface StopReport {
  /** `stopped` event's reason. */
  reason:
    | 'entry'
    | 'step'
    | 'pause'
    | 'goto'
    | 'breakpoint'
    | 'function breakpoint'
    | 'instruction breakpoint'
    | 'data breakpoint'
    | 'exception';
  context: ContextId;
  /** Short, shown beside the thread. */
  description?: string;
  /** Longer. */
  text?: string;
  hitBreakpointIds?: number[];
  /** For `exceptionInfo`. */
  exception?: { id: string; description: string; details?: string };
}
