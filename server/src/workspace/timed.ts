/** Steps, and in the end how many milliseconds were spent in them. */
export function* timed<T>(steps: Generator<void, T>): Generator<void, { value: T; time: number }> {
  let time = 0;
  try {
    for (;;) {
      const started = performance.now();
      const { done, value } = steps.next();
      time += performance.now() - started;
      if (done) return { value, time };
      yield;
    }
  } finally {
    steps.return(undefined as never);
  }
}
