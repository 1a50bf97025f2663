import assert from 'node:assert/strict';
import { FetchTlb } from './fetch-tlb';

describe('FetchTlb', () => {
  it('remembers what a map would', () => {
    const tlb = new FetchTlb();
    const maps = Array.from({ length: 6 }, () => new Map<string, number>());
    let seed = 1;
    const below = (n: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % n;
    };
    const HIGHS = [0, 1, 0x7fff, 0xffff8000, 0xffffffff];
    for (let i = 0; i < 100_000; i++) {
      const bank = below(6);
      const lo = (below(i < 50_000 ? 40 : 3000) * 0x1000 + below(4096) + below(2) * 0x80000000) >>> 0;
      const hi = HIGHS[below(HIGHS.length)];
      const name = `${lo >>> 12} ${hi}`;
      const what = below(2000);
      assert.equal(tlb.find(bank, lo, hi), maps[bank].get(name) ?? -1);
      const keys = maps.map((_, b) => tlb.key(b, 3));
      if (what === 0) {
        const group = below(2);
        tlb.flushGroup(group);
        for (let b = group * 3; b < group * 3 + 3; b++) {
          assert.equal(tlb.key(b, 3) !== keys[b], maps[b].size > 0);
          maps[b].clear();
        }
      } else if (what < 200) {
        const group = below(2);
        tlb.flushPage(group, lo, hi);
        for (let b = group * 3; b < group * 3 + 3; b++) {
          assert.equal(maps[b].delete(name), tlb.key(b, 3) !== keys[b]);
        }
      } else {
        tlb.add(bank, lo, hi, i);
        maps[bank].set(name, i);
      }
    }
  });

  it('gives new keys after a flush only', () => {
    const tlb = new FetchTlb();
    tlb.add(0, 0x1000, 0, 5);
    const key = tlb.key(0, 1);
    assert.equal(tlb.key(0, 1), key);
    assert.notEqual(tlb.key(0, 2), key);
    assert.notEqual(tlb.key(1, 1), key);
    tlb.flushPage(0, 0x2000, 0);
    assert.equal(tlb.key(0, 1), key);
    tlb.flushAll();
    assert.notEqual(tlb.key(0, 1), key);
  });
});
