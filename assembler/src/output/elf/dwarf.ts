import type { LineRecord } from '../../layout/records';
import type { Section } from '../../layout/section';
import { ByteWriter } from '../bytes';
import { SHF } from './constants';
import type { ElfSection } from './sections';
import type { ElfVariant } from './variant';

/** A debugging section, or the relocations of one (`relocates`). */
export interface DebugSection {
  name: string;
  data: Uint8Array | undefined;
  align: number;
  relocates?: string;
  /** Contents when they are not the program's, another section they go with, bytes of an entry. */
  type?: number;
  link?: string;
  entrySize?: number;
  /** Relocations refer to it: it gets a section symbol. */
  symbol: boolean;
  /** Its index in the file, known when the file is laid out. */
  index: number;
}

/** What the debugging information is made from. */
export interface DebugSource {
  variant: ElfVariant;
  sections: ReadonlyMap<Section, ElfSection>;
  records: readonly LineRecord[];
  files: readonly string[];
  module: string;
  folder: string;
  producer: string;
}

/** Parameters of the line program; NASM's. */
const LINE_BASE = -5;
const LINE_RANGE = 14;
const OPCODE_BASE = 13;

/** Opcodes of DWARF 3, section 6.2.5. */
const LNS = { COPY: 1, ADVANCE_PC: 2, ADVANCE_LINE: 3, SET_FILE: 4 } as const;
const LNE = { END_SEQUENCE: 1, SET_ADDRESS: 2 } as const;

const DW = {
  TAG_COMPILE_UNIT: 0x11,
  TAG_SUBPROGRAM: 0x2e,
  AT_NAME: 0x03,
  AT_STMT_LIST: 0x10,
  AT_LOW_PC: 0x11,
  AT_HIGH_PC: 0x12,
  AT_LANGUAGE: 0x13,
  AT_COMP_DIR: 0x1b,
  AT_PRODUCER: 0x25,
  AT_FRAME_BASE: 0x40,
  FORM_ADDR: 0x01,
  FORM_DATA2: 0x05,
  FORM_DATA4: 0x06,
  FORM_STRING: 0x08,
  LANG_MIPS_ASSEMBLER: 0x8001,
} as const;

/** The line program of one section. */
class LineProgram {
  readonly out = new ByteWriter();
  #line = 1;
  #offset = 0;
  #file = 1;
  #started = false;

  constructor(
    readonly section: Section,
    word: 4 | 8,
  ) {
    this.out.u8(0);
    this.out.u8(word + 1);
    this.out.u8(LNE.SET_ADDRESS);
    this.out.zeros(word);
  }

  /** Code of this line begins at `offset`. */
  row(file: number, line: number, offset: number): void {
    const { out } = this;
    const changed = file !== this.#file;
    if (changed) {
      out.u8(LNS.SET_FILE);
      out.unsigned(file);
      this.#file = file;
    }
    const lines = line - this.#line;
    const bytes = offset - this.#offset;
    if (lines === 0 && !changed && this.#started) return;
    const opcode = lines - LINE_BASE + LINE_RANGE * bytes + OPCODE_BASE;
    if (lines !== 0 && lines >= LINE_BASE && lines < LINE_BASE + LINE_RANGE && opcode < 256) out.u8(opcode);
    else {
      out.u8(LNS.ADVANCE_LINE);
      out.signed(lines);
      if (bytes > 0) {
        out.u8(LNS.ADVANCE_PC);
        out.unsigned(bytes);
      }
      out.u8(LNS.COPY);
    }
    this.#started = true;
    this.#line = line;
    this.#offset = offset;
  }

  end(): void {
    const { out } = this;
    out.u8(LNS.ADVANCE_PC);
    out.unsigned(this.section.offset - this.#offset);
    out.u8(0);
    out.u8(1);
    out.u8(LNE.END_SEQUENCE);
  }
}

/** A relocation of a debugging section: `to` is a section of the program or a debugging section. */
interface DebugEntry {
  offset: number;
  to: Section | string;
  /** Bytes of the field. */
  size: number;
  addend: number;
}

/** What stands at an offset of executable code; `changed`: on another line than what was told before. */
export interface Row {
  section: Section;
  file: number;
  line: number;
  offset: number;
  changed: boolean;
}

/**
 * Rows as NASM attributes them: code of a macro belongs to the line of its
 * body. `met` hears of all files, also those without code.
 */
export function* rowsOf(source: DebugSource, met: (file: number) => void = () => {}): Generator<Row> {
  let lastFile = -1;
  let lastLine = -1;
  let pending = false;
  for (const r of source.records) {
    // A `.nolist` macro hides its lines and those of the macros it calls.
    const inner = r.expansion?.[r.expansion.findLastIndex((e) => e.hidden) + 1];
    const file = inner?.file ?? r.file;
    const line = inner?.line ?? r.line;
    if (file !== lastFile || line !== lastLine) {
      pending = true;
      met(file);
    }
    lastFile = file;
    lastLine = line;
    const about = source.sections.get(r.section);
    if (!about || (about.flags & SHF.EXECINSTR) === 0) continue;
    yield { section: r.section, file, line, offset: r.offset, changed: pending };
    pending = false;
  }
}

function programsOf(source: DebugSource): { programs: LineProgram[]; files: string[] } {
  const programs = new Map<Section, LineProgram>();
  const numbers = new Map<number, number>();
  const met = (file: number) => {
    if (!numbers.has(file)) numbers.set(file, numbers.size + 1);
  };
  for (const { section, file, line, offset, changed } of rowsOf(source, met)) {
    let program = programs.get(section);
    if (!program) {
      program = new LineProgram(section, source.variant.word);
      programs.set(section, program);
    }
    if (changed) program.row(numbers.get(file)!, line, offset);
  }
  for (const p of programs.values()) p.end();
  return { programs: [...programs.values()], files: [...numbers.keys()].map((i) => source.files[i] ?? '') };
}

/** Puts the length in front of what it counts. */
function sized(body: ByteWriter): Uint8Array {
  const out = new ByteWriter();
  out.number(body.length, 4);
  out.raw(body.bytes);
  return out.bytes;
}

function aranges(word: 4 | 8, programs: readonly LineProgram[], entries: DebugEntry[]): Uint8Array {
  const out = new ByteWriter();
  out.number(2, 2);
  entries.push({ offset: out.length + 4, to: '.debug_info', size: 4, addend: 0 });
  out.number(0, 4);
  out.u8(word);
  out.u8(0);
  out.number(0, 4);
  for (const { section } of programs) {
    entries.push({ offset: out.length + 4, to: section, size: word, addend: 0 });
    out.number(0, word);
    out.number(section.offset, word);
  }
  out.zeros(word * 2);
  return sized(out);
}

function info(
  source: DebugSource,
  version: number,
  programs: readonly LineProgram[],
  entries: DebugEntry[],
): Uint8Array {
  const { word } = source.variant;
  const out = new ByteWriter();
  const total = programs.reduce((sum, p) => sum + p.section.offset, 0);
  const first = programs[0].section;
  const field = (to: Section | string, size: number, addend = 0) => {
    entries.push({ offset: out.length + 4, to, size, addend });
    out.number(0, size);
  };
  out.number(version, 2);
  field('.debug_abbrev', 4);
  out.u8(word);
  out.unsigned(1);
  field(first, word);
  field(first, word, total);
  field('.debug_line', 4);
  out.string(source.module);
  out.string(source.folder);
  out.string(source.producer);
  out.number(DW.LANG_MIPS_ASSEMBLER, 2);
  out.unsigned(2);
  field(first, word);
  out.number(0, word === 8 ? 8 : 4);
  out.u8(0);
  return sized(out);
}

function abbreviations(word: 4 | 8): Uint8Array {
  const out = new ByteWriter();
  out.raw(
    Uint8Array.of(
      ...[1, DW.TAG_COMPILE_UNIT, 1],
      ...[DW.AT_LOW_PC, DW.FORM_ADDR, DW.AT_HIGH_PC, DW.FORM_ADDR, DW.AT_STMT_LIST, DW.FORM_DATA4],
      ...[DW.AT_NAME, DW.FORM_STRING, DW.AT_COMP_DIR, DW.FORM_STRING, DW.AT_PRODUCER, DW.FORM_STRING],
      ...[DW.AT_LANGUAGE, DW.FORM_DATA2, 0, 0],
      ...[2, DW.TAG_SUBPROGRAM, 0, DW.AT_LOW_PC, DW.FORM_ADDR],
      // NASM gives the frame base four bytes in the abbreviation and a word in the entry; ours agree.
      ...[DW.AT_FRAME_BASE, word === 8 ? 0x07 : DW.FORM_DATA4, 0, 0],
      0,
    ),
  );
  return out.bytes;
}

function lines(
  version: number,
  word: 4 | 8,
  files: readonly string[],
  programs: readonly LineProgram[],
  entries: DebugEntry[],
): Uint8Array {
  const header = new ByteWriter();
  header.u8(1);
  header.u8(1);
  header.u8(LINE_BASE & 0xff);
  header.u8(LINE_RANGE);
  header.u8(OPCODE_BASE);
  header.raw(Uint8Array.of(0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1));
  header.u8(0);
  for (const file of files) {
    header.string(file);
    header.zeros(3);
  }
  header.u8(0);
  const out = new ByteWriter();
  out.number(version, 2);
  out.number(header.length, 4);
  out.raw(header.bytes);
  for (const p of programs) {
    // The address stands behind the extended opcode's three bytes.
    entries.push({ offset: out.length + 4 + 3, to: p.section, size: word, addend: 0 });
    out.raw(p.out.bytes);
  }
  return sized(out);
}

/** Types of plain relocations by machine and size. */
function typeOf(variant: ElfVariant, size: number): number {
  if (variant.machine === 3) return 1;
  return size === 8 ? 1 : 10;
}

const SYMBOLS = ['.debug_info', '.debug_abbrev', '.debug_line'];

/** Where the table has no addends, the fields themselves hold them. */
function holdAddends(data: Uint8Array, entries: readonly DebugEntry[]): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (const e of entries) view.setUint32(e.offset, e.addend, true);
}

function table(source: DebugSource, entries: readonly DebugEntry[]): Uint8Array {
  const out = new ByteWriter();
  const { word, rela } = source.variant;
  const sections = [...source.sections.keys()];
  for (const e of entries) {
    const symbol =
      typeof e.to === 'string' ? 2 + sections.length + SYMBOLS.indexOf(e.to) : 2 + sections.indexOf(e.to);
    const type = typeOf(source.variant, e.size);
    out.number(e.offset, word);
    if (word === 8) {
      out.number(type, 4);
      out.number(symbol, 4);
    } else out.number((symbol << 8) | type, 4);
    if (rela) out.number(e.addend, word);
  }
  return out.bytes;
}

/**
 * Line information in the ten sections NASM writes: DWARF 3 for 64-bit
 * addresses and x32, DWARF 2 for i386.
 */
export function makeDwarf(source: DebugSource): DebugSection[] {
  const { word, machine, rela } = source.variant;
  const version = machine === 3 ? 2 : 3;
  const { programs, files } = programsOf(source);
  const some = programs.length > 0;
  const section = (name: string, data?: Uint8Array, align = 1): DebugSection => ({
    name,
    data,
    align,
    symbol: SYMBOLS.includes(name),
    index: 0,
  });
  const relocations = (name: string, entries: readonly DebugEntry[]): DebugSection => ({
    ...section(`${rela ? '.rela' : '.rel'}${name}`, some ? table(source, entries) : undefined),
    relocates: name,
  });
  const inAranges: DebugEntry[] = [];
  const inInfo: DebugEntry[] = [];
  const inLines: DebugEntry[] = [];
  const infoData = some ? info(source, version, programs, inInfo) : undefined;
  if (infoData && !rela) holdAddends(infoData, inInfo);
  return [
    section('.debug_aranges', some ? aranges(word, programs, inAranges) : undefined),
    relocations('.debug_aranges', inAranges),
    section('.debug_pubnames'),
    section('.debug_info', infoData),
    relocations('.debug_info', inInfo),
    section('.debug_abbrev', some ? abbreviations(word) : undefined),
    section('.debug_line', some ? lines(version, word, files, programs, inLines) : undefined),
    relocations('.debug_line', inLines),
    section('.debug_frame', undefined, 8),
    section('.debug_loc'),
  ];
}
