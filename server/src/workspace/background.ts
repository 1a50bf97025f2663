import type { Workspace } from './workspace';

/** Milliseconds between two looks at the messages that have come in. */
const SLICE_MS = 6;

/** Lets the messages that have come in take their turn: at once where the platform can, in a browser after a timer. */
function turn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (then: () => void) => void };
  return new Promise((resolve) => (setImmediate ? setImmediate(resolve) : setTimeout(resolve, 0)));
}

/**
 * Long work in slices, so that a keystroke does not wait for it. Work is a
 * generator that yields every few milliseconds. One piece runs after the other;
 * what an edit or another assembly has {@link Workspace.interrupt}ed begins anew.
 */
export class Background {
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly workspace: Workspace) {}

  /**
   * Does the work that `make` begins; undefined once `stop` says that nobody
   * wants it any more. With `hold` it does not give way once it has begun.
   */
  run<T>(make: () => Generator<void, T>, stop: () => boolean, hold = false): Promise<T | undefined> {
    const turn = this.queue.then(() => this.slices(make, stop, hold ? Number.POSITIVE_INFINITY : SLICE_MS));
    this.queue = turn.catch(() => {});
    return turn;
  }

  private async slices<T>(
    make: () => Generator<void, T>,
    stop: () => boolean,
    slice: number,
  ): Promise<T | undefined> {
    for (;;) {
      if (stop()) return undefined;
      const job = make();
      do {
        const end = performance.now() + slice;
        do {
          const { done, value } = this.workspace.step(job);
          if (done) return value;
        } while (performance.now() < end);
        await turn();
        if (stop()) this.workspace.interrupt();
      } while (this.workspace.isSuspended(job));
    }
  }
}
