import { Op } from '../ir/ops';
import { VectorGet, VectorOp, VectorSet } from '../ir/vector-ops';
import { Code, type Label } from './encoder';
import { Type, W } from './opcodes';
import type { VectorOperands } from './operands';
import { pushRoundingState } from './rounding-state';
import { V } from './simd';
import { vectorCode } from './vector-code';

/** Offsets of a loaded micro-op's words; its operands are addresses. */
const D = 4;
const A = 8;
const B = 12;

/** Operands as words at the address in parameter 0. */
class DynamicVectors implements VectorOperands {
  readonly literal = undefined;
  private readonly state: number;
  private readonly scratches = new Map<number, number>();

  constructor(readonly c: Code) {
    this.state = c.local(Type.I32);
    pushRoundingState(c).set(this.state);
  }

  word(offset: number): Code {
    return this.c.get(0).memory(W.I32_LOAD, offset);
  }

  va = (): Code => this.word(A).memory(V.V128_LOAD);
  vb = (): Code => this.word(B).memory(V.V128_LOAD);
  a64 = (): Code => this.word(A).memory(W.I64_LOAD);
  b64 = (): Code => this.word(B).memory(W.I64_LOAD);
  b32 = (): Code => this.word(B).memory(W.I32_LOAD);
  pushLiteral = (): Code => this.c.get(0).memory(W.I32_LOAD8_U, 2);
  roundingState = (): Code => this.c.get(this.state);

  setVector(value: () => void): void {
    this.word(D);
    value();
    this.c.memory(V.V128_STORE);
  }

  set64(value: () => void): void {
    this.word(D);
    value();
    this.c.memory(W.I64_STORE);
  }

  set32(value: () => void): void {
    this.set64(() => {
      value();
      this.c.op(W.I64_EXTEND_I32_U);
    });
  }

  slowIf(): void {
    this.c.if();
    this.c.i32(1).op(W.RETURN);
    this.c.end();
  }

  local(type: Type, n: number): number {
    const key = type * 16 + n;
    let local = this.scratches.get(key);
    if (local === undefined) this.scratches.set(key, (local = this.c.local(type)));
    return local;
  }

  /** Push the address of lane `literal` of `size` bytes in the vector at a word's address. */
  laneAddress(offset: number, size: number): Code {
    this.word(offset);
    return this.pushLiteral().i32(Math.log2(size)).op(W.I32_SHL).op(W.I32_ADD);
  }
}

/** Lanes are read and written in memory, because their numbers are known only at run time. */
const LANE_LOADS: Readonly<Record<number, [W, number]>> = {
  [VectorGet.LANE8]: [W.I64_LOAD8_U, 1],
  [VectorGet.LANE16]: [W.I64_LOAD16_U, 2],
  [VectorGet.LANE32]: [W.I64_LOAD32_U, 4],
  [VectorGet.LANE64]: [W.I64_LOAD, 8],
};
const LANE_STORES: Readonly<Record<number, [W, number]>> = {
  [VectorSet.LANE8]: [W.I64_STORE8, 1],
  [VectorSet.LANE16]: [W.I64_STORE16, 2],
  [VectorSet.LANE32]: [W.I64_STORE32, 4],
  [VectorSet.LANE64]: [W.I64_STORE, 8],
};

/** Micro-ops that this function does, and how many kinds each has. */
const KINDS: readonly [op: number, count: number][] = [
  [Op.VECTOR, VectorOp.COUNT],
  [Op.VGET, VectorGet.COUNT],
  [Op.VSET, VectorSet.COUNT],
  [Op.FLOAT, 128],
  [Op.FGET, 128],
  [Op.FSET, 128],
];

/** vector(address of a loaded VECTOR … FSET): answers 1 if the evaluator must do the instruction. */
export function vectorFunction(): Code {
  const c = new Code(1);
  const o = new DynamicVectors(c);
  const slow = c.block();
  const labels: Label[] = [];
  for (const [op] of [...KINDS].reverse()) labels[op - KINDS[0][0]] = c.block();
  c.get(0).memory(W.I32_LOAD8_U).i32(KINDS[0][0]).op(W.I32_SUB).brTable(labels, slow);
  for (const [op, count] of KINDS) {
    c.end();
    kinds(o, op, count, slow);
  }
  c.end();
  c.i32(1);
  return c;
}

/** One micro-op's kinds, chosen by its second byte. */
function kinds(o: DynamicVectors, op: number, count: number, slow: Label): void {
  const { c } = o;
  const bodies = new Map<number, () => void>();
  for (let kind = 0; kind < count; kind++) {
    const body = kindBody(o, op, kind);
    if (body) bodies.set(kind, body);
  }
  const labels = new Map<number, Label>();
  for (const kind of [...bodies.keys()].reverse()) labels.set(kind, c.block());
  const table = Array.from({ length: count }, (_, kind) => labels.get(kind) ?? slow);
  c.get(0).memory(W.I32_LOAD8_U, 1).brTable(table, slow);
  for (const body of bodies.values()) {
    c.end();
    body();
    c.i32(0).op(W.RETURN);
  }
}

function kindBody(o: DynamicVectors, op: number, kind: number): (() => void) | undefined {
  const { c } = o;
  const load = op === Op.VGET ? LANE_LOADS[kind] : undefined;
  if (load) return () => o.set64(() => o.laneAddress(A, load[1]).memory(load[0]));
  const store = op === Op.VSET ? LANE_STORES[kind] : undefined;
  if (store) {
    return () => {
      o.setVector(() => o.va());
      o.laneAddress(D, store[1]);
      o.b64();
      c.memory(store[0]);
    };
  }
  const code = vectorCode(op | (kind << 8));
  return code && !code.needsLiteral ? () => code.emit(o) : undefined;
}
