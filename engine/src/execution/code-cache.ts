import type { Block } from '../ir/block';

/** Blocks that start in one physical page, by `offset | mode << 12`. */
type PageBlocks = Map<number, Block>;

/**
 * Translated code by physical page. A write to a page drops what was made from
 * its bytes; breakpoints drop only the blocks that cover their address.
 */
export class CodeCache {
  private readonly pages = new Map<number, PageBlocks>();
  /** Blocks of the page before that reach into a page, by that page. */
  private readonly spills = new Map<number, Set<Block>>();

  /** @param codePages one byte a physical page, set while the page holds translated code (PhysicalMemory tests it on writes). */
  constructor(
    private readonly codePages: Uint8Array,
    private readonly onProtect: () => void,
  ) {}

  find(page: number, offset: number, mode: number): Block | undefined {
    return this.pages.get(page)?.get(offset | (mode << 12));
  }

  add(block: Block, offset: number): void {
    let blocks = this.pages.get(block.page);
    if (!blocks) this.pages.set(block.page, (blocks = new Map()));
    blocks.set(offset | (block.mode << 12), block);
    this.protect(block.page);
    if (block.secondPage >= 0) {
      let set = this.spills.get(block.secondPage);
      if (!set) this.spills.set(block.secondPage, (set = new Set()));
      set.add(block);
      this.protect(block.secondPage);
    }
  }

  /** Marks a page so that writes to it are noticed; the soft TLB must forget that it may write there. */
  private protect(page: number): void {
    if (this.codePages[page]) return;
    this.codePages[page] = 1;
    this.onProtect();
  }

  /** The bytes of `page` have changed. */
  dropPage(page: number): void {
    const blocks = this.pages.get(page);
    if (blocks) for (const block of blocks.values()) block.valid = false;
    this.pages.delete(page);
    const spills = this.spills.get(page);
    if (spills) for (const block of spills) block.valid = false;
    this.spills.delete(page);
    // Blocks of the page before stay in its map but are invalid: find() callers check.
    this.codePages[page] = 0;
  }

  /** Drops every block that covers page offset `offset` (0…4095) of any page. */
  dropOffset(offset: number): void {
    for (const blocks of this.pages.values()) {
      for (const [key, block] of blocks) {
        const start = key & 0xfff;
        if (offset >= start && offset < start + block.bytes) {
          block.valid = false;
          blocks.delete(key);
        }
      }
    }
  }

  /** Drops everything. */
  clear(): void {
    for (const page of [...this.pages.keys(), ...this.spills.keys()]) this.dropPage(page);
  }
}
