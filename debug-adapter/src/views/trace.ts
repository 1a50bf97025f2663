import type { Core } from '../core';
import { describeTransition } from '../exceptions/describe';

/** At most as many lines a slice. */
const MAX_LINES = 100;

/** `"trace": true`: every VM transition as a line in the debug console. */
export class Trace {
  private seen = 0;

  constructor(private readonly core: Core) {}

  reset(): void {
    this.seen = 0;
  }

  flush(): void {
    const target = this.core.target;
    if (!target?.config.trace) return;
    const { exitLog } = target.machine;
    if (exitLog.total === this.seen) return;
    const records = exitLog.list(this.seen, MAX_LINES);
    const lines = records.map((r) => `[${r.count}] ${describeTransition(target.index, r)}`);
    const missing = exitLog.total - this.seen - lines.length;
    if (missing > 0) lines.unshift(`… ${missing} transitions`);
    this.seen = exitLog.total;
    this.core.print(lines.join('\n'));
  }
}
