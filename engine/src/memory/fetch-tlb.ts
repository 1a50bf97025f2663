/**
 * Where code is: linear page → physical page, apart from the data TLB, so that
 * data accesses never evict the page that is being executed. All tiers ask the
 * same questions in the same order of *pages*, whatever they keep of the blocks
 * inside a page; so what is remembered here is the same for all of them.
 *
 * A *key* is a number for (bank, mode) that is new after every flush. Whoever
 * remembers something about code by linear address notes the key; as long as
 * {@link key} gives the same number, it holds.
 */
export class FetchTlb {
  private readonly banks: Map<number, number>[] = [];
  private readonly keys = new Int32Array(BANKS * MODES);
  /** A key holds while its bank's generation is what it was. */
  private readonly keyGenerations = new Int32Array(BANKS * MODES).fill(-1);
  private readonly generations = new Int32Array(BANKS);
  private lastKey = 0;

  constructor() {
    for (let i = 0; i < BANKS; i++) this.banks.push(new Map());
  }

  /** Physical page number, or −1. */
  find(bank: number, lo: number, hi: number): number {
    return this.banks[bank].get((hi >>> 0) * 0x100000 + (lo >>> 12)) ?? -1;
  }

  add(bank: number, lo: number, hi: number, page: number): void {
    const pages = this.banks[bank];
    if (pages.size >= MAX_PAGES) this.flushBank(bank);
    pages.set((hi >>> 0) * 0x100000 + (lo >>> 12), page);
  }

  /** @param mode {@link Mode} bits */
  key(bank: number, mode: number): number {
    const at = bank * MODES + mode;
    if (this.keyGenerations[at] !== this.generations[bank]) {
      this.keyGenerations[at] = this.generations[bank];
      this.keys[at] = ++this.lastKey;
    }
    return this.keys[at];
  }

  flushGroup(group: number): void {
    for (let view = 0; view < VIEWS; view++) this.flushBank(group * VIEWS + view);
  }

  flushPage(group: number, lo: number, hi: number): void {
    for (let view = 0; view < VIEWS; view++) {
      const bank = group * VIEWS + view;
      if (this.banks[bank].delete((hi >>> 0) * 0x100000 + (lo >>> 12))) this.forgetKeys(bank);
    }
  }

  flushAll(): void {
    for (let bank = 0; bank < BANKS; bank++) this.flushBank(bank);
  }

  private flushBank(bank: number): void {
    if (this.banks[bank].size === 0) return;
    this.banks[bank].clear();
    this.forgetKeys(bank);
  }

  private forgetKeys(bank: number): void {
    this.generations[bank] = (this.generations[bank] + 1) & 0x3fffffff;
  }
}

/** Root and non-root operation, each seen as supervisor, user, supervisor with AC (memory/tlb.ts). */
const VIEWS = 3;
const BANKS = 2 * VIEWS;
/** Values of `Cpu.mode`. */
const MODES = 256;
/** Pages remembered in a bank at most. */
const MAX_PAGES = 8192;
