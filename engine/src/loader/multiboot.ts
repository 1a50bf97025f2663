import type { PhysicalMemory } from '../memory/physical';
import { isElf, parseElf } from './elf';
import { type MultibootModule, planInformation } from './multiboot-information';

/**
 * Multiboot 1 images (Multiboot Specification 0.6.96). Section numbers below are
 * the specification's.
 */

/** 3.1.1: header fields and flags. */
const HEADER_MAGIC = 0x1badb002;
const SEARCH_BYTES = 8192;
const FLAG_PAGE_ALIGN = 1;
const FLAG_MEMORY_INFO = 1 << 1;
const FLAG_VIDEO = 1 << 2;
const FLAG_ADDRESSES = 1 << 16;
/** Flags 0–15 are requirements: an unknown one means the loader must give up. */
const REQUIREMENTS = 0xffff;
const HONOURED = FLAG_PAGE_ALIGN | FLAG_MEMORY_INFO;

/** What a boot loader leaves in EAX (3.2). */
export const MULTIBOOT_BOOTLOADER_MAGIC = 0x2badb002;

/** A loaded image: where to start, and what to put into EBX. */
export interface MultibootLoaded {
  entry: number;
  infoAddress: number;
}

/** Options of {@link loadMultiboot}. */
export interface MultibootOptions {
  commandLine?: string;
  modules?: readonly MultibootModule[];
}

interface Header {
  offset: number;
  flags: number;
  /** Fields of the address part, valid if FLAG_ADDRESSES is set. */
  headerAddress: number;
  loadAddress: number;
  loadEnd: number;
  bssEnd: number;
  entry: number;
}

/** Finds the header: 4-byte aligned, whole, in the first 8192 bytes, sum of magic, flags and checksum zero. */
function findHeader(image: Uint8Array): Header | { error: string } {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  let badChecksum = -1;
  const end = Math.min(SEARCH_BYTES, image.length);
  for (let offset = 0; offset + 12 <= end; offset += 4) {
    if (view.getUint32(offset, true) !== HEADER_MAGIC) continue;
    const flags = view.getUint32(offset + 4, true);
    if ((HEADER_MAGIC + flags + view.getUint32(offset + 8, true)) >>> 0 !== 0) {
      badChecksum = offset;
      continue;
    }
    const addresses = (flags & FLAG_ADDRESSES) !== 0;
    if (addresses && offset + 32 > end)
      return { error: 'The Multiboot header is cut off by the end of the file.' };
    const field = (i: number): number => (addresses ? view.getUint32(offset + 12 + 4 * i, true) : 0);
    return {
      offset,
      flags,
      headerAddress: field(0),
      loadAddress: field(1),
      loadEnd: field(2),
      bssEnd: field(3),
      entry: field(4),
    };
  }
  if (badChecksum >= 0) {
    return {
      error: `The Multiboot header at file offset 0x${badChecksum.toString(16)} has a wrong checksum: its third field must be -(0x1BADB002 + flags).`,
    };
  }
  return {
    error:
      'No Multiboot header in the first 8192 bytes. Put "dd 0x1BADB002, flags, -(0x1BADB002 + flags)" there, aligned to 4 bytes.',
  };
}

/** A piece of the image in memory. */
interface Piece {
  address: number;
  data: Uint8Array;
  /** Data and zeroed space after it. */
  size: number;
}

/**
 * Puts an image, its modules and the information structure into guest memory.
 * Nothing is written when there is an error, which says what is wrong and what
 * to do about it.
 */
export function loadMultiboot(
  image: Uint8Array,
  physical: PhysicalMemory,
  options: MultibootOptions = {},
): MultibootLoaded | { error: string } {
  const header = findHeader(image);
  if ('error' in header) return header;
  const unknown = header.flags & REQUIREMENTS & ~(HONOURED | FLAG_VIDEO);
  if (unknown !== 0) {
    return {
      error: `The Multiboot header demands features this loader does not have (flags 0x${unknown.toString(16)}).`,
    };
  }
  if (header.flags & FLAG_VIDEO) {
    return {
      error:
        'The Multiboot header asks for a video mode (flag 2); this machine has no display. Clear the flag.',
    };
  }

  const program = header.flags & FLAG_ADDRESSES ? flatProgram(image, header) : elfProgram(image);
  if ('error' in program) return program;
  for (const piece of program.pieces) {
    if (piece.address + piece.size > physical.ramBytes) {
      const to = (piece.address + piece.size - 1).toString(16);
      return {
        error: `The image wants memory 0x${piece.address.toString(16)} to 0x${to}, but the machine has ${physical.ramBytes / 1048576} MiB. Give it more memory or load lower.`,
      };
    }
  }
  if (!program.pieces.some((p) => program.entry >= p.address && program.entry < p.address + p.size)) {
    return { error: `The entry point 0x${program.entry.toString(16)} lies outside the loaded image.` };
  }

  const end = Math.max(...program.pieces.map((p) => p.address + p.size));
  const imageStart = Math.min(...program.pieces.map((p) => p.address));
  const information = planInformation(physical, { start: imageStart, end }, options);
  if ('error' in information) return information;
  for (const piece of program.pieces) {
    physical.writeBytes(piece.address, piece.data);
    physical.fill(piece.address + piece.data.length, piece.size - piece.data.length, 0);
  }
  information.write();
  return { entry: program.entry, infoAddress: information.address };
}

type Program = { entry: number; pieces: Piece[] } | { error: string };

/** 3.1.3: the header itself says where everything goes. */
function flatProgram(image: Uint8Array, header: Header): Program {
  const { headerAddress, loadAddress, loadEnd, bssEnd, entry } = header;
  if (loadAddress > headerAddress) {
    return { error: 'Multiboot header: load_addr must not be above header_addr.' };
  }
  const start = header.offset - (headerAddress - loadAddress);
  if (start < 0) {
    return {
      error: `Multiboot header: load_addr 0x${loadAddress.toString(16)} lies ${-start} bytes before the beginning of the file. Check "org", header_addr and load_addr.`,
    };
  }
  const length = loadEnd === 0 ? image.length - start : loadEnd - loadAddress;
  if (length < 0 || start + length > image.length) {
    return {
      error: `Multiboot header: load_end_addr 0x${loadEnd.toString(16)} does not fit the file, which ends at address 0x${(loadAddress + image.length - start).toString(16)}.`,
    };
  }
  const size = bssEnd === 0 ? length : bssEnd - loadAddress;
  if (size < length) return { error: 'Multiboot header: bss_end_addr lies below load_end_addr.' };
  return { entry, pieces: [{ address: loadAddress, data: image.subarray(start, start + length), size }] };
}

/** Without addresses in the header the image must be ELF (3.1.2 flag 16). */
function elfProgram(image: Uint8Array): Program {
  if (!isElf(image)) {
    return {
      error:
        'The Multiboot header has no address fields (flag 16) and the file is not ELF. Set flag 16 and give header_addr, load_addr, load_end_addr, bss_end_addr and entry_addr.',
    };
  }
  const elf = parseElf(image);
  if ('error' in elf) return { error: `Multiboot image: ${elf.error}.` };
  if (elf.bits !== 32) {
    return {
      error:
        'Multiboot 1 starts in 32-bit mode and loads ELF32; this is ELF64. Set flag 16 (address fields) or link as ELF32.',
    };
  }
  if (elf.segments.length === 0) return { error: 'The ELF file has no segments to load.' };
  return {
    entry: Number(elf.entry),
    pieces: elf.segments.map((s) => ({ address: s.address, data: s.data, size: s.memorySize })),
  };
}
