/**
 * The x87's register stack, status word and exceptions (SDM 1 8.1, 8.4, 8.5).
 *
 * Registers R0 … R7 lie in Slot.ST0 …, two slots each; ST(i) is register TOP + i.
 * FTW has a bit for each register that is not empty; its full form, which says
 * also zero and special, is made when it is stored.
 */
import type { Cpu } from '../cpu/cpu';
import { Mxcsr, Slot } from '../cpu/state';
import { defaultNan, Environment, EXTENDED } from '../ir/exact-float';

/** Status word (SDM 1 8.1.3). Bits 0–5 are the exceptions in MXCSR's order. */
export const enum Status {
  EXCEPTIONS = 0x3f,
  /** Stack fault. */
  SF = 1 << 6,
  /** Error summary: an exception that is not masked is pending; B follows it. */
  ES = 1 << 7,
  C0 = 1 << 8,
  C1 = 1 << 9,
  C2 = 1 << 10,
  TOP_SHIFT = 11,
  TOP = 7 << 11,
  C3 = 1 << 14,
  B = 1 << 15,
  CONDITIONS = (7 << 8) | (1 << 14),
}

/** Control word (SDM 1 8.1.5); bits 0–5 mask the exceptions. */
export const enum Control {
  PC_SHIFT = 8,
  RC_SHIFT = 10,
  /** Bit 6 reads as one; 7 and 13–15 as zero. */
  EXISTING = 0x1f3f,
  ALWAYS = 0x40,
  RESET = 0x37f,
}

/** Bits of a significand by precision control; 1 is reserved. */
const PRECISIONS = [24, 64, 53, 64] as const;

/** Exceptions found before an operation: where one is not masked, the operands stay as they were. */
const BEFORE = Mxcsr.IE | Mxcsr.DE | Mxcsr.ZE;

/** The environment of the instruction under way; begun by each. */
export const environment = new Environment();

/** Starts an instruction: rounding and masks by the control word. */
export function begin(cpu: Cpu): Environment {
  const control = cpu.state.low(Slot.FCW);
  environment.begin((control & 0x3f) << Mxcsr.MASKS_SHIFT);
  environment.rounding = (control >> Control.RC_SHIFT) & 3;
  environment.precision = 64;
  environment.roundedUp = false;
  return environment;
}

/** From here on precision control counts: for the four operations and the square root (SDM 1 8.1.5.2). */
export function controlPrecision(cpu: Cpu): void {
  environment.precision = PRECISIONS[(cpu.state.low(Slot.FCW) >> Control.PC_SHIFT) & 3];
}

function top(cpu: Cpu): number {
  return (cpu.state.low(Slot.FSW) >> Status.TOP_SHIFT) & 7;
}

/** Number of the register that ST(i) is. */
export function register(cpu: Cpu, i: number): number {
  return (top(cpu) + i) & 7;
}

/** Whether ST(i) is empty. */
export function isEmpty(cpu: Cpu, i: number): boolean {
  return (cpu.state.low(Slot.FTW) & (1 << register(cpu, i))) === 0;
}

/** ST(i)'s 80 bits, whatever its tag says. */
export function read(cpu: Cpu, i: number): bigint {
  const slot = Slot.ST0 + 2 * register(cpu, i);
  return cpu.state.u64[slot] | (BigInt(cpu.state.low(slot + 1) & 0xffff) << 64n);
}

/** ST(i) ← 80 bits; it is not empty any more. */
export function write(cpu: Cpu, i: number, bits: bigint): void {
  const number = register(cpu, i);
  const slot = Slot.ST0 + 2 * number;
  cpu.state.u64[slot] = BigInt.asUintN(64, bits);
  cpu.state.setLow(slot + 1, Number(bits >> 64n));
  setTag(cpu, number, true);
}

function setTag(cpu: Cpu, number: number, full: boolean): void {
  const tags = cpu.state.low(Slot.FTW);
  cpu.state.setLow(Slot.FTW, full ? tags | (1 << number) : tags & ~(1 << number));
}

/** Marks ST(i) as empty. */
export function free(cpu: Cpu, i: number): void {
  setTag(cpu, register(cpu, i), false);
}

/** TOP ← TOP + by. */
export function rotate(cpu: Cpu, by: number): void {
  const status = cpu.state.low(Slot.FSW);
  const turned = ((status >> Status.TOP_SHIFT) + by) & 7;
  cpu.state.setLow(Slot.FSW, (status & ~Status.TOP) | (turned << Status.TOP_SHIFT));
}

/** Empties ST(0), `times` times. */
export function pop(cpu: Cpu, times: number): void {
  for (let k = 0; k < times; k++) {
    free(cpu, 0);
    rotate(cpu, 1);
  }
}

/** A new ST(0); the caller has seen that there is room. */
export function push(cpu: Cpu, bits: bigint): void {
  rotate(cpu, -1);
  write(cpu, 0, bits);
}

/** Sets condition codes (bits of {@link Status}), the others of `among` become 0. */
export function setConditions(cpu: Cpu, bits: number, among: number = Status.C1): void {
  cpu.state.setLow(Slot.FSW, (cpu.state.low(Slot.FSW) & ~among) | bits);
}

/** Raises ES and B as long as an exception is set that the control word does not mask (SDM 1 8.1.3.3). */
export function summarize(cpu: Cpu): void {
  const status = cpu.state.low(Slot.FSW) & ~(Status.ES | Status.B);
  const pending = status & ~cpu.state.low(Slot.FCW) & Status.EXCEPTIONS;
  cpu.state.setLow(Slot.FSW, pending ? status | Status.ES | Status.B : status);
}

/** Sets exception flags ({@link Mxcsr} positions, and SF). */
export function signal(cpu: Cpu, flags: number): void {
  cpu.state.setLow(Slot.FSW, cpu.state.low(Slot.FSW) | flags);
  if (flags & Status.EXCEPTIONS) summarize(cpu);
}

/** Whether one of the flags is not masked. */
export function unmasked(cpu: Cpu, flags: number): boolean {
  return (flags & ~cpu.state.low(Slot.FCW) & Status.EXCEPTIONS) !== 0;
}

/**
 * Ends an operation that has raised `environment.flags`: sets them and C1.
 * False: one of those found before the operation is not masked, so its result
 * must not be written and nothing popped.
 */
export function settle(cpu: Cpu): boolean {
  const { flags, roundedUp } = environment;
  const prevented = unmasked(cpu, flags & BEFORE);
  setConditions(cpu, !prevented && flags & Mxcsr.PE && roundedUp ? Status.C1 : 0);
  signal(cpu, prevented ? flags & BEFORE : flags);
  return !prevented;
}

/** An empty register was read: #IS (SDM 1 8.5.1.1). True: masked, the default NaN is the result. */
export function underflow(cpu: Cpu): boolean {
  setConditions(cpu, 0);
  signal(cpu, Mxcsr.IE | Status.SF);
  return !unmasked(cpu, Mxcsr.IE);
}

/** A push onto a full register: #IS with C1. True: masked, the default NaN is pushed. */
export function overflow(cpu: Cpu): boolean {
  setConditions(cpu, Status.C1);
  signal(cpu, Mxcsr.IE | Status.SF);
  return !unmasked(cpu, Mxcsr.IE);
}

/** The default NaN: the "real indefinite" (SDM 1 4.8.3.7). */
export const INDEFINITE = defaultNan(EXTENDED);
