/**
 * One encoding of an instruction, taken from iced-x86's opcode table: what the
 * operands may be and how prefixes, opcode and operands become bytes (Intel
 * SDM volume 2, section 3.1.1 explains the notation of the table).
 */
import {
  CodeExt,
  EncodingKind,
  MandatoryPrefix,
  MemorySizeExt,
  type OpCodeInfo,
  OpCodeOperandKind,
  OpCodeTableKind,
  TupleType,
} from 'iced-x86';
import type { RegisterClass } from './registers';

/** Where an operand goes in the encoding; `fixed` operands are implied by the opcode. */
export type Place =
  | 'reg'
  | 'rm'
  | 'opcode'
  | 'vvvv'
  | 'is4'
  | 'imm'
  | 'imm4'
  | 'rel'
  | 'far'
  | 'moffs'
  | 'fixed'
  | 'both'
  | 'vvvv+rm'
  | 'reg+vvvv';

/** How an immediate's bytes relate to the operand: as they are, or extended to the operand size by the processor. */
export type ImmediateKind =
  | 'plain'
  | 'one'
  | 'sign8'
  | 'sign32'
  /** Only if the value is the zero-extended or the sign-extended 32 bits: `mov r64`. */
  | 'fits-u32'
  | 'fits-s32';

/** What one operand of a {@link Form} may be. */
export interface Slot {
  place: Place;
  /** Accepts registers of this class. */
  register?: RegisterClass;
  /** Only this register number. */
  only?: number;
  /** Accepts memory. */
  memory: boolean;
  /** Memory whose index is a vector register of this class. */
  vector?: RegisterClass;
  /** Bytes of an immediate or a branch displacement. */
  bytes: number;
  immediate?: ImmediateKind;
  /** Operand size the immediate stands for, in bits. */
  immediateSize: number;
  /** Not this register number in 64-bit mode. */
  except64?: number;
  /** The register is an address: `movdir64b`, `enqcmd`. */
  address?: boolean;
  /** A byte register that stands for its whole: `bpl` needs no REX, and exists outside 64-bit mode, as in NASM. */
  whole?: boolean;
}

/** Which of the encoding spaces. */
export type Space = 'legacy' | 'vex' | 'evex' | 'xop' | '3dnow';

/** A row of the table. */
export interface Form {
  /** Position in iced-x86's table, which is the tie-breaker among equals. */
  code: number;
  slots: Slot[];
  space: Space;
  /** 0 one-byte, 1 `0F`, 2 `0F 38`, 3 `0F 3A`, 5 and 6 EVEX, 8…10 XOP. */
  map: number;
  /** Mandatory prefix byte, or 0. */
  prefix: number;
  /** One or two opcode bytes. */
  opcode: number;
  opcodeLength: number;
  /** `/digit`, or −1. */
  digit: number;
  /** ModRM.rm fixed by the opcode, or −1. */
  rmDigit: number;
  /** A ModRM byte follows the opcode (and is not one of its two bytes). */
  hasModRm: boolean;
  /** The address must be written with a SIB byte. */
  needSib: boolean;
  /** 16, 32 or 64 when the encoding asks for that operand size; 0 when it has none. */
  operandSize: number;
  addressSize: number;
  /** Operand size 64 without REX.W in 64-bit mode. */
  default64: boolean;
  /** VEX/EVEX W and L fields. */
  w: number;
  l: number;
  /** Bit 0: 16-bit, bit 1: 32-bit, bit 2: 64-bit mode. */
  modes: number;
  /** Preceded by `wait` (9B). */
  wait: boolean;
  /** Bits of the memory operand that a size keyword must match; 0 when no keyword names it. */
  memorySize: number;
  /** Takes the `bnd` prefix (and therefore no `repne`). */
  bnd?: boolean;
  /** Near branches and returns: o64 adds a REX.W that changes nothing. */
  branch64?: boolean;
  /** Only the short form exists (loop, jcxz): no distance may be written. */
  onlyShort?: boolean;
  /** The branch target may carry a size keyword: `jmp dword x`. */
  sizedTarget?: boolean;
  /** Meant when memory of several sizes is possible and none is written. */
  assumed?: boolean;
  /** Wins over forms whose operand size is the mode's own. */
  preferred?: boolean;
  /** A far pointer in memory. */
  far?: boolean;
  /** The x87 form written with `to`. */
  to?: boolean;
  /** Added to the last opcode byte: an implied register `st1`. */
  opcodeOffset?: number;
  /** A `dword` immediate is accepted where the processor extends it to 64 bits. */
  dword64?: boolean;
  /** Any size keyword is accepted before the memory operand. */
  anySize: boolean;
  /** Smaller is preferred among forms that take the same operands. */
  rank: number;
  /** An immediate the mnemonic implies (`cmpeqps`), or −1. */
  impliedImmediate: number;
  evex?: EvexTraits;
  /** Intel's notation, for messages. */
  text: string;
}

/** What EVEX decorations a form takes and how its 8-bit displacement is scaled (SDM vol. 2, 2.7.5). */
export interface EvexTraits {
  mask: boolean;
  maskRequired: boolean;
  zeroing: boolean;
  /** Bytes of one broadcast element, or 0. */
  broadcastBytes: number;
  rounding: boolean;
  sae: boolean;
  /** N of disp8×N without and with broadcast. */
  scale: number;
  broadcastScale: number;
}

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

function slot(place: Place, more: Partial<Slot> = {}): Slot {
  return { place, memory: false, bytes: 0, immediateSize: 0, ...more };
}

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
  switch (reg[2]) {
    case 'or_mem':
      return slot('rm', { register: cls, memory: true });
    case 'reg_mem':
      return slot('reg', { register: cls, address: true });
    case 'is4':
    case 'is5':
      return slot('is4', { register: cls });
    default:
      return slot(reg[2] as Place, { register: cls });
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
export function readForm(code: number): Form | undefined {
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
      // NASM, like Intel, has no near branch with a 16-bit offset in 64-bit mode.
      modes: modesOf(info) & (written.some((s) => s.place === 'rel' && s.bytes === 2) ? 3 : 7),
      wait: info.fwait,
      memorySize: keywordSizes.has(size) ? size : 0,
      anySize: false,
      rank: rankOf(written, space),
      impliedImmediate: -1,
      bnd: info.canUseBndPrefix,
      branch64: info.intelForceOpSize64,
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
