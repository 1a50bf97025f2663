/** The x87's loads, stores and moves among its registers (SDM 2A, each under its name). */
import type { Cpu } from '../cpu/cpu';
import { Mxcsr } from '../cpu/state';
import { EXTENDED, signBit } from '../ir/exact-float';
import { notePointer, operand, STACK } from '../x87/access';
import { roundReal } from '../x87/functions';
import { indefinite, type Operand, store } from '../x87/operands';
import { CONSTANTS } from '../x87/transcendental';
import {
  begin,
  free,
  INDEFINITE,
  isEmpty,
  overflow,
  pop,
  push,
  read,
  rotate,
  Status,
  setConditions,
  settle,
  signal,
  underflow,
  unmasked,
  write,
} from '../x87/unit';
import type { HelperTable } from './types';

const ONE = 0x3fff8000000000000000n;
const SIGN = signBit(EXTENDED);

/** Pushes what is given, or the default NaN. */
function pushResult(cpu: Cpu, value: bigint): void {
  if (settle(cpu)) push(cpu, value);
}

/** FLD, FILD, FBLD of a memory operand or ST(a). */
function x87Load(cpu: Cpu, _d: number, a: number, b: number): void {
  notePointer(cpu);
  if (!isEmpty(cpu, 7)) {
    if (overflow(cpu)) push(cpu, INDEFINITE);
  } else if (b === STACK && isEmpty(cpu, a)) {
    if (underflow(cpu)) push(cpu, INDEFINITE);
  } else {
    begin(cpu);
    pushResult(cpu, operand(cpu, b, a));
  }
}

/** FLD1 FLDL2T FLDL2E FLDPI FLDLG2 FLDLN2 FLDZ, in the order of their encodings. */
const LOADED = [
  undefined,
  CONSTANTS.log2ten,
  CONSTANTS.log2e,
  CONSTANTS.pi,
  CONSTANTS.log10two,
  CONSTANTS.ln2,
  undefined,
] as const;

/** Pushes constant d, rounded as the control word says. */
function x87Constant(cpu: Cpu, d: number): void {
  notePointer(cpu);
  if (!isEmpty(cpu, 7)) {
    if (overflow(cpu)) push(cpu, INDEFINITE);
    return;
  }
  const constant = LOADED[d];
  const value = constant ? roundReal(begin(cpu), constant) : d === 0 ? ONE : 0n;
  begin(cpu);
  pushResult(cpu, value);
}

/**
 * What a store would write, before anything is changed: into the temporaries
 * from slot d on the bits (two slots), the exceptions, and whether nothing is to
 * be written. a = {@link Operand} | 0x100 to truncate.
 */
function x87Prepare(cpu: Cpu, d: number, a: number): void {
  const s = cpu.state;
  const kind = (a & 0xff) as Operand;
  const env = begin(cpu);
  let bits: bigint;
  if (isEmpty(cpu, 0)) {
    bits = indefinite(kind);
    env.flags = Mxcsr.IE | Status.SF;
  } else bits = store(env, kind, read(cpu, 0), (a & 0x100) !== 0);
  s.u64[d] = BigInt.asUintN(64, bits);
  s.u64[d + 1] = bits >> 64n;
  // Only an inexact result is stored although its exception is not masked; what is not stored is not inexact.
  const prevented = unmasked(cpu, env.flags & ~Mxcsr.PE);
  if (prevented) env.flags &= ~Mxcsr.PE;
  s.setLow(d + 2, env.flags | (env.flags & Mxcsr.PE && env.roundedUp ? Status.C1 : 0));
  s.setLow(d + 3, prevented ? 1 : 0);
}

/** After the store: sets the exceptions that {@link x87Prepare} left at d, pops a times. */
function x87Commit(cpu: Cpu, d: number, a: number): void {
  notePointer(cpu);
  const flags = cpu.state.low(d);
  setConditions(cpu, flags & Status.C1);
  signal(cpu, flags & (Status.EXCEPTIONS | Status.SF));
  if (cpu.state.low(d + 1) === 0) pop(cpu, a);
}

/** FST and FSTP to ST(d), popping a times. */
function x87StoreRegister(cpu: Cpu, d: number, a: number): void {
  notePointer(cpu);
  if (!isEmpty(cpu, 0)) {
    setConditions(cpu, 0);
    write(cpu, d, read(cpu, 0));
  } else if (underflow(cpu)) write(cpu, d, INDEFINITE);
  else return;
  pop(cpu, a);
}

/** ST(0) ↔ ST(d). */
function fxch(cpu: Cpu, d: number): void {
  notePointer(cpu);
  const empty = [0, d].filter((i) => isEmpty(cpu, i));
  if (empty.length > 0) {
    if (!underflow(cpu)) return;
    for (const i of empty) write(cpu, i, INDEFINITE);
  } else setConditions(cpu, 0);
  const old = read(cpu, 0);
  write(cpu, 0, read(cpu, d));
  write(cpu, d, old);
}

/** FCMOVcc: ST(0) ← ST(d) if slot a is not zero. */
function fcmov(cpu: Cpu, d: number, a: number): void {
  notePointer(cpu);
  if (isEmpty(cpu, 0) || isEmpty(cpu, d)) {
    if (underflow(cpu)) write(cpu, 0, INDEFINITE);
    return;
  }
  if (cpu.state.low(a)) write(cpu, 0, read(cpu, d));
}

function ffree(cpu: Cpu, d: number, a: number): void {
  notePointer(cpu);
  setConditions(cpu, 0);
  free(cpu, d);
  if (a) pop(cpu, a);
}

/** FINCSTP (d = 1) and FDECSTP (d = −1). */
function turnStack(cpu: Cpu, d: number): void {
  notePointer(cpu);
  setConditions(cpu, 0);
  rotate(cpu, d);
}

function fnop(cpu: Cpu): void {
  notePointer(cpu);
}

/** FCHS (d = 0) and FABS (d = 1). */
function changeSign(cpu: Cpu, d: number): void {
  notePointer(cpu);
  if (isEmpty(cpu, 0)) {
    if (underflow(cpu)) write(cpu, 0, INDEFINITE);
    return;
  }
  setConditions(cpu, 0);
  const bits = read(cpu, 0);
  write(cpu, 0, d ? bits & ~SIGN : bits ^ SIGN);
}

/** Loads, stores and moves; see types.ts for the calling convention. */
export const x87TransferHelpers = {
  x87Load,
  x87Constant,
  x87Prepare,
  x87Commit,
  x87StoreRegister,
  fxch,
  fcmov,
  ffree,
  turnStack,
  fnop,
  changeSign,
} as const satisfies HelperTable;
