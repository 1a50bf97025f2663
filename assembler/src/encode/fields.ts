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
        if (reg.class === 'control' && reg.number === 8) f.lockControl = true;
        else
          return fail('mode', `\`${op.name}\` exists only in 64-bit mode; this code is bits ${ctx.bits}`, i);
      }
      if (reg.high) f.high = reg;
      if (reg.needsRex && !slot.whole) f.needsRex = true;
      place(f, slot, f.lockControl && reg.class === 'control' ? reg.number & 7 : reg.number);
    } else if (op.kind === 'memory') {
      const scale = form.evex ? (f.broadcast ? form.evex.broadcastScale : form.evex.scale) : 1;
      const ea = encodeAddress(op, {
        bits: ctx.bits,
        defaultRel: ctx.defaultRel,
        prefixSize: prefixes.addressSize,
        scale,
        needSib: form.needSib,
      });
      if ('code' in ea) return { ...ea, operand: i };
      f.memory = ea;
    } else if (op.kind === 'immediate' && slot.place === 'imm4') {
      f.imm4 = Number(op.value.value & 0xfn);
    }
  }
  return f;
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
    if (op.kind === 'memory' && !form.zeroingStore)
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
