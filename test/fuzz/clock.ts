/** Processor time of the pieces of work an input makes. */
export class Clock {
  /** Seconds of the longest piece. */
  longest = 0;

  /** Does a piece of work. */
  readonly time = <T>(work: () => T): T => {
    const start = process.cpuUsage();
    try {
      return work();
    } finally {
      const { user, system } = process.cpuUsage(start);
      this.longest = Math.max(this.longest, (user + system) / 1e6);
    }
  };
}
