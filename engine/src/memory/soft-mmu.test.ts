import assert from 'node:assert/strict';
import { Abort, Cpu } from '../cpu/cpu';
import { NO_INTERCEPTS } from '../cpu/intercepts';
import { Access, CpuState, Cr0, Cr4, Efer, Flag, Seg, Slot } from '../cpu/state';
import { PortSpace } from '../devices/ports';
import { How } from './mmu';
import { PhysicalMemory } from './physical';
import { SoftMmu } from './soft-mmu';
import { TLB_BYTES } from './tlb';
import type { EptFault } from './walk-types';
import { Windows } from './windows';

const RAM_BYTES = 0x100000;
const TLB = 0x10000;
const RAM = TLB + TLB_BYTES;

const P = 1;
const RW = 2;
const US = 4;
const ALL = P | RW | US | 0x60;

/** A processor in 64-bit mode; linear 0–2 MiB is mapped by the table at 0x4000, page n to physical page n. */
function machine() {
  const memory = new WebAssembly.Memory({ initial: (RAM + RAM_BYTES) / 0x10000 });
  const physical = new PhysicalMemory({ memory, ramOffset: RAM, ramBytes: RAM_BYTES });
  const mmu = new SoftMmu({ memory, tlbOffset: TLB, physical });
  const cpu = new Cpu(new CpuState(memory.buffer, 0), mmu, new PortSpace());
  const s = cpu.state;
  const set = (change: {
    cr0?: number;
    cr4?: number;
    efer?: number;
    ac?: boolean;
    user?: boolean;
    cr3?: number;
  }) => {
    if (change.cr0 !== undefined) s.setLow(Slot.CR0, change.cr0);
    if (change.cr4 !== undefined) s.setLow(Slot.CR4, change.cr4);
    if (change.cr3 !== undefined) s.setLow(Slot.CR3, change.cr3);
    if (change.efer !== undefined) s.setLow(Slot.EFER, change.efer);
    if (change.ac !== undefined) s.setLow(Slot.RFLAGS, change.ac ? 2 | Flag.AC : 2);
    if (change.user !== undefined) {
      const dpl = change.user ? 3 << Access.DPL_SHIFT : 0;
      s.setSegment(Seg.SS, { selector: 0, base: 0n, limit: 0xffffffff, access: 0x93 | dpl });
      s.setSegment(Seg.CS, { selector: 0, base: 0n, limit: 0xffffffff, access: 0x9b | dpl | Access.L });
    }
    cpu.modeChanged();
  };
  for (const [at, next] of [
    [0x1000, 0x2000],
    [0x2000, 0x3000],
    [0x3000, 0x4000],
  ])
    physical.write64(at, BigInt(next | ALL));
  const map = (page: number, entry: number) => physical.write64(0x4000 + page * 8, BigInt(entry));
  for (let page = 0; page < 256; page++) map(page, (page << 12) | ALL);
  set({
    cr0: Cr0.PG + (Cr0.PE | Cr0.WP),
    cr3: 0x1000,
    cr4: Cr4.PAE,
    efer: Efer.LME | Efer.LMA | Efer.NXE,
    ac: false,
    user: false,
  });
  /** What the last access raised. */
  const fault = () => {
    assert.equal(cpu.abort, Abort.FAULT);
    cpu.abort = Abort.NONE;
    return [cpu.faultVector, cpu.faultErrorCode, cpu.faultPayload] as const;
  };
  return { memory, physical, mmu, cpu, set, map, fault };
}

describe('SoftMmu', () => {
  it('empties the windows of generated code when another bank is used', () => {
    const { memory, mmu, set } = machine();
    const view = new DataView(memory.buffer);
    const fill = (): void => {
      view.setBigInt64(Windows.LIMIT, 4081n, true);
      view.setInt32(Windows.FILLED, 1, true);
    };
    fill();
    const previous = mmu.bank;
    mmu.prepareWindows(previous);
    assert.equal(view.getBigInt64(Windows.LIMIT, true), 4081n);
    set({ user: true });
    assert.notEqual(mmu.bank, previous);
    mmu.prepareWindows(previous);
    assert.equal(view.getBigInt64(Windows.LIMIT, true), 0n);
  });

  it('reads and writes every size', () => {
    const { mmu, cpu } = machine();
    assert.ok(mmu.write64(cpu, 0x5008n, 0xf877665544332211n));
    assert.equal(mmu.read64(cpu, 0x5008n), 0xf877665544332211n);
    assert.equal(mmu.read32(cpu, 0x500cn), 0xf8776655);
    assert.equal(mmu.read16(cpu, 0x500en), 0xf877);
    assert.equal(mmu.read8(cpu, 0x500fn), 0xf8);
    mmu.write8(cpu, 0x5008n, 0x1ff);
    mmu.write16(cpu, 0x500an, 0xabcd);
    mmu.write32(cpu, 0x500cn, 1);
    assert.equal(mmu.read64(cpu, 0x5008n), 0x00000001abcd22ffn);
  });

  it('remembers translations until they are flushed', () => {
    const { mmu, cpu, map, physical } = machine();
    physical.write8(0x6000, 66);
    assert.equal(mmu.read8(cpu, 0x5000n), 0);
    map(5, 0x6000 | ALL);
    assert.equal(mmu.read8(cpu, 0x5000n), 0, 'stale, as on hardware');
    mmu.flushPage(0x5fff, 0);
    assert.equal(mmu.read8(cpu, 0x5000n), 66);
    map(5, 0x5000 | ALL);
    mmu.flush(false);
    assert.equal(mmu.read8(cpu, 0x5000n), 0);
    map(5, 0x6000 | ALL);
    mmu.flushEverything();
    assert.equal(mmu.read8(cpu, 0x5000n), 66);
  });

  it('INVLPG of one address drops the whole large page', () => {
    const { mmu, cpu, physical } = machine();
    physical.write64(0x3000, BigInt(ALL | 0x80)); // 2 MiB page at 0
    mmu.flush(true);
    assert.equal(mmu.read8(cpu, 0x5000n), 0);
    physical.write64(0x3000, BigInt(0x4000 | ALL));
    physical.write64(0x4000 + 5 * 8, BigInt(0x6000 | ALL));
    physical.write8(0x6000, 66);
    mmu.flushPage(0x9000, 0);
    assert.equal(mmu.read8(cpu, 0x5000n), 66);
  });

  it('INVLPG elsewhere in a 1 GiB page drops it too', () => {
    const { mmu, cpu, physical } = machine();
    physical.write64(0x2000, BigInt(ALL | 0x80)); // 1 GiB page at 0
    mmu.flush(true);
    assert.equal(mmu.read8(cpu, 0x5000n), 0);
    physical.write64(0x2000, BigInt(0x3000 | ALL));
    physical.write64(0x4000 + 5 * 8, BigInt(0x6000 | ALL));
    physical.write8(0x6000, 66);
    mmu.flushPage(0x30000000, 0);
    assert.equal(mmu.read8(cpu, 0x5000n), 66);
  });

  it('INVLPG of a small page leaves large ones alone', () => {
    const { mmu, cpu, physical, map } = machine();
    physical.write64(0x3000, BigInt(ALL | 0x80)); // 2 MiB page at 0
    physical.write64(0x3010, BigInt(0x4000 | ALL)); // small pages at 4 MiB
    mmu.flush(true);
    assert.equal(mmu.read8(cpu, 0x5000n), 0);
    assert.equal(mmu.read8(cpu, 0x407000n), 0);
    physical.write64(0x3000, BigInt(0x4000 | ALL));
    map(5, 0x6000 | ALL);
    map(7, 0x6000 | ALL);
    physical.write8(0x6000, 66);
    mmu.flushPage(0x407000, 0);
    assert.equal(mmu.read8(cpu, 0x407000n), 66);
    assert.equal(mmu.read8(cpu, 0x5000n), 0, 'stale, as on hardware');
  });

  const changes: [string, Parameters<ReturnType<typeof machine>['set']>[0]][] = [
    ['CR3', { cr3: 0x1018 }],
    ['CR0.WP', { cr0: Cr0.PG + Cr0.PE }],
    ['CR4.SMEP', { cr4: Cr4.PAE | Cr4.SMEP }],
    ['CR4.PGE', { cr4: Cr4.PAE | Cr4.PGE }],
    ['EFER.NXE', { efer: Efer.LME | Efer.LMA }],
  ];
  for (const [name, change] of changes) {
    it(`forgets translations when ${name} changes`, () => {
      const { mmu, cpu, map, physical, set } = machine();
      physical.write8(0x6000, 66);
      mmu.read8(cpu, 0x5000n);
      map(5, 0x6000 | ALL);
      set({});
      assert.equal(mmu.read8(cpu, 0x5000n), 0);
      set(change);
      assert.equal(mmu.read8(cpu, 0x5000n), 66);
    });
  }

  it('keeps translations of different VPIDs apart', () => {
    const { mmu, cpu, map, physical, set } = machine();
    physical.write8(0x6000, 66);
    cpu.vpid = 1;
    set({});
    mmu.read8(cpu, 0x5000n);
    map(5, 0x6000 | ALL);
    cpu.vpid = 2;
    set({});
    assert.equal(mmu.read8(cpu, 0x5000n), 66);
  });

  describe('refresh', () => {
    /** With page 5 known for reading, writing and execution, and page 4, its page table, for reading. */
    function warm() {
      const m = machine();
      const { mmu, cpu, physical } = m;
      physical.write8(0x6000, 66);
      mmu.refresh();
      mmu.write8(cpu, 0x4800n, 0);
      mmu.refresh();
      mmu.read8(cpu, 0x4800n);
      mmu.write8(cpu, 0x5000n, 1);
      mmu.fetchAddress(cpu, 0x5000n);
      const known = () => mmu.cachedAddress(0x5000, 0, true) === 0x5000;
      assert.ok(known());
      return { ...m, known };
    }

    it('keeps what a walk would give again', () => {
      const { mmu, cpu, known } = warm();
      const key = mmu.fetchKey(cpu.mode);
      mmu.write8(cpu, 0x7000n, 1);
      mmu.refresh();
      mmu.refresh();
      assert.ok(known());
      assert.equal(mmu.fetchKey(cpu.mode), key);
    });

    const writes: [string, (m: ReturnType<typeof machine>) => void][] = [
      ['a store', ({ mmu, cpu }) => mmu.write64(cpu, 0x4028n, BigInt(0x6000 | ALL))],
      ['a store into the middle', ({ mmu, cpu }) => mmu.write8(cpu, 0x4029n, 0x60)],
      ['a device', ({ physical }) => physical.writeBytes(0x4028, Uint8Array.of(ALL, 0x60))],
      ['a new table', ({ physical }) => physical.write64(0x3000, BigInt(0x8000 | ALL))],
    ];
    for (const [name, write] of writes) {
      it(`forgets what ${name} has changed`, () => {
        const m = warm();
        const { mmu, cpu, known, physical } = m;
        physical.write64(0x8028, BigInt(0x6000 | ALL));
        write(m);
        assert.ok(known(), 'stale until then, as on hardware');
        mmu.refresh();
        assert.equal(mmu.read8(cpu, 0x5000n), 66);
        assert.equal(mmu.fetchAddress(cpu, 0x5000n), 0x6000);
      });
    }

    it('notices a change made while the other group was in use', () => {
      const { mmu, cpu, map, set } = warm();
      cpu.state.setLow(Slot.VMX_MODE, 2);
      set({});
      mmu.refresh();
      mmu.read8(cpu, 0x5000n);
      map(5, 0x6000 | ALL);
      mmu.refresh();
      assert.equal(mmu.read8(cpu, 0x5000n), 66);
      mmu.refresh();
      cpu.state.setLow(Slot.VMX_MODE, 1);
      set({});
      mmu.refresh();
      assert.equal(mmu.read8(cpu, 0x5000n), 66);
    });

    it('forgets what was known before the first one', () => {
      const { mmu, cpu, map, physical } = machine();
      physical.write8(0x6000, 66);
      mmu.read8(cpu, 0x5000n);
      map(5, 0x6000 | ALL);
      mmu.refresh();
      assert.equal(mmu.read8(cpu, 0x5000n), 66);
      mmu.flushEverything();
      map(5, 0x5000 | ALL);
      mmu.read8(cpu, 0x5000n);
      map(5, 0x6000 | ALL);
      mmu.refresh();
      assert.equal(mmu.read8(cpu, 0x5000n), 66);
    });

    it('makes a table an ordinary page when it is only written, and a table again when it is walked', () => {
      const { mmu, cpu, map } = warm();
      const tagged = () => mmu.cachedAddress(0x4000, 0, true) >= 0;
      assert.ok(!tagged());
      for (let i = 0; i < 10; i++) mmu.write64(cpu, 0x4800n, BigInt(i));
      assert.ok(tagged(), 'stores are fast again');
      mmu.refresh();
      mmu.write8(cpu, 0x5000n, 1);
      assert.ok(!tagged());
      mmu.refresh();
      map(5, 0x6000 | ALL);
      mmu.refresh();
      assert.equal(mmu.read8(cpu, 0x5000n), 66);
    });
  });

  it('crosses pages', () => {
    const { mmu, cpu, map, physical } = machine();
    map(6, 0x9000 | ALL);
    assert.ok(mmu.write64(cpu, 0x5ffdn, 0x8877665544332211n));
    assert.deepEqual([...physical.readBytes(0x5ffd, 3)], [0x11, 0x22, 0x33]);
    assert.deepEqual([...physical.readBytes(0x9000, 5)], [0x44, 0x55, 0x66, 0x77, 0x88]);
    assert.equal(mmu.read64(cpu, 0x5ffdn), 0x8877665544332211n);
    assert.equal(mmu.read32(cpu, 0x5ffen), 0x55443322);
    assert.equal(mmu.read16(cpu, 0x5fffn), 0x4433);
    mmu.write16(cpu, 0x5fffn, 0xbeef);
    assert.equal(mmu.read16(cpu, 0x5fffn), 0xbeef);
  });

  it('writes nothing when the second page faults, and reports that page', () => {
    const { mmu, cpu, map, fault, physical } = machine();
    map(6, 0);
    assert.equal(mmu.write32(cpu, 0x5ffen, 0xffffffff), false);
    assert.deepEqual(fault(), [14, 2, 0x6000n]);
    assert.equal(physical.read16(0x5ffe), 0);
    assert.equal(mmu.read64(cpu, 0x5ff9n), undefined);
    assert.deepEqual(fault(), [14, 0, 0x6000n]);
  });

  it('raises #PF with error code and address', () => {
    const { mmu, cpu, map, fault, set } = machine();
    map(5, 0x5000 | (ALL & ~RW));
    assert.equal(mmu.write8(cpu, 0x5123n, 0), false);
    assert.deepEqual(fault(), [14, 3, 0x5123n]);
    map(5, 0x5000 | (ALL & ~US));
    mmu.flushPage(0x5000, 0);
    set({ user: true });
    assert.equal(mmu.read8(cpu, 0x5123n), undefined);
    assert.deepEqual(fault(), [14, 5, 0x5123n]);
    assert.equal(mmu.fetchAddress(cpu, 0x5123n), undefined);
    assert.deepEqual(fault(), [14, 0x15, 0x5123n]);
    // Implicit accesses are the supervisor's.
    assert.equal(mmu.read8(cpu, 0x5123n, How.SUPERVISOR), 0);
    // … and what they cached does not help the user.
    assert.equal(mmu.read8(cpu, 0x5123n), undefined);
    fault();
  });

  it('reads with write intent fault as writes', () => {
    const { mmu, cpu, map, fault } = machine();
    map(5, 0x5000 | (ALL & ~RW));
    assert.equal(mmu.read8(cpu, 0x5000n), 0);
    assert.equal(mmu.read8(cpu, 0x5000n, How.WRITE_INTENT), undefined);
    assert.deepEqual(fault(), [14, 3, 0x5000n]);
  });

  it('keeps what user and supervisor may do apart', () => {
    const { mmu, cpu, map, fault, set } = machine();
    map(5, 0x5000 | (ALL & ~RW));
    set({ cr0: Cr0.PG + Cr0.PE });
    assert.ok(mmu.write8(cpu, 0x5000n, 1)); // WP clear
    set({ user: true });
    assert.equal(mmu.write8(cpu, 0x5000n, 1), false);
    assert.deepEqual(fault(), [14, 7, 0x5000n]);
  });

  it('knows SMAP, AC, and that AC is nothing to implicit accesses', () => {
    const { mmu, cpu, fault, set } = machine();
    set({ cr4: Cr4.PAE | Cr4.SMAP, ac: true });
    assert.equal(mmu.read8(cpu, 0x5000n), 0);
    assert.equal(mmu.read8(cpu, 0x5000n, How.SUPERVISOR), undefined);
    assert.deepEqual(fault(), [14, 1, 0x5000n]);
    set({ ac: false });
    assert.equal(mmu.read8(cpu, 0x5000n), undefined);
    assert.deepEqual(fault(), [14, 1, 0x5000n]);
    set({ user: true });
    assert.equal(mmu.read8(cpu, 0x5000n), 0);
  });

  it('sets accessed and dirty flags when the access happens, not before', () => {
    const { mmu, cpu, map, physical } = machine();
    map(5, 0x5000 | P | RW | US);
    assert.ok(mmu.fetchAddress(cpu, 0x5000n));
    assert.equal(physical.read64(0x4028) & 0x60n, 0x20n);
    mmu.read8(cpu, 0x5000n);
    assert.equal(physical.read64(0x4028) & 0x60n, 0x20n);
    mmu.write8(cpu, 0x5000n, 1);
    assert.equal(physical.read64(0x4028) & 0x60n, 0x60n);
    // An absent entry is never written.
    map(6, 0);
    assert.equal(mmu.write16(cpu, 0x5fffn, 1), false);
    assert.equal(physical.read64(0x4030), 0n);
  });

  it('checks canonical addresses in long mode: #GP, for the stack #SS', () => {
    const { mmu, cpu, fault } = machine();
    for (const linear of [0x8000_0000_0000n, 0xffff_7fff_ffff_ffffn, 0x7fff_ffff_fffdn]) {
      assert.equal(mmu.read32(cpu, linear), undefined);
      assert.deepEqual(fault().slice(0, 2), [13, 0]);
      assert.equal(mmu.write32(cpu, linear, 0, How.STACK), false);
      assert.deepEqual(fault().slice(0, 2), [12, 0]);
    }
    assert.equal(mmu.fetchAddress(cpu, 0x8000_0000_0000n), undefined);
    assert.deepEqual(fault().slice(0, 2), [13, 0]);
    // The last bytes below the hole are canonical; they are only not mapped.
    mmu.read32(cpu, 0x7fff_ffff_fffcn);
    assert.equal(fault()[0], 14);
    mmu.read32(cpu, 0xffff_8000_0000_0000n);
    assert.equal(fault()[0], 14);
  });

  it('wraps at 4 GiB where addresses have 32 bits', () => {
    const { mmu, cpu, physical, set, fault } = machine();
    assert.equal(mmu.read8(cpu, 0x1_0000_5000n, How.WRAP32), 0);
    mmu.read8(cpu, 0x1_0000_5000n);
    assert.deepEqual(fault(), [14, 0, 0x1_0000_5000n]);
    // Protected mode without paging.
    set({ cr0: Cr0.PE, efer: 0, cr4: 0 });
    physical.write32(0, 0x44332211);
    assert.equal(mmu.read32(cpu, 0xfffffffen), 0x2211ffff);
    assert.equal(mmu.read8(cpu, 0x5_0000_0001n), 0x22);
    assert.equal(mmu.fetchAddress(cpu, 0x5_0000_0001n), 1);
  });

  it('checks alignment for CPL 3 with CR0.AM and AC, past the inline path too', () => {
    const { mmu, cpu, fault, set } = machine();
    set({ cr0: Cr0.PG + (Cr0.PE | Cr0.WP | Cr0.AM), user: true, ac: true });
    assert.equal(mmu.read32(cpu, 0x5002n), undefined);
    assert.deepEqual(fault().slice(0, 2), [17, 0]);
    assert.equal(mmu.write16(cpu, 0x5001n, 1), false);
    assert.deepEqual(fault().slice(0, 2), [17, 0]);
    assert.equal(mmu.read64(cpu, 0x5008n), 0n);
    assert.equal(mmu.read32(cpu, 0x5002n, How.SUPERVISOR), 0);
    const hit = () => mmu.tlb32[(mmu.bank + 5 * 32) >> 2] === 0x5000;
    assert.equal(hit(), false, 'the inline bank stays empty');
    set({ ac: false });
    assert.equal(mmu.read32(cpu, 0x5002n), 0);
    assert.equal(hit(), true);
  });

  it('tells of accesses to watched pages, and keeps their translations', () => {
    const { mmu, cpu, map } = machine();
    const told: string[] = [];
    const watcher = (access: number) => ({
      watches: (lo: number) => (lo >>> 12 === 5 ? access : 0),
      accessed: (lo: number, _hi: number, physical: number, size: number, kind: number) =>
        void (lo >>> 12 === 5 && told.push(`${physical.toString(16)} ${size} ${kind}`)),
    });
    const tags = () => [...mmu.tlb32.subarray((mmu.bank + 5 * 32) >> 2, ((mmu.bank + 5 * 32) >> 2) + 4)];
    mmu.write32(cpu, 0x5000n, 1);
    mmu.write32(cpu, 0x6000n, 2);
    mmu.watch(watcher(2));
    assert.deepEqual(tags(), [0x5000, 0, 0x5001, 0]);
    // Without INVLPG the guest goes on seeing the page from before.
    map(5, 0x6000 | ALL);
    assert.equal(mmu.read32(cpu, 0x5000n), 1);
    mmu.write32(cpu, 0x5004n, 3);
    assert.ok(mmu.cachedAddress(0x5000, 0, true) < 0 && mmu.cachedAddress(0x5000, 0, false) === 0x5000);
    mmu.watch(watcher(3));
    assert.deepEqual(tags(), [0x5001, 0, 0x5001, 0]);
    assert.equal(mmu.read32(cpu, 0x5000n), 1);
    assert.ok(mmu.cachedAddress(0x5000, 0, false) < 0);
    mmu.write32(cpu, 0x5ffen, 0x20004);
    mmu.flushPage(0x5000, 0);
    assert.equal(mmu.read32(cpu, 0x5000n), 2);
    assert.deepEqual(tags(), [0x5001, 0, 0x5001, 0]);
    mmu.watch(undefined);
    assert.deepEqual(tags(), [0x5000, 0, 0x5000, 0]);
    mmu.read32(cpu, 0x5000n);
    assert.deepEqual(told, ['5004 4 2', '5000 4 1', '5ffe 2 2', '6000 4 1']);
  });

  it('fills entries that the inline path can use', () => {
    const { mmu, cpu, physical } = machine();
    mmu.write8(cpu, 0x5000n, 77);
    const entry = (mmu.bank + 5 * 32) >> 2;
    assert.deepEqual([...mmu.tlb32.subarray(entry, entry + 6)], [0x5000, 0, 0x5000, 0, 0x5000, 0]);
    // The last word is what to add to an address.
    assert.equal(mmu.u8[mmu.tlb32[entry + 6] + 0x5000], 77);
    assert.equal(mmu.tlb32[entry + 6] + 0x5000, physical.hostOffset + 0x5000);
  });

  it('an entry that is taken over forgets the other page’s rights', () => {
    const { mmu, cpu, physical, fault, map } = machine();
    physical.write64(0x3010, BigInt(0x7000 | ALL)); // linear 4–6 MiB; page 0x400 has the TLB index of page 0
    physical.write64(0x7000, BigInt(0x6000 | (ALL & ~RW)));
    map(0, 0x8000 | ALL);
    mmu.write8(cpu, 0x10n, 1);
    assert.equal(mmu.read8(cpu, 0x400010n), 0);
    assert.equal(mmu.write8(cpu, 0x400010n, 2), false);
    assert.deepEqual(fault(), [14, 3, 0x400010n]);
    // The old tags must not lead to the new page.
    mmu.write8(cpu, 0x10n, 3);
    assert.deepEqual([physical.read8(0x8010), physical.read8(0x6010)], [3, 0]);
  });

  it('asks devices on every access', () => {
    const { mmu, cpu, map, physical } = machine();
    const seen: unknown[] = [];
    physical.attachMmio(0xfee00000, 4096, {
      read: (address, size) => {
        seen.push([address, size]);
        return size === 8 ? 0x1_0000_0002n : 7;
      },
      write: (address, size, value) => seen.push([address, size, value]),
    });
    map(5, 0xfee00000 + ALL);
    assert.equal(mmu.read32(cpu, 0x5010n), 7);
    assert.equal(mmu.read64(cpu, 0x5010n), 0x1_0000_0002n);
    assert.ok(mmu.write64(cpu, 0x5020n, 0xf_0000_0001n));
    assert.deepEqual(seen, [
      [0xfee00010, 4],
      [0xfee00010, 8],
      [0xfee00020, 8, 0xf_0000_0001n],
    ]);
  });

  describe('code pages', () => {
    it('have no write tag, so every store is reported', () => {
      const { mmu, cpu, physical } = machine();
      const writes: number[] = [];
      physical.onCodeWrite = (page) => writes.push(page);
      mmu.write8(cpu, 0x5000n, 1);
      const tagW = (mmu.bank + 5 * 32 + 8) >> 2;
      assert.equal(mmu.tlb32[tagW], 0x5000);
      physical.markCode(5);
      assert.equal(mmu.tlb32[tagW], -1, 'taken away');
      mmu.write8(cpu, 0x5000n, 1);
      mmu.write64(cpu, 0x5008n, 1n);
      mmu.write16(cpu, 0x5fffn, 1);
      assert.deepEqual(writes, [5, 5, 5, 5]);
      assert.equal(mmu.tlb32[tagW], -1);
      physical.unmarkCode(5);
      mmu.write8(cpu, 0x5000n, 1);
      assert.equal(mmu.tlb32[tagW], 0x5000, 'given back');
      assert.equal(writes.length, 4);
    });

    it('a page marked before its first use gets none either', () => {
      const { mmu, cpu, physical } = machine();
      physical.markCode(5);
      mmu.write8(cpu, 0x5000n, 1);
      assert.equal(mmu.tlb32[(mmu.bank + 5 * 32 + 8) >> 2], -1);
    });

    it('accessed and dirty flags written by the walk are reported too', () => {
      const { mmu, cpu, physical, map } = machine();
      const writes: number[] = [];
      map(5, 0x5000 | P | RW);
      physical.markCode(4);
      physical.onCodeWrite = (page) => writes.push(page);
      mmu.write8(cpu, 0x5000n, 1);
      assert.deepEqual(writes, [4]);
    });
  });

  describe('under EPT', () => {
    /** EPT at 0x80000: a 2 MiB page for 0–2 MiB plus what `pages` maps by a table at 0x83000. */
    function guest() {
      const m = machine();
      const { physical, cpu } = m;
      physical.write64(0x80000, 0x81007n);
      physical.write64(0x81000, 0x82007n);
      physical.write64(0x82000, 0x83007n);
      for (let page = 0; page < 256; page++)
        physical.write64(0x83000 + page * 8, BigInt((page << 12) | 0x37));
      cpu.state.setLow(Slot.VMX_MODE, 2);
      cpu.ept = { pointer: 0x8001en, accessedDirty: false };
      cpu.modeChanged();
      const faults: [EptFault, boolean, bigint][] = [];
      cpu.intercepts = {
        ...NO_INTERCEPTS,
        ept: (fault, valid, linear) => {
          faults.push([fault, valid, linear]);
          cpu.abort = Abort.EXIT;
          return true;
        },
      };
      return {
        ...m,
        faults,
        ept: (page: number, entry: number) => physical.write64(0x83000 + page * 8, BigInt(entry)),
      };
    }

    it('translates twice', () => {
      const { mmu, cpu, ept, physical } = guest();
      ept(5, 0x9037);
      physical.write8(0x9004, 9);
      assert.equal(mmu.read8(cpu, 0x5004n), 9);
      assert.equal(mmu.read8(cpu, 0x5004n), 9);
    });

    it('refresh notices changed entries of both stages', () => {
      const { mmu, cpu, ept, map, physical } = guest();
      physical.write8(0x9004, 9);
      physical.write8(0x8004, 8);
      mmu.refresh();
      mmu.read8(cpu, 0x5004n);
      mmu.refresh();
      assert.ok(mmu.cachedAddress(0x5004, 0, false) >= 0);
      ept(5, 0x9037);
      mmu.refresh();
      assert.equal(mmu.read8(cpu, 0x5004n), 9);
      map(5, 0x8000 | ALL);
      mmu.refresh();
      assert.equal(mmu.read8(cpu, 0x5004n), 8);
    });

    it('a violation is asked of the intercepts', () => {
      const { mmu, cpu, ept, faults } = guest();
      ept(5, 0x5035);
      assert.equal(mmu.write8(cpu, 0x5004n, 1), false);
      const [fault, valid, linear] = faults[0];
      assert.deepEqual(
        [fault.guestPhysical, fault.qualification, valid, linear],
        [0x5004n, 0b101010n, true, 0x5004n],
      );
      assert.equal(cpu.abort, Abort.EXIT);
    });

    it('works with the guest’s paging off', () => {
      const { mmu, cpu, ept, set, physical } = guest();
      set({ cr0: Cr0.PE, efer: 0, cr4: 0 });
      ept(5, 0x9037);
      physical.write8(0x9004, 9);
      assert.equal(mmu.read8(cpu, 0x5004n), 9);
      assert.equal(mmu.fetchAddress(cpu, 0x5004n), 0x9004);
    });

    it('root and non-root translations live side by side', () => {
      const { mmu, cpu, ept, physical } = guest();
      const ten = cpu.ept;
      const go = (nonRoot: boolean) => {
        cpu.state.setLow(Slot.VMX_MODE, nonRoot ? 2 : 1);
        cpu.ept = nonRoot ? ten : undefined;
        cpu.modeChanged();
      };
      ept(5, 0x9037);
      physical.write8(0x9004, 9);
      physical.write8(0x5004, 5);
      assert.equal(mmu.read8(cpu, 0x5004n), 9);
      go(false);
      assert.equal(mmu.read8(cpu, 0x5004n), 5);
      go(true);
      ept(5, 0x5037); // without INVEPT: the cached translation stays
      assert.equal(mmu.read8(cpu, 0x5004n), 9);
      mmu.flushEverything();
      assert.equal(mmu.read8(cpu, 0x5004n), 5);
    });

    it('another EPT pointer is another world', () => {
      const { mmu, cpu, ept, physical } = guest();
      ept(5, 0x9037);
      physical.write8(0x9004, 9);
      assert.equal(mmu.read8(cpu, 0x5004n), 9);
      cpu.ept = { pointer: 0x8201en, accessedDirty: false };
      cpu.modeChanged();
      mmu.read8(cpu, 0x5004n);
      assert.notEqual(cpu.abort, Abort.NONE, 'the tables there are something else');
    });

    it('an EPT fault nobody takes stops the machine instead of hanging it', () => {
      const { mmu, cpu, ept } = guest();
      cpu.intercepts = NO_INTERCEPTS;
      ept(5, 0);
      assert.equal(mmu.read8(cpu, 0x5000n), undefined);
      assert.equal(cpu.abort, Abort.STOP);
    });
  });
});
