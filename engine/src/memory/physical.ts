/**
 * A device that answers physical addresses instead of RAM. Values of 8-byte
 * accesses are bigints, smaller ones unsigned numbers.
 */
export interface MmioDevice {
  read(address: number, size: 1 | 2 | 4 | 8): number | bigint;
  write(address: number, size: 1 | 2 | 4 | 8, value: number | bigint): void;
}

interface MmioRegion {
  base: number;
  end: number;
  device: MmioDevice;
}

/** Bytes of a page and its binary logarithm. */
export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12;

/** A page's mark: why writes to it are reported. */
const enum Mark {
  /** The block cache has translations from it. */
  CODE = 1,
  /** One of the writes, of those that remain, which are reported as to a paging structure. */
  TABLE_WRITE = 2,
  /** A walk has read an entry: at least so many writes are reported. One more than that, and it is an ordinary page. */
  TABLE = 16,
}

/**
 * Guest-physical memory: contiguous RAM from address 0 (there is no legacy hole
 * at 640 KiB; firmware tables and the multiboot memory map keep guests off it),
 * device regions above RAM, and nothing elsewhere: reads give all ones and
 * writes vanish, as on a PCI bus nobody claims.
 *
 * Addresses are JavaScript numbers (exact to 2^52). RAM lies inside the
 * machine's one `WebAssembly.Memory`, which must not grow afterwards.
 *
 * Every write passes here or through a write tag of the soft TLB, and the TLB
 * never holds a write tag for a page with a mark ({@link marks}): so nobody can
 * change translated code or a watched paging structure without {@link onCodeWrite}
 * or {@link onTableWrite} being called.
 */
export class PhysicalMemory {
  /** Guest RAM. Read freely; write through the methods, or code is not noticed. */
  readonly ram: Uint8Array;
  readonly view: DataView;
  /** Byte offset of guest-physical 0 in the WebAssembly.Memory. */
  readonly hostOffset: number;
  readonly ramBytes: number;
  /** One byte a page, nonzero while writes to it are reported ({@link markCode}, {@link markTable}). */
  readonly marks: Uint8Array;
  /** Called before `size` bytes at `offset` of a page with translated code change. */
  onCodeWrite: (page: number, offset: number, size: number) => void = () => {};
  /** Called before a watched paging structure changes. */
  onTableWrite: () => void = () => {};
  /** Called when a page gets its first mark; the soft TLB drops its write tags. */
  onMark: (page: number) => void = () => {};

  private readonly regions: MmioRegion[] = [];

  /** @param options.ramOffset and ramBytes are multiples of the page size. */
  constructor(options: { memory: WebAssembly.Memory; ramOffset: number; ramBytes: number }) {
    const { memory, ramOffset, ramBytes } = options;
    this.ram = new Uint8Array(memory.buffer, ramOffset, ramBytes);
    this.view = new DataView(memory.buffer, ramOffset, ramBytes);
    this.hostOffset = ramOffset;
    this.ramBytes = ramBytes;
    this.marks = new Uint8Array(ramBytes / PAGE_SIZE);
  }

  /**
   * Makes `device` answer [base, base + size), which lies above RAM. The answer moves the region; where it then
   * lies over RAM, the RAM answers.
   */
  attachMmio(base: number, size: number, device: MmioDevice): (base: number) => void {
    if (base < this.ramBytes) throw new RangeError('an MMIO region must lie above RAM');
    const region = { base, end: base + size, device };
    this.regions.push(region);
    return (to) => {
      region.base = to;
      region.end = to + size;
    };
  }

  // --- reported writes --------------------------------------------------------

  /** The block cache has translated code from `page`: report writes to it from now on. */
  markCode(page: number): void {
    this.mark(page, Mark.CODE);
  }

  /** The block cache has nothing from `page` any more. */
  unmarkCode(page: number): void {
    if (page < this.marks.length) this.marks[page] &= ~Mark.CODE;
  }

  /**
   * A walk has read an entry of a paging structure in `page`: report the writes to it. A page that is written
   * again and again without being walked through is no paging structure any more and loses the mark.
   */
  markTable(page: number): void {
    this.mark(page, Mark.TABLE);
  }

  private mark(page: number, mark: Mark): void {
    const old = this.marks[page];
    if (page >= this.marks.length || (old & mark) !== 0) return;
    this.marks[page] = old | mark;
    if (old === 0) this.onMark(page);
  }

  private noteWrite(address: number, size: number): void {
    const first = address >>> PAGE_SHIFT;
    const last = (address + size - 1) >>> PAGE_SHIFT;
    for (let page = first; page <= last; page++) {
      const mark = this.marks[page];
      if (mark >= Mark.TABLE_WRITE) {
        this.marks[page] = mark - Mark.TABLE_WRITE;
        this.onTableWrite();
      }
      if (!(mark & Mark.CODE)) continue;
      const from = Math.max(address, page * PAGE_SIZE);
      const to = Math.min(address + size, (page + 1) * PAGE_SIZE);
      this.onCodeWrite(page, from - page * PAGE_SIZE, to - from);
    }
  }

  // --- reads ------------------------------------------------------------------

  read8(address: number): number {
    return address < this.ramBytes ? this.ram[address] : this.readOutside(address, 1);
  }

  read16(address: number): number {
    return address + 2 <= this.ramBytes ? this.view.getUint16(address, true) : this.readOutside(address, 2);
  }

  read32(address: number): number {
    return address + 4 <= this.ramBytes ? this.view.getUint32(address, true) : this.readOutside(address, 4);
  }

  read64(address: number): bigint {
    return address + 8 <= this.ramBytes ? this.view.getBigUint64(address, true) : this.readOutside64(address);
  }

  /** A copy of `length` bytes; what is not RAM reads as all ones (devices are not disturbed). */
  readBytes(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length).fill(0xff);
    if (address < this.ramBytes)
      bytes.set(this.ram.subarray(address, Math.min(address + length, this.ramBytes)));
    return bytes;
  }

  // --- writes -----------------------------------------------------------------

  write8(address: number, value: number): void {
    if (address >= this.ramBytes) {
      this.writeOutside(address, 1, value);
      return;
    }
    if (this.marks[address >>> PAGE_SHIFT]) this.noteWrite(address, 1);
    this.ram[address] = value;
  }

  write16(address: number, value: number): void {
    if (address + 2 > this.ramBytes) {
      this.writeOutside(address, 2, value);
      return;
    }
    if (this.isMarked(address, 2)) this.noteWrite(address, 2);
    this.view.setUint16(address, value, true);
  }

  write32(address: number, value: number): void {
    if (address + 4 > this.ramBytes) {
      this.writeOutside(address, 4, value);
      return;
    }
    if (this.isMarked(address, 4)) this.noteWrite(address, 4);
    this.view.setUint32(address, value, true);
  }

  write64(address: number, value: bigint): void {
    if (address + 8 > this.ramBytes) {
      this.writeOutside(address, 8, value);
      return;
    }
    if (this.isMarked(address, 8)) this.noteWrite(address, 8);
    this.view.setBigUint64(address, value, true);
  }

  /** Copies into RAM (loaders, DMA, the debugger); bytes beyond RAM are dropped. */
  writeBytes(address: number, bytes: Uint8Array): void {
    if (address >= this.ramBytes || bytes.length === 0) return;
    const fitting = bytes.subarray(0, this.ramBytes - address);
    this.noteWrite(address, fitting.length);
    this.ram.set(fitting, address);
  }

  /** Fills RAM with one byte value; what lies beyond RAM is dropped. */
  fill(address: number, length: number, value: number): void {
    if (address >= this.ramBytes || length <= 0) return;
    const end = Math.min(address + length, this.ramBytes);
    this.noteWrite(address, end - address);
    this.ram.fill(value, address, end);
  }

  private isMarked(address: number, size: number): boolean {
    return (this.marks[address >>> PAGE_SHIFT] | this.marks[(address + size - 1) >>> PAGE_SHIFT]) !== 0;
  }

  // --- outside RAM --------------------------------------------------------------

  private regionAt(address: number): MmioRegion | undefined {
    for (const region of this.regions) if (address >= region.base && address < region.end) return region;
    return undefined;
  }

  private readOutside(address: number, size: 1 | 2 | 4): number {
    const region = this.regionAt(address);
    if (region) {
      const value = Number(region.device.read(address, size));
      return size === 4 ? value >>> 0 : value & (size === 2 ? 0xffff : 0xff);
    }
    if (address >= this.ramBytes) return size === 4 ? 0xffffffff : size === 2 ? 0xffff : 0xff;
    // Across the end of RAM: byte by byte.
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.read8(address + i);
    return value;
  }

  private readOutside64(address: number): bigint {
    const region = this.regionAt(address);
    if (region) return BigInt.asUintN(64, BigInt(region.device.read(address, 8)));
    if (address >= this.ramBytes) return 0xffffffffffffffffn;
    let value = 0n;
    for (let i = 7; i >= 0; i--) value = (value << 8n) | BigInt(this.read8(address + i));
    return value;
  }

  private writeOutside(address: number, size: 1 | 2 | 4 | 8, value: number | bigint): void {
    const region = this.regionAt(address);
    if (region) {
      if (typeof value === 'bigint') region.device.write(address, size, BigInt.asUintN(64, value));
      else
        region.device.write(address, size, size === 4 ? value >>> 0 : value & (size === 2 ? 0xffff : 0xff));
    } else if (address < this.ramBytes) {
      const whole = BigInt(value);
      for (let i = 0; i < size; i++)
        this.write8(address + i, Number(BigInt.asUintN(8, whole >> BigInt(8 * i))));
    }
  }
}
