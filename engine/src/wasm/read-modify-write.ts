import { MemAux, Op, WORDS } from '../ir/ops';
import { ROWS } from './ops';

function isAccess(op: number): boolean {
  return (op >= Op.LOAD8 && op <= Op.STORE64) || op === Op.LOAD128 || op === Op.STORE128;
}

/** Whether a micro-op's d is a slot that it writes. */
export function writesSlot(op: number): boolean {
  const role = ROWS[op]!.d;
  return role === 'w' || role === 'm';
}

/**
 * Whether the store at word `at` goes to what the last access of its instruction found:
 * it is the second half of a read-modify-write, and nothing has come between.
 */
export function storesWhereLoaded(code: Int32Array, at: number, insn: number): boolean {
  const address = code[at + 2];
  const load = (code[at] & 0xff) - Op.STORE8 + Op.LOAD8;
  let first = -1;
  for (let before = at - WORDS; before > insn; before -= WORDS) {
    const op = code[before] & 0xff;
    if (op >= Op.SKIPZ && op <= Op.SKIP) return false;
    if (first >= 0) continue;
    if (op === load) first = before;
    else if (isAccess(op) || (writesSlot(op) && code[before + 1] === address)) return false;
  }
  if (first < 0) return false;
  return (
    ((code[first] ^ code[at]) & (MemAux.WRAP32 << 8)) === 0 &&
    ((code[first] >>> 8) & MemAux.WRITE_INTENT) !== 0 &&
    code[first + 1] !== address &&
    code[first + 2] === address &&
    code[first + 3] === code[at + 3]
  );
}
