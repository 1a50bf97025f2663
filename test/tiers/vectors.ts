import { Random } from '@hyperstep/engine/testing';

/** Bit patterns that matter, low to high magnitude: zeros, denormals, ordinary numbers, limits, infinities, NaNs. */
const SINGLES = [
  0x00000000, 0x80000000, 0x00000001, 0x807fffff, 0x00800000, 0x80800000, 0x00800001, 0x3f800000, 0xbf800000,
  0x3f800001, 0x3f000000, 0x40200000, 0xc0400000, 0x4b000001, 0x4effffff, 0x4f000000, 0xcf000000, 0x5f000000,
  0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f812345, 0x20000000, 0x1f800000,
];
const DOUBLES = [
  0x0000000000000000n,
  0x8000000000000000n,
  0x0000000000000001n,
  0x800fffffffffffffn,
  0x0010000000000000n,
  0x8010000000000001n,
  0x3ff0000000000000n,
  0xbff0000000000000n,
  0x3ff0000000000001n,
  0x3fe0000000000000n,
  0x4004000000000000n,
  0xc008000000000000n,
  0x41dfffffffc00000n,
  0x41dfffffffe00000n,
  0xc1e0000000000000n,
  0x43e0000000000000n,
  0x43dfffffffffffffn,
  0x4330000000000001n,
  0x7fefffffffffffffn,
  0xffefffffffffffffn,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000000n,
  0x7ff0123456789abcn,
  0x2000000000000000n,
  0x1ff0000000000000n,
  0x380fffffe0000000n,
  0x3810000000000000n,
  0x36a0000000000000n,
  0x47efffffe0000000n,
];

/** Kinds of values: singles, doubles, integers, a small count in the low half, or numbers that are exact in sums and products. */
export type Values = 's' | 'd' | 'i' | 'n' | 'x';

function single(random: Random): bigint {
  if (random.chance(40)) return BigInt(random.pick(SINGLES));
  const exponent = random.chance(70) ? 127 - 20 + random.below(60) : random.below(255);
  return BigInt((random.below(2) * 0x80000000 + exponent * 0x800000 + random.below(0x800000)) >>> 0);
}

function double(random: Random): bigint {
  if (random.chance(40)) return random.pick(DOUBLES);
  const exponent = BigInt(random.chance(70) ? 1023 - 30 + random.below(100) : random.below(2047));
  const fraction = (BigInt(random.below(0x100000)) << 32n) | BigInt(random.below(0x100000000));
  return (BigInt(random.below(2)) << 63n) | (exponent << 52n) | fraction;
}

/** Small multiples of 1/8, as doubles or as singles. */
function exact(random: Random, view: Float64Array | Float32Array): void {
  for (let i = 0; i < view.length; i++) view[i] = (random.below(2000) - 1000) / 8;
}

/** Two 64-bit halves of a vector. */
export function vector(kind: Values, random: Random): [bigint, bigint] {
  const word = (): bigint => BigInt(random.below(0x100000000));
  switch (kind) {
    case 's':
      return [(single(random) << 32n) | single(random), (single(random) << 32n) | single(random)];
    case 'd':
      return [double(random), double(random)];
    case 'n':
      return [BigInt(random.chance(90) ? random.below(70) : random.below(0xffffffff)), word()];
    case 'x': {
      const bytes = new Uint8Array(16);
      exact(random, random.chance(70) ? new Float64Array(bytes.buffer) : new Float32Array(bytes.buffer));
      const [low, high] = new BigUint64Array(bytes.buffer);
      return [low, high];
    }
    default: {
      const byte = (): bigint =>
        BigInt(random.chance(50) ? random.pick([0, 1, 0x7f, 0x80, 0xff]) : random.below(256));
      let half = 0n;
      let other = 0n;
      for (let i = 0; i < 8; i++) {
        half = (half << 8n) | byte();
        other = (other << 8n) | (random.chance(20) ? half & 0xffn : byte());
      }
      return [half, other];
    }
  }
}

const SHAPES: [string, Values][] = [
  ['ps', 's'],
  ['ss', 's'],
  ['pd', 'd'],
  ['sd', 'd'],
];

const ARITHMETIC = SHAPES.flatMap(([shape]) =>
  ['add', 'sub', 'mul', 'div', 'sqrt', 'min', 'max'].map((op) => `${op}${shape} xmm1, xmm2`),
);

/** Instructions by what values they want: on xmm1, xmm2, xmm3 and [DATA], [OUT]; rax, r9 and eflags are results too. */
export const GROUPS: Readonly<Record<string, { values: Values; instructions: string[] }>> = {
  'single arithmetic': { values: 's', instructions: ARITHMETIC.filter((i) => /[ps]s /.test(i)) },
  'double arithmetic': { values: 'd', instructions: ARITHMETIC.filter((i) => /[ps]d /.test(i)) },
  'exact arithmetic': { values: 'x', instructions: ARITHMETIC },
  'single comparison': {
    values: 's',
    instructions: [
      ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((n) => [`cmpps xmm1, xmm2, ${n}`, `cmpss xmm1, xmm2, ${n}`]),
      'ucomiss xmm1, xmm2',
      'comiss xmm1, xmm2',
      'comiss xmm1, xmm1',
    ],
  },
  'double comparison': {
    values: 'd',
    instructions: [
      ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((n) => [`cmppd xmm1, xmm2, ${n}`, `cmpsd xmm1, xmm2, ${n}`]),
      'ucomisd xmm1, xmm2',
      'comisd xmm1, xmm2',
      'ucomisd xmm1, xmm1',
    ],
  },
  'conversion of singles': {
    values: 's',
    instructions: [
      'cvtss2sd xmm1, xmm2',
      'cvtps2pd xmm1, xmm2',
      'cvtps2dq xmm1, xmm2',
      'cvttps2dq xmm1, xmm2',
      'cvtss2si eax, xmm2',
      'cvttss2si eax, xmm2',
      'cvtss2si r9, xmm2',
      'cvttss2si r9, xmm2',
      'rcpps xmm1, xmm2',
      'rsqrtss xmm1, xmm2',
    ],
  },
  'conversion of doubles': {
    values: 'd',
    instructions: [
      'cvtsd2ss xmm1, xmm2',
      'cvtpd2ps xmm1, xmm2',
      'cvtpd2dq xmm1, xmm2',
      'cvttpd2dq xmm1, xmm2',
      'cvtsd2si eax, xmm2',
      'cvttsd2si eax, xmm2',
      'cvtsd2si r9, xmm2',
      'cvttsd2si r9, xmm2',
    ],
  },
  'conversion of exact numbers': {
    values: 'x',
    instructions: [
      'cvtsd2ss xmm1, xmm2',
      'cvtpd2ps xmm1, xmm2',
      'cvtpd2dq xmm1, xmm2',
      'cvttps2dq xmm1, xmm2',
      'cvttsd2si r9, xmm2',
      'cvtsi2sd xmm1, rax',
      'cvtsi2ss xmm1, eax',
    ],
  },
  'conversion of integers': {
    values: 'i',
    instructions: [
      'cvtsi2ss xmm1, eax',
      'cvtsi2ss xmm1, rax',
      'cvtsi2sd xmm1, eax',
      'cvtsi2sd xmm1, rax',
      'cvtdq2ps xmm1, xmm2',
      'cvtdq2pd xmm1, xmm2',
    ],
  },
  moves: {
    values: 'i',
    instructions: [
      ...['movaps', 'movups', 'movdqa', 'movss', 'movsd', 'movq'].map((op) => `${op} xmm1, xmm2`),
      ...['movaps', 'movups', 'movss', 'movsd', 'movq', 'movlps', 'movhps', 'movd'].flatMap((op) => [
        `${op} xmm1, [rsi]`,
        `${op} [rdi + 64], xmm2`,
      ]),
      'movups xmm1, [rsi + 5]',
      'movups [rdi + 69], xmm2',
      'movhlps xmm1, xmm2',
      'movlhps xmm1, xmm2',
      'movd xmm1, eax',
      'movq xmm1, rax',
      'movd eax, xmm2',
      'movq r9, xmm2',
      'movmskps eax, xmm2',
      'movmskpd eax, xmm2',
      'pmovmskb eax, xmm2',
      'pextrw eax, xmm2, 5',
      'pinsrw xmm1, eax, 3',
      'addps xmm1, [rsi]',
    ],
  },
  integers: {
    values: 'i',
    instructions: [
      ...'pand pandn por pxor paddb paddw paddd paddq psubb psubw psubd psubq paddsb paddsw paddusb paddusw'.split(
        ' ',
      ),
      ...'psubsb psubsw psubusb psubusw pmullw pmulhw pmulhuw pmuludq pmaddwd psadbw pavgb pavgw'.split(' '),
      ...'pminub pmaxub pminsw pmaxsw pcmpeqb pcmpeqw pcmpeqd pcmpgtb pcmpgtw pcmpgtd'.split(' '),
      ...'packsswb packssdw packuswb punpcklbw punpcklwd punpckldq punpcklqdq'.split(' '),
      ...'punpckhbw punpckhwd punpckhdq punpckhqdq unpcklps unpckhpd andnps'.split(' '),
    ]
      .map((op) => `${op} xmm1, xmm2`)
      .concat(
        [0, 0x1b, 0x4e, 0x93].flatMap((n) =>
          ['pshufd', 'pshuflw', 'pshufhw', 'shufps', 'shufpd'].map((op) => `${op} xmm1, xmm2, ${n}`),
        ),
      )
      .concat([0, 5, 15, 16].flatMap((n) => ['pslldq', 'psrldq'].map((op) => `${op} xmm1, ${n}`)))
      .concat(
        [0, 1, 15, 16, 31, 32, 63, 64].flatMap((n) =>
          ['psllw', 'pslld', 'psllq', 'psrlw', 'psrld', 'psrlq', 'psraw', 'psrad'].map(
            (op) => `${op} xmm1, ${n}`,
          ),
        ),
      ),
  },
  'integers of SSSE3 and SSE4': {
    values: 'i',
    instructions: [
      ...'pshufb pabsb pabsw pabsd psignb psignw psignd phaddw phaddd phaddsw phsubw phsubd phsubsw pmulhrsw'.split(
        ' ',
      ),
      ...'pmaddubsw pminsb pmaxsb pminuw pmaxuw pminsd pmaxsd pminud pmaxud pmulld pmuldq pcmpeqq pcmpgtq'.split(
        ' ',
      ),
      ...'packusdw phminposuw pmovsxbw pmovsxbd pmovsxbq pmovsxwd pmovsxwq pmovsxdq pmovzxbw pmovzxbd'.split(
        ' ',
      ),
      ...'pmovzxbq pmovzxwd pmovzxwq pmovzxdq blendvps blendvpd pblendvb ptest movddup movshdup'.split(' '),
    ]
      .map((op) => `${op} xmm1, xmm2`)
      .concat(
        [0, 5, 0x1b, 0x93].flatMap((n) =>
          ['palignr', 'pblendw', 'blendps', 'blendpd', 'mpsadbw', 'insertps', 'pcmpistri'].map(
            (op) => `${op} xmm1, xmm2, ${n}`,
          ),
        ),
      ),
  },
  'single rounding': {
    values: 's',
    instructions: [0, 1, 2, 3, 4, 9, 11]
      .flatMap((n) => [`roundps xmm1, xmm2, ${n}`, `roundss xmm1, xmm2, ${n}`])
      .concat('haddps xmm1, xmm2', 'hsubps xmm1, xmm2', 'addsubps xmm1, xmm2', 'dpps xmm1, xmm2, 0xf1'),
  },
  'double rounding': {
    values: 'd',
    instructions: [0, 1, 2, 3, 4, 9, 11]
      .flatMap((n) => [`roundpd xmm1, xmm2, ${n}`, `roundsd xmm1, xmm2, ${n}`])
      .concat('haddpd xmm1, xmm2', 'hsubpd xmm1, xmm2', 'addsubpd xmm1, xmm2', 'dppd xmm1, xmm2, 0x33'),
  },
  shifts: {
    values: 'n',
    instructions: ['psllw', 'pslld', 'psllq', 'psrlw', 'psrld', 'psrlq', 'psraw', 'psrad'].map(
      (op) => `${op} xmm1, xmm2`,
    ),
  },
};

const ROWS = 40;

/**
 * For each instruction a loop over rows of operands and MXCSR values, of which
 * every result is stored. `usual`: MXCSR as compiled programs have it most of the time.
 */
export function vectorProgram(
  instructions: readonly string[],
  values: Values,
  seed: number,
  usual: boolean,
): string {
  const random = new Random(seed);
  const rows: string[] = [];
  for (let i = 0; i < ROWS; i++) {
    const halves = [
      ...vector(values === 'n' ? 'i' : values, random),
      ...vector(values, random),
      ...vector('i', random),
    ];
    const mxcsr = usual
      ? random.pick([0x1fa0, 0x1fa0, 0x1f80, 0x1fbf])
      : random.pick([0x1fa0, 0x1f80, 0x3fa0, 0x5fa0, 0x7f80, 0x9fe0, 0x1fe0, 0x9fa0, 0x1e80, 0x1f00, 0x0fa0]);
    rows.push(`dq ${[...halves, BigInt(mxcsr), 0n].map((h) => `0x${h.toString(16)}`).join(', ')}`);
  }
  const lines: string[] = ['mov rdi, DATA'];
  instructions.forEach((instruction, n) => {
    lines.push(
      'mov rsi, rows',
      `mov r14, recover${n}`,
      `t${n}: mov rax, [rsi]`,
      'mov r9, rax',
      'movaps xmm1, [rsi]',
      'movaps xmm2, [rsi + 16]',
      'ldmxcsr [rsi + 48]',
      // LDMXCSR is the evaluator's; what follows is a region of its own.
      `jmp u${n}`,
      `u${n}: ${instruction}`,
      'mov r10, 0',
      'setb r10b',
      'stmxcsr [rdi + 16]',
      'movups [rdi], xmm1',
      'mov [rdi + 24], rax',
      'mov [rdi + 32], r9',
      'mov [rdi + 40], r10',
      `recover${n}: add rdi, 48`,
      'add rsi, 64',
      `cmp rsi, rows + ${ROWS * 64}`,
      `jb t${n}`,
    );
  });
  return `mov rax, cr4
    or eax, 0x600
    mov cr4, rax
    ${lines.join('\n    ')}
    ldmxcsr [usual]
    jmp done
recover: jmp r14                       ; after #XM: the row is given up
    align 16
usual: dq 0x1f80, 0
rows: ${rows.join('\n      ')}`;
}
