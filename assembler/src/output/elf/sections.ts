import { Complaint } from '../../diagnostics';
import type { SectionWord } from '../../layout/object';
import type { Section } from '../../layout/section';
import { parseNumber } from '../../text/number';
import { SHF, SHT } from './constants';

/** What ELF says about a section besides its content. */
export interface ElfSection {
  section: Section;
  type: number;
  flags: number;
  align: number;
  entrySize: number;
}

type Defaults = readonly [type: number, flags: number, align: number, entrySize: number];

const { ALLOC, WRITE, EXECINSTR, TLS } = SHF;

/** Sections with attributes of their own (NASM manual 8.9.2); −1 stands for the size of an address. */
const KNOWN: Readonly<Record<string, Defaults>> = {
  '.text': [SHT.PROGBITS, ALLOC | EXECINSTR, 16, 0],
  '.rodata': [SHT.PROGBITS, ALLOC, 4, 0],
  '.lrodata': [SHT.PROGBITS, ALLOC, 4, 0],
  '.data': [SHT.PROGBITS, ALLOC | WRITE, 4, 0],
  '.ldata': [SHT.PROGBITS, ALLOC | WRITE, 4, 0],
  '.bss': [SHT.NOBITS, ALLOC | WRITE, 4, 0],
  '.lbss': [SHT.NOBITS, ALLOC | WRITE, 4, 0],
  '.tdata': [SHT.PROGBITS, ALLOC | WRITE | TLS, 4, 0],
  '.tbss': [SHT.NOBITS, ALLOC | WRITE | TLS, 4, 0],
  '.comment': [SHT.PROGBITS, 0, 1, 0],
  '.preinit_array': [SHT.PREINIT_ARRAY, ALLOC, -1, -1],
  '.init_array': [SHT.INIT_ARRAY, ALLOC, -1, -1],
  '.fini_array': [SHT.FINI_ARRAY, ALLOC, -1, -1],
  '.note': [SHT.NOTE, 0, 4, 0],
};

const OTHER: Defaults = [SHT.PROGBITS, ALLOC, 1, 0];

const RESERVED = new Set(['.shstrtab', '.strtab', '.symtab', '.symtab_shndx']);

const TYPES: Readonly<Record<string, number>> = {
  progbits: SHT.PROGBITS,
  nobits: SHT.NOBITS,
  note: SHT.NOTE,
  preinit_array: SHT.PREINIT_ARRAY,
  init_array: SHT.INIT_ARRAY,
  fini_array: SHT.FINI_ARRAY,
};

/** Flag words: the flag, and whether the word sets it. */
const FLAGS: Readonly<Record<string, readonly [flag: number, set: boolean]>> = {
  alloc: [ALLOC, true],
  noalloc: [ALLOC, false],
  exec: [EXECINSTR, true],
  noexec: [EXECINSTR, false],
  write: [WRITE, true],
  nowrite: [WRITE, false],
  readonly: [WRITE, false],
  tls: [TLS, true],
  notls: [TLS, false],
  merge: [SHF.MERGE, true],
  nomerge: [SHF.MERGE, false],
  strings: [SHF.STRINGS, true],
  nostrings: [SHF.STRINGS, false],
};

/** Entry sizes by name: bytes and alignment; −1 is the size of an address. */
const UNITS: Readonly<Record<string, readonly [bytes: number, align: number]>> = {
  byte: [1, 1],
  word: [2, 2],
  dword: [4, 4],
  qword: [8, 8],
  tword: [10, 2],
  tbyte: [10, 2],
  oword: [16, 16],
  xword: [16, 16],
  yword: [32, 32],
  zword: [64, 64],
  pointer: [-1, -1],
};

const ARRAYS: ReadonlySet<number> = new Set([SHT.PREINIT_ARRAY, SHT.INIT_ARRAY, SHT.FINI_ARRAY]);

/** An entry of a table, whatever the name is. */
function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** What the words of one `section` line ask for; 0 and undefined: nothing. */
interface Wish {
  type: number;
  align: number;
  entrySize: number;
  mask: number;
  flags: number;
}

function numberOf(word: SectionWord): bigint {
  const text = word.value.map((t) => t.text).join('');
  const value = parseNumber(text.replace(/^\((.*)\)$/, '$1'));
  if (value === undefined)
    throw new Complaint('section-attribute', `\`${word.at.text}\` needs a number behind \`=\``, word.at);
  return value;
}

function alignmentOf(word: SectionWord): number {
  if (word.value.length === 0)
    throw new Complaint('section-attribute', '`align` needs a value: `align=16`', word.at);
  const value = numberOf(word);
  if (value !== 0n && (value & (value - 1n)) !== 0n)
    throw new Complaint('align-invalid', `section alignment ${value} is not a power of two`, word.at);
  return Number(value);
}

function read(words: readonly SectionWord[], word: number, unknown: (w: SectionWord) => void): Wish {
  const wish: Wish = { type: 0, align: 0, entrySize: 0, mask: 0, flags: 0 };
  let natural = 0;
  const bytes = (n: number) => (n < 0 ? word : n);
  for (const w of words) {
    const flag = lookUp(FLAGS, w.name);
    const type = lookUp(TYPES, w.name);
    const [name, factor] = w.name.split('*');
    const unit = lookUp(UNITS, name);
    if (w.name === 'align') wish.align = Math.max(wish.align, alignmentOf(w));
    else if (flag) {
      wish.mask |= flag[0];
      wish.flags = flag[1] ? wish.flags | flag[0] : wish.flags & ~flag[0];
    } else if (type !== undefined) wish.type = type;
    else if (unit) {
      wish.entrySize = bytes(unit[0]) * Number(factor ?? 1) || 0;
      natural = bytes(unit[1]);
    } else unknown(w);
  }
  if (ARRAYS.has(wish.type)) {
    natural ||= word;
    wish.entrySize ||= word;
  }
  // With attributes, also others, a section no longer has the alignment of its name.
  wish.align ||= natural || (words.length > 0 ? 1 : 0);
  return wish;
}

/** Follows a `section` line: makes the section known or checks that nothing changes. */
export function declareSection(
  table: Map<Section, ElfSection>,
  section: Section,
  words: readonly SectionWord[],
  word: number,
  warn: (message: string, at: SectionWord['at'] | undefined) => void,
): void {
  if (RESERVED.has(section.name))
    throw new Complaint('section-attribute', `the section name \`${section.name}\` is reserved`);
  const wish = read(words, word, (w) =>
    warn(`unknown attribute \`${w.name}\` of section \`${section.name}\` ignored`, w.at),
  );
  let known = table.get(section);
  if (!known) {
    const [type, flags, align, entrySize] = lookUp(KNOWN, section.name) ?? OTHER;
    known = {
      section,
      type: wish.type || type,
      flags: (flags & ~wish.mask) | wish.flags,
      align: wish.align || (align < 0 ? word : align),
      entrySize: wish.entrySize || (entrySize < 0 ? word : entrySize),
    };
    table.set(section, known);
  } else if (
    (wish.type && wish.type !== known.type) ||
    (known.flags & wish.mask) !== wish.flags ||
    (wish.entrySize && known.entrySize && wish.entrySize !== known.entrySize)
  ) {
    warn(`other attributes of section \`${section.name}\` than before: ignored`, undefined);
  }
  known.align = Math.max(known.align, wish.align);
  known.entrySize ||= wish.entrySize;
  if (wish.flags & SHF.MERGE && known.entrySize === 0) {
    if (!(known.flags & SHF.STRINGS))
      throw new Complaint('section-attribute', '`merge` needs an entry size or `strings`');
    known.entrySize = 1;
  }
  section.nobits = known.type === SHT.NOBITS;
}
