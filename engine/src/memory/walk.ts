import {
  EPT,
  FOUR_LEVEL,
  type Level,
  PAE,
  PAGE_SIZE_BIT,
  Right,
  reservedHigh,
  type TableFormat,
  thirtyTwoBitFormat,
  validMemoryType,
} from './walk-formats';
import type {
  EntryUpdate,
  EptFault,
  PageFault,
  PagingContext,
  WalkAccess,
  WalkFault,
  WalkResult,
  WalkStep,
} from './walk-types';

/** What a walk needs of memory. */
export interface WalkMemory {
  read32(address: number): number;
  read64(address: number): bigint;
}

/** Page-fault error-code bits (SDM 3A 4.7). */
export const enum PageFaultBit {
  P = 1,
  W = 2,
  U = 4,
  RSVD = 8,
  I = 16,
}

const TWO32 = 0x100000000;

/** An entry that a walk has used. */
interface Entry {
  format: TableFormat;
  level: Level;
  /** Where the tables say it is: guest-physical for guest entries under EPT. */
  address: number;
  host: number;
  low: number;
  high: number;
  rights: number;
  /** Rights of EPT to the entry's own address. */
  nestedRights: number;
  step?: WalkStep;
}

/** The outcome of one pass through a paging structure. */
interface Pass {
  entries: Entry[];
  rights: number;
  /** Physical address of the byte asked for; undefined when the last entry refused. */
  address?: number;
  pageSize: number;
  refusal?: 'not-present' | 'reserved-bit' | 'misconfigured';
}

/**
 * Walks one linear address. Pure: reads entries, writes nothing; the accessed
 * and dirty flags an access sets are in the result, to be applied when it really
 * happens. `trace`, when given, receives every entry read, also of failed walks.
 */
export function walk(
  physical: WalkMemory,
  linear: bigint,
  access: WalkAccess,
  context: PagingContext,
  trace?: WalkStep[],
): WalkResult {
  return new Walker(physical, access, context, trace).walk(linear);
}

class Walker {
  private readonly updates: EntryUpdate[] = [];
  private fault: WalkFault | undefined;

  constructor(
    private readonly physical: WalkMemory,
    private readonly access: WalkAccess,
    private readonly context: PagingContext,
    private readonly trace: WalkStep[] | undefined,
  ) {}

  walk(linear: bigint): WalkResult {
    const low = Number(linear & 0xffffffffn);
    const high = Number((linear >> 32n) & 0xffffffffn);
    const guest = this.guestPass(low, high);
    if (this.fault) return this.fault;
    if (guest.refusal) return this.refused(guest);
    if (!this.allowed(this.access.kind, guest.rights)) return this.forbidden(guest);

    const write = this.access.kind === 'write';
    for (const entry of guest.entries) {
      const leaf = entry === guest.entries[guest.entries.length - 1];
      if (!this.guestFlags(entry, write && leaf)) return this.fault!;
    }

    const gpa = guest.address!;
    let host = gpa;
    let nestedRights: number = Right.ALL;
    let nestedSize = guest.pageSize;
    let dirty = guest.entries.length === 0 || write || isDirty(guest);
    if (this.context.ept) {
      const nested = this.nested(gpa, wanted(this.access.kind), 'page', false);
      if (!nested) return this.fault!;
      host = nested.address!;
      nestedRights = nested.rights;
      nestedSize = nested.pageSize;
      dirty &&= !this.context.ept.accessedDirty || write || isDirty(nested);
    }
    return {
      ok: true,
      guestPhysical: BigInt(gpa),
      hostPhysical: BigInt(host),
      pageSize: Math.min(guest.pageSize, nestedSize),
      guestPageSize: this.context.mode === 'none' ? 4096 : guest.pageSize,
      read: this.allowed('read', guest.rights) && (nestedRights & Right.READ) !== 0,
      write: dirty && this.allowed('write', guest.rights) && (nestedRights & Right.WRITE) !== 0,
      execute: this.allowed('execute', guest.rights) && (nestedRights & Right.EXECUTE) !== 0,
      global: isGlobal(guest),
      updates: this.updates,
    };
  }

  // --- the loop ---------------------------------------------------------------------

  /**
   * Goes down a paging structure from `root`. Guest structures under EPT are read
   * through nested passes; when one of those fails, `this.fault` is set and the
   * pass must be given up.
   */
  private pass(format: TableFormat, root: number, low: number, high: number, serves?: string): Pass {
    const { levels, entrySize } = format;
    const reserved = reservedHigh(format, this.context);
    const nestedEntries = format.stage === 'guest' && this.context.ept !== undefined;
    const pass: Pass = { entries: [], rights: Right.ALL, pageSize: 4096 };
    let table = root;
    for (const level of levels) {
      const address = table + addressBits(low, high, level.shift, level.indexBits) * entrySize;
      let host = address;
      let nestedRights: number = Right.ALL;
      if (nestedEntries) {
        const nested = this.nested(address, this.tableAccess, level.name, true);
        if (!nested) return pass;
        host = nested.address!;
        nestedRights = nested.rights;
      }
      const entryLow = this.physical.read32(host);
      const entryHigh = entrySize === 8 ? this.physical.read32(host + 4) : 0;
      const page = level.leaf === 'always' || (level.leaf === 'bit7' && (entryLow & PAGE_SIZE_BIT) !== 0);
      const rights = format.rights(entryLow, entryHigh);
      const entry: Entry = {
        format,
        level,
        address,
        host,
        low: entryLow,
        high: entryHigh,
        rights,
        nestedRights,
      };
      pass.entries.push(entry);
      pass.rights &= rights;
      pass.refusal = refusal(entry, page, reserved);
      if (this.trace) this.record(entry, page, pass.refusal, serves);
      if (pass.refusal) return pass;
      if (page) {
        pass.pageSize = 2 ** level.shift;
        pass.address = pageBase(entry) + addressBits(low, high, 0, level.shift);
        return pass;
      }
      table = tableBase(entryLow, entryHigh);
    }
    return pass;
  }

  private guestPass(low: number, high: number): Pass {
    const { mode, cr3 } = this.context;
    const cr3Low = Number(cr3 & 0xffffffffn);
    switch (mode) {
      case 'none':
        return { entries: [], rights: Right.ALL, address: low, pageSize: 2 ** 30 };
      case '32-bit':
        return this.pass(thirtyTwoBitFormat(this.context), tableBase(cr3Low, 0), low, 0);
      case 'pae': {
        const pdpte = this.pdpteRegister(low >>> 30, cr3Low);
        if (pdpte.refusal) return pdpte;
        const { low: entryLow, high: entryHigh } = pdpte.entries[0];
        return this.pass(PAE, tableBase(entryLow, entryHigh), low, 0);
      }
      case '4-level':
        return this.pass(FOUR_LEVEL, tableBase(cr3Low, Number((cr3 >> 32n) & 0xfffffn)), low, high);
    }
  }

  /**
   * PAE paging takes the first level from registers that MOV to CR3 loaded (and
   * checked), not from memory (SDM 3A 4.4.1). The trace shows where they came from.
   */
  private pdpteRegister(index: number, cr3Low: number): Pass {
    const value = this.context.pdptes?.[index] ?? 0n;
    const address = ((cr3Low & ~31) >>> 0) + index * 8;
    const present = (value & 1n) !== 0n;
    const entry: Entry = {
      format: PAE,
      level: FOUR_LEVEL.levels[1],
      address,
      host: address,
      low: Number(value & 0xffffffffn),
      high: Number(value >> 32n),
      rights: Right.ALL,
      nestedRights: Right.ALL,
    };
    this.trace?.push({
      stage: 'guest',
      name: 'PDPTE',
      level: 3,
      entryAddress: BigInt(address),
      entryHostAddress: BigInt(address),
      value,
      size: 8,
      flags: present ? ['P'] : [],
      verdict: present ? 'next' : 'not-present',
    });
    return {
      entries: [entry],
      rights: Right.ALL,
      pageSize: 4096,
      refusal: present ? undefined : 'not-present',
    };
  }

  // --- ordinary paging's verdicts -----------------------------------------------------

  /** SDM 3A 4.6.1: may an access of this kind use a page with these rights? */
  private allowed(kind: WalkAccess['kind'], rights: number): boolean {
    return this.forbiddenRight(kind, rights) === undefined;
  }

  /** The right that an access lacks, or undefined. Supervisor accesses may lack USER in the other sense: the page is a user page. */
  private forbiddenRight(kind: WalkAccess['kind'], rights: number): Right | undefined {
    const { mode, wp, smep, smap, ac } = this.context;
    if (mode === 'none') return undefined;
    const userPage = (rights & Right.USER) !== 0;
    if (this.access.user) {
      if (!userPage) return Right.USER;
    } else if (userPage) {
      if (kind === 'execute' ? smep : smap && !ac) return Right.USER;
    }
    if (kind === 'write' && (this.access.user || wp) && !(rights & Right.WRITE)) return Right.WRITE;
    if (kind === 'execute' && !(rights & Right.EXECUTE)) return Right.EXECUTE;
    return undefined;
  }

  private refused(guest: Pass): PageFault {
    const entry = guest.entries[guest.entries.length - 1];
    const missing = guest.refusal === 'not-present';
    return {
      ok: false,
      stage: 'guest',
      errorCode: this.errorCode(missing ? 0 : PageFaultBit.P | PageFaultBit.RSVD),
      explanation: `${describe(entry)} ${missing ? 'is not present' : 'has a reserved bit set'}`,
    };
  }

  private forbidden(guest: Pass): PageFault {
    const { kind, user } = this.access;
    const right = this.forbiddenRight(kind, guest.rights)!;
    const supervisorToUser = right === Right.USER && !user;
    // The entry that withholds the right; a user page is one in which every entry grants it.
    const culprit = supervisorToUser
      ? guest.entries[guest.entries.length - 1]
      : guest.entries.find((e) => !(e.rights & right))!;
    if (culprit.step) culprit.step.verdict = 'no-permission';
    const who = `${user ? 'user' : 'supervisor'} ${kind === 'execute' ? 'instruction fetch' : kind}`;
    const why = supervisorToUser
      ? `${describe(culprit)} maps a user page${kind === 'execute' ? ' (CR4.SMEP)' : ' (CR4.SMAP, RFLAGS.AC clear)'}`
      : right === Right.USER
        ? `${describe(culprit)} is supervisor-only (U/S clear)`
        : right === Right.WRITE
          ? `${describe(culprit)} is read-only (R/W clear${user ? '' : ', CR0.WP set'})`
          : `${describe(culprit)} forbids execution (XD set)`;
    return {
      ok: false,
      stage: 'guest',
      errorCode: this.errorCode(PageFaultBit.P),
      explanation: `${who}: ${why}`,
    };
  }

  private errorCode(bits: number): number {
    const { mode, nxe, smep } = this.context;
    let code = bits;
    if (this.access.kind === 'write') code |= PageFaultBit.W;
    if (this.access.user) code |= PageFaultBit.U;
    // The I/D flag is only defined when fetches can be told apart (SDM 3A 4.7).
    if (this.access.kind === 'execute' && (smep || (nxe && mode !== '32-bit'))) code |= PageFaultBit.I;
    return code;
  }

  /** Accessed and dirty flags of a guest entry. Setting them is a write to the table, which EPT must allow (SDM 3C 29.3.3.2). */
  private guestFlags(entry: Entry, dirty: boolean): boolean {
    if (!this.setFlags(entry, dirty)) return true;
    if (entry.nestedRights & Right.WRITE) return true;
    const explanation = `setting the accessed or dirty flag of ${describe(entry)}: EPT does not allow writes there`;
    const qualification = Right.READ | Right.WRITE | ((entry.nestedRights & 7) << 3);
    this.fault = this.violation(entry.address, qualification, true, explanation);
    return false;
  }

  // --- nested paging ---------------------------------------------------------------------

  /** With EPT's accessed and dirty flags on, accesses to guest tables count as writes (SDM 3C 29.3.5). */
  private get tableAccess(): number {
    return this.context.ept!.accessedDirty ? Right.READ | Right.WRITE : Right.READ;
  }

  /** Walks a guest-physical address through EPT; undefined after setting `this.fault`. */
  private nested(gpa: number, want: number, serves: string, duringWalk: boolean): Pass | undefined {
    const ept = this.context.ept!;
    const root = tableBase(Number(ept.pointer & 0xffffffffn), Number((ept.pointer >> 32n) & 0xfffffn));
    const pass = this.pass(EPT, root, gpa >>> 0, Math.floor(gpa / TWO32), serves);
    const last = pass.entries[pass.entries.length - 1];
    if (pass.refusal === 'misconfigured') {
      this.fault = {
        ok: false,
        stage: 'nested',
        kind: 'misconfiguration',
        qualification: 0n,
        guestPhysical: BigInt(gpa),
        duringWalk,
        explanation: `${describe(last)} is misconfigured: ${misconfiguration(last)}`,
      };
      return undefined;
    }
    const missing = pass.refusal === 'not-present';
    if (missing || (pass.rights & want) !== want) {
      const right = want & ~pass.rights;
      const culprit = missing ? last : pass.entries.find((e) => (e.rights & right) !== right)!;
      if (!missing && culprit.step) culprit.step.verdict = 'no-permission';
      const why = refusedBecause(missing ? 0 : right);
      // Bits 3–5 are the AND over the entries used (SDM 3C Table 28-7); an absent one grants nothing.
      const qualification = (want & 7) | (missing ? 0 : (pass.rights & 7) << 3);
      this.fault = this.violation(gpa, qualification, duringWalk, `${describe(culprit)} ${why}`);
      return undefined;
    }
    if (ept.accessedDirty)
      for (const entry of pass.entries) this.setFlags(entry, entry === last && (want & Right.WRITE) !== 0);
    return pass;
  }

  private violation(gpa: number, qualification: number, duringWalk: boolean, explanation: string): EptFault {
    return {
      ok: false,
      stage: 'nested',
      kind: 'violation',
      qualification: BigInt(qualification),
      guestPhysical: BigInt(gpa),
      duringWalk,
      explanation,
    };
  }

  // --- accessed and dirty flags, trace -------------------------------------------------------

  /** Adds the flags to the updates; true if any was clear. Two uses of one entry become one update. */
  private setFlags(entry: Entry, dirty: boolean): boolean {
    const { format } = entry;
    const bits = format.accessed | (dirty ? format.dirty : 0);
    if ((entry.low & bits) === bits) return false;
    const earlier = this.updates.find((u) => u.address === BigInt(entry.host));
    if (earlier) {
      earlier.value |= BigInt(bits);
    } else {
      const value = (BigInt(entry.high >>> 0) << 32n) | BigInt((entry.low | bits) >>> 0);
      this.updates.push({ address: BigInt(entry.host), size: format.entrySize, value });
    }
    return true;
  }

  private record(entry: Entry, page: boolean, refusal: Pass['refusal'], serves: string | undefined): void {
    const { format, level, low, high } = entry;
    const flags = format.flags(low, high, page);
    if (page && level.leaf === 'bit7') flags.push('PS');
    entry.step = {
      stage: format.stage,
      name: level.name,
      level: level.level,
      entryAddress: BigInt(entry.address),
      entryHostAddress: BigInt(entry.host),
      value: (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0),
      size: format.entrySize,
      flags,
      verdict: refusal ?? (page ? 'page' : 'next'),
      ...(serves === undefined ? {} : { serves }),
    };
    this.trace!.push(entry.step);
  }
}

// --- entries -----------------------------------------------------------------------------------

/** `count` bits of a 64-bit address from bit `shift`, as a number. */
function addressBits(low: number, high: number, shift: number, count: number): number {
  const value =
    shift >= 32 ? high >>> (shift - 32) : shift === 0 ? low : (low >>> shift) | (high << (32 - shift));
  return (value & (2 ** count - 1)) >>> 0;
}

/** Address of the table that an entry (or CR3) references: bits 51–12. */
function tableBase(low: number, high: number): number {
  return (high & 0xfffff) * TWO32 + ((low & 0xfffff000) >>> 0);
}

function pageBase(entry: Entry): number {
  const { level, low, high, format } = entry;
  const base = (low >>> level.shift) * 2 ** level.shift;
  // PSE-36: bits 20–13 of a 4 MiB PDE are address bits 39–32 (SDM 3A Table 4-4).
  if (format.entrySize === 4) return base + (level.shift === 22 ? ((low >>> 13) & 0xff) * TWO32 : 0);
  return (high & 0xfffff) * TWO32 + base;
}

/** What stops a walk at this entry, whatever the access. */
function refusal(entry: Entry, page: boolean, reservedHighMask: number): Pass['refusal'] {
  const { format, level, low, high } = entry;
  if (!(low & format.present)) return 'not-present';
  const reserved =
    (low & (page ? level.reservedPage : level.reservedTable)) !== 0 || (high & reservedHighMask) !== 0;
  if (format.stage === 'guest') return reserved ? 'reserved-bit' : undefined;
  // Write without read (SDM 3C 29.3.3.1). Execute-only is supported: IA32_VMX_EPT_VPID_CAP bit 0.
  if (reserved || (low & 3) === 2 || (page && !validMemoryType(low))) return 'misconfigured';
  return undefined;
}

function misconfiguration(entry: Entry): string {
  if ((entry.low & 3) === 2) return 'writable but not readable';
  const page = entry.level.leaf === 'always' || (entry.low & PAGE_SIZE_BIT) !== 0;
  if (page && !validMemoryType(entry.low)) return `memory type ${(entry.low >> 3) & 7} does not exist`;
  return 'a reserved bit is set';
}

function isDirty(pass: Pass): boolean {
  const last = pass.entries[pass.entries.length - 1];
  return (last.low & last.format.dirty) !== 0;
}

function isGlobal(pass: Pass): boolean {
  const last = pass.entries[pass.entries.length - 1];
  return last !== undefined && (last.low & last.format.global) !== 0;
}

function wanted(kind: WalkAccess['kind']): number {
  return kind === 'read' ? Right.READ : kind === 'write' ? Right.WRITE : Right.EXECUTE;
}

/** What EPT refuses, in words: the entry of a level lacks rights, or is not present (no rights). */
export function explainViolation(level: number, address: number, rights: number): string {
  return `${EPT.levels[level].name} at 0x${address.toString(16)} ${refusedBecause(rights)}`;
}

function refusedBecause(rights: number): string {
  return rights === 0 ? 'is not present' : `does not allow ${rightNames(rights)}`;
}

function rightNames(rights: number): string {
  const names: string[] = [];
  if (rights & Right.READ) names.push('reads');
  if (rights & Right.WRITE) names.push('writes');
  if (rights & Right.EXECUTE) names.push('execution');
  return names.join(' and ');
}

function describe(entry: Entry): string {
  return `${entry.level.name} at 0x${entry.address.toString(16)}`;
}
