import type { ExceptionRecord, ExitRecord, Machine, StopReason } from '@hyperstep/engine';
import type { ExceptionFilters } from '../exceptions/filters';

/** The one place that watches the machine's events: for the person's filters and for steps. */
export class Observers {
  /** Something has diverted control since a step cleared this: an exception, an interrupt, a VM transition. */
  disturbed = false;
  /** A step waits for this transition. */
  watch: ((record: ExitRecord) => boolean) | undefined;
  /** The transition that was waited for has happened. */
  watched = false;
  /** A step wants to follow whatever cuts in: everything that disturbs stops the machine. */
  stopWhenDisturbed = false;

  constructor(private readonly filters: ExceptionFilters) {}

  /** Would the person's filters have stopped the machine for this reason? */
  wanted(reason: StopReason): boolean {
    if (reason.kind === 'exception') return this.filters.wantsException(reason.record);
    if (reason.kind === 'transition') return this.filters.wantsTransition(reason.record);
    return true;
  }

  attach(machine: Machine, noDebug: boolean): void {
    machine.observe.transition = (record: ExitRecord) => {
      this.disturbed = true;
      if (this.watch?.(record)) {
        this.watched = true;
        return true;
      }
      return this.stopWhenDisturbed || (!noDebug && this.filters.wantsTransition(record));
    };
    machine.observe.exception = (record: ExceptionRecord) => {
      this.disturbed = true;
      return this.stopWhenDisturbed || (!noDebug && this.filters.wantsException(record));
    };
  }
}
