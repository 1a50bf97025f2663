// What to record: for each family the instructions in NASM's syntax and, where
// random values would miss the point, how to prepare a case. See generate.mjs.

const SIZES = [1, 2, 4, 8];
const WIDE = [2, 4, 8];
const A = { 1: 'al', 2: 'ax', 4: 'eax', 8: 'rax' };
const B = { 1: 'bl', 2: 'bx', 4: 'ebx', 8: 'rbx' };
const C = { 1: 'cl', 2: 'cx', 4: 'ecx', 8: 'rcx' };
const D = { 1: 'dl', 2: 'dx', 4: 'edx', 8: 'rdx' };
const R9 = { 1: 'r9b', 2: 'r9w', 4: 'r9d', 8: 'r9' };
const R10 = { 1: 'r10b', 2: 'r10w', 4: 'r10d', 8: 'r10' };
const WORD = { 1: 'byte', 2: 'word', 4: 'dword', 8: 'qword' };
const CONDITIONS = 'o no b ae e ne be a s ns p np l ge le g'.split(' ');

/** Addresses that between them use every form of ModRM and SIB. */
const ADDRESSES = [
  '[rsi]',
  '[rsi+16]',
  '[rsi-0x80]',
  '[rsi+0x123]',
  '[rbp]',
  '[rbp+r15]',
  '[rsi+r15*2]',
  '[rsi+r15*4+8]',
  '[r14+r15*8+0x20]',
  '[r13]',
  '[rsp]',
  '[rsp+8]',
  '[r15*8+0x20000100]',
  '[abs 0x20000440]',
  '[rel $+0x0ffffc20]',
  '[esi+4]',
  '[esi+r15d*4]',
  '[r13d+8]',
  '[ebp+0x10]',
  '[eax+0x20000100]',
];

const i = (text, extra = {}) => ({ text, ...extra });
const ADDRESS_EAX = (c, k) => c.set('rax', (0x55n << 32n) + BigInt(k * 8));

// --- families --------------------------------------------------------------------------

const move = [];
for (const n of SIZES) {
  move.push(
    i(`mov ${A[n]}, ${B[n]}`),
    i(`mov ${R9[n]}, ${A[n]}`),
    i(`mov ${A[n]}, ${n === 8 ? '0x123456789abcdef0' : '0x7f'}`),
  );
  move.push(i(`mov ${WORD[n]} [rsi+4], -2`), i(`xchg ${B[n]}, ${C[n]}`), i(`xchg ${R9[n]}, [rsi+8]`));
  move.push(i(`mov ${A[n]}, [abs qword 0x20000448]`), i(`mov [abs qword 0x20000448], ${A[n]}`));
}
for (const address of ADDRESSES) {
  const prepare = address.includes('eax') ? ADDRESS_EAX : undefined;
  move.push(i(`mov edx, ${address}`, { prepare, cases: 3 }), i(`mov ${address}, rcx`, { prepare, cases: 3 }));
  move.push(
    i(`lea rdx, ${address}`, { prepare, cases: 2 }),
    i(`lea edx, ${address}`, { prepare, cases: 2 }),
    i(`lea dx, ${address}`, { prepare, cases: 2 }),
  );
}
move.push(
  i('lea rax, [rax+rbx*2+0x7fffffff]'),
  i('lea eax, [rbx+rcx*8-1]'),
  i('lea rax, [ebx+ecx*8-1]'),
  i('lea rdx, [rel $-5]'),
);
for (const text of [
  'mov ah, bl',
  'mov bl, ch',
  'mov dh, ah',
  'mov ah, [rsi]',
  'mov [rsi], bh',
  'mov bh, 0x5a',
  'xchg ah, al',
  'xchg bl, ch',
  'mov sil, dil',
  'mov spl, al',
  'xchg ax, r9w',
  'xchg eax, r9d',
  'xchg rax, r9',
  'xchg eax, eax',
  'db 0x41, 0x90',
  'mov rax, -1',
  'mov qword [rsi], -5',
  'mov eax, 0x80000000',
  'movzx ax, bl',
  'movzx eax, bh',
  'movzx eax, bl',
  'movzx rax, bl',
  'movzx eax, bx',
  'movzx rax, bx',
  'movzx edx, byte [rsi]',
  'movzx rdx, word [rsi]',
  'movzx dx, byte [rsi]',
  'movsx ax, bl',
  'movsx eax, bh',
  'movsx eax, bl',
  'movsx rax, bl',
  'movsx eax, bx',
  'movsx rax, bx',
  'movsxd rax, ebx',
  'movsx edx, byte [rsi]',
  'movsx rdx, word [rsi]',
  'movsxd rdx, dword [rsi]',
  'cbw',
  'cwde',
  'cdqe',
  'cwd',
  'cdq',
  'cqo',
  'bswap eax',
  'bswap rbx',
  'bswap r9',
  'bswap r10d',
  'movbe ax, [rsi]',
  'movbe ebx, [rsi]',
  'movbe rcx, [rsi]',
  'movbe [rsi], dx',
  'movbe [rsi], r9d',
  'movbe [rsi], r10',
  'movnti [rsi], eax',
  'movnti [rsi], r9',
])
  move.push(i(text));
const xlat = {
  prepare: (c, _k, { random32 }) => {
    c.set('rbx', 0x20000100);
    c.set('rax', random32());
  },
  ownMemory: true,
};
move.push(i('xlatb', xlat), i('db 0x67, 0xd7', xlat));

// The base of GS is added to the whole address, which wraps at 32 bits first with a 32-bit address size.
for (const address of [
  '[gs:rsi-0x20000000]',
  '[gs:abs 0x240]',
  '[gs:esi-0x20000000]',
  '[gs:r15*8+8]',
  '[gs:rsp-0x20000800]',
]) {
  move.push(
    i(`mov edx, ${address}`, { cases: 3 }),
    i(`add ${address}, rcx`, { cases: 3 }),
    i(`mov ${address}, dl`, { cases: 2 }),
  );
}
// mov eax, [eip+0x0ffffc39]
move.push(i('db 0x67, 0x8b, 0x05, 0x39, 0xfc, 0xff, 0x0f', { cases: 3 }));
const inGs = { cases: 3, ownMemory: true, prepare: (c, k) => c.set('rsi', 0x100 + k) };
for (const text of ['gs lodsb', 'gs movsd', 'gs a32 lodsq', 'gs cmpsw']) move.push(i(text, inGs));

const conditional = [];
for (const cc of CONDITIONS) {
  conditional.push(i(`set${cc} al`), i(`set${cc} ch`, { cases: 6 }), i(`set${cc} byte [rsi]`, { cases: 6 }));
  for (const n of WIDE)
    conditional.push(i(`cmov${cc} ${A[n]}, ${B[n]}`), i(`cmov${cc} ${R9[n]}, [rsi]`, { cases: 6 }));
}

const arithmetic = [];
for (const op of ['add', 'sub', 'adc', 'sbb', 'cmp', 'and', 'or', 'xor', 'test']) {
  for (const n of SIZES) {
    arithmetic.push(
      i(`${op} ${A[n]}, ${B[n]}`, { cases: 24 }),
      i(`${op} ${R9[n]}, ${R9[n]}`, { cases: 6 }),
      i(`${op} ${A[n]}, 0x5a`),
      i(`${op} ${B[n]}, -1`),
    );
    arithmetic.push(
      i(`${op} ${WORD[n]} [rsi], 0x7f`),
      i(`${op} [rsi+8], ${C[n]}`),
      i(`lock ${op} [rsi+8], ${C[n]}`, { cases: 2 }),
    );
    if (op !== 'test') arithmetic.push(i(`${op} ${R10[n]}, [rsi+8]`));
    if (n > 1)
      arithmetic.push(
        i(`${op} ${C[n]}, 0x${n === 2 ? '1234' : '12345678'}`),
        i(`${op} ${WORD[n]} [rsi], -0x${n === 2 ? '1234' : '12345678'}`),
      );
  }
  for (const text of ['ah, bl', 'al, bh', 'ch, dh', 'bh, 0x80', 'dh, [rsi]', '[rsi], ch']) {
    if (!(op === 'test' && text === 'dh, [rsi]')) arithmetic.push(i(`${op} ${text}`));
  }
}
for (const op of ['inc', 'dec', 'neg', 'not']) {
  for (const n of SIZES)
    arithmetic.push(
      i(`${op} ${A[n]}`, { cases: 16 }),
      i(`${op} ${R9[n]}`),
      i(`${op} ${WORD[n]} [rsi]`),
      i(`lock ${op} ${WORD[n]} [rsi]`, { cases: 2 }),
    );
  arithmetic.push(i(`${op} ah`), i(`${op} bh`));
}
for (const op of ['adcx', 'adox']) {
  for (const n of [4, 8])
    arithmetic.push(i(`${op} ${A[n]}, ${B[n]}`, { cases: 24 }), i(`${op} ${R9[n]}, [rsi]`, { cases: 16 }));
}
// LOCK is legal only for read-modify-write instructions.
const unlockable = /^lock (cmp|test) /;
const arithmeticLegal = arithmetic.filter(({ text }) => !unlockable.test(text));

const multiply = [];
for (const n of SIZES) {
  for (const op of ['mul', 'imul'])
    multiply.push(
      i(`${op} ${B[n]}`, { cases: 24 }),
      i(`${op} ${D[n]}`),
      i(`${op} ${A[n]}`),
      i(`${op} ${WORD[n]} [rsi]`),
      i(`${op} ${R9[n]}`),
    );
}
for (const n of WIDE) {
  multiply.push(
    i(`imul ${A[n]}, ${B[n]}`, { cases: 24 }),
    i(`imul ${R9[n]}, [rsi]`),
    i(`imul ${C[n]}, ${C[n]}`, { cases: 6 }),
  );
  multiply.push(
    i(`imul ${A[n]}, ${B[n]}, -7`),
    i(`imul ${A[n]}, [rsi], 100`),
    i(`imul ${D[n]}, ${R9[n]}, 0x${n === 2 ? '1234' : '1234567'}`),
  );
}
multiply.push(i('mul ah'), i('mul bh'), i('imul ah'), i('imul ch'));
for (const n of [4, 8])
  multiply.push(
    i(`mulx ${A[n]}, ${B[n]}, ${C[n]}`, { cases: 16 }),
    i(`mulx ${A[n]}, ${A[n]}, ${C[n]}`),
    i(`mulx ${D[n]}, ${B[n]}, [rsi]`),
    i(`mulx ${R9[n]}, ${D[n]}, ${D[n]}`),
  );

const divide = [];
/** Dividends that mostly fit: an upper half that is small or a sign. */
function dividend(c, k, { pick, random64, value }) {
  if (k % 4 === 3) return;
  const wide = pick([0n, 0n, -1n, 1n, random64() & 0xffn]);
  if (k % 2) c.set('rdx', wide);
  else {
    c.set('rdx', pick([0n, (random64() >> 32n) << 32n]));
    c.set('rax', (random64() & ~0xff00n) | pick([0n, 0x100n, 0xff00n, 0n]));
  }
  if (k % 3 === 0) c.set('rbx', value() | 1n);
}
for (const op of ['div', 'idiv']) {
  for (const n of SIZES) {
    divide.push(
      i(`${op} ${B[n]}`, { cases: 60, prepare: dividend }),
      i(`${op} ${WORD[n]} [rsi]`, { cases: 24, prepare: dividend }),
      i(`${op} ${R9[n]}`, { cases: 16, prepare: dividend }),
      i(`${op} ${A[n]}`, { prepare: dividend }),
      i(`${op} ${D[n]}`),
    );
  }
  divide.push(i(`${op} bh`, { cases: 24, prepare: dividend }), i(`${op} ah`, { cases: 16 }));
}
// The one quotient that overflows although divisor and dividend look harmless.
const mostNegative = (bits) => (c) => {
  c.set('rax', 1n << BigInt(bits - 1));
  for (const name of ['rdx', 'rbx']) c.set(name, (1n << BigInt(bits)) - 1n);
};
divide.push(
  i('idiv rbx', { cases: 1, prepare: mostNegative(64) }),
  i('idiv ebx', {
    cases: 1,
    prepare: mostNegative(32),
  }),
);

const COUNTS = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 63, 64, 65, 127, 255];
const counted = (c, k, { random64 }) =>
  c.set('rcx', (random64() & ~0xffn) | BigInt(COUNTS[k % COUNTS.length]));
const shift = [];
for (const op of ['shl', 'shr', 'sar', 'rol', 'ror', 'rcl', 'rcr']) {
  for (const n of SIZES) {
    shift.push(
      i(`${op} ${A[n]}, cl`, { cases: 40, prepare: counted }),
      i(`${op} ${R9[n]}, cl`, { cases: 20, prepare: counted }),
      i(`${op} ${WORD[n]} [rsi], cl`, { cases: 20, prepare: counted }),
    );
    shift.push(
      i(`${op} ${A[n]}, 1`, { cases: 16, undefinedFlags: op.startsWith('r') ? 0 : 0x10 }),
      i(`${op} ${WORD[n]} [rsi], 1`, { cases: 8 }),
    );
    for (const k of [0, 2, 5, n * 8 - 1, n * 8, 33])
      shift.push(i(`${op} ${B[n]}, ${k}`, { cases: 6 }), i(`${op} ${WORD[n]} [rsi], ${k}`, { cases: 3 }));
  }
  shift.push(
    i(`${op} ah, cl`, { prepare: counted, cases: 20 }),
    i(`${op} bh, 3`),
    i(`${op} rcx, cl`),
    i(`${op} ecx, cl`),
    i(`${op} ch, cl`),
    i(`${op} cl, cl`),
  );
}
for (const op of ['shld', 'shrd']) {
  for (const n of WIDE) {
    // A 16-bit double shift by more than 16 is undefined.
    const prepare = n === 2 ? (c, k, t) => c.set('rcx', (t.random64() & ~0xffn) | BigInt(k % 17)) : counted;
    shift.push(
      i(`${op} ${A[n]}, ${B[n]}, cl`, { cases: 34, prepare }),
      i(`${op} [rsi], ${R9[n]}, cl`, { cases: 17, prepare }),
    );
    for (const k of [0, 1, 3, n * 8 - 1, ...(n === 2 ? [16] : [n * 8])])
      shift.push(
        i(`${op} ${A[n]}, ${D[n]}, ${k}`, { cases: 6 }),
        i(`${op} [rsi], ${D[n]}, ${k}`, { cases: 3 }),
      );
  }
}
for (const op of ['shlx', 'shrx', 'sarx']) {
  for (const n of [4, 8])
    shift.push(
      i(`${op} ${A[n]}, ${B[n]}, ${C[n]}`, { cases: 20, prepare: counted }),
      i(`${op} ${R9[n]}, [rsi], ${C[n]}`, { cases: 20, prepare: counted }),
      i(`${op} ${C[n]}, ${C[n]}, ${C[n]}`, { cases: 6 }),
    );
}
for (const n of [4, 8])
  for (const k of [0, 1, 13, 31, 32, 63])
    shift.push(i(`rorx ${A[n]}, ${B[n]}, ${k}`, { cases: 4 }), i(`rorx ${R9[n]}, [rsi], ${k}`, { cases: 4 }));

const bits = [];
/** Bit offsets that stay inside the scratch page, of both signs, with noise above 16 and 32 bits where it is cut off. */
const bitOffset =
  (n) =>
  (c, _k, { random32, random64 }) => {
    const offset = BigInt((random32() % 6000) - 3000);
    c.set('rcx', n === 8 ? offset : (random64() << BigInt(n * 8)) | BigInt.asUintN(n * 8, offset));
  };
for (const op of ['bt', 'bts', 'btr', 'btc']) {
  for (const n of WIDE) {
    bits.push(
      i(`${op} ${A[n]}, ${C[n]}`, { cases: 16 }),
      i(`${op} ${C[n]}, ${C[n]}`),
      i(`${op} ${A[n]}, 0`, { cases: 4 }),
      i(`${op} ${B[n]}, ${n * 8 - 1}`, { cases: 4 }),
      i(`${op} ${R9[n]}, 67`, { cases: 4 }),
    );
    bits.push(
      i(`${op} [rsi], ${C[n]}`, { cases: 20, prepare: bitOffset(n) }),
      i(`${op} [esi+4], ${C[n]}`, { cases: 6, prepare: bitOffset(n) }),
      i(`${op} ${WORD[n]} [rsi+8], 5`),
      i(`${op} ${WORD[n]} [rsi+8], 77`),
    );
  }
}
for (const op of ['bsf', 'bsr', 'tzcnt', 'lzcnt', 'popcnt']) {
  for (const n of WIDE)
    bits.push(
      i(`${op} ${A[n]}, ${B[n]}`, { cases: 30 }),
      i(`${op} ${R9[n]}, [rsi]`, { cases: 16 }),
      i(`${op} ${C[n]}, ${C[n]}`),
    );
}
for (const n of [4, 8]) {
  bits.push(
    i(`andn ${A[n]}, ${B[n]}, ${C[n]}`, { cases: 16 }),
    i(`andn ${A[n]}, ${A[n]}, [rsi]`),
    i(`andn ${C[n]}, ${B[n]}, ${C[n]}`),
  );
  for (const op of ['blsi', 'blsr', 'blsmsk'])
    bits.push(
      i(`${op} ${A[n]}, ${B[n]}`, { cases: 24 }),
      i(`${op} ${R9[n]}, [rsi]`),
      i(`${op} ${C[n]}, ${C[n]}`),
    );
  const field = (c, k, { random64, pick }) =>
    c.set('rcx', (random64() << 16n) | BigInt((pick(COUNTS) << 8) | COUNTS[k % COUNTS.length]));
  bits.push(
    i(`bextr ${A[n]}, ${B[n]}, ${C[n]}`, { cases: 40, prepare: field }),
    i(`bextr ${R9[n]}, [rsi], ${C[n]}`, { cases: 20, prepare: field }),
  );
  bits.push(
    i(`bzhi ${A[n]}, ${B[n]}, ${C[n]}`, { cases: 40, prepare: counted }),
    i(`bzhi ${R9[n]}, [rsi], ${C[n]}`, { cases: 20, prepare: counted }),
    i(`bzhi ${C[n]}, ${C[n]}, ${C[n]}`),
  );
  for (const op of ['pdep', 'pext'])
    bits.push(
      i(`${op} ${A[n]}, ${B[n]}, ${C[n]}`, { cases: 24 }),
      i(`${op} ${R9[n]}, ${D[n]}, [rsi]`),
      i(`${op} ${C[n]}, ${C[n]}, ${C[n]}`),
    );
}

const atomic = [];
/** Every other case: the values to be compared are equal. */
const equalTo = (n, register) => (c, k) => {
  const mask = (1n << BigInt(n * 8)) - 1n;
  if (k % 2) c.set(register, (c.get(register) & ~mask) | (c.get('rax') & mask));
};
for (const n of SIZES) {
  const memoryValue = (c, k) => (k % 2 ? c.get('rax') : undefined);
  atomic.push(
    i(`xadd ${A[n]}, ${B[n]}`, { cases: 16 }),
    i(`xadd ${C[n]}, ${C[n]}`),
    i(`xadd [rsi], ${R9[n]}`, { cases: 16 }),
    i(`lock xadd [rsi], ${A[n]}`),
  );
  atomic.push(
    i(`cmpxchg ${B[n]}, ${C[n]}`, { cases: 24, prepare: equalTo(n, 'rbx') }),
    i(`cmpxchg ${R9[n]}, ${A[n]}`, { prepare: equalTo(n, 'r9') }),
    i(`cmpxchg ${A[n]}, ${B[n]}`, { cases: 6 }),
  );
  atomic.push(
    i(`cmpxchg [rsi], ${D[n]}`, { cases: 24, memoryValue }),
    i(`lock cmpxchg [rsi+8], ${C[n]}`, { memoryValue }),
  );
}
atomic.push(
  i('xadd ah, bl'),
  i('xadd al, ah'),
  i('cmpxchg bh, cl'),
  i('cmpxchg ch, ah'),
  i('cmpxchg ah, dl'),
);
const pair = (n) => (c, k) => {
  const low = k % 2 || k % 3 ? c.get('rax') : 5n;
  const high = k % 2 || k % 5 ? c.get('rdx') : 7n;
  c.poke(0x410, low, n);
  c.poke(0x410 + n, k % 2 ? high : high ^ 1n, n);
};
for (const lock of ['', 'lock '])
  atomic.push(
    i(`${lock}cmpxchg8b [rsi+16]`, { cases: 16, prepare: pair(4) }),
    i(`${lock}cmpxchg16b [rsi+16]`, { cases: 16, prepare: pair(8) }),
  );
atomic.push(i('cmpxchg16b [rsi+8]', { cases: 1 }));

const string = [];
const down = (c, k) => {
  if (k % 2) c.flags |= 0x400;
};
const SUFFIX = { 1: 'b', 2: 'w', 4: 'd', 8: 'q' };
const repeat =
  (n, compares) =>
  (c, k, { random32, random64 }) => {
    down(c, k);
    c.set('rcx', [0, 1, 2, 3, 7, 20][random32() % 6]);
    if (!compares) return;
    // Equal (or, for REPNE, unequal) up to a point.
    const unit = random64();
    c.set('rax', (random64() << BigInt(n * 8)) | BigInt.asUintN(n * 8, unit));
    for (let j = -8; j < 8; j++) {
      c.poke(0x400 + j * n, unit, n);
      c.poke(0x800 + j * n, random32() % 4 ? unit : unit + 1n, n);
    }
  };
for (const n of SIZES) {
  const s = SUFFIX[n];
  for (const op of ['movs', 'stos', 'lods']) {
    string.push(i(`${op}${s}`, { prepare: down, cases: 6 }), i(`a32 ${op}${s}`, { prepare: down, cases: 4 }));
    string.push(
      i(`rep ${op}${s}`, { prepare: repeat(n), cases: 16 }),
      i(`a32 rep ${op}${s}`, { prepare: repeat(n), cases: 6 }),
    );
  }
  for (const op of ['cmps', 'scas']) {
    string.push(
      i(`${op}${s}`, { prepare: repeat(n, true), cases: 12 }),
      i(`a32 ${op}${s}`, { prepare: repeat(n, true), cases: 4 }),
    );
    for (const rep of ['repe', 'repne'])
      string.push(
        i(`${rep} ${op}${s}`, { prepare: repeat(n, true), cases: 24 }),
        i(`a32 ${rep} ${op}${s}`, { prepare: repeat(n, true), cases: 6 }),
      );
  }
}
for (const t of string) t.ownMemory = true;

const stack = [];
for (const text of [
  'push rax',
  'push ax',
  'push rsp',
  'push r9',
  'push sp',
  'pop rax',
  'pop ax',
  'pop r9',
  'push -2',
  'push 0x12345678',
  'push -0x12345678',
  'push word 0x1234',
  'push word -3',
  'push qword [rsi]',
  'push qword [rsp+8]',
  'push word [rsi]',
  'pop qword [rsi]',
  'pop word [rsi]',
  'pop qword [rsp+8]',
  'pop qword [rsp]',
  'pop word [rsp+4]',
  'pop rsp',
  'pop sp',
  'pop rbp',
  'enter 16, 0',
  'enter 0, 1',
  'enter 32, 2',
  'enter 8, 5',
  'enter 8, 31',
  'o16 enter 16, 0',
  'leave',
])
  stack.push(i(text, { cases: 4 }));

const control = [];
for (const cc of CONDITIONS)
  control.push(i(`j${cc} short $+0x20`, { cases: 16 }), i(`j${cc} near $-0x200`, { cases: 6 }));
const toCode = (c, k) => {
  for (const r of ['rax', 'r9']) c.set(r, 0x10000900 + k * 8);
};
const codeInMemory = { memoryValue: (_c, k) => 0x10000a00n + BigInt(k) };
for (const text of [
  'jmp short $+0x10',
  'jmp short $-0x10',
  'jmp near $+0x345',
  'jmp near $-0x345',
  'call near $+0x100',
  'call near $-0x100',
])
  control.push(i(text, { cases: 2 }));
for (const text of ['jmp rax', 'jmp r9', 'call rax', 'call r9'])
  control.push(i(text, { cases: 3, prepare: toCode }));
for (const text of ['jmp [rsi]', 'call [rsi]', 'call [rsp+16]', 'jmp [rsp]'])
  control.push(i(text, { cases: 3, ...codeInMemory }));
const returnAddress = (c, k) => c.poke(0xc00, 0x10000b00 + k, 8);
for (const text of ['ret', 'ret 8', 'ret 0x100'])
  control.push(i(text, { cases: 3, prepare: returnAddress, ownMemory: true }));
const few = (c, k, { random64 }) =>
  c.set('rcx', [0n, 1n, 2n, 0x100000000n, 0x100000001n, random64(), 1n, 2n][k % 8]);
for (const op of ['loop', 'loope', 'loopne'])
  control.push(
    i(`${op} $+0x20`, { cases: 24, prepare: few }),
    i(`${op} $-0x20, ecx`, { cases: 24, prepare: few }),
  );
control.push(i('jrcxz $+0x20', { cases: 8, prepare: few }), i('jecxz $+0x20', { cases: 8, prepare: few }));

const flags = [];
for (const text of [
  'stc',
  'clc',
  'cmc',
  'std',
  'lahf',
  'sahf',
  'nop',
  'nop dword [rsi]',
  'nop ax',
  'lfence',
  'mfence',
  'sfence',
  'prefetcht0 [rsi]',
  'prefetchw [rsi]',
  'endbr64',
  'clflush [rsi]',
]) {
  flags.push(i(text, { cases: 8 }));
}
flags.push(i('cld', { cases: 4, prepare: down }), i('ud2', { cases: 1 }), i('ud1 eax, ebx', { cases: 1 }));

const all = {
  move,
  conditional,
  arithmetic: arithmeticLegal,
  multiply,
  divide,
  shift,
  bits,
  atomic,
  string,
  stack,
  control,
  flags,
};

/** In 64-bit mode. */
export const FAMILIES = Object.fromEntries(
  Object.entries(all).map(([name, templates]) => [name, { mode: '64', templates }]),
);
