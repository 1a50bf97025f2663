import { PAGE_SHIFT, PAGE_SIZE, type PhysicalMemory } from './physical';
import type { WalkMemory } from './walk';

/** Has writes to the paging structures reported that walks go through. */
export class WatchedTables implements WalkMemory {
  constructor(
    private readonly physical: PhysicalMemory,
    /** An entry was read where nobody reports writes: from a device. */
    private readonly onDevice: () => void,
  ) {}

  read32(address: number): number {
    this.mark(address);
    return this.physical.read32(address);
  }

  read64(address: number): bigint {
    this.mark(address);
    return this.physical.read64(address);
  }

  private mark(address: number): void {
    if (address < this.physical.ramBytes) this.physical.markTable(address >>> PAGE_SHIFT);
    else this.onDevice();
  }
}

/** Notes whether a walk reads an entry in a page. */
export class WatchedPage implements WalkMemory {
  touched = false;

  constructor(
    private readonly physical: WalkMemory,
    private readonly page: number,
  ) {}

  read32(address: number): number {
    this.note(address);
    return this.physical.read32(address);
  }

  read64(address: number): bigint {
    this.note(address);
    return this.physical.read64(address);
  }

  private note(address: number): void {
    if (address >= this.page && address < this.page + PAGE_SIZE) this.touched = true;
  }
}
