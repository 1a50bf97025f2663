import { PAGE_SHIFT, type PhysicalMemory } from './physical';
import { PageFaultBit } from './walk';
import {
  EPT,
  FOUR_LEVEL,
  PAGE_SIZE_BIT,
  Right,
  reservedHigh,
  type TableFormat,
  thirtyTwoBitFormat,
  validMemoryType,
} from './walk-formats';
import type { PagingContext } from './walk-types';

const PAGE = 4096;

/**
 * The common cases of {@link walk} without garbage: every entry is present and in
 * RAM, and the accessed and dirty flags that the access would set are set; or,
 * without EPT, an entry is not present or forbids the access; or EPT refuses the
 * page itself. Anything else it does not decide: {@link translate}
 * answers false with neither error code nor violation, and the walker does the
 * whole walk. It has the walker's formats as data; a test compares the two on
 * random tables.
 */
export class QuickWalk {
  /** Of the last successful {@link translate}: physical address of the page, and what it grants in the soft TLB. */
  page = 0;
  read = false;
  write = false;
  execute = false;
  /** Binary logarithm of the guest's own page's size. */
  pageShift = PAGE_SHIFT;
  /** Of a failed {@link translate}: the page fault's error code (SDM 3A 4.7), or −1 if the walker must decide. */
  errorCode = -1;

  /** The same of an EPT violation by the access to the page: bits 5:0 of the exit qualification (SDM 3C Table 28-7), or −1. */
  violation = -1;
  /** Its guest-physical address, the number of the level at which EPT refuses, that entry's address, and the rights that it has not. */
  guestPhysical = 0;
  refusedLevel = 0;
  refusedEntry = 0;
  refusedRights = 0;

  /** Set while writes to the paging structures that walks go through are to be reported. */
  watched: PhysicalMemory | undefined;

  private context: PagingContext | undefined;
  private plan: Plan | undefined;
  private root = 0;
  /** Four levels, no EPT. */
  private plain4 = false;
  private nestedPlan: Plan | undefined;
  private nestedRoot = 0;

  /** A success would have accessed or dirty flags to set, which is the walker's. */
  private updates = false;

  // of the last pass
  /** It ended at an entry of the guest's tables that is not present. */
  private absent = false;
  private rights = 0;
  private leafLow = 0;

  private readonly ramWords: number;

  /** @param origin word index of physical address 0 */
  constructor(
    private readonly words: Int32Array,
    private readonly origin: number,
    ramBytes: number,
  ) {
    this.ramWords = ramBytes >>> 2;
  }

  /** What translations depend on has changed. PAE's page-directory pointers are left to the walker. */
  configure(context: PagingContext): void {
    const { cr3, ept, mode } = context;
    // Tables above 4 GiB are the walker's.
    const far =
      (mode === '4-level' && ((cr3 >> 32n) & 0xfffffn) !== 0n) ||
      (ept && ((ept.pointer >> 32n) & 0xfffffn) !== 0n);
    this.context = mode === 'pae' || far ? undefined : context;
    this.plan = planFor(mode === '32-bit' ? thirtyTwoBitFormat(context) : FOUR_LEVEL, context);
    this.plain4 = mode === '4-level' && ept === undefined;
    this.root = Number(cr3 & 0xfffff000n);
    if (!ept) return;
    this.nestedPlan = planFor(EPT, context);
    this.nestedRoot = Number(ept.pointer & 0xfffff000n);
  }

  /** @param want one of {@link Right} READ, WRITE, EXECUTE */
  translate(lo: number, hi: number, want: Right, user: boolean): boolean {
    const { context } = this;
    this.errorCode = this.violation = -1;
    this.updates = false;
    if (context === undefined) return false;
    const { ept } = context;
    const writing = want === Right.WRITE;
    let address = lo;
    let dirty = true;
    this.read = this.write = this.execute = true;
    this.pageShift = PAGE_SHIFT;
    if (context.mode !== 'none') {
      this.absent = false;
      address =
        this.plain4 && this.watched === undefined
          ? this.fourLevels(lo, hi, writing)
          : this.pass(this.plan!, this.root, lo, hi, writing);
      if (address >= 0) this.permit(context, user);
      if (address < 0 || !(writing ? this.write : want === Right.READ ? this.read : this.execute)) {
        if (ept === undefined && (address >= 0 || this.absent)) this.fault(context, want, user);
        return false;
      }
      dirty = writing || (this.leafLow & this.plan!.format.dirty) !== 0;
    }
    if (ept) {
      const guestPhysical = address;
      this.refusedEntry = -1;
      address = this.nested(guestPhysical, want);
      if (address < 0) {
        this.violate(guestPhysical, want);
        return false;
      }
      this.read &&= (this.rights & Right.READ) !== 0;
      this.write &&= (this.rights & Right.WRITE) !== 0;
      this.execute &&= (this.rights & Right.EXECUTE) !== 0;
      dirty &&= !ept.accessedDirty || writing || (this.leafLow & EPT.dirty) !== 0;
    }
    if (this.updates) return false;
    this.write &&= dirty;
    this.page = address - (lo & (PAGE - 1));
    return true;
  }

  /** As the walker's `errorCode`. */
  private fault(context: PagingContext, want: Right, user: boolean): void {
    let code = this.absent ? 0 : PageFaultBit.P;
    if (want === Right.WRITE) code |= PageFaultBit.W;
    if (user) code |= PageFaultBit.U;
    const told = context.smep || (context.nxe && context.mode !== '32-bit');
    if (want === Right.EXECUTE && told) code |= PageFaultBit.I;
    this.errorCode = code;
  }

  /** The page has no translation by EPT: a violation, unless the walker must decide. */
  private violate(guestPhysical: number, want: Right): void {
    if (this.refusedEntry < 0) return;
    this.guestPhysical = guestPhysical;
    this.violation = want | ((this.refusedRights === 0 ? 0 : this.rights & 7) << 3);
  }

  /** SDM 3A 4.6.1, as the walker's `forbiddenRight`. */
  private permit(context: PagingContext, user: boolean): void {
    const { rights } = this;
    const userPage = (rights & Right.USER) !== 0;
    const data = user ? userPage : !userPage || !context.smap || context.ac;
    this.read = data;
    this.write = data && ((!user && !context.wp) || (rights & Right.WRITE) !== 0);
    this.execute = (user ? userPage : !userPage || !context.smep) && (rights & Right.EXECUTE) !== 0;
  }

  private nested(address: number, want: number): number {
    const ept = this.context!.ept!;
    const dirty = ept.accessedDirty && (want & Right.WRITE) !== 0;
    const host = this.pass(this.nestedPlan!, this.nestedRoot, address, 0, dirty);
    if (host < 0 || (this.rights & want) === want) return host;
    this.findRefusal(address, want & ~this.rights);
    return -1;
  }

  /** Which entry of a complete pass through EPT lacks the rights. */
  private findRefusal(address: number, rights: number): void {
    const { levels, count } = this.nestedPlan!;
    let table = this.nestedRoot >>> 2;
    for (let at = 0; at < count; at += STEP) {
      const shift = levels[at];
      const word = table + (shift >= 32 ? 0 : ((address >>> shift) & 511) * 2);
      const low = this.words[this.origin + word];
      if ((low & rights) !== rights) {
        this.refusedLevel = at / STEP;
        this.refusedEntry = word * 4;
        this.refusedRights = rights;
        return;
      }
      table = (low & 0xfffff000) >>> 2;
    }
  }

  /** The same as {@link pass} for the guest's tables of four levels without EPT, which is what most walks are. */
  private fourLevels(lo: number, hi: number, dirty: boolean): number {
    const { words, origin } = this;
    const { levels, reserved } = this.plan!;
    const end = (origin + this.ramWords) | 0;
    let all = -1;
    let any = 0;
    let low = this.root | 0;
    let index = hi >> 7;
    for (let level = 0; level < 4 * STEP; level += STEP) {
      const word = (origin + ((low >>> 12) << 10) + ((index & 511) << 1)) | 0;
      if (word >= end) return -1;
      low = words[word];
      const high = words[word + 1];
      if ((low & PRESENT_ACCESSED) !== PRESENT_ACCESSED || (high & reserved) !== 0) {
        this.absent = (low & 1) === 0;
        return -1;
      }
      all &= low;
      any |= high;
      if (level < 3 * STEP && (low & levels[level + 1]) === 0) {
        if ((low & levels[level + 3]) !== 0) return -1;
        index = level === 0 ? (lo >>> 30) | (hi << 2) : level === STEP ? lo >> 21 : lo >> 12;
        continue;
      }
      if ((low & levels[level + 4]) !== 0 || (dirty && (low & FOUR_LEVEL.dirty) === 0)) return -1;
      const shift = levels[level];
      this.pageShift = shift;
      this.rights = FOUR_LEVEL.rights(all, any);
      this.leafLow = low;
      const inside = (1 << shift) - 1;
      return ((low & ~inside) | (lo & inside)) >>> 0;
    }
    return -1;
  }

  /** Goes down a paging structure; the address, or −1. Leaves `rights` and `leafLow`. */
  private pass(plan: Plan, root: number, lo: number, hi: number, dirty: boolean): number {
    const { words } = this;
    const { levels, count, wide, guest, flags, reserved, format } = plan;
    const ept = guest ? this.context!.ept : undefined;
    let all = -1;
    let any = 0;
    let table = root >>> 2;
    for (let at = 0; at < count; at += STEP) {
      const shift = levels[at];
      const index = shift >= 32 ? hi >>> (shift - 32) : (lo >>> shift) | (hi << (32 - shift));
      let word = table + (wide ? (index & 511) * 2 : index & 1023);
      let writable = true;
      if (ept !== undefined) {
        const host = this.nested(word * 4, ept.accessedDirty ? Right.READ | Right.WRITE : Right.READ);
        if (host < 0) return -1;
        writable = (this.rights & Right.WRITE) !== 0;
        word = host >>> 2;
      }
      if (word + 2 > this.ramWords) return -1;
      if (this.watched !== undefined) this.watched.markTable(word >>> (PAGE_SHIFT - 2));
      word += this.origin;
      const low = words[word] | 0;
      const high = wide ? words[word + 1] | 0 : 0;
      if (!(low & plan.present)) {
        this.absent = guest;
        if (!guest) {
          this.refusedLevel = at / STEP;
          this.refusedEntry = (word - this.origin) * 4;
          this.refusedRights = 0;
        }
        return -1;
      }
      if ((high & reserved) !== 0) return -1;
      if ((low & flags) !== flags) {
        // EPT may refuse that the flag is set (SDM 3C 29.3.3.2).
        if (!writable) return -1;
        this.updates = true;
      }
      if (!guest && (low & 3) === 2) return -1;
      all &= low;
      any |= high;
      if (((low & levels[at + 1]) | levels[at + 2]) === 0) {
        if (low & levels[at + 3]) return -1;
        table = (low & 0xfffff000) >>> 2;
        continue;
      }
      if (low & levels[at + 4] || (!guest && !validMemoryType(low))) return -1;
      if (dirty && !(low & format.dirty)) {
        if (!writable) return -1;
        this.updates = true;
      }
      if (guest) this.pageShift = shift;
      this.rights = format.rights(all, any);
      this.leafLow = low;
      const inside = (1 << shift) - 1;
      return ((low & ~inside) | (lo & inside)) >>> 0;
    }
    return -1;
  }
}

/** A level's numbers: shift, bit that tells a page, or always so, reserved bits of tables and pages. */
const STEP = 5;

/** Bits that entries of {@link QuickWalk.fourLevels} must have. */
const PRESENT_ACCESSED = 0x21;

/** PSE-36: address bits 39–32 in a 4 MiB page's entry. */
const PSE36 = 0x001fe000;

/** A format in the form that the loop likes. Addresses above 4 GiB are left to the walker. */
class Plan {
  readonly levels: Int32Array;
  readonly count: number;
  readonly wide: boolean;
  readonly guest: boolean;
  readonly present: number;
  readonly flags: number;
  readonly reserved: number;

  constructor(
    readonly format: TableFormat,
    context: PagingContext,
  ) {
    this.wide = format.entrySize === 8;
    this.guest = format.stage === 'guest';
    this.present = format.present;
    this.flags = this.guest || context.ept?.accessedDirty ? format.accessed : 0;
    this.reserved = reservedHigh(format, context) | 0xfffff | 0;
    this.count = format.levels.length * STEP;
    this.levels = new Int32Array(this.count);
    format.levels.forEach((level, i) => {
      const page = this.wide ? level.reservedPage : level.reservedPage | (level.shift === 22 ? PSE36 : 0);
      const bit = level.leaf === 'bit7' ? PAGE_SIZE_BIT : 0;
      this.levels.set(
        [level.shift, bit, level.leaf === 'always' ? 1 : 0, level.reservedTable, page],
        i * STEP,
      );
    });
  }
}

const plans = new Map<TableFormat, Plan[]>();

/** Plans are few and asked for after every change of mode. */
function planFor(format: TableFormat, context: PagingContext): Plan {
  let known = plans.get(format);
  if (!known) plans.set(format, (known = []));
  const key = (context.nxe ? 1 : 0) | (context.ept?.accessedDirty ? 2 : 0) | (context.physicalBits << 2);
  return (known[key] ??= new Plan(format, context));
}
