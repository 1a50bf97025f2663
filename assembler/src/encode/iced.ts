/**
 * iced-x86's opcode table as a text of rows. Runs only when a program is
 * bundled (scripts/bundle.mjs), so that none has to load iced-x86 and ask it for
 * thousands of rows when it starts.
 */
import {
  Code,
  CodeExt,
  EncodingKind,
  MandatoryPrefix,
  MemorySizeExt,
  Mnemonic,
  type OpCodeInfo,
  OpCodeOperandKind,
  OpCodeTableKind,
  TupleType,
} from 'iced-x86';
import { leastCpu } from './cpu-features';
import {
  type EvexTraits,
  type Form,
  type ImmediateKind,
  type Place,
  type Slot,
  type Space,
  slot,
  USUAL,
} from './form';
import type { RegisterClass } from './registers';

const registerNames: Record<string, RegisterClass> = {
  r8: 'r8',
  r16: 'r16',
  r32: 'r32',
  r64: 'r64',
  mm: 'mmx',
  xmm: 'xmm',
  xmmp3: 'xmm',
  ymm: 'ymm',
  zmm: 'zmm',
  zmmp3: 'zmm',
  k: 'mask',
  kp1: 'mask',
  bnd: 'bounds',
  tmm: 'tile',
  seg: 'segment',
  cr: 'control',
  dr: 'debug',
  tr: 'test',
};

const fixedRegisters: Record<string, [RegisterClass, number]> = {
  es: ['segment', 0],
  cs: ['segment', 1],
  ss: ['segment', 2],
  ds: ['segment', 3],
  fs: ['segment', 4],
  gs: ['segment', 5],
  al: ['r8', 0],
  cl: ['r8', 1],
  ax: ['r16', 0],
  dx: ['r16', 2],
  eax: ['r32', 0],
  rax: ['r64', 0],
  st0: ['x87', 0],
};

/** bytes, kind, operand size in bits. */
const immediates: Record<string, [number, ImmediateKind, number]> = {
  imm8: [1, 'plain', 8],
  imm8_const_1: [1, 'one', 8],
  imm8sex16: [1, 'sign8', 16],
  imm8sex32: [1, 'sign8', 32],
  imm8sex64: [1, 'sign8', 64],
  imm16: [2, 'plain', 16],
  imm32: [4, 'plain', 32],
  imm32sex64: [4, 'sign32', 64],
  imm64: [8, 'plain', 64],
};

/** The slot for an operand kind of iced-x86, or undefined for operands the source never writes. */
function makeSlot(kind: string): Slot | undefined {
  const fixed = fixedRegisters[kind];
  if (fixed) return slot('fixed', { register: fixed[0], only: fixed[1] });
  if (kind === 'sti_opcode') return slot('opcode', { register: 'x87' });
  const imm = immediates[kind];
  if (imm) return slot('imm', { bytes: imm[0], immediate: imm[1], immediateSize: imm[2] });
  if (kind === 'imm4_m2z') return slot('imm4', { bytes: 1, immediate: 'plain', immediateSize: 8 });
  const branch = /^(?:br\d+|xbegin|brdisp)_(\d)$/.exec(kind);
  if (branch) return slot('rel', { bytes: Number(branch[1]) });
  const far = /^farbr(\d)_2$/.exec(kind);
  if (far) return slot('far', { bytes: Number(far[1]) });
  if (kind === 'mem_offs') return slot('moffs', { memory: true });
  const vector = /^mem_vsib\d+([xyz])$/.exec(kind);
  if (vector) return slot('rm', { memory: true, vector: `${vector[1]}mm` as RegisterClass });
  if (/^(mem|sibmem)/.test(kind)) return slot('rm', { memory: true });
  const reg = /^([a-z]+\d*?|r\d+|[xz]mmp3|kp1)_(reg_mem|reg|rm|opcode|vvvv|or_mem|is4|is5)/.exec(kind);
  const cls = reg ? registerNames[reg[1]] : undefined;
  if (!reg || !cls) return undefined;
  // `zmm1+3`, `k1+1`: what is written is the first of several registers.
  const set = /p3$/.test(reg[1]) ? 4 : reg[1] === 'kp1' ? 2 : undefined;
  switch (reg[2]) {
    case 'or_mem':
      return slot('rm', { register: cls, memory: true });
    case 'reg_mem':
      return slot('reg', { register: cls, address: true });
    case 'is4':
    case 'is5':
      return slot('is4', { register: cls });
    default:
      return slot(reg[2] as Place, { register: cls, set });
  }
}

const slotCache = new Map<number, Slot | undefined>();
function slotOf(kind: number): Slot | undefined {
  if (!slotCache.has(kind)) slotCache.set(kind, makeSlot(OpCodeOperandKind[kind]));
  return slotCache.get(kind);
}

const maps: Record<number, number> = {
  [OpCodeTableKind.Normal]: 0,
  [OpCodeTableKind.T0F]: 1,
  [OpCodeTableKind.T0F38]: 2,
  [OpCodeTableKind.T0F3A]: 3,
  [OpCodeTableKind.MAP5]: 5,
  [OpCodeTableKind.MAP6]: 6,
  [OpCodeTableKind.MAP8]: 8,
  [OpCodeTableKind.MAP9]: 9,
  [OpCodeTableKind.MAP10]: 10,
};
const prefixes: Record<number, number> = {
  [MandatoryPrefix.P66]: 0x66,
  [MandatoryPrefix.PF3]: 0xf3,
  [MandatoryPrefix.PF2]: 0xf2,
};
const spaces: Record<number, Space> = {
  [EncodingKind.Legacy]: 'legacy',
  [EncodingKind.VEX]: 'vex',
  [EncodingKind.EVEX]: 'evex',
  [EncodingKind.XOP]: 'xop',
  [EncodingKind.D3NOW]: '3dnow',
};

/** Bits a size keyword can name (NASM manual, 3.7): `byte` to `zword`. */
const keywordSizes = new Set([8, 16, 32, 64, 80, 128, 256, 512]);

function tupleScales(tuple: number): [number, number] {
  const m = /^N(\d+)(?:b(\d+))?$/.exec(TupleType[tuple] ?? '');
  return m ? [Number(m[1]), Number(m[2] ?? m[1])] : [1, 1];
}

function modesOf(info: OpCodeInfo): number {
  return (info.mode16 ? 1 : 0) | (info.mode32 ? 2 : 0) | (info.mode64 ? 4 : 0);
}

/** Reads one row of iced-x86's table; undefined for rows no assembler writes. */
function readForm(code: number): Form | undefined {
  const info = CodeExt.opCode(code);
  try {
    const space = spaces[info.encoding];
    if (space === undefined || !info.isInstruction) return undefined;
    const slots: Slot[] = [];
    let implicit = false;
    let needSib = false;
    for (let i = 0; i < info.opCount; i++) {
      const kind = info.opKind(i);
      if (kind === OpCodeOperandKind.sibmem || kind === OpCodeOperandKind.mem_mib) needSib = true;
      const made = slotOf(kind);
      if (made) slots.push(made);
      else implicit = true;
    }
    // String instructions: the accumulator and dx are implied too.
    const written = implicit ? slots.filter((s) => s.place !== 'fixed') : slots;
    const size = MemorySizeExt.size(info.memorySize) * 8;
    let evex: EvexTraits | undefined;
    if (space === 'evex') {
      const [scale, broadcastScale] = tupleScales(info.tupleType);
      evex = {
        mask: info.canUseOpMaskRegister,
        maskRequired: info.requireOpMaskRegister,
        zeroing: info.canUseZeroingMasking,
        broadcastBytes: info.canBroadcast ? broadcastScale : 0,
        rounding: info.canUseRoundingControl,
        sae: info.canSuppressAllExceptions,
        scale,
        broadcastScale,
      };
    }
    return {
      code,
      slots: written,
      space,
      map: maps[info.table] ?? 0,
      prefix: prefixes[info.mandatoryPrefix] ?? 0,
      opcode: info.opCode,
      opcodeLength: info.opCodeLength,
      digit: info.isGroup ? info.groupIndex : -1,
      rmDigit: info.isRmGroup ? info.rmGroupIndex : -1,
      hasModRm:
        info.opCodeLength === 1 &&
        (info.isGroup ||
          info.isRmGroup ||
          written.some((s) => s.place === 'reg' || s.place === 'rm' || s.place === 'vvvv')),
      needSib,
      operandSize: info.operandSize,
      addressSize: info.addressSize,
      default64: info.defaultOpSize64 || info.forceOpSize64,
      w: info.isWIG ? 0 : info.W,
      l: info.isLIG ? 0 : info.L,
      cpu: leastCpu(code, space, written),
      // NASM, like Intel, has no near branch with a 16-bit offset in 64-bit mode.
      modes: modesOf(info) & (written.some((s) => s.place === 'rel' && s.bytes === 2) ? 3 : 7),
      wait: info.fwait,
      memorySize: keywordSizes.has(size) ? size : 0,
      anySize: false,
      rank: rankOf(written, space),
      impliedImmediate: -1,
      bnd: info.canUseBndPrefix,
      o64:
        info.defaultOpSize64 || info.forceOpSize64
          ? info.intelForceOpSize64
            ? 'rex'
            : 'ignored'
          : undefined,
      evex,
      text: info.instructionString,
    };
  } finally {
    info.free();
  }
}

/**
 * NASM's table lists short forms first: absolute-address `mov`, shifts by one,
 * sign-extended bytes; and VEX before EVEX.
 */
function rankOf(slots: Slot[], space: Space): number {
  if (space === 'evex') return 30;
  if (slots.some((s) => s.immediate === 'one' || s.immediate === 'sign8' || s.place === 'moffs')) return 0;
  return 10;
}

/** Texts by number; the same text has the same number. */
class Pool {
  readonly texts = new Map<string, number>();

  /** The number of `value`. */
  number(value: unknown): number {
    const text = JSON.stringify(value);
    if (!this.texts.has(text)) this.texts.set(text, this.texts.size);
    return this.texts.get(text)!;
  }

  /** All of them, by their numbers. */
  toString(): string {
    return `[${[...this.texts.keys()].join()}]`;
  }
}

/**
 * The table: first the slots and the EVEX traits that occur, as JSON, then a
 * line for each mnemonic; in it, each after a tab, the names of its rows in
 * iced-x86 with what is not usual about their forms. rows.ts reads it.
 */
export function writeRows(): string {
  const slots = new Pool();
  const traits = new Pool();
  const usual = new Map<string, unknown>(Object.entries(USUAL));
  const lines = new Map<string, string[]>();
  for (let code = 1; Code[code] !== undefined; code++) {
    const info = CodeExt.opCode(code);
    const usable =
      info.isInstruction && info.encoding !== EncodingKind.MVEX && !Code[code].startsWith('VEX_KNC_');
    const mnemonic = Mnemonic[info.mnemonic].toLowerCase();
    info.free();
    const form = usable ? readForm(code) : undefined;
    if (!form) continue;
    const row = Object.fromEntries(Object.entries(form).filter(([name, value]) => value !== usual.get(name)));
    row.slots = form.slots.map((s) => slots.number(s));
    if (form.evex) row.evex = traits.number(form.evex);
    const line = lines.get(mnemonic) ?? [];
    line.push(`${Code[code]} ${JSON.stringify(row)}`);
    lines.set(mnemonic, line);
  }
  const rows = [...lines].map(([mnemonic, list]) => `${mnemonic}\t${list.join('\t')}\n`);
  return `${slots}\n${traits}\n${rows.join('')}`;
}
