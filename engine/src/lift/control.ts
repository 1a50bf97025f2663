import { Code, Mnemonic, OpKind } from 'iced-x86';
import { Slot } from '../cpu/state';
import { Op } from '../ir/ops';
import type { Bytes, LiftContext, LiftFunction, LiftTable } from './context';
import { conditional, conditionOf } from './move';

/** A relative branch: distance of its target from the block's start and the operand size it is cut to. */
function target(c: LiftContext): { delta: number; bits: 16 | 32 | 64 } {
  const kind = c.insn.opKind(0);
  const bits = kind === OpKind.NearBranch64 ? 64 : kind === OpKind.NearBranch32 ? 32 : 16;
  return { delta: Number(BigInt.asIntN(32, c.insn.nearBranchTarget)), bits };
}

/** Ends the block at a target in a slot. In 64-bit mode it must be canonical, or #GP(0) at this instruction. */
function jumpTo(c: LiftContext, slot: number): void {
  c.ir.emit(Op.JUMP, 0, slot);
  c.ended = true;
}

/** Before anything is written: the check of {@link jumpTo}'s target. */
function checkTarget(c: LiftContext, slot: number): void {
  if (c.code64) c.ir.emit(Op.CANONICAL, 0, slot);
}

/** Jumps if the slot is not 0. A target narrower than RIP must not narrow the address of the next instruction. */
function jumpIf(c: LiftContext, condition: number): void {
  const { delta, bits } = target(c);
  if (bits === c.ripBits) c.ir.emit(Op.JUMPNZ, delta, condition, c.next, bits);
  else {
    const to = c.op(Op.RIP, c.next, 0, c.ripBits);
    c.ir.emit(Op.CMOVNZ, to, condition, c.op(Op.RIP, delta, 0, bits));
    c.ir.emit(Op.JUMP, 0, to);
  }
  c.ended = true;
}

function jcc(c: LiftContext): void {
  const { delta, bits } = target(c);
  if (bits !== c.ripBits) {
    jumpIf(c, c.op(Op.COND, 0, 0, conditionOf(c)));
    return;
  }
  c.ir.emit(Op.JUMPCC, delta, c.next, 0, conditionOf(c) | (bits << 4));
  c.ended = true;
}

function jmp(c: LiftContext): void {
  if (c.isRegister(0) || c.isMemory(0)) {
    const to = c.read(0);
    checkTarget(c, to);
    jumpTo(c, to);
    return;
  }
  const { delta, bits } = target(c);
  c.ir.emit(Op.JUMPI, delta, 0, 0, bits);
  c.ended = true;
}

function call(c: LiftContext): void {
  if (c.isRegister(0) || c.isMemory(0)) {
    const n = c.bytes(0);
    // CALL rSP jumps to the value before the push.
    const to = c.op(Op.MOV, c.read(0));
    checkTarget(c, to);
    c.push(c.op(Op.RIP, c.next, 0, n * 8), n);
    jumpTo(c, to);
    return;
  }
  const { delta, bits } = target(c);
  c.push(c.op(Op.RIP, c.next, 0, bits), (bits / 8) as Bytes);
  c.ir.emit(Op.JUMPI, delta, 0, 0, bits);
  c.ended = true;
}

const RET_BYTES: { [code: number]: Bytes } = {
  [Code.Retnw]: 2,
  [Code.Retnw_imm16]: 2,
  [Code.Retnd]: 4,
  [Code.Retnd_imm16]: 4,
  [Code.Retnq]: 8,
  [Code.Retnq_imm16]: 8,
};

function ret(c: LiftContext): void {
  const n = RET_BYTES[c.insn.code];
  const extra = c.insn.opCount > 0 ? Number(c.insn.immediate(0)) : 0;
  const to = c.stackLoad(0, n);
  checkTarget(c, to);
  c.adjustStack(n + extra);
  jumpTo(c, to);
}

/** Width of the counter of each LOOP code: its address size, which only the name tells. */
const counterBytes = new Map<number, Bytes>();
for (const [name, code] of Object.entries(Code)) {
  const match = /^Loop\w*_(CX|ECX|RCX)$/.exec(name);
  if (match) counterBytes.set(code as number, match[1] === 'CX' ? 2 : match[1] === 'ECX' ? 4 : 8);
}

/** LOOP, LOOPE, LOOPNE: count down without touching flags, jump while not zero (and ZF as wanted). */
function loop(condition?: number): LiftFunction {
  return (c) => {
    const n = counterBytes.get(c.insn.code) ?? 8;
    const count = c.op(n === 8 ? Op.ADDI64 : Op.ADDI32, Slot.RCX, -1);
    c.writeRegister(Slot.RCX, n, count);
    let go = n === 2 ? c.zext(count, 2) : count;
    if (condition !== undefined) {
      const left = c.op(Op.EQZ64, c.op(Op.EQZ64, go));
      go = c.op(Op.AND32, left, c.op(Op.COND, 0, 0, condition));
    }
    jumpIf(c, go);
  };
}

/** JCXZ, JECXZ, JRCXZ. */
function jumpIfCounterZero(n: Bytes): LiftFunction {
  return (c) => jumpIf(c, c.op(Op.EQZ64, n === 8 ? Slot.RCX : c.zext(Slot.RCX, n)));
}

/** Condition codes of LOOPE and LOOPNE. */
const enum Zf {
  E = 4,
  NE = 5,
}

/** Near transfers of control. */
export const controlLifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Jmp, jmp],
  [Mnemonic.Call, call],
  [Mnemonic.Ret, ret],
  [Mnemonic.Loop, loop()],
  [Mnemonic.Loope, loop(Zf.E)],
  [Mnemonic.Loopne, loop(Zf.NE)],
  [Mnemonic.Jcxz, jumpIfCounterZero(2)],
  [Mnemonic.Jecxz, jumpIfCounterZero(4)],
  [Mnemonic.Jrcxz, jumpIfCounterZero(8)],
  ...conditional('J', jcc),
]);
