/**
 * The seam between the parser and the encoder: one instruction whose operands
 * have been evaluated with the symbol values known in this pass.
 */

/** A number as the encoder needs it. */
export interface Value {
  /** Wrapped to 64 bits, unsigned or signed alike; the encoder checks ranges. */
  value: bigint;
  /**
   * Critical, i.e. may change in a later pass or is relocatable: NASM's
   * "forward reference or not a pure number". The encoder then may not pick a
   * short form that depends on the value unless `settled` says it may.
   */
  forward: boolean;
  /** True for a label or an expression relative to a section (an address); false for a pure number. */
  address: boolean;
  /** What the value is relative to, where somebody asks for the fields that carry it (object files, listings). */
  reference?: Reference;
}

/** What a value is relative to. The encoder only looks at the flags and hands the reference back with its field. */
export interface Reference {
  /** The section or external symbol; absent for a number that only counts as the target of a branch. */
  base: object | undefined;
  /** The special symbol after `wrt`. */
  wrt?: object;
  /** The base is the section the instruction stands in: a distance to it is a plain number. */
  here: boolean;
  /** The value is a difference to the current section (`x-$`). */
  self: boolean;
  /** Addresses are final (flat binaries): a field needs no relocation and ranges can be checked. */
  final: boolean;
}

export type SizeKeyword = 8 | 16 | 32 | 64 | 80 | 128 | 256 | 512;

export interface RegisterOperand {
  kind: 'register';
  /** Lower-case NASM name: `eax`, `r8d`, `cr3`, `xmm0`, `st0`, `k1` … */
  name: string;
  size?: SizeKeyword;
  /** x87 `to`, as in `fadd to st3`. */
  to?: boolean;
  /** Registers of a set: 4 for `zmm4+3`. */
  set?: number;
  /** EVEX decorations after the operand: `{k1}` gives `k1`, `{z}` sets `zeroing`. */
  mask?: string;
  zeroing?: boolean;
}

export interface ImmediateOperand {
  kind: 'immediate';
  value: Value;
  /** Size keyword written before it. */
  size?: SizeKeyword;
  strict?: boolean;
  /** Written on jumps and calls. */
  distance?: 'short' | 'near' | 'far';
}

export interface FarOperand {
  kind: 'far';
  segment: Value;
  offset: Value;
  size?: SizeKeyword;
  distance?: 'short' | 'near' | 'far';
}

export interface MemoryOperand {
  kind: 'memory';
  /** Size keyword before the bracket. */
  size?: SizeKeyword;
  distance?: 'short' | 'near' | 'far';
  strict?: boolean;
  base?: string;
  index?: string;
  /** 1 when not written. The parser normalises `eax*2`, `eax+eax`, `eax*3|5|9` as NASM does unless `nosplit`. */
  scale: 1 | 2 | 4 | 8;
  /** Absent when no displacement was written at all. */
  displacement?: Value;
  /** Size keyword inside the bracket: `[byte eax+4]`, `[dword 0x1234]`; also selects address size, as in NASM. */
  displacementSize?: SizeKeyword;
  segment?: 'es' | 'cs' | 'ss' | 'ds' | 'fs' | 'gs';
  /** `rel`/`abs` inside the bracket; absent means the `default` directive decides. */
  relative?: boolean;
  nosplit?: boolean;
  /** EVEX decorations after the bracket: `{k1}`, `{z}`, and `{1to8}` gives 8. */
  mask?: string;
  zeroing?: boolean;
  broadcast?: number;
}

export type Operand = RegisterOperand | ImmediateOperand | FarOperand | MemoryOperand;

export interface InstructionStatement {
  /** Lower case, without prefixes. */
  mnemonic: string;
  /**
   * Lower case, in source order: lock rep repe repz repne repnz a16 a32 a64 o16 o32 o64 es cs ss ds fs gs,
   * also bnd xacquire xrelease, `wait` before another instruction, and {vex} {vex2} {vex3} {evex} with their braces.
   */
  prefixes: string[];
  operands: Operand[];
  /** EVEX static rounding or suppressed exceptions, lower case without braces: `rn-sae ru-sae rd-sae rz-sae sae`. */
  rounding?: string;
  /** How many operands stand before the rounding. */
  roundingAt?: number;
}

export interface EncodeContext {
  bits: 16 | 32 | 64;
  /** Address of the instruction's first byte, as the program sees it in this pass. */
  address: bigint;
  /** `default rel`. */
  defaultRel: boolean;
  /**
   * Smallest relative-branch form that may still be tried for this statement:
   * relaxation only grows (short → near), so the passes end. A target in another
   * section is 'near' from the start: NASM never shortens such a jump.
   */
  minimumBranch: 'short' | 'near';
  /**
   * NASM's -O: 0 takes no short form that is not asked for, 1 shortens
   * immediates but neither jumps nor 64-bit moves; absent: everything (-Ox).
   */
  optimize?: 0 | 1;
  /** The directive `cpu`: the newest processor whose instructions are taken (`cpu.ts`); absent: any. */
  cpu?: number;
}

/** A part of the instruction that carries a value with a {@link Reference}. */
export interface EncodedField {
  /** From the beginning of the instruction. */
  offset: number;
  size: number;
  value: Value;
  reference: Reference;
  /** Counts from the end of the instruction. */
  relative: boolean;
  /** The processor extends the field with its sign. */
  signed: boolean;
  /** The segment half of a far pointer. */
  segment: boolean;
}

export interface Encoding {
  bytes: Uint8Array;
  /** Present when some value had a reference. */
  fields?: EncodedField[];
  /** The relative-branch form used, if it is a branch that has both. */
  branch?: 'short' | 'near';
}

/** Why a statement cannot be encoded; `operand` is the index of the operand to blame. */
export interface EncodeError {
  code: string;
  message: string;
  operand?: number;
  /** Worth a note only: NASM says nothing. */
  note?: boolean;
}

export type EncodeResult =
  | { ok: true; encoding: Encoding; warnings: EncodeError[] }
  | { ok: false; error: EncodeError };
