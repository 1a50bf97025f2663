import { Mnemonic, OpKind, Register } from 'iced-x86';
import { arithmeticLifters } from './arithmetic';
import { atomicLifters } from './atomic';
import { bitLifters } from './bits';
import type { LiftContext, LiftFunction, LiftTable } from './context';
import { controlLifters } from './control';
import { flagLifters } from './flags';
import { moveLifters } from './move';
import { multiplyLifters } from './multiply';
import { isSegment } from './registers';
import { shiftLifters } from './shift';
import { sseFloatLifters } from './sse-float';
import { sseIntegerLifters } from './sse-integer';
import { sseMoveLifters } from './sse-move';
import { sse4Lifters } from './sse4';
import { stackLifters } from './stack';
import { stringLifters } from './string';
import { systemLifters } from './system';
import { vmxLifters } from './vmx';
import { x87Lifters } from './x87';

/** One table a family. */
const FAMILIES: readonly LiftTable[] = [
  moveLifters,
  atomicLifters,
  stackLifters,
  arithmeticLifters,
  multiplyLifters,
  shiftLifters,
  bitLifters,
  stringLifters,
  controlLifters,
  flagLifters,
  vmxLifters,
  x87Lifters,
  sseMoveLifters,
  sseIntegerLifters,
  sseFloatLifters,
  sse4Lifters,
];

/** By mnemonic; an ordinary family's function goes before the system's, which {@link isSystemForm} asks for. */
const lifters: (LiftFunction | undefined)[] = [];
for (const family of [systemLifters, ...FAMILIES]) {
  for (const [mnemonic, lift] of family) lifters[mnemonic] = lift;
}

/**
 * MOV, POP, JMP and CALL each have forms that are system programming: loads of
 * segment, control and debug registers, and far transfers. system.ts has an
 * entry of its own for these mnemonics.
 */
function isSystemForm(c: LiftContext): boolean {
  const { insn } = c;
  switch (insn.mnemonic) {
    case Mnemonic.Mov: {
      const to = insn.op0Register;
      if (insn.op0Kind === OpKind.Register && (isSegment(to) || isSpecial(to))) return true;
      return insn.op1Kind === OpKind.Register && isSpecial(insn.op1Register);
    }
    case Mnemonic.Pop:
      return insn.op0Kind === OpKind.Register && isSegment(insn.op0Register);
    case Mnemonic.Jmp:
      return insn.isJmpFar || insn.isJmpFarIndirect;
    case Mnemonic.Call:
      return insn.isCallFar || insn.isCallFarIndirect;
    default:
      return false;
  }
}

/** Control, debug and test registers: all that stand behind CR0 in iced's order. */
function isSpecial(register: Register): boolean {
  return (
    (register >= Register.CR0 && register <= Register.DR15) ||
    (register >= Register.TR0 && register <= Register.TR7)
  );
}

/** Appends the IR of the context's instruction; the context's `begin` has been called. */
export function liftInstruction(c: LiftContext): void {
  const { mnemonic } = c.insn;
  const lift = isSystemForm(c) ? systemLifters.get(mnemonic) : lifters[mnemonic];
  if (lift) lift(c);
  else c.unsupported();
}
