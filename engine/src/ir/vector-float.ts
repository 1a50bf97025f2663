/**
 * The floating-point micro-ops FLOAT, FGET and FSET as the evaluator does them.
 *
 * The host's arithmetic gives the right bits whenever rounding is to nearest,
 * operands and result are neither NaN, infinite nor denormal, and it needs no
 * new flag if the precision flag is set already or the operation is seen to be
 * exact. That is nearly always; then everything goes without BigInt. All other
 * cases are done again by ir/exact-float.ts.
 *
 * Single precision is computed in double and rounded once more by Math.fround.
 * The two roundings give what one would give, because for +, −, ×, ÷ and √ a
 * format of 2p + 2 bits is wide enough for operands of p bits (S. Figueroa,
 * "When is double rounding innocuous?", 1995), and 53 ≥ 2 · 24 + 2.
 */
import { type Cpu, Vector } from '../cpu/cpu';
import { Cr4, Flag, Mxcsr, Slot } from '../cpu/state';
import {
  add,
  type Binary,
  compare,
  convert,
  DOUBLE,
  divide,
  Environment,
  type Format,
  fromInteger,
  maximum,
  minimum,
  multiply,
  roundToIntegral,
  SINGLE,
  squareRoot,
  subtract,
  toInteger,
} from './exact-float';

/** Bits 5 and 6 of aux: which lanes, of which format. */
export const enum FloatShape {
  /** Four singles. */
  PS = 0,
  /** The lowest single; the other lanes are a's. */
  SS = 1,
  PD = 2,
  SD = 3,
}

/** Operations of FLOAT. */
export const enum FloatOp {
  ADD,
  SUB,
  MUL,
  DIV,
  /** √b */
  SQRT,
  MIN,
  MAX,
  /** All ones where the literal's predicate holds (SDM 2 "CMPPS" Table 3-1). */
  CMP,
  /** Even lanes a − b, odd lanes a + b. */
  ADDSUB,
  /** b in the other format: the shape is the source's. Packed: two lanes; towards single the high half is zero. */
  CONVERT,
  /** b as signed doublewords; of PD two, the high half zero. */
  TO_I32,
  TRUNCATE_I32,
  /** b's signed doublewords as singles. */
  FROM_I32,
  /** b as integers in its own format; literal as of ROUNDPD. */
  ROUND,
  COUNT,
}

/** Operations of FGET, on scalars. */
export const enum FloatGet {
  /** ZF, PF and CF of comparing a with b, in RFLAGS positions. */
  UCOMI,
  COMI,
  /** a as a signed integer; 32 bits are zero-extended. */
  TO_I32,
  TRUNCATE_I32,
  TO_I64,
  TRUNCATE_I64,
  COUNT,
}

/** Operations of FSET: the shape is the result's. */
export const enum FloatSet {
  FROM_I32,
  FROM_I64,
  COUNT,
}

/** d, a, b are slots; false after #XM. */
type FloatFunction = (cpu: Cpu, d: number, a: number, b: number, imm: number) => boolean;

const MXCSR = Slot.MXCSR * 2;
/** Rounding to nearest and all exceptions masked. */
const DEFAULT_BITS = Mxcsr.RC | Mxcsr.MASKS;
const MIN_DOUBLE = 2 ** -1022;
const MIN_SINGLE = 2 ** -126;
const BIG = Number.POSITIVE_INFINITY;

const environment = new Environment();
const side64 = new BigUint64Array(2);
const side32 = new Uint32Array(side64.buffer);
const sideDouble = new Float64Array(side64.buffer);
const sideSingle = new Float32Array(side64.buffer);

function formatOf(shape: FloatShape): Format {
  return shape < FloatShape.PD ? SINGLE : DOUBLE;
}

function isScalar(shape: FloatShape): boolean {
  return (shape & 1) !== 0;
}

// --- the exact way ---------------------------------------------------------------

/**
 * Puts the environment's flags into MXCSR. False after #XM: exceptions that are
 * found before computing (invalid, denormal, divide by zero) come before the
 * others, whose flags then stay unset (SDM 1 11.5.2).
 */
function finish(cpu: Cpu): boolean {
  const { u32 } = cpu.state;
  const { flags } = environment;
  const open = ~(u32[MXCSR] >> Mxcsr.MASKS_SHIFT);
  const before = flags & (Mxcsr.IE | Mxcsr.DE | Mxcsr.ZE);
  const unmaskedBefore = before & open;
  u32[MXCSR] |= unmaskedBefore ? before : flags;
  if (!unmaskedBefore && !(flags & open)) return true;
  const names = [
    'invalid operation',
    'denormal operand',
    'divide by zero',
    'overflow',
    'underflow',
    'precision',
  ];
  const found = unmaskedBefore || flags & open;
  const what = names.filter((_, i) => found & (1 << i)).join(', ');
  if (cpu.cr4(Cr4.OSXMMEXCPT)) cpu.raise(Vector.XM, undefined, `SIMD floating-point exception: ${what}.`);
  else
    cpu.raise(Vector.UD, undefined, `SIMD floating-point exception (${what}) while CR4.OSXMMEXCPT is clear.`);
  return false;
}

/** A lane's bits. */
function lane(cpu: Cpu, f: Format, slot: number, i: number): bigint {
  return f === SINGLE ? BigInt(cpu.state.u32[slot * 2 + i]) : cpu.state.u64[slot + i];
}

function setSide(f: Format, i: number, bits: bigint): void {
  if (f === SINGLE) side32[i] = Number(bits);
  else side64[i] = bits;
}

function keepSide(cpu: Cpu, slot: number): void {
  side64[0] = cpu.state.u64[slot];
  side64[1] = cpu.state.u64[slot + 1];
}

function takeSide(cpu: Cpu, slot: number): void {
  cpu.state.u64[slot] = side64[0];
  cpu.state.u64[slot + 1] = side64[1];
}

function exactly(shape: FloatShape, compute: (i: number) => Binary): FloatFunction {
  const f = formatOf(shape);
  const count = isScalar(shape) ? 1 : 128 / f.bits;
  return (cpu, d, a, b) => {
    environment.begin(cpu.state.u32[MXCSR]);
    keepSide(cpu, a);
    for (let i = 0; i < count; i++) {
      setSide(f, i, compute(i)(f, environment, lane(cpu, f, a, i), lane(cpu, f, b, i)));
    }
    if (!finish(cpu)) return false;
    takeSide(cpu, d);
    return true;
  };
}

// --- the fast way: arithmetic -------------------------------------------------------

/** An operation on the host, with what tells whether its result is exact and whether a zero result is. */
interface Host {
  run(x: number, y: number): number;
  /** For finite operands and results that are not small. */
  exact(x: number, y: number, r: number): boolean;
  zeroIsExact(x: number, y: number): boolean;
}

/** Nothing is lost in x + y = r (Knuth, "TwoSum"). */
function exactSum(x: number, y: number, r: number): boolean {
  const z = r - x;
  return x + y === r && x - (r - z) + (y - z) === 0;
}

/** Products smaller than this may lose bits of their error term. */
const SAFE_PRODUCT = 2 ** -900;

/** x · y = r without rounding (Dekker, "Mul12"); false also when that cannot be told. */
function exactProduct(x: number, y: number, r: number): boolean {
  if (x * y !== r || !(Math.abs(r) > SAFE_PRODUCT)) return false;
  const p = 134217729 * x;
  const q = 134217729 * y;
  const xHigh = p - (p - x);
  const yHigh = q - (q - y);
  const xLow = x - xHigh;
  const yLow = y - yHigh;
  return xLow * yLow - (r - xHigh * yHigh - xLow * yHigh - xHigh * yLow) === 0;
}

const hosts: Record<'add' | 'sub' | 'mul' | 'div' | 'sqrt', Host> = {
  add: { run: (x, y) => x + y, exact: exactSum, zeroIsExact: () => true },
  sub: { run: (x, y) => x - y, exact: (x, y, r) => exactSum(x, -y, r), zeroIsExact: () => true },
  mul: { run: (x, y) => x * y, exact: exactProduct, zeroIsExact: (x, y) => x === 0 || y === 0 },
  div: { run: (x, y) => x / y, exact: (x, y, r) => exactProduct(r, y, x), zeroIsExact: (x) => x === 0 },
  sqrt: { run: (_x, y) => Math.sqrt(y), exact: (_x, y, r) => exactProduct(r, r, y), zeroIsExact: () => true },
};

/** Zero or a normal number. */
function plain(x: number, least: number): boolean {
  const m = Math.abs(x);
  return (m >= least && m < BIG) || x === 0;
}

/** A number that compares without flags: no NaN, no denormal. */
function comparable(x: number, least: number): boolean {
  return Math.abs(x) >= least || x === 0;
}

/** `unary`: the first operand is not looked at. */
function arithmetic(shape: FloatShape, host: Host, exact: Binary, unary = false): FloatFunction {
  const slow = exactly(shape, () => exact);
  const count = isScalar(shape) ? 1 : 128 / formatOf(shape).bits;
  const single = formatOf(shape) === SINGLE;
  const perSlot = single ? 2 : 1;
  const least = single ? MIN_SINGLE : MIN_DOUBLE;
  const side = single ? sideSingle : sideDouble;
  return (cpu, d, a, b, imm) => {
    const s = cpu.state;
    const mxcsr = s.u32[MXCSR];
    if ((mxcsr & DEFAULT_BITS) !== Mxcsr.MASKS) return slow(cpu, d, a, b, imm);
    const v = single ? s.f32 : s.f64;
    for (let i = 0; i < count; i++) {
      const x = unary ? 0 : v[a * perSlot + i];
      const y = v[b * perSlot + i];
      const full = host.run(x, y);
      const r = single ? Math.fround(full) : full;
      const m = Math.abs(r);
      const good =
        plain(x, least) &&
        plain(y, least) &&
        // A result of the least normal number may have been tiny before rounding.
        ((m > least && m < BIG) || (r === 0 && host.zeroIsExact(x, y))) &&
        ((mxcsr & Mxcsr.PE) !== 0 || r === 0 || host.exact(x, y, r));
      if (!good) return slow(cpu, d, a, b, imm);
      side[i] = r;
    }
    for (let i = 0; i < count; i++) v[d * perSlot + i] = side[i];
    if (isScalar(shape) && d !== a) keepUpper(cpu, d, a, single);
    return true;
  };
}

/** The lanes above the lowest ← those of a. */
function keepUpper(cpu: Cpu, d: number, a: number, single: boolean): void {
  const { u32 } = cpu.state;
  if (single) u32[d * 2 + 1] = u32[a * 2 + 1];
  u32[d * 2 + 2] = u32[a * 2 + 2];
  u32[d * 2 + 3] = u32[a * 2 + 3];
}

// --- minimum, maximum, comparison ------------------------------------------------------

/** Predicates 0 to 7 for less, equal, greater, unordered: bit = predicate. */
const PREDICATES = { less: 0b10010110, equal: 0b10100101, greater: 0b11110000, unordered: 0b01111000 };

function holds(predicate: number, order: -1 | 0 | 1 | undefined): boolean {
  const set =
    order === undefined
      ? PREDICATES.unordered
      : order < 0
        ? PREDICATES.less
        : order > 0
          ? PREDICATES.greater
          : PREDICATES.equal;
  return ((set >> predicate) & 1) !== 0;
}

/** Predicates LT, LE, NLT, NLE signal for a QNaN. */
function isSignalling(predicate: number): boolean {
  return (predicate & 3) === 1 || (predicate & 3) === 2;
}

function extreme(shape: FloatShape, pick: (x: number, y: number) => boolean, exact: Binary): FloatFunction {
  const slow = exactly(shape, () => exact);
  const count = isScalar(shape) ? 1 : 128 / formatOf(shape).bits;
  const single = formatOf(shape) === SINGLE;
  const perSlot = single ? 2 : 1;
  const least = single ? MIN_SINGLE : MIN_DOUBLE;
  const side = single ? sideSingle : sideDouble;
  return (cpu, d, a, b, imm) => {
    const v = single ? cpu.state.f32 : cpu.state.f64;
    for (let i = 0; i < count; i++) {
      const x = v[a * perSlot + i];
      const y = v[b * perSlot + i];
      if (!comparable(x, least) || !comparable(y, least)) return slow(cpu, d, a, b, imm);
      side[i] = pick(x, y) ? x : y;
    }
    for (let i = 0; i < count; i++) v[d * perSlot + i] = side[i];
    if (isScalar(shape) && d !== a) keepUpper(cpu, d, a, single);
    return true;
  };
}

/** CMPPS and its kin: rare enough for the exact way, except plain numbers. */
function comparison(shape: FloatShape): FloatFunction {
  const f = formatOf(shape);
  const single = f === SINGLE;
  const count = isScalar(shape) ? 1 : 128 / f.bits;
  const perSlot = single ? 2 : 1;
  const least = single ? MIN_SINGLE : MIN_DOUBLE;
  return (cpu, d, a, b, imm) => {
    const predicate = imm & 7;
    const v = single ? cpu.state.f32 : cpu.state.f64;
    environment.begin(cpu.state.u32[MXCSR]);
    keepSide(cpu, a);
    for (let i = 0; i < count; i++) {
      const x = v[a * perSlot + i];
      const y = v[b * perSlot + i];
      const order =
        comparable(x, least) && comparable(y, least)
          ? hostOrder(x, y)
          : compare(f, environment, lane(cpu, f, a, i), lane(cpu, f, b, i), isSignalling(predicate));
      setSide(f, i, holds(predicate, order) ? ALL_ONES[perSlot - 1] : 0n);
    }
    if (environment.flags !== 0 && !finish(cpu)) return false;
    takeSide(cpu, d);
    return true;
  };
}

const ALL_ONES = [0xffffffffffffffffn, 0xffffffffn];

function hostOrder(x: number, y: number): -1 | 0 | 1 {
  return x < y ? -1 : x > y ? 1 : 0;
}

/** UCOMISS … COMISD: flags into slot d. */
function compareFlags(shape: FloatShape, signalling: boolean): FloatFunction {
  const f = formatOf(shape);
  const single = f === SINGLE;
  const least = single ? MIN_SINGLE : MIN_DOUBLE;
  return (cpu, d, a, b) => {
    const s = cpu.state;
    const x = single ? s.f32[a * 2] : s.f64[a];
    const y = single ? s.f32[b * 2] : s.f64[b];
    let order: -1 | 0 | 1 | undefined;
    if (comparable(x, least) && comparable(y, least)) order = hostOrder(x, y);
    else {
      environment.begin(s.u32[MXCSR]);
      order = compare(f, environment, lane(cpu, f, a, 0), lane(cpu, f, b, 0), signalling);
      if (!finish(cpu)) return false;
    }
    if (order === undefined) s.setLow(d, Flag.ZF | Flag.PF | Flag.CF);
    else s.setLow(d, order < 0 ? Flag.CF : order === 0 ? Flag.ZF : 0);
    return true;
  };
}

// --- conversions ------------------------------------------------------------------------

/** Between the formats; shape is the source's. */
function conversion(shape: FloatShape): FloatFunction {
  const from = formatOf(shape);
  const to = from === SINGLE ? DOUBLE : SINGLE;
  const count = isScalar(shape) ? 1 : 2;
  const least = from === SINGLE ? MIN_SINGLE : MIN_DOUBLE;
  return (cpu, d, a, b) => {
    const s = cpu.state;
    const mxcsr = s.u32[MXCSR];
    const v = from === SINGLE ? s.f32 : s.f64;
    const perSlot = from === SINGLE ? 2 : 1;
    if (isScalar(shape)) keepSide(cpu, a);
    else side64[1] = 0n;
    environment.begin(mxcsr);
    for (let i = 0; i < count; i++) {
      const x = v[b * perSlot + i];
      const narrow = Math.fround(x);
      const m = Math.abs(narrow);
      if (from === SINGLE && comparable(x, least)) sideDouble[i] = x;
      else if (
        from === DOUBLE &&
        (mxcsr & DEFAULT_BITS) === Mxcsr.MASKS &&
        (x === 0 || (m > MIN_SINGLE && m < BIG && ((mxcsr & Mxcsr.PE) !== 0 || narrow === x)))
      ) {
        sideSingle[i] = narrow;
      } else setSide(to, i, convert(from, to, environment, lane(cpu, from, b, i)));
    }
    if (environment.flags !== 0 && !finish(cpu)) return false;
    takeSide(cpu, d);
    return true;
  };
}

/** Adding and taking this away rounds to the nearest even integer what is below 2^51. */
const ROUNDER = 6755399441055744;

/** x as an integer below 2^52 in magnitude without new flags, or undefined for the exact way. */
function hostInteger(
  x: number,
  mxcsr: number,
  least: number,
  truncate: boolean,
  limit: number,
): number | undefined {
  if (!plain(x, least) || Math.abs(x) >= limit) return undefined;
  let r: number;
  if (truncate) r = Math.trunc(x);
  else if (mxcsr & Mxcsr.RC) return undefined;
  else r = x + ROUNDER - ROUNDER;
  const quiet = Mxcsr.PE | (Mxcsr.PE << Mxcsr.MASKS_SHIFT);
  return r === x || (mxcsr & quiet) === quiet ? r : undefined;
}

function toIntegers(shape: FloatShape, truncate: boolean): FloatFunction {
  const f = formatOf(shape);
  const single = f === SINGLE;
  const count = 128 / f.bits;
  const least = single ? MIN_SINGLE : MIN_DOUBLE;
  return (cpu, d, _a, b) => {
    const s = cpu.state;
    const mxcsr = s.u32[MXCSR];
    const v = single ? s.f32 : s.f64;
    side64[1] = 0n;
    environment.begin(mxcsr);
    for (let i = 0; i < count; i++) {
      const x = v[b * (single ? 2 : 1) + i];
      side32[i] =
        hostInteger(x, mxcsr, least, truncate, 0x7fffffff) ??
        Number(toInteger(f, environment, lane(cpu, f, b, i), 32, truncate));
    }
    if (environment.flags !== 0 && !finish(cpu)) return false;
    takeSide(cpu, d);
    return true;
  };
}

function toScalarInteger(shape: FloatShape, width: 32 | 64, truncate: boolean): FloatFunction {
  const f = formatOf(shape);
  const single = f === SINGLE;
  const least = single ? MIN_SINGLE : MIN_DOUBLE;
  const limit = width === 32 ? 0x7fffffff : 2 ** 51;
  return (cpu, d, a) => {
    const s = cpu.state;
    const x = single ? s.f32[a * 2] : s.f64[a];
    const r = hostInteger(x, s.u32[MXCSR], least, truncate, limit);
    if (r === undefined) {
      environment.begin(s.u32[MXCSR]);
      const integer = toInteger(f, environment, lane(cpu, f, a, 0), width, truncate);
      if (!finish(cpu)) return false;
      s.u64[d] = integer;
    } else {
      s.u32[d * 2] = r;
      s.u32[d * 2 + 1] = width === 32 ? 0 : Math.floor(r / 0x100000000);
    }
    return true;
  };
}

/** ROUNDPS and its kin: the literal's bits 0 and 1 are the rounding mode, or bit 2 asks for MXCSR's; bit 3 keeps PE as it is. */
function integral(shape: FloatShape): FloatFunction {
  const f = formatOf(shape);
  const count = isScalar(shape) ? 1 : 128 / f.bits;
  return (cpu, d, a, b, imm) => {
    environment.begin(cpu.state.u32[MXCSR]);
    const mode = imm & 4 ? environment.rounding : imm & 3;
    keepSide(cpu, a);
    for (let i = 0; i < count; i++) {
      setSide(f, i, roundToIntegral(f, environment, lane(cpu, f, b, i), mode, (imm & 8) !== 0));
    }
    if (!finish(cpu)) return false;
    takeSide(cpu, d);
    return true;
  };
}

function fromIntegers(): FloatFunction {
  return (cpu, d, _a, b) => {
    const s = cpu.state;
    const mxcsr = s.u32[MXCSR];
    environment.begin(mxcsr);
    for (let i = 0; i < 4; i++) {
      const x = s.i32[b * 2 + i];
      const r = Math.fround(x);
      if (r === x || ((mxcsr & DEFAULT_BITS) === Mxcsr.MASKS && mxcsr & Mxcsr.PE)) sideSingle[i] = r;
      else side32[i] = Number(fromInteger(SINGLE, environment, BigInt(x)));
    }
    if (environment.flags !== 0 && !finish(cpu)) return false;
    takeSide(cpu, d);
    return true;
  };
}

function fromScalarInteger(shape: FloatShape, width: 32 | 64): FloatFunction {
  const f = formatOf(shape);
  const single = f === SINGLE;
  return (cpu, d, a, b) => {
    const s = cpu.state;
    const low = s.u32[b * 2];
    const high = s.i32[b * 2 + 1];
    // What fits in 53 bits is exact in double; to single it is then one rounding.
    const small = width === 32 || (high >= -0x200000 && high < 0x200000);
    const x = width === 32 ? low | 0 : high * 0x100000000 + low;
    keepSide(cpu, a);
    if (small && (!single || Math.fround(x) === x)) {
      if (single) sideSingle[0] = x;
      else sideDouble[0] = x;
    } else {
      environment.begin(s.u32[MXCSR]);
      const value = width === 32 ? BigInt(low | 0) : s.i64[b];
      setSide(f, 0, fromInteger(f, environment, value));
      if (!finish(cpu)) return false;
    }
    takeSide(cpu, d);
    return true;
  };
}

// --- tables --------------------------------------------------------------------------------

const SHAPES = [FloatShape.PS, FloatShape.SS, FloatShape.PD, FloatShape.SD] as const;

/** Makers by FloatOp; absent combinations are never emitted. */
const MAKERS: Readonly<Record<Exclude<FloatOp, FloatOp.COUNT>, (shape: FloatShape) => FloatFunction>> = {
  [FloatOp.ADD]: (shape) => arithmetic(shape, hosts.add, add),
  [FloatOp.SUB]: (shape) => arithmetic(shape, hosts.sub, subtract),
  [FloatOp.MUL]: (shape) => arithmetic(shape, hosts.mul, multiply),
  [FloatOp.DIV]: (shape) => arithmetic(shape, hosts.div, divide),
  [FloatOp.SQRT]: (shape) => arithmetic(shape, hosts.sqrt, squareRoot, true),
  [FloatOp.MIN]: (shape) => extreme(shape, (x, y) => x < y, minimum),
  [FloatOp.MAX]: (shape) => extreme(shape, (x, y) => x > y, maximum),
  [FloatOp.CMP]: comparison,
  [FloatOp.ADDSUB]: (shape) => exactly(shape, (i) => (i & 1 ? add : subtract)),
  [FloatOp.CONVERT]: conversion,
  [FloatOp.TO_I32]: (shape) => toIntegers(shape, false),
  [FloatOp.TRUNCATE_I32]: (shape) => toIntegers(shape, true),
  [FloatOp.FROM_I32]: fromIntegers,
  [FloatOp.ROUND]: integral,
};

/** FLOAT's functions by aux & 0x7f: FloatOp | FloatShape << 5. */
export const FLOAT_FUNCTIONS: FloatFunction[] = [];
/** FGET's by FloatGet | FloatShape << 5; FSET's by FloatSet | FloatShape << 5. */
export const FLOAT_GETS: FloatFunction[] = [];
export const FLOAT_SETS: FloatFunction[] = [];

for (const shape of SHAPES) {
  for (const [op, make] of Object.entries(MAKERS)) FLOAT_FUNCTIONS[Number(op) | (shape << 5)] = make(shape);
  if (!isScalar(shape)) continue;
  const gets: Readonly<Record<Exclude<FloatGet, FloatGet.COUNT>, FloatFunction>> = {
    [FloatGet.UCOMI]: compareFlags(shape, false),
    [FloatGet.COMI]: compareFlags(shape, true),
    [FloatGet.TO_I32]: toScalarInteger(shape, 32, false),
    [FloatGet.TRUNCATE_I32]: toScalarInteger(shape, 32, true),
    [FloatGet.TO_I64]: toScalarInteger(shape, 64, false),
    [FloatGet.TRUNCATE_I64]: toScalarInteger(shape, 64, true),
  };
  for (const [op, run] of Object.entries(gets)) FLOAT_GETS[Number(op) | (shape << 5)] = run;
  FLOAT_SETS[FloatSet.FROM_I32 | (shape << 5)] = fromScalarInteger(shape, 32);
  FLOAT_SETS[FloatSet.FROM_I64 | (shape << 5)] = fromScalarInteger(shape, 64);
}
