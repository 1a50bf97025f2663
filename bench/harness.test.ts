import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootGuest } from './harness/counts';
import { type Bits, buildGuests } from './harness/guests';
import { geometricMean, median } from './harness/results';
import { roundCount, WORKLOADS } from './harness/workloads';

const root = process.env.HYPERSTEP_ROOT ?? process.cwd();

/** The same under QEMU 7.2, Bochs 2.7 and v86. */
const CHECKSUMS: Record<string, string> = {
  int: '0ee6134b',
  sieve: '0000198e',
  qsort: 'e729f62c',
  crc32: '83bcd2a6',
  sha256: '4534a3ac',
  memcpy: 'b0c6bebd',
  stride: '0115f011',
  list: 'ea7f2000',
  string: '09234000',
  matmul: '1bf99800',
  vm: '00000c2d',
  recurse: '00530a18',
  fp: 'ec2af172',
  cold: '0000c01d',
  pages: 'e8a999e5',
  smc: '0000053c',
  movs: 'f2dfb0b7',
  stos: 'b4b42468',
  int80: '00000080',
  syscall: '0005ca11',
  pf: '0000000e',
  out80: '00000080',
  in61: '00000000',
  lapic: '00000000',
  cr3: '00000003',
  invlpg: '00000007',
  cpuid: '00000000',
  vmcall: '00000012',
  vmcallept: '00000012',
  vmout: '0000001e',
  vmmmio: '00000030',
};

/** What a machine may lack. */
const OPTIONAL = ['lapic', 'fp'];

describe('benchmark guests (need gcc and nasm)', () => {
  let images: Record<Bits, string>;

  before(function () {
    const guests = buildGuests(root, join(root, 'out/bench/test'));
    if ('missing' in guests) {
      console.log(`      skipped: ${guests.missing}`);
      return this.skip();
    }
    images = guests.images;
  });

  for (const bits of [32, 64] as const) {
    it(`${bits}-bit: our machine computes what QEMU, Bochs and v86 compute`, () => {
      const workloads = WORKLOADS.filter((w) => (w.bits ?? bits) === bits);
      const commandLine = workloads
        .map((w) => `${w.name}:${w.kind === 'compute' ? 1 : roundCount(w, 100)}`)
        .join(' ');
      const boot = bootGuest(readFileSync(images[bits]), commandLine, {}, 200_000_000);
      assert.equal(boot.failure, undefined);
      for (const { name } of workloads) {
        if (boot.skipped.has(name) && OPTIONAL.includes(name)) continue;
        assert.equal(boot.checksums.get(name), CHECKSUMS[name], name);
      }
    });
  }
});

describe('benchmark figures', () => {
  it('takes medians with their spread, and geometric means', () => {
    assert.deepEqual(median([3, 1, 2]), { value: 2, spread: 1 });
    assert.deepEqual(median([4, 1, 2, 3]).value, 2.5);
    assert.ok(Math.abs(geometricMean([1, 4]) - 2) < 1e-12);
  });

  it('rounds counts to what the guest can do', () => {
    const named = (name: string) => WORKLOADS.find((w) => w.name === name)!;
    assert.equal(roundCount(named('pf'), 300), 256);
    assert.equal(roundCount(named('pf'), 0), 256);
    assert.equal(roundCount(named('int'), 0.2), 1);
    assert.equal(roundCount(named('cold'), 1e9), 900_000);
    assert.equal(roundCount(named('out80'), 1e12), 0xfffff000);
  });
});
