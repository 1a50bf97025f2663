import { type Cpu, Vector } from '../cpu/cpu';
import { pagingContext } from '../cpu/paging-context';
import { Cr0, Cr4, Efer, Flag, Slot } from '../cpu/state';
import { Access, type AccessWatcher } from './access-watcher';
import { BigintAccesses } from './bigint-accesses';
import { canonicalRange, hexAddress } from './canonical';
import { Dependencies } from './dependencies';
import { FetchTlb } from './fetch-tlb';
import { How, type Mmu } from './mmu';
import { PAGE_SHIFT, PAGE_SIZE, type PhysicalMemory } from './physical';
import { QuickWalk } from './quick-walk';
import { EntryFlag, SoftTlb, Tag, TLB_NULL_BANK, tlbOffset } from './tlb';
import { explainViolation, type WalkMemory, walk } from './walk';
import { Right } from './walk-formats';
import type { PagingContext, WalkAccess, WalkSuccess } from './walk-types';
import { WatchedPage, WatchedTables } from './watched-tables';

/** Access kinds by {@link Tag}. */
const KINDS: readonly WalkAccess['kind'][] = ['read', 'write', 'execute'];
const RIGHTS: readonly Right[] = [Right.READ, Right.WRITE, Right.EXECUTE];

/** Banks of a group: how the current privilege sees pages. */
const enum View {
  SUPERVISOR = 0,
  USER = 1,
  /** Supervisor with RFLAGS.AC under CR4.SMAP: may reach user pages. */
  SUPERVISOR_AC = 2,
}

/**
 * Linear memory: a soft TLB in front of the walker. Linear addresses come as two
 * unsigned 32-bit halves, because BigInt is slow.
 *
 * Translations are kept per *group* (root and non-root operation) as long as
 * everything they depend on stays the same; {@link modeChanged} compares. The
 * TLB is part of the machine's state in so far as a guest that changes its
 * tables without INVLPG can see it: whoever takes or restores a checkpoint calls
 * {@link flushEverything} at both times, so that replays agree.
 */
export class SoftMmu extends BigintAccesses implements Mmu<Cpu> {
  readonly physical: PhysicalMemory;
  readonly tlb: SoftTlb;
  /** Pages of code. */
  readonly fetches = new FetchTlb();
  /** The whole WebAssembly.Memory, for inline fast paths. */
  readonly tlb32: Int32Array;
  readonly u8: Uint8Array;
  readonly view: DataView;
  /**
   * Byte offset of the bank that inline fast paths look into. While alignment
   * checking is on (CR0.AM, RFLAGS.AC, CPL 3) it is a bank that is always
   * empty, so that every access comes to {@link load} and {@link store}.
   */
  bank: number;
  /** So often generated code may fill windows before somebody looks whether they can be larger. */
  widenAfter = 2000;
  /** The bank of the current privilege, and the one of implicit supervisor accesses. */
  private dataBank: number;
  private supervisorBank: number;
  private group = 0;
  /** Number of {@link dataBank}: group and view. */
  private bankNumber = 0;
  private user = false;
  private long = false;
  private alignment = false;
  /** Of each group: what its translations depend on, that as the walker wants it, when it is known, and a quick walker for it. */
  private readonly dependencies: readonly Dependencies[];
  private readonly contexts: (PagingContext | undefined)[] = [undefined, undefined];
  private readonly quicks: readonly QuickWalk[];
  /** The quick walk that {@link refill} has just done in vain, for the access that comes at once; `lo` −1: none. */
  private readonly vain = { lo: -1, hi: 0, tag: Tag.READ as Tag, found: false };
  /** Paging structures are watched, see {@link refresh}. */
  private watching = false;
  /** By group: a paging structure may have changed since the group was last empty. */
  private readonly tablesChanged = [true, true];
  /** What the walker reads while structures are watched. */
  private readonly watched: WatchedTables;
  private watcher: AccessWatcher | undefined;

  /** @param options.tlbOffset byte offset of the TLB area ({@link SoftTlb}'s TLB_BYTES long), a multiple of 32. */
  constructor(options: { memory: WebAssembly.Memory; tlbOffset: number; physical: PhysicalMemory }) {
    super();
    const { memory, tlbOffset, physical } = options;
    this.physical = physical;
    this.tlb = new SoftTlb(memory.buffer, tlbOffset);
    this.tlb32 = this.tlb.words;
    this.u8 = new Uint8Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    const words = new Int32Array(memory.buffer);
    const groups = [0, 1];
    this.dependencies = groups.map(() => new Dependencies());
    this.quicks = groups.map(() => new QuickWalk(words, physical.hostOffset >>> 2, physical.ramBytes));
    this.bank = this.dataBank = this.supervisorBank = this.tlb.bank(0, View.SUPERVISOR);
    this.watched = new WatchedTables(physical, () => this.tablesChanged.fill(true));
    physical.onTableWrite = () => this.tablesChanged.fill(true);
    physical.onMark = (page) => this.tlb.protect(physical.hostOffset + page * PAGE_SIZE);
  }

  // --- what translations depend on --------------------------------------------------------

  privilegeChanged(cpu: Cpu): void {
    const { group, tlb } = this;
    const s = cpu.state;
    const ac = (s.low(Slot.RFLAGS) & Flag.AC) !== 0;
    this.user = cpu.cpl === 3;
    this.alignment = this.user && ac && (s.low(Slot.CR0) & Cr0.AM) !== 0;
    let view = this.user ? View.USER : View.SUPERVISOR;
    if (!this.user && ac && (s.low(Slot.CR4) & Cr4.SMAP) !== 0) view = View.SUPERVISOR_AC;
    this.dataBank = tlb.bank(group, view);
    this.bankNumber = group * 3 + view;
    this.bank = this.alignment ? tlb.offset + TLB_NULL_BANK : this.dataBank;
    if (this.contexts[group]?.ac !== ac) this.contexts[group] = undefined;
  }

  modeChanged(cpu: Cpu): void {
    const s = cpu.state;
    const group = cpu.nonRoot ? 1 : 0;
    this.group = group;
    this.long = (s.low(Slot.EFER) & Efer.LMA) !== 0;
    this.supervisorBank = this.tlb.bank(group, View.SUPERVISOR);
    this.privilegeChanged(cpu);

    if (this.dependencies[group].changed(cpu)) {
      this.contexts[group] = undefined;
      this.flushGroup();
    }
  }

  /** Global pages are dropped like all others: a TLB may forget at any time. */
  flush(_all: boolean): void {
    this.flushGroup();
  }

  /**
   * Translations that a new walk would give again may stay: all of them, while no paging structure that led to them
   * has been written to. So from the first call on (until {@link flushEverything}) the structures that walks go
   * through are watched, which makes writes to them slow.
   */
  refresh(): void {
    if (!this.watching) {
      this.watching = true;
      this.tablesChanged.fill(true);
      for (const quick of this.quicks) quick.watched = this.physical;
    }
    if (this.tablesChanged[this.group]) this.flushGroup();
  }

  private flushGroup(): void {
    this.tlb.flushGroup(this.group);
    this.fetches.flushGroup(this.group);
    this.tablesChanged[this.group] = false;
  }

  flushPage(lo: number, hi: number): void {
    if (this.tlb.flushPage(this.group, lo)) this.fetches.flushGroup(this.group);
    else this.fetches.flushPage(this.group, lo, this.long ? hi : 0);
  }

  flushEverything(): void {
    this.watching = false;
    for (const quick of this.quicks) quick.watched = undefined;
    this.tlb.flushAll();
    this.fetches.flushAll();
  }

  /** Whether accesses to some bytes are told of. */
  get isWatched(): boolean {
    return this.watcher !== undefined;
  }

  /** Other bytes are watched; undefined: none. */
  watch(watcher: AccessWatcher | undefined): void {
    this.watcher = watcher;
    const first = this.physical.hostOffset / PAGE_SIZE;
    this.tlb.withhold((lo, hi, host) => this.withheld(lo, hi, (host >>> PAGE_SHIFT) - first));
  }

  /** EntryFlag.WITHHOLD_… for a page. */
  private withheld(lo: number, hi: number, page: number): number {
    const watched = this.watcher?.watches(lo, hi, page) ?? 0;
    if (watched === 0) return 0;
    // Regions look at the write tag alone where an instruction reads and then writes.
    return watched & Access.READ
      ? EntryFlag.WITHHOLD_READ | EntryFlag.WITHHOLD_WRITE
      : EntryFlag.WITHHOLD_WRITE;
  }

  // --- accesses on halves --------------------------------------------------------------------

  /**
   * Reads 1, 2, 4 or 8 bytes into `valueLo` and `valueHi`. False after a fault.
   * @param how {@link How} bits, equal to MemAux where they overlap
   */
  load(cpu: Cpu, lo: number, hi: number, size: 1 | 2 | 4 | 8, how: number): boolean {
    const wrap = (how & How.WRAP32) !== 0 || !this.long;
    const high = wrap ? 0 : hi >>> 0;
    if (!(how & How.WRITE_INTENT)) {
      const host = this.hit(lo, high, size, how, Tag.READ);
      if (host >= 0) {
        const { view } = this;
        this.valueHi = 0;
        if (size === 8) {
          this.valueLo = view.getUint32(host, true);
          this.valueHi = view.getUint32(host + 4, true);
        } else if (size === 4) this.valueLo = view.getUint32(host, true);
        else this.valueLo = size === 2 ? view.getUint16(host, true) : view.getUint8(host);
        return true;
      }
    }
    return this.loadSlowly(cpu, lo, high, wrap, size, how);
  }

  /**
   * Byte offset in the WebAssembly.Memory if the TLB allows the access and it lies in one page, else −1: the inline
   * fast path of generated code. A hit is canonical, and a write neither to code nor to a watched table.
   */
  private hit(lo: number, high: number, size: number, how: number, tag: Tag): number {
    const { tlb32 } = this;
    const bank = how & How.SUPERVISOR ? this.supervisorBank : this.bank;
    const at = (bank + tlbOffset(lo)) >>> 2;
    if (tlb32[at + tag * 2] !== (lo & ~0xfff) || tlb32[at + tag * 2 + 1] !== (high | 0)) return -1;
    return (lo & 0xfff) + size <= PAGE_SIZE ? (tlb32[at + 6] + lo) >>> 0 : -1;
  }

  reach(lo: number, hi: number, size: number, how: number, write: boolean): number {
    const high = (how & How.WRAP32) !== 0 || !this.long ? 0 : hi >>> 0;
    return this.hit(lo, high, size, how, write ? Tag.WRITE : Tag.READ);
  }

  /**
   * For generated code that has missed the TLB: enters the translation of an access as {@link load} or {@link store}
   * would, if a quick walk decides that it is allowed, and answers the access's byte offset in the WebAssembly.Memory;
   * −1 if there is more to it: those must do it.
   */
  refill(lo: number, hi: number, size: number, how: number, write: boolean): number {
    const context = this.contexts[this.group];
    const high = (how & How.WRAP32) !== 0 || !this.long ? 0 : hi;
    // A watched page's entry is there, with its tags withheld.
    if (context === undefined || this.watcher !== undefined) return -1;
    if (this.alignment || (lo & 0xfff) + size > PAGE_SIZE) return -1;
    if (this.long && !canonicalRange(lo, high, size)) return -1;
    const bank = this.dataBank;
    const tag = write || (how & How.WRITE_INTENT) !== 0 ? Tag.WRITE : Tag.READ;
    if (tag === Tag.WRITE && this.tlb.lookupCodeWrite(bank, lo, high) >= 0) return -1;
    const quick = this.quicks[this.group];
    const found = quick.translate(lo, high, RIGHTS[tag], this.user);
    if (found) {
      this.fill(bank, lo, high, quick.page, quick.read, quick.write, quick.execute, quick.pageShift);
      const host = this.hit(lo, high, size, 0, tag);
      if (host >= 0) return host;
    }
    const { vain } = this;
    vain.lo = lo;
    vain.hi = high;
    vain.tag = tag;
    vain.found = found;
    return -1;
  }

  private loadSlowly(
    cpu: Cpu,
    lo: number,
    high: number,
    wrap: boolean,
    size: 1 | 2 | 4 | 8,
    how: number,
  ): boolean {
    if (!this.admitted(cpu, lo, high, size, how)) return false;
    const tag = how & How.WRITE_INTENT ? Tag.WRITE : Tag.READ;
    const address = this.find(cpu, lo, high, tag, how);
    if (address < 0) return false;
    const room = PAGE_SIZE - (lo & 0xfff);
    if (size <= room) {
      this.watcher?.accessed(lo, high, address, size, Access.READ);
      this.fetchValue(address, size);
      return true;
    }
    const nextLo = (lo + room) >>> 0;
    const nextHigh = nextLo === 0 && !wrap ? (high + 1) >>> 0 : high;
    const second = this.find(cpu, nextLo, nextHigh, tag, how);
    if (second < 0) return false;
    this.watcher?.accessed(lo, high, address, room, Access.READ);
    this.watcher?.accessed(nextLo, nextHigh, second, size - room, Access.READ);
    this.valueLo = this.valueHi = 0;
    for (let i = 0; i < size; i++) {
      const byte = this.physical.read8(i < room ? address + i : second + i - room);
      if (i < 4) this.valueLo = (this.valueLo | (byte << (8 * i))) >>> 0;
      else this.valueHi = (this.valueHi | (byte << (8 * (i - 4)))) >>> 0;
    }
    return true;
  }

  /** Writes the low `size` bytes of a value given in halves. False after a fault, with nothing written. */
  store(
    cpu: Cpu,
    lo: number,
    hi: number,
    size: 1 | 2 | 4 | 8,
    how: number,
    valueLo: number,
    valueHi: number,
  ): boolean {
    const wrap = (how & How.WRAP32) !== 0 || !this.long;
    const high = wrap ? 0 : hi >>> 0;
    const host = this.hit(lo, high, size, how, Tag.WRITE);
    if (host >= 0) {
      const { view } = this;
      if (size === 8) {
        view.setUint32(host, valueLo, true);
        view.setUint32(host + 4, valueHi, true);
      } else if (size === 4) view.setUint32(host, valueLo, true);
      else if (size === 2) view.setUint16(host, valueLo, true);
      else view.setUint8(host, valueLo);
      return true;
    }
    return this.storeSlowly(cpu, lo, high, wrap, size, how, valueLo, valueHi);
  }

  private storeSlowly(
    cpu: Cpu,
    lo: number,
    high: number,
    wrap: boolean,
    size: 1 | 2 | 4 | 8,
    how: number,
    valueLo: number,
    valueHi: number,
  ): boolean {
    if (!this.admitted(cpu, lo, high, size, how)) return false;
    const address = this.find(cpu, lo, high, Tag.WRITE, how);
    if (address < 0) return false;
    const room = PAGE_SIZE - (lo & 0xfff);
    if (size <= room) {
      this.watcher?.accessed(lo, high, address, size, Access.WRITE);
      this.storeValue(address, size, valueLo, valueHi);
      return true;
    }
    const nextLo = (lo + room) >>> 0;
    const nextHigh = nextLo === 0 && !wrap ? (high + 1) >>> 0 : high;
    const second = this.find(cpu, nextLo, nextHigh, Tag.WRITE, how);
    if (second < 0) return false;
    this.watcher?.accessed(lo, high, address, room, Access.WRITE);
    this.watcher?.accessed(nextLo, nextHigh, second, size - room, Access.WRITE);
    for (let i = 0; i < size; i++) {
      const byte = (i < 4 ? valueLo >>> (8 * i) : valueHi >>> (8 * (i - 4))) & 0xff;
      this.physical.write8(i < room ? address + i : second + i - room, byte);
    }
    return true;
  }

  private fetchValue(address: number, size: 1 | 2 | 4 | 8): void {
    const { physical } = this;
    this.valueHi = 0;
    if (size === 4) this.valueLo = physical.read32(address);
    else if (size === 1) this.valueLo = physical.read8(address);
    else if (size === 2) this.valueLo = physical.read16(address);
    else if (address + 8 <= physical.ramBytes) {
      this.valueLo = physical.view.getUint32(address, true);
      this.valueHi = physical.view.getUint32(address + 4, true);
    } else {
      this.split64[0] = physical.read64(address);
      this.valueLo = this.split32[0];
      this.valueHi = this.split32[1];
    }
  }

  private storeValue(address: number, size: 1 | 2 | 4 | 8, lo: number, hi: number): void {
    const { physical } = this;
    if (size === 4) physical.write32(address, lo >>> 0);
    else if (size === 1) physical.write8(address, lo & 0xff);
    else if (size === 2) physical.write16(address, lo & 0xffff);
    else if (address + 8 <= physical.ramBytes) {
      physical.write32(address, lo >>> 0);
      physical.write32(address + 4, hi >>> 0);
    } else {
      this.split32[0] = lo;
      this.split32[1] = hi;
      physical.write64(address, this.split64[0]);
    }
  }

  /** Checks that come before paging: canonical form (SDM 1 3.3.7.1) and alignment (SDM 3A 6.15, #AC). */
  private admitted(cpu: Cpu, lo: number, hi: number, size: number, how: number): boolean {
    if (this.long && !(how & How.WRAP32) && !canonicalRange(lo, hi, size)) {
      const vector = how & How.STACK ? Vector.SS : Vector.GP;
      cpu.raise(vector, 0, `linear address ${hexAddress(lo, hi)} is not canonical`);
      return false;
    }
    if (this.alignment && (lo & (size - 1)) !== 0 && !(how & How.SUPERVISOR)) {
      cpu.raise(
        Vector.AC,
        0,
        `${size}-byte access to ${hexAddress(lo, hi)} is not aligned (CR0.AM and RFLAGS.AC set)`,
      );
      return false;
    }
    return true;
  }

  cachedAddress(lo: number, hi: number, write: boolean): number {
    // An empty bank while alignment is checked.
    const host = this.tlb.lookup(this.bank, lo, this.long ? hi : 0, write ? Tag.WRITE : Tag.READ);
    if (host < 0) return -1;
    const page = host - this.physical.hostOffset;
    const kind = write ? Access.WRITE : Access.READ;
    if (this.watcher && this.watcher.watches(lo, this.long ? hi : 0, page / PAGE_SIZE) & kind) return -1;
    return page + (lo & 0xfff);
  }

  rivalAddress(
    cpu: Cpu,
    lo: number,
    hi: number,
    otherLo: number,
    otherHi: number,
    otherWrite: boolean,
  ): number {
    if (!this.tlb.collide(lo, otherLo)) return -1;
    const known = this.cachedAddress(otherLo, otherHi, otherWrite);
    if (known < 0) return -1;
    const page = known - (otherLo & 0xfff);
    const memory = new WatchedPage(this.walked, otherWrite ? page : -PAGE_SIZE);
    const here = this.lookAhead(cpu, memory, lo, hi, Tag.READ);
    const other = here && this.lookAhead(cpu, memory, otherLo, otherHi, otherWrite ? Tag.WRITE : Tag.READ);
    if (!other || Number(other.hostPhysical) !== known || memory.touched) return -1;
    const { read, write, execute, guestPageSize } = other;
    this.fill(
      this.bank,
      otherLo,
      this.long ? otherHi : 0,
      page,
      read,
      write,
      execute,
      Math.log2(guestPageSize),
    );
    return Number(here.hostPhysical);
  }

  /** The walk of an access, if it ends in RAM and sets no accessed or dirty flags. Has no effect. */
  private lookAhead(cpu: Cpu, memory: WalkMemory, lo: number, hi: number, tag: Tag): WalkSuccess | undefined {
    const context = this.contexts[this.group] ?? pagingContext(cpu);
    this.split32[0] = lo;
    this.split32[1] = this.long ? hi : 0;
    const access = { kind: KINDS[tag], user: this.user };
    const result = walk(memory, this.split64[0], access, context);
    if (!result.ok || result.updates.length > 0) return undefined;
    return Number(result.hostPhysical) < this.physical.ramBytes ? result : undefined;
  }

  // --- translation ------------------------------------------------------------------------------

  /** Guest-physical (under EPT: host-physical) address for one access inside a page; −1 after a fault. */
  private find(cpu: Cpu, lo: number, hi: number, tag: Tag, how: number): number {
    const bank = how & How.SUPERVISOR ? this.supervisorBank : this.dataBank;
    const host = this.tlb.lookup(bank, lo, hi, tag);
    if (host >= 0) return host - this.physical.hostOffset + (lo & 0xfff);
    if (tag === Tag.WRITE) {
      const code = this.tlb.lookupCodeWrite(bank, lo, hi);
      if (code >= 0) {
        const page = code - this.physical.hostOffset;
        if (!this.physical.marks[page / PAGE_SIZE]) {
          const withheld = this.withheld(lo, hi, page / PAGE_SIZE);
          this.tlb.unprotect(bank, lo, (withheld & EntryFlag.WITHHOLD_WRITE) !== 0);
        }
        return page + (lo & 0xfff);
      }
    }
    return this.walkAndFill(cpu, lo, hi, tag, bank, how);
  }

  private get walked(): WalkMemory {
    return this.watching ? this.watched : this.physical;
  }

  private walkAndFill(cpu: Cpu, lo: number, hi: number, tag: Tag, bank: number, how: number): number {
    const quick = this.quicks[this.group];
    let context = this.contexts[this.group];
    if (context === undefined) {
      this.contexts[this.group] = context = pagingContext(cpu);
      quick.configure(context);
    }
    const implicit = (how & How.SUPERVISOR) !== 0;
    const user = this.user && !implicit;
    const { vain } = this;
    const again = vain.lo === lo && vain.hi === hi && vain.tag === tag && !implicit;
    vain.lo = -1;
    // RFLAGS.AC does not help implicit accesses (SDM 3A 4.6.1).
    const quickly = !(implicit && context.ac);
    if (!quickly) context = { ...context, ac: false };
    else if (again ? vain.found : quick.translate(lo, hi, RIGHTS[tag], user)) {
      this.fill(bank, lo, hi, quick.page, quick.read, quick.write, quick.execute, quick.pageShift);
      return quick.page + (lo & 0xfff);
    }
    if (quickly && quick.violation >= 0) {
      const { violation, guestPhysical, refusedLevel, refusedEntry, refusedRights } = quick;
      const explanation = () => explainViolation(refusedLevel, refusedEntry, refusedRights);
      if (cpu.intercepts.eptViolation(violation, guestPhysical, lo, hi, explanation)) return -1;
    }
    this.split32[0] = lo;
    this.split32[1] = hi;
    const linear = this.split64[0];
    const access = { kind: KINDS[tag], user };
    if (quickly && quick.errorCode >= 0 && !implicit) {
      const { physical } = this;
      cpu.raise(Vector.PF, quick.errorCode, () => explainFault(physical, linear, access, context), linear);
      return -1;
    }
    const result = walk(this.walked, linear, access, context);
    if (!result.ok) {
      if (result.stage === 'guest') {
        cpu.faultPayload = linear;
        cpu.raise(Vector.PF, result.errorCode, result.explanation);
      } else if (!cpu.intercepts.ept(result, true, linear)) {
        cpu.requestStop({ kind: 'unsupported', explanation: `EPT fault without VMX: ${result.explanation}` });
      }
      return -1;
    }
    for (const { address, size, value } of result.updates) {
      if (size === 4) this.physical.write32(Number(address), Number(value));
      else this.physical.write64(Number(address), value);
    }
    const physical = Number(result.hostPhysical);
    const { read, write, execute, guestPageSize } = result;
    this.fill(bank, lo, hi, physical - (lo & 0xfff), read, write, execute, Math.log2(guestPageSize));
    return physical;
  }

  /** Generated code is about to be entered; `previous` is the bank that it used before. */
  prepareWindows(previous: number): void {
    const { windows } = this.tlb;
    if (previous !== this.bank) windows.reset();
    else if (windows.filled > this.widenAfter) this.tlb.widenWindows(this.bank);
  }

  private fill(
    bank: number,
    lo: number,
    hi: number,
    page: number,
    read: boolean,
    write: boolean,
    execute: boolean,
    pageShift: number,
  ): void {
    const { physical } = this;
    if (page + PAGE_SIZE > physical.ramBytes) return; // devices are asked every time
    let flags = this.withheld(lo, hi, page / PAGE_SIZE);
    if (read) flags |= EntryFlag.READ;
    if (write) flags |= physical.marks[page / PAGE_SIZE] ? EntryFlag.WRITE_CODE : EntryFlag.WRITE;
    if (execute) flags |= EntryFlag.EXECUTE;
    this.tlb.fill(bank, lo, hi, physical.hostOffset + page, flags, pageShift);
  }

  /** Physical address of an instruction byte for execution, or −1 after raising the fault. */
  fetch(cpu: Cpu, lo: number, high: number): number {
    const hi = this.long ? high : 0;
    const page = this.fetches.find(this.bankNumber, lo, hi);
    if (page >= 0) return page * PAGE_SIZE + (lo & 0xfff);
    if (this.long && !canonicalRange(lo, hi, 1)) {
      cpu.raise(Vector.GP, 0, `instruction address ${hexAddress(lo, hi)} is not canonical`);
      return -1;
    }
    const address = this.find(cpu, lo, hi, Tag.EXECUTE, 0);
    if (address >= 0) this.fetches.add(this.bankNumber, lo, hi, Math.floor(address / PAGE_SIZE));
    return address;
  }

  /** Number that stands for where code is and how it is read: new whenever a remembered page of code is forgotten. */
  fetchKey(mode: number): number {
    return this.fetches.key(this.bankNumber, mode);
  }

  /** Long mode is active: linear addresses have more than 32 bits. */
  get wideAddresses(): boolean {
    return this.long;
  }
}

/** Why an access has faulted, for whoever asks later. */
function explainFault(
  physical: PhysicalMemory,
  linear: bigint,
  access: WalkAccess,
  context: PagingContext,
): string {
  const result = walk(physical, linear, access, context);
  return result.ok ? 'the page tables have changed since' : result.explanation;
}
