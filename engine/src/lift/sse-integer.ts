/** SSE2: integer arithmetic, comparison, shifts and shuffles of XMM registers; also the bitwise ones of SSE. */
import { VectorOp } from '../ir/vector-ops';
import type { LiftFunction, LiftTable } from './context';
import { entries, literal, packed, vector, xmm } from './sse';
import { shuffled } from './sse-move';

/** Operand 0 ← operand 0 op operand 1. */
export function binary(op: VectorOp): LiftFunction {
  return (c) => vector(c, op, xmm(c, 0)!, xmm(c, 0)!, packed(c, 1));
}

/** The same with a literal that is operand 2. */
export function chosen(op: VectorOp): LiftFunction {
  return (c) => vector(c, op, xmm(c, 0)!, xmm(c, 0)!, packed(c, 1), literal(c, 2));
}

/** A shift by a literal or by a vector's low half. */
function shift(byLiteral: VectorOp, byVector: VectorOp): LiftFunction {
  return (c) => {
    const d = xmm(c, 0)!;
    if (c.isImmediate(1)) vector(c, byLiteral, d, d, d, literal(c, 1));
    else vector(c, byVector, d, d, packed(c, 1));
  };
}

/** A shift of the whole register by literal bytes. */
function bytes(op: VectorOp): LiftFunction {
  return (c) => vector(c, op, xmm(c, 0)!, xmm(c, 0)!, xmm(c, 0)!, literal(c, 1));
}

/** By mnemonic. */
export const sseIntegerLifters: LiftTable = new Map<number, LiftFunction>(
  entries({
    Andps: binary(VectorOp.AND),
    Andpd: binary(VectorOp.AND),
    Pand: binary(VectorOp.AND),
    Andnps: binary(VectorOp.ANDN),
    Andnpd: binary(VectorOp.ANDN),
    Pandn: binary(VectorOp.ANDN),
    Orps: binary(VectorOp.OR),
    Orpd: binary(VectorOp.OR),
    Por: binary(VectorOp.OR),
    Xorps: binary(VectorOp.XOR),
    Xorpd: binary(VectorOp.XOR),
    Pxor: binary(VectorOp.XOR),

    Paddb: binary(VectorOp.ADD8),
    Paddw: binary(VectorOp.ADD16),
    Paddd: binary(VectorOp.ADD32),
    Paddq: binary(VectorOp.ADD64),
    Psubb: binary(VectorOp.SUB8),
    Psubw: binary(VectorOp.SUB16),
    Psubd: binary(VectorOp.SUB32),
    Psubq: binary(VectorOp.SUB64),
    Paddsb: binary(VectorOp.ADDS8),
    Paddsw: binary(VectorOp.ADDS16),
    Paddusb: binary(VectorOp.ADDU8),
    Paddusw: binary(VectorOp.ADDU16),
    Psubsb: binary(VectorOp.SUBS8),
    Psubsw: binary(VectorOp.SUBS16),
    Psubusb: binary(VectorOp.SUBU8),
    Psubusw: binary(VectorOp.SUBU16),
    Pmullw: binary(VectorOp.MULLOW16),
    Pmulhw: binary(VectorOp.MULHIGHS16),
    Pmulhuw: binary(VectorOp.MULHIGHU16),
    Pmuludq: binary(VectorOp.MULU32),
    Pmaddwd: binary(VectorOp.MULADD16),
    Psadbw: binary(VectorOp.SAD8),
    Pavgb: binary(VectorOp.AVG8),
    Pavgw: binary(VectorOp.AVG16),
    Pminub: binary(VectorOp.MINU8),
    Pmaxub: binary(VectorOp.MAXU8),
    Pminsw: binary(VectorOp.MINS16),
    Pmaxsw: binary(VectorOp.MAXS16),

    Pcmpeqb: binary(VectorOp.EQ8),
    Pcmpeqw: binary(VectorOp.EQ16),
    Pcmpeqd: binary(VectorOp.EQ32),
    Pcmpgtb: binary(VectorOp.GT8),
    Pcmpgtw: binary(VectorOp.GT16),
    Pcmpgtd: binary(VectorOp.GT32),

    Psllw: shift(VectorOp.SHLI16, VectorOp.SHL16),
    Pslld: shift(VectorOp.SHLI32, VectorOp.SHL32),
    Psllq: shift(VectorOp.SHLI64, VectorOp.SHL64),
    Psrlw: shift(VectorOp.SHRI16, VectorOp.SHR16),
    Psrld: shift(VectorOp.SHRI32, VectorOp.SHR32),
    Psrlq: shift(VectorOp.SHRI64, VectorOp.SHR64),
    Psraw: shift(VectorOp.SARI16, VectorOp.SAR16),
    Psrad: shift(VectorOp.SARI32, VectorOp.SAR32),
    Pslldq: bytes(VectorOp.SHLBYTES),
    Psrldq: bytes(VectorOp.SHRBYTES),

    Punpcklbw: binary(VectorOp.UNPACKLOW8),
    Punpcklwd: binary(VectorOp.UNPACKLOW16),
    Punpckldq: binary(VectorOp.UNPACKLOW32),
    Unpcklps: binary(VectorOp.UNPACKLOW32),
    Punpcklqdq: binary(VectorOp.UNPACKLOW64),
    Unpcklpd: binary(VectorOp.UNPACKLOW64),
    Punpckhbw: binary(VectorOp.UNPACKHIGH8),
    Punpckhwd: binary(VectorOp.UNPACKHIGH16),
    Punpckhdq: binary(VectorOp.UNPACKHIGH32),
    Unpckhps: binary(VectorOp.UNPACKHIGH32),
    Punpckhqdq: binary(VectorOp.UNPACKHIGH64),
    Unpckhpd: binary(VectorOp.UNPACKHIGH64),
    Packsswb: binary(VectorOp.PACKS16),
    Packssdw: binary(VectorOp.PACKS32),
    Packuswb: binary(VectorOp.PACKU16),

    Pshufd: shuffled(VectorOp.SHUFFLE32),
    Pshuflw: shuffled(VectorOp.SHUFFLELOW16),
    Pshufhw: shuffled(VectorOp.SHUFFLEHIGH16),
    Shufps: chosen(VectorOp.SHUFFLE2X32),
    Shufpd: chosen(VectorOp.SHUFFLE2X64),
  }),
);
