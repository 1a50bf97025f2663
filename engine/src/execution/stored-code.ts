/**
 * The form of micro-ops in the machine's memory, that generated code executes:
 * slots are byte addresses, an INSN or BREAK carries its own number, and an
 * instruction that only the evaluator can do begins with OP_SLOW.
 */
import { Op, WORDS } from '../ir/ops';
import { OP_SLOW } from '../wasm/interpreter';
import { hasCode, ROWS } from '../wasm/ops';

/** By micro-op: by how much d, a and b are shifted, two bits each: 3 for slots, 0 for literals; without a row, by nothing. */
const SLOTS = Uint8Array.from({ length: 256 }, (_, op) => {
  const row = ROWS[op];
  if (!row) return 0;
  return (row.d === '-' ? 0 : 3) | (row.a === '-' ? 0 : 3 << 2) | (row.b === '-' ? 0 : 3 << 4);
});

/** The operands of a slow micro-op, which is in nobody's way, stay as they are. */
function shifts(word: number): number {
  return isSlow(word) ? 0 : SLOTS[word & 0xff];
}

/** Known to the interpreter by its row, but without code. */
function isSlow(word: number): boolean {
  return ROWS[word & 0xff] !== undefined && !hasCode(word);
}

/** Writes `count` words of micro-ops in their stored form to word `start` on; the first is number `index` of its block. */
export function storeCode(
  code: Int32Array,
  count: number,
  to: Int32Array,
  start: number,
  index: number,
): void {
  let insn = -1;
  for (let at = 0; at < count; at += WORDS) {
    const word = code[at];
    const op = word & 0xff;
    const out = start + at;
    const shift = shifts(word);
    if (op === Op.INSN || op === Op.BREAK) {
      to[out] = op | ((index + at / WORDS) << 8);
      insn = out;
    } else {
      to[out] = word;
      if (isSlow(word)) to[insn] = (to[insn] & ~0xff) | OP_SLOW;
    }
    // A slot is 8 bytes.
    to[out + 1] = code[at + 1] << (shift & 3);
    to[out + 2] = code[at + 2] << ((shift >> 2) & 3);
    to[out + 3] = code[at + 3] << ((shift >> 4) & 3);
  }
}

/** The micro-ops that {@link storeCode} has stored. */
export function loadCode(from: Int32Array, start: number, count: number): Int32Array {
  const code = from.slice(start, start + count);
  for (let at = 0; at < count; at += WORDS) {
    const op = code[at] & 0xff;
    if (op === Op.INSN || op === OP_SLOW) code[at] = Op.INSN;
    else if (op === Op.BREAK) code[at] = Op.BREAK;
    const shift = shifts(code[at]);
    code[at + 1] >>= shift & 3;
    code[at + 2] >>= (shift >> 2) & 3;
    code[at + 3] >>= (shift >> 4) & 3;
  }
  return code;
}
