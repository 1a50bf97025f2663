/**
 * What each micro-op is in WebAssembly, once for both consumers: the
 * interpreter (operands are slots in memory, named by the micro-op's words at
 * run time) and the region compiler (operands are Wasm locals, literals are
 * constants). A row gives the roles of d, a and b and the code; control, memory
 * and flags micro-ops have roles only, their code depends on the consumer.
 * A new data micro-op is one row here.
 */
import { Op } from '../ir/ops';
import type { Code } from './encoder';
import { W } from './opcodes';
import type { Operands, Role } from './operands';
import { vectorCode } from './vector-code';

/** One micro-op. */
export interface Row {
  d: Role;
  a: Role;
  b: Role;
  /** Absent where the consumer says what happens. */
  emit?: (o: Operands) => void;
  /** Of vector micro-ops: whether there is code for this word. */
  has?: (word: number) => boolean;
}

function row(roles: string, emit?: (o: Operands) => void): Row {
  return { d: roles[0] as Role, a: roles[1] as Role, b: roles[2] as Role, emit };
}

/** Code by wasm/vector.ts and wasm/vector-float.ts. */
function vectorRow(roles: string): Row {
  return { ...row(roles), has: (word) => vectorCode(word) !== undefined };
}

const binary64 = (op: W): Row => row('wrr', (o) => o.set64(() => void (o.a64() && o.b64().op(op))));
const binary32 = (op: W): Row => row('wrr', (o) => o.set32(() => o.a32() && o.b32().op(op)));
const literal64 = (op: W): Row => row('wr-', (o) => o.set64(() => o.a64() && o.literal64().op(op)));
const literal32 = (op: W): Row => row('wr-', (o) => o.set32(() => o.a32() && o.literal32().op(op)));
const unary64 = (op: W): Row => row('wr-', (o) => o.set64(() => o.a64().op(op)));
const compare = (op: W): Row => row('wrr', (o) => o.set32(() => o.a64() && o.b64().op(op)));
const zeroExtend = (mask: number): Row => row('wr-', (o) => o.set32(() => o.a32().i32(mask).op(W.I32_AND)));

/** d ← a with the bits of `mask` taken from b << shift. */
function insert(mask: number, shift: number): Row {
  return row('wrr', (o) =>
    o.set64(() => {
      o.a64().i64(~mask).op(W.I64_AND);
      o.b64();
      if (shift) o.c.i64(shift).op(W.I64_SHL);
      o.c.i64(mask).op(W.I64_AND).op(W.I64_OR);
    }),
  );
}

/** Pushes the high half of the unsigned product of a and b, by 32-bit parts (Hacker's Delight 8-2). */
function highProduct(o: Operands): void {
  const { c } = o;
  const [al, ah, bl, bh, t, low] = [0, 1, 2, 3, 4, 5].map((n) => o.scratch(n));
  const split = (push: () => Code, lo: number, hi: number): void => {
    push().tee(hi).i64Big(0xffffffffn).op(W.I64_AND).set(lo);
    c.get(hi).i64(32).op(W.I64_SHR_U).set(hi);
  };
  split(() => o.a64(), al, ah);
  split(() => o.b64(), bl, bh);
  // t = ah·bl + (al·bl >> 32)
  c.get(ah).get(bl).op(W.I64_MUL);
  c.get(al).get(bl).op(W.I64_MUL).i64(32).op(W.I64_SHR_U).op(W.I64_ADD).set(t);
  // low = al·bh + (t mod 2^32)
  c.get(al).get(bh).op(W.I64_MUL).get(t).i64Big(0xffffffffn).op(W.I64_AND).op(W.I64_ADD).set(low);
  c.get(ah).get(bh).op(W.I64_MUL);
  c.get(t).i64(32).op(W.I64_SHR_U).op(W.I64_ADD);
  c.get(low).i64(32).op(W.I64_SHR_U).op(W.I64_ADD);
}

/** Pushes b if a is negative, else 0. */
function whenNegative(test: () => Code, value: () => Code): void {
  test().i64(63).op(W.I64_SHR_S);
  value().op(W.I64_AND);
}

/** Swaps the bytes of the i64 in scratch 0 (its low four for 32 bits) and pushes the result. */
function swapBytes(o: Operands, bits: 32 | 64): void {
  const { c } = o;
  const t = o.scratch(0);
  const step = (distance: number, mask: bigint): void => {
    c.get(t).i64(distance).op(W.I64_SHR_U).i64Big(mask).op(W.I64_AND);
    c.get(t).i64Big(mask).op(W.I64_AND).i64(distance).op(W.I64_SHL).op(W.I64_OR).set(t);
  };
  step(8, 0x00ff00ff00ff00ffn);
  step(16, 0x0000ffff0000ffffn);
  if (bits === 64) c.get(t).i64(32).op(W.I64_ROTL);
  else c.get(t);
}

const load = row('wr-');
const store = row('rr-');

/** Rows by micro-op. One without a row is the evaluator's: the instruction leaves generated code (wasm/slow.ts). */
export const ROWS: Readonly<Record<number, Row | undefined>> = {
  [Op.INSN]: row('---'),
  [Op.BREAK]: row('---'),
  [Op.BREAKNZ]: row('-r-'),

  [Op.MOV]: row('wr-', (o) => o.set64(() => o.a64())),
  [Op.CONST]: row('w--', (o) => o.set64(() => o.constant())),
  [Op.RIP]: row('w--'),
  [Op.ADD64]: binary64(W.I64_ADD),
  [Op.SUB64]: binary64(W.I64_SUB),
  [Op.AND64]: binary64(W.I64_AND),
  [Op.OR64]: binary64(W.I64_OR),
  [Op.XOR64]: binary64(W.I64_XOR),
  [Op.MUL64]: binary64(W.I64_MUL),
  [Op.ADD32]: binary32(W.I32_ADD),
  [Op.SUB32]: binary32(W.I32_SUB),
  [Op.AND32]: binary32(W.I32_AND),
  [Op.OR32]: binary32(W.I32_OR),
  [Op.XOR32]: binary32(W.I32_XOR),
  [Op.MUL32]: binary32(W.I32_MUL),
  [Op.MULHU64]: row('wrr', (o) => o.set64(() => highProduct(o))),
  [Op.MULHS64]: row('wrr', (o) =>
    o.set64(() => {
      highProduct(o);
      whenNegative(
        () => o.a64(),
        () => o.b64(),
      );
      o.c.op(W.I64_SUB);
      whenNegative(
        () => o.b64(),
        () => o.a64(),
      );
      o.c.op(W.I64_SUB);
    }),
  ),

  // Wasm takes counts modulo the width, as the micro-ops do.
  [Op.SHL64]: binary64(W.I64_SHL),
  [Op.SHR64]: binary64(W.I64_SHR_U),
  [Op.SAR64]: binary64(W.I64_SHR_S),
  [Op.SHL32]: binary32(W.I32_SHL),
  [Op.SHR32]: binary32(W.I32_SHR_U),
  [Op.SAR32]: binary32(W.I32_SHR_S),
  [Op.ROTL64]: binary64(W.I64_ROTL),
  [Op.ROTR64]: binary64(W.I64_ROTR),
  [Op.ROTL32]: binary32(W.I32_ROTL),
  [Op.ROTR32]: binary32(W.I32_ROTR),
  [Op.ADDI64]: literal64(W.I64_ADD),
  [Op.ANDI64]: literal64(W.I64_AND),
  [Op.ADDI32]: literal32(W.I32_ADD),
  [Op.ANDI32]: literal32(W.I32_AND),
  [Op.SHLI64]: literal64(W.I64_SHL),
  [Op.SHRI64]: literal64(W.I64_SHR_U),
  [Op.SARI64]: literal64(W.I64_SHR_S),
  [Op.SHLI32]: literal32(W.I32_SHL),
  [Op.SHRI32]: literal32(W.I32_SHR_U),
  [Op.SARI32]: literal32(W.I32_SHR_S),
  [Op.ADDSHL64]: row('wrr', (o) =>
    o.set64(() => o.a64() && o.b64() && o.aux64().op(W.I64_SHL).op(W.I64_ADD)),
  ),
  [Op.ADDSHL32]: row('wrr', (o) =>
    o.set32(() => o.a32() && o.b32() && o.aux32().op(W.I32_SHL).op(W.I32_ADD)),
  ),

  [Op.ZEXT8]: zeroExtend(0xff),
  [Op.ZEXT16]: zeroExtend(0xffff),
  [Op.ZEXT32]: row('wr-', (o) => o.set32(() => o.a32())),
  [Op.SEXT8]: unary64(W.I64_EXTEND8_S),
  [Op.SEXT16]: unary64(W.I64_EXTEND16_S),
  [Op.SEXT32]: unary64(W.I64_EXTEND32_S),
  [Op.ZEXT8H]: row('wr-', (o) => o.set32(() => o.a32().i32(8).op(W.I32_SHR_U).i32(0xff).op(W.I32_AND))),
  [Op.INS8]: insert(0xff, 0),
  [Op.INS8H]: insert(0xff00, 8),
  [Op.INS16]: insert(0xffff, 0),
  [Op.CLZ64]: unary64(W.I64_CLZ),
  [Op.CTZ64]: unary64(W.I64_CTZ),
  [Op.POPCNT64]: unary64(W.I64_POPCNT),
  [Op.BSWAP32]: row('wr-', (o) =>
    o.set64(() => {
      o.a64().i64Big(0xffffffffn).op(W.I64_AND).set(o.scratch(0));
      swapBytes(o, 32);
    }),
  ),
  [Op.BSWAP64]: row('wr-', (o) =>
    o.set64(() => {
      o.a64().set(o.scratch(0));
      swapBytes(o, 64);
    }),
  ),
  [Op.EQ64]: compare(W.I64_EQ),
  [Op.LTU64]: compare(W.I64_LT_U),
  [Op.LTS64]: compare(W.I64_LT_S),
  [Op.EQZ64]: row('wr-', (o) => o.set32(() => o.a64().op(W.I64_EQZ))),
  [Op.CMOVNZ]: row('mrr', (o) => o.set64(() => o.d64() && o.b64() && o.a64().op(W.I64_EQZ).op(W.SELECT))),

  [Op.LOAD8]: load,
  [Op.LOAD16]: load,
  [Op.LOAD32]: load,
  [Op.LOAD64]: load,
  [Op.STORE8]: store,
  [Op.STORE16]: store,
  [Op.STORE32]: store,
  [Op.STORE64]: store,
  [Op.CANONICAL]: row('-r-'),
  [Op.DIVIDE]: row('-r-'),

  [Op.FLAGS]: row('rrr'),
  [Op.SETFLAGS]: row('-r-'),
  [Op.GETFLAGS]: row('w--'),
  [Op.COND]: row('w--'),

  [Op.SKIPZ]: row('-r-'),
  [Op.SKIPNZ]: row('-r-'),
  [Op.SKIP]: row('---'),
  [Op.JUMPI]: row('---'),
  [Op.JUMP]: row('-r-'),
  [Op.JUMPCC]: row('---'),
  [Op.JUMPNZ]: row('-r-'),
  [Op.BULK]: row('---'),
  [Op.VMREAD]: row('wr-'),
  [Op.VMWRITE]: row('rr-'),

  [Op.LOAD128]: row('Vr-'),
  [Op.STORE128]: row('vr-'),
  [Op.VECTOR]: vectorRow('Vvv'),
  [Op.VGET]: vectorRow('wv-'),
  [Op.VSET]: vectorRow('Vvr'),
  [Op.FLOAT]: vectorRow('Vvv'),
  [Op.FGET]: vectorRow('wvv'),
  [Op.FSET]: vectorRow('Vvr'),
};

/** Whether a micro-op has code; without, its instruction is the evaluator's. */
export function hasCode(word: number): boolean {
  const found = ROWS[word & 0xff];
  return found !== undefined && (found.has === undefined || found.has(word));
}
