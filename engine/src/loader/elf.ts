/**
 * Program headers of ELF executables for x86 (System V gABI 4.1, chapters 4 and
 * 5; ELF-64 Object File Format 1.5). Only what a boot loader needs.
 */

/** One PT_LOAD segment. */
export interface ElfSegment {
  /** Physical address to load at. */
  address: number;
  /** Bytes from the file; the rest up to `memorySize` is zero. */
  data: Uint8Array;
  memorySize: number;
}

/** A parsed executable. */
export interface ElfImage {
  bits: 32 | 64;
  /** As in the header; a virtual address. */
  entry: bigint;
  segments: ElfSegment[];
}

const MAGIC = 0x464c457f;
const CLASS_32 = 1;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const MACHINE_386 = 3;
const MACHINE_X86_64 = 62;
const PT_LOAD = 1;

/** Where the fields are, by class. `word` reads an address-sized field. */
const LAYOUT = {
  32: {
    header: 52,
    phoff: 28,
    phentsize: 42,
    phnum: 44,
    ph: 32,
    offset: 4,
    vaddr: 8,
    paddr: 12,
    filesz: 16,
    memsz: 20,
  },
  64: {
    header: 64,
    phoff: 32,
    phentsize: 54,
    phnum: 56,
    ph: 56,
    offset: 8,
    vaddr: 16,
    paddr: 24,
    filesz: 32,
    memsz: 40,
  },
} as const;

/** Whether the bytes begin like an ELF file. */
export function isElf(image: Uint8Array): boolean {
  return image.length >= 4 && new DataView(image.buffer, image.byteOffset).getUint32(0, true) === MAGIC;
}

/** Reads an executable's loadable segments; an error says what is wrong with the file. */
export function parseElf(image: Uint8Array): ElfImage | { error: string } {
  if (!isElf(image)) return { error: 'not an ELF file' };
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const elfClass = image[4];
  if (elfClass !== CLASS_32 && elfClass !== CLASS_64) return { error: `unknown ELF class ${elfClass}` };
  const bits = elfClass === CLASS_32 ? 32 : 64;
  const at = LAYOUT[bits];
  if (image.length < at.header) return { error: 'the ELF header is cut off' };
  if (image[5] !== LITTLE_ENDIAN) return { error: 'not a little-endian ELF file' };
  const machine = view.getUint16(18, true);
  if (machine !== MACHINE_386 && machine !== MACHINE_X86_64) {
    return { error: `ELF file for machine ${machine}, not x86 (3) or x86-64 (62)` };
  }
  const word = (offset: number): number =>
    bits === 32 ? view.getUint32(offset, true) : Number(view.getBigUint64(offset, true));

  const segments: ElfSegment[] = [];
  const table = word(at.phoff);
  const entrySize = view.getUint16(at.phentsize, true);
  const count = view.getUint16(at.phnum, true);
  if (count > 0 && entrySize < at.ph) return { error: `program headers of ${entrySize} bytes` };
  if (table + count * entrySize > image.length) return { error: 'the program header table is cut off' };
  for (let i = 0; i < count; i++) {
    const header = table + i * entrySize;
    if (view.getUint32(header, true) !== PT_LOAD) continue;
    const offset = word(header + at.offset);
    const fileSize = word(header + at.filesz);
    const memorySize = word(header + at.memsz);
    if (offset + fileSize > image.length) return { error: `the contents of segment ${i} are cut off` };
    if (memorySize < fileSize) return { error: `segment ${i} is larger in the file than in memory` };
    segments.push({
      address: word(header + at.paddr),
      data: image.subarray(offset, offset + fileSize),
      memorySize,
    });
  }
  const entry = bits === 32 ? BigInt(view.getUint32(24, true)) : view.getBigUint64(24, true);
  return { bits, entry, segments };
}
