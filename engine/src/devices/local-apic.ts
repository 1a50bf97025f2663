import type { InterruptSource } from '../cpu/cpu';
import type { MmioDevice } from '../memory/physical';
import type { Clock, Timer } from './clock';

/**
 * The processor's local APIC in xAPIC mode (SDM 3A chapter 11): its registers in
 * memory, the timer, and interrupts by priority. The 8259s come through LINT0,
 * as firmware sets it up ("virtual wire mode"), or past a disabled APIC.
 */

/** Where the registers lie unless IA32_APIC_BASE says otherwise. */
export const LOCAL_APIC_BASE = 0xfee00000;
/** Bytes of the page they have. */
export const LOCAL_APIC_BYTES = 4096;

/** Register offsets (SDM 3A Table 11-1). */
const enum Register {
  ID = 0x20,
  VERSION = 0x30,
  TPR = 0x80,
  APR = 0x90,
  PPR = 0xa0,
  EOI = 0xb0,
  LDR = 0xd0,
  DFR = 0xe0,
  SVR = 0xf0,
  ISR = 0x100,
  TMR = 0x180,
  IRR = 0x200,
  ESR = 0x280,
  ICR_LOW = 0x300,
  ICR_HIGH = 0x310,
  LVT_TIMER = 0x320,
  LVT_THERMAL = 0x330,
  LVT_COUNTER = 0x340,
  LVT_LINT0 = 0x350,
  LVT_LINT1 = 0x360,
  LVT_ERROR = 0x370,
  INITIAL_COUNT = 0x380,
  CURRENT_COUNT = 0x390,
  DIVIDE = 0x3e0,
}

/** An integrated APIC with six LVT entries. */
const VERSION = 0x00050014;

const enum Svr {
  ENABLED = 1 << 8,
  /** Vector, enable, focus checking. */
  WRITABLE = 0x3ff,
}

/** Bits of LVT entries and of the ICR. */
const enum Lvt {
  VECTOR = 0xff,
  MODE = 7 << 8,
  EXTINT = 7 << 8,
  MASKED = 1 << 16,
  PERIODIC = 1 << 17,
}

/** Delivery modes (SDM 3A 11.6.1). */
const enum Delivery {
  FIXED = 0,
  LOWEST = 1,
  NMI = 4,
}

/** Error status (SDM 3A 11.5.3). */
const enum Esr {
  SEND_ILLEGAL_VECTOR = 1 << 5,
  RECEIVE_ILLEGAL_VECTOR = 1 << 6,
  ILLEGAL_REGISTER = 1 << 7,
}

/** Writable bits of the LVT entries. */
const LVT_WRITABLE: ReadonlyMap<number, number> = new Map<number, number>([
  [Register.LVT_TIMER, 0x300ff],
  [Register.LVT_THERMAL, 0x107ff],
  [Register.LVT_COUNTER, 0x107ff],
  [Register.LVT_LINT0, 0x1a7ff],
  [Register.LVT_LINT1, 0x1a7ff],
  [Register.LVT_ERROR, 0x100ff],
]);

/** What the APIC needs of its surroundings. */
export interface LocalApicWires {
  clock: Clock;
  /** The 8259s, on LINT0. */
  pic: InterruptSource;
  /** IA32_APIC_BASE's enable bit. */
  enabled: () => boolean;
  /** CR8: bits 7–4 of the task priority (SDM 3A 11.8.6). */
  taskClass: () => number;
  setTaskClass: (value: number) => void;
  /** What is pending may have changed. */
  onChange: () => void;
  /** A message the machine cannot deliver: an NMI to the processor itself. */
  unsupported: (explanation: string) => void;
}

/** All of it is plain data. */
export interface LocalApicState {
  id: number;
  taskSubclass: number;
  ldr: number;
  dfr: number;
  svr: number;
  esr: number;
  errors: number;
  icr: [number, number];
  lvt: [number, number][];
  /** 256 bits each, 32 an element. */
  isr: number[];
  irr: number[];
  divide: number;
  initialCount: number;
  /** Clock at which the count was loaded. */
  loadedAt: number;
  /** A one-shot count has reached zero. */
  expired: boolean;
}

function highest(words: readonly number[]): number {
  for (let i = 7; i >= 0; i--) if (words[i] !== 0) return i * 32 + 31 - Math.clz32(words[i]);
  return -1;
}

export class LocalApic implements InterruptSource, MmioDevice {
  private state: LocalApicState = {
    id: 0,
    taskSubclass: 0,
    ldr: 0,
    dfr: 0xffffffff,
    svr: 0xff | Svr.ENABLED,
    esr: 0,
    errors: 0,
    icr: [0, 0],
    // As firmware leaves it: the 8259s on LINT0, NMI on LINT1.
    lvt: [...LVT_WRITABLE.keys()].map((register): [number, number] => [
      register,
      register === Register.LVT_LINT0 ? 0x8700 : register === Register.LVT_LINT1 ? 0x8400 : Lvt.MASKED,
    ]),
    isr: new Array(8).fill(0),
    irr: new Array(8).fill(0),
    divide: 0,
    initialCount: 0,
    loadedAt: 0,
    expired: false,
  };
  private timer: Timer | undefined;

  constructor(private readonly wires: LocalApicWires) {}

  // --- interrupts (SDM 3A 11.8) ---------------------------------------------------------

  pending(): boolean {
    const { pic } = this.wires;
    if (!this.wires.enabled()) return pic.pending();
    return this.deliverable() >= 0 || (this.passesExtInt() && pic.pending());
  }

  acknowledge(): number {
    const { pic } = this.wires;
    const vector = this.wires.enabled() ? this.deliverable() : -1;
    if (vector < 0) return pic.acknowledge();
    const bit = 1 << (vector & 31);
    this.state.irr[vector >> 5] &= ~bit;
    this.state.isr[vector >> 5] |= bit;
    return vector;
  }

  private get softwareEnabled(): boolean {
    return (this.state.svr & Svr.ENABLED) !== 0;
  }

  private passesExtInt(): boolean {
    const lint0 = this.lvt(Register.LVT_LINT0);
    return this.softwareEnabled && (lint0 & (Lvt.MODE | Lvt.MASKED)) === Lvt.EXTINT;
  }

  /** The vector that would be taken now, or −1. */
  private deliverable(): number {
    const vector = highest(this.state.irr);
    return this.softwareEnabled && vector >= 0 && vector >> 4 > this.processorPriority() >> 4 ? vector : -1;
  }

  private get taskPriority(): number {
    return (this.wires.taskClass() << 4) | this.state.taskSubclass;
  }

  /** PPR: the task's priority or that of what is in service (SDM 3A 11.8.3.1). */
  private processorPriority(): number {
    const task = this.taskPriority;
    const service = Math.max(highest(this.state.isr), 0) & 0xf0;
    return task >> 4 >= service >> 4 ? task : service;
  }

  /** A fixed interrupt arrives. */
  private request(vector: number): void {
    if (vector < 16) this.error(Esr.RECEIVE_ILLEGAL_VECTOR);
    else this.state.irr[vector >> 5] |= 1 << (vector & 31);
    this.wires.onChange();
  }

  private error(bit: Esr): void {
    this.state.errors |= bit;
    const entry = this.lvt(Register.LVT_ERROR);
    if (!(entry & Lvt.MASKED) && (entry & Lvt.VECTOR) >= 16) this.request(entry & Lvt.VECTOR);
  }

  private endOfInterrupt(): void {
    const vector = highest(this.state.isr);
    if (vector >= 0) this.state.isr[vector >> 5] &= ~(1 << (vector & 31));
    this.wires.onChange();
  }

  /** A message to processors, of which there is one (SDM 3A 11.6.1). */
  private send(low: number): void {
    const shorthand = (low >> 18) & 3;
    const mode = (low >> 8) & 7;
    const self = shorthand === 1 || shorthand === 2 || (shorthand === 0 && this.isAddressed(low));
    if (mode === Delivery.FIXED || mode === Delivery.LOWEST) {
      if ((low & Lvt.VECTOR) < 16) this.error(Esr.SEND_ILLEGAL_VECTOR);
      else if (self) this.request(low & Lvt.VECTOR);
    } else if (mode === Delivery.NMI && self) {
      this.wires.unsupported(
        'The local APIC was asked to send an NMI to this processor, which the machine does not do.',
      );
    }
    // INIT and start-up messages wait for processors that are not there.
  }

  private isAddressed(low: number): boolean {
    const { icr, id, ldr, dfr } = this.state;
    const to = icr[1] >>> 24;
    if (!(low & (1 << 11))) return to === 0xff || to === id;
    if (dfr >>> 28 === 15) return (to & (ldr >>> 24)) !== 0;
    // Cluster model: cluster in the upper nibble, members in the lower one.
    return to === 0xff || (to >> 4 === ldr >>> 28 && (to & (ldr >>> 24) & 15) !== 0);
  }

  // --- the timer (SDM 3A 11.5.4): one tick of the clock is one of the bus ----------------------

  private lvt(register: number): number {
    return this.state.lvt.find(([r]) => r === register)![1];
  }

  /** Ticks of a count of one. */
  private get divisor(): number {
    const code = (this.state.divide & 3) | ((this.state.divide >> 1) & 4);
    return code === 7 ? 1 : 2 << code;
  }

  private get period(): number {
    return this.state.initialCount * this.divisor;
  }

  private get periodic(): boolean {
    return (this.lvt(Register.LVT_TIMER) & Lvt.PERIODIC) !== 0;
  }

  private currentCount(): number {
    const { initialCount, loadedAt } = this.state;
    if (initialCount === 0) return 0;
    const counted = Math.floor((this.wires.clock.now() - loadedAt) / this.divisor);
    if (this.periodic) return initialCount - (counted % initialCount);
    return Math.max(0, initialCount - counted);
  }

  /** Asks to be called when the count reaches zero, if anybody would hear of it. */
  private arm(): void {
    this.timer?.cancel();
    this.timer = undefined;
    const { state } = this;
    const { clock } = this.wires;
    if (state.initialCount === 0 || this.lvt(Register.LVT_TIMER) & Lvt.MASKED) return;
    if (state.expired && !this.periodic) return;
    const turns = this.periodic ? Math.floor((clock.now() - state.loadedAt) / this.period) + 1 : 1;
    this.timer = clock.schedule(state.loadedAt + turns * this.period, () => this.expire());
  }

  private expire(): void {
    this.state.expired = true;
    this.timer = undefined;
    this.arm();
    this.request(this.lvt(Register.LVT_TIMER) & Lvt.VECTOR);
  }

  private loadCount(value: number): void {
    Object.assign(this.state, { initialCount: value, loadedAt: this.wires.clock.now(), expired: false });
    this.arm();
  }

  // --- registers ----------------------------------------------------------------------------

  /** Registers are read and written whole; parts of one come from where they lie. */
  read(address: number, size: 1 | 2 | 4 | 8): number {
    if (!this.wires.enabled()) return 0xffffffff;
    const value = this.readRegister(address & (LOCAL_APIC_BYTES - 16));
    const shifted = value >>> ((address & 3) * 8);
    return size < 4 ? shifted & ((1 << (size * 8)) - 1) : shifted;
  }

  write(address: number, size: 1 | 2 | 4 | 8, value: number | bigint): void {
    if (!this.wires.enabled() || size < 4 || address & 15) return;
    this.writeRegister(address & (LOCAL_APIC_BYTES - 1), Number(BigInt.asUintN(32, BigInt(value))));
  }

  private readRegister(register: number): number {
    const { state: s } = this;
    if (register >= Register.ISR && register < Register.TMR)
      return s.isr[(register - Register.ISR) >> 4] >>> 0;
    // All interrupts of the one processor are edge-triggered.
    if (register >= Register.TMR && register < Register.IRR) return 0;
    if (register >= Register.IRR && register < Register.ESR)
      return s.irr[(register - Register.IRR) >> 4] >>> 0;
    if (LVT_WRITABLE.has(register)) return this.lvt(register);
    switch (register) {
      case Register.ID:
        return s.id << 24;
      case Register.VERSION:
        return VERSION;
      case Register.TPR:
        return this.taskPriority;
      case Register.PPR:
        return this.processorPriority();
      case Register.APR:
      case Register.EOI:
        return 0;
      case Register.LDR:
        return s.ldr;
      case Register.DFR:
        return s.dfr;
      case Register.SVR:
        return s.svr;
      case Register.ESR:
        return s.esr;
      case Register.ICR_LOW:
        return s.icr[0];
      case Register.ICR_HIGH:
        return s.icr[1];
      case Register.INITIAL_COUNT:
        return s.initialCount;
      case Register.CURRENT_COUNT:
        return this.currentCount();
      case Register.DIVIDE:
        return s.divide;
      default:
        this.error(Esr.ILLEGAL_REGISTER);
        return 0;
    }
  }

  private writeRegister(register: number, value: number): void {
    const { state: s } = this;
    const writable = LVT_WRITABLE.get(register);
    if (writable !== undefined) {
      // While the APIC is disabled by software, its entries stay masked (SDM 3A 11.4.7.2).
      const entry = (value & writable) | (this.softwareEnabled ? 0 : Lvt.MASKED);
      s.lvt.find(([r]) => r === register)![1] = entry;
      if (register === Register.LVT_TIMER) this.arm();
      this.wires.onChange();
      return;
    }
    switch (register) {
      case Register.ID:
        s.id = value >>> 24;
        break;
      case Register.TPR:
        s.taskSubclass = value & 15;
        this.wires.setTaskClass((value >> 4) & 15);
        this.wires.onChange();
        break;
      case Register.EOI:
        this.endOfInterrupt();
        break;
      case Register.LDR:
        s.ldr = (value & 0xff000000) >>> 0;
        break;
      case Register.DFR:
        s.dfr = (value | 0x0fffffff) >>> 0;
        break;
      case Register.SVR:
        s.svr = value & Svr.WRITABLE;
        if (!this.softwareEnabled) {
          for (const entry of s.lvt) entry[1] |= Lvt.MASKED;
          this.arm();
        }
        this.wires.onChange();
        break;
      case Register.ESR:
        // A write lets the errors since the last one be read.
        s.esr = s.errors;
        s.errors = 0;
        break;
      case Register.ICR_LOW:
        s.icr[0] = value & 0xccfff;
        this.send(value);
        break;
      case Register.ICR_HIGH:
        s.icr[1] = (value & 0xff000000) >>> 0;
        break;
      case Register.INITIAL_COUNT:
        this.loadCount(value);
        break;
      case Register.DIVIDE:
        this.loadDivide(value & 11);
        break;
      case Register.VERSION:
      case Register.CURRENT_COUNT:
        break;
      default:
        this.error(Esr.ILLEGAL_REGISTER);
    }
  }

  /** The count goes on from where it is, at another pace. */
  private loadDivide(value: number): void {
    const { state: s } = this;
    const gone = s.initialCount - this.currentCount();
    s.divide = value;
    s.loadedAt = this.wires.clock.now() - gone * this.divisor;
    this.arm();
  }

  save(): LocalApicState {
    return structuredClone(this.state);
  }

  load(state: LocalApicState): void {
    this.state = structuredClone(state);
    this.arm();
    this.wires.onChange();
  }
}
