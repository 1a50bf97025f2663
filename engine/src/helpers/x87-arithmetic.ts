/**
 * The x87's arithmetic and comparisons (SDM 2A, each under its name). Things happen in this order: faults of the
 * instruction, stack faults, numeric exceptions, results.
 */
import type { Cpu } from '../cpu/cpu';
import { Flag, Mxcsr } from '../cpu/state';
import {
  add,
  type Binary,
  compare,
  divide,
  EXTENDED,
  Kind,
  multiply,
  signBit,
  subtract,
  unpack,
} from '../ir/exact-float';
import { setFlags } from '../ir/flags';
import { available, notePointer, operand } from '../x87/access';
import {
  begin,
  controlPrecision,
  INDEFINITE,
  isEmpty,
  pop,
  read,
  Status,
  setConditions,
  settle,
  underflow,
  write,
} from '../x87/unit';
import type { HelperTable } from './types';

/** Operations of {@link x87Arithmetic}. */
export const enum Arithmetic {
  ADD,
  MUL,
  SUB,
  SUBR,
  DIV,
  DIVR,
}

const OPERATIONS: readonly Binary[] = [
  add,
  multiply,
  subtract,
  (f, env, x, y) => subtract(f, env, y, x),
  divide,
  (f, env, x, y) => divide(f, env, y, x),
];

const UNORDERED = Status.C3 | Status.C2 | Status.C0;
const SIGN = signBit(EXTENDED);

/** ST(i) ← ST(i) op operand: d = {@link Arithmetic} | i << 8 | pops << 12, a and b the operand's place and kind. */
function x87Arithmetic(cpu: Cpu, d: number, a: number, b: number): void {
  notePointer(cpu);
  const i = (d >> 8) & 7;
  const pops = d >> 12;
  if (!available(cpu, i, b, a)) {
    if (underflow(cpu)) {
      write(cpu, i, INDEFINITE);
      pop(cpu, pops);
    }
    return;
  }
  const env = begin(cpu);
  const x = read(cpu, i);
  const y = operand(cpu, b, a);
  const converted = env.flags;
  env.flags = 0;
  controlPrecision(cpu);
  const value = OPERATIONS[d & 0xff](EXTENDED, env, x, y);
  // A denormal counts only if there is arithmetic to be done with it.
  const quiet = env.flags & (Mxcsr.IE | Mxcsr.ZE) || unpack(EXTENDED, x, env).kind >= Kind.QNAN;
  env.flags |= quiet ? converted & ~Mxcsr.DE : converted;
  if (!settle(cpu)) return;
  write(cpu, i, value);
  pop(cpu, pops);
}

/** How two values compare, as C3 C2 C0; in the flags ZF PF CF are the same. */
function orderCodes(order: -1 | 0 | 1 | undefined): number {
  if (order === undefined) return UNORDERED;
  return order < 0 ? Status.C0 : order === 0 ? Status.C3 : 0;
}

/** Compares ST(0) with the operand: d = 1 if a QNaN is invalid too | 2 for EFLAGS instead of C3 C2 C0 | pops << 4. */
function x87Compare(cpu: Cpu, d: number, a: number, b: number): void {
  notePointer(cpu);
  const answer = (codes: number): void => {
    if (d & 2) {
      setFlags(
        cpu.state,
        (codes & Status.C3 ? Flag.ZF : 0) |
          (codes & Status.C2 ? Flag.PF : 0) |
          (codes & Status.C0 ? Flag.CF : 0),
      );
    } else setConditions(cpu, codes, UNORDERED);
    pop(cpu, d >> 4);
  };
  if (!available(cpu, 0, b, a)) {
    if (underflow(cpu)) answer(UNORDERED);
    return;
  }
  const env = begin(cpu);
  const x = read(cpu, 0);
  const order = compare(EXTENDED, env, x, operand(cpu, b, a), (d & 1) !== 0);
  if (unpack(EXTENDED, x, env).kind >= Kind.QNAN) env.flags &= ~Mxcsr.DE;
  if (settle(cpu)) answer(orderCodes(order));
}

/** FTST: ST(0) against zero. */
function ftst(cpu: Cpu): void {
  notePointer(cpu);
  if (isEmpty(cpu, 0)) {
    if (underflow(cpu)) setConditions(cpu, UNORDERED, UNORDERED);
    return;
  }
  const order = compare(EXTENDED, begin(cpu), read(cpu, 0), 0n, true);
  if (settle(cpu)) setConditions(cpu, orderCodes(order), UNORDERED);
}

/** FXAM's classes by {@link Kind}; a denormal is finite too. */
const CLASSES = {
  [Kind.ZERO]: Status.C3,
  [Kind.FINITE]: Status.C2,
  [Kind.INFINITY]: Status.C2 | Status.C0,
  [Kind.QNAN]: Status.C0,
  [Kind.SNAN]: Status.C0,
  [Kind.UNSUPPORTED]: 0,
} as const;

function fxam(cpu: Cpu): void {
  notePointer(cpu);
  const bits = read(cpu, 0);
  const u = unpack(EXTENDED, bits, begin(cpu));
  let codes: number = CLASSES[u.kind];
  if (isEmpty(cpu, 0)) codes = Status.C3 | Status.C0;
  else if (u.denormal) codes = Status.C3 | Status.C2;
  setConditions(cpu, codes | (bits & SIGN ? Status.C1 : 0), Status.CONDITIONS);
}

/** Arithmetic and comparison; see types.ts for the calling convention. */
export const x87ArithmeticHelpers = {
  x87Arithmetic,
  x87Compare,
  ftst,
  fxam,
} as const satisfies HelperTable;
