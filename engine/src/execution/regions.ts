import type { Block } from '../ir/block';
import { compileRegion, hasIndirectJumps } from '../wasm/compiler';
import { encodeModule } from '../wasm/encoder';
import { Header } from '../wasm/layout';
import { Type } from '../wasm/opcodes';
import { formRegion, type Region } from '../wasm/region';
import type { BlockStore } from './block-store';
import type { CodeCache } from './code-cache';

/** Live modules at most; Node 20 aborts the process near 32,000. */
export const MAX_REGIONS = 4000;

/** A counter that never reaches zero. */
const NEVER = 0x7fffffff;

const PAGE = 4096;

/** A block is warm when its counter has come down to this part. */
const WARM = 7 / 8;

const SIGNATURES = [{ parameters: [Type.I32], results: [Type.I32] }] as const;

/** A compiled region. */
interface Compiled {
  /** Its index in the table. */
  slot: number;
  blocks: Block[];
  /** Address of the map of its entries, or 0. */
  map: number;
}

/** What has happened to the code of a page. */
interface PageHistory {
  /** Regions lost because code was written to; the more, the longer the next one has to wait. */
  dropped: number;
  refused: number;
}

/**
 * So many regions may take a block that another one has: they grow as more of
 * the code is found to be hot. After that it is compiled only if it is hot itself.
 */
const GROWING = 3;

/** Compiles regions, and keeps, drops and evicts them. */
export class Regions {
  private readonly live = new Set<Compiled>();
  private readonly containing = new Map<Block, Compiled[]>();
  private readonly freeSlots: number[] = [];
  private readonly history = new Map<number, PageHistory>();
  /** How many regions have taken a block, including those that are gone. */
  private readonly taken = new WeakMap<Block, number>();
  /** Regions compiled, dropped because code changed, and evicted since power-on. */
  readonly counts = { compiled: 0, dropped: 0, evicted: 0, live: 0 };

  constructor(
    private readonly store: BlockStore,
    private readonly cache: CodeCache,
    private readonly table: WebAssembly.Table,
    private readonly memory: WebAssembly.Memory,
    private readonly limit: number = MAX_REGIONS,
  ) {}

  /** A block has been executed often: compiles the region around it. */
  compile(hot: Block): void {
    const { store } = this;
    store.set(hot.loaded, Header.COUNTER, store.hotAfter);
    if (hot.secondPage >= 0) {
      store.set(hot.loaded, Header.COUNTER, NEVER);
      return;
    }
    let history = this.history.get(hot.page);
    if (!history) this.history.set(hot.page, (history = { dropped: 0, refused: 0 }));
    if (++history.refused < 1 << Math.min(20, history.dropped >> 2)) return;
    history.refused = 0;

    const available = this.cache.blocksOf(hot.page, hot.mode);
    const warm: number[] = [];
    let hotOffset = -1;
    for (const [offset, block] of available) {
      if (block === hot) hotOffset = offset;
      const compiled = block.loaded !== 0 && store.get(block.loaded, Header.REGION) >= 0;
      const done = compiled && this.takenBy(block) >= GROWING && block !== hot;
      if (block.loaded === 0 || block.secondPage >= 0 || done) {
        available.delete(offset);
      } else if (compiled || store.get(block.loaded, Header.COUNTER) < store.hotAfter * WARM)
        warm.push(offset);
    }
    if (hotOffset < 0) return;
    const region = formRegion(hot, hotOffset, available, warm);
    if (!region.blocks.some((b) => b.entry && b.instructions > 0)) {
      store.set(hot.loaded, Header.COUNTER, NEVER);
      return;
    }
    this.install(region);
    if (store.get(hot.loaded, Header.REGION) < 0) store.set(hot.loaded, Header.COUNTER, NEVER);
  }

  private install(region: Region): void {
    const { store, memory, table } = this;
    const compiled: Compiled = { slot: 0, blocks: region.blocks.map((b) => b.block), map: 0 };
    if (hasIndirectJumps(region)) {
      compiled.map = store.allocate(PAGE);
      if (compiled.map !== 0) {
        const map = new Uint8Array(memory.buffer, compiled.map, PAGE).fill(0);
        region.blocks.forEach((b, i) => {
          if (b.entry) map[b.offset] = i + 1;
        });
      }
    }
    const code = compileRegion(region, compiled.map);
    const bytes = encodeModule({ signatures: SIGNATURES, functions: [{ signature: 0, code, export: 'r' }] });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: { m: memory } });
    compiled.slot = this.freeSlots.pop() ?? table.grow(1);
    table.set(compiled.slot, instance.exports.r);
    this.live.add(compiled);
    this.counts.live = this.live.size;
    this.counts.compiled++;

    region.blocks.forEach((b, i) => {
      const header = b.block.loaded;
      this.taken.set(b.block, this.takenBy(b.block) + 1);
      const old = this.containing.get(b.block) ?? [];
      this.containing.set(b.block, [...old, compiled]);
      if (b.entry && b.instructions > 0) {
        store.set(header, Header.REGION, compiled.slot);
        store.set(header, Header.ENTRY, i + 1);
        store.set(header, Header.INSTRUCTIONS, region.accounts[i].total);
      } else if (store.get(header, Header.REGION) < 0) {
        // It may still be entered often from elsewhere.
        store.set(header, Header.COUNTER, store.hotAfter);
      }
    });
    // Regions whose every entry is this one's now are of no use any more.
    const older = new Set(region.blocks.flatMap((b) => this.containing.get(b.block)!));
    for (const other of older) {
      if (other !== compiled && !this.isEntered(other)) this.remove(other);
    }
    if (this.live.size > this.limit) {
      const [oldest] = this.live;
      this.remove(oldest);
      this.counts.evicted++;
    }
  }

  private takenBy(block: Block): number {
    return this.taken.get(block) ?? 0;
  }

  private isEntered(region: Compiled): boolean {
    return region.blocks.some(
      (b) => b.loaded !== 0 && this.store.get(b.loaded, Header.REGION) === region.slot,
    );
  }

  /** The block is not valid any more: regions with it must not run. */
  drop(block: Block): void {
    for (const region of this.containing.get(block) ?? []) {
      this.remove(region);
      this.counts.dropped++;
      const history = this.history.get(block.page);
      if (history) history.dropped++;
    }
  }

  private remove(region: Compiled): void {
    const { store } = this;
    for (const block of region.blocks) {
      const rest = this.containing.get(block)!.filter((r) => r !== region);
      if (rest.length > 0) this.containing.set(block, rest);
      else this.containing.delete(block);
      if (block.loaded === 0) continue;
      const entered = store.get(block.loaded, Header.REGION);
      if (entered === region.slot) {
        store.set(block.loaded, Header.REGION, -1);
        store.set(block.loaded, Header.INSTRUCTIONS, block.instructions);
      }
      if (entered === region.slot || entered < 0) store.set(block.loaded, Header.COUNTER, store.hotAfter);
    }
    if (region.map !== 0) store.release(region.map, PAGE);
    this.live.delete(region);
    this.counts.live = this.live.size;
    this.table.set(region.slot, null);
    this.freeSlots.push(region.slot);
  }
}
