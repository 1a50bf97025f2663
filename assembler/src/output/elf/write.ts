import type { Layout } from '../../layout/layout';
import { Section } from '../../layout/section';
import { encodeText } from '../../text/encoding';
import { ByteWriter } from '../bytes';
import { SHN, SHT, STB, STT } from './constants';
import type { DebugSection } from './dwarf';
import type { ElfFormat } from './format';
import type { Entry } from './relocate';
import { type ElfSymbol, isExternal } from './symbols';

/** NASM aligns everything in the file to this. */
const FILE_ALIGN = 16;

/** A section header and what stands behind it. */
interface Header {
  name: string;
  type: number;
  flags: number;
  data: Uint8Array | undefined;
  size: number;
  link: number;
  info: number;
  align: number;
  entrySize: number;
}

/** What is written besides the layout. */
export interface ElfContent {
  format: ElfFormat;
  layout: Layout;
  /** Name of the source file, for the symbol of type FILE. */
  module: string;
  symbols: readonly ElfSymbol[];
  debug: readonly DebugSection[];
  /** The name as the linker sees it: `--prefix` and its kin. */
  rename(name: string, local: boolean): string;
}

/** Indices of symbols in the finished table. */
interface SymbolTable {
  data: Uint8Array;
  strings: Uint8Array;
  firstGlobal: number;
  indexOf(symbol: Entry['symbol']): number;
}

function writeSymbol(out: ByteWriter, word: 4 | 8, name: number, s: ElfSymbol, index: number): void {
  const info = (s.bind << 4) | s.type;
  out.number(name, 4);
  if (word === 4) {
    out.number(s.value, 4);
    out.number(s.size, 4);
  }
  out.u8(info);
  out.u8(s.visibility);
  out.number(index, 2);
  if (word === 8) {
    out.number(s.value, 8);
    out.number(s.size, 8);
  }
}

function makeSymbolTable(content: ElfContent, indexOf: ReadonlyMap<Section, number>): SymbolTable {
  const { word } = content.format.variant;
  const strings = new ByteWriter();
  strings.u8(0);
  strings.string(content.module);
  const names = content.symbols.map((s) => {
    const at = strings.length;
    strings.string(content.rename(s.name, s.bind === STB.LOCAL));
    return at;
  });
  const out = new ByteWriter();
  const blank: ElfSymbol = {
    name: '',
    value: 0n,
    size: 0n,
    bind: STB.LOCAL,
    type: STT.NOTYPE,
    visibility: 0,
    place: SHN.UNDEF,
  };
  writeSymbol(out, word, 0, blank, SHN.UNDEF);
  writeSymbol(out, word, 1, { ...blank, type: STT.FILE }, SHN.ABS);
  let count = 2;
  const bySection = new Map<Section, number>();
  for (const [section, index] of indexOf) {
    bySection.set(section, count++);
    writeSymbol(out, word, 0, { ...blank, type: STT.SECTION }, index);
  }
  for (const debug of content.debug) {
    if (debug.symbol) count++;
    if (debug.symbol) writeSymbol(out, word, 0, { ...blank, type: STT.SECTION }, debug.index);
  }
  const byName = new Map<string, number>();
  let firstGlobal = 0;
  for (const local of [true, false]) {
    if (!local) firstGlobal = count;
    content.symbols.forEach((s, i) => {
      if ((s.bind === STB.LOCAL) !== local) return;
      const index = s.place instanceof Section ? indexOf.get(s.place)! : s.place;
      writeSymbol(out, word, names[i], s, index);
      byName.set(s.name, count++);
    });
  }
  return {
    data: out.bytes,
    strings: strings.bytes,
    firstGlobal,
    indexOf(symbol) {
      if (symbol === undefined) return 0;
      if (typeof symbol === 'string') return byName.get(symbol) ?? 0;
      if (symbol instanceof Section) return bySection.get(symbol) ?? 0;
      return isExternal(symbol) ? (byName.get(symbol.name) ?? 0) : 0;
    },
  };
}

function writeEntries(content: ElfContent, entries: readonly Entry[], table: SymbolTable): Uint8Array {
  const { word, rela } = content.format.variant;
  const out = new ByteWriter();
  for (const e of entries) {
    const symbol = table.indexOf(e.symbol);
    out.number(e.offset, word);
    if (word === 8) {
      out.number(e.type, 4);
      out.number(symbol, 4);
    } else out.number((symbol << 8) | e.type, 4);
    if (rela) out.number(e.addend, word);
  }
  return out.bytes;
}

function headersOf(content: ElfContent): { headers: Header[]; strings: number } {
  const { format } = content;
  const { word, rela } = format.variant;
  const headers: Header[] = [];
  const header = (h: Partial<Header> & Pick<Header, 'name' | 'type'>): number => {
    headers.push({
      flags: 0,
      data: undefined,
      size: h.data?.length ?? 0,
      link: 0,
      info: 0,
      align: 0,
      entrySize: 0,
      ...h,
    });
    return headers.length - 1;
  };
  header({ name: '', type: 0 });
  const indexOf = new Map<Section, number>();
  for (const s of format.sections.values()) {
    const data = s.type === SHT.NOBITS ? undefined : s.section.data;
    const { type, flags, align, entrySize } = s;
    const { name } = s.section;
    indexOf.set(s.section, header({ name, type, flags, data, size: s.section.offset, align, entrySize }));
  }
  const debugFirst = headers.length;
  const strings = debugFirst + content.debug.length;
  const symbolSection = strings + 1;
  content.debug.forEach((d, i) => {
    d.index = debugFirst + i;
    const { name, data, align } = d;
    if (d.relocates === undefined) {
      const link = d.link === undefined ? 0 : debugFirst + content.debug.findIndex((o) => o.name === d.link);
      header({ name, type: d.type ?? SHT.PROGBITS, data, align, link, entrySize: d.entrySize ?? 0 });
    } else {
      const info = debugFirst + content.debug.findIndex((o) => o.name === d.relocates);
      const type = rela ? SHT.RELA : SHT.REL;
      const entrySize = word * (rela ? 3 : 2);
      header({ name, type, data, link: symbolSection, info, align: word, entrySize });
    }
  });
  header({ name: '.shstrtab', type: SHT.STRTAB, align: 1 });
  const table = makeSymbolTable(content, indexOf);
  header({
    name: '.symtab',
    type: SHT.SYMTAB,
    data: table.data,
    link: symbolSection + 1,
    info: table.firstGlobal,
    align: word,
    entrySize: word === 8 ? 24 : 16,
  });
  header({ name: '.strtab', type: SHT.STRTAB, data: table.strings, align: 1 });
  for (const [section, index] of indexOf) {
    const entries = format.relocations.get(section);
    if (!entries) continue;
    header({
      name: `${rela ? '.rela' : '.rel'}${section.name}`,
      type: rela ? SHT.RELA : SHT.REL,
      data: writeEntries(content, entries, table),
      link: symbolSection,
      info: index,
      align: word,
      entrySize: word * (rela ? 3 : 2),
    });
  }
  const names = new ByteWriter();
  for (const h of headers) names.string(h.name);
  headers[strings].data = names.bytes;
  headers[strings].size = names.length;
  return { headers, strings };
}

/** The whole object file: header, section headers, contents (gABI chapter 4), in NASM's order. */
export function writeElf(content: ElfContent): Uint8Array {
  const { variant, osabi, abiVersion } = content.format;
  const { word } = variant;
  const { headers, strings } = headersOf(content);
  const out = new ByteWriter();
  const headerSize = word === 8 ? 64 : 52;
  const entrySize = word === 8 ? 64 : 40;
  // NASM leaves room for the larger header in 32-bit files, too.
  const tableOffset = 64;
  out.raw(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, word === 8 ? 2 : 1, 1, 1, osabi, abiVersion));
  out.zeros(7);
  out.number(1, 2);
  out.number(variant.machine, 2);
  out.number(1, 4);
  out.number(0, word);
  out.number(0, word);
  out.number(tableOffset, word);
  out.number(0, 4);
  out.number(headerSize, 2);
  out.number(0, 2);
  out.number(0, 2);
  out.number(entrySize, 2);
  out.number(headers.length, 2);
  out.number(strings, 2);
  out.zeros(tableOffset - out.length);
  const alignUp = (n: number) => Math.ceil(n / FILE_ALIGN) * FILE_ALIGN;
  let offset = alignUp(tableOffset + entrySize * headers.length);
  let name = 0;
  for (const h of headers) {
    out.number(name, 4);
    name += encodeText(h.name).length + 1;
    out.number(h.type, 4);
    out.number(h.flags, word);
    out.number(0, word);
    out.number(h.type === 0 ? 0 : offset, word);
    out.number(h.size, word);
    out.number(h.link, 4);
    out.number(h.info, 4);
    out.number(h.align, word);
    out.number(h.entrySize, word);
    if (h.data) offset += alignUp(h.size);
  }
  out.zeros(alignUp(out.length) - out.length);
  for (const h of headers) {
    if (!h.data) continue;
    out.raw(h.data);
    out.zeros(alignUp(out.length) - out.length);
  }
  return out.bytes.slice();
}
