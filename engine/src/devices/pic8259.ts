import type { InterruptSource } from '../cpu/cpu';
import type { PortDevice, PortSpace } from './ports';

/**
 * Two cascaded 8259A interrupt controllers as in a PC: master at 0x20, slave at
 * 0xA0 on the master's IR2, edge/level control at 0x4D0. References are to
 * Intel's 8259A data sheet (231468-003).
 */
const MASTER_COMMAND = 0x20;
const SLAVE_COMMAND = 0xa0;
const ELCR = 0x4d0;
/** The slave's request line on the master. */
const CASCADE = 2;

/** ICW1 (data sheet, figure 7). */
const ICW1 = 1 << 4;
const ICW1_NEEDS_ICW4 = 1;
const ICW1_SINGLE = 1 << 1;
const ICW4_AUTO_EOI = 1 << 1;
const ICW4_FULLY_NESTED = 1 << 4;
/** OCW3 (figure 8). */
const OCW3 = 1 << 3;
const OCW3_POLL = 1 << 2;
const OCW3_READ = 1 << 1;
const OCW3_READ_ISR = 1;
const OCW3_SET_SPECIAL_MASK = 1 << 6;
const OCW3_SPECIAL_MASK = 1 << 5;

/** One chip's state; all of it is plain data. */
export interface Pic8259ChipState {
  lines: number;
  irr: number;
  isr: number;
  imr: number;
  elcr: number;
  base: number;
  /** The IR with the lowest priority; the next one has the highest. */
  lowest: number;
  /** Which initialization word is expected: 0 none, 2, 3, 4. */
  expecting: number;
  needsIcw4: boolean;
  single: boolean;
  autoEoi: boolean;
  rotateOnAutoEoi: boolean;
  fullyNested: boolean;
  specialMask: boolean;
  readIsr: boolean;
  poll: boolean;
}

/** Both chips: master, slave. */
export type Pic8259State = [Pic8259ChipState, Pic8259ChipState];

/** One 8259A. */
class Chip {
  /** As firmware leaves it, but with everything masked. */
  state: Pic8259ChipState;

  constructor(
    base: number,
    private readonly elcrMask: number,
    private readonly master: boolean,
  ) {
    this.state = {
      lines: 0,
      irr: 0,
      isr: 0,
      imr: 0xff,
      elcr: 0,
      base,
      lowest: 7,
      expecting: 0,
      needsIcw4: false,
      single: false,
      autoEoi: false,
      rotateOnAutoEoi: false,
      fullyNested: false,
      specialMask: false,
      readIsr: false,
      poll: false,
    };
  }

  /** A request line changes. An edge-triggered request lasts only while its line is high ("the IR input must remain high until after the falling edge of the first INTA"). */
  setLine(ir: number, level: boolean): void {
    const s = this.state;
    const bit = 1 << ir;
    const rising = level && !(s.lines & bit);
    if (level) s.lines |= bit;
    else s.lines &= ~bit;
    if (s.elcr & bit ? level : rising) s.irr |= bit;
    else if (!level) s.irr &= ~bit;
  }

  /** The request to be served next, or −1. */
  request(): number {
    const s = this.state;
    const wanted = s.irr & ~s.imr;
    if (wanted === 0) return -1;
    for (let i = 1; i <= 8; i++) {
      const ir = (s.lowest + i) & 7;
      const bit = 1 << ir;
      // In service: blocks itself and everything below, unless masked in special mask mode.
      const inService = (s.isr & bit) !== 0 && !(s.specialMask && s.imr & bit);
      // Special fully nested mode: the slave may interrupt itself with a higher request.
      const nested = s.fullyNested && this.master && ir === CASCADE;
      if (wanted & bit && (!inService || nested)) return ir;
      if (inService) return -1;
    }
    return -1;
  }

  /** INTA for `ir`: request becomes service. */
  serve(ir: number): void {
    const s = this.state;
    const bit = 1 << ir;
    if (!(s.elcr & bit)) s.irr &= ~bit;
    if (s.autoEoi) {
      if (s.rotateOnAutoEoi) s.lowest = ir;
    } else s.isr |= bit;
  }

  writeCommand(value: number): void {
    const s = this.state;
    if (value & ICW1) {
      const { lines, elcr, base } = s;
      Object.assign(s, {
        irr: elcr & lines,
        isr: 0,
        imr: 0,
        base,
        lowest: 7,
        expecting: 2,
        needsIcw4: (value & ICW1_NEEDS_ICW4) !== 0,
        single: (value & ICW1_SINGLE) !== 0,
        autoEoi: false,
        rotateOnAutoEoi: false,
        fullyNested: false,
        specialMask: false,
        readIsr: false,
        poll: false,
      });
    } else if (value & OCW3) {
      if (value & OCW3_SET_SPECIAL_MASK) s.specialMask = (value & OCW3_SPECIAL_MASK) !== 0;
      if (value & OCW3_READ) s.readIsr = (value & OCW3_READ_ISR) !== 0;
      if (value & OCW3_POLL) s.poll = true;
    } else this.endOfInterrupt(value >> 5, value & 7);
  }

  /** OCW2: rotate, specific level, EOI in bits 7–5 (figure 8). */
  private endOfInterrupt(command: number, level: number): void {
    const s = this.state;
    switch (command) {
      case 0b000:
      case 0b100:
        s.rotateOnAutoEoi = command !== 0;
        break;
      case 0b001:
      case 0b101: {
        const ir = this.highestInService();
        if (ir < 0) break;
        s.isr &= ~(1 << ir);
        if (command & 4) s.lowest = ir;
        break;
      }
      case 0b011:
      case 0b111:
        s.isr &= ~(1 << level);
        if (command & 4) s.lowest = level;
        break;
      case 0b110:
        s.lowest = level;
        break;
    }
  }

  private highestInService(): number {
    const s = this.state;
    for (let i = 1; i <= 8; i++) {
      const ir = (s.lowest + i) & 7;
      // Non-specific EOI leaves levels alone that are masked in special mask mode.
      if (s.isr & (1 << ir) && !(s.specialMask && s.imr & (1 << ir))) return ir;
    }
    return -1;
  }

  writeData(value: number): void {
    const s = this.state;
    switch (s.expecting) {
      case 2:
        s.base = value & 0xf8;
        s.expecting = s.single ? (s.needsIcw4 ? 4 : 0) : 3;
        break;
      case 3: // how the chips are wired: fixed in a PC
        s.expecting = s.needsIcw4 ? 4 : 0;
        break;
      case 4:
        s.autoEoi = (value & ICW4_AUTO_EOI) !== 0;
        s.fullyNested = (value & ICW4_FULLY_NESTED) !== 0;
        s.expecting = 0;
        break;
      default:
        s.imr = value;
    }
  }

  readCommand(): number {
    const s = this.state;
    if (s.poll) {
      s.poll = false;
      const ir = this.request();
      if (ir < 0) return 0;
      this.serve(ir);
      return 0x80 | ir;
    }
    return s.readIsr ? s.isr : s.irr;
  }

  writeElcr(value: number): void {
    this.state.elcr = value & this.elcrMask;
  }
}

/** The PC's pair of interrupt controllers, IRQ 0–15. */
export class Pic8259 implements InterruptSource, PortDevice {
  readonly byteWide = true;
  private readonly master = new Chip(0x08, 0xf8, true);
  private readonly slave = new Chip(0x70, 0xde, false);

  /** @param wires.onChange called when the INTR line may have changed */
  constructor(private readonly wires: { onChange: () => void }) {}

  attach(ports: PortSpace): void {
    ports.attach(MASTER_COMMAND, 2, this);
    ports.attach(SLAVE_COMMAND, 2, this);
    ports.attach(ELCR, 2, this);
  }

  /** A device drives its interrupt line. */
  setIrq(irq: number, level: boolean): void {
    if (irq < 8) this.master.setLine(irq, level);
    else this.slave.setLine(irq - 8, level);
    this.changed();
  }

  pending(): boolean {
    return this.master.request() >= 0;
  }

  /** Both INTA cycles. Nobody there any more: IR7 of the chip that was asked, with nothing in service ("default IR7"). */
  acknowledge(): number {
    const { master, slave } = this;
    const ir = master.request();
    if (ir < 0) return master.state.base + 7;
    master.serve(ir);
    let vector = master.state.base + ir;
    if (ir === CASCADE) {
      const slaveIr = slave.request();
      if (slaveIr >= 0) slave.serve(slaveIr);
      vector = slave.state.base + (slaveIr >= 0 ? slaveIr : 7);
    }
    this.changed();
    return vector;
  }

  readPort(port: number): number {
    const chip = this.chip(port);
    if (port >= ELCR) return chip.state.elcr;
    if (port & 1) return chip.state.imr;
    const value = chip.readCommand();
    this.changed();
    return value;
  }

  writePort(port: number, value: number): void {
    const chip = this.chip(port);
    if (port >= ELCR) chip.writeElcr(value);
    else if (port & 1) chip.writeData(value);
    else chip.writeCommand(value);
    this.changed();
  }

  private chip(port: number): Chip {
    if (port >= ELCR) return port === ELCR ? this.master : this.slave;
    return port < SLAVE_COMMAND ? this.master : this.slave;
  }

  /** The slave's INT output is the master's IR2. */
  private changed(): void {
    const { master, slave } = this;
    const output = slave.request() >= 0;
    // A second slave request while IR2 stays high is a new pulse of the slave's INT.
    if (output && !(master.state.irr & (1 << CASCADE))) master.setLine(CASCADE, false);
    master.setLine(CASCADE, output);
    this.wires.onChange();
  }

  save(): Pic8259State {
    return [{ ...this.master.state }, { ...this.slave.state }];
  }

  load(state: Pic8259State): void {
    this.master.state = { ...state[0] };
    this.slave.state = { ...state[1] };
    this.wires.onChange();
  }
}
