/**
 * What generated code finds before it asks the soft TLB: for each base register,
 * reads and writes apart, the *window* that its last access was in: pages with
 * neighbouring addresses, linear and in the WebAssembly.Memory, that are all in
 * the TLB's present bank with the access allowed. Inside it an address needs one
 * comparison, at constant addresses, so that the table occupies no registers.
 *
 * A window says nothing that the TLB does not say; whoever takes anything from
 * the TLB, or changes the bank, calls {@link AccessWindows.reset}.
 *
 * Generated code (wasm/access.ts) fills windows, from what each entry of the TLB
 * says of its window in a record beside it ({@link WindowRecord}). That is the
 * page alone until {@link widenWindows} has looked for its neighbours.
 */
export const enum Windows {
  /** i64 each: the first linear address. */
  FIRST = 0x1400,
  /** i64 each: length less {@link WINDOW_MARGIN}; 0: an empty window. */
  LIMIT = 0x1600,
  /** i32 each: what to subtract from an address's distance from the first for its byte offset in the memory. */
  NEGATIVE_HOST = 0x1800,
  /** i32: how often windows have been filled since they were all empty. */
  FILLED = 0x1900,
  /** Of each kind: one for each general register, the rest for computed addresses. */
  COUNT = 24,
}

/** Bytes that lie behind an address below a window's limit, inside the window: enough for any access. */
export const WINDOW_MARGIN = 15;

/** Byte offsets in an entry's record: of the window for reading, and what to add for that for writing. */
export const enum WindowRecord {
  /** i64 */
  FIRST = 0,
  /** u32 */
  LIMIT = 8,
  /** i32 */
  NEGATIVE_HOST = 12,
  WRITE = 16,
}

const PAGE = 4096;
/** Words of an entry and of its record. */
const WORDS = 8;
/** Words of an entry. */
const HOST = 6;

/** Copied to empty all windows: a third of the time of a loop. */
const NO_LIMITS = new Float64Array(2 * Windows.COUNT);

/** TypeScript's side of the windows. */
export class AccessWindows {
  private readonly i32: Int32Array;
  private readonly limits: Float64Array;

  constructor(buffer: ArrayBufferLike) {
    this.i32 = new Int32Array(buffer);
    this.limits = new Float64Array(buffer, Windows.LIMIT, 2 * Windows.COUNT);
  }

  /** How often windows have been filled since they were all empty. */
  get filled(): number {
    return this.i32[Windows.FILLED >> 2];
  }

  /** Empties all windows. */
  reset(): void {
    if (this.i32[Windows.FILLED >> 2] === 0) return;
    this.i32[Windows.FILLED >> 2] = 0;
    this.limits.set(NO_LIMITS);
  }
}

/** Writes the record at word `record` of an entry that is on its own: linear page, host offset of it. */
export function noteWindow(words: Int32Array, record: number, lo: number, hi: number, host: number): void {
  words[record] = words[record + 4] = lo;
  words[record + 1] = words[record + 5] = hi;
  words[record + 2] = words[record + 6] = PAGE - WINDOW_MARGIN;
  words[record + 3] = words[record + 7] = -host;
}

/**
 * Looks for runs of entries in a bank of `size` words: pages that follow each
 * other here and there. Each entry's record becomes its run; `joined` is told of
 * the entries of runs.
 */
export function widenWindows(
  words: Int32Array,
  bank: number,
  records: number,
  size: number,
  joined: (at: number) => void,
): void {
  for (let kind = 0; kind < 2; kind++) {
    const tag = kind * 2;
    for (let at = 0; at < size; ) {
      const first = at;
      do at += WORDS;
      while (at < size && follows(words, bank + at - WORDS, bank + at, tag));
      if (at === first + WORDS) continue;
      const lo = words[bank + first + tag];
      const hi = words[bank + first + tag + 1];
      const limit = ((at - first) / WORDS) * PAGE - WINDOW_MARGIN;
      const negativeHost = -(words[bank + first + HOST] + lo);
      for (let i = first; i < at; i += WORDS) {
        const record = records + i + kind * (WindowRecord.WRITE / 4);
        words[record] = lo;
        words[record + 1] = hi;
        words[record + 2] = limit;
        words[record + 3] = negativeHost;
        joined(bank + i);
      }
    }
  }
}

/** Whether the page of the entry at `behind` follows that of the one at `at`, here and there. */
function follows(words: Int32Array, at: number, behind: number, tag: number): boolean {
  const page = words[at + tag];
  return (
    (page & (PAGE - 1)) === 0 &&
    words[behind + tag] === ((page + PAGE) | 0) &&
    words[behind + tag + 1] === words[at + tag + 1] &&
    words[behind + HOST] === words[at + HOST]
  );
}
