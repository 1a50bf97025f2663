import { Slot } from '../cpu/state';
import { Op } from '../ir/ops';
import type { Code } from './encoder';
import { Type } from './opcodes';
import type { Operands, Role, VectorOperands } from './operands';
import { pushRoundingState } from './rounding-state';
import { V } from './simd';
import { vectorCode } from './vector-code';

/** Whether micro-op `op` looks at MXCSR. */
function rounds(op: number): boolean {
  return op === Op.FLOAT || op === Op.FGET || op === Op.FSET;
}

/**
 * The vectors of a region: XMM registers that occur are v128 locals, loaded at
 * its start and stored at its end; temporaries are too. MXCSR cannot change
 * inside, so what matters of it is one more.
 */
export class RegionVectors implements VectorOperands {
  private readonly locals = new Map<number, number>();
  private readonly written = new Set<number>();
  private readonly scratches = new Map<number, number>();
  private state: number | undefined;

  // the micro-op being compiled
  private d = 0;
  private a = 0;
  private b = 0;
  private stop: () => void = () => {};
  literal = 0;

  constructor(
    readonly c: Code,
    private readonly scalars: Operands,
  ) {}

  /** Before compiling: a micro-op names a vector ('v' read, 'V' written). */
  note(slot: number, role: Role): void {
    if (role !== 'v' && role !== 'V') return;
    if (!this.locals.has(slot)) this.locals.set(slot, this.c.local(Type.V128));
    if (role === 'V' && slot < Slot.TEMP) this.written.add(slot);
  }

  noteOp(op: number): void {
    if (rounds(op)) this.state ??= this.c.local(Type.I32);
  }

  /** Emits what stands at the region's start. */
  load(): void {
    const { c } = this;
    for (const [slot, local] of this.locals) {
      if (slot < Slot.TEMP)
        c.i32(0)
          .memory(V.V128_LOAD, slot * 8)
          .set(local);
    }
    if (this.state !== undefined) pushRoundingState(c).set(this.state);
  }

  /** Emits what stands at its end. */
  store(): void {
    const { c } = this;
    for (const slot of this.written)
      c.i32(0)
        .get(this.locals.get(slot)!)
        .memory(V.V128_STORE, slot * 8);
  }

  /** Emits a VECTOR … FSET micro-op; `stop` leaves the region at the instruction. */
  emit(code: Int32Array, at: number, stop: () => void): void {
    this.d = code[at + 1];
    this.a = code[at + 2];
    this.b = code[at + 3];
    this.literal = (code[at] >>> 16) & 0xff;
    this.stop = stop;
    vectorCode(code[at])!.emit(this);
  }

  push(slot: number): Code {
    return this.c.get(this.locals.get(slot)!);
  }

  set(slot: number, value: () => void): void {
    value();
    this.c.set(this.locals.get(slot)!);
  }

  // --- VectorOperands ---------------------------------------------------------

  va = (): Code => this.push(this.a);
  vb = (): Code => this.push(this.b);
  a64 = (): Code => this.scalars.a64();
  b64 = (): Code => this.scalars.b64();
  b32 = (): Code => this.scalars.b32();
  set64 = (value: () => void): void => this.scalars.set64(value);
  set32 = (value: () => void): void => this.scalars.set32(value);
  pushLiteral = (): Code => this.c.i32(this.literal);
  roundingState = (): Code => this.c.get(this.state!);

  setVector(value: () => void): void {
    this.set(this.d, value);
  }

  slowIf(): void {
    this.c.if();
    this.stop();
    this.c.end();
  }

  local(type: Type, n: number): number {
    const key = type * 16 + n;
    let local = this.scratches.get(key);
    if (local === undefined) this.scratches.set(key, (local = this.c.local(type)));
    return local;
  }
}
