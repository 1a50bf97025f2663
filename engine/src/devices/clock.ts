/**
 * Time as devices know it. One tick is one guest instruction (or one tick slept
 * in HLT), and there are 10^9 of them in a second of guest time, so a run is
 * the same whatever the host does.
 */
export const TICKS_PER_SECOND = 1e9;

/** A scheduled call. */
export interface Timer {
  /** When it is due. */
  readonly at: number;
  /** Withdraws it; harmless when it has already run. */
  cancel(): void;
}

/** The only way a device learns about time. */
export interface Clock {
  now(): number;
  /** Calls `callback` once when the clock has reached `at`; at once due if that is past. */
  schedule(at: number, callback: () => void): Timer;
}

interface Event extends Timer {
  readonly order: number;
  readonly callback: () => void;
}

/**
 * The machine's clock with its timers. Due calls run by time, those of one time
 * in the order in which they were scheduled. A callback may schedule again; if
 * that is due too it runs in the same {@link runDue}.
 */
export class EventQueue implements Clock {
  /** Sorted: the next one last. There are few timers, so insertion is a short shift. */
  private readonly events: Event[] = [];
  private order = 0;

  /**
   * @param source the machine's instruction clock
   * @param onSooner the next timer is due earlier than before
   */
  constructor(
    private readonly source: () => number,
    private readonly onSooner: () => void = () => {},
  ) {}

  now(): number {
    return this.source();
  }

  schedule(at: number, callback: () => void): Timer {
    const { events } = this;
    const event: Event = { at, order: this.order++, callback, cancel: () => this.remove(event) };
    let index = events.length;
    while (index > 0 && events[index - 1].at <= at) index--;
    events.splice(index, 0, event);
    if (index === events.length - 1) this.onSooner();
    return event;
  }

  /** Clock value of the next timer; infinity when there is none. */
  nextDeadline(): number {
    const { events } = this;
    return events.length === 0 ? Number.POSITIVE_INFINITY : events[events.length - 1].at;
  }

  /** Runs what is due at `now`. */
  runDue(now: number): void {
    const { events } = this;
    while (events.length > 0 && events[events.length - 1].at <= now) events.pop()!.callback();
  }

  private remove(event: Event): void {
    const index = this.events.indexOf(event);
    if (index >= 0) this.events.splice(index, 1);
  }
}
