/** A small reproducible generator for tests (xorshift32). */
export class Random {
  constructor(private state: number) {
    this.state = Math.imul(state, 0x9e3779b1) | 1;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  /** True in so many cases of a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}
