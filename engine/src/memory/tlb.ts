/**
 * The soft TLB: direct-mapped banks of 8192 entries inside the machine's
 * WebAssembly.Memory, so that the evaluator and generated code look up the same
 * bytes (jit-facts). An entry is 32 bytes:
 *
 *     0  u64  tagR   linear page this entry may read, or all ones
 *     8  u64  tagW   … may write without anything left to do
 *    16  u64  tagX   … may execute
 *    24  u32  host   what to add to a linear address's low half for its byte offset in the WebAssembly.Memory
 *    28  u32  flags  bit 0: writable, but the page holds translated code; bit 1: its record is of more than its page
 *
 * A tag is the linear address with its low 12 bits clear, so an access of `size`
 * bytes hits iff `(address + size - 1) & ~0xfff` equals the tag at the index of
 * `address`; one that crosses its page misses because the neighbour has another
 * index.
 *
 * A page with translated code never has a tagW: stores to it go the slow way
 * and are reported. Bit 0 of the flags spares those a walk.
 *
 * Bit 0 of a tag withholds it: {@link SoftTlb.lookup} takes the tag for what it
 * is, the inline look-ups miss. So accesses to watched bytes are told of while
 * the guest sees the same translations.
 *
 * Behind the banks each entry has a record of the same size: the window that
 * generated code may take from it (memory/windows.ts).
 */
import { AccessWindows, noteWindow, widenWindows } from './windows';

/** Words (of 4 bytes) from an entry to its tags. */
export const enum Tag {
  READ = 0,
  WRITE = 1,
  EXECUTE = 2,
}

/** What a fill grants. */
export const enum EntryFlag {
  READ = 1,
  WRITE = 2,
  EXECUTE = 4,
  /** Writable, but it is a code page. */
  WRITE_CODE = 8,
  /** The tag is withheld. */
  WITHHOLD_READ = 16,
  WITHHOLD_WRITE = 32,
}

/** Entries of a bank: 32 MiB of pages. More cost nothing but memory; flushing touches only what is in use. */
export const TLB_ENTRIES = 8192;
/** Of a tag. */
const WITHHELD = 1;

const ENTRY_BYTES = 32;
const BANK_BYTES = TLB_ENTRIES * ENTRY_BYTES;
const BANKS_PER_GROUP = 3;
const GROUPS = 2;

/** More than the entries of a group, so that the list is seldom full. */
const MAX_USED = 2 * BANKS_PER_GROUP * TLB_ENTRIES;

/** Smallest large pages: 2 MiB. */
const CHUNK_SHIFT = 21;
const CHUNKS = 2048;

/** Offset, in the TLB area, of a bank that is never filled. */
export const TLB_NULL_BANK = GROUPS * BANKS_PER_GROUP * BANK_BYTES;

/** From an entry to its record. */
export const TLB_RECORDS = TLB_NULL_BANK + BANK_BYTES;

/** Bytes of the TLB area. */
export const TLB_BYTES = 2 * TLB_RECORDS;

const CODE = 1;
const JOINED = 2;

/** Byte offset of an address's entry in its bank. */
export function tlbOffset(lo: number): number {
  return ((lo >>> 12) & (TLB_ENTRIES - 1)) * ENTRY_BYTES;
}

/** More than one entry: all are looked at. */
const MANY = -1;

/** Root and non-root operation are the two groups; each has a bank for supervisor, user, and supervisor with AC. */
export class SoftTlb {
  /** The whole memory as words. */
  readonly words: Int32Array;
  /**
   * Where a group may hold parts of large guest pages, which INVLPG must drop whole (SDM 3A 4.10.4.1): for each 2 MiB
   * of the low halves of linear addresses the binary logarithm of the largest page's size, and whether there is any.
   */
  private readonly largePages = [new Uint8Array(CHUNKS), new Uint8Array(CHUNKS)];
  private readonly anyLarge = [false, false];
  /** Entries of each group that are in use, as word indices: flushing touches only them. */
  private readonly used = [new Int32Array(MAX_USED), new Int32Array(MAX_USED)];
  private readonly usedCount = [0, 0];
  /** Whether an entry has come since runs were looked for. */
  private grown = false;
  /** What generated code remembers of the TLB. */
  readonly windows: AccessWindows;
  /**
   * By page of the memory: the only entry, as a word index, that may have a write tag for it; 0 when none has, MANY when
   * there may be several.
   */
  private readonly writers: Int32Array;

  constructor(
    buffer: ArrayBufferLike,
    readonly offset: number,
  ) {
    this.words = new Int32Array(buffer);
    this.writers = new Int32Array(Math.ceil(buffer.byteLength / 4096));
    this.words.fill(-1, this.offset >>> 2, (this.offset + TLB_RECORDS) >>> 2);
    this.windows = new AccessWindows(buffer);
  }

  /** Byte offset of a bank in the WebAssembly.Memory. */
  bank(group: number, view: number): number {
    return this.offset + (group * BANKS_PER_GROUP + view) * BANK_BYTES;
  }

  /** Byte offset of the page in the WebAssembly.Memory if the entry allows the access, withheld or not; else −1. */
  lookup(bank: number, lo: number, hi: number, tag: Tag): number {
    const { words } = this;
    const at = (bank + tlbOffset(lo)) >>> 2;
    const page = lo & ~0xfff;
    if ((words[at + tag * 2] & ~WITHHELD) === page && words[at + tag * 2 + 1] === (hi | 0))
      return (words[at + 6] + page) >>> 0;
    return -1;
  }

  /** Whether the pages of two addresses share an entry. */
  collide(lo: number, otherLo: number): boolean {
    return (((lo ^ otherLo) >>> 12) & (TLB_ENTRIES - 1)) === 0;
  }

  /** The same for writes to a page that holds, or held, translated code. */
  lookupCodeWrite(bank: number, lo: number, hi: number): number {
    const { words } = this;
    const at = (bank + tlbOffset(lo)) >>> 2;
    const page = lo & ~0xfff;
    const hit =
      (words[at] & ~WITHHELD) === page && words[at + 1] === (hi | 0) && (words[at + 7] & CODE) !== 0;
    return hit ? (words[at + 6] + page) >>> 0 : -1;
  }

  /** Gives the write tag to an entry found by {@link lookupCodeWrite}: its code has been dropped. */
  unprotect(bank: number, lo: number, withhold: boolean): void {
    const { words } = this;
    const at = (bank + tlbOffset(lo)) >>> 2;
    words[at + 2] = (words[at] & ~WITHHELD) | (withhold ? WITHHELD : 0);
    words[at + 3] = words[at + 1];
    words[at + 7] &= ~CODE;
    this.noteWriter(words[at + 6] + words[at], at);
  }

  /** The entry at word `at` has got a write tag for the page at byte offset `host`. */
  private noteWriter(host: number, at: number): void {
    const page = host >>> 12;
    const known = this.writers[page];
    if (known !== at) this.writers[page] = known === 0 ? at : MANY;
  }

  /** Enters a translation with what it grants ({@link EntryFlag}); `pageShift`: size of the guest's own page. */
  fill(bank: number, lo: number, hi: number, host: number, grants: number, pageShift: number): void {
    const { words } = this;
    const at = (bank + tlbOffset(lo)) >>> 2;
    const page = lo & ~0xfff;
    if ((words[at] & words[at + 2] & words[at + 4]) === -1) this.use(bank < this.bank(1, 0) ? 0 : 1, at);
    else this.lose(at);
    const read = grants & EntryFlag.READ;
    const write = grants & EntryFlag.WRITE;
    const execute = grants & EntryFlag.EXECUTE;
    words[at] = read ? page | (grants & EntryFlag.WITHHOLD_READ ? WITHHELD : 0) : -1;
    words[at + 1] = read ? hi : -1;
    words[at + 2] = write ? page | (grants & EntryFlag.WITHHOLD_WRITE ? WITHHELD : 0) : -1;
    words[at + 3] = write ? hi : -1;
    words[at + 4] = execute ? page : -1;
    words[at + 5] = execute ? hi : -1;
    words[at + 6] = host - page;
    words[at + 7] = grants & EntryFlag.WRITE_CODE ? CODE : 0;
    noteWindow(words, at + TLB_RECORDS / 4, page, hi, host);
    this.grown = true;
    if (write) this.noteWriter(host, at);
    if (pageShift > 12) this.noteLarge(bank < this.bank(1, 0) ? 0 : 1, lo, pageShift);
  }

  /** Takes the write tags of the page at byte offset `host` of the WebAssembly.Memory: it now holds translated code. */
  protect(host: number): void {
    const writer = this.writers[host >>> 12];
    this.writers[host >>> 12] = 0;
    if (writer === 0) return;
    if (writer !== MANY) {
      this.protectEntry(writer, host);
      return;
    }
    for (let group = 0; group < GROUPS; group++) {
      const used = this.used[group];
      for (let i = 0; i < this.usedCount[group]; i++) {
        this.protectEntry(used[i], host);
      }
    }
  }

  private protectEntry(at: number, host: number): void {
    const { words } = this;
    const page = words[at + 2] & ~WITHHELD;
    if (((words[at + 6] + page) | 0) !== (host | 0) || (page & 0xfff) !== 0) return;
    this.lose(at);
    words[at + 2] = words[at + 3] = -1;
    words[at + 7] = CODE;
  }

  private noteLarge(group: number, lo: number, pageShift: number): void {
    const chunks = this.largePages[group];
    // A page of at least this size has been noted here: so have all its chunks.
    if (chunks[lo >>> CHUNK_SHIFT] >= pageShift) return;
    const first = (lo >>> pageShift) << (pageShift - CHUNK_SHIFT);
    chunks.fill(pageShift, first, first + (1 << (pageShift - CHUNK_SHIFT)));
    this.anyLarge[group] = true;
  }

  /**
   * Withholds tags anew.
   * @param withheld given a page by its linear address and byte offset in the WebAssembly.Memory: EntryFlag.WITHHOLD_…
   */
  withhold(withheld: (lo: number, hi: number, host: number) => number): void {
    const { words } = this;
    this.windows.reset();
    this.grown = true;
    for (let group = 0; group < GROUPS; group++) {
      const used = this.used[group];
      for (let i = 0; i < this.usedCount[group]; i++) {
        const at = used[i];
        this.separate(at);
        for (const [tag, flag] of [
          [at, EntryFlag.WITHHOLD_READ],
          [at + 2, EntryFlag.WITHHOLD_WRITE],
        ]) {
          const page = words[tag] & ~WITHHELD;
          if ((page & 0xfff) !== 0) continue;
          const withhold = withheld(page, words[tag + 1], (words[at + 6] + page) >>> 0) & flag;
          words[tag] = page | (withhold ? WITHHELD : 0);
        }
      }
    }
  }

  /** The entry at `at`, if there is one, will say something else: no window with it holds any more. */
  private lose(at: number): void {
    const { words } = this;
    if ((words[at] & words[at + 2] & words[at + 4]) === -1) return;
    this.windows.reset();
    if ((words[at + 7] & JOINED) === 0) return;
    const group = at < this.bank(1, 0) >>> 2 ? 0 : 1;
    const used = this.used[group];
    for (let n = 0; n < this.usedCount[group]; n++) {
      if (words[used[n] + 7] & JOINED) this.separate(used[n]);
    }
    this.grown = true;
  }

  /** Makes the record of an entry that of its page alone. */
  private separate(at: number): void {
    const { words } = this;
    words[at + 7] &= ~JOINED;
    const tag = words[at] === -1 ? at + 2 : at;
    const page = words[tag] & ~WITHHELD;
    noteWindow(words, at + TLB_RECORDS / 4, page, words[tag + 1], words[at + 6] + page);
  }

  /** Makes the windows of a bank as large as they may be: generated code fills them often. */
  widenWindows(bank: number): void {
    const { words } = this;
    this.windows.reset();
    if (!this.grown) return;
    this.grown = false;
    widenWindows(words, bank >>> 2, (bank + TLB_RECORDS) >>> 2, BANK_BYTES / 4, (at) => {
      words[at + 7] |= JOINED;
    });
  }

  private use(group: number, at: number): void {
    // An entry that INVLPG has emptied may be noted twice; when the list is full, it starts anew from the entries.
    if (this.usedCount[group] === MAX_USED) this.collectUsed(group);
    this.used[group][this.usedCount[group]++] = at;
  }

  private collectUsed(group: number): void {
    const { words } = this;
    const from = this.bank(group, 0) >>> 2;
    let count = 0;
    for (let at = from; at < from + (BANKS_PER_GROUP * BANK_BYTES) / 4; at += ENTRY_BYTES / 4) {
      if ((words[at] & words[at + 2] & words[at + 4]) !== -1) this.used[group][count++] = at;
    }
    this.usedCount[group] = count;
  }

  flushGroup(group: number): void {
    const { words } = this;
    this.windows.reset();
    const used = this.used[group];
    for (let i = this.usedCount[group] - 1; i >= 0; i--) {
      const at = used[i];
      words[at] = words[at + 1] = words[at + 2] = words[at + 3] = words[at + 4] = words[at + 5] = -1;
    }
    this.usedCount[group] = 0;
    if (!this.anyLarge[group]) return;
    this.anyLarge[group] = false;
    this.largePages[group].fill(0);
  }

  /** True when it had to drop the whole group. */
  flushPage(group: number, lo: number): boolean {
    if (this.largePages[group][lo >>> CHUNK_SHIFT] !== 0) {
      this.flushGroup(group);
      return true;
    }
    const { words } = this;
    for (let view = 0; view < BANKS_PER_GROUP; view++) {
      const at = (this.bank(group, view) + tlbOffset(lo)) >>> 2;
      this.lose(at);
      words[at] = words[at + 1] = words[at + 2] = words[at + 3] = words[at + 4] = words[at + 5] = -1;
    }
    return false;
  }

  flushAll(): void {
    for (let group = 0; group < GROUPS; group++) this.flushGroup(group);
  }
}
