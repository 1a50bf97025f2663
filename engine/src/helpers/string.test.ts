/**
 * REP string instructions, many iterations at once against one by one: a
 * machine that runs freely, to random counts, must be where a machine stands
 * that made single steps. Steps leave the helpers nothing to do at once.
 */
import assert from 'node:assert/strict';
import { Abort } from '../cpu/cpu';
import { Access, Cr0, Cr4, Efer, Flag, Seg, type SegmentValue, Slot } from '../cpu/state';
import { readRflags, writeRflags } from '../ir/flags';
import { MemAux } from '../ir/ops';
import { Machine, type MachineConfig } from '../machine';
import { TLB_ENTRIES } from '../memory/tlb';
import { Random } from '../testing/random';

const SEEDS = Number(process.env.STRING_SEEDS ?? 60);
const FIRST = Number(process.env.STRING_FIRST ?? 1);

/** Physical pages: tables, code, and data of which some share their page with code or tables. */
const ROOT = 0x1000;
const WINDOW_TABLES = [0x5000, 0x6000];
const CODE = 0x10000;
const DATA = 0x20000;
const DATA_PAGES = 24;
/** Linear addresses of the two windows of {@link WINDOW_PAGES}; their pages share entries of the soft TLB. */
const WINDOWS = [0x400000, 0x400000 + TLB_ENTRIES * 4096];
const WINDOW_PAGES = 6;

/** Neighbouring seeds begin alike: the first numbers are left out. */
function randomOf(seed: number): Random {
  const random = new Random(seed);
  for (let i = 0; i < 4; i++) random.below(2);
  return random;
}

type Bits = 64 | 32 | 16 | 'real';

/** Everything about a case that is chosen before machines are made. */
interface Case {
  bits: Bits;
  /** Instruction bytes, then HLT. */
  code: number[];
  text: string;
  setUp(machine: Machine): void;
}

const OPERATIONS: Record<string, number> = { movs: 0xa4, cmps: 0xa6, stos: 0xaa, lods: 0xac, scas: 0xae };
const PREFIXES: [number, Seg][] = [
  [0x26, Seg.ES],
  [0x2e, Seg.CS],
  [0x36, Seg.SS],
  [0x64, Seg.FS],
];

/** What a group of cases has in common; the rest is random. */
interface Wanted {
  bits?: Bits;
  names?: string[];
  sizes?: number[];
  /** Pages of the windows: usable ones, half of them, or for the destination also those of tables. */
  pages?: 'plain' | 'cut' | 'tables';
  /** The destination begins where the source does, a few bytes away, or at the same offset in the other window. */
  destination?: 'near' | 'aside';
  /** Offsets begin at either end of a segment. */
  ends?: boolean;
}

function makeCase(seed: number, wanted: Wanted = {}): Case {
  const random = randomOf(seed);
  const bits = wanted.bits ?? random.pick<Bits>([64, 64, 32, 32, 16, 'real']);
  const segmented = bits === 16 || bits === 'real' || (bits === 32 && random.chance(50));
  const name = random.pick(wanted.names ?? Object.keys(OPERATIONS));
  const sizes = wanted.sizes ?? [1, 2, 4, 8];
  const size = random.pick(sizes.filter((n) => n < 8 || bits === 64));
  const repne = random.chance(40);
  // 16-bit offsets reach the windows only through segments.
  const otherAddress = random.chance(bits === 64 ? 25 : segmented ? 40 : 0);
  const addressBytes = bits === 64 ? (otherAddress ? 4 : 8) : (bits === 32) !== otherAddress ? 4 : 2;
  const override = random.chance(25) ? random.pick(PREFIXES) : undefined;
  const wordCode = bits === 16 || bits === 'real';
  const code = [
    ...(override ? [override[0]] : []),
    ...(otherAddress ? [0x67] : []),
    ...(size === 2 && !wordCode ? [0x66] : []),
    ...(size === 4 && wordCode ? [0x66] : []),
    repne ? 0xf2 : 0xf3,
    ...(size === 8 ? [0x48] : []),
    OPERATIONS[name] + (size === 1 ? 0 : 1),
    0xf4,
  ];

  const down = random.chance(35);
  const cpl3 = bits !== 'real' && random.chance(20);
  const alignment = cpl3 && random.chance(25);
  // What the windows show: pages in a row, any pages, none, code and tables.
  const inARow = random.chance(50);
  const windows = WINDOWS.map((_, w) =>
    Array.from({ length: WINDOW_PAGES }, (_, i) => {
      const page = inARow ? DATA + (w * WINDOW_PAGES + i) * 4096 : DATA + random.below(DATA_PAGES) * 4096;
      const odd = wanted.pages ? 100 : random.below(100);
      if (wanted.pages === 'cut' && (down ? i < 3 : i >= 3)) return 0;
      if (wanted.pages === 'tables' && w === 1 && random.chance(40))
        return WINDOW_TABLES[random.below(2)] | 7;
      if (odd < 4) return 0;
      if (odd < 6) return page | 5;
      if (odd < 8) return CODE | 7;
      if (odd < 14) return WINDOW_TABLES[random.below(2)] | 7;
      return page | 7;
    }),
  );
  const overlapping = wanted.destination ? wanted.destination === 'near' : random.chance(30);
  if (overlapping) windows[1] = windows[0];
  const near = random.pick([1, 2, 3, 4, 6, 7, 8, 16, 100, 4095, 4096, 4097]) * random.pick([1, 1, -1]);
  const span = WINDOW_PAGES * 4096;
  // Where repetitions begin, so that most of them have some way to go.
  const anywhere = (): number => {
    if (bits === 'real' && (wanted.ends || random.chance(40)))
      return (down ? 0 : 0xf800) + random.below(0x800);
    const at = random.below(span / 2) + (down ? span / 2 : 0);
    return random.chance(30) ? at & ~0xfff : at;
  };
  const si = anywhere();
  const di = overlapping
    ? si + (down ? -near : near)
    : wanted.destination || random.chance(30)
      ? si
      : anywhere();
  const count = random.pick([1, 127, 128, 1000, 2000, 3000, 4096, 5000, 12_000]) + random.below(40);
  // Comparisons go on for a while: pages are alike or all different, but for a byte here and there.
  const alike = !repne || name === 'scas';
  const noise = random.pick([2, 400, 5_000, 20_000]);
  const rax = name === 'scas' && !repne ? 0n : BigInt(random.below(0xffffffff) | 0x80808080) * 0x100000001n;
  const bases = segmented ? WINDOWS.map((w) => w - random.pick([0, 0, 0x80, 0x123])) : [0, 0];
  const limits = [0, 1].map(() => random.pick([0xffff, 0xffff, 0xffffffff, 0x4fff, 0x3ffe]));
  const rights = [0, 1].map(() =>
    random.chance(90) ? 3 : random.pick([1, 7, 0xb, 9, 3 | Access.UNUSABLE, 0x13 | Access.UNUSABLE]),
  );
  const warm = random.pick([[], [0], [1], [0, 1]]);
  const fsBase = random.pick([0, 0x1000, 0x10, 3, 0x100]);

  const setUp = (machine: Machine): void => {
    const { cpu, physical } = machine;
    const s = cpu.state;
    const content = randomOf(seed + 1);
    for (let at = DATA; at < DATA + DATA_PAGES * 4096; at++) {
      physical.ram[at] = content.below(noise) === 0 ? content.below(256) : alike ? 0 : at >> 12;
    }
    physical.ram.set(code, CODE);
    const wide = bits === 64;
    const entry = (table: number, index: number, to: number): void =>
      wide ? physical.write64(table + index * 8, BigInt(to)) : physical.write32(table + index * 4, to);
    if (wide) {
      entry(ROOT, 0, 0x2007);
      entry(0x2000, 0, 0x3007);
      for (const [index, to] of [
        [0, 0x4007],
        [WINDOWS[0] >> 21, WINDOW_TABLES[0] | 7],
        [WINDOWS[1] >> 21, WINDOW_TABLES[1] | 7],
      ])
        entry(0x3000, index, to);
    } else {
      entry(ROOT, 0, 0x4007);
      entry(ROOT, WINDOWS[0] >> 22, WINDOW_TABLES[0] | 7);
      entry(ROOT, WINDOWS[1] >> 22, WINDOW_TABLES[1] | 7);
    }
    for (let page = 0; page < 64; page++) entry(0x4000, page, (page << 12) | 7);
    windows.forEach((pages, w) => {
      for (const [i, to] of pages.entries()) entry(WINDOW_TABLES[w], i, to);
    });

    const real = bits === 'real';
    const dpl = cpl3 ? 3 << Access.DPL_SHIFT : 0;
    const data = (type: number, base: number, limit: number): SegmentValue => ({
      selector: 0x10,
      base: BigInt(real ? DATA + (base & 0x100) : base),
      limit: real ? 0xffff : limit,
      access: Access.P | Access.S | Access.DB | dpl | type,
    });
    const codeAccess = wide ? Access.L : bits === 32 ? Access.DB : 0;
    s.setSegment(Seg.CS, {
      selector: 8,
      base: wordCode ? BigInt(CODE) : 0n,
      limit: 0xffffffff,
      access: Access.P | Access.S | Access.G | dpl | codeAccess | (real ? 3 : 0xb),
    });
    s.setSegment(Seg.DS, data(segmented ? rights[0] : 3, bases[0], segmented ? limits[0] : 0xffffffff));
    s.setSegment(Seg.ES, data(segmented ? rights[1] : 3, bases[1], segmented ? limits[1] : 0xffffffff));
    s.setSegment(Seg.SS, data(3, segmented ? bases[0] : 0, 0xffffffff));
    s.setSegment(Seg.FS, data(3, segmented ? bases[0] + fsBase : fsBase, 0xffffffff));
    s.u64[Slot.CR3] = BigInt(ROOT);
    s.setLow(Slot.CR4, wide ? Cr4.PAE : 0);
    s.setLow(Slot.EFER, wide ? Efer.LME | Efer.LMA : 0);
    s.setLow(Slot.CR0, real ? Cr0.ET : (Cr0.PE | Cr0.PG | Cr0.ET | (alignment ? Cr0.AM : 0)) >>> 0);
    writeRflags(s, 2 | (down ? Flag.DF : 0) | (alignment ? Flag.AC : 0) | (seed & 0x8d5));
    const garbage = (width: number): bigint =>
      width === 8 ? 0n : width === 4 && wide ? 0xabcdef9900000000n : width === 2 ? 0x77770000n : 0n;
    const place = (window: number, offset: number): bigint => {
      const at = segmented ? offset + WINDOWS[window] - bases[window] : WINDOWS[window] + offset;
      return BigInt(addressBytes === 2 ? at & 0xffff : at) | garbage(addressBytes);
    };
    s.u64[Slot.RAX] = BigInt.asUintN(64, rax);
    s.u64[Slot.RCX] = BigInt(addressBytes === 2 ? count & 0xffff : count) | garbage(addressBytes);
    s.u64[Slot.RSI] = place(0, si);
    s.u64[Slot.RDI] = place(1, di);
    s.u64[Slot.RIP] = wordCode ? 0n : BigInt(CODE);
    cpu.modeChanged();
    cpu.mmu.flushEverything();
    machine.observe.exception = () => true;
    // Some translations are known before; of two pages in the same place of the windows only one can be.
    for (let page = 0; page < WINDOW_PAGES && warm.length > 0; page++) {
      const window = warm[page % warm.length];
      machine.mmu.load(cpu, WINDOWS[window] + page * 4096, 0, 1, window === 1 ? MemAux.WRITE_INTENT : 0);
      cpu.abort = Abort.NONE;
    }
  };
  const text =
    `seed ${seed}: ${bits}-bit${segmented ? ' segmented' : ''}${cpl3 ? ' CPL 3' : ''}, ` +
    `${repne ? 'repne' : 'rep'} ${name} ${size}, address ${addressBytes}, ${down ? 'down' : 'up'}, count ${count}`;
  return { bits, code, text, setUp };
}

function make(test: Case, config: MachineConfig): Machine {
  const machine = new Machine({ memoryMiB: 1, ...config });
  test.setUp(machine);
  return machine;
}

/** Registers, flags and count. */
function summary(machine: Machine): string {
  const s = machine.cpu.state;
  const registers = Array.from(s.u64.subarray(0, Slot.RIP + 1), (v) => v.toString(16));
  return `${machine.count}: ${registers.join(' ')} ${readRflags(s).toString(16)}`;
}

/** Runs to a count, or to where it ends earlier. */
function runTo(machine: Machine, count: number): string {
  const reason = machine.run({ limit: count });
  return JSON.stringify(reason, (_, v) => (typeof v === 'bigint' ? v.toString(16) : v));
}

const TIERS: MachineConfig[] = [
  { tier: 'evaluator' },
  { tier: 'interpreter' },
  { tier: 'regions', tuning: { hotAfter: 2 } },
];

/** Runs a case to random counts by all means, and by single steps. */
function check(test: Case, seed: number): void {
  const random = randomOf(seed + 77);
  const free = TIERS.map((config) => make(test, config));
  const stepped = make(test, { tier: 'evaluator' });
  const most = random.chance(10) ? 400 : 20_000;
  for (let at = 0; ; ) {
    at += 1 + random.below(random.pick([3, 200, 9000, 100_000]));
    const limit = Math.min(at, most);
    let expected = '';
    for (let n = stepped.count + 1; n <= limit; n++) {
      expected = runTo(stepped, n);
      if (!expected.includes('"limit"')) break;
    }
    const ended = !expected.includes('"limit"') || at >= most;
    const hash = ended || random.chance(10) ? stepped.hash() : undefined;
    free.forEach((machine, i) => {
      const who = `${test.text}, ${TIERS[i].tier}`;
      assert.equal(runTo(machine, limit), expected, who);
      assert.equal(summary(machine), summary(stepped), who);
      if (hash !== undefined) assert.equal(machine.hash(), hash, `${who}: memory`);
    });
    if (ended) return;
  }
}

describe('REP string instructions: many iterations at once are what single ones are', () => {
  const group = (name: string, seeds: number, wanted: Wanted = {}): void => {
    it(`${seeds} ${name}`, function () {
      this.timeout(600_000);
      for (let seed = FIRST; seed < FIRST + seeds; seed++) check(makeCase(seed, wanted), seed);
    });
  };
  group('random cases', SEEDS);
  group('moves that overlap', 40, { names: ['movs'], pages: 'plain', destination: 'near' });
  group('moves that overlap by parts of elements', 20, {
    names: ['movs'],
    sizes: [4, 8],
    pages: 'plain',
    destination: 'near',
  });
  group('faults after many comparisons', 120, { names: ['cmps', 'scas'], pages: 'cut' });
  group('faults after many loads', 60, { bits: 64, names: ['lods'], sizes: [4, 8], pages: 'cut' });
  group('pages that evict each other, some of tables', 30, {
    names: ['movs', 'cmps'],
    pages: 'tables',
    destination: 'aside',
  });
  group('offsets that wrap around', 20, { bits: 'real', ends: true });

  /** REP MOVSB of 10,000 bytes in 64-bit mode, its pages known. */
  const plain: Wanted = { bits: 64, names: ['movs'], sizes: [1], pages: 'plain' };
  const long = (): Case => {
    for (let seed = 1; ; seed++) {
      const test = makeCase(seed, plain);
      if (/count 120.*/.test(test.text)) return test;
    }
  };

  it('few accesses are made one by one', () => {
    const machine = make(long(), { tier: 'evaluator' });
    let stores = 0;
    const store = machine.mmu.store.bind(machine.mmu);
    machine.mmu.store = (...access) => {
      stores++;
      return store(...access);
    };
    machine.run({ limit: 10_000 });
    assert.ok(machine.count > 8000);
    assert.ok(stores < 30, `${stores} stores`);
  });

  it('a breakpoint at the instruction is met at each iteration', () => {
    for (const config of TIERS) {
      const machine = make(long(), config);
      machine.run({ limit: 500 });
      machine.breakpoints.set(1, BigInt(CODE), () => true);
      for (let n = 500; n < 520; n++) {
        assert.equal(machine.run({ limit: 10_000 }).kind, 'breakpoint');
        assert.equal(machine.count, n);
      }
    }
  });
});
