import assert from 'node:assert/strict';
import { walk } from './walk';
import type {
  EptFault,
  PageFault,
  PagingContext,
  WalkAccess,
  WalkResult,
  WalkStep,
  WalkSuccess,
} from './walk-types';

/** Sparse memory: tests put entries where they like. */
class TestMemory {
  readonly words = new Map<number, number>();

  put32(address: number, value: number): void {
    this.words.set(address, value >>> 0);
  }

  put(address: number, value: bigint): void {
    this.put32(address, Number(value & 0xffffffffn));
    this.put32(address + 4, Number((value >> 32n) & 0xffffffffn));
  }

  read32(address: number): number {
    return this.words.get(address) ?? 0;
  }

  read64(address: number): bigint {
    return BigInt(this.read32(address)) | (BigInt(this.read32(address + 4)) << 32n);
  }
}

const P = 1n;
const RW = 2n;
const US = 4n;
const A = 0x20n;
const D = 0x40n;
const PS = 0x80n;
const G = 0x100n;
const NX = 1n << 63n;
const ALL = P | RW | US | A | D;

const BASE: PagingContext = {
  mode: '4-level',
  cr3: 0x1000n,
  pse: true,
  wp: true,
  nxe: true,
  smep: false,
  smap: false,
  ac: false,
  physicalBits: 40,
};

const access = (kind: WalkAccess['kind'], user = false): WalkAccess => ({ kind, user });
const READ = access('read');
const WRITE = access('write');
const EXECUTE = access('execute');

function ok(result: WalkResult): WalkSuccess {
  assert.ok(result.ok, result.ok ? '' : result.explanation);
  return result;
}

function pageFault(result: WalkResult): PageFault {
  assert.ok(!result.ok && result.stage === 'guest', 'expected a page fault');
  return result;
}

function eptFault(result: WalkResult): EptFault {
  assert.ok(!result.ok && result.stage === 'nested', 'expected an EPT fault');
  return result;
}

/** Linear 0x40201xxx (indices 0, 1, 1, 1) through tables at 1000, 2000, 3000, 4000 to a page at 5000; `last` are the PTE's flags. */
const LINEAR = 0x40201abcn;
function fourLevel(last: bigint, upper: Partial<Record<'pml4e' | 'pdpte' | 'pde', bigint>> = {}): TestMemory {
  const m = new TestMemory();
  m.put(0x1000, 0x2000n | (upper.pml4e ?? ALL));
  m.put(0x2008, 0x3000n | (upper.pdpte ?? ALL));
  m.put(0x3008, 0x4000n | (upper.pde ?? ALL & ~D));
  m.put(0x4008, 0x5000n | last);
  return m;
}

describe('walk: no paging', () => {
  it('maps addresses to themselves and allows everything', () => {
    const r = ok(walk(new TestMemory(), 0x12345678n, WRITE, { ...BASE, mode: 'none' }));
    assert.equal(r.hostPhysical, 0x12345678n);
    assert.deepEqual([r.read, r.write, r.execute, r.updates.length], [true, true, true, 0]);
  });
});

describe('walk: 4-level', () => {
  it('finds a 4 KiB page', () => {
    const r = ok(walk(fourLevel(ALL | G), LINEAR, READ, BASE));
    assert.equal(r.hostPhysical, 0x5abcn);
    assert.equal(r.guestPhysical, 0x5abcn);
    assert.equal(r.pageSize, 4096);
    assert.equal(r.global, true);
    assert.deepEqual(r.updates, []);
  });

  it('takes every index from its own nine bits', () => {
    const m = new TestMemory();
    const linear = 0xffff_8a5d_9c7b_3123n; // canonical, all indices different
    const index = (shift: bigint) => Number((linear >> shift) & 511n) * 8;
    m.put(0x10000 + index(39n), 0x20000n | ALL);
    m.put(0x20000 + index(30n), 0x30000n | ALL);
    m.put(0x30000 + index(21n), 0x40000n | (ALL & ~D));
    m.put(0x40000 + index(12n), 0xab_cdef_0000n | ALL);
    const r = ok(walk(m, linear, READ, { ...BASE, cr3: 0x10000n }));
    assert.equal(r.hostPhysical, 0xab_cdef_0123n);
  });

  it('ignores the low bits of CR3 (PCID, PWT, PCD)', () => {
    assert.ok(walk(fourLevel(ALL), LINEAR, READ, { ...BASE, cr3: 0x1fffn }).ok);
  });

  it('finds 2 MiB and 1 GiB pages', () => {
    const two = fourLevel(0n, { pde: 0xabe00000n | ALL | PS });
    two.put(0x3008, 0xabe00000n | ALL | PS);
    const r = ok(walk(two, LINEAR, WRITE, BASE));
    assert.deepEqual([r.hostPhysical, r.pageSize, r.guestPageSize], [0xabe01abcn, 0x200000, 0x200000]);
    const one = fourLevel(0n);
    one.put(0x2008, 0x80_0000_0000n | ALL | PS);
    const s = ok(walk(one, LINEAR, READ, BASE));
    assert.deepEqual([s.hostPhysical, s.pageSize], [0x80_0020_1abcn, 0x40000000]);
  });

  it('returns accessed and dirty updates and writes nothing', () => {
    const bare = P | RW | US;
    const m = fourLevel(bare, { pml4e: bare, pdpte: bare, pde: bare });
    const before = new Map(m.words);
    const r = ok(walk(m, LINEAR, WRITE, BASE));
    assert.deepEqual(r.updates, [
      { address: 0x1000n, size: 8, value: 0x2000n | bare | A },
      { address: 0x2008n, size: 8, value: 0x3000n | bare | A },
      { address: 0x3008n, size: 8, value: 0x4000n | bare | A },
      { address: 0x4008n, size: 8, value: 0x5000n | bare | A | D },
    ]);
    assert.deepEqual(m.words, before);
  });

  it('lets the TLB write only when the dirty flag needs nothing more', () => {
    assert.equal(ok(walk(fourLevel(ALL & ~D), LINEAR, READ, BASE)).write, false);
    assert.equal(ok(walk(fourLevel(ALL), LINEAR, READ, BASE)).write, true);
    assert.equal(ok(walk(fourLevel(ALL & ~D), LINEAR, WRITE, BASE)).write, true);
  });

  it('merges updates of one entry used at two levels', () => {
    const m = new TestMemory();
    m.put(0x1000, 0x1000n | P | RW); // the PML4 maps itself at every level
    const r = ok(walk(m, 0n, WRITE, BASE));
    assert.deepEqual(r.updates, [{ address: 0x1000n, size: 8, value: 0x1000n | P | RW | A | D }]);
  });
});

describe('walk: permissions (SDM 3A 4.6.1)', () => {
  // PTE flags, context, who, which kinds succeed
  const table: [string, bigint, Partial<PagingContext>, boolean, string][] = [
    ['supervisor page, supervisor', ALL & ~US, {}, false, 'rwx'],
    ['supervisor page, user', ALL & ~US, {}, true, ''],
    ['user page, user', ALL, {}, true, 'rwx'],
    ['user page, supervisor', ALL, {}, false, 'rwx'],
    ['read-only, user', ALL & ~RW, {}, true, 'rx'],
    ['read-only, user, WP clear', ALL & ~RW, { wp: false }, true, 'rx'],
    ['read-only, supervisor, WP', ALL & ~RW, {}, false, 'rx'],
    ['read-only, supervisor, WP clear', ALL & ~RW, { wp: false }, false, 'rwx'],
    ['NX, user', ALL | NX, {}, true, 'rw'],
    ['NX, supervisor', (ALL & ~US) | NX, {}, false, 'rw'],
    ['SMEP, user page, supervisor', ALL, { smep: true }, false, 'rw'],
    ['SMEP, user page, user', ALL, { smep: true }, true, 'rwx'],
    ['SMEP, supervisor page, supervisor', ALL & ~US, { smep: true }, false, 'rwx'],
    ['SMAP, user page, supervisor', ALL, { smap: true }, false, 'x'],
    ['SMAP with AC, user page, supervisor', ALL, { smap: true, ac: true }, false, 'rwx'],
    ['SMAP with AC, read-only, supervisor', ALL & ~RW, { smap: true, ac: true }, false, 'rx'],
    ['SMAP, supervisor page, supervisor', ALL & ~US, { smap: true }, false, 'rwx'],
    ['SMAP, user page, user', ALL, { smap: true }, true, 'rwx'],
    ['SMAP and SMEP, user page, supervisor', ALL, { smap: true, smep: true }, false, ''],
  ];
  for (const [name, pte, change, user, allowed] of table) {
    it(`${name}: ${allowed || 'nothing'}`, () => {
      const context = { ...BASE, ...change };
      for (const kind of ['read', 'write', 'execute'] as const) {
        const letter = { read: 'r', write: 'w', execute: 'x' }[kind];
        const result = walk(fourLevel(pte), LINEAR, { kind, user }, context);
        assert.equal(result.ok, allowed.includes(letter), kind);
        if (!result.ok) {
          assert.equal(pageFault(result).errorCode & 1, 1, 'a protection fault has P set');
          continue;
        }
        // What the TLB may remember agrees with what walking again would say.
        assert.deepEqual(
          [result.read, result.write, result.execute],
          [allowed.includes('r'), allowed.includes('w'), allowed.includes('x')],
        );
      }
    });
  }

  for (const level of ['pml4e', 'pdpte', 'pde'] as const) {
    it(`a right withheld by the ${level.toUpperCase()} is withheld`, () => {
      const bits = ALL & ~D;
      assert.match(
        pageFault(walk(fourLevel(ALL, { [level]: bits & ~RW }), LINEAR, access('write', true), BASE))
          .explanation,
        new RegExp(`${level}.*read-only`, 'i'),
      );
      assert.match(
        pageFault(walk(fourLevel(ALL, { [level]: bits & ~US }), LINEAR, access('read', true), BASE))
          .explanation,
        new RegExp(`${level}.*supervisor`, 'i'),
      );
      assert.match(
        pageFault(walk(fourLevel(ALL, { [level]: bits | NX }), LINEAR, EXECUTE, BASE)).explanation,
        new RegExp(`${level}.*XD`, 'i'),
      );
    });
  }
});

describe('walk: error codes (SDM 3A 4.7)', () => {
  const absent = fourLevel(0n);
  const table: [string, TestMemory, WalkAccess, Partial<PagingContext>, number][] = [
    ['absent, supervisor read', absent, READ, {}, 0],
    ['absent, supervisor write', absent, WRITE, {}, 2],
    ['absent, user read', absent, access('read', true), {}, 4],
    ['absent, user write', absent, access('write', true), {}, 6],
    ['absent, fetch with NXE', absent, EXECUTE, {}, 0x10],
    ['absent, fetch without NXE and SMEP', absent, EXECUTE, { nxe: false }, 0],
    ['absent, fetch with SMEP', absent, EXECUTE, { nxe: false, smep: true }, 0x10],
    ['protection, user write', fourLevel(ALL & ~RW), access('write', true), {}, 7],
    ['protection, user fetch', fourLevel(ALL | NX), access('execute', true), {}, 0x15],
    ['reserved: address beyond 40 bits', fourLevel(ALL | (1n << 40n)), READ, {}, 9],
    ['reserved: bit 51, user write', fourLevel(ALL | (1n << 51n)), access('write', true), {}, 0xf],
    ['reserved: NX without NXE', fourLevel(ALL | NX), READ, { nxe: false }, 9],
    ['reserved: PS in PML4E', fourLevel(ALL, { pml4e: ALL | PS }), READ, {}, 9],
    ['reserved: 2 MiB page, bit 13', fourLevel(0n, { pde: ALL | PS | (1n << 13n) }), READ, {}, 9],
    ['reserved: 1 GiB page, bit 29', fourLevel(0n, { pdpte: ALL | PS | (1n << 29n) }), READ, {}, 9],
    ['not present goes before reserved bits', fourLevel((ALL & ~P) | (1n << 51n)), READ, {}, 0],
    ['reserved high up goes before absent below', fourLevel(0n, { pdpte: ALL | (1n << 51n) }), READ, {}, 9],
  ];
  for (const [name, memory, what, change, code] of table) {
    it(`${name}: 0x${code.toString(16)}`, () => {
      const fault = pageFault(walk(memory, LINEAR, what, { ...BASE, ...change }));
      assert.equal(fault.errorCode, code, fault.explanation);
    });
  }

  it('allows bits that are ignored or part of a wider physical address', () => {
    assert.ok(walk(fourLevel(ALL | (0x7ffn << 52n)), LINEAR, READ, BASE).ok);
    assert.ok(walk(fourLevel(ALL | (1n << 40n)), LINEAR, READ, { ...BASE, physicalBits: 46 }).ok);
    // Bit 12 of a large page is PAT, not an address bit.
    const m = fourLevel(0n);
    m.put(0x3008, 0x600000n | ALL | PS | 0x1000n);
    assert.equal(ok(walk(m, LINEAR, READ, BASE)).hostPhysical, 0x601abcn);
  });

  it('names the entry', () => {
    assert.equal(pageFault(walk(absent, LINEAR, READ, BASE)).explanation, 'PTE at 0x4008 is not present');
  });
});

describe('walk: PAE', () => {
  const context: PagingContext = { ...BASE, mode: 'pae', pdptes: [0n, 0x3000n | P, 0n, 0n] };

  it('starts at the PDPTE registers', () => {
    const r = ok(walk(fourLevel(ALL), LINEAR, READ, context));
    assert.equal(r.hostPhysical, 0x5abcn);
  });

  it('has no rights in the PDPTE and no accessed flag', () => {
    assert.deepEqual(ok(walk(fourLevel(ALL), LINEAR, access('write', true), context)).updates, []);
  });

  it('faults on an absent PDPTE', () => {
    const fault = pageFault(walk(fourLevel(ALL), 0x8000_0000n, READ, context));
    assert.equal(fault.errorCode, 0);
    assert.match(fault.explanation, /PDPTE/);
  });

  it('reserves bits 62 to 40', () => {
    assert.equal(pageFault(walk(fourLevel(ALL | (1n << 62n)), LINEAR, READ, context)).errorCode, 9);
    assert.equal(pageFault(walk(fourLevel(ALL | (1n << 52n)), LINEAR, READ, context)).errorCode, 9);
    assert.ok(walk(fourLevel(ALL | NX), LINEAR, READ, context).ok);
  });

  it('has 2 MiB pages whatever CR4.PSE says', () => {
    const m = new TestMemory();
    m.put(0x3008, 0x600000n | ALL | PS);
    const r = ok(walk(m, LINEAR, READ, { ...context, pse: false }));
    assert.deepEqual([r.hostPhysical, r.pageSize], [0x601abcn, 0x200000]);
  });
});

describe('walk: 32-bit', () => {
  const context: PagingContext = { ...BASE, mode: '32-bit', nxe: false };
  /** 0x40201abc: directory index 0x100, table index 0x201. */
  function tables(pde: number, pte: number): TestMemory {
    const m = new TestMemory();
    m.put32(0x1000 + 0x100 * 4, pde);
    m.put32(0x4000 + 0x201 * 4, pte);
    return m;
  }

  it('finds a 4 KiB page; entries are four bytes', () => {
    const r = ok(walk(tables(0x4007, 0xfedcb007), LINEAR, WRITE, context));
    assert.equal(r.hostPhysical, 0xfedcbabcn);
    assert.deepEqual(r.updates, [
      { address: 0x1400n, size: 4, value: 0x4027n },
      { address: 0x4804n, size: 4, value: 0xfedcb067n },
    ]);
  });

  it('finds a 4 MiB page, with PSE-36 address bits', () => {
    const r = ok(walk(tables(0x00c000e7, 0), LINEAR, READ, context));
    assert.deepEqual([r.hostPhysical, r.pageSize], [0xe01abcn, 0x400000]);
    const wide = ok(walk(tables(0x00c000e7 | (0xa5 << 13), 0), LINEAR, READ, context));
    assert.equal(wide.hostPhysical, 0xa5_00e0_1abcn);
  });

  it('reserves bit 21 of a 4 MiB PDE, and the address bits beyond the width', () => {
    assert.equal(pageFault(walk(tables(0xe7 | (1 << 21), 0), LINEAR, READ, context)).errorCode, 9);
    const narrow = { ...context, physicalBits: 36 };
    assert.equal(pageFault(walk(tables(0xe7 | (1 << 17), 0), LINEAR, READ, narrow)).errorCode, 9);
    assert.ok(walk(tables(0xe7 | (1 << 16), 0), LINEAR, READ, narrow).ok);
  });

  it('ignores PS without CR4.PSE', () => {
    const r = ok(walk(tables(0x4087, 0x5007), LINEAR, READ, { ...context, pse: false }));
    assert.equal(r.hostPhysical, 0x5abcn);
  });

  it('never sets I/D for NXE alone, as there is no NX', () => {
    assert.equal(pageFault(walk(tables(0, 0), LINEAR, EXECUTE, { ...context, nxe: true })).errorCode, 0);
    assert.ok(walk(tables(0x4007, 0x5007), LINEAR, EXECUTE, { ...context, nxe: true }).ok);
  });
});

describe('walk: EPT', () => {
  const R = 1n;
  const W = 2n;
  const X = 4n;
  const WB = 6n << 3n;
  const EA = 0x100n;
  const ED = 0x200n;
  const RWX = R | W | X;

  /** EPT at 10000 … 13000 identity-maps guest-physical 0–2 MiB by 4 KiB pages plus 0x100000, then changes. */
  function nested(guest: TestMemory, changes: [gpa: number, flags: bigint][] = []): TestMemory {
    const m = new TestMemory();
    const SHIFT = 0x100000;
    for (const [address, value] of guest.words) m.put32(address + SHIFT, value);
    m.put(0x10000, 0x11000n | RWX);
    m.put(0x11000, 0x12000n | RWX);
    m.put(0x12000, 0x13000n | RWX);
    for (let page = 0; page < 512; page++) m.put(0x13000 + page * 8, BigInt(page * 4096 + SHIFT) | RWX | WB);
    for (const [gpa, flags] of changes) m.put(0x13000 + (gpa >> 12) * 8, BigInt(gpa + SHIFT) | flags);
    return m;
  }
  const ept = { pointer: 0x1001en, accessedDirty: false };
  const context: PagingContext = { ...BASE, ept };
  const flat: PagingContext = { ...context, mode: 'none' };
  const withFlags: PagingContext = { ...BASE, ept: { pointer: 0x1005en, accessedDirty: true } };

  it('walks every guest entry and the page through EPT', () => {
    const r = ok(walk(nested(fourLevel(ALL)), LINEAR, READ, context));
    assert.deepEqual([r.guestPhysical, r.hostPhysical, r.pageSize], [0x5abcn, 0x105abcn, 4096]);
  });

  it('updates guest entries at their host-physical addresses', () => {
    const r = ok(walk(nested(fourLevel(ALL & ~D)), LINEAR, WRITE, context));
    assert.deepEqual(r.updates, [{ address: 0x104008n, size: 8, value: 0x5000n | ALL }]);
  });

  it('with paging off walks the address itself', () => {
    const r = ok(walk(nested(new TestMemory()), 0x5abcn, EXECUTE, flat));
    assert.deepEqual([r.hostPhysical, r.guestPageSize], [0x105abcn, 4096]);
  });

  it('has 2 MiB and 1 GiB pages', () => {
    const m = nested(new TestMemory());
    m.put(0x12000 + 8, 0x40000000n | RWX | WB | PS);
    m.put(0x11000 + 8, 0x80000000n | RWX | WB | PS);
    const two = ok(walk(m, 0x212345n, READ, flat));
    assert.deepEqual([two.hostPhysical, two.pageSize], [0x40012345n, 0x200000]);
    const one = ok(walk(m, 0x41234567n, READ, flat));
    assert.deepEqual([one.hostPhysical, one.pageSize], [0x81234567n, 0x40000000]);
    // The combined page is the smaller of both.
    assert.equal(two.guestPageSize, 4096);
    const guest = fourLevel(0n, { pde: (ALL | PS) & ~0x4000n });
    guest.put(0x3008, ALL | PS);
    const combined = ok(walk(nested(guest), LINEAR, READ, context));
    assert.deepEqual([combined.pageSize, combined.guestPageSize], [4096, 0x200000]);
  });

  it('a guest #PF needs no EPT mapping of the page', () => {
    assert.equal(pageFault(walk(nested(fourLevel(0n), [[0x5000, 0n]]), LINEAR, READ, context)).errorCode, 0);
  });

  describe('violations: qualification (SDM 3C table 28-7)', () => {
    const table: [string, bigint, WalkAccess, number][] = [
      ['read, absent', 0n, READ, 0b000_001],
      ['write, absent', 0n, WRITE, 0b000_010],
      ['fetch, absent', 0n, EXECUTE, 0b000_100],
      ['write, read-only', R | WB, WRITE, 0b001_010],
      ['write, R-X', R | X | WB, WRITE, 0b101_010],
      ['fetch, RW-', R | W | WB, EXECUTE, 0b011_100],
      ['read, execute-only', X | WB, READ, 0b100_001],
    ];
    for (const [name, flags, what, qualification] of table) {
      it(`${name}: ${qualification.toString(2).padStart(6, '0')}`, () => {
        const fault = eptFault(walk(nested(fourLevel(ALL), [[0x5000, flags]]), LINEAR, what, context));
        assert.deepEqual(
          [fault.kind, fault.qualification, fault.guestPhysical, fault.duringWalk],
          ['violation', BigInt(qualification), 0x5abcn, false],
        );
      });
    }

    it('ANDs the rights of all levels', () => {
      const m = nested(fourLevel(ALL));
      m.put(0x11000, 0x12000n | R | X);
      const r = ok(walk(m, 0x5abcn, READ, flat));
      assert.deepEqual([r.read, r.write, r.execute], [true, false, true]);
      const fault = eptFault(walk(m, 0x5abcn, WRITE, flat));
      assert.equal(fault.qualification, 0b101_010n);
      assert.match(fault.explanation, /EPT PDPTE/);
    });

    it('on a guest table: duringWalk, and the address of the entry', () => {
      const fault = eptFault(walk(nested(fourLevel(ALL), [[0x3000, 0n]]), LINEAR, WRITE, context));
      assert.deepEqual([fault.duringWalk, fault.guestPhysical, fault.qualification], [true, 0x3008n, 1n]);
    });

    it('setting a guest accessed flag needs EPT write permission', () => {
      const readOnly: [number, bigint][] = [[0x4000, R | WB]];
      assert.ok(walk(nested(fourLevel(ALL), readOnly), LINEAR, READ, context).ok);
      const fault = eptFault(walk(nested(fourLevel(ALL & ~A), readOnly), LINEAR, READ, context));
      assert.deepEqual(
        [fault.duringWalk, fault.guestPhysical, fault.qualification & 0b111010n],
        [true, 0x4008n, 0b001010n],
      );
    });

    it('with EPT accessed/dirty flags, table accesses count as writes', () => {
      const fault = eptFault(walk(nested(fourLevel(ALL), [[0x4000, R | WB]]), LINEAR, READ, withFlags));
      assert.deepEqual([fault.duringWalk, fault.qualification], [true, 0b001_011n]);
    });
  });

  describe('misconfigurations (SDM 3C 29.3.3.1)', () => {
    const leaf: [string, bigint][] = [
      ['writable, not readable', W | WB],
      ['write and execute, not readable', W | X | WB],
      ['memory type 2', RWX | (2n << 3n)],
      ['memory type 3', RWX | (3n << 3n)],
      ['memory type 7', RWX | (7n << 3n)],
      ['address beyond the width', RWX | WB | (1n << 45n)],
    ];
    for (const [name, flags] of leaf) {
      it(name, () => {
        const fault = eptFault(walk(nested(new TestMemory(), [[0x5000, flags]]), 0x5abcn, READ, flat));
        assert.deepEqual([fault.kind, fault.guestPhysical], ['misconfiguration', 0x5abcn]);
      });
    }
    const upper: [string, number, bigint][] = [
      ['reserved bit 7 of a PML4E', 0x10000, 0x11000n | RWX | PS],
      ['reserved bits 6–3 of a PDPTE', 0x11000, 0x12000n | RWX | 8n],
      ['reserved bits 6–3 of a PDE', 0x12000, 0x13000n | RWX | 0x40n],
      ['low address bits of a 2 MiB page', 0x12000, 0x1000n | RWX | WB | PS],
      ['low address bits of a 1 GiB page', 0x11000, 0x200000n | RWX | WB | PS],
    ];
    for (const [name, address, value] of upper) {
      it(name, () => {
        const m = nested(new TestMemory());
        m.put(address, value);
        assert.equal(eptFault(walk(m, 0x5abcn, READ, flat)).kind, 'misconfiguration');
      });
    }
    it('memory types of non-leaf entries do not exist, ignored bits are ignored', () => {
      const m = nested(new TestMemory(), [[0x5000, RWX | WB | (0xfffn << 52n)]]);
      assert.ok(walk(m, 0x5abcn, READ, flat).ok);
    });
  });

  describe('accessed and dirty flags', () => {
    const off: PagingContext = { ...withFlags, mode: 'none' };

    it('are set on the way and at the page', () => {
      const r = ok(walk(nested(new TestMemory()), 0x5abcn, WRITE, off));
      assert.deepEqual(
        r.updates.map((u) => [u.address, u.value & (EA | ED)]),
        [
          [0x10000n, EA],
          [0x11000n, EA],
          [0x12000n, EA],
          [0x13028n, EA | ED],
        ],
      );
    });

    it('a read leaves the page clean, so the TLB may not write', () => {
      const r = ok(walk(nested(new TestMemory()), 0x5abcn, READ, off));
      assert.equal(r.updates[3].value & ED, 0n);
      assert.equal(r.write, false);
      assert.equal(ok(walk(nested(new TestMemory()), 0x5abcn, READ, flat)).write, true);
    });

    it('guest tables become dirty, once each', () => {
      const r = ok(walk(nested(fourLevel(ALL)), LINEAR, READ, withFlags));
      const dirty = r.updates.filter((u) => u.value & ED).map((u) => u.address);
      assert.deepEqual(dirty, [0x13008n, 0x13010n, 0x13018n, 0x13020n]);
      assert.equal(new Set(r.updates.map((u) => u.address)).size, r.updates.length);
    });

    it('are not touched when switched off', () => {
      assert.deepEqual(ok(walk(nested(fourLevel(ALL)), LINEAR, WRITE, context)).updates, []);
    });
  });

  it('the trace shows every entry of both stages in order', () => {
    const trace: WalkStep[] = [];
    ok(walk(nested(fourLevel(ALL)), LINEAR, READ, context, trace));
    assert.equal(trace.length, 5 * 4 + 4);
    assert.deepEqual(
      trace
        .filter((s) => s.stage === 'guest')
        .map((s) => [s.name, s.entryAddress, s.entryHostAddress, s.verdict]),
      [
        ['PML4E', 0x1000n, 0x101000n, 'next'],
        ['PDPTE', 0x2008n, 0x102008n, 'next'],
        ['PDE', 0x3008n, 0x103008n, 'next'],
        ['PTE', 0x4008n, 0x104008n, 'page'],
      ],
    );
    assert.deepEqual(
      trace.slice(0, 5).map((s) => [s.name, s.serves, s.verdict]),
      [
        ['EPT PML4E', 'PML4E', 'next'],
        ['EPT PDPTE', 'PML4E', 'next'],
        ['EPT PDE', 'PML4E', 'next'],
        ['EPT PTE', 'PML4E', 'page'],
        ['PML4E', undefined, 'next'],
      ],
    );
    assert.deepEqual(trace.at(-1)!.serves, 'page');
    assert.deepEqual(trace.at(-1)!.flags, ['R', 'W', 'X', 'WB']);
  });

  it('the trace of a violation ends with the entry that refused', () => {
    const trace: WalkStep[] = [];
    eptFault(walk(nested(fourLevel(ALL), [[0x5000, R | WB]]), LINEAR, WRITE, context, trace));
    assert.deepEqual([trace.at(-1)!.name, trace.at(-1)!.verdict], ['EPT PTE', 'no-permission']);
  });
});

describe('walk: traces', () => {
  const verdicts = (memory: TestMemory, what: WalkAccess, context = BASE) => {
    const trace: WalkStep[] = [];
    walk(memory, LINEAR, what, context, trace);
    return trace.map((s) => `${s.name} ${s.verdict}`);
  };

  it('end at an absent entry', () => {
    assert.deepEqual(verdicts(fourLevel(ALL, { pde: 0n }), READ), [
      'PML4E next',
      'PDPTE next',
      'PDE not-present',
    ]);
  });

  it('mark a reserved bit', () => {
    assert.equal(verdicts(fourLevel(ALL | (1n << 51n)), READ).at(-1), 'PTE reserved-bit');
  });

  it('mark the entry that withholds the permission', () => {
    assert.deepEqual(verdicts(fourLevel(ALL, { pdpte: ALL & ~RW }), access('write', true)), [
      'PML4E next',
      'PDPTE no-permission',
      'PDE next',
      'PTE page',
    ]);
  });

  it('show raw values and flags in the manual’s names', () => {
    const trace: WalkStep[] = [];
    walk(fourLevel(ALL | G | NX), LINEAR, READ, BASE, trace);
    assert.deepEqual(trace.at(-1), {
      stage: 'guest',
      name: 'PTE',
      level: 1,
      entryAddress: 0x4008n,
      entryHostAddress: 0x4008n,
      value: 0x5000n | ALL | G | NX,
      size: 8,
      flags: ['P', 'RW', 'US', 'A', 'D', 'G', 'NX'],
      verdict: 'page',
    });
  });

  it('show the PDPTE register of PAE paging', () => {
    const trace = verdicts(fourLevel(ALL), READ, { ...BASE, mode: 'pae', pdptes: [0n, 0x3001n, 0n, 0n] });
    assert.deepEqual(trace, ['PDPTE next', 'PDE next', 'PTE page']);
  });
});
