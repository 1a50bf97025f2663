import { type Clock, TICKS_PER_SECOND } from './clock';
import type { PortDevice, PortSpace } from './ports';

/**
 * CMOS RAM and real-time clock (Motorola MC146818A), enough that a guest reads
 * sensible things: time of day, memory size. No alarm and no periodic interrupt.
 * Guest time begins at a fixed date, so runs stay the same.
 */
const INDEX = 0x70;
const DATA = 0x71;

const STATUS_A = 0x0a;
const STATUS_B = 0x0b;
const STATUS_C = 0x0c;
const STATUS_D = 0x0d;
/** Memory above 1 MiB in KiB (two copies), and above 16 MiB in 64 KiB units. */
const EXTENDED_LOW = 0x17;
const EXTENDED_LOW_COPY = 0x30;
const ABOVE_16M = 0x34;
const CENTURY = 0x32;

const DIVIDER_32768HZ = 0x26;
const MODE_24H = 0x02;
const MODE_BINARY = 0x04;
const VALID_RAM = 0x80;

/** The date at clock 0. */
const EPOCH = Date.UTC(2024, 0, 1);

/** State as plain data. */
export interface CmosState {
  index: number;
  ram: number[];
}

/** CMOS RAM with the clock's registers in it. */
export class Cmos implements PortDevice {
  readonly byteWide = true;
  private index = STATUS_D;
  private ram = new Uint8Array(128);

  constructor(
    private readonly clock: Clock,
    ramBytes: number,
  ) {
    const { ram } = this;
    ram[STATUS_A] = DIVIDER_32768HZ;
    ram[STATUS_B] = MODE_24H;
    const extended = Math.min(0xffff, Math.max(0, (ramBytes - 0x100000) / 1024));
    const above = Math.min(0xffff, Math.max(0, (ramBytes - 0x1000000) / 65536));
    for (const [at, value] of [
      [0x15, 640],
      [EXTENDED_LOW, extended],
      [EXTENDED_LOW_COPY, extended],
      [ABOVE_16M, above],
    ]) {
      ram[at] = value & 0xff;
      ram[at + 1] = value >> 8;
    }
  }

  attach(ports: PortSpace): void {
    ports.attach(INDEX, 2, this);
  }

  readPort(port: number): number {
    if (port !== DATA) return 0xff; // the index is write-only
    if (this.index === STATUS_C) return 0;
    if (this.index === STATUS_D) return VALID_RAM;
    return this.timeRegister(this.index) ?? this.ram[this.index];
  }

  writePort(port: number, value: number): void {
    if (port === INDEX)
      this.index = value & 0x7f; // bit 7 masks NMI
    else if (this.index !== STATUS_C && this.index !== STATUS_D) this.ram[this.index] = value;
  }

  /** Registers that follow guest time; setting them is not possible. */
  private timeRegister(index: number): number | undefined {
    const date = new Date(EPOCH + Math.floor(this.clock.now() / TICKS_PER_SECOND) * 1000);
    const values: Record<number, number> = {
      0: date.getUTCSeconds(),
      2: date.getUTCMinutes(),
      4: date.getUTCHours(),
      6: date.getUTCDay() + 1,
      7: date.getUTCDate(),
      8: date.getUTCMonth() + 1,
      9: date.getUTCFullYear() % 100,
      [CENTURY]: Math.floor(date.getUTCFullYear() / 100),
    };
    const value = values[index];
    if (value === undefined || this.ram[STATUS_B] & MODE_BINARY) return value;
    return (Math.floor(value / 10) << 4) | (value % 10);
  }

  save(): CmosState {
    return { index: this.index, ram: [...this.ram] };
  }

  load(state: CmosState): void {
    this.index = state.index;
    this.ram = Uint8Array.from(state.ram);
  }
}
