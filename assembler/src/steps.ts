/** Work that is done in steps, so that others get their turn in between. */

/** Takes all steps at once. */
export function allSteps<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
