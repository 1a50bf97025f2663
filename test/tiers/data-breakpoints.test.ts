import { strict as assert } from 'node:assert';
import type { DataRange, Machine } from '@hyperstep/engine';
import { Random } from '@hyperstep/engine/testing';
import { program } from './boot';
import { boot, summary } from './lockstep';
import { ProgramMaker } from './random';

const DATA = 0x200000;
const STACK = 0x7f000;
const COUNTS = 0x5000;
const BODY = 0x101000;

function randomRange(random: Random): DataRange {
  const place = random.pick([DATA, DATA, DATA + 0xff0, STACK - 64, COUNTS, BODY]);
  return {
    space: random.pick(['linear', 'physical']),
    address: BigInt(place + random.below(64)),
    length: random.pick([1, 2, 4, 8, 32, 5000]),
    access: random.pick(['read', 'write', 'readWrite']),
  };
}

/** Runs to a count; answers the stops on the way. */
function runTo(machine: Machine, limit: number): string[] {
  const stops: string[] = [];
  for (;;) {
    const reason = machine.run({ limit });
    if (reason.kind === 'data breakpoint') stops.push(`${reason.rip.toString(16)} ${summary(machine)}`);
    else if (reason.kind !== 'limit') return [...stops, JSON.stringify(reason)];
    else if (machine.count >= limit) return stops;
  }
}

/** Watches bytes; every seventh access stops the machine. */
function watch(machine: Machine, range: DataRange): string[] {
  const seen: string[] = [];
  machine.dataBreakpoints.set(1, range, ({ context, rip, write }) => {
    seen.push(`${machine.count} ${context} ${rip.toString(16)} ${write}`);
    return seen.length % 7 === 0;
  });
  return seen;
}

describe('data breakpoints in all tiers', () => {
  for (const bits of [64, 32] as const) {
    it(`random programs, ${bits}-bit: the same accesses, and the same run as without`, function () {
      this.timeout(600_000);
      let accesses = 0;
      for (let seed = 1; seed <= 8; seed++) {
        const random = new Random(seed);
        const { image } = program({
          bits,
          timer: seed & 2,
          body: new ProgramMaker(seed, bits, 60, true).make(),
        });
        const [plain, ...machines] = boot(image, [
          { tier: 'regions' },
          { tier: 'evaluator' },
          { tier: 'interpreter' },
          { tier: 'regions', tuning: { hotAfter: 3 } },
        ]);
        for (let limit = 5000; limit <= 40_000; limit += 1000) {
          const range = randomRange(random);
          const results = machines.map((machine) => {
            const seen = watch(machine, range);
            if (limit % 5000 === 0) machine.dataBreakpoints.delete(1);
            return [...runTo(machine, limit), ...seen];
          });
          accesses += results[0].length;
          for (const other of results) assert.deepEqual(other, results[0], `seed ${seed} at ${limit}`);
          runTo(plain, limit);
          assert.equal(summary(machines[0]), summary(plain), `seed ${seed} at ${limit}`);
        }
        for (const machine of machines) assert.equal(machine.hash(), plain.hash());
      }
      assert.ok(accesses > 1500, `${accesses} accesses`);
    });
  }

  it('tell of every instruction that changes the bytes', () => {
    const { image } = program({ bits: 64, timer: 2, body: new ProgramMaker(3, 64, 60).make() });
    const [stepped, watched] = boot(image, [
      { tier: 'evaluator' },
      { tier: 'regions', tuning: { hotAfter: 3 } },
    ]);
    runTo(stepped, 3000);
    runTo(watched, 3000);
    const seen = new Set<number>();
    const range: DataRange = { space: 'linear', address: BigInt(DATA), length: 256, access: 'write' };
    watched.dataBreakpoints.set(1, range, () => !seen.add(watched.count));
    runTo(watched, 20_000);
    let changes = 0;
    for (let count = 3000; count < 20_000; count++) {
      const before = stepped.physical.readBytes(DATA, 256);
      runTo(stepped, count + 1);
      if (Buffer.compare(before, stepped.physical.readBytes(DATA, 256)) === 0) continue;
      changes++;
      assert.ok(seen.has(count + 1), `instruction ${count + 1} changed the bytes`);
    }
    assert.ok(changes > 100, `${changes} changes`);
    assert.ok(seen.size < changes * 3, `${seen.size} writes, ${changes} changes`);
  });

  it('stop after one iteration of a repetition', () => {
    const body = `mov edi, DATA
                mov ecx, 500
                rep stosb
recover:        jmp done`;
    const { image } = program({ bits: 64, body });
    for (const machine of boot(image)) {
      const range: DataRange = { space: 'linear', address: BigInt(DATA + 300), length: 2, access: 'write' };
      machine.dataBreakpoints.set(1, range, () => true);
      const stop = () => {
        for (;;) {
          const reason = machine.run({ limit: 1_000_000 });
          if (reason.kind !== 'limit') return [reason.kind, machine.registersOf('host').gpr[7]];
        }
      };
      assert.deepEqual(stop(), ['data breakpoint', BigInt(DATA + 301)]);
      assert.deepEqual(stop(), ['data breakpoint', BigInt(DATA + 302)]);
      assert.equal(stop()[0], 'exit');
    }
  });

  it('leave an instruction that faults to its next try', () => {
    // The load of the first MOVSB is done, its store is not allowed before the handler has mapped the page.
    const body = `mov dword [TABLES + 0x2000 + 5 * 8], 0
                mov rax, cr3
                mov cr3, rax
                mov esi, DATA
                mov edi, 0xa00000
                movsb
recover:        bts dword [TABLES + 0x2000 + 5 * 8], 0
                jc done
                mov dword [TABLES + 0x2000 + 5 * 8], 0xa00087
                mov edi, 0x300000
                mov esi, DATA
                movsb
                jmp done`;
    const { image } = program({ bits: 64, body });
    for (const machine of boot(image)) {
      const rips: bigint[] = [];
      const range: DataRange = { space: 'linear', address: BigInt(DATA), length: 1, access: 'read' };
      machine.dataBreakpoints.set(1, range, ({ rip }) => rips.push(rip) > 0);
      const kinds = runTo(machine, 1_000_000);
      assert.equal(kinds.length, 2, kinds.join('\n'));
      assert.equal(rips.length, 1);
    }
  });
});
