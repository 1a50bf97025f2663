import type { Cpu } from '../cpu/cpu';
import { Slot } from '../cpu/state';
import type { Access, AccessWatcher } from '../memory/access-watcher';
import type { ContextId } from '../records';

const PAGE = 4096;

/** Bytes to be watched: linear ones, in whatever context, or host-physical ones, wherever they are mapped. */
export interface DataRange {
  space: 'linear' | 'physical';
  address: bigint;
  length: number;
  access: 'read' | 'write' | 'readWrite';
}

/** What an instruction (or the delivery of an event) did to watched bytes. */
export interface DataAccess {
  context: ContextId;
  /** Address of the instruction. */
  rip: bigint;
  /** It wrote, or wrote too. */
  write: boolean;
}

/** Called when an instruction that has accessed the bytes is complete; true stops the machine after it. */
export type DataCallback = (access: DataAccess) => boolean;

/** A breakpoint's bytes in one page. */
interface Spot {
  id: number;
  physical: boolean;
  /** Linear page address in halves, or physical page number and 0; as 32-bit integers. */
  page: number;
  high: number;
  from: number;
  to: number;
  access: number;
}

const KINDS = { read: 1, write: 2, readWrite: 3 } as const;

/** More bytes than this are not watched at once. */
export const MAX_DATA_BYTES = 1 << 16;

/**
 * Breakpoints on data. Watched pages get no tags in the soft TLB for what is
 * watched, so that every such access comes to the MMU, which tells this class;
 * after the instruction the machine asks the callbacks. An instruction that
 * faults has not accessed anything: it will begin again.
 */
export class DataBreakpoints implements AccessWatcher {
  private readonly callbacks = new Map<number, DataCallback>();
  private spots: readonly Spot[] = [];
  private pending: { id: number; count: number; access: DataAccess }[] = [];

  /** @param changed told that other bytes are watched; `any` says whether some are. */
  constructor(
    private readonly cpu: Cpu,
    private readonly changed: (any: boolean) => void,
  ) {}

  /** Watches bytes under `id`, at most {@link MAX_DATA_BYTES} of them; what was watched under it is not any more. */
  set(id: number, range: DataRange, onAccess: DataCallback): void {
    const others = this.spots.filter((spot) => spot.id !== id);
    this.callbacks.set(id, onAccess);
    this.replace([...others, ...spotsOf(id, range)]);
  }

  delete(id: number): void {
    if (!this.callbacks.delete(id)) return;
    this.replace(this.spots.filter((spot) => spot.id !== id));
  }

  private replace(spots: readonly Spot[]): void {
    this.spots = spots;
    this.changed(spots.length > 0);
  }

  watches(lo: number, hi: number, page: number): number {
    let access = 0;
    for (const spot of this.spots) {
      const same = spot.physical ? spot.page === page : spot.page === (lo & -PAGE) && spot.high === (hi | 0);
      if (same) access |= spot.access;
    }
    return access;
  }

  accessed(lo: number, hi: number, physical: number, size: number, access: Access): void {
    const page = Math.floor(physical / PAGE);
    const from = lo & (PAGE - 1);
    for (const spot of this.spots) {
      if (!(spot.access & access) || spot.from >= from + size || spot.to <= from) continue;
      const same = spot.physical ? spot.page === page : spot.page === (lo & -PAGE) && spot.high === (hi | 0);
      if (same) this.note(spot.id, access === KINDS.write);
    }
  }

  /** An instruction counts once, though it may reach the bytes twice, or begin again in the evaluator. */
  private note(id: number, write: boolean): void {
    const { cpu, pending } = this;
    cpu.attention();
    const before = pending.find((one) => one.id === id && one.count === cpu.icount);
    if (before) before.access.write ||= write;
    else {
      const access = { context: cpu.context, rip: cpu.state.u64[Slot.RIP], write };
      pending.push({ id, count: cpu.icount, access });
    }
  }

  /** The instruction has been abandoned. */
  forget(): void {
    if (this.pending.length > 0) this.pending = [];
  }

  /** Asks the breakpoints whose bytes the last instruction accessed; the first access after which to stop. */
  ask(): DataAccess | undefined {
    if (this.pending.length === 0) return undefined;
    const asked = this.pending;
    this.pending = [];
    let stop: DataAccess | undefined;
    for (const { id, access } of asked) if (this.callbacks.get(id)?.(access)) stop ??= access;
    return stop;
  }
}

function spotsOf(id: number, { space, address, length, access }: DataRange): Spot[] {
  const spots: Spot[] = [];
  const physical = space === 'physical';
  const end = Math.min(length, MAX_DATA_BYTES);
  for (let done = 0; done < end; ) {
    const here = BigInt.asUintN(64, address + BigInt(done));
    const from = Number(here & 0xfffn);
    const to = Math.min(PAGE, from + end - done);
    const page = here - BigInt(from);
    spots.push({
      id,
      physical,
      page: Number(physical ? page >> 12n : BigInt.asIntN(32, page)),
      high: physical ? 0 : Number(BigInt.asIntN(32, page >> 32n)),
      from,
      to,
      access: KINDS[access],
    });
    done += to - from;
  }
  return spots;
}
