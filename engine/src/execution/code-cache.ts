import type { Block } from '../ir/block';
import type { PhysicalMemory } from '../memory/physical';

const PAGE = 4096;

/** Blocks that have bytes in one physical page. */
interface CodePage {
  /** Those that start here, by `offset | mode << 12`. */
  starts: Map<number, Block>;
  /** Those that start in another page and end here. */
  spills: Set<Block>;
  /** One byte a byte of the page: nonzero where some block was made from it. */
  covered: Uint8Array;
  /** Writes since the last block was dropped, while there is none. */
  idleWrites: number;
}

/** A page without blocks stays watched for so many writes: code that is patched and run again comes back soon. */
const WATCHED_WRITES = 64;

/** Bytes of the second page that a block may have been made from: all but one of the longest instruction. */
const SPILL_BYTES = 14;

/** What a write changes of code that is run without being kept. */
export const enum Unkept {
  NONE,
  /** Code that has been run. */
  SEEN,
  /** Code that is being run. */
  RUNNING,
}

/**
 * Translated code by physical page. A write drops the blocks made from the
 * bytes it changes; breakpoints drop only the blocks that cover their address.
 */
export class CodeCache {
  private readonly pages = new Map<number, CodePage>();
  /** Told of every block that is not valid any more. */
  onDrop: (block: Block) => void = () => {};
  /** Told of every write to a page with code before anything else; answers what it changes of code that is not kept. */
  onWrite: (page: number, offset: number, size: number) => Unkept = () => Unkept.NONE;
  /** Told of every page that is not watched any more. */
  onUnmark: (page: number) => void = () => {};

  constructor(private readonly physical: PhysicalMemory) {}

  /** The block at (page, offset) for a mode, if there is a valid one. */
  find(page: number, offset: number, mode: number): Block | undefined {
    return this.pages.get(page)?.starts.get(offset | (mode << 12));
  }

  /** The blocks that start in a page and are of a mode, by offset. */
  blocksOf(page: number, mode: number): Map<number, Block> {
    const found = new Map<number, Block>();
    for (const [key, block] of this.pages.get(page)?.starts ?? []) {
      if (block.mode === mode) found.set(key & (PAGE - 1), block);
    }
    return found;
  }

  /** Keeps a block that starts at `offset` of its page. Code outside RAM is not kept: nobody reports writes there. */
  add(block: Block, offset: number): void {
    if (!this.keeps(block.page) || !this.keeps(block.secondPage)) return;
    const page = this.page(block.page);
    const key = offset | (block.mode << 12);
    const old = page.starts.get(key);
    if (old) this.drop(page, key, old);
    page.starts.set(key, block);
    page.covered.fill(1, offset, offset + block.bytes);
    if (block.secondPage < 0) return;
    const second = this.page(block.secondPage);
    second.spills.add(block);
    second.covered.fill(1, 0, SPILL_BYTES);
  }

  /** Is the page RAM? */
  keeps(page: number): boolean {
    return page < this.physical.marks.length;
  }

  private page(number: number): CodePage {
    let page = this.pages.get(number);
    if (!page) {
      page = { starts: new Map(), spills: new Set(), covered: new Uint8Array(PAGE), idleWrites: 0 };
      this.pages.set(number, page);
      this.physical.markCode(number);
    }
    return page;
  }

  /** `size` bytes at `offset` of a page are about to change. True when a block was made from them, kept or not. */
  write(number: number, offset: number, size: number): boolean {
    const page = this.pages.get(number);
    if (!page) return false;
    const unkept = this.onWrite(number, offset, size);
    const running = unkept === Unkept.RUNNING;
    if (unkept !== Unkept.NONE) page.idleWrites = 0;
    let touched = 0;
    for (let i = offset; i < offset + size; i++) touched |= page.covered[i];
    if (!touched) {
      if (page.starts.size === 0 && page.spills.size === 0 && ++page.idleWrites > WATCHED_WRITES) {
        this.pages.delete(number);
        this.physical.unmarkCode(number);
        this.onUnmark(number);
      }
      return running;
    }
    page.idleWrites = 0;
    let dropped = false;
    for (const [key, block] of page.starts) {
      const start = key & (PAGE - 1);
      if (start < offset + size && offset < start + block.bytes) {
        this.drop(page, key, block);
        dropped = true;
      }
    }
    for (const block of page.spills) {
      // Where it ends is not kept: a write near the start of the page is enough.
      if (offset < SPILL_BYTES) {
        page.spills.delete(block);
        block.valid = false;
        this.onDrop(block);
        dropped = true;
      }
    }
    this.cover(page);
    return dropped || running;
  }

  /** Marks the bytes of the blocks that are left. */
  private cover(page: CodePage): void {
    page.covered.fill(0);
    for (const [key, block] of page.starts) {
      const start = key & (PAGE - 1);
      page.covered.fill(1, start, start + block.bytes);
    }
    if (page.spills.size > 0) page.covered.fill(1, 0, SPILL_BYTES);
  }

  /** Drops every block that covers page offset `offset` (0…4095) of any page: a breakpoint came or went there. */
  dropOffset(offset: number): void {
    for (const page of this.pages.values()) {
      for (const [key, block] of page.starts) {
        const start = key & (PAGE - 1);
        const end = start + block.bytes;
        // An instruction in the next page's first bytes belongs to a block that starts before the page's end.
        if ((offset >= start && offset < end) || offset + PAGE < end) this.drop(page, key, block);
      }
    }
  }

  private drop(page: CodePage, key: number, block: Block): void {
    block.valid = false;
    page.starts.delete(key);
    if (block.secondPage >= 0) this.pages.get(block.secondPage)?.spills.delete(block);
    this.onDrop(block);
  }

  /** Drops everything. */
  clear(): void {
    for (const number of this.pages.keys()) this.physical.unmarkCode(number);
    for (const page of this.pages.values()) {
      for (const block of page.starts.values()) {
        block.valid = false;
        this.onDrop(block);
      }
    }
    this.pages.clear();
  }
}
