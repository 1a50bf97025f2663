/**
 * From NASM's own instruction table (x86/insns.dat of its source) to lines that
 * try every operand form: each with plain operands, then one operand, size,
 * decoration or prefix at a time made different.
 */

/** One row of the table. */
interface Row {
  mnemonics: string[];
  operands: string[];
  /** Operands that may be left away. */
  optional: boolean[];
  evex: boolean;
  vex: boolean;
}

const conditions =
  'o no b c nae ae nb nc e z ne nz be na a nbe s ns p pe np po l nge ge nl le ng g nle'.split(' ');

/** Assembler directives that stand in the table too, and the ones whose length is no instruction's. */
const directives = /^(D[BWDQTOYZ]|RES[BWDQTOYZ]|INCBIN)$/;

/** Reads the table's rows. */
function parse(text: string): Row[] {
  const rows: Row[] = [];
  for (const line of text.split('\n')) {
    const m = /^(\w+)\s+(\S+)\s+(\[.*?\])\s+(\S+)/.exec(line);
    if (!m || directives.test(m[1]) || m[2] === 'ignore') continue;
    const name = m[1].toLowerCase();
    const mnemonics = /cc$/.test(m[1])
      ? conditions.map((c) => name.slice(0, -2) + c)
      : m[1].includes('cc')
        ? conditions.map((c) => name.replace('cc', c))
        : [name];
    const operands = m[2] === 'void' ? [] : m[2].split(/[,:]/);
    rows.push({
      mnemonics,
      operands: operands.map((o) => o.replaceAll('*', '')),
      optional: operands.map((o) => /\*/.test(o)),
      evex: m[3].includes('evex.'),
      vex: /[^e](vex|xop)\./.test(m[3]),
    });
    if (/:/.test(m[2])) rows.at(-1)!.operands = [m[2]];
  }
  return rows;
}

const registers: Record<string, string[]> = {
  8: ['bl', 'dl', 'ch', 'al'],
  16: ['bx', 'dx', 'si', 'di'],
  32: ['ebx', 'edx', 'esi', 'edi'],
  64: ['rbx', 'rdx', 'rsi', 'rdi'],
};
const more: Record<string, string[]> = {
  8: ['al', 'cl', 'ah', 'dil', 'r9b'],
  16: ['ax', 'cx', 'r9w'],
  32: ['eax', 'ecx', 'r9d'],
  64: ['rax', 'rcx', 'r9'],
};
const sizeWords = ['byte', 'word', 'dword', 'qword', 'tword', 'oword', 'yword', 'zword'];
const wordOf: Record<string, string> = {
  8: 'byte',
  16: 'word',
  32: 'dword',
  64: 'qword',
  80: 'tword',
  128: 'oword',
  256: 'yword',
  512: 'zword',
};

/** The operand as it is written first, and everything else that is tried in its place. */
interface Choice {
  first: string;
  others: string[];
  decorators: string[];
  immediate: boolean;
}

/** Places in memory: addressing of all sizes, displacements that disp8×N can and cannot carry, segments. */
const places = [
  '[si+4]',
  '[bx+di-0x80]',
  '[rdx+rdi*8+0x1234]',
  '[r9+r12*2]',
  '[esi]',
  '[esi+1]',
  '[esi+8]',
  '[esi+0x7f]',
  '[esi+0x100]',
  '[esi+0x2000]',
  '[esi-0x1000]',
  '[byte esi+64]',
  '[dword esi+4]',
  '[ebp+ecx*4]',
  '[0x1234]',
  '[rel $+64]',
  '[abs 0x1234]',
  '[qword 0x1234]',
  '[fs:esi+64]',
  '[es:0x1234]',
];

function memory(bits: string, index: string): Pick<Choice, 'first' | 'others'> {
  if (index) {
    const at = (r: string) => `[esi+${index}${r}*4+64]`;
    return {
      first: at('3'),
      others: [
        at('9'),
        at('17'),
        `[r9+${index}3]`,
        `[${index}3*8]`,
        `[esi+${index}3+8]`,
        `[rsi+rdi*2]`,
        '[esi]',
        ...sizeWords.map((w) => `${w} ${at('3')}`),
      ],
    };
  }
  const word = bits ? `${wordOf[bits]} ` : '';
  return {
    first: `${word}[esi+64]`,
    others: [
      '[esi+64]',
      ...sizeWords.filter((w) => `${w} ` !== word).map((w) => `${w} [esi+64]`),
      ...places.map((p) => word + p),
      `far ${word}[esi]`,
    ],
  };
}

const values = ['5', '1', '-1', '0x80', '0x1234', '0x12345678', '0xffffffff', '0x123456789abcdef0'];

function immediate(bits: string): Pick<Choice, 'first' | 'others'> {
  const word = bits ? `${wordOf[bits]} ` : '';
  return {
    first: `${word}5`,
    others: [
      '5',
      'strict 5',
      ...['byte', 'word', 'dword', 'qword', 'strict byte', 'strict word', 'strict dword', 'strict qword'].map(
        (w) => `${w} 5`,
      ),
      ...values.slice(1),
      ...values.slice(1).map((v) => word + v),
      ...(bits ? [] : ['dword 0x12345678', 'word 0x1234', 'dword -1']),
    ],
  };
}

function branch(parts: string[]): Pick<Choice, 'first' | 'others'> {
  const word = parts.includes('short') ? 'short ' : parts.includes('near') ? 'near ' : '';
  const all: string[] = [];
  for (const distance of ['', 'short ', 'near ', 'far ', 'strict ', 'strict short ', 'strict near ']) {
    for (const size of ['', 'byte ', 'word ', 'dword ', 'qword ']) {
      for (const target of ['$+40', '$+0x400']) all.push(distance + size + target);
    }
  }
  return { first: `${word}$+40`, others: all };
}

/** What the table's word for an operand stands for, at this position. */
function choose(text: string, position: number, row: Row): Choice[] {
  const [kind, ...parts] = text.split('|');
  const decorators = parts.filter((p) => /^(mask|z|b\d+|er|sae)$/.test(p));
  const made = (c: { first: string; others: string[] }, isImmediate = false): Choice => ({
    ...c,
    decorators,
    immediate: isImmediate,
  });
  const list = (all: string[]): Choice =>
    made({ first: all[position % all.length], others: all.filter((_, i) => i !== position % all.length) });
  if (/:/.test(text)) {
    const sizes = ['', 'word ', 'dword ', 'qword ', 'far ', 'far word ', 'far dword ', 'near ', 'strict '];
    return [made({ first: '0x10:0x1234', others: sizes.slice(1).map((s) => `${s}0x10:0x1234`) })];
  }
  let m = /^reg(8|16|32|64)(na)?$/.exec(kind);
  if (m) return [made({ first: registers[m[1]][position], others: more[m[1]] })];
  m = /^rm(8|16|32|64)$/.exec(kind);
  if (m) return [made({ first: registers[m[1]][position], others: more[m[1]] }), made(memory(m[1], ''))];
  m = /^(imm|sbyteword|sbytedword|sbyteqword|udword|sdword|unity)(\d*)$/.exec(kind);
  if (m) {
    if (parts.some((p) => /^(near|short|far)$/.test(p)) || (row.mnemonics[0] === 'xbegin' && position === 0))
      return [made(branch(parts))];
    if (/^(j|loop|call)/.test(row.mnemonics[0])) return [made(branch(parts))];
    return [made(m[1] === 'unity' ? { first: '1', others: ['byte 1'] } : immediate(m[2]), true)];
  }
  m = /^mem(\d*)$/.exec(kind);
  if (m) return [made(memory(m[1], ''))];
  m = /^([xyz])mem(\d*)$/.exec(kind);
  if (m) return [made(memory(m[2], `${m[1]}mm`))];
  if (kind === 'mem_offs') return [made({ first: '[0x1234]', others: ['[qword 0x1234]', '[dword 0x1234]'] })];
  m = /^([xyz])mm(reg|rm)(\d*)$/.exec(kind);
  if (m) {
    const vector = `${m[1]}mm`;
    const all = made({
      first: `${vector}${position + 1}`,
      others: [`${vector}9`, `${vector}17`, `${vector}0`],
    });
    return m[2] === 'reg' ? [all] : [all, made(memory(m[3], ''))];
  }
  m = /^k(reg|rm)(\d*)$/.exec(kind);
  if (m) {
    const all = made({ first: `k${position + 1}`, others: ['k0', 'k7'] });
    return m[1] === 'reg' ? [all] : [all, made(memory(m[2], ''))];
  }
  m = /^mmxrm(\d*)$/.exec(kind);
  if (m) return [made({ first: `mm${position + 1}`, others: [] }), made(memory(m[1], ''))];
  const named: Record<string, string[]> = {
    mmxreg: ['mm1', 'mm2', 'mm3'],
    fpureg: ['st3', 'st5', 'st0'],
    fpu0: ['st0'],
    xmm0: ['xmm0', 'xmm1'],
    bndreg: ['bnd1', 'bnd2', 'bnd3'],
    tmmreg: ['tmm1', 'tmm2', 'tmm3'],
    reg_sreg: ['ds', 'es', 'cs', 'ss', 'fs', 'gs'],
    reg_creg: ['cr0', 'cr4', 'cr8', 'cr9'],
    reg_dreg: ['dr1', 'dr7', 'dr9'],
    reg_treg: ['tr6', 'tr7'],
  };
  if (named[kind]) {
    if (parts.includes('to')) return [made({ first: 'to st3', others: ['to st0'] })];
    return [list(named[kind])];
  }
  m = /^reg_(\w+)$/.exec(kind);
  if (m) return [made({ first: m[1], others: [] })];
  throw new Error(`unknown operand ${text}`);
}

const prefixes =
  'lock rep repe repne a16 a32 a64 o16 o32 o64 bnd xacquire xrelease es cs ss ds fs gs wait'.split(' ');

/**
 * How much is made of the rows: of one in so many old and vector rows every other operand, prefix and address too,
 * of the others only each form with its sizes and decorations.
 */
export interface Extent {
  deepEvery: number;
  deepEveryVector: number;
}

function decorated(text: string, c: Choice): string[] {
  const out: string[] = [];
  const broadcast = c.decorators.find((d) => /^b\d/.test(d));
  if (c.decorators.includes('mask')) out.push(`${text}{k1}`);
  if (c.decorators.includes('z')) out.push(`${text}{k1}{z}`, `${text}{z}`);
  if (broadcast && text.includes('[')) {
    const bare = text.slice(text.indexOf('['));
    for (const n of [2, 4, 8, 16, 32]) out.push(`${bare}{1to${n}}`);
    out.push(`${wordOf[broadcast.slice(1)]} ${bare}{1to8}`);
    out.push(...['[esi+4]{1to8}', '[esi+8]{1to4}', '[esi+3]{1to16}']);
  }
  return out;
}

function linesOf(row: Row, allDeep: boolean, put: (line: string) => void) {
  const choices = row.operands.map((o, i) => choose(o, i, row));
  // Register and memory in turn.
  let combinations: Choice[][] = [[]];
  for (const c of choices) combinations = combinations.flatMap((before) => c.map((one) => [...before, one]));
  for (const mnemonic of row.mnemonics) {
    // Of the conditions' forms one is enough.
    const deep = allDeep && (row.mnemonics.length === 1 || mnemonic === row.mnemonics[2]);
    for (const combination of combinations) {
      const base = combination.map((c) => c.first);
      const write = (operands: string[], prefix = '') =>
        put(`${prefix}${mnemonic} ${operands.join(',')}`.trimEnd());
      const vary = (i: number, text: string) => write([...base.slice(0, i), text, ...base.slice(i + 1)]);
      write(base);
      row.optional.forEach((may, i) => {
        if (may) write(base.filter((_, k) => k !== i));
      });
      combination.forEach((c, i) => {
        for (const text of decorated(c.first, c)) vary(i, text);
        for (const rounding of ['rn-sae', 'rd-sae', 'ru-sae', 'rz-sae', 'sae']) {
          const asked = c.decorators.includes(rounding === 'sae' ? 'sae' : 'er');
          if (asked && (deep || !/rd|ru/.test(rounding))) {
            const at = base.findIndex((_, k) => combination[k].immediate);
            const where = at < 0 ? base.length : at;
            write([...base.slice(0, where), `{${rounding}}`, ...base.slice(where)]);
          }
        }
        if (c.first.includes('[')) {
          const bare = c.first.slice(c.first.indexOf('['));
          vary(i, bare);
          for (const w of sizeWords) vary(i, `${w} ${bare}`);
        }
        if (deep) for (const text of c.others) vary(i, text);
      });
      if (!deep) continue;
      if (row.evex || row.vex) {
        for (const p of ['{vex} ', '{vex2} ', '{vex3} ', '{evex} ', 'a32 ', 'o64 ', 'fs ', 'lock '])
          write(base, p);
      } else {
        for (const p of prefixes) write(base, `${p} `);
        write(base, 'xacquire lock ');
        write(base, 'xrelease lock ');
        write(base, '{rex} ');
      }
    }
  }
}

/** The lines for a table, without duplicates and in its order. */
export function linesOfTable(text: string, extent: Extent): string[] {
  const lines = new Set<string>();
  parse(text).forEach((row, i) => {
    const every = row.vex || row.evex ? extent.deepEveryVector : extent.deepEvery;
    linesOf(row, i % every === 0, (line) => lines.add(line));
  });
  return [...lines];
}
