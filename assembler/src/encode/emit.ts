/**
 * From a chosen form and its operands to bytes: prefixes in NASM's order, REX,
 * VEX, XOP or EVEX, opcode, ModRM, SIB, displacement, immediates (Intel SDM
 * volume 2, chapter 2; AMD APM volume 3, section 1.2 for XOP).
 */
import { type Fields, gather } from './fields';
import type { Form, Slot } from './form';
import { lostBits } from './immediate';
import type { Prefixes } from './prefixes';
import type {
  EncodeContext,
  EncodedField,
  EncodeError,
  ImmediateOperand,
  InstructionStatement,
  Value,
} from './statement';

/** The longest instruction the processor accepts is 15 bytes; redundant prefixes can make NASM's longer. */
const buffer = new Uint8Array(40);

class Writer {
  length = 0;
  fields: EncodedField[] | undefined;

  /** Notes that the next `size` bytes carry `value`, if somebody wants to know. */
  note(value: Value | undefined, size: number, relative: boolean, signed: boolean, segment = false) {
    const reference = value?.reference;
    if (!reference) return;
    this.fields ??= [];
    this.fields.push({ offset: this.length, size, value: value!, reference, relative, signed, segment });
  }

  byte(value: number) {
    buffer[this.length++] = value;
  }

  value(value: bigint, bytes: number) {
    if (bytes <= 4) {
      let n = Number(BigInt.asIntN(32, value));
      for (let i = 0; i < bytes; i++, n >>= 8) this.byte(n & 0xff);
      return;
    }
    let n = value;
    for (let i = 0; i < bytes; i++, n >>= 8n) this.byte(Number(n & 0xffn));
  }
}

/** The bytes, or why these operands cannot be encoded after all. */
export type EmitResult =
  | { bytes: Uint8Array; fields: EncodedField[] | undefined; warnings: EncodeError[] }
  | EncodeError;

function fail(code: string, message: string, operand?: number): EncodeError {
  return { code, message, operand };
}

/** Encodes `statement` as `form`. */
export function emit(
  form: Form,
  statement: InstructionStatement,
  ctx: EncodeContext,
  prefixes: Prefixes,
): EmitResult {
  const f = gather(form, statement, ctx, prefixes);
  if ('code' in f) return f;
  let dropped = false;
  if (prefixes.bound || prefixes.repne) {
    const answer = boundPrefix(form, statement, prefixes);
    if (typeof answer !== 'boolean') return answer;
    dropped = answer;
  }
  const w = new Writer();
  const memory = f.memory;
  let segment = prefixes.segment;
  for (const op of statement.operands) {
    if (op.kind !== 'memory' || op.segment === undefined) continue;
    if (segment !== 0)
      return fail('prefix', 'the segment override is given twice: as a prefix and in the address');
    segment = segmentPrefix[op.segment];
  }
  if (form.wait || prefixes.wait) w.byte(0x9b);
  if (prefixes.repeat && !dropped) w.byte(prefixes.repeat);
  else if (form.repeat) w.byte(form.repeat);
  if (prefixes.lock || f.lockControl) w.byte(0xf0);
  if (segment) w.byte(segment);
  const size = prefixes.operandSize || form.operandSize;
  if (prefixes.operandByte || (size === 16 && ctx.bits !== 16) || (size === 32 && ctx.bits === 16))
    w.byte(0x66);
  const memoryBits = memory?.addressBits ?? ctx.bits;
  if (form.addressSize === 64 && (memoryBits === 32 || (prefixes.addressSize === 32 && namesAddress(form))))
    return fail('address-size', 'a 64-bit address register does not go with 32-bit addressing');
  const addressBits = prefixes.addressSize || memoryBits;
  if (addressBits !== ctx.bits || (form.addressSize || ctx.bits) !== ctx.bits) w.byte(0x67);

  if (form.evex) {
    const problem = evex(w, form, f, statement);
    if (problem) return problem;
  } else if (form.space === 'vex' || form.space === 'xop') {
    const problem = vex(w, form, f, prefixes.encoding);
    if (problem) return problem;
  } else {
    const problem = legacy(w, form, f, ctx, prefixes);
    if (problem) return problem;
  }
  return finish(w, form, f, statement, ctx);
}

/** Is the register that holds the address written or in the name, so that no prefix may change its size? */
function namesAddress(form: Form): boolean {
  return form.opcode === 0xe3 || form.slots.some((s) => s.place === 'fixed' || s.register === 'r64');
}

/**
 * Checks `bnd` and `repne`, which share a byte. bnd means nothing on a short `jmp` and NASM leaves it away there:
 * then the answer is true.
 */
function boundPrefix(form: Form, s: InstructionStatement, prefixes: Prefixes): boolean | EncodeError {
  const short = form.slots.some((slot) => slot.place === 'rel' && slot.bytes === 1);
  const conditional = short && form.opcode !== 0xeb;
  const asked = s.operands.some((o) => o.kind === 'immediate' && o.distance === 'short');
  const dropped = prefixes.bound && short && !conditional && !form.onlyShort && !asked;
  if (prefixes.bound && !dropped && (!form.bnd || (short && !conditional)))
    return fail('prefix', `\`${s.mnemonic}\` does not take the \`bnd\` prefix here`);
  if (prefixes.repne && form.bnd && (!conditional || asked))
    return fail('prefix', `\`repne\` before \`${s.mnemonic}\` would mean \`bnd\`; it is not allowed`);
  return dropped;
}

const segmentPrefix: Record<string, number> = { es: 0x26, cs: 0x2e, ss: 0x36, ds: 0x3e, fs: 0x64, gs: 0x65 };

function legacy(
  w: Writer,
  form: Form,
  f: Fields,
  ctx: EncodeContext,
  prefixes: Prefixes,
): EncodeError | undefined {
  const memory = f.memory;
  let rex = 0;
  const wide = form.operandSize === 64;
  if (prefixes.operandSize === 64 ? form.o64 !== 'ignored' : wide && !form.default64) rex |= 8;
  if (f.reg > 7) rex |= 4;
  if (memory) rex |= (memory.x << 1) | memory.b;
  else if (f.rm > 7 || f.opcodeRegister > 7) rex |= 1;
  if (rex !== 0 || f.needsRex || prefixes.encoding === 'rex') {
    if (ctx.bits !== 64)
      return fail(
        'mode',
        prefixes.operandSize === 64 ? '`o64` exists only in 64-bit mode' : 'this needs 64-bit mode',
      );
    if (f.high) {
      return fail(
        'high-register',
        `\`${f.high.name}\` cannot be used here: another operand needs a REX prefix, under which its number means \`${['spl', 'bpl', 'sil', 'dil'][f.high.number - 4]}\``,
      );
    }
    rex |= 0x40;
  }
  if (form.opcodeLength === 0) return rex ? fail('prefix', 'only `wait` itself can stand here') : undefined;
  if (form.prefix) w.byte(form.prefix);
  if (rex) w.byte(rex);
  if (form.space === '3dnow') {
    w.byte(0x0f);
    w.byte(0x0f);
    return undefined;
  }
  if (form.map >= 1) w.byte(0x0f);
  if (form.map === 2) w.byte(0x38);
  else if (form.map === 3) w.byte(0x3a);
  const opcode = form.opcode + (f.opcodeRegister & 7) + (form.opcodeOffset ?? 0);
  if (form.opcodeLength === 2) w.byte(opcode >> 8);
  w.byte(opcode & 0xff);
  return undefined;
}

function noHigh(name: string): EncodeError {
  return fail(
    'high-register',
    `\`${name}\` cannot be used here: under a VEX prefix its number means another register`,
  );
}

const pp: Record<number, number> = { 0: 0, 102: 1, 243: 2, 242: 3 };

function vex(w: Writer, form: Form, f: Fields, wanted: Prefixes['encoding']): EncodeError | undefined {
  if (f.high) return noHigh(f.high.name);
  const r = f.reg > 7 ? 0 : 0x80;
  const x = f.memory?.x ? 0 : 0x40;
  const b = (f.memory ? f.memory.b : f.rm > 7) ? 0 : 0x20;
  const low = ((~f.vvvv & 15) << 3) | (form.l << 2) | pp[form.prefix];
  if (form.space === 'vex' && form.map === 1 && form.w === 0 && x && b && wanted !== 'vex3') {
    w.byte(0xc5);
    w.byte(r | low);
  } else {
    if (wanted === 'vex2') return fail('prefix', 'these operands need the three-byte VEX prefix, not {vex2}');
    w.byte(form.space === 'xop' ? 0x8f : 0xc4);
    w.byte(r | x | b | form.map);
    w.byte((form.w << 7) | low);
  }
  if (form.opcodeLength === 2) w.byte(form.opcode >> 8);
  w.byte(form.opcode & 0xff);
  return undefined;
}

const roundings: Record<string, number> = { 'rn-sae': 0, 'rd-sae': 1, 'ru-sae': 2, 'rz-sae': 3 };

function evex(w: Writer, form: Form, f: Fields, statement: InstructionStatement): EncodeError | undefined {
  const traits = form.evex!;
  if (f.high) return noHigh(f.high.name);
  let length = form.l;
  let b = f.broadcast ? 1 : 0;
  if (statement.rounding !== undefined) {
    if (f.memory) return fail('rounding', `{${statement.rounding}} needs register operands`);
    const mode = Object.hasOwn(roundings, statement.rounding) ? roundings[statement.rounding] : undefined;
    if (mode === undefined && statement.rounding !== 'sae')
      return fail('rounding', `there is no {${statement.rounding}}`);
    if (mode !== undefined ? !traits.rounding : !traits.sae || traits.rounding) {
      return fail('rounding', `this form does not take {${statement.rounding}}`);
    }
    b = 1;
    length = mode ?? 0;
  }
  const r = f.reg & 8 ? 0 : 0x80;
  const r2 = f.reg & 16 ? 0 : 0x10;
  const x = (f.memory ? f.memory.x : f.rm & 16) ? 0 : 0x40;
  const bb = (f.memory ? f.memory.b : f.rm & 8) ? 0 : 0x20;
  const v2 = (f.vvvv & 16) | ((f.memory?.vectorHigh ?? 0) << 4) ? 0 : 8;
  w.byte(0x62);
  w.byte(r | x | bb | r2 | form.map);
  w.byte((form.w << 7) | ((~f.vvvv & 15) << 3) | 4 | pp[form.prefix]);
  w.byte((f.zeroing ? 0x80 : 0) | (length << 5) | (b << 4) | v2 | f.mask);
  w.byte(form.opcode);
  return undefined;
}

const nasmsBytes: EncodeError = {
  code: 'nasm-bytes',
  note: true,
  message: 'these are the bytes of NASM 2.16, but a processor reads them differently (Intel SDM vol. 2)',
};

/** Is a byte displacement multiplied by something else than the processor will multiply it by? */
function isMisscaled(form: Form, f: Fields): boolean {
  if (f.memory?.displacementBytes !== 1) return false;
  return (f.broadcast ? form.evex?.broadcastMisscaled : form.evex?.misscaled) ?? false;
}

/** ModRM and everything after it. */
function finish(
  w: Writer,
  form: Form,
  f: Fields,
  statement: InstructionStatement,
  ctx: EncodeContext,
): EmitResult {
  const warnings: EncodeError[] = [];
  const memory = f.memory;
  if (form.evex?.maskRequired && f.mask === 0) {
    warnings.push({ code: 'mask', message: 'without a mask register, {k1} to {k7}, this raises #UD' });
  }
  if (form.misread || f.foreign || isMisscaled(form, f)) warnings.push(nasmsBytes);
  const offset = form.slots.findIndex((s) => s.place === 'moffs');
  let relocate = -1;
  const displaced = memory ? statement.operands.find((o) => o.kind === 'memory') : undefined;
  const displacement = displaced?.kind === 'memory' ? displaced.displacement : undefined;
  if (offset >= 0 && memory) {
    w.note(displacement, memory.addressBits / 8, false, false);
    w.value(memory.displacement, memory.addressBits / 8);
  } else if (memory) {
    w.byte((memory.mod << 6) | ((f.reg & 7) << 3) | memory.rm);
    if (memory.sib >= 0) w.byte(memory.sib);
    if (memory.ripRelative) relocate = w.length;
    if (memory.displacementBytes > 0) {
      const signed = memory.addressBits > memory.displacementBytes * 8;
      w.note(displacement, memory.displacementBytes, memory.ripRelative, signed);
    }
    w.value(memory.displacement, memory.displacementBytes);
    if (memory.warning) warnings.push(memory.warning);
  } else if (form.hasModRm) {
    w.byte(0xc0 | ((f.reg & 7) << 3) | (f.rm & 7));
  }
  if (form.space === '3dnow') w.byte(form.opcode);
  if (f.is4 >= 0) w.byte((f.is4 << 4) | f.imm4);
  for (let i = 0; i < form.slots.length; i++) {
    const slot = form.slots[i];
    const op = statement.operands[i];
    if (op.kind === 'immediate' && slot.place === 'imm' && slot.immediate !== 'one') {
      const lost = lostBits(slot, op, i);
      if (lost) warnings.push(lost);
      w.note(op.value, slot.bytes, false, slot.immediate === 'sign8' || slot.immediate === 'sign32');
      w.value(op.value.value, slot.bytes);
    } else if (op.kind === 'far') {
      w.note(op.offset, slot.bytes, false, false);
      w.value(op.offset.value, slot.bytes);
      w.note(op.segment, 2, false, false, true);
      w.value(op.segment.value, 2);
    } else if (op.kind === 'immediate' && slot.place === 'rel') {
      const problem = branch(w, form, slot, op, ctx, i);
      if (problem) return problem;
    }
  }
  if (form.impliedImmediate >= 0) w.byte(form.impliedImmediate);
  if (relocate >= 0 && memory) {
    const end = ctx.address + BigInt(w.length);
    const length = w.length;
    w.length = relocate;
    w.value(memory.displacement - end, 4);
    w.length = length;
  }
  return { bytes: buffer.slice(0, w.length), fields: w.fields, warnings };
}

/** The displacement counts from the next instruction. */
function branch(
  w: Writer,
  form: Form,
  slot: Slot,
  op: ImmediateOperand,
  ctx: EncodeContext,
  operand: number,
): EncodeError | undefined {
  const distance = branchDistance(
    op.value.value,
    ctx.address + BigInt(w.length + slot.bytes),
    form,
    ctx.bits,
  );
  const reference = op.value.reference;
  const open = reference !== undefined && !reference.here && !reference.final;
  if (slot.bytes === 1 && !open && (distance < -128n || distance > 127n)) {
    return fail(
      'jump-range',
      `the target is ${distance} bytes away; \`${op.distance === 'short' ? 'short' : 'this jump'}\` reaches −128 to 127`,
      operand,
    );
  }
  w.note(op.value, slot.bytes, true, true);
  w.value(distance, slot.bytes);
  return undefined;
}

/** Signed distance; IP and EIP wrap at their size. */
function branchDistance(target: bigint, next: bigint, form: Form, bits: number): bigint {
  const width = form.operandSize === 16 || (form.operandSize === 0 && bits === 16) ? 16 : 64;
  return BigInt.asIntN(width, target - next);
}
