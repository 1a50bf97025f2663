/**
 * Which encodings take the operands of a statement. Depends only on the kinds
 * and sizes of the operands, so the answer is kept per signature.
 */
import { isAbsolute } from './address';
import { defaultSized, sizedByImmediate } from './dialect';
import type { Form, Slot } from './form';
import { findRegister } from './registers';
import type { ImmediateOperand, InstructionStatement, MemoryOperand, Operand } from './statement';
import { formsOf } from './table';

/** How well an operand suits a slot. */
export const enum Fit {
  /** Another kind of operand. */
  No,
  /** The right kind in the wrong size. */
  Size,
  Yes,
  /** Memory without a size keyword: suits any size. */
  Unsized,
}

/** What of the context decides which encodings apply. */
export interface MatchContext {
  bits: 16 | 32 | 64;
  defaultRel: boolean;
  /** From an address-size prefix; 0 without. */
  addressPrefix: number;
  /** The newest processor that may be needed; absent: any. */
  cpu?: number;
}

/** The outcome: encodings to try in this order, or why there are none. */
export interface Selection {
  forms: Form[];
  failure?: 'operands' | 'size-missing' | 'mode' | 'cpu';
}

const generalSizes: Record<string, true> = { r8: true, r16: true, r32: true, r64: true };
const vectorSizes: Record<string, true> = { xmm: true, ymm: true, zmm: true };

function sameFamily(a: string, b: string): boolean {
  return (a in generalSizes && b in generalSizes) || (a in vectorSizes && b in vectorSizes);
}

/** Does `mov` reach this operand by an absolute address in the instruction (moffs)? In 64-bit mode NASM uses that form only when asked for. */
function takesOffset(m: MemoryOperand, ctx: MatchContext): boolean {
  if (!isAbsolute(m) || m.displacementSize === 8) return false;
  if (ctx.bits !== 64) return true;
  // `default rel` and `rel` count here even where the address is a number.
  if (m.relative ?? (ctx.defaultRel && m.segment !== 'fs' && m.segment !== 'gs')) return false;
  return m.displacementSize === 64 || ctx.addressPrefix === 32;
}

function fitImmediate(slot: Slot, form: Form, op: ImmediateOperand): Fit {
  const size = op.size;
  switch (slot.immediate) {
    case 'one':
      // `shl eax,byte 1` asks for the form with a byte.
      return size === undefined ? Fit.Yes : Fit.Size;
    case 'sign8':
      if (op.strict && size !== 8) return Fit.Size;
      if (size === undefined || size === 8 || size === slot.immediateSize) return Fit.Yes;
      return size === 32 && form.dword64 ? Fit.Yes : Fit.Size;
    case 'sign32':
      if (size === undefined || size === 64) return Fit.Yes;
      return size === 32 && form.dword64 ? Fit.Yes : Fit.Size;
    case 'fits-u32':
    case 'fits-s32':
      return !op.strict && (size === undefined || size === 64) ? Fit.Yes : Fit.Size;
    default:
      return size === undefined || size === slot.immediateSize ? Fit.Yes : Fit.Size;
  }
}

/** Compares one operand with one slot. */
export function fit(slot: Slot, form: Form, op: Operand, ctx: MatchContext): Fit {
  switch (op.kind) {
    case 'register': {
      if (slot.register === undefined) return Fit.No;
      const reg = findRegister(op.name);
      if (!reg) return Fit.No;
      if ((op.to ?? false) !== (form.to ?? false) && slot.register === 'x87' && slot.place === 'opcode')
        return Fit.No;
      if (slot.register !== reg.class) return sameFamily(slot.register, reg.class) ? Fit.Size : Fit.No;
      if (slot.only !== undefined && (slot.only !== reg.number || reg.high)) return Fit.No;
      if (op.set !== undefined && op.set !== slot.set) return Fit.No;
      if (slot.except64 === reg.number && ctx.bits === 64) return Fit.No;
      if (reg.number > 15 && form.space !== 'evex') return Fit.No;
      return Fit.Yes;
    }
    case 'memory': {
      if (!slot.memory) return Fit.No;
      if (slot.place === 'moffs' && !takesOffset(op, ctx)) return Fit.No;
      const index = op.index === undefined ? undefined : findRegister(op.index)?.class;
      const vector = index !== undefined && index in vectorSizes ? index : undefined;
      if (slot.vector !== vector) return Fit.No;
      if ((op.distance === 'far') !== (form.far === true) && !form.anySize) return Fit.No;
      if (op.broadcast !== undefined) return fitBroadcast(form, op);
      if (op.size === undefined) return Fit.Unsized;
      return form.anySize || op.size === form.memorySize ? Fit.Yes : Fit.Size;
    }
    case 'immediate':
      if (slot.place === 'rel') return fitBranch(slot, form, op);
      if (slot.immediate === undefined) return Fit.No;
      if (op.distance !== undefined) return Fit.No;
      return fitImmediate(slot, form, op);
    case 'far':
      if (slot.place !== 'far') return Fit.No;
      if (op.distance !== undefined) return Fit.Size;
      return op.size === undefined || op.size === slot.bytes * 8 ? Fit.Yes : Fit.Size;
  }
}

/** `[x]{1to8}`: the number of elements decides the vector's length; a size keyword names one element. */
function fitBroadcast(form: Form, op: MemoryOperand): Fit {
  const bytes = form.evex?.broadcastBytes ?? 0;
  if (bytes === 0) return Fit.No;
  if (op.size !== undefined && op.size !== bytes * 8) return Fit.Size;
  // NASM counts in whole quadwords.
  return form.memorySize >= 64 && form.memorySize === (op.broadcast ?? 0) * bytes * 8 ? Fit.Yes : Fit.Size;
}

function fitBranch(slot: Slot, form: Form, op: ImmediateOperand): Fit {
  if (op.distance === 'far') return Fit.No;
  if (op.distance !== undefined && form.noDistance) return Fit.Size;
  if (op.size !== undefined && !form.sizedTarget && op.distance !== 'near') return Fit.Size;
  if (form.onlyShort) return op.distance === undefined && op.size === undefined ? Fit.Yes : Fit.Size;
  if (slot.bytes === 1) {
    if (op.distance === 'near' || (op.strict && op.distance !== 'short')) return Fit.Size;
    return op.size === undefined ? Fit.Yes : Fit.Size;
  }
  if (op.distance === 'short') return Fit.Size;
  return op.size === undefined || op.size === form.operandSize ? Fit.Yes : Fit.Size;
}

/** Distance of a form's operand size from what the mode would use by itself. */
function sizePenalty(form: Form, bits: number): number {
  const size = form.operandSize;
  let penalty = 0;
  if (size !== 0 && !form.preferred) {
    if (bits === 64) penalty = form.default64 || size === 32 ? 0 : 1;
    else penalty = size === bits ? 0 : 1;
  }
  if (form.addressSize !== 0 && form.addressSize !== bits) penalty += 2;
  return penalty;
}

const registerKinds = new Map<string, number>();
const kindOfName = new Map<string, number>();

/** A small number for each kind of register. */
function registerKind(name: string): number {
  const known = kindOfName.get(name);
  if (known !== undefined) return known;
  const kind = findRegister(name)?.kind;
  if (kind === undefined) return 0;
  let number = registerKinds.get(kind);
  if (number === undefined) {
    number = registerKinds.size + 1;
    registerKinds.set(kind, number);
  }
  kindOfName.set(name, number);
  return number;
}

const sizeCodes: Record<number, number> = { 8: 1, 16: 2, 32: 3, 64: 4, 80: 5, 128: 6, 256: 7, 512: 8 };
const distanceCodes: Record<string, number> = { short: 1, near: 2, far: 3 };
const vectorCodes: Record<string, number> = { xmm: 1, ymm: 2, zmm: 3 };

/** What the choice of the encoding sees of an operand, below {@link OPERAND_CODES}. */
function operandCode(op: Operand, ctx: MatchContext): number {
  const size = op.size === undefined ? 0 : (sizeCodes[op.size] ?? 9);
  switch (op.kind) {
    case 'register':
      return 1024 + (op.set ? 128 * Math.log2(op.set) : 0) + registerKind(op.name) * 2 + (op.to ? 1 : 0);
    case 'immediate':
      return ((op.distance ? distanceCodes[op.distance] : 0) * 10 + size) * 2 + (op.strict ? 1 : 0);
    case 'far':
      return 100 + ((op.distance ? distanceCodes[op.distance] : 0) * 10 + size);
    case 'memory': {
      const index = op.index === undefined ? undefined : findRegister(op.index)?.class;
      let code = (index && vectorCodes[index]) || 0;
      code = code * 2 + (takesOffset(op, ctx) ? 1 : 0);
      code = code * 4 + (op.distance ? distanceCodes[op.distance] : 0);
      code = code * 10 + size;
      return 2048 + code * 64 + Math.min(op.broadcast ?? 0, 63);
    }
  }
}

/** 2048 register codes, then memory: below 2048 + 4·2·4·10·64. */
const OPERAND_CODES = 32768;

/** By the mode, the mnemonic and the operands: three of them fit exactly into a number. */
const caches = {
  16: new Map<string, Map<number, Selection>>(),
  32: new Map<string, Map<number, Selection>>(),
  64: new Map<string, Map<number, Selection>>(),
};

/** Forgets nothing within a program's life but stays bounded for a language server. */
const cacheLimit = 20000;
let cached = 0;

/** The encodings that take the statement's operands; undefined for an unknown mnemonic. */
export function select(statement: InstructionStatement, ctx: MatchContext): Selection | undefined {
  const { operands } = statement;
  let key = 0;
  // More than three operands: the first ones go into the name.
  let name = ctx.cpu === undefined ? statement.mnemonic : `${ctx.cpu} ${statement.mnemonic}`;
  const cache = caches[ctx.bits];
  for (let i = 0; i < operands.length; i++) {
    const code = operandCode(operands[i], ctx) + 1;
    if (i >= 3) name += `,${code}`;
    else key = key * OPERAND_CODES + code;
  }
  let same = cache.get(name);
  const known = same?.get(key);
  if (known) return known;
  const forms = formsOf(statement.mnemonic);
  if (!forms) return undefined;
  const made = choose(statement, forms, ctx);
  if (++cached >= cacheLimit) {
    cache.clear();
    same = undefined;
    cached = 0;
  }
  if (!same) {
    same = new Map();
    cache.set(name, same);
  }
  same.set(key, made);
  return made;
}

function choose(statement: InstructionStatement, forms: Form[], ctx: MatchContext): Selection {
  const { operands } = statement;
  let unsized = false;
  let matched: Form[] = [];
  for (const form of forms) {
    if (form.slots.length !== operands.length) continue;
    let good = true;
    for (let i = 0; i < operands.length && good; i++) {
      const f = fit(form.slots[i], form, operands[i], ctx);
      if (f === Fit.Unsized) unsized = true;
      else if (f !== Fit.Yes) good = false;
    }
    if (good) matched.push(form);
  }
  if (matched.length === 0) return { forms: [], failure: 'operands' };
  if (unsized && sizedByImmediate.has(statement.mnemonic)) {
    // A sized immediate says the size of both (`mov [x], dword 1`), but never 64 bits.
    if (operands.some((o) => o.kind === 'immediate' && o.size === 64))
      return { forms: [], failure: 'size-missing' };
  }
  if (unsized && !defaultSized.has(statement.mnemonic)) {
    const sizes = new Set(matched.filter((f) => !f.anySize).map((f) => f.memorySize));
    sizes.delete(0);
    if (sizes.size > 1) {
      const hint = sizedByImmediate.has(statement.mnemonic)
        ? operands.find((o) => o.kind === 'immediate')?.size
        : undefined;
      matched = matched.filter((f) => (hint === undefined ? f.assumed : f.memorySize === hint));
      if (matched.length === 0) return { forms: [], failure: 'size-missing' };
    }
  }
  const mode = ctx.bits === 16 ? 1 : ctx.bits === 32 ? 2 : 4;
  const usable = matched.filter((f) => f.modes & mode);
  if (usable.length === 0) return { forms: [], failure: 'mode' };
  if (ctx.cpu !== undefined) {
    const { cpu } = ctx;
    const old = usable.filter((f) => f.cpu <= cpu);
    if (old.length === 0) return { forms: usable, failure: 'cpu' };
    usable.splice(0, usable.length, ...old);
  }
  const order = (f: Form) => sizePenalty(f, ctx.bits) * 1000 + f.rank;
  usable.sort((a, b) => order(a) - order(b) || a.code - b.code);
  return { forms: usable };
}
