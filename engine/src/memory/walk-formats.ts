import type { PagingContext } from './walk-types';

/**
 * Paging-structure formats as data. A table entry is two 32-bit words (the high
 * one zero in 32-bit paging). What a walk must know about a level stands in its
 * {@link Level}, what it must know about a format in its {@link TableFormat}.
 */

/** Rights as a bit mask; a walk ANDs those of all entries it used. */
export const enum Right {
  READ = 1,
  WRITE = 2,
  EXECUTE = 4,
  USER = 8,
  ALL = 15,
}

/** One level of a paging structure. */
export interface Level {
  /** The manual's name of an entry: `PML4E`, `PDE` … */
  name: string;
  /** 4 for the PML4, 1 for the page table. */
  level: number;
  /** Lowest address bit that selects the entry, and how many do. */
  shift: number;
  indexBits: number;
  /** Whether the entry maps a page: `bit7` when its bit 7 is set. */
  leaf: 'never' | 'bit7' | 'always';
  /** Bits of the low word that must be zero when the entry references a table / maps a page. */
  reservedTable: number;
  reservedPage: number;
}

/** One kind of paging structure. */
export interface TableFormat {
  stage: 'guest' | 'nested';
  entrySize: 4 | 8;
  levels: readonly Level[];
  /** An entry is present when any of these low-word bits is set. */
  present: number;
  accessed: number;
  dirty: number;
  /** Low-word mask of the global bit in entries that map pages, 0 if there is none. */
  global: number;
  /** Rights that one entry grants. */
  rights(low: number, high: number): number;
  /** Set bits in the manual's names, for the trace. */
  flags(low: number, high: number, page: boolean): string[];
}

/** Bit 63 of an entry, in its high word. */
const HIGH_NX = 0x80000000;
/** Bit 7 of an entry: maps a page (PS). */
export const PAGE_SIZE_BIT = 0x80;

function named(table: readonly (readonly [number, string])[], low: number): string[] {
  return table.filter(([mask]) => (low & mask) !== 0).map(([, name]) => name);
}

// --- ordinary paging (SDM 3A 4.3 to 4.5) -------------------------------------------

const TABLE_BITS = [
  [1, 'P'],
  [2, 'RW'],
  [4, 'US'],
  [8, 'PWT'],
  [0x10, 'PCD'],
  [0x20, 'A'],
] as const;
const PAGE_BITS = [...TABLE_BITS, [0x40, 'D'], [0x100, 'G']] as const;

const pagingRules = {
  stage: 'guest',
  present: 1,
  accessed: 0x20,
  dirty: 0x40,
  global: 0x100,
  rights: (low: number, high: number): number =>
    Right.READ |
    (low & 2 ? Right.WRITE : 0) |
    (low & 4 ? Right.USER : 0) |
    (high & HIGH_NX ? 0 : Right.EXECUTE),
  flags(low: number, high: number, page: boolean): string[] {
    const flags = named(page ? PAGE_BITS : TABLE_BITS, low);
    if (high & HIGH_NX) flags.push('NX');
    return flags;
  },
} as const;

/** A level whose entries are selected by 9 bits from `shift`. */
function level9(
  level: number,
  name: string,
  leaf: Level['leaf'],
  reservedTable: number,
  reservedPage: number,
): Level {
  return { name, level, shift: 3 + 9 * level, indexBits: 9, leaf, reservedTable, reservedPage };
}

/** SDM 3A Table 4-15 to 4-20: a PML4E's PS bit is reserved; large pages reserve the address bits below them except bit 12 (PAT). */
const LONG_LEVELS = [
  level9(4, 'PML4E', 'never', PAGE_SIZE_BIT, 0),
  level9(3, 'PDPTE', 'bit7', 0, 0x3fffe000),
  level9(2, 'PDE', 'bit7', 0, 0x001fe000),
  level9(1, 'PTE', 'always', 0, 0),
];

export const FOUR_LEVEL: TableFormat = { ...pagingRules, entrySize: 8, levels: LONG_LEVELS };

/** Below the PDPTE registers (SDM 3A 4.4.2). */
export const PAE: TableFormat = { ...pagingRules, entrySize: 8, levels: LONG_LEVELS.slice(2) };

const PTE32: Level = {
  name: 'PTE',
  level: 1,
  shift: 12,
  indexBits: 10,
  leaf: 'always',
  reservedTable: 0,
  reservedPage: 0,
};

function pde32(leaf: Level['leaf'], physicalBits: number): Level {
  // PSE-36: bits 13 and up hold address bits 32 and up; those beyond the width, and bit 21, are
  // reserved (SDM 3A Table 4-4).
  const width = Math.min(Math.max(physicalBits, 32), 40) - 32;
  const reservedPage = 0x003fe000 & ~(((1 << width) - 1) << 13);
  return { name: 'PDE', level: 2, shift: 22, indexBits: 10, leaf, reservedTable: 0, reservedPage };
}

const thirtyTwoBit = new Map<string, TableFormat>();

/** 32-bit paging; with CR4.PSE clear, bit 7 of a PDE is ignored (SDM 3A 4.3). */
export function thirtyTwoBitFormat(context: PagingContext): TableFormat {
  const key = `${context.pse}${context.physicalBits}`;
  let format = thirtyTwoBit.get(key);
  if (!format) {
    const levels = [pde32(context.pse ? 'bit7' : 'never', context.physicalBits), PTE32];
    format = { ...pagingRules, entrySize: 4, levels };
    thirtyTwoBit.set(key, format);
  }
  return format;
}

// --- EPT (SDM 3C 29.3.2) --------------------------------------------------------------

const MEMORY_TYPES = ['UC', 'WC', 'type 2', 'type 3', 'WT', 'WP', 'WB', 'type 7'];
const EPT_BITS = [
  [1, 'R'],
  [2, 'W'],
  [4, 'X'],
  [0x100, 'A'],
] as const;
const EPT_PAGE_BITS = [...EPT_BITS, [0x200, 'D'], [0x40, 'IPAT']] as const;

/** Memory types 2, 3 and 7 do not exist (SDM 3C 29.3.3.1). */
export function validMemoryType(low: number): boolean {
  const type = (low >> 3) & 7;
  return type !== 2 && type !== 3 && type !== 7;
}

export const EPT: TableFormat = {
  stage: 'nested',
  entrySize: 8,
  levels: [
    level9(4, 'EPT PML4E', 'never', 0xf8, 0),
    level9(3, 'EPT PDPTE', 'bit7', 0x78, 0x3ffff000),
    level9(2, 'EPT PDE', 'bit7', 0x78, 0x001ff000),
    level9(1, 'EPT PTE', 'always', 0, 0),
  ],
  present: 7,
  accessed: 0x100,
  dirty: 0x200,
  global: 0,
  rights: (low) => (low & 7) | Right.USER,
  flags(low, _high, page) {
    const flags = named(page ? EPT_PAGE_BITS : EPT_BITS, low);
    if (page) flags.push(MEMORY_TYPES[(low >> 3) & 7]);
    return flags;
  },
};

// --- reserved bits of the high word ------------------------------------------------------

/** Address bits 51 down to the physical width, as a high-word mask. */
function beyondWidth(physicalBits: number): number {
  const width = Math.min(Math.max(physicalBits, 32), 52) - 32;
  return 0x000fffff & ~((1 << width) - 1);
}

/** Which bits of an entry's high word must be zero. */
export function reservedHigh(format: TableFormat, context: PagingContext): number {
  if (format.entrySize === 4) return 0;
  let mask = beyondWidth(context.physicalBits);
  if (format.stage === 'guest') {
    if (!context.nxe) mask |= HIGH_NX;
    if (format === PAE) mask |= 0x7ff00000;
  }
  return mask;
}
