// SSE and SSE2: what to record, and the values of XMM registers and MXCSR. See generate.mjs.

const i = (text, sse, extra = {}) => ({ text, sse, ...extra });

// --- values ---------------------------------------------------------------------------

/** Bit patterns that matter, by format: zeros, denormals, the least and greatest, infinities, NaNs, halves. */
const EDGES = {
  s: [
    0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x807fffff, 0x00400000, 0x00800000,
    0x80800000, 0x00800001, 0x3f800000, 0xbf800000, 0x3f800001, 0x3f7fffff, 0x3f000000, 0x3fc00000,
    0x40200000, 0xc0200000, 0x40400000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
    0xffc00000, 0x7fc12345, 0x7f812345, 0xff800001, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001,
    0x5f000000, 0xdf000000, 0x5effffff, 0x4b000001, 0x4b800001, 0x1f800000, 0x20000000, 0x5f800000,
    0x33800000, 0x34000000, 0x0d800000,
  ].map(BigInt),
  d: [
    0x0000000000000000n,
    0x8000000000000000n,
    0x0000000000000001n,
    0x8000000000000001n,
    0x000fffffffffffffn,
    0x800fffffffffffffn,
    0x0010000000000000n,
    0x8010000000000000n,
    0x0010000000000001n,
    0x3ff0000000000000n,
    0xbff0000000000000n,
    0x3ff0000000000001n,
    0x3fefffffffffffffn,
    0x3fe0000000000000n,
    0x3ff8000000000000n,
    0x4004000000000000n,
    0xc004000000000000n,
    0x4008000000000000n,
    0x7fefffffffffffffn,
    0xffefffffffffffffn,
    0x7ff0000000000000n,
    0xfff0000000000000n,
    0x7ff8000000000000n,
    0xfff8000000000000n,
    0x7ff8123456789abcn,
    0x7ff0123456789abcn,
    0xfff0000000000001n,
    0x41dfffffffc00000n,
    0x41dfffffffe00000n,
    0x41e0000000000000n,
    0xc1e0000000000000n,
    0xc1e0000000200000n,
    0xc1dfffffffe00000n,
    0x43e0000000000000n,
    0xc3e0000000000000n,
    0x43dfffffffffffffn,
    0x4330000000000001n,
    0x4340000000000001n,
    0x1ff0000000000000n,
    0x2000000000000000n,
    0x5ff0000000000000n,
    0x3ca0000000000000n,
    0x47efffffe0000000n,
    0x47effffff0000000n,
    0x3810000000000000n,
    0x380fffffe0000000n,
    0x36a0000000000000n,
    0x3690000000000000n,
    0x3ff0000010000000n,
    0x3ff0000030000000n,
    0x7ff000000fffffffn,
  ],
};

const FRACTION = { s: 23n, d: 52n };
const BITS = { s: 32n, d: 64n };
const EXPONENTS = { s: 255, d: 2047 };

function random(format, { random32, random64 }) {
  return BigInt.asUintN(Number(BITS[format]), random64() ^ BigInt(random32()));
}

/** A number with a given biased exponent; often with few fraction bits, so that results can be exact or ties. */
function withExponent(format, exponent, t) {
  const cut = t.random32() % 3 ? 0n : BigInt(t.random32() % Number(FRACTION[format]));
  let fraction = BigInt.asUintN(Number(FRACTION[format]), t.random64());
  fraction = (fraction >> cut) << cut;
  const sign = BigInt(t.random32() & 1);
  const e = BigInt(Math.min(Math.max(exponent, 0), EXPONENTS[format] - 1));
  return (sign << (BITS[format] - 1n)) | (e << FRACTION[format]) | fraction;
}

/** Two operands: edge values, neighbours in magnitude, extremes whose result leaves the range, or any bits. */
function pair(format, t) {
  const span = EXPONENTS[format];
  const bias = span >> 1;
  const e = t.random32() % span;
  switch (t.random32() % 8) {
    case 0:
    case 1:
    case 2:
      return [t.pick(EDGES[format]), t.pick(EDGES[format])];
    case 3: // about the same exponent: sums
      return [withExponent(format, e, t), withExponent(format, e + (t.random32() % 8) - 4, t)];
    case 4: // products near the least normal number
      return [withExponent(format, e, t), withExponent(format, bias - e + (t.random32() % 60) - 40, t)];
    case 5: // quotients near it, and near the greatest
      return [
        withExponent(format, e, t),
        withExponent(format, e + (t.random32() & 1 ? bias : -bias) + (t.random32() % 40) - 20, t),
      ];
    case 6: // moderate
      return [
        withExponent(format, bias + (t.random32() % 70) - 5, t),
        withExponent(format, bias + (t.random32() % 20) - 10, t),
      ];
    default:
      return [random(format, t), random(format, t)];
  }
}

/** Integers for MMX-like lanes: random and saturating ones. */
function integers(t) {
  let v = 0n;
  for (let k = 0; k < 8; k++) {
    const word =
      t.random32() % 3
        ? t.random32() & 0xffff
        : t.pick([0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7f80]);
    v = (v << 16n) | BigInt(word);
  }
  return v;
}

/** Few different characters, so that strings match; a terminating zero somewhere, or not. */
function text({ random32, pick }) {
  let v = 0n;
  const width = pick([8n, 8n, 16n]);
  for (let k = 0n; k < 128n; k += width) {
    const character = random32() % 12 ? pick([0x41, 0x42, 0x43, 0x61, 0xc1, 0x7f]) : 0;
    v |= BigInt(character) << k;
  }
  return v;
}

/** Two vectors of a kind: s, d (floating-point), i (integer), n (integer, and a shift count), t (text). */
function vectors(kind, t) {
  if (kind === 'i') {
    const x = integers(t);
    // Some lanes equal.
    const y = integers(t);
    return [x, t.random32() % 3 ? y : (y & ~0xffffffffffffn) | (x & 0xffffffffffffn)];
  }
  if (kind === 'n') {
    const count =
      t.random32() % 4 ? BigInt(t.random32() % 70) : t.pick([1n << 32n, 0xffffffffffffffffn, 256n, 63n]);
    return [integers(t), (BigInt(t.random32()) << 64n) | count];
  }
  if (kind === 't') return [text(t), text(t)];
  const lanes = kind === 's' ? 4 : 2;
  let x = 0n;
  let y = 0n;
  for (let k = 0; k < lanes; k++) {
    const [p, q] = pair(kind, t);
    x = (x << BITS[kind]) | p;
    y = (y << BITS[kind]) | q;
  }
  return [x, y];
}

/** Every rounding mode; flags clear or some set; now and then DAZ, FTZ, and exceptions not masked. */
function mxcsr({ random32, pick }) {
  let m = 0x1f80 | (pick([0, 0, 1, 2, 3]) << 13);
  if (random32() % 3 === 0) m |= pick([0x20, 0x3f, 0x21, 2]);
  if (random32() % 6 === 0) m |= 0x40;
  if (random32() % 6 === 0) m |= 0x8000;
  if (random32() % 6 === 0) m &= ~(pick([1, 2, 4, 8, 16, 32, 0x3f, 3]) << 7);
  return m;
}

const littleEndian = (v) => Buffer.from(v.toString(16).padStart(32, '0'), 'hex').reverse().toString('hex');

/** Fills in a case: the first XMM register and the memory operand (or the second register) are a pair. */
export function sseCase(kind, c, registers, offset, t, also) {
  const [x, y] = vectors(kind, t);
  for (const [k, n] of registers.entries()) c.xmm.set(n, k === 0 ? x : k === 1 ? y : integers(t));
  if (also !== undefined) c.xmm.set(also, integers(t));
  if (offset !== undefined) c.memory.set(offset, littleEndian(registers.length === 0 ? x : y));
  if (kind === 's' || kind === 'd') c.mxcsr = mxcsr(t);
}

// --- families ----------------------------------------------------------------------------

const move = [];
for (const op of ['movaps', 'movapd', 'movdqa', 'movups', 'movupd', 'movdqu']) {
  move.push(i(`${op} xmm1, xmm12`, 'i', { cases: 3 }), i(`${op} xmm9, [rsi+16]`, 'i', { cases: 3 }));
  move.push(i(`${op} [rbp+r15*2], xmm3`, 'i', { cases: 3 }), i(`${op} xmm3, [rsi+4]`, 'i', { cases: 2 }));
  move.push(i(`${op} [rsi+8], xmm3`, 'i', { cases: 2 }));
}
for (const op of ['movntps', 'movntpd', 'movntdq']) {
  move.push(i(`${op} [rsi+32], xmm3`, 'i', { cases: 3 }), i(`${op} [rsi+33], xmm3`, 'i', { cases: 1 }));
}
for (const op of ['movss', 'movsd']) {
  move.push(i(`${op} xmm1, xmm12`, 'i', { cases: 4 }), i(`${op} xmm9, [rsi+3]`, 'i', { cases: 4 }));
  move.push(i(`${op} [rsi+5], xmm3`, 'i', { cases: 4 }));
}
for (const op of ['movlps', 'movlpd', 'movhps', 'movhpd']) {
  move.push(i(`${op} xmm9, [rsi+3]`, 'i', { cases: 4 }), i(`${op} [rsi+5], xmm3`, 'i', { cases: 4 }));
}
for (const op of ['movhlps', 'movlhps'])
  move.push(i(`${op} xmm1, xmm12`, 'i', { cases: 4 }), i(`${op} xmm2, xmm2`, 'i', { cases: 3 }));
move.push(
  i('movd xmm1, ecx', 'i', { cases: 4 }),
  i('movd r9d, xmm10', 'i', { cases: 4 }),
  i('movd xmm1, [rsi+1]', 'i', { cases: 3 }),
  i('movd [rsi+7], xmm1', 'i', { cases: 3 }),
  i('movq xmm1, rcx', 'i', { cases: 4 }),
  i('movq r9, xmm10', 'i', { cases: 4 }),
  i('movq xmm1, xmm10', 'i', { cases: 4 }),
  i('movq xmm1, [rsi+1]', 'i', { cases: 3 }),
  i('movq [rsi+7], xmm1', 'i', { cases: 3 }),
  i('movmskps eax, xmm3', 'i'),
  i('movmskpd r9d, xmm13', 'i'),
  i('movmskpd rcx, xmm1', 'i'),
  i('pmovmskb eax, xmm3', 'i'),
  i('maskmovdqu xmm1, xmm2', 'i'),
  i('maskmovdqu xmm9, xmm9', 'i', { cases: 4 }),
);
for (const n of [0, 3, 7, 12]) {
  move.push(i(`pextrw ecx, xmm11, ${n}`, 'i', { cases: 3 }), i(`pinsrw xmm3, ecx, ${n}`, 'i', { cases: 3 }));
  move.push(i(`pinsrw xmm3, [rsi+1], ${n}`, 'i', { cases: 3 }));
}

const integer = [];
const BINARY = `pand pandn por pxor andps andpd andnps andnpd orps orpd xorps xorpd
  paddb paddw paddd paddq psubb psubw psubd psubq paddsb paddsw paddusb paddusw psubsb psubsw psubusb psubusw
  pmullw pmulhw pmulhuw pmuludq pmaddwd psadbw pavgb pavgw pminub pmaxub pminsw pmaxsw
  pcmpeqb pcmpeqw pcmpeqd pcmpgtb pcmpgtw pcmpgtd packsswb packssdw packuswb
  punpcklbw punpcklwd punpckldq punpcklqdq punpckhbw punpckhwd punpckhdq punpckhqdq
  unpcklps unpcklpd unpckhps unpckhpd`.split(/\s+/);
for (const op of BINARY) {
  integer.push(i(`${op} xmm1, xmm12`, 'i', { cases: 8 }), i(`${op} xmm9, [rsi+16]`, 'i', { cases: 4 }));
  integer.push(i(`${op} xmm4, xmm4`, 'i', { cases: 2 }), i(`${op} xmm1, [rsi+8]`, 'i', { cases: 1 }));
}
for (const op of 'psllw pslld psllq psrlw psrld psrlq psraw psrad'.split(' ')) {
  integer.push(
    i(`${op} xmm1, xmm12`, 'n'),
    i(`${op} xmm9, [rsi+16]`, 'n', { cases: 4 }),
    i(`${op} xmm4, xmm4`, 'n', { cases: 4 }),
  );
  for (const n of [0, 1, 7, 15, 16, 31, 32, 63, 64, 255])
    integer.push(i(`${op} xmm11, ${n}`, 'i', { cases: 2 }));
}
for (const op of ['pslldq', 'psrldq']) {
  for (const n of [0, 1, 7, 8, 9, 15, 16, 200]) integer.push(i(`${op} xmm11, ${n}`, 'i', { cases: 2 }));
}
for (const op of 'pshufd pshuflw pshufhw shufps shufpd'.split(' ')) {
  for (const n of [0, 0x1b, 0x4e, 0xe4, 0x93, 0xff]) {
    integer.push(
      i(`${op} xmm1, xmm12, ${n}`, 'i', { cases: 3 }),
      i(`${op} xmm9, [rsi+16], ${n}`, 'i', { cases: 1 }),
    );
    integer.push(i(`${op} xmm4, xmm4, ${n}`, 'i', { cases: 1 }));
  }
}

const arithmetic = [];
for (const [suffix, kind] of [
  ['ps', 's'],
  ['ss', 's'],
  ['pd', 'd'],
  ['sd', 'd'],
]) {
  const many = suffix[0] === 's' ? 160 : 100;
  for (const op of ['add', 'sub', 'mul', 'div', 'sqrt', 'min', 'max']) {
    arithmetic.push(i(`${op}${suffix} xmm1, xmm12`, kind, { cases: many }));
    arithmetic.push(i(`${op}${suffix} xmm9, [rsi+16]`, kind, { cases: 8 }));
    arithmetic.push(i(`${op}${suffix} xmm4, xmm4`, kind, { cases: 8 }));
    arithmetic.push(i(`${op}${suffix} xmm4, [rsi+3]`, kind, { cases: 2 }));
  }
}

const comparison = [];
for (const [suffix, kind] of [
  ['ps', 's'],
  ['ss', 's'],
  ['pd', 'd'],
  ['sd', 'd'],
]) {
  for (let n = 0; n < 8; n++) {
    comparison.push(i(`cmp${suffix} xmm1, xmm12, ${n}`, kind, { cases: 14 }));
    comparison.push(i(`cmp${suffix} xmm9, [rsi+16], ${n}`, kind, { cases: 2 }));
  }
}
for (const op of ['ucomis', 'comis']) {
  for (const kind of ['s', 'd']) {
    comparison.push(i(`${op}${kind} xmm1, xmm12`, kind, { cases: 60 }));
    comparison.push(
      i(`${op}${kind} xmm9, [rsi+5]`, kind, { cases: 8 }),
      i(`${op}${kind} xmm4, xmm4`, kind, { cases: 8 }),
    );
  }
}

const conversion = [];
for (const [op, kind] of [
  ['cvtss2sd', 's'],
  ['cvtsd2ss', 'd'],
  ['cvtps2pd', 's'],
  ['cvtpd2ps', 'd'],
  ['cvtps2dq', 's'],
  ['cvttps2dq', 's'],
  ['cvtpd2dq', 'd'],
  ['cvttpd2dq', 'd'],
]) {
  conversion.push(i(`${op} xmm1, xmm12`, kind, { cases: 70 }), i(`${op} xmm9, [rsi+16]`, kind, { cases: 8 }));
  conversion.push(i(`${op} xmm4, xmm4`, kind, { cases: 4 }), i(`${op} xmm4, [rsi+8]`, kind, { cases: 2 }));
}
for (const op of ['cvtss2si', 'cvttss2si', 'cvtsd2si', 'cvttsd2si']) {
  const kind = op.includes('ss2') ? 's' : 'd';
  conversion.push(i(`${op} eax, xmm12`, kind, { cases: 60 }), i(`${op} r9, xmm1`, kind, { cases: 60 }));
  conversion.push(i(`${op} ecx, [rsi+5]`, kind, { cases: 6 }), i(`${op} rcx, [rsi+5]`, kind, { cases: 6 }));
}
// Integers come from general registers; MXCSR is chosen as for floating point.
for (const [op, kind] of [
  ['cvtsi2ss', 's'],
  ['cvtsi2sd', 'd'],
]) {
  conversion.push(i(`${op} xmm1, ecx`, kind, { cases: 30 }), i(`${op} xmm11, r9`, kind, { cases: 50 }));
  conversion.push(
    i(`${op} xmm1, dword [rsi+5]`, kind, { cases: 6 }),
    i(`${op} xmm1, qword [rsi+5]`, kind, { cases: 6 }),
  );
}
conversion.push(
  i('cvtdq2ps xmm1, xmm12', 's', { cases: 40 }),
  i('cvtdq2ps xmm1, [rsi+16]', 's', { cases: 6 }),
);
conversion.push(
  i('cvtdq2pd xmm1, xmm12', 's', { cases: 10 }),
  i('cvtdq2pd xmm1, [rsi+5]', 's', { cases: 6 }),
);
conversion.push(i('cvtdq2pd xmm4, xmm4', 's', { cases: 4 }));

const control = [];
/** MXCSR bits that no processor has; bit 17 is one of AMD's. */
const RESERVED = [16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31].map((bit) => (1 << bit) >>> 0);
const setMxcsr = (c, k, t) => {
  c.mxcsr = mxcsr(t);
  c.poke(0x410, k < 8 ? t.random32() & 0xffff : RESERVED[k - 8], 4);
};
control.push(
  { text: 'ldmxcsr [rsi+16]', prepare: setMxcsr, cases: 23, ownMemory: true },
  { text: 'stmxcsr [rsi+18]', prepare: setMxcsr, cases: 8, ownMemory: true },
);

// SSE3, SSSE3, SSE4.1, SSE4.2.
const later = [];
for (const op of 'addsubps haddps hsubps'.split(' ')) {
  later.push(
    i(`${op} xmm1, xmm12`, 's', { cases: 40 }),
    i(`${op} xmm9, [rsi+16]`, 's', { cases: 4 }),
    i(`${op} xmm4, xmm4`, 's', { cases: 4 }),
  );
}
for (const op of 'addsubpd haddpd hsubpd'.split(' ')) {
  later.push(
    i(`${op} xmm1, xmm12`, 'd', { cases: 40 }),
    i(`${op} xmm9, [rsi+16]`, 'd', { cases: 4 }),
    i(`${op} xmm4, xmm4`, 'd', { cases: 4 }),
  );
}
later.push(
  i('movddup xmm1, xmm12', 'i', { cases: 3 }),
  i('movddup xmm1, [rsi+5]', 'i', { cases: 3 }),
  i('lddqu xmm1, [rsi+5]', 'i', { cases: 3 }),
);
later.push(
  i('movshdup xmm1, xmm12', 'i', { cases: 3 }),
  i('movsldup xmm1, [rsi+16]', 'i', { cases: 3 }),
  i('movntdqa xmm1, [rsi+16]', 'i', { cases: 3 }),
);
const LATER =
  `pshufb pabsb pabsw pabsd psignb psignw psignd phaddw phaddd phaddsw phsubw phsubd phsubsw pmulhrsw pmaddubsw
  pminsb pmaxsb pminuw pmaxuw pminsd pmaxsd pminud pmaxud pmulld pmuldq pcmpeqq pcmpgtq packusdw phminposuw`.split(
    /\s+/,
  );
for (const op of LATER) {
  later.push(
    i(`${op} xmm1, xmm12`, 'i', { cases: 10 }),
    i(`${op} xmm9, [rsi+16]`, 'i', { cases: 3 }),
    i(`${op} xmm4, xmm4`, 'i', { cases: 2 }),
  );
}
for (const op of 'sxbw sxbd sxbq sxwd sxwq sxdq zxbw zxbd zxbq zxwd zxwq zxdq'.split(' ')) {
  later.push(
    i(`pmov${op} xmm1, xmm12`, 'i', { cases: 4 }),
    i(`pmov${op} xmm9, [rsi+5]`, 'i', { cases: 3 }),
    i(`pmov${op} xmm4, xmm4`, 'i', { cases: 2 }),
  );
}
for (const op of 'palignr pblendw blendps blendpd mpsadbw insertps'.split(' ')) {
  for (const n of [0, 1, 5, 0x0f, 0x10, 0x1b, 0x47, 0x93, 0xff]) {
    later.push(
      i(`${op} xmm1, xmm12, ${n}`, 'i', { cases: 3 }),
      i(`${op} xmm4, xmm4, ${n}`, 'i', { cases: 1 }),
    );
    later.push(i(`${op} xmm9, [rsi+16], ${n}`, 'i', { cases: 1 }));
  }
}
for (const op of 'blendvps blendvpd pblendvb'.split(' ')) {
  later.push(
    i(`${op} xmm1, xmm12`, 'i', { cases: 6, also: 0 }),
    i(`${op} xmm9, [rsi+16]`, 'i', { cases: 3, also: 0 }),
  );
  later.push(i(`${op} xmm0, xmm12`, 'i', { cases: 3 }), i(`${op} xmm1, xmm0`, 'i', { cases: 3 }));
}
for (const n of [0, 1, 3, 7, 15]) {
  for (const [op, width] of [
    ['b', 'byte'],
    ['d', 'dword'],
    ['q', 'qword'],
  ]) {
    const wide = op === 'q' ? 'rcx' : 'ecx';
    later.push(
      i(`pextr${op} ${wide}, xmm11, ${n}`, 'i', { cases: 2 }),
      i(`pextr${op} ${width} [rsi+3], xmm11, ${n}`, 'i', { cases: 2 }),
    );
    later.push(
      i(`pinsr${op} xmm3, ${wide}, ${n}`, 'i', { cases: 2 }),
      i(`pinsr${op} xmm3, ${width} [rsi+3], ${n}`, 'i', { cases: 2 }),
    );
  }
  later.push(
    i(`extractps ecx, xmm11, ${n}`, 'i', { cases: 2 }),
    i(`extractps [rsi+3], xmm11, ${n}`, 'i', { cases: 2 }),
  );
  later.push(i(`pextrw [rsi+3], xmm11, ${n}`, 'i', { cases: 2 }));
}
later.push(
  i('ptest xmm1, xmm12', 'i', { cases: 8 }),
  i('ptest xmm1, xmm1', 'i', { cases: 4 }),
  i('ptest xmm1, [rsi+16]', 'i', { cases: 4 }),
);
for (const [op, kind] of [
  ['roundps', 's'],
  ['roundss', 's'],
  ['roundpd', 'd'],
  ['roundsd', 'd'],
]) {
  for (const n of [0, 1, 2, 3, 4, 8, 9, 10, 11, 12])
    later.push(i(`${op} xmm1, xmm12, ${n}`, kind, { cases: 14 }));
  later.push(i(`${op} xmm1, [rsi+16], 9`, kind, { cases: 4 }));
}
for (const n of [0xff, 0x71, 0x3f, 0x55, 0xf0, 0x1f, 0x81])
  later.push(i(`dpps xmm1, xmm12, ${n}`, 's', { cases: 14 }), i(`dpps xmm4, xmm4, ${n}`, 's', { cases: 2 }));
for (const n of [0xff, 0x31, 0x13, 0x22, 0x30])
  later.push(
    i(`dppd xmm1, xmm12, ${n}`, 'd', { cases: 14 }),
    i(`dppd xmm1, [rsi+16], ${n}`, 'd', { cases: 2 }),
  );

const textCases = [];
const lengths = (c, _k, t) => {
  c.set('rax', BigInt((t.random32() % 40) - 20));
  c.set('rdx', BigInt((t.random32() % 40) - 20));
};
for (let n = 0; n < 0x80; n++) {
  textCases.push(
    i(`pcmpistri xmm1, xmm12, ${n}`, 't', { cases: 3 }),
    i(`pcmpestri xmm1, xmm12, ${n}`, 't', { cases: 3, prepare: lengths }),
  );
  if (n % 5 === 0)
    textCases.push(
      i(`pcmpistrm xmm1, xmm12, ${n}`, 't', { cases: 2, also: 0 }),
      i(`pcmpestrm xmm1, xmm12, ${n}`, 't', { cases: 2, prepare: lengths, also: 0 }),
    );
}
textCases.push(
  i('pcmpistri xmm1, [rsi+5], 0x0c', 't', { cases: 4 }),
  i('pcmpistri xmm1, xmm1, 0x08', 't', { cases: 4 }),
  i('pcmpistrm xmm0, xmm12, 0x40', 't', { cases: 4 }),
);
// REX.W: lengths of 64 bits.
textCases.push(
  i('db 0x66, 0x48, 0x0f, 0x3a, 0x61, 0xca, 0x0c', 't', {
    cases: 6,
    prepare: (c, k, t) => {
      lengths(c, k, t);
      if (k & 1) c.set('rax', (1n << 32n) + 2n);
    },
  }),
);
for (const op of [
  'crc32 ecx, bl',
  'crc32 ecx, bx',
  'crc32 ecx, ebx',
  'crc32 rcx, rbx',
  'crc32 rcx, bl',
  'crc32 r9d, byte [rsi+3]',
  'crc32 r9, qword [rsi+3]',
  'crc32 ecx, bh',
]) {
  textCases.push({ text: op, cases: 6 });
}

/** By family: all in 64-bit mode. */
export const SSE_FAMILIES = {
  'sse-move': { mode: '64', templates: move },
  'sse-integer': { mode: '64', templates: integer },
  'sse-arithmetic': { mode: '64', templates: arithmetic },
  'sse-comparison': { mode: '64', templates: comparison },
  'sse-conversion': { mode: '64', templates: conversion },
  'sse-later': { mode: '64', templates: later },
  'sse-text': { mode: '64', templates: textCases },
  'sse-control': { mode: '64', templates: control },
};
