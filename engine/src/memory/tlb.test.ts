/** That the windows generated code may take from the soft TLB never say more than it does. */
import assert from 'node:assert/strict';
import { EntryFlag, SoftTlb, TLB_BYTES, TLB_ENTRIES, TLB_RECORDS, tlbOffset } from './tlb';
import { WINDOW_MARGIN, WindowRecord, Windows } from './windows';

const OFFSET = 0x10000;

function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

describe('SoftTlb: windows', () => {
  const buffer = new ArrayBuffer(OFFSET + TLB_BYTES);
  const view = new DataView(buffer);

  /** Checks a window: all its pages are in the bank, at the places that it says. */
  function checkWindow(
    tlb: SoftTlb,
    bank: number,
    first: number,
    limit: number,
    negative: number,
    tag: 0 | 1,
  ): void {
    const low = Number(BigInt.asUintN(32, BigInt(first)));
    const high = Math.floor(first / 2 ** 32);
    for (let at = 0; at < limit + WINDOW_MARGIN; at += 4096) {
      const entry = bank + tlbOffset((low + at) | 0);
      assert.equal(view.getInt32(entry + tag * 8, true) & 0xfff, 0, 'withheld');
      const host = tlb.lookup(bank, (low + at) | 0, high, tag);
      assert.equal(host, (at - negative) >>> 0, `page ${at / 4096} of a window at ${first.toString(16)}`);
    }
  }

  function checkRecords(tlb: SoftTlb, pages: readonly number[]): void {
    for (let n = 0; n < 6 * pages.length; n++) {
      const bank = tlb.bank(n % 2, (n >> 1) % 3);
      const entry = bank + tlbOffset((pages[Math.floor(n / 6)] * 4096) | 0);
      for (const tag of [0, 1] as const) {
        if (view.getInt32(entry + tag * 8, true) & 0xfff) continue;
        const record = entry + TLB_RECORDS + tag * WindowRecord.WRITE;
        const first = Number(view.getBigUint64(record + WindowRecord.FIRST, true));
        const limit = view.getUint32(record + WindowRecord.LIMIT, true);
        const page = Number(view.getBigUint64(entry + tag * 8, true));
        assert.ok(first <= page && page < first + limit, 'the entry is in its own window');
        checkWindow(tlb, bank, first, limit, view.getInt32(record + WindowRecord.NEGATIVE_HOST, true), tag);
      }
    }
  }

  it('hold only what the bank has, whatever comes and goes', () => {
    const tlb = new SoftTlb(buffer, OFFSET);
    const next = random(3);
    // Few pages, at the ends of what an index and 32 bits hold; places that follow each other, mostly.
    const pages = [TLB_ENTRIES - 8, TLB_ENTRIES - 4, 2 * TLB_ENTRIES - 2, 0xffff8, 0].flatMap((from) =>
      Array.from({ length: 8 }, (_, i) => from + i),
    );
    for (let step = 0; step < 3000; step++) {
      const group = next(2);
      const bank = tlb.bank(group, next(3));
      const page = pages[next(pages.length)];
      const lo = (page * 4096) | 0;
      const hi = next(10) === 0 ? 1 : 0;
      const host = 0x100000 + ((page & 0xfff) + (next(6) === 0 ? 64 : 0)) * 4096;
      switch (next(13)) {
        case 0:
          tlb.flushPage(group, lo);
          break;
        case 1:
          if (next(8) === 0) tlb.flushGroup(group);
          break;
        case 2:
          tlb.protect(host);
          break;
        case 3:
          if (tlb.lookupCodeWrite(bank, lo, hi) >= 0) tlb.unprotect(bank, lo, false);
          break;
        case 4:
          tlb.widenWindows(bank);
          break;
        case 5: {
          const watched = next(3) * 4096;
          const what = [EntryFlag.WITHHOLD_READ | EntryFlag.WITHHOLD_WRITE, EntryFlag.WITHHOLD_WRITE][
            next(2)
          ];
          tlb.withhold((page) => (watched > 0 && (page & 0x3000) === watched ? what : 0));
          break;
        }
        default:
          tlb.fill(bank, lo, hi, host, [EntryFlag.READ, 3, 3, 3, 9, EntryFlag.EXECUTE][next(6)], 12);
      }
      checkRecords(tlb, pages);
    }
  });

  it('become runs of neighbours, and pages of their own again when one of them goes', () => {
    const tlb = new SoftTlb(buffer, OFFSET);
    const bank = tlb.bank(0, 0);
    const limitOf = (page: number): number =>
      view.getUint32(bank + page * 32 + TLB_RECORDS + WindowRecord.LIMIT, true) + WINDOW_MARGIN;
    for (let page = 5; page < 15; page++) tlb.fill(bank, page * 4096, 0, 0x100000 + page * 4096, 3, 12);
    assert.equal(limitOf(9), 4096);
    tlb.widenWindows(bank);
    assert.equal(limitOf(9), 10 * 4096);
    tlb.flushPage(0, 14 * 4096);
    assert.equal(limitOf(9), 4096);
    tlb.widenWindows(bank);
    assert.equal(limitOf(9), 9 * 4096);
    checkRecords(
      tlb,
      Array.from({ length: 16 }, (_, page) => page),
    );
  });

  it('are emptied when anything is taken from the TLB', () => {
    const tlb = new SoftTlb(buffer, OFFSET);
    const bank = tlb.bank(0, 0);
    const losses: [string, () => void][] = [
      ['a page flushed', () => tlb.flushPage(0, 0x5000)],
      ['a group flushed', () => tlb.flushGroup(0)],
      ['everything flushed', () => tlb.flushAll()],
      ['a page protected', () => tlb.protect(0x105000)],
      ['another page in its place', () => tlb.fill(bank, 0x2005000, 0, 0x105000, 3, 12)],
      ['accesses watched', () => tlb.withhold(() => EntryFlag.WITHHOLD_WRITE)],
      ['fewer rights', () => tlb.fill(bank, 0x5000, 0, 0x105000, 1, 12)],
    ];
    for (const [what, lose] of losses) {
      tlb.fill(bank, 0x5000, 0, 0x105000, 3, 12);
      view.setBigInt64(Windows.LIMIT, 4096n, true);
      view.setBigInt64(Windows.LIMIT + (2 * Windows.COUNT - 1) * 8, 4096n, true);
      view.setInt32(Windows.FILLED, 2, true);
      lose();
      assert.equal(view.getBigInt64(Windows.LIMIT, true), 0n, what);
      assert.equal(view.getBigInt64(Windows.LIMIT + (2 * Windows.COUNT - 1) * 8, true), 0n, what);
      assert.equal(tlb.windows.filled, 0, what);
    }
  });
});
