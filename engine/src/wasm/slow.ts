import { Op, WORDS } from '../ir/ops';
import { hasCode } from './ops';

/** Whether the instruction whose INSN is word `at` must be left to the evaluator: it has a micro-op without a row. */
export function isSlow(code: Int32Array, at: number): boolean {
  for (let i = at + WORDS; i < code.length; i += WORDS) {
    const op = code[i] & 0xff;
    if (op === Op.INSN || op === Op.BREAK) return false;
    if (!hasCode(code[i])) return true;
  }
  return false;
}
