/** SSE3, SSSE3, SSE4.1 and SSE4.2 on XMM registers. */
import { Mnemonic } from 'iced-x86';
import { Slot } from '../cpu/state';
import { Op } from '../ir/ops';
import { FloatOp, FloatShape } from '../ir/vector-float';
import { VectorGet, VectorOp, VectorSet } from '../ir/vector-ops';
import type { LiftContext, LiftFunction, LiftTable } from './context';
import { entries, literal, load128, loadOnly, packed, scalar, set, vector, xmm } from './sse';
import { arithmetic, float, source } from './sse-float';
import { binary, chosen } from './sse-integer';
import { lane, whole } from './sse-move';

// --- SSE3 ---------------------------------------------------------------------------

/** HADDPS and its kin: even lanes of both operands with their odd lanes. */
function horizontal(op: FloatOp, shape: FloatShape.PS | FloatShape.PD): LiftFunction {
  return (c) => {
    const d = xmm(c, 0)!;
    const b = packed(c, 1);
    const even = c.ir.vector();
    const odd = c.ir.vector();
    const pick = shape === FloatShape.PS ? VectorOp.SHUFFLE2X32 : VectorOp.SHUFFLE2X64;
    vector(c, pick, even, d, b, shape === FloatShape.PS ? 0x88 : 0);
    vector(c, pick, odd, d, b, shape === FloatShape.PS ? 0xdd : 3);
    c.ir.emit(Op.FLOAT, d, even, odd, op | (shape << 5));
  };
}

/** MOVSHDUP and MOVSLDUP. */
function duplicated(order: number): LiftFunction {
  return (c) => {
    const from = packed(c, 1);
    vector(c, VectorOp.SHUFFLE32, xmm(c, 0)!, from, from, order);
  };
}

function movddup(c: LiftContext): void {
  const from = scalar(c, 1, 8);
  vector(c, VectorOp.UNPACKLOW64, xmm(c, 0)!, from, from);
}

// --- SSE4.1 --------------------------------------------------------------------------

/** BLENDVPS, BLENDVPD, PBLENDVB: operand 1 where XMM0 is negative. `mask` spreads its signs. */
function blend(mask: (c: LiftContext, t: number) => void): LiftFunction {
  return (c) => {
    const d = xmm(c, 0)!;
    const b = packed(c, 1);
    const m = c.ir.vector();
    const taken = c.ir.vector();
    const kept = c.ir.vector();
    mask(c, m);
    vector(c, VectorOp.AND, taken, m, b);
    vector(c, VectorOp.ANDN, kept, m, d);
    vector(c, VectorOp.OR, d, taken, kept);
  };
}

function signs32(c: LiftContext, t: number): void {
  vector(c, VectorOp.SARI32, t, Slot.XMM0, Slot.XMM0, 31);
}

function signs64(c: LiftContext, t: number): void {
  signs32(c, t);
  vector(c, VectorOp.SHUFFLE32, t, t, t, 0xf5);
}

function signs8(c: LiftContext, t: number): void {
  vector(c, VectorOp.XOR, t, t, t);
  vector(c, VectorOp.GT8, t, t, Slot.XMM0);
}

/** PMOVSX and PMOVZX: operand 1 is 2, 4 or 8 bytes of memory, or a register's low part. */
function widened(op: VectorOp, bytes: 2 | 4 | 8): LiftFunction {
  return (c) => {
    const d = xmm(c, 0)!;
    let from = xmm(c, 1);
    if (from === undefined) {
      from = c.ir.vector();
      if (bytes === 2) set(c, VectorSet.ONLY32, from, from, c.load(c.address(2), 2));
      else loadOnly(c, from, bytes);
    }
    vector(c, op, d, d, from);
  };
}

/** PEXTRB, PEXTRD, PEXTRQ, EXTRACTPS. */
function extract(kind: VectorGet, bytes: 1 | 4 | 8): LiftFunction {
  return (c) => {
    const value = lane(c, kind, xmm(c, 1)!, literal(c, 2) & (16 / bytes - 1));
    if (c.isMemory(0)) c.store(c.address(bytes, true), bytes, value);
    else c.writeRegister(c.gpr(0)!.slot, bytes === 8 ? 8 : 4, value);
  };
}

/** PINSRB, PINSRD, PINSRQ. */
function insert(kind: VectorSet, bytes: 1 | 4 | 8): LiftFunction {
  return (c) => {
    const d = xmm(c, 0)!;
    const value = c.isMemory(1) ? c.load(c.address(bytes), bytes) : c.gpr(1)!.slot;
    set(c, kind, d, d, value, literal(c, 2) & (16 / bytes - 1));
  };
}

/** Of memory the source is one single, whatever lane the literal names. */
function insertps(c: LiftContext): void {
  const d = xmm(c, 0)!;
  const from = scalar(c, 1, 4);
  vector(c, VectorOp.INSERT32, d, d, from, c.isMemory(1) ? literal(c, 2) & 0x3f : literal(c, 2));
}

/** ZF if a AND b is zero, CF if NOT a AND b is; the other flags are cleared. */
function ptest(c: LiftContext): void {
  const a = xmm(c, 0)!;
  const b = packed(c, 1);
  const isZero = (op: VectorOp): number => {
    const t = c.ir.vector();
    vector(c, op, t, a, b);
    return c.op(Op.EQZ64, c.op(Op.OR64, lane(c, VectorGet.LANE64, t, 0), lane(c, VectorGet.LANE64, t, 1)));
  };
  const zf = c.op(Op.SHLI32, isZero(VectorOp.AND), 6);
  c.ir.emit(Op.SETFLAGS, 0, c.op(Op.OR32, zf, isZero(VectorOp.ANDN)));
}

function rounded(shape: FloatShape): LiftFunction {
  return (c) => float(c, FloatOp.ROUND, shape, xmm(c, 0)!, source(c, shape), literal(c, 2));
}

/** A temporary vector whose lanes are all ones or zero by the low bits of `bits`. */
function laneMask(c: LiftContext, bits: number, lanes: 2 | 4): number {
  const t = c.ir.vector();
  const half = (n: number): bigint => {
    const of = (i: number): bigint => ((bits >> i) & 1 ? 1n : 0n);
    if (lanes === 2) return of(n) * 0xffffffffffffffffn;
    return of(2 * n) * 0xffffffffn + of(2 * n + 1) * 0xffffffff00000000n;
  };
  set(c, VectorSet.ONLY64, t, t, c.ir.constant(half(0)));
  set(c, VectorSet.LANE64, t, t, c.ir.constant(half(1)), 1);
  return t;
}

/** DPPS and DPPD: products of the lanes in the literal's high half, their sum into those of its low half. */
function dotProduct(shape: FloatShape.PS | FloatShape.PD): LiftFunction {
  return (c) => {
    const lanes = shape === FloatShape.PS ? 4 : 2;
    const d = xmm(c, 0)!;
    const b = packed(c, 1);
    const imm = literal(c, 2);
    const mark = laneMask(c, imm >> 4, lanes);
    const [x, y, sum, turned] = [0, 1, 2, 3].map(() => c.ir.vector());
    const add = (order: number): void => {
      vector(c, VectorOp.SHUFFLE32, turned, sum, sum, order);
      c.ir.emit(Op.FLOAT, sum, sum, turned, FloatOp.ADD | (shape << 5));
    };
    // Lanes left out are 0 · 0.
    vector(c, VectorOp.AND, x, d, mark);
    vector(c, VectorOp.AND, y, b, mark);
    c.ir.emit(Op.FLOAT, sum, x, y, FloatOp.MUL | (shape << 5));
    if (lanes === 4) add(0xb1);
    add(0x4e);
    vector(c, VectorOp.SHUFFLE32, sum, sum, sum, lanes === 4 ? 0 : 0x44);
    vector(c, VectorOp.AND, d, sum, laneMask(c, imm, lanes));
  };
}

// --- SSE4.2 --------------------------------------------------------------------------

/** Bits of helper compareText. */
const EXPLICIT = 0x100;
const WIDE = 0x200;
const MASK = 0x400;

/** PCMPESTRI and its kin; their memory operand need not be aligned. */
function text(bits: number): LiftFunction {
  return (c) => {
    let b = xmm(c, 1);
    if (b === undefined) {
      b = c.ir.vector();
      load128(c, b, false);
    }
    const wide = c.insn.mnemonic === Mnemonic.Pcmpestri64 || c.insn.mnemonic === Mnemonic.Pcmpestrm64;
    c.helper('compareText', xmm(c, 0)!, b, literal(c, 2) | bits | (wide ? WIDE : 0));
  };
}

function crc32(c: LiftContext): void {
  c.helper('crc32', c.gpr(0)!.slot, c.readLow(1), c.bytes(1));
}

/** By mnemonic. */
export const sse4Lifters: LiftTable = new Map<number, LiftFunction>([
  ...entries({
    Addsubps: arithmetic(FloatOp.ADDSUB, FloatShape.PS),
    Addsubpd: arithmetic(FloatOp.ADDSUB, FloatShape.PD),
    Haddps: horizontal(FloatOp.ADD, FloatShape.PS),
    Haddpd: horizontal(FloatOp.ADD, FloatShape.PD),
    Hsubps: horizontal(FloatOp.SUB, FloatShape.PS),
    Hsubpd: horizontal(FloatOp.SUB, FloatShape.PD),
    Movddup: movddup,
    Movshdup: duplicated(0xf5),
    Movsldup: duplicated(0xa0),
    Lddqu: whole(false),

    Pshufb: binary(VectorOp.SHUFFLE8),
    Pabsb: binary(VectorOp.ABS8),
    Pabsw: binary(VectorOp.ABS16),
    Pabsd: binary(VectorOp.ABS32),
    Psignb: binary(VectorOp.SIGN8),
    Psignw: binary(VectorOp.SIGN16),
    Psignd: binary(VectorOp.SIGN32),
    Palignr: chosen(VectorOp.ALIGN8),
    Phaddw: binary(VectorOp.HADD16),
    Phaddd: binary(VectorOp.HADD32),
    Phaddsw: binary(VectorOp.HADDS16),
    Phsubw: binary(VectorOp.HSUB16),
    Phsubd: binary(VectorOp.HSUB32),
    Phsubsw: binary(VectorOp.HSUBS16),
    Pmulhrsw: binary(VectorOp.MULROUND16),
    Pmaddubsw: binary(VectorOp.MULADD8),

    Pblendw: chosen(VectorOp.BLEND16),
    Blendps: chosen(VectorOp.BLEND32),
    Blendpd: chosen(VectorOp.BLEND64),
    Blendvps: blend(signs32),
    Blendvpd: blend(signs64),
    Pblendvb: blend(signs8),
    Pminsb: binary(VectorOp.MINS8),
    Pmaxsb: binary(VectorOp.MAXS8),
    Pminuw: binary(VectorOp.MINU16),
    Pmaxuw: binary(VectorOp.MAXU16),
    Pminsd: binary(VectorOp.MINS32),
    Pmaxsd: binary(VectorOp.MAXS32),
    Pminud: binary(VectorOp.MINU32),
    Pmaxud: binary(VectorOp.MAXU32),
    Pmulld: binary(VectorOp.MULLOW32),
    Pmuldq: binary(VectorOp.MULS32),
    Pmovsxbw: widened(VectorOp.WIDENS8TO16, 8),
    Pmovsxbd: widened(VectorOp.WIDENS8TO32, 4),
    Pmovsxbq: widened(VectorOp.WIDENS8TO64, 2),
    Pmovsxwd: widened(VectorOp.WIDENS16TO32, 8),
    Pmovsxwq: widened(VectorOp.WIDENS16TO64, 4),
    Pmovsxdq: widened(VectorOp.WIDENS32TO64, 8),
    Pmovzxbw: widened(VectorOp.WIDENU8TO16, 8),
    Pmovzxbd: widened(VectorOp.WIDENU8TO32, 4),
    Pmovzxbq: widened(VectorOp.WIDENU8TO64, 2),
    Pmovzxwd: widened(VectorOp.WIDENU16TO32, 8),
    Pmovzxwq: widened(VectorOp.WIDENU16TO64, 4),
    Pmovzxdq: widened(VectorOp.WIDENU32TO64, 8),
    Pextrb: extract(VectorGet.LANE8, 1),
    Pextrd: extract(VectorGet.LANE32, 4),
    Pextrq: extract(VectorGet.LANE64, 8),
    Extractps: extract(VectorGet.LANE32, 4),
    Pinsrb: insert(VectorSet.LANE8, 1),
    Pinsrd: insert(VectorSet.LANE32, 4),
    Pinsrq: insert(VectorSet.LANE64, 8),
    Insertps: insertps,
    Ptest: ptest,
    Pcmpeqq: binary(VectorOp.EQ64),
    Packusdw: binary(VectorOp.PACKU32),
    Phminposuw: binary(VectorOp.MINPOS16),
    Mpsadbw: chosen(VectorOp.MPSAD8),
    Movntdqa: whole(true),
    Roundps: rounded(FloatShape.PS),
    Roundss: rounded(FloatShape.SS),
    Roundpd: rounded(FloatShape.PD),
    Roundsd: rounded(FloatShape.SD),
    Dpps: dotProduct(FloatShape.PS),
    Dppd: dotProduct(FloatShape.PD),

    Pcmpgtq: binary(VectorOp.GT64),
    Pcmpestri: text(EXPLICIT),
    Pcmpestri64: text(EXPLICIT),
    Pcmpestrm: text(EXPLICIT | MASK),
    Pcmpestrm64: text(EXPLICIT | MASK),
    Pcmpistri: text(0),
    Pcmpistrm: text(MASK),
  }),
  [Mnemonic.Crc32, crc32],
]);
