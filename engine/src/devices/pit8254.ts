import { type Clock, TICKS_PER_SECOND, type Timer } from './clock';
import type { PortDevice, PortSpace } from './ports';

/**
 * The 8254 programmable interval timer of a PC and port 0x61, which gates
 * channel 2 (Intel 8254 data sheet 231164; table and figure numbers are its).
 *
 * A channel stores when its count was loaded; counter value and output are
 * functions of the time since then, so nothing runs between accesses except one
 * timer for the next edge of channel 0, which is IRQ 0.
 */
const CHANNEL0 = 0x40;
const CONTROL = 0x43;
const PORT_B = 0x61;

/** Input clock of all channels in a PC, Hz. */
export const PIT_HZ = 1193182;

/** Control word (figure 7). */
const RW_LATCH = 0;
const RW_LOW = 1;
const RW_HIGH = 2;
const SELECT_READ_BACK = 3;
/** Read-back command (figure 11): these bits are active low. */
const READ_BACK_NO_COUNT = 1 << 5;
const READ_BACK_NO_STATUS = 1 << 4;
/** Status byte (figure 12). */
const STATUS_OUT = 1 << 7;
const STATUS_NULL_COUNT = 1 << 6;

/** Port B: bits 0 and 1 are the guest's, 4 toggles with memory refresh, 5 is OUT of channel 2. */
const PORT_B_GATE = 1;
const PORT_B_WRITABLE = 3;
const PORT_B_REFRESH = 1 << 4;
const PORT_B_OUT = 1 << 5;
const REFRESH_TICKS = 15085;

/** One channel as plain data. Times are in PIT clocks since power-on. */
export interface PitChannelState {
  mode: number;
  rw: number;
  bcd: boolean;
  /** Initial count, 1 … 65536. */
  count: number;
  /** Clock at which counting began (or was triggered); undefined: not counting. */
  start: number | undefined;
  /** Clocks counted when the gate stopped counting. */
  paused: number | undefined;
  gate: boolean;
  /** Low byte written, high byte still to come. */
  lowByte: number | undefined;
  /** The next read gives the high byte. */
  readHigh: boolean;
  latched: number | undefined;
  latchedStatus: number | undefined;
}

/** State of the whole chip with port 0x61. */
export interface Pit8254State {
  channels: PitChannelState[];
  portB: number;
}

/** PIT clocks since power-on at an instruction-clock value. */
export function pitClocks(ticks: number): number {
  const seconds = Math.floor(ticks / TICKS_PER_SECOND);
  const rest = ticks - seconds * TICKS_PER_SECOND;
  // The product is below 2^53, and no quotient is near enough to a whole number to be rounded to it.
  return seconds * PIT_HZ + Math.floor((rest * PIT_HZ) / TICKS_PER_SECOND);
}

/** The first instruction-clock value at which `clocks` PIT clocks have passed. */
export function ticksOf(clocks: number): number {
  const seconds = Math.floor(clocks / PIT_HZ);
  const rest = clocks - seconds * PIT_HZ;
  return seconds * TICKS_PER_SECOND + Math.ceil((rest * TICKS_PER_SECOND) / PIT_HZ);
}

const toBcd = (n: number): number =>
  (n % 10) |
  ((Math.floor(n / 10) % 10) << 4) |
  ((Math.floor(n / 100) % 10) << 8) |
  ((Math.floor(n / 1000) % 10) << 12);
const fromBcd = (n: number): number =>
  (n & 15) + ((n >> 4) & 15) * 10 + ((n >> 8) & 15) * 100 + ((n >> 12) & 15) * 1000;

/** Waiting for a count: nothing written, latched or half read. */
const idle = (gate: boolean): Omit<PitChannelState, 'mode' | 'rw' | 'bcd' | 'count'> => ({
  start: undefined,
  paused: undefined,
  gate,
  lowByte: undefined,
  readHigh: false,
  latched: undefined,
  latchedStatus: undefined,
});

/** One counter. */
class Channel {
  state: PitChannelState;

  constructor(gate: boolean) {
    this.state = { mode: 3, rw: 3, bcd: false, count: 65536, ...idle(gate) };
  }

  /** Modes 1 and 5 wait for a rising gate; 2 and 3 repeat. */
  private get triggered(): boolean {
    return this.state.mode === 1 || this.state.mode === 5;
  }

  private get periodic(): boolean {
    return this.state.mode === 2 || this.state.mode === 3;
  }

  control(rw: number, mode: number, bcd: boolean): void {
    // Bit 2 is "don't care" for modes 2 and 3.
    Object.assign(this.state, { mode: mode > 5 ? mode - 4 : mode, rw, bcd, ...idle(this.state.gate) });
  }

  /** A byte of the initial count. */
  write(value: number, now: number): void {
    const s = this.state;
    if (s.rw === RW_LOW) this.load(value, now);
    else if (s.rw === RW_HIGH) this.load(value << 8, now);
    else if (s.lowByte === undefined) {
      s.lowByte = value;
      if (s.mode === 0) s.start = s.paused = undefined; // writing the first byte stops counting in mode 0
    } else {
      const low = s.lowByte;
      s.lowByte = undefined;
      this.load((value << 8) | low, now);
    }
  }

  private load(raw: number, now: number): void {
    const s = this.state;
    const range = s.bcd ? 10000 : 65536;
    s.count = (s.bcd ? fromBcd(raw) : raw) || range;
    if (this.triggered) return;
    // Modes 2 and 3 also restart at once; the chip would finish the running period first.
    s.start = s.gate ? now : undefined;
    s.paused = s.gate ? undefined : 0;
  }

  setGate(gate: boolean, now: number): void {
    const s = this.state;
    if (gate === s.gate) return;
    const elapsed = this.elapsed(now);
    s.gate = gate;
    if (this.triggered) {
      if (gate) s.start = now;
    } else if (elapsed !== undefined) {
      if (!gate) {
        s.paused = elapsed;
        s.start = undefined;
      } else {
        // A rising gate starts modes 2 and 3 afresh (table 1 of "gate pin operations").
        s.start = this.periodic ? now : now - s.paused!;
        s.paused = undefined;
      }
    }
  }

  /** Clocks counted since the count was loaded; undefined before that. */
  private elapsed(now: number): number | undefined {
    const { start, paused } = this.state;
    return start !== undefined ? now - start : paused;
  }

  output(now: number): boolean {
    const s = this.state;
    const elapsed = this.elapsed(now);
    if (elapsed === undefined) return s.mode !== 0;
    const n = s.count;
    switch (s.mode) {
      case 0:
      case 1:
        return elapsed >= n;
      case 2:
        return !s.gate || elapsed % n !== n - 1 || n === 1;
      case 3:
        return !s.gate || elapsed % n < Math.ceil(n / 2);
      default:
        return elapsed !== n;
    }
  }

  /** Clock of the next change of the output, or undefined if there is none without an access. */
  nextEdge(now: number): number | undefined {
    const { mode, count: n, start } = this.state;
    if (start === undefined) return undefined;
    const elapsed = now - start;
    const period = elapsed - (elapsed % n);
    const at = (edge: number): number | undefined => (edge > elapsed ? start + edge : undefined);
    switch (mode) {
      case 0:
      case 1:
        return at(n);
      case 2:
        return n === 1 ? undefined : (at(period + n - 1) ?? at(period + n));
      case 3:
        return at(period + Math.ceil(n / 2)) ?? at(period + n);
      default:
        return at(n) ?? at(n + 1);
    }
  }

  private counter(now: number): number {
    const s = this.state;
    const n = s.count;
    const range = s.bcd ? 10000 : 65536;
    const elapsed = this.elapsed(now) ?? 0;
    let value: number;
    if (s.mode === 2) value = n - (elapsed % n);
    else if (s.mode === 3) {
      // Counts down by two, once per half of the wave.
      const phase = elapsed % n;
      const half = Math.ceil(n / 2);
      value = (n & ~1) - 2 * (phase < half ? phase : phase - half);
      if (value <= 0) value = n & ~1;
    } else value = (((n - elapsed) % range) + range) % range;
    value %= range;
    return s.bcd ? toBcd(value) : value;
  }

  latchCount(now: number): void {
    this.state.latched ??= this.counter(now);
  }

  latchStatus(now: number): void {
    const s = this.state;
    s.latchedStatus ??=
      (this.output(now) ? STATUS_OUT : 0) |
      (this.elapsed(now) === undefined ? STATUS_NULL_COUNT : 0) |
      (s.rw << 4) |
      (s.mode << 1) |
      (s.bcd ? 1 : 0);
  }

  read(now: number): number {
    const s = this.state;
    if (s.latchedStatus !== undefined) {
      const status = s.latchedStatus;
      s.latchedStatus = undefined;
      return status;
    }
    const value = s.latched ?? this.counter(now);
    const high = s.rw === RW_HIGH || (s.rw === 3 && s.readHigh);
    if (s.rw === 3) s.readHigh = !s.readHigh;
    // A latched count is held until all of it has been read.
    if (s.rw !== 3 || high) s.latched = undefined;
    return high ? value >> 8 : value & 0xff;
  }
}

/** The timer chip. */
export class Pit8254 implements PortDevice {
  readonly byteWide = true;
  private readonly channels = [new Channel(true), new Channel(true), new Channel(false)];
  private portB = 0;
  private irq = false;
  private timer: Timer | undefined;

  /** @param setIrq channel 0's output, wired to IRQ 0 */
  constructor(
    private readonly clock: Clock,
    private readonly setIrq: (level: boolean) => void,
  ) {}

  attach(ports: PortSpace): void {
    ports.attach(CHANNEL0, 4, this);
    ports.attach(PORT_B, 1, this);
  }

  private now(): number {
    return pitClocks(this.clock.now());
  }

  readPort(port: number): number {
    const now = this.now();
    if (port === PORT_B) {
      const refresh = Math.floor(this.clock.now() / REFRESH_TICKS) & 1 ? PORT_B_REFRESH : 0;
      return this.portB | refresh | (this.channels[2].output(now) ? PORT_B_OUT : 0);
    }
    return port === CONTROL ? 0xff : this.channels[port - CHANNEL0].read(now);
  }

  writePort(port: number, value: number): void {
    const now = this.now();
    if (port === PORT_B) {
      this.portB = value & PORT_B_WRITABLE;
      this.channels[2].setGate((value & PORT_B_GATE) !== 0, now);
    } else if (port === CONTROL) this.control(value, now);
    else this.channels[port - CHANNEL0].write(value, now);
    this.update();
  }

  private control(value: number, now: number): void {
    const select = value >> 6;
    const rw = (value >> 4) & 3;
    if (select === SELECT_READ_BACK) {
      for (let i = 0; i < 3; i++) {
        if (!(value & (2 << i))) continue;
        if (!(value & READ_BACK_NO_COUNT)) this.channels[i].latchCount(now);
        if (!(value & READ_BACK_NO_STATUS)) this.channels[i].latchStatus(now);
      }
    } else if (rw === RW_LATCH) this.channels[select].latchCount(now);
    else this.channels[select].control(rw, (value >> 1) & 7, (value & 1) !== 0);
  }

  /** Drives IRQ 0 and waits for its next edge. */
  private update(): void {
    const now = this.now();
    const level = this.channels[0].output(now);
    if (level !== this.irq) {
      this.irq = level;
      this.setIrq(level);
    }
    this.timer?.cancel();
    const edge = this.channels[0].nextEdge(now);
    this.timer = edge === undefined ? undefined : this.clock.schedule(ticksOf(edge), () => this.update());
  }

  save(): Pit8254State {
    return { channels: this.channels.map((c) => ({ ...c.state })), portB: this.portB };
  }

  load(state: Pit8254State): void {
    for (let i = 0; i < 3; i++) this.channels[i].state = { ...state.channels[i] };
    this.portB = state.portB;
    // The interrupt controller restores its own lines: no edge is made here.
    this.irq = this.channels[0].output(this.now());
    this.update();
  }
}
