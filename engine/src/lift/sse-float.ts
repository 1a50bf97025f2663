/** SSE and SSE2: floating-point arithmetic, comparison and conversion. */
import { Mnemonic } from 'iced-x86';
import { Slot } from '../cpu/state';
import { Op } from '../ir/ops';
import { FloatGet, FloatOp, FloatSet, FloatShape } from '../ir/vector-float';
import { VectorOp, VectorSet } from '../ir/vector-ops';
import type { LiftContext, LiftFunction, LiftTable } from './context';
import { entries, literal, packed, scalar, set, vector, xmm } from './sse';
import { sharedWithString } from './sse-move';

const SHAPES = { ps: FloatShape.PS, ss: FloatShape.SS, pd: FloatShape.PD, sd: FloatShape.SD } as const;

/** Operand 1 of an instruction of a shape. */
export function source(c: LiftContext, shape: FloatShape): number {
  if (shape === FloatShape.SS) return scalar(c, 1, 4);
  if (shape === FloatShape.SD) return scalar(c, 1, 8);
  return packed(c, 1);
}

/** vector d ← d op b. */
export function float(c: LiftContext, op: FloatOp, shape: FloatShape, d: number, b: number, imm = 0): void {
  c.ir.emit(Op.FLOAT, d, d, b, op | (shape << 5) | (imm << 8));
}

/** Operand 0 ← operand 0 op operand 1. */
export function arithmetic(op: FloatOp, shape: FloatShape): LiftFunction {
  return (c) => float(c, op, shape, xmm(c, 0)!, source(c, shape));
}

function compare(shape: FloatShape): LiftFunction {
  return (c) => float(c, FloatOp.CMP, shape, xmm(c, 0)!, source(c, shape), literal(c, 2) & 7);
}

function compareFlags(op: FloatGet, shape: FloatShape): LiftFunction {
  return (c) => {
    const b = source(c, shape);
    const flags = c.op(Op.FGET, xmm(c, 0)!, b, op | (shape << 5));
    c.ir.emit(Op.SETFLAGS, 0, flags);
  };
}

function approximation(op: VectorOp, shape: FloatShape): LiftFunction {
  return (c) => vector(c, op, xmm(c, 0)!, xmm(c, 0)!, source(c, shape));
}

/** CVTSS2SI and its kin. */
function toInteger(shape: FloatShape, op32: FloatGet, op64: FloatGet): LiftFunction {
  return (c) => {
    const { slot, bytes } = c.gpr(0)!;
    const from = source(c, shape);
    c.ir.emit(Op.FGET, slot, from, from, (bytes === 8 ? op64 : op32) | (shape << 5));
  };
}

function cvtsi2ss(c: LiftContext): void {
  const d = xmm(c, 0)!;
  const op = c.bytes(1) === 8 ? FloatSet.FROM_I64 : FloatSet.FROM_I32;
  c.ir.emit(Op.FSET, d, d, c.readLow(1), op | (FloatShape.SS << 5));
}

/** Doublewords fit into a double, quadwords have to be rounded. */
function cvtsi2sd(c: LiftContext): void {
  const d = xmm(c, 0)!;
  const from = c.readLow(1);
  if (c.bytes(1) === 4) set(c, VectorSet.I32_F64, d, d, from);
  else c.ir.emit(Op.FSET, d, d, from, FloatSet.FROM_I64 | (FloatShape.SD << 5));
}

function cvtdq2pd(c: LiftContext): void {
  const from = scalar(c, 1, 8);
  vector(c, VectorOp.CVT_I32_F64, xmm(c, 0)!, from, from);
}

function cvtps2pd(c: LiftContext): void {
  float(c, FloatOp.CONVERT, FloatShape.PS, xmm(c, 0)!, scalar(c, 1, 8));
}

/** ADDPS, ADDSS, ADDPD, ADDSD and so on. */
function everyShape(): Record<string, LiftFunction> {
  const table: Record<string, LiftFunction> = {};
  const operations: [string, FloatOp][] = [
    ['Add', FloatOp.ADD],
    ['Sub', FloatOp.SUB],
    ['Mul', FloatOp.MUL],
    ['Div', FloatOp.DIV],
    ['Sqrt', FloatOp.SQRT],
    ['Min', FloatOp.MIN],
    ['Max', FloatOp.MAX],
  ];
  for (const [suffix, shape] of Object.entries(SHAPES)) {
    for (const [name, op] of operations) table[name + suffix] = arithmetic(op, shape);
    if (suffix !== 'sd') table[`Cmp${suffix}`] = compare(shape);
  }
  return table;
}

/** LDMXCSR: a reserved bit is #GP(0). */
function ldmxcsr(c: LiftContext): void {
  c.helper('loadMxcsr', c.load(c.address(4), 4));
}

function stmxcsr(c: LiftContext): void {
  c.store(c.address(4, true), 4, Slot.MXCSR);
}

/** By mnemonic. */
export const sseFloatLifters: LiftTable = new Map<number, LiftFunction>([
  ...entries({
    ...everyShape(),
    Ucomiss: compareFlags(FloatGet.UCOMI, FloatShape.SS),
    Ucomisd: compareFlags(FloatGet.UCOMI, FloatShape.SD),
    Comiss: compareFlags(FloatGet.COMI, FloatShape.SS),
    Comisd: compareFlags(FloatGet.COMI, FloatShape.SD),
    Rcpps: approximation(VectorOp.RECIPROCAL, FloatShape.PS),
    Rcpss: approximation(VectorOp.RECIPROCAL1, FloatShape.SS),
    Rsqrtps: approximation(VectorOp.RSQRT, FloatShape.PS),
    Rsqrtss: approximation(VectorOp.RSQRT1, FloatShape.SS),

    Cvtsi2ss: cvtsi2ss,
    Cvtsi2sd: cvtsi2sd,
    Cvtss2si: toInteger(FloatShape.SS, FloatGet.TO_I32, FloatGet.TO_I64),
    Cvttss2si: toInteger(FloatShape.SS, FloatGet.TRUNCATE_I32, FloatGet.TRUNCATE_I64),
    Cvtsd2si: toInteger(FloatShape.SD, FloatGet.TO_I32, FloatGet.TO_I64),
    Cvttsd2si: toInteger(FloatShape.SD, FloatGet.TRUNCATE_I32, FloatGet.TRUNCATE_I64),
    Cvtss2sd: arithmetic(FloatOp.CONVERT, FloatShape.SS),
    Cvtsd2ss: arithmetic(FloatOp.CONVERT, FloatShape.SD),
    Cvtps2pd: cvtps2pd,
    Cvtpd2ps: arithmetic(FloatOp.CONVERT, FloatShape.PD),
    Cvtdq2ps: arithmetic(FloatOp.FROM_I32, FloatShape.PS),
    Cvtdq2pd: cvtdq2pd,
    Cvtps2dq: arithmetic(FloatOp.TO_I32, FloatShape.PS),
    Cvttps2dq: arithmetic(FloatOp.TRUNCATE_I32, FloatShape.PS),
    Cvtpd2dq: arithmetic(FloatOp.TO_I32, FloatShape.PD),
    Cvttpd2dq: arithmetic(FloatOp.TRUNCATE_I32, FloatShape.PD),

    Ldmxcsr: ldmxcsr,
    Stmxcsr: stmxcsr,
  }),
  sharedWithString(Mnemonic.Cmpsd, compare(FloatShape.SD)),
]);
