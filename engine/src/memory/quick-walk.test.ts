import { strict as assert } from 'node:assert';
import { QuickWalk } from './quick-walk';
import { explainViolation, walk } from './walk';
import { Right } from './walk-formats';
import type { PagingContext, WalkAccess } from './walk-types';

/** Pages of the test's memory: tables refer to each other at random. */
const PAGES = 64;
const KINDS: readonly [WalkAccess['kind'], Right][] = [
  ['read', Right.READ],
  ['write', Right.WRITE],
  ['execute', Right.EXECUTE],
];

describe('quick walk', () => {
  let seed = 12345;
  const below = (n: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % n;
  };
  const chance = (percent: number): boolean => below(100) < percent;

  /** Memory full of entries that are mostly present, accessed and dirty. */
  function tables(entryWords: 1 | 2): Uint32Array {
    const words = new Uint32Array(PAGES * 1024);
    for (let i = 0; i < words.length; i += entryWords) {
      let low = below(PAGES) << 12;
      for (const [bit, percent] of [
        [1, 97],
        [2, 85],
        [4, 85],
        [0x20, 95],
        [0x40, 90],
        [0x80, entryWords === 1 ? 30 : 3],
        [0x100, 90],
        [0x200, 85],
      ]) {
        if (chance(percent)) low |= bit;
      }
      words[i] = low;
      if (entryWords === 2 && chance(5)) words[i + 1] = chance(80) ? 0x80000000 : below(1 << 20);
    }
    return words;
  }

  /** Four levels of EPT from page 32 on that map guest pages to pages 0 … 31. */
  function addEpt(words: Uint32Array, used: boolean): void {
    const levels = [[33], [34], [35, 36, 37, 38], Array.from({ length: 32 }, (_, i) => i)];
    for (let page = 32; page < 39; page++) {
      const targets = levels[Math.min(page - 32, 3)];
      for (let i = 0; i < 1024; i += 2) {
        let low = targets[below(targets.length)] << 12;
        for (const [bit, percent] of [
          [1, 98],
          [2, 95],
          [4, 95],
          [0x30, page < 35 ? 0 : 98],
          [0x80, page < 35 && page > 32 ? 1 : 0],
          [0x100, used ? 97 : 0],
          [0x200, used ? 90 : 0],
        ]) {
          if (chance(percent)) low |= bit;
        }
        words[page * 1024 + i] = low;
        words[page * 1024 + i + 1] = 0;
      }
    }
  }

  for (const mode of ['none', '32-bit', '4-level'] as const) {
    for (const ept of [false, true]) {
      it(`agrees with the walker: ${mode}${ept ? ' under EPT' : ''}`, () => {
        let decided = 0;
        let faults = 0;
        let violations = 0;
        for (let round = 0; round < 20; round++) {
          const words = tables(mode === '32-bit' ? 1 : 2);
          if (ept) addEpt(words, chance(70));
          const memory = {
            read32: (a: number) => (a / 4 < words.length ? words[a / 4] : 0xffffffff),
            read64: (a: number) => BigInt(words[a / 4]) | (BigInt(words[a / 4 + 1]) << 32n),
          };
          const context: PagingContext = {
            mode,
            cr3: BigInt(below(PAGES)) << 12n,
            pdptes: undefined,
            pse: chance(70),
            wp: chance(50),
            nxe: chance(70),
            smep: chance(50),
            smap: chance(50),
            ac: chance(50),
            ept: ept ? { pointer: 32n << 12n, accessedDirty: chance(50) } : undefined,
            physicalBits: 40,
          };
          const quick = new QuickWalk(new Int32Array(words.buffer), 0, words.length * 4);
          quick.configure(context);
          for (let i = 0; i < 500; i++) {
            const lo = ((below(1 << 16) << 16) | below(1 << 16)) >>> 0;
            const hi = mode === '4-level' ? below(1 << 15) : 0;
            const [kind, right] = KINDS[below(3)];
            const user = chance(50);
            const linear = (BigInt(hi) << 32n) | BigInt(lo);
            const full = walk(memory, linear, { kind, user }, context);
            if (!quick.translate(lo, hi, right, user)) {
              if (quick.violation >= 0) {
                violations++;
                assert.ok(!full.ok && full.stage === 'nested' && !full.duringWalk);
                const { kind, qualification, guestPhysical, explanation } = full;
                const { refusedLevel, refusedEntry, refusedRights } = quick;
                assert.deepEqual(
                  ['violation', quick.violation, quick.guestPhysical],
                  [kind, Number(qualification), Number(guestPhysical)],
                );
                assert.equal(explainViolation(refusedLevel, refusedEntry, refusedRights), explanation);
                continue;
              }
              if (quick.errorCode < 0) continue;
              faults++;
              assert.ok(!full.ok && full.stage === 'guest', `${linear.toString(16)} must not fault`);
              assert.equal(quick.errorCode, full.errorCode);
              continue;
            }
            decided++;
            assert.ok(full.ok, `${linear.toString(16)} must fail`);
            assert.deepEqual(full.updates, []);
            assert.deepEqual(
              [quick.page, quick.read, quick.write, quick.execute, 2 ** quick.pageShift],
              [
                Number(full.hostPhysical) - (lo & 0xfff),
                full.read,
                full.write,
                full.execute,
                full.guestPageSize,
              ],
            );
          }
        }
        assert.ok(decided > 300, `only ${decided} walks were decided`);
        assert.ok(violations > (ept ? 40 : -1), `only ${violations} violations were decided`);
        if (mode === 'none' || ept) assert.equal(faults, 0);
        else assert.ok(faults > 300, `only ${faults} faults were decided`);
      });
    }
  }
});
