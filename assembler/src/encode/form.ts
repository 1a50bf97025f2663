/**
 * One encoding of an instruction, a row of the opcode table: what the
 * operands may be and how prefixes, opcode and operands become bytes (Intel
 * SDM volume 2, section 3.1.1 explains the notation of the table).
 */
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
  /** The index register of the address (MPX). */
  | 'index'
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
  /** The register stands for so many, and may be written as a set: `zmm4+3`. */
  set?: number;
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
  /** The oldest processor that has it: a number of `LEVELS` in cpu.ts. */
  cpu: number;
  /** Bit 0: 16-bit, bit 1: 32-bit, bit 2: 64-bit mode. */
  modes: number;
  /** Preceded by `wait` (9B). */
  wait: boolean;
  /** Bits of the memory operand that a size keyword must match; 0 when no keyword names it. */
  memorySize: number;
  /** Takes the `bnd` prefix (and therefore no `repne`). */
  bnd?: boolean;
  /** An o64 prefix adds REX.W, which changes nothing where the operand size is 64 anyway; or NASM leaves it away. */
  o64?: 'rex' | 'ignored';
  /** F3 that stands before all other prefixes and gives way to another repetition prefix. */
  repeat?: number;
  /** NASM encodes `{z}` on this store, where the processor raises #UD. */
  zeroingStore?: boolean;
  /** No distance may be written before the target. */
  noDistance?: boolean;
  /** Rounding is written behind this many operands; else behind the last that is no immediate. */
  roundingAt?: number;
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
  /** With registers only where NASM optimises (-Ox). */
  optimised?: boolean;
  /** Any size keyword is accepted before the memory operand. */
  anySize: boolean;
  /** Smaller is preferred among forms that take the same operands. */
  rank: number;
  /** An immediate the mnemonic implies (`cmpeqps`), or −1. */
  impliedImmediate: number;
  evex?: EvexTraits;
  /** NASM 2.16.01's bytes, which the processor takes for something else. */
  misread?: boolean;
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
  /** NASM 2.16.01 scales a byte displacement otherwise than the processor. */
  misscaled?: boolean;
  broadcastMisscaled?: boolean;
}

/** A slot with whatever is not said. */
export function slot(place: Place, more: Partial<Slot> = {}): Slot {
  return { place, memory: false, bytes: 0, immediateSize: 0, ...more };
}

/** Every property, so that all objects have one shape: the encoder is fast only with those. */
type Whole<T> = { [K in keyof Required<T>]: T[K] };

/** What most rows have: the text of the table (rows.ts) does not repeat it. */
export const USUAL: Whole<Form> = {
  code: 0,
  slots: [],
  space: 'legacy',
  map: 0,
  prefix: 0,
  opcode: 0,
  opcodeLength: 1,
  digit: -1,
  rmDigit: -1,
  hasModRm: false,
  needSib: false,
  operandSize: 0,
  addressSize: 0,
  default64: false,
  w: 0,
  l: 0,
  cpu: 0,
  modes: 7,
  wait: false,
  memorySize: 0,
  anySize: false,
  rank: 10,
  impliedImmediate: -1,
  bnd: false,
  o64: undefined,
  repeat: undefined,
  zeroingStore: undefined,
  noDistance: undefined,
  roundingAt: undefined,
  onlyShort: undefined,
  sizedTarget: undefined,
  assumed: undefined,
  preferred: undefined,
  far: undefined,
  to: undefined,
  opcodeOffset: undefined,
  dword64: undefined,
  optimised: undefined,
  evex: undefined,
  misread: undefined,
  text: '',
};

const USUAL_SLOT: Whole<Slot> = {
  place: 'fixed',
  register: undefined,
  only: undefined,
  memory: false,
  vector: undefined,
  bytes: 0,
  immediate: undefined,
  immediateSize: 0,
  except64: undefined,
  address: undefined,
  whole: undefined,
  set: undefined,
};

/** The same form in the shape that all have. */
export function uniform(form: Form): Form {
  return { ...USUAL, ...form, slots: form.slots.map((s) => ({ ...USUAL_SLOT, ...s })) };
}
