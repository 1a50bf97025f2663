import type { ExitRecord } from '../records';

/** The last VM transitions, oldest first, bounded. */
export class ExitLog {
  private records: ExitRecord[] = [];
  /** Transitions seen since power-on, including those no longer kept. */
  total = 0;

  constructor(private readonly capacity = 10_000) {}

  add(record: ExitRecord): void {
    this.records.push(record);
    this.total++;
    // Halving keeps appending cheap without a ring's index arithmetic.
    if (this.records.length > this.capacity * 2) this.records = this.records.slice(-this.capacity);
  }

  /** Records from number `since` on (0 is the first ever); at most the last {@link capacity}. */
  list(since = 0): ExitRecord[] {
    const kept = Math.min(this.records.length, this.capacity);
    const first = this.total - kept;
    const skip = Math.max(0, since - first);
    return this.records.slice(this.records.length - kept + skip);
  }

  get last(): ExitRecord | undefined {
    return this.records[this.records.length - 1];
  }
}
