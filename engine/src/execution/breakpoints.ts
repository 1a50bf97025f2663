import { isCompilable, type Term } from '../ir/term';
import type { Watch } from '../lift/term';
import type { ContextId } from '../records';

/** Called when execution is about to begin the instruction; true stops the machine before it. */
export type BreakpointCallback = (context: ContextId) => boolean;

interface Breakpoint extends Watch {
  low: number;
  high: number;
  onHit: BreakpointCallback;
}

/**
 * Breakpoints on instructions by linear address. They live outside guest
 * memory: guests can neither see nor overwrite them. A translation asks only
 * for the offset inside the page, because the same code may run at several
 * linear addresses; the address itself is compared when the BREAK is reached.
 */
export class Breakpoints {
  private readonly byId = new Map<number, Breakpoint>();
  /** By page offset. Lists are not changed but replaced: one may be being asked. */
  private readonly byOffset = new Map<number, readonly Breakpoint[]>();

  /** @param changed told the page offset whose translations are out of date. */
  constructor(private readonly changed: (pageOffset: number) => void) {}

  /**
   * Sets (or moves) breakpoint `id`. Several ids may share an address.
   * @param when a value that is 0 only where the callback would answer false and do nothing: code goes on without
   *   calling it. Where it is not 0, or cannot be told, the callback decides. Memory is seen as the processor sees
   *   it, through its TLB.
   */
  set(id: number, linear: bigint, onHit: BreakpointCallback, when?: Term): void {
    this.delete(id);
    const address = BigInt.asUintN(64, linear);
    const breakpoint: Breakpoint = {
      linear: address,
      low: Number(address & 0xffffffffn),
      high: Number(address >> 32n),
      when: when && isCompilable(when) ? when : undefined,
      onHit,
    };
    this.byId.set(id, breakpoint);
    const offset = breakpoint.low & 0xfff;
    this.byOffset.set(offset, [...(this.byOffset.get(offset) ?? []), breakpoint]);
    this.changed(offset);
  }

  delete(id: number): void {
    const breakpoint = this.byId.get(id);
    if (!breakpoint) return;
    this.byId.delete(id);
    const offset = breakpoint.low & 0xfff;
    const rest = this.byOffset.get(offset)!.filter((other) => other !== breakpoint);
    if (rest.length > 0) this.byOffset.set(offset, rest);
    else this.byOffset.delete(offset);
    this.changed(offset);
  }

  /** Deletes all but the processor's own (execution/hardware-breakpoints.ts), whose ids are negative. */
  clear(): void {
    for (const id of [...this.byId.keys()]) if (id >= 0) this.delete(id);
  }

  /** The breakpoints for which code at this page offset must carry a BREAK. */
  at(pageOffset: number): readonly Watch[] | undefined {
    return this.byOffset.get(pageOffset);
  }

  get any(): boolean {
    return this.byOffset.size > 0;
  }

  /** Asks every breakpoint at the address; all are asked, so that each counts its hits. */
  hit(low: number, high: number, context: ContextId): boolean {
    let stop = false;
    for (const breakpoint of this.byOffset.get(low & 0xfff) ?? []) {
      if (breakpoint.low === low && breakpoint.high === high && breakpoint.onHit(context)) stop = true;
    }
    return stop;
  }
}
