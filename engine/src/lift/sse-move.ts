/** SSE and SSE2: moves between XMM registers, memory and general registers. */
import { Mnemonic, OpKind } from 'iced-x86';
import { Slot } from '../cpu/state';
import { Op } from '../ir/ops';
import { VectorGet, VectorOp, VectorSet } from '../ir/vector-ops';
import type { Bytes, LiftContext, LiftFunction, LiftTable } from './context';
import { entries, literal, load128, loadOnly, packed, set, sse, store128, vector, xmm } from './sse';
import { stringLifters } from './string';

/** MOVAPS and its kin. */
export function whole(aligned: boolean): LiftFunction {
  return (c) => {
    const to = xmm(c, 0);
    if (to === undefined) {
      store128(c, xmm(c, 1)!, aligned);
      return;
    }
    const from = xmm(c, 1);
    if (from === undefined) load128(c, to, aligned);
    else vector(c, VectorOp.MOV, to, from, from);
  };
}

/** A 64-bit temporary with a lane of a vector. */
export function lane(c: LiftContext, kind: VectorGet, from: number, number = 0): number {
  return c.op(Op.VGET, from, 0, kind | (number << 8));
}

/** MOVSS and MOVSD: from memory the rest becomes zero, between registers it stays. */
function single(bytes: 4 | 8): LiftFunction {
  return (c) => {
    const to = xmm(c, 0);
    const from = xmm(c, 1);
    if (to === undefined) {
      const value = lane(c, bytes === 4 ? VectorGet.LANE32 : VectorGet.LANE64, from!);
      c.store(c.address(bytes, true), bytes, value);
    } else if (from === undefined) loadOnly(c, to, bytes);
    else vector(c, bytes === 4 ? VectorOp.LOW32 : VectorOp.LOW64, to, to, from);
  };
}

/** MOVLPS, MOVHPS, MOVLPD, MOVHPD: half a register and memory. */
function half(number: 0 | 1): LiftFunction {
  return (c) => {
    const to = xmm(c, 0);
    if (to === undefined) c.store(c.address(8, true), 8, lane(c, VectorGet.LANE64, xmm(c, 1)!, number));
    else set(c, VectorSet.LANE64, to, to, c.load(c.address(8), 8), number);
  };
}

/** MOVD and MOVQ: the low lane and a general register or memory; between XMM registers the rest becomes zero. */
function low(c: LiftContext): void {
  const to = xmm(c, 0);
  const from = xmm(c, 1);
  if (to !== undefined && from !== undefined) {
    vector(c, VectorOp.ZEXT64, to, from, from);
    return;
  }
  const other = to === undefined ? 0 : 1;
  const bytes: Bytes = c.bytes(other);
  if (to === undefined) {
    c.write(0, lane(c, bytes === 8 ? VectorGet.LANE64 : VectorGet.LANE32, from!));
  } else set(c, bytes === 8 ? VectorSet.ONLY64 : VectorSet.ONLY32, to, to, c.readLow(1));
}

/** MOVMSKPS, MOVMSKPD, PMOVMSKB: sign bits into a general register. */
function mask(kind: VectorGet): LiftFunction {
  return (c) => c.writeRegister(c.gpr(0)!.slot, 4, lane(c, kind, xmm(c, 1)!));
}

/** Between registers only. */
function registers(op: VectorOp): LiftFunction {
  return (c) => vector(c, op, xmm(c, 0)!, xmm(c, 0)!, xmm(c, 1)!);
}

/** To memory only in SSE4.1's encoding. */
function pextrw(c: LiftContext): void {
  const value = lane(c, VectorGet.LANE16, xmm(c, 1)!, literal(c, 2) & 7);
  if (c.isMemory(0)) c.store(c.address(2, true), 2, value);
  else c.writeRegister(c.gpr(0)!.slot, 4, value);
}

function pinsrw(c: LiftContext): void {
  const to = xmm(c, 0)!;
  const value = c.isMemory(1) ? c.load(c.address(2), 2) : c.gpr(1)!.slot;
  set(c, VectorSet.LANE16, to, to, value, literal(c, 2) & 7);
}

const RDI_BYTES: { [kind: number]: Bytes } = {
  [OpKind.MemorySegDI]: 2,
  [OpKind.MemorySegEDI]: 4,
  [OpKind.MemorySegRDI]: 8,
};

/** Bytes of operand 1 whose mask byte in operand 2 has its top bit set go to DS:rDI. */
function maskmovdqu(c: LiftContext): void {
  const offset = c.zext(Slot.RDI, RDI_BYTES[c.insn.op0Kind]);
  const address = c.inSegment(offset, c.memorySegment, 16, true);
  c.helper('maskedStore', address.slot, xmm(c, 1)!, xmm(c, 2)!);
}

/** MOVSD and CMPSD are string instructions too. */
export function sharedWithString(mnemonic: Mnemonic, lift: LiftFunction): [number, LiftFunction] {
  const string = stringLifters.get(mnemonic)!;
  const vectorForm = sse(lift);
  return [mnemonic, (c) => (c.insn.isStringInstruction ? string(c) : vectorForm(c))];
}

/** Moves. Non-temporal ones differ only in their effect on caches, which this machine does not have. */
export const sseMoveLifters: LiftTable = new Map<number, LiftFunction>([
  ...entries({
    Movaps: whole(true),
    Movapd: whole(true),
    Movdqa: whole(true),
    Movntps: whole(true),
    Movntpd: whole(true),
    Movntdq: whole(true),
    Movups: whole(false),
    Movupd: whole(false),
    Movdqu: whole(false),
    Movss: single(4),
    Movlps: half(0),
    Movlpd: half(0),
    Movhps: half(1),
    Movhpd: half(1),
    Movhlps: registers(VectorOp.HIGHHIGH),
    Movlhps: registers(VectorOp.UNPACKLOW64),
    Movd: low,
    Movq: low,
    Movmskps: mask(VectorGet.SIGNS32),
    Movmskpd: mask(VectorGet.SIGNS64),
    Pmovmskb: mask(VectorGet.SIGNS8),
    Pextrw: pextrw,
    Pinsrw: pinsrw,
    Maskmovdqu: maskmovdqu,
  }),
  sharedWithString(Mnemonic.Movsd, single(8)),
]);

/** PSHUFD, PSHUFLW, PSHUFHW: lanes of operand 1 by the literal. */
export function shuffled(op: VectorOp): LiftFunction {
  return (c) => {
    const from = packed(c, 1);
    vector(c, op, xmm(c, 0)!, from, from, literal(c, 2));
  };
}
