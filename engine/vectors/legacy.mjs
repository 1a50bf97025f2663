// What to record in 32- and 16-bit code: instructions that 64-bit mode does
// not have, and what works differently there: addresses, the stack, segments.

const i = (text, extra = {}) => ({ text, ...extra });

/** In each of the three modes. `wide`: 4 in 32-bit code, 2 in 16-bit code; `flat`: no segment bases. */
function family(mode) {
  const flat = mode === '32';
  const wide = mode === 's16' ? 2 : 4;
  const out = [];
  const add = (cases, ...texts) => {
    for (const text of texts) out.push(i(text, { cases }));
  };

  // Decimal adjustment: every AL with every CF and AF would be 1024 cases; random ones do.
  add(80, 'aaa', 'aas', 'daa', 'das');
  add(30, 'aam', 'aad');
  add(8, 'aam 16', 'aad 16', 'aam 7', 'aad 255');
  add(1, 'aam 0');
  add(
    4,
    'db 0xd6',
    'inc eax',
    'dec cx',
    'inc dx',
    'dec eax',
    'mov eax, ecx',
    'mov ax, cx',
    'cwde',
    'cbw',
    'cdq',
    'cwd',
    'bswap edx',
    'lahf',
    'sahf',
  );

  for (const op of ['add', 'sbb', 'xor', 'cmp'])
    add(
      6,
      `${op} eax, ecx`,
      `${op} cx, dx`,
      `${op} ah, dl`,
      `${op} dword [esi], 0x1234`,
      `${op} [si], cx`,
      `${op} dx, [esi+4]`,
    );
  add(
    6,
    'imul eax, ecx',
    'imul cx, dx, 77',
    'mul dx',
    'mul ecx',
    'shl eax, cl',
    'rcr dx, cl',
    'sar word [si], 3',
    'movzx ecx, byte [si]',
    'movsx dx, byte [esi]',
    'cmovz eax, ecx',
    'setc [si]',
    'xadd [si], eax',
    'cmpxchg [si], cx',
    'xchg ecx, [si]',
    'bsf eax, ecx',
    'popcnt cx, dx',
  );
  for (const text of ['div cl', 'idiv cx', 'div ecx'])
    out.push(i(text, { cases: 12, prepare: (c, k) => k % 3 && c.set('rdx', k % 2) }));
  const offset = (c, _k, { random32 }) =>
    c.set('rcx', ((random32() << 16) | (((random32() % 4000) - 2000) & 0xffff)) >>> 0);
  out.push(
    i('bts [si], cx', { cases: 12, prepare: offset }),
    i('btr [esi], cx', { cases: 12, prepare: offset }),
  );

  // Bounds in memory at the operand.
  const bounds =
    (n) =>
    (c, _k, { pick }) => {
      c.poke(0x400, pick([-5, 0, 100]), n);
      c.poke(0x400 + n, pick([5, 200, 3000]), n);
      c.set('rax', pick([-6, -5, 0, 5, 6, 200, 201, 0x10000]));
    };
  out.push(
    i('bound ax, [esi]', { cases: 20, prepare: bounds(2), ownMemory: true }),
    i('bound eax, [esi]', { cases: 20, prepare: bounds(4), ownMemory: true }),
  );

  // Addresses. Flat 32-bit code cannot reach the scratch page with 16-bit ones.
  const long = [
    '[esi]',
    '[esi+16]',
    '[ebp]',
    '[ebp-8]',
    '[esp]',
    '[esp+4]',
    '[edi+ecx*4]',
    '[ecx+esi+0x20]',
    '[ecx*8+esi]',
  ];
  const short = [
    '[bx]',
    '[si]',
    '[di]',
    '[bp]',
    '[bp+8]',
    '[bx+si]',
    '[bx+di-0x300]',
    '[bp+si+0x10]',
    '[bp+di]',
    '[0x440]',
    '[si+0x123]',
    '[bx-0x80]',
    '[si-0xfff0]',
    '[di+0xfc00]',
  ];
  const overrides = ['[es:esi]', '[gs:esi]', '[ss:si]', '[es:bp+4]', '[gs:bx+si]', '[ds:bp]', '[ds:ebp]'];
  const small = (c, k) => c.set('rcx', k * 4);
  const addresses = [...(flat ? [] : [...short, ...overrides]), ...long];
  for (const a of addresses) {
    const prepare = a.includes('ecx') ? small : undefined;
    for (const text of [`mov eax, ${a}`, `mov ${a}, dx`, `add ${a}, dl`, `lea eax, ${a}`, `lea dx, ${a}`]) {
      if (text.startsWith('lea') && a.includes(':')) continue;
      out.push(i(text, { cases: 2, prepare }));
    }
  }
  for (const a of flat ? [] : short.slice(0, 6)) add(2, `a16 lea eax, ${a}`, `lea ax, ${a}`);
  if (flat)
    add(
      3,
      'mov eax, [0x20000440]',
      'mov [0x20000440], al',
      'mov ax, [0x20000440]',
      'mov dword [0x20000440], -1',
      'mov eax, [ds:0x20000440]',
    );
  else {
    add(
      3,
      'mov eax, [0x440]',
      'mov [0x440], al',
      'a16 mov ax, [word 0x440]',
      'a32 mov ax, [dword 0x440]',
      'mov [gs:0x440], eax',
      'mov eax, [es:0x440]',
    );
    // Segment limits: the last byte that fits, and one more.
    for (const text of [
      'mov al, [si]',
      'mov [si], ax',
      'mov eax, [esi]',
      'add [esi], eax',
      'mov [es:si], ax',
      'cmp [gs:esi], dl',
      'push dword [si]',
      'pop word [si]',
      'lodsw',
      'stosb',
    ]) {
      out.push(
        i(text, {
          cases: 16,
          ownMemory: true,
          prepare(c, k) {
            const limit =
              text.includes('es:') || text === 'stosb' ? 0xeff : text.includes('gs:') ? 0xdff : 0xfff;
            for (const r of ['rsi', 'rdi'])
              c.set(r, [limit, limit - 1, limit - 3, limit + 1, 0xfffe, 0xffff, 0x7000, limit - 2][k % 8]);
          },
        }),
      );
    }
    for (const text of ['mov al, [bp]', 'mov [bp], eax', 'mov eax, [ebp+4]'])
      out.push(i(text, { cases: 8, ownMemory: true, prepare: (c, k) => c.set('rbp', 0xff6 + k * 2) }));
    // The stack at its limits, and wrapping around in 16 bits. Not POPA: where it faults halfway, the
    // recorded processor has already loaded the first registers; the manual restarts instructions whole.
    for (const text of [
      'push ax',
      'push eax',
      'pop ax',
      'pop eax',
      'pusha',
      'pushad',
      'enter 4, 0',
      'enter 4, 3',
      'leave',
      'push word [si]',
    ]) {
      out.push(
        i(text, {
          cases: 10,
          ownMemory: true,
          prepare: (c, k) =>
            k < 7
              ? c.set('rsp', [2, 4, 0, 1, 0xffe, 0xffc, 0xfff][k])
              : c.set('rbp', [0xffe, 0xffc, 2][k - 7]),
        }),
      );
    }
    // 16-bit operand sizes cut EIP, which stays inside this small code segment.
    add(2, 'jmp word $+0x20', 'jmp dword $+0x20', 'call word $+0x30', 'call dword $-0x30');
    for (const text of ['o16 ret', 'o32 ret', 'o16 ret 6', 'o32 ret 4'])
      out.push(i(text, { cases: 2, ownMemory: true, prepare: (c, k) => c.poke(0xc00, 0x900 + k * 16, 4) }));
    for (const text of ['jmp ax', 'jmp eax', 'call ax', 'call eax'])
      out.push(i(text, { cases: 2, prepare: (c, k) => c.set('rax', 0x900 + k * 16) }));
    for (const text of ['jmp word [si]', 'jmp dword [si]', 'call word [si]', 'call dword [si]'])
      out.push(i(text, { cases: 2, ownMemory: true, prepare: (c, k) => c.poke(0x400, 0x900 + k * 16, 4) }));
    add(
      1,
      'push ds',
      'push es',
      'push ss',
      'push cs',
      'push gs',
      'o16 push ds',
      'o32 push es',
      'mov eax, ds',
      'mov ax, ss',
      'mov [si], es',
      'mov [esi], gs',
    );
  }

  add(
    4,
    'push ax',
    'push ecx',
    'push sp',
    'push esp',
    'pop ax',
    'pop ecx',
    'pop sp',
    'pop esp',
    'push byte -3',
    'o16 push byte -3',
    'o32 push byte -3',
    'push word 0x8765',
    'push dword 0x87654321',
  );
  add(
    3,
    'push dword [esi]',
    'push word [esi]',
    'pop dword [esi]',
    'pop word [esi]',
    'pop dword [esp]',
    'pop dword [esp+4]',
    'push dword [esp+8]',
  );
  add(
    3,
    'pusha',
    'popa',
    'pushad',
    'popad',
    'o16 enter 16, 0',
    'o32 enter 16, 0',
    'o16 enter 8, 2',
    'o32 enter 8, 3',
    'o16 leave',
    'o32 leave',
  );

  const few = (c, k) => c.set('rcx', [0, 1, 2, 0x10000, 0x10001, 0xffff0000, 0x20002][k % 7]);
  for (const op of ['loop', 'loope', 'loopne', 'jcxz', 'jecxz']) {
    for (const counter of op.startsWith('j') ? [''] : [', cx', ', ecx'])
      out.push(i(`${op} $+0x20${counter}`, { cases: 14, prepare: few }));
  }
  add(4, 'jz $+0x30', 'jnz $-0x30', 'jc near $+0x123', 'jg near $-0x123');
  if (!flat) add(4, 'o16 jz short $+0x30', 'o32 jnz short $-0x30');

  // Strings, by both address sizes and with overrides of the source.
  const count = (c, k, { random32 }) => {
    if (k % 2) c.flags |= 0x400;
    c.set('rcx', 0x30000 * (k % 3 === 2 ? 1 : 0) + (random32() % 6));
    if (wide === 4 && k % 3 === 2) c.set('rcx', random32() % 6);
  };
  for (const size of flat ? ['a32'] : ['a16', 'a32']) {
    for (const op of [
      'movsb',
      'movsw',
      'movsd',
      'stosb',
      'stosd',
      'lodsw',
      'cmpsb',
      'cmpsd',
      'scasb',
      'scasw',
    ]) {
      const tests = /^(cmps|scas)/.test(op);
      for (const rep of ['', ...(tests ? ['repe ', 'repne '] : ['rep '])]) {
        // A 32-bit count must stay small.
        const prepare =
          size === 'a32'
            ? (c, k, t) => {
                count(c, k, t);
                c.set('rcx', c.get('rcx') & 0xffffn);
              }
            : count;
        out.push(i(`${size} ${rep}${op}`, { cases: 6, prepare, ownMemory: true }));
        if (!flat && /^(movs|lods|cmps)/.test(op))
          out.push(i(`gs ${size} ${rep}${op}`, { cases: 3, prepare, ownMemory: true }));
      }
    }
    if (!flat)
      out.push(
        i(`${size} xlatb`, { cases: 6, ownMemory: true }),
        i(`es ${size} xlatb`, { cases: 4, ownMemory: true }),
      );
  }
  const compared = (c, k) => {
    const equal = k % 2 === 0;
    c.poke(0x408, equal ? c.get('rax') : 3n, 4);
    c.poke(0x40c, equal && k % 3 ? c.get('rdx') : 9n, 4);
  };
  out.push(i('cmpxchg8b [esi+8]', { cases: 12, prepare: compared, ownMemory: true }));
  const usable = (t) => !flat || !/\[[^\]]*\b(si|di|bx|bp)\b/.test(t.text);
  return { mode, templates: out.filter(usable) };
}

export const LEGACY_FAMILIES = {
  'flat-32': family('32'),
  'segmented-32': family('s32'),
  'segmented-16': family('s16'),
};
