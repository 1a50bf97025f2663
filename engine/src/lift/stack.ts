import { Code, Mnemonic, Register } from 'iced-x86';
import { SegField, Slot } from '../cpu/state';
import { MemAux, Op } from '../ir/ops';
import type { Bytes, LiftContext, LiftFunction, LiftTable } from './context';

/** Bytes pushed or popped by a simple stack instruction. */
function stackOperand(c: LiftContext): Bytes {
  return Math.abs(c.insn.stackPointerIncrement) as Bytes;
}

/** PUSH of anything: registers, memory, immediates (sign-extended), segment selectors. */
function push(c: LiftContext): void {
  const n = stackOperand(c);
  let value: number;
  if (c.isImmediate(0)) value = c.ir.constant(c.immediate(0));
  else if (c.isRegister(0) && !c.gpr(0)) {
    const seg = c.insn.opRegister(0) - Register.ES;
    value = c.zext(Slot.SEGMENTS + seg * 4 + SegField.SELECTOR, 2);
  } else value = c.readLow(0);
  c.push(value, n);
}

/** POP to a general register or memory; POP of segment registers is in system.ts. */
function pop(c: LiftContext): void {
  const n = stackOperand(c);
  const to = c.gpr(0);
  if (to && to.slot !== Slot.RSP && n >= 4) {
    c.loadInto(to.slot, c.stackAddress(Slot.RSP, 0, n, false), n);
    c.adjustStack(n);
    return;
  }
  const value = c.stackLoad(0, n);
  if (to) {
    c.adjustStack(n);
    c.write(0, value);
  } else {
    // An address based on rSP is computed after the increment (SDM 2 "POP").
    c.store(c.address(n, true, n), n, value);
    c.adjustStack(n);
  }
}

/** PUSHA/PUSHAD: rAX, rCX, rDX, rBX, old rSP, rBP, rSI, rDI. */
function pusha(n: 2 | 4): LiftFunction {
  return (c) => {
    for (let k = 0; k < 8; k++) {
      const mark = c.ir.mark();
      c.stackStore(-n * (k + 1), Slot.RAX + k, n);
      c.ir.release(mark);
    }
    c.adjustStack(-8 * n);
  };
}

/** POPA/POPAD: the other way round; the stack pointer's image is skipped. */
function popa(n: 2 | 4): LiftFunction {
  return (c) => {
    const values: number[] = [];
    for (let k = 0; k < 8; k++) {
      if (k !== Slot.RSP) values[k] = c.stackLoad(n * (7 - k), n);
    }
    values.forEach((value, k) => {
      c.writeRegister(k, n, value);
    });
    c.adjustStack(8 * n);
  };
}

/** ENTER: a frame of `op0` bytes with `op1` nested frame pointers copied from the outer frame. */
function enter(c: LiftContext): void {
  const n = Math.abs(frameBytes(c)) as Bytes;
  const size = Number(c.insn.immediate(0)) & 0xffff;
  const level = Number(c.insn.immediate(1)) & 31;
  c.stackStore(-n, Slot.RBP, n);
  for (let k = 1; k < level; k++) {
    const mark = c.ir.mark();
    const outer = c.load(c.stackAddress(Slot.RBP, -n * k, n, false), n);
    c.stackStore(-n * (k + 1), outer, n);
    c.ir.release(mark);
  }
  const frame = c.ir.temp();
  c.ir.emit(Op.ADDI64, frame, Slot.RSP, -n);
  if (level > 0) c.stackStore(-n * (level + 1), frame, n);
  const below = -n * (level > 0 ? level + 1 : 1) - size;
  // Faults when a write at the final stack pointer would (SDM 2 "ENTER"); nothing is written there.
  c.load(c.stackAddress(Slot.RSP, below, n, true), n, MemAux.WRITE_INTENT);
  if (c.stackBytes === 4 && !c.code64) c.ir.emit(Op.ZEXT32, frame, frame);
  c.writeRegister(Slot.RBP, c.stackBytes, frame);
  c.adjustStack(below);
}

/** Operand size of ENTER: iced's increment is −n × (1 + level) − size. */
function frameBytes(c: LiftContext): number {
  const size = Number(c.insn.immediate(0)) & 0xffff;
  const level = Number(c.insn.immediate(1)) & 31;
  return (c.insn.stackPointerIncrement + size) / (1 + level);
}

/** LEAVE: rSP ← rBP, then POP rBP. */
function leave(c: LiftContext): void {
  const code = c.insn.code;
  const n: Bytes = code === Code.Leaveq ? 8 : code === Code.Leaved ? 4 : 2;
  const value = c.load(c.stackAddress(Slot.RBP, 0, n, false), n);
  c.addToStackRegister(Slot.RSP, Slot.RBP, n);
  c.writeRegister(Slot.RBP, n, value);
}

/** The stack, without flags and far transfers. */
export const stackLifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Push, push],
  [Mnemonic.Pop, pop],
  [Mnemonic.Pusha, pusha(2)],
  [Mnemonic.Pushad, pusha(4)],
  [Mnemonic.Popa, popa(2)],
  [Mnemonic.Popad, popa(4)],
  [Mnemonic.Enter, enter],
  [Mnemonic.Leave, leave],
]);
