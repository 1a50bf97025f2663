/** The x87's functions of ST(0), and of ST(0) and ST(1) (SDM 2A, each under its name). */
import type { Cpu } from '../cpu/cpu';
import { Slot } from '../cpu/state';
import { EXTENDED, Kind, type Rounding, roundToIntegral, squareRoot, unpack } from '../ir/exact-float';
import { notePointer } from '../x87/access';
import { angles, extract, f2xm1, fpatan, remainder, scale, type Wanted, yLog2 } from '../x87/functions';
import {
  begin,
  controlPrecision,
  environment,
  INDEFINITE,
  isEmpty,
  overflow,
  pop,
  push,
  read,
  Status,
  setConditions,
  settle,
  underflow,
  write,
} from '../x87/unit';
import type { HelperTable } from './types';

const ONE = 0x3fff8000000000000000n;

type Function1 = (env: typeof environment, x: bigint) => bigint;
type Function2 = (env: typeof environment, x: bigint, y: bigint) => bigint;

/** ST(0) ← f(ST(0)); precision control counts for the square root only. */
function unary(f: Function1, precision: 'full' | 'controlled' = 'full') {
  return (cpu: Cpu): void => {
    notePointer(cpu);
    if (isEmpty(cpu, 0)) {
      if (underflow(cpu)) write(cpu, 0, INDEFINITE);
      return;
    }
    const env = begin(cpu);
    if (precision === 'controlled') controlPrecision(cpu);
    const value = f(env, read(cpu, 0));
    if (settle(cpu)) write(cpu, 0, value);
  };
}

/** ST(to) ← f(ST(0), ST(1)), then so many pops. */
function binary(f: Function2, to: 0 | 1, pops: 0 | 1) {
  return (cpu: Cpu): void => {
    notePointer(cpu);
    const missing = isEmpty(cpu, 0) || isEmpty(cpu, 1);
    if (missing) {
      if (!underflow(cpu)) return;
      write(cpu, to, INDEFINITE);
    } else {
      const value = f(begin(cpu), read(cpu, 0), read(cpu, 1));
      if (!settle(cpu)) return;
      write(cpu, to, value);
    }
    pop(cpu, pops);
  };
}

/** FPREM (d = 0) and FPREM1 (d = 1): the quotient's low bits in C0 C3 C1, C2 while the reduction is not complete. */
function partialRemainder(cpu: Cpu, d: number): void {
  notePointer(cpu);
  if (isEmpty(cpu, 0) || isEmpty(cpu, 1)) {
    setConditions(cpu, 0, Status.C2);
    if (underflow(cpu)) write(cpu, 0, INDEFINITE);
    return;
  }
  const { value, quotient, complete } = remainder(begin(cpu), read(cpu, 0), read(cpu, 1), d === 1);
  if (settle(cpu)) write(cpu, 0, value);
  if (quotient === undefined) {
    setConditions(cpu, 0, Status.C2);
    return;
  }
  const codes =
    (complete ? 0 : Status.C2) |
    (quotient & 4 ? Status.C0 : 0) |
    (quotient & 2 ? Status.C3 : 0) |
    (quotient & 1 ? Status.C1 : 0);
  setConditions(cpu, codes, Status.CONDITIONS);
}

/** A function with two results, the second one pushed. */
function pair(cpu: Cpu, results: () => readonly [bigint, bigint] | undefined): void {
  notePointer(cpu);
  setConditions(cpu, 0, Status.C2);
  if (isEmpty(cpu, 0) || !isEmpty(cpu, 7)) {
    if (!(isEmpty(cpu, 0) ? underflow(cpu) : overflow(cpu))) return;
    write(cpu, 0, INDEFINITE);
    push(cpu, INDEFINITE);
    return;
  }
  begin(cpu);
  const both = results();
  if (!both) setConditions(cpu, Status.C2, Status.C2 | Status.C1);
  else if (settle(cpu)) {
    write(cpu, 0, both[0]);
    push(cpu, both[1]);
  }
}

function fxtract(cpu: Cpu): void {
  const c2 = cpu.state.low(Slot.FSW) & Status.C2;
  pair(cpu, () => {
    const { exponent, significand } = extract(environment, read(cpu, 0));
    return [exponent, significand];
  });
  setConditions(cpu, c2, Status.C2);
}

function fsincos(cpu: Cpu): void {
  pair(cpu, () => {
    const r = angles(environment, read(cpu, 0), ['sine', 'cosine']);
    return r && [r.sine, r.cosine];
  });
}

/** FPTAN pushes 1 beside the tangent, so that FDIV makes the other functions; of a NaN the NaN. */
function fptan(cpu: Cpu): void {
  pair(cpu, () => {
    const x = read(cpu, 0);
    const r = angles(environment, x, ['tangent']);
    if (!r) return undefined;
    const nan = unpack(EXTENDED, r.tangent, environment).kind >= Kind.QNAN;
    return [r.tangent, nan ? r.tangent : ONE];
  });
}

/** FSIN and FCOS. */
function circularFunction(name: 'sine' | 'cosine') {
  const wanted: Wanted = [name];
  return (cpu: Cpu): void => {
    notePointer(cpu);
    setConditions(cpu, 0, Status.C2);
    if (isEmpty(cpu, 0)) {
      if (underflow(cpu)) write(cpu, 0, INDEFINITE);
      return;
    }
    const r = angles(begin(cpu), read(cpu, 0), wanted);
    if (!r) setConditions(cpu, Status.C2, Status.C2 | Status.C1);
    else if (settle(cpu)) write(cpu, 0, r[name]);
  };
}

/** Functions; see types.ts for the calling convention. */
export const x87FunctionHelpers = {
  fsqrt: unary((env, x) => squareRoot(EXTENDED, env, 0n, x), 'controlled'),
  frndint: unary((env, x) => roundToIntegral(EXTENDED, env, x, env.rounding as Rounding, false)),
  f2xm1: unary(f2xm1),
  fsin: circularFunction('sine'),
  fcos: circularFunction('cosine'),
  fsincos,
  fptan,
  fpatan: binary(fpatan, 1, 1),
  fyl2x: binary((env, x, y) => yLog2(env, x, y, false), 1, 1),
  fyl2xp1: binary((env, x, y) => yLog2(env, x, y, true), 1, 1),
  fscale: binary(scale, 0, 0),
  partialRemainder,
  fxtract,
} as const satisfies HelperTable;
