/**
 * The x87's instructions as helpers (SDM 2A, each under its name). x87/ has the
 * stack, the arithmetic and the images; here is the order in which things happen:
 * faults of the instruction, stack faults, numeric exceptions, results.
 *
 * An operand is named by two words: its kind ({@link Operand}) and the slot of
 * its bits, or {@link STACK} and a register's place i in ST(i).
 */
import { type Cpu, Vector } from '../cpu/cpu';
import { Cr0, Flag, Mxcsr, Slot } from '../cpu/state';
import {
  add,
  type Binary,
  compare,
  divide,
  EXTENDED,
  Kind,
  multiply,
  type Rounding,
  roundToIntegral,
  signBit,
  squareRoot,
  subtract,
  unpack,
} from '../ir/exact-float';
import { setFlags } from '../ir/flags';
import { How } from '../memory/mmu';
import {
  clearExceptions,
  environmentImage,
  initialize,
  loadEnvironment,
  setControl,
} from '../x87/environment';
import {
  angles,
  extract,
  f2xm1,
  fpatan,
  remainder,
  roundReal,
  scale,
  type Wanted,
  yLog2,
} from '../x87/functions';
import { indefinite, load, Operand, store } from '../x87/operands';
import { CONSTANTS } from '../x87/transcendental';
import {
  begin,
  controlPrecision,
  environment,
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

/** The operand kind of a register ST(i). */
export const STACK = 0xff;

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

const ONE = 0x3fff8000000000000000n;
const SIGN = signBit(EXTENDED);
const UNORDERED = Status.C3 | Status.C2 | Status.C0;

// --- before an instruction ---------------------------------------------------------------

/** #NM while the unit is turned off; then, for an instruction that waits, a pending exception (SDM 1 8.7). */
function x87Ready(cpu: Cpu): void {
  const cr0 = cpu.state.low(Slot.CR0);
  if (cr0 & (Cr0.EM | Cr0.TS))
    cpu.raise(Vector.NM, undefined, 'Floating-point instruction with CR0.TS or CR0.EM set.');
  else pendingException(cpu);
}

/** WAIT: #NM when a task switch is pending and CR0.MP asks to be told; then as every waiting instruction. */
function fwait(cpu: Cpu): void {
  const both = Cr0.MP | Cr0.TS;
  if ((cpu.state.low(Slot.CR0) & both) === both)
    cpu.raise(Vector.NM, undefined, 'WAIT with CR0.TS and MP set.');
  else pendingException(cpu);
}

function pendingException(cpu: Cpu): void {
  const status = cpu.state.low(Slot.FSW);
  if ((status & Status.ES) === 0) return;
  if (cpu.state.low(Slot.CR0) & Cr0.NE)
    cpu.raise(Vector.MF, undefined, 'An x87 exception that is not masked is pending.');
  // The PC's way: FERR# asks for IRQ 13, and IGNNE# lets the instruction go on (SDM 1 8.7.2).
  else cpu.ferr();
}

/** The last instruction's address, which FSTENV gives. Control instructions leave it. */
function notePointer(cpu: Cpu): void {
  cpu.state.u64[Slot.FIP] = cpu.state.u64[Slot.RIP];
}

// --- operands --------------------------------------------------------------------------------

/** A memory operand's bits: one slot, of the ten-byte ones two. */
function bitsOf(cpu: Cpu, kind: Operand, slot: number): bigint {
  const low = cpu.state.u64[slot];
  if (kind !== Operand.EXTENDED && kind !== Operand.BCD) return low;
  return low | (BigInt(cpu.state.low(slot + 1) & 0xffff) << 64n);
}

/** Whether the operands, ST(i) and perhaps another register, are there. */
function available(cpu: Cpu, i: number, kind: number, other: number): boolean {
  return !isEmpty(cpu, i) && (kind !== STACK || !isEmpty(cpu, other));
}

/** The second operand as an extended number; of a memory operand the flags of its conversion are raised. */
function operand(cpu: Cpu, kind: number, at: number): bigint {
  return kind === STACK ? read(cpu, at) : load(environment, kind, bitsOf(cpu, kind, at));
}

// --- arithmetic --------------------------------------------------------------------------------

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

/** How numbers compare, as C3 C2 C0; in the flags ZF PF CF are the same. */
const ORDER = { '-1': Status.C0, '0': Status.C3, '1': 0 } as const;

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
  if (settle(cpu)) answer(order === undefined ? UNORDERED : ORDER[order]);
}

/** FTST: ST(0) against zero. */
function ftst(cpu: Cpu): void {
  notePointer(cpu);
  if (isEmpty(cpu, 0)) {
    if (underflow(cpu)) setConditions(cpu, UNORDERED, UNORDERED);
    return;
  }
  const order = compare(EXTENDED, begin(cpu), read(cpu, 0), 0n, true);
  if (settle(cpu)) setConditions(cpu, order === undefined ? UNORDERED : ORDER[order], UNORDERED);
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

// --- loads and stores ------------------------------------------------------------------------------

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

// --- registers and stack -------------------------------------------------------------------------------

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

// --- functions of ST(0), and of ST(0) and ST(1) -------------------------------------------------------------

type Function1 = (env: typeof environment, x: bigint) => bigint;
type Function2 = (env: typeof environment, x: bigint, y: bigint) => bigint;

/** ST(0) ← f(ST(0)) */
function unary(f: Function1) {
  return (cpu: Cpu): void => {
    notePointer(cpu);
    if (isEmpty(cpu, 0)) {
      if (underflow(cpu)) write(cpu, 0, INDEFINITE);
      return;
    }
    const value = f(begin(cpu), read(cpu, 0));
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

function fsqrt(cpu: Cpu): void {
  unary((env, x) => {
    controlPrecision(cpu);
    return squareRoot(EXTENDED, env, 0n, x);
  })(cpu);
}

// --- control, and the images in memory ------------------------------------------------------------------------

function fninit(cpu: Cpu): void {
  initialize(cpu);
}

/** FLDCW of slot d. */
function fldcw(cpu: Cpu, d: number): void {
  setControl(cpu, cpu.state.low(d));
}

function fnclex(cpu: Cpu): void {
  clearExceptions(cpu);
}

/** EMMS: all registers are empty, as MMX instructions name them: TOP is 0. */
function emms(cpu: Cpu): void {
  cpu.state.setLow(Slot.FTW, 0);
  setConditions(cpu, 0, Status.TOP);
}

const REGISTERS_BYTES = 80;

/** FNSTENV and FNSAVE to the linear address in slot d: a = 14 or 28, b = 1 with the registers. */
function storeEnvironment(cpu: Cpu, d: number, a: number, b: number): void {
  const { mmu, state: s } = cpu;
  const linear = s.u64[d];
  const at = (offset: number): bigint => BigInt.asUintN(64, linear + BigInt(offset));
  const bytes = a as 14 | 28;
  const end = bytes + (b ? REGISTERS_BYTES : 0);
  // The image lies in two pages at most.
  if (mmu.read8(cpu, at(0), How.WRITE_INTENT) === undefined) return;
  if (mmu.read8(cpu, at(end - 1), How.WRITE_INTENT) === undefined) return;
  const size = bytes / 7;
  environmentImage(cpu, bytes, (s.low(Slot.CR0) & Cr0.PE) === 0).forEach((word, k) => {
    for (let j = 0; j < size; j++) mmu.write8(cpu, at(k * size + j), (word >>> (8 * j)) & 0xff);
  });
  if (!b) {
    // All exceptions are masked, which none survives pending.
    setControl(cpu, s.low(Slot.FCW) | Status.EXCEPTIONS);
    return;
  }
  for (let i = 0; i < 8; i++) {
    const bits = read(cpu, i);
    for (let j = 0; j < 10; j++)
      mmu.write8(cpu, at(bytes + i * 10 + j), Number((bits >> BigInt(8 * j)) & 0xffn));
  }
  initialize(cpu);
}

/** FLDENV and FRSTOR, likewise. */
function restoreEnvironment(cpu: Cpu, d: number, a: number, b: number): void {
  const { mmu, state: s } = cpu;
  const linear = s.u64[d];
  const bytes = a as 14 | 28;
  const image: number[] = [];
  for (let k = 0; k < bytes + (b ? REGISTERS_BYTES : 0); k++) {
    const byte = mmu.read8(cpu, BigInt.asUintN(64, linear + BigInt(k)));
    if (byte === undefined) return;
    image.push(byte);
  }
  const little = (from: number, count: number): bigint =>
    image.slice(from, from + count).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const size = bytes / 7;
  const words = Array.from({ length: 7 }, (_, k) => Number(little(k * size, size)));
  loadEnvironment(cpu, words, bytes, (s.low(Slot.CR0) & Cr0.PE) === 0);
  if (!b) return;
  const tags = s.low(Slot.FTW);
  for (let i = 0; i < 8; i++) write(cpu, i, little(bytes + i * 10, 10));
  s.setLow(Slot.FTW, tags);
}

/** The x87; see types.ts for the calling convention. */
export const x87Helpers = {
  x87Ready,
  fwait,
  x87Arithmetic,
  x87Compare,
  ftst,
  fxam,
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
  fsqrt,
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
  fninit,
  fldcw,
  fnclex,
  emms,
  storeEnvironment,
  restoreEnvironment,
} as const satisfies HelperTable;
