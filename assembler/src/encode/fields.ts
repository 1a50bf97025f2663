/** Sorts a statement's operands into the fields of an encoding: ModRM, VEX.vvvv, opcode, EVEX decorations. */
import { type EffectiveAddress, encodeAddress } from './address';
import type { Form, Slot } from './form';
import type { Prefixes } from './prefixes';
import { findRegister, type Register } from './registers';
import type {
  EncodeContext,
  EncodeError,
  InstructionStatement,
  MemoryOperand,
  RegisterOperand,
} from './statement';

/** Where the operands went. */
export interface Fields {
  reg: number;
  rm: number;
  memory?: EffectiveAddress;
  vvvv: number;
  opcodeRegister: number;
  is4: number;
  imm4: number;
  /** Some register forces a REX prefix. */
  needsRex: boolean;
  /** A register that no REX prefix may accompany. */
  high?: Register;
  mask: number;
  zeroing: boolean;
  broadcast: boolean;
  /** A control register above 7 outside 64-bit mode, reached by a LOCK prefix (AMD APM vol. 3, MOV CRn). */
  lockControl: boolean;
  /** Something EVEX can express but the processor does not have: 64-bit registers in other modes, `{z}` on a store. */
  foreign: boolean;
}

function fail(code: string, message: string, operand?: number): EncodeError {
  return { code, message, operand };
}

/** Sorts the operands into the fields of the encoding. */
export function gather(
  form: Form,
  statement: InstructionStatement,
  ctx: EncodeContext,
  prefixes: Prefixes,
): Fields | EncodeError {
  const f: Fields = {
    reg: Math.max(form.digit, 0),
    rm: Math.max(form.rmDigit, 0),
    vvvv: 0,
    opcodeRegister: 0,
    is4: -1,
    imm4: 0,
    needsRex: false,
    mask: 0,
    zeroing: false,
    broadcast: false,
    lockControl: false,
    foreign: false,
  };
  for (let i = 0; i < form.slots.length; i++) {
    const slot = form.slots[i];
    const op = statement.operands[i];
    if (op.kind === 'register' || op.kind === 'memory') {
      const problem = decorate(form, op, f, i);
      if (problem) return problem;
    }
    if (op.kind === 'register') {
      const reg = findRegister(op.name);
      if (!reg) return fail('register', `\`${op.name}\` is not a register`, i);
      if (ctx.bits !== 64 && (reg.number > 7 || (reg.needsRex && !slot.whole) || reg.class === 'r64')) {
        if (reg.class === 'control') f.lockControl = true;
        else if (escapes(form, slot, reg)) f.foreign = true;
        else
          return fail('mode', `\`${op.name}\` exists only in 64-bit mode; this code is bits ${ctx.bits}`, i);
      }
      if (reg.high) f.high = reg;
      if (reg.high && slot.whole)
        return fail('high-register', `\`${op.name}\` is no part of a register that can be named here`, i);
      if (reg.needsRex && !slot.whole) f.needsRex = true;
      place(f, slot, f.lockControl && reg.class === 'control' ? reg.number & 7 : reg.number);
    } else if (op.kind === 'memory') {
      const scale = form.evex ? (f.broadcast ? form.evex.broadcastScale : form.evex.scale) : 1;
      const at = form.slots.findIndex((s) => s.place === 'index');
      const index = at < 0 ? undefined : statement.operands[at];
      const address: MemoryOperand =
        index?.kind === 'register' ? { ...op, index: index.name, scale: 1, nosplit: true } : op;
      const ea = encodeAddress(address, {
        bits: ctx.bits,
        defaultRel: ctx.defaultRel,
        prefixSize: prefixes.addressSize,
        scale,
        needSib: form.needSib,
      });
      if ('code' in ea) return { ...ea, operand: i };
      f.memory = ea;
      if (ea.foreign) f.foreign = true;
    } else if (op.kind === 'immediate' && slot.place === 'imm4') {
      f.imm4 = Number(op.value.value & 0xfn);
    }
  }
  return f;
}

/**
 * Registers of 64-bit mode that NASM lets through in other modes: what neither REX bit nor VEX.vvvv would
 * have to carry, that is 64-bit registers below r8, registers 16 to 23 in ModRM, any in an immediate.
 */
function escapes(form: Form, slot: Slot, reg: Register): boolean {
  if (form.space === 'legacy') return false;
  return (
    slot.place === 'is4' || reg.number < 8 || (/^(reg|rm|both)$/.test(slot.place) && (reg.number & 8) === 0)
  );
}

function place(f: Fields, slot: Slot, number: number) {
  switch (slot.place) {
    case 'reg':
      f.reg = number;
      break;
    case 'rm':
      f.rm = number;
      break;
    case 'both':
      f.reg = number;
      f.rm = number;
      break;
    case 'vvvv':
      f.vvvv = number;
      break;
    case 'reg+vvvv':
      f.reg = number;
      f.vvvv = number;
      break;
    case 'vvvv+rm':
      f.vvvv = number;
      f.rm = number;
      break;
    case 'opcode':
      f.opcodeRegister = number;
      break;
    case 'is4':
      f.is4 = number;
      break;
    default:
  }
}

/** EVEX masks, zeroing and broadcast. */
function decorate(
  form: Form,
  op: RegisterOperand | MemoryOperand,
  f: Fields,
  i: number,
): EncodeError | undefined {
  const broadcast = op.kind === 'memory' ? op.broadcast : undefined;
  if (op.mask === undefined && !op.zeroing && broadcast === undefined) return undefined;
  const traits = form.evex;
  if (op.mask !== undefined) {
    const reg = findRegister(op.mask);
    if (reg?.class !== 'mask' || reg.number === 0)
      return fail('mask', `\`{${op.mask}}\` is not a mask; those are k1 to k7`, i);
    if (!traits?.mask) return fail('mask', 'this form takes no mask register', i);
    f.mask = reg.number;
  }
  if (op.zeroing) {
    if (op.kind === 'memory' && form.zeroingStore) f.foreign = true;
    else if (op.kind === 'memory')
      return fail('zeroing', 'a store to memory merges; `{z}` is for register destinations', i);
    if (op.kind !== 'memory' && !traits?.zeroing)
      return fail('zeroing', 'this form cannot zero masked elements (`{z}`)', i);
    f.zeroing = true;
  }
  if (broadcast !== undefined) {
    if (!traits?.broadcastBytes) return fail('broadcast', 'this form cannot broadcast from memory', i);
    f.broadcast = true;
  }
  return undefined;
}
