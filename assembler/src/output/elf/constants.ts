/** Numbers of the System V ABI (gABI chapter 4, psABI for i386 and x86-64). */

export const SHT = {
  PROGBITS: 1,
  SYMTAB: 2,
  STRTAB: 3,
  RELA: 4,
  NOTE: 7,
  NOBITS: 8,
  REL: 9,
  INIT_ARRAY: 14,
  FINI_ARRAY: 15,
  PREINIT_ARRAY: 16,
} as const;

export const SHF = { WRITE: 1, ALLOC: 2, EXECINSTR: 4, MERGE: 0x10, STRINGS: 0x20, TLS: 0x400 } as const;

export const SHN = { UNDEF: 0, LORESERVE: 0xff00, ABS: 0xfff1, COMMON: 0xfff2, XINDEX: 0xffff } as const;

export const STB = { LOCAL: 0, GLOBAL: 1, WEAK: 2 } as const;
export const STT = { NOTYPE: 0, OBJECT: 1, FUNC: 2, SECTION: 3, FILE: 4, TLS: 6 } as const;
export const STV = { DEFAULT: 0, INTERNAL: 1, HIDDEN: 2, PROTECTED: 3 } as const;

/** Relocation types of x86-64 by what they do; `absolute`, `signed` and `relative` by size in bytes. */
export const X86_64 = {
  absolute: { 1: 14, 2: 12, 4: 10, 8: 1 } as Record<number, number>,
  signed: { 1: 14, 2: 12, 4: 11, 8: 1 } as Record<number, number>,
  relative: { 1: 15, 2: 13, 4: 2, 8: 24 } as Record<number, number>,
  got: { 4: 3, 8: 27 } as Record<number, number>,
  gotRelative: { 4: 9, 8: 28 } as Record<number, number>,
  plt: 4,
  gotpc: 26,
  gotoff: 25,
  gottpoff: 22,
} as const;

/** The same for i386. */
export const I386 = {
  absolute: { 1: 22, 2: 20, 4: 1 } as Record<number, number>,
  relative: { 1: 23, 2: 21, 4: 2 } as Record<number, number>,
  got: 3,
  plt: 4,
  gotoff: 9,
  gotpc: 10,
  tlsie: 15,
} as const;
