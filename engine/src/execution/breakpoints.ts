import type { ContextId } from '../records';

/** Called when execution is about to begin the instruction; true stops the machine before it. */
export type BreakpointCallback = (context: ContextId) => boolean;

/**
 * Breakpoints on instructions by linear address. They live outside guest
 * memory: guests can neither see nor overwrite them. A translation asks only
 * for the offset inside the page, because the same code may run at several
 * linear addresses; the address itself is compared when the BREAK is reached.
 */
export class Breakpoints {
  private readonly byAddress = new Map<string, Map<number, BreakpointCallback>>();
  private readonly addressOf = new Map<number, bigint>();
  private readonly offsets = new Map<number, number>();

  /** @param changed told the page offset whose translations are out of date. */
  constructor(private readonly changed: (pageOffset: number) => void) {}

  /** Sets (or moves) breakpoint `id`. Several ids may share an address. */
  set(id: number, linear: bigint, onHit: BreakpointCallback): void {
    this.delete(id);
    const key = keyOf(linear);
    let here = this.byAddress.get(key);
    if (!here) this.byAddress.set(key, (here = new Map()));
    here.set(id, onHit);
    this.addressOf.set(id, linear);
    const offset = Number(linear & 0xfffn);
    const users = (this.offsets.get(offset) ?? 0) + 1;
    this.offsets.set(offset, users);
    if (users === 1) this.changed(offset);
  }

  delete(id: number): void {
    const linear = this.addressOf.get(id);
    if (linear === undefined) return;
    this.addressOf.delete(id);
    const key = keyOf(linear);
    const here = this.byAddress.get(key)!;
    here.delete(id);
    if (here.size === 0) this.byAddress.delete(key);
    const offset = Number(linear & 0xfffn);
    const users = this.offsets.get(offset)! - 1;
    if (users > 0) this.offsets.set(offset, users);
    else {
      this.offsets.delete(offset);
      this.changed(offset);
    }
  }

  clear(): void {
    for (const id of [...this.addressOf.keys()]) this.delete(id);
  }

  /** Must code at this page offset carry a BREAK? */
  covers(pageOffset: number): boolean {
    return this.offsets.has(pageOffset);
  }

  get any(): boolean {
    return this.offsets.size > 0;
  }

  /** Asks every breakpoint at the address; all are asked, so that each counts its hits. */
  hit(low: number, high: number, context: ContextId): boolean {
    const here = this.byAddress.get(`${high}:${low}`);
    if (!here) return false;
    let stop = false;
    for (const onHit of [...here.values()]) if (onHit(context)) stop = true;
    return stop;
  }
}

function keyOf(linear: bigint): string {
  const u = BigInt.asUintN(64, linear);
  return `${Number(u >> 32n)}:${Number(u & 0xffffffffn)}`;
}
