import type { PhysicalMemory } from '../memory/physical';

/** A file the boot loader leaves in memory for the kernel (Multiboot 0.6.96, 3.3 "mods"). */
export interface MultibootModule {
  data: Uint8Array;
  commandLine?: string;
}

/** Flags of the information structure (3.3). */
const INFO_MEMORY = 1;
const INFO_COMMAND_LINE = 1 << 2;
const INFO_MODULES = 1 << 3;
const INFO_MEMORY_MAP = 1 << 6;
const INFO_LOADER_NAME = 1 << 9;

/** Offsets in the structure. */
const MEM_LOWER = 4;
const MEM_UPPER = 8;
const CMDLINE = 16;
const MODS_COUNT = 20;
const MODS_ADDR = 24;
const MMAP_LENGTH = 44;
const MMAP_ADDR = 48;
const BOOT_LOADER_NAME = 64;
const INFO_BYTES = 116;

const MODULE_BYTES = 16;
/** Each memory-map entry: size (of the rest), base, length, type. */
const MMAP_ENTRY_BYTES = 24;
const AVAILABLE = 1;
const RESERVED = 2;

const LOADER_NAME = 'Hyperstep';
/** Conventional memory ends here; the rest up to 1 MiB is reserved, as on a PC. */
const LOWER_END = 0xa0000;
const UPPER_START = 0x100000;
const MIB = 0x100000;
/** Where GRUB and QEMU put the structure too: low memory that no kernel is linked at. */
const PREFERRED = 0x9000;
const PREFERRED_END = 0x80000;

const align = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Where things go, and the act of writing them. */
export interface InformationPlan {
  address: number;
  write(): void;
}

/**
 * Plans the information structure, its strings, the memory map and the modules.
 * The structure goes to 0x9000, unless the image lies there: then after the
 * image, like the modules (page-aligned).
 */
export function planInformation(
  physical: PhysicalMemory,
  image: { start: number; end: number },
  options: { commandLine?: string; modules?: readonly MultibootModule[] },
): InformationPlan | { error: string } {
  const modules = options.modules ?? [];
  const encode = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);
  const commandLine = encode(options.commandLine ?? '');
  const loaderName = encode(LOADER_NAME);
  const moduleLines = modules.map((m) => encode(m.commandLine ?? ''));

  const stringBytes = [commandLine, loaderName, ...moduleLines].reduce((n, s) => n + s.length, 0);
  const mmapEntries = memoryMap(physical.ramBytes);
  const total =
    align(INFO_BYTES, 8) +
    modules.length * MODULE_BYTES +
    mmapEntries.length * MMAP_ENTRY_BYTES +
    stringBytes;
  let top = align(Math.max(image.end, UPPER_START), 4096);
  const lowFree =
    (image.start >= PREFERRED + total || image.end <= PREFERRED) && PREFERRED + total <= PREFERRED_END;
  const address = lowFree ? PREFERRED : top;
  if (!lowFree) top = align(top + total, 4096);

  const moduleAddresses = modules.map((m) => {
    const at = top;
    top = align(top + m.data.length, 4096);
    return at;
  });
  if (top > physical.ramBytes && (modules.length > 0 || !lowFree)) {
    return {
      error: `Image and modules need ${Math.ceil(top / MIB)} MiB of memory, but the machine has ${physical.ramBytes / MIB}. Give it more memory.`,
    };
  }

  const write = (): void => {
    const area = new Uint8Array(total);
    const view = new DataView(area.buffer);
    const modulesAt = align(INFO_BYTES, 8);
    const mmapAt = modulesAt + modules.length * MODULE_BYTES;
    let strings = mmapAt + mmapEntries.length * MMAP_ENTRY_BYTES;
    const put = (text: Uint8Array): number => {
      area.set(text, strings);
      strings += text.length;
      return address + strings - text.length;
    };
    const set = (offset: number, value: number): void => view.setUint32(offset, value, true);

    set(0, INFO_MEMORY | INFO_COMMAND_LINE | INFO_MODULES | INFO_MEMORY_MAP | INFO_LOADER_NAME);
    set(MEM_LOWER, LOWER_END / 1024);
    set(MEM_UPPER, Math.max(0, physical.ramBytes - UPPER_START) / 1024);
    set(CMDLINE, put(commandLine));
    set(MODS_COUNT, modules.length);
    set(MODS_ADDR, address + modulesAt);
    set(MMAP_LENGTH, mmapEntries.length * MMAP_ENTRY_BYTES);
    set(MMAP_ADDR, address + mmapAt);
    set(BOOT_LOADER_NAME, put(loaderName));
    modules.forEach((module, i) => {
      const at = modulesAt + i * MODULE_BYTES;
      set(at, moduleAddresses[i]);
      set(at + 4, moduleAddresses[i] + module.data.length);
      set(at + 8, put(moduleLines[i]));
      physical.writeBytes(moduleAddresses[i], module.data);
    });
    mmapEntries.forEach(([base, end, type], i) => {
      const at = mmapAt + i * MMAP_ENTRY_BYTES;
      set(at, MMAP_ENTRY_BYTES - 4);
      view.setBigUint64(at + 4, BigInt(base), true);
      view.setBigUint64(at + 12, BigInt(end - base), true);
      set(at + 20, type);
    });
    physical.writeBytes(address, area);
  };
  return { address, write };
}

/** Start, end and type of each region. */
function memoryMap(ramBytes: number): [number, number, number][] {
  const map: [number, number, number][] = [
    [0, LOWER_END, AVAILABLE],
    [LOWER_END, UPPER_START, RESERVED],
  ];
  if (ramBytes > UPPER_START) map.push([UPPER_START, ramBytes, AVAILABLE]);
  return map;
}
