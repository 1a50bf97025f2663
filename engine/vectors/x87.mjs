// The x87: what to record, and the contents of its registers. See generate.mjs.

const i = (text, x87, extra = {}) => ({ text, x87, ...extra });

// --- values ---------------------------------------------------------------------------

const BIAS = 16383n;

/** Zeros, denormals, pseudo-denormals, extremes, infinities, NaNs, encodings no operation takes, small numbers. */
const EDGES = [
  0x00000000000000000000n,
  0x80000000000000000000n,
  0x00000000000000000001n,
  0x80007fffffffffffffffn,
  0x00008000000000000000n,
  0x80008000000000000001n,
  0x00018000000000000000n,
  0x0001ffffffffffffffffn,
  0x7ffeffffffffffffffffn,
  0xfffeffffffffffffffffn,
  0x7fff8000000000000000n,
  0xffff8000000000000000n,
  0x7fffc000000000000000n,
  0xffffc000000000000000n,
  0x7fffc000000000001234n,
  0xffffe000000000000000n,
  0x7fff8000000000000001n,
  0xffffbfffffffffffffffn,
  0x7fff0000000000000000n,
  0x7fff4000000000000000n,
  0x40004000000000000000n,
  0x3fff8000000000000000n,
  0xbfff8000000000000000n,
  0x3fff8000000000000001n,
  0x3ffeffffffffffffffffn,
  0x3ffe8000000000000000n,
  0x3fffc000000000000000n,
  0x4000a000000000000000n,
  0xc000a000000000000000n,
  0x400dfffe000000000000n,
  0xc00e8000000000000000n,
  0x400e8000000000000000n,
  0x401dffffffff00000000n,
  0xc01e8000000000000000n,
  0x401e8000000000000000n,
  0x403dfffffffffffffffen,
  0xc03e8000000000000000n,
  0x403e8000000000000000n,
  0x403abc16d674ec800000n,
  0x403abc16d674ec7fffffn,
  0x43feffffffffffffffffn,
  0x43fefffffffffffff800n,
  0x407effffff0000000000n,
  0x3c018000000000000000n,
  0x3bcd8000000000000000n,
  0x3f818000000000000000n,
  0x3f6a8000000000000000n,
];

function number(exponent, t) {
  const cut = t.random32() % 3 ? 0n : BigInt(t.random32() % 63);
  const fraction = (BigInt.asUintN(63, t.random64()) >> cut) << cut;
  let e = BigInt(exponent);
  if (e < 1n) e = 1n;
  if (e > 0x7ffen) e = 0x7ffen;
  return (BigInt(t.random32() & 1) << 79n) | (e << 64n) | (1n << 63n) | fraction;
}

/** Two operands: edge values, neighbours, extremes whose result leaves a range, moderate numbers. */
function pair(t) {
  const e = t.random32() % 0x7fff;
  const bias = Number(BIAS);
  switch (t.random32() % 7) {
    case 0:
    case 1:
      return [t.pick(EDGES), t.pick(EDGES)];
    case 2:
      return [number(e, t), number(e + (t.random32() % 8) - 4, t)];
    case 3:
      return [number(e, t), number(bias - e + (t.random32() % 140) - 70, t)];
    case 4:
      return [number(e, t), number(e + (t.random32() & 1 ? bias : -bias) + (t.random32() % 140) - 70, t)];
    case 5:
      return [t.pick(EDGES), number(bias + (t.random32() % 140) - 70, t)];
    default:
      return [number(bias + (t.random32() % 70) - 5, t), number(bias + (t.random32() % 20) - 10, t)];
  }
}

/** Where the functions are defined: sizes from tiny to about one, or large angles. */
const small = (t) => number(Number(BIAS) - 1 - (t.random32() % 4 ? t.random32() % 8 : t.random32() % 120), t);
const moderate = (t) => number(Number(BIAS) + (t.random32() % 40) - 20, t);
const angle = (t) => number(Number(BIAS) + (t.random32() % 75) - 10, t);

/** ST(0) and ST(1) by kind. */
const KINDS = {
  /** arithmetic */
  a: pair,
  /** a number that is converted: near the limits of integers and of narrower formats */
  c: (t) => {
    const near = t.pick([
      0, 14, 15, 16, 30, 31, 32, 59, 60, 62, 63, 64, 127, 128, -126, -127, -140, -149, -150, 1023, 1024,
      -1022, -1060, -1075,
    ]);
    return [t.random32() % 2 ? t.pick(EDGES) : number(Number(BIAS) + near, t), pair(t)[1]];
  },
  f2xm1: (t) => [small(t), pair(t)[1]],
  yl2x: (t) => [BigInt.asUintN(79, t.pick([moderate, small, angle])(t)), moderate(t)],
  yl2xp1: (t) => [number(Number(BIAS) - 2 - (t.random32() % 70), t), moderate(t)],
  atan: (t) => [t.pick([moderate, small, angle])(t), t.pick([moderate, small, angle])(t)],
  angle: (t) => [t.pick([moderate, small, angle])(t), pair(t)[1]],
  edge: (t) => [t.pick(EDGES), t.pick(EDGES)],
};

const hex = (v, bytes) =>
  Buffer.from(v.toString(16).padStart(bytes * 2, '0'), 'hex')
    .reverse()
    .toString('hex');

/** An operand in memory: edge values of the narrow formats come with the SSE ones, here mostly moderate numbers. */
function memory(bytes, integer, t) {
  if (bytes === 10) return t.random32() % 2 ? t.pick(EDGES) : moderate(t);
  const bits = BigInt(bytes * 8);
  if (integer) return BigInt.asUintN(Number(bits), t.value());
  const fraction = bytes === 4 ? 23n : 52n;
  const span = bytes === 4 ? 0xffn : 0x7ffn;
  const special = t.pick([
    0n,
    1n,
    span << fraction,
    (span << fraction) | 1n,
    ((span << fraction) | (1n << (fraction - 1n))) + 5n,
    (1n << fraction) - 1n,
  ]);
  const usual = ((span >> 1n) + BigInt((t.random32() % 40) - 20)) << fraction;
  const v = t.random32() % 3 ? usual | BigInt.asUintN(Number(fraction), t.random64()) : special;
  return v | (BigInt(t.random32() & 1) << (bits - 1n));
}

/** Packed decimals. */
function decimal(t) {
  let v = BigInt(t.random32() & 1) << 79n;
  const digits = t.random32() % 19;
  for (let k = 0; k < digits; k++) v |= BigInt(t.random32() % 10) << BigInt(4 * k);
  return v;
}

/** Fills in a case: stack, control and status word, memory operand. */
export function x87Case(template, c, offset, t) {
  const top = t.random32() % 8;
  const [x, y] = KINDS[template.x87](t);
  c.st = Array.from({ length: 8 }, () =>
    t.random32() % 3 ? number(Number(BIAS) + (t.random32() % 9), t) : 0n,
  );
  c.st[top] = x;
  c.st[(top + (template.other ?? 1)) & 7] = y;
  // Free places at the stack's end; now and then one that is needed is missing, or none is free.
  const depth = t.random32() % 12 === 0 ? t.pick([0, 1, 8]) : 2 + (t.random32() % 5);
  c.tags = 0;
  for (let k = 0; k < Math.max(depth, depth > 1 ? (template.other ?? 1) + 1 : 0); k++)
    c.tags |= 1 << ((top + k) & 7);
  c.st = c.st.map((v, n) => (c.tags & (1 << n) ? v : 0n));
  c.control = 0x37f | (t.pick([0, 0, 1, 2, 3]) << 10);
  if (t.random32() % 4 === 0) c.control = (c.control & ~0x300) | (t.pick([0, 2]) << 8);
  if (t.random32() % 8 === 0) c.control &= ~t.pick([1, 2, 4, 8, 16, 32, 0x3f, 0x18]);
  c.status = (top << 11) | (t.random32() & 0x4700);
  if (t.random32() % 4 === 0) c.status |= t.pick([1, 2, 4, 8, 16, 32, 0x41, 0x20]) & (c.control | 0x40);
  if (offset !== undefined && template.bytes) {
    const v = template.decimal ? decimal(t) : memory(template.bytes, template.integer, t);
    c.memory.set(offset, hex(v, template.bytes));
  }
}

// --- families ----------------------------------------------------------------------------

const arithmetic = [];
for (const op of ['add', 'mul', 'sub', 'subr', 'div', 'divr']) {
  arithmetic.push(
    i(`f${op} st0, st1`, 'a', { cases: 60 }),
    i(`f${op} st3, st0`, 'a', { cases: 30, other: 3 }),
    i(`f${op}p st1, st0`, 'a', { cases: 30 }),
    i(`f${op} dword [rsi+16]`, 'a', { cases: 20, bytes: 4 }),
    i(`f${op} qword [rbp+r15*2]`, 'a', { cases: 20, bytes: 8 }),
    i(`fi${op} word [rsi+3]`, 'a', { cases: 10, bytes: 2, integer: true }),
    i(`fi${op} dword [rsi+3]`, 'a', { cases: 10, bytes: 4, integer: true }),
  );
}
arithmetic.push(i('fadd st0, st0', 'a', { cases: 10 }), i('fsqrt', 'a', { cases: 60 }));

const comparison = [];
for (const op of ['com', 'comp', 'ucom', 'ucomp', 'comi', 'comip', 'ucomi', 'ucomip'])
  comparison.push(i(`f${op} st2`, 'a', { cases: 24, other: 2 }));
for (const op of ['compp', 'ucompp']) comparison.push(i(`f${op}`, 'a', { cases: 16 }));
for (const op of ['com', 'comp']) {
  comparison.push(
    i(`f${op} dword [rsi+16]`, 'a', { cases: 16, bytes: 4 }),
    i(`f${op} qword [rsi+16]`, 'a', { cases: 16, bytes: 8 }),
    i(`fi${op} word [rsi+16]`, 'a', { cases: 10, bytes: 2, integer: true }),
    i(`fi${op} dword [rsi+16]`, 'a', { cases: 10, bytes: 4, integer: true }),
  );
}
comparison.push(i('ftst', 'edge', { cases: 40 }), i('fxam', 'edge', { cases: 60 }));

const transfer = [];
for (const [size, bytes] of [
  ['dword', 4],
  ['qword', 8],
  ['tword', 10],
])
  transfer.push(
    i(`fld ${size} [rsi+16]`, 'a', { cases: 24, bytes }),
    i(`fstp ${size} [rsi+16]`, 'c', { cases: 60 }),
  );
for (const size of ['dword', 'qword']) transfer.push(i(`fst ${size} [rsi+5]`, 'c', { cases: 30 }));
for (const [size, bytes] of [
  ['word', 2],
  ['dword', 4],
  ['qword', 8],
]) {
  transfer.push(
    i(`fild ${size} [rsi+16]`, 'a', { cases: 12, bytes, integer: true }),
    i(`fistp ${size} [rsi+16]`, 'c', { cases: 50 }),
    i(`fisttp ${size} [rsi+16]`, 'c', { cases: 30 }),
  );
  if (bytes < 8) transfer.push(i(`fist ${size} [rsi+16]`, 'c', { cases: 20 }));
}
transfer.push(
  i('fbld [rsi+16]', 'a', { cases: 24, bytes: 10, decimal: true }),
  i('fbstp [rsi+16]', 'c', { cases: 60 }),
  i('fld st3', 'a', { cases: 16, other: 3 }),
  i('fst st3', 'a', { cases: 16, other: 3 }),
  i('fstp st1', 'a', { cases: 16 }),
  i('fstp st0', 'a', { cases: 8 }),
  i('fxch st2', 'a', { cases: 20, other: 2 }),
  i('ffree st2', 'a', { cases: 6 }),
  i('fincstp', 'a', { cases: 6 }),
  i('fdecstp', 'a', { cases: 6 }),
  i('fnop', 'a', { cases: 3 }),
);
for (const op of ['b', 'e', 'be', 'u', 'nb', 'ne', 'nbe', 'nu'])
  transfer.push(i(`fcmov${op} st0, st2`, 'a', { cases: 12, other: 2 }));
for (const op of ['fld1', 'fldl2t', 'fldl2e', 'fldpi', 'fldlg2', 'fldln2', 'fldz'])
  transfer.push(i(op, 'a', { cases: 12 }));

const control = [
  i('fninit', 'a', { cases: 4 }),
  i('fnclex', 'a', { cases: 8 }),
  i('fnstcw [rsi+4]', 'a', { cases: 4 }),
  i('fnstsw [rsi+4]', 'a', { cases: 4 }),
  i('fnstsw ax', 'a', { cases: 4 }),
  i('fldcw [rsi+4]', 'a', { cases: 12, bytes: 2, integer: true }),
  i('emms', 'a', { cases: 3 }),
];

const functions = [];
for (const op of ['fchs', 'fabs', 'frndint', 'fxtract']) functions.push(i(op, 'c', { cases: 50 }));
for (const op of ['fprem', 'fprem1', 'fscale']) functions.push(i(op, 'a', { cases: 100 }));

// Of these a processor's last bit is its own.
const transcendental = [];
// Where F2XM1 and FYL2XP1 are not defined, nothing is recorded.
for (const [op, kind] of [
  ['f2xm1', 'f2xm1'],
  ['fyl2x', 'yl2x'],
  ['fyl2xp1', 'yl2xp1'],
  ['fpatan', 'atan'],
  ['fsin', 'angle'],
  ['fcos', 'angle'],
  ['fsincos', 'angle'],
  ['fptan', 'angle'],
])
  transcendental.push(i(op, kind, { cases: 60 }), i(op, /1$/.test(op) ? kind : 'edge', { cases: 60 }));

/** By family: all in 64-bit mode. */
export const X87_FAMILIES = {
  'x87-arithmetic': { mode: '64', templates: arithmetic },
  'x87-comparison': { mode: '64', templates: comparison },
  'x87-transfer': { mode: '64', templates: transfer },
  'x87-control': { mode: '64', templates: control },
  'x87-functions': { mode: '64', templates: functions },
  'x87-transcendental': { mode: '64', templates: transcendental },
};
