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
  private readonly banks: PageMap[] = [];
  private readonly keys = new Int32Array(BANKS * MODES);
  /** A key holds while its bank's generation is what it was. */
  private readonly keyGenerations = new Int32Array(BANKS * MODES).fill(-1);
  private readonly generations = new Int32Array(BANKS);
  private lastKey = 0;

  constructor() {
    for (let i = 0; i < BANKS; i++) this.banks.push(new PageMap());
  }

  /** Physical page number, or −1. */
  find(bank: number, lo: number, hi: number): number {
    return this.banks[bank].get(lo >>> 12, hi | 0);
  }

  add(bank: number, lo: number, hi: number, page: number): void {
    const pages = this.banks[bank];
    if (pages.size >= MAX_PAGES) this.flushBank(bank);
    pages.set(lo >>> 12, hi | 0, page);
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
      if (this.banks[bank].delete(lo >>> 12, hi | 0)) this.forgetKeys(bank);
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

/** Words of an entry: linear page in two halves, physical page, the map's stamp when it was made. */
const enum Entry {
  LOW = 0,
  HIGH = 1,
  PAGE = 2,
  STAMP = 3,
  WORDS = 4,
}

/** A hash table by linear page that is emptied in no time: entries of an older stamp do not count. */
class PageMap {
  /** Pages in it. */
  size = 0;
  /** Entries of the present stamp, deleted ones too. */
  private used = 0;
  private stamp = 1;
  private capacity = 64;
  private words = new Int32Array(this.capacity * Entry.WORDS);

  /** Index of the page's entry, or of the free one where it would be. */
  private locate(low: number, high: number): number {
    const { words, stamp } = this;
    const mask = this.capacity - 1;
    let slot = (Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> 16) & mask;
    for (;;) {
      const at = slot * Entry.WORDS;
      if (words[at + Entry.STAMP] !== stamp) return at;
      if (words[at] === low && words[at + Entry.HIGH] === high && words[at + Entry.PAGE] >= 0) return at;
      slot = (slot + 1) & mask;
    }
  }

  get(low: number, high: number): number {
    if (this.size === 0) return -1;
    const at = this.locate(low, high);
    return this.words[at + Entry.STAMP] === this.stamp ? this.words[at + Entry.PAGE] : -1;
  }

  set(low: number, high: number, page: number): void {
    if (this.used * 2 >= this.capacity) this.grow();
    const at = this.locate(low, high);
    const { words, stamp } = this;
    if (words[at + Entry.STAMP] !== stamp) {
      this.used++;
      this.size++;
    }
    words[at] = low;
    words[at + Entry.HIGH] = high;
    words[at + Entry.PAGE] = page;
    words[at + Entry.STAMP] = stamp;
  }

  /** Whether it was there. Its entry stays, for those behind it to be found. */
  delete(low: number, high: number): boolean {
    if (this.size === 0) return false;
    const at = this.locate(low, high);
    if (this.words[at + Entry.STAMP] !== this.stamp) return false;
    this.words[at + Entry.PAGE] = -1;
    this.size--;
    return true;
  }

  clear(): void {
    this.size = this.used = 0;
    this.stamp = (this.stamp + 1) & 0x3fffffff;
    // Once in a long while stamps come round.
    if (this.stamp === 0) {
      this.words.fill(0);
      this.stamp = 1;
    }
  }

  /** Also gets rid of deleted entries. */
  private grow(): void {
    const { words, stamp } = this;
    if (this.size * 4 >= this.capacity) this.capacity *= 2;
    this.words = new Int32Array(this.capacity * Entry.WORDS);
    this.size = this.used = 0;
    for (let at = 0; at < words.length; at += Entry.WORDS) {
      if (words[at + Entry.STAMP] !== stamp || words[at + Entry.PAGE] < 0) continue;
      this.set(words[at], words[at + Entry.HIGH], words[at + Entry.PAGE]);
    }
  }
}

/** Root and non-root operation, each seen as supervisor, user, supervisor with AC (memory/tlb.ts). */
const VIEWS = 3;
const BANKS = 2 * VIEWS;
/** Values of `Cpu.mode`. */
const MODES = 256;
/** Pages remembered in a bank at most. */
const MAX_PAGES = 8192;
