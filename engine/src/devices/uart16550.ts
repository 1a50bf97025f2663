import type { PortDevice, PortSpace } from './ports';

/**
 * A 16550A serial port as COM1 of a PC (National PC16550D data sheet; register
 * names and bits of its table 2). Characters leave at once: the line has no
 * speed, so the transmitter is always empty again after a write.
 */
const COM1 = 0x3f8;

/** Registers by port offset. DLAB (LCR bit 7) maps the divisor over the first two. */
const RBR_THR = 0;
const IER = 1;
const IIR_FCR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;
const SCR = 7;

const IER_RECEIVE = 1;
const IER_TRANSMIT = 2;
const IER_LINE = 4;
const IER_MODEM = 8;

const IIR_NONE = 1;
const IIR_MODEM = 0;
const IIR_TRANSMIT = 2;
const IIR_RECEIVE = 4;
const IIR_LINE = 6;
const IIR_TIMEOUT = 0xc;
const IIR_FIFOS = 0xc0;

const FCR_ENABLE = 1;
const FCR_CLEAR_RECEIVE = 2;
const FCR_TRIGGER = [1, 4, 8, 14];

const LCR_DLAB = 0x80;

const MCR_DTR = 1;
const MCR_RTS = 2;
const MCR_OUT1 = 4;
/** In a PC this pin lets the interrupt through to the controller. */
const MCR_OUT2 = 8;
const MCR_LOOP = 0x10;

const LSR_DATA_READY = 1;
const LSR_OVERRUN = 2;
const LSR_TRANSMITTER_EMPTY = 0x60;

const MSR_CTS = 0x10;
const MSR_DSR = 0x20;
const MSR_RI = 0x40;
const MSR_DCD = 0x80;
/** What the far end of the cable shows. */
const CONNECTED = MSR_CTS | MSR_DSR | MSR_DCD;

const FIFO_DEPTH = 16;

/** Everything the guest can see, as plain data. */
export interface Uart16550State {
  ier: number;
  fcr: number;
  lcr: number;
  mcr: number;
  scr: number;
  divisor: number;
  overrun: boolean;
  modemDelta: number;
  transmitInterrupt: boolean;
  fifo: number[];
  /** Received from the host, not yet in the FIFO. */
  waiting: number[];
}

function powerOn(): Uart16550State {
  return {
    ier: 0,
    fcr: 0,
    lcr: 0,
    mcr: 0,
    scr: 0,
    divisor: 12, // 9600 baud
    overrun: false,
    modemDelta: 0,
    transmitInterrupt: false,
    fifo: [],
    waiting: [],
  };
}

/** One serial port. */
export class Uart16550 implements PortDevice {
  readonly byteWide = true;
  /** Event out: the guest has sent a character. */
  onTransmit: (byte: number) => void = () => {};

  private state = powerOn();
  private line = false;

  /** @param wires.setIrq the interrupt line (IRQ 4 for COM1) */
  constructor(private readonly wires: { setIrq: (level: boolean) => void }) {}

  attach(ports: PortSpace, base = COM1): void {
    ports.attach(base, 8, this);
  }

  /** Event in: characters arrive. What does not fit into the receiver waits, as if the sender honoured flow control. */
  receive(bytes: Uint8Array): void {
    this.state.waiting.push(...bytes);
    this.refill();
    this.updateLine();
  }

  readPort(port: number): number {
    const s = this.state;
    const offset = port & 7;
    switch (offset) {
      case RBR_THR: {
        if (s.lcr & LCR_DLAB) return s.divisor & 0xff;
        const byte = s.fifo.shift() ?? 0;
        this.refill();
        this.updateLine();
        return byte;
      }
      case IER:
        return s.lcr & LCR_DLAB ? s.divisor >> 8 : s.ier;
      case IIR_FCR: {
        const cause = this.cause();
        // Reading IIR acknowledges the transmitter interrupt it reports (table 3).
        if (cause === IIR_TRANSMIT) {
          s.transmitInterrupt = false;
          this.updateLine();
        }
        return cause | (s.fcr & FCR_ENABLE ? IIR_FIFOS : 0);
      }
      case LCR:
        return s.lcr;
      case MCR:
        return s.mcr;
      case LSR: {
        const value =
          LSR_TRANSMITTER_EMPTY | (s.fifo.length ? LSR_DATA_READY : 0) | (s.overrun ? LSR_OVERRUN : 0);
        s.overrun = false;
        this.updateLine();
        return value;
      }
      case MSR: {
        const value = this.modemLines() | s.modemDelta;
        s.modemDelta = 0;
        this.updateLine();
        return value;
      }
      default:
        return s.scr;
    }
  }

  writePort(port: number, value: number): void {
    const s = this.state;
    switch (port & 7) {
      case RBR_THR:
        if (s.lcr & LCR_DLAB) s.divisor = (s.divisor & 0xff00) | value;
        else this.transmit(value);
        break;
      case IER:
        if (s.lcr & LCR_DLAB) s.divisor = (s.divisor & 0xff) | (value << 8);
        else {
          // Enabling the transmitter interrupt while THR is empty raises it.
          if (value & IER_TRANSMIT && !(s.ier & IER_TRANSMIT)) s.transmitInterrupt = true;
          s.ier = value & 0xf;
        }
        break;
      case IIR_FCR:
        // Switching the FIFOs on or off empties them (8.5).
        if ((value ^ s.fcr) & FCR_ENABLE || value & FCR_CLEAR_RECEIVE) s.fifo.length = 0;
        s.fcr = value & (FCR_ENABLE | 0xc0);
        this.refill();
        break;
      case LCR:
        s.lcr = value;
        break;
      case MCR: {
        const before = this.modemLines();
        s.mcr = value & 0x1f;
        this.noteModemChange(before);
        this.refill();
        break;
      }
      case SCR:
        s.scr = value;
        break;
      case LSR: // factory test only
      case MSR:
        break;
    }
    this.updateLine();
  }

  private transmit(byte: number): void {
    const s = this.state;
    // Writing THR clears the interrupt; the character leaves at once and raises it again.
    s.transmitInterrupt = false;
    this.updateLine();
    if (s.mcr & MCR_LOOP) this.loopBack(byte);
    else this.onTransmit(byte);
    s.transmitInterrupt = true;
  }

  /** In loop-back the receiver has no flow control: what does not fit is an overrun. */
  private loopBack(byte: number): void {
    const s = this.state;
    if (s.fifo.length < this.depth) s.fifo.push(byte);
    else {
      s.overrun = true;
      // Without FIFOs the new character replaces the unread one (LSR bit 1).
      if (this.depth === 1) s.fifo[0] = byte;
    }
  }

  private get depth(): number {
    return this.state.fcr & FCR_ENABLE ? FIFO_DEPTH : 1;
  }

  /** Moves what has arrived into the FIFO. In loop-back the receiver is cut off from the line. */
  private refill(): void {
    const s = this.state;
    if (s.mcr & MCR_LOOP) return;
    while (s.waiting.length > 0 && s.fifo.length < this.depth) s.fifo.push(s.waiting.shift()!);
  }

  /** MSR bits 4–7; in loop-back they come from MCR (8.6). */
  private modemLines(): number {
    const { mcr } = this.state;
    if (!(mcr & MCR_LOOP)) return CONNECTED;
    return (
      (mcr & MCR_RTS ? MSR_CTS : 0) |
      (mcr & MCR_DTR ? MSR_DSR : 0) |
      (mcr & MCR_OUT1 ? MSR_RI : 0) |
      (mcr & MCR_OUT2 ? MSR_DCD : 0)
    );
  }

  /** MSR bits 0–3: CTS, DSR and DCD changed, RI fell. */
  private noteModemChange(before: number): void {
    const after = this.modemLines();
    const changed = ((before ^ after) & (MSR_CTS | MSR_DSR | MSR_DCD)) >> 4;
    const ringEnded = before & ~after & MSR_RI ? 4 : 0;
    this.state.modemDelta |= changed | ringEnded;
  }

  /** The highest-priority interrupt cause (table 3). A FIFO below its trigger level counts as timed out at once. */
  private cause(): number {
    const s = this.state;
    if (s.ier & IER_LINE && s.overrun) return IIR_LINE;
    if (s.ier & IER_RECEIVE && s.fifo.length > 0) {
      const trigger = s.fcr & FCR_ENABLE ? FCR_TRIGGER[s.fcr >> 6] : 1;
      return s.fifo.length >= trigger ? IIR_RECEIVE : IIR_TIMEOUT;
    }
    if (s.ier & IER_TRANSMIT && s.transmitInterrupt) return IIR_TRANSMIT;
    if (s.ier & IER_MODEM && s.modemDelta) return IIR_MODEM;
    return IIR_NONE;
  }

  private updateLine(): void {
    const { mcr } = this.state;
    // Loop-back forces the OUT2 pin inactive.
    const level = this.cause() !== IIR_NONE && (mcr & (MCR_OUT2 | MCR_LOOP)) === MCR_OUT2;
    if (level === this.line) return;
    this.line = level;
    this.wires.setIrq(level);
  }

  save(): Uart16550State {
    return { ...this.state, fifo: [...this.state.fifo], waiting: [...this.state.waiting] };
  }

  load(state: Uart16550State): void {
    this.state = { ...state, fifo: [...state.fifo], waiting: [...state.waiting] };
    this.updateLine();
  }
}
