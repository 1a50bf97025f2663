import { Slot } from '../cpu/state';
import { Op, WORDS } from '../ir/ops';
import { Code } from './encoder';
import type { FlagsOperands } from './flags';
import { setsFlags, usesFlags } from './flags-flow';
import { Type, W } from './opcodes';
import type { Operands, Role } from './operands';
import { ROWS } from './ops';
import type { Region } from './region';
import type { RegionVectors } from './vector-region';

/** Kept in locals and written back: RAX … R15 and the flags' operands. */
function isRegister(slot: number): boolean {
  return slot <= Slot.R15 || (slot >= Slot.CC_RESULT && slot <= Slot.CC_KIND);
}

/**
 * The operands of a region's micro-ops: general registers, the flags' operands and
 * temporaries that occur are locals, other slots are in memory, literals are constants.
 */
export class RegionOperands implements Operands, FlagsOperands {
  readonly c = new Code(1);
  /** Locals by slot. */
  readonly registers = new Map<number, number>();
  private readonly temporaries = new Map<number, number>();
  /** Registers to be written back. */
  readonly written = new Set<number>();
  private readonly scratches: number[] = [];
  /** i32 locals beside slots that hold 0 or 1, and those that do now: V8 does not see through the extension. */
  private readonly booleans = new Map<number, number>();
  readonly isBoolean = new Set<number>();

  /** The micro-op being compiled: its block's words and its place among them. */
  code: Int32Array = new Int32Array(0);
  at = 0;

  /** Gives every register and temporary that occurs a local. */
  allocate(region: Region, vectors: RegionVectors): void {
    const note = (slot: number, role: Role): void => {
      if (role === '-') return;
      if (role === 'v' || role === 'V') vectors.note(slot, role);
      else if (isRegister(slot)) {
        if (!this.registers.has(slot)) this.registers.set(slot, this.c.local(Type.I64));
        if (role !== 'r') this.written.add(slot);
      } else if (slot >= Slot.TEMP && !this.temporaries.has(slot)) {
        this.temporaries.set(slot, this.c.local(Type.I64));
      }
    };
    for (const b of region.blocks) {
      const { code } = b.block;
      for (let at = 0; at < b.end; at += WORDS) {
        const op = code[at] & 0xff;
        const row = ROWS[op]!;
        note(code[at + 1], row.d);
        note(code[at + 2], row.a);
        note(code[at + 3], row.b);
        if (op === Op.DIVIDE) {
          note(Slot.RAX, 'm');
          note(Slot.RDX, 'm');
        }
        vectors.noteOp(op);
        const flagsRole = setsFlags(op) ? 'm' : usesFlags(op) ? 'r' : '-';
        for (let slot = Slot.CC_RESULT as number; slot <= Slot.CC_KIND; slot++) note(slot, flagsRole);
      }
    }
  }

  /** The i32 on the stack, 0 or 1, is about to be put into a slot. */
  noteBoolean(slot: number): void {
    let local = this.booleans.get(slot);
    if (local === undefined) this.booleans.set(slot, (local = this.c.local(Type.I32)));
    this.c.tee(local);
    this.isBoolean.add(slot);
  }

  /** Pushes an i32 that is not 0 if the slot is not. */
  pushNonzero(slot: number): Code {
    if (this.isBoolean.has(slot)) return this.c.get(this.booleans.get(slot)!);
    return this.get(slot).op(W.I64_EQZ).op(W.I32_EQZ);
  }

  /** Pushes a slot. */
  get(slot: number): Code {
    const local = this.registers.get(slot) ?? this.temporaries.get(slot);
    if (local === undefined) return this.c.i32(0).memory(W.I64_LOAD, slot * 8);
    return this.c.get(local);
  }

  r = (): Code => this.get(Slot.CC_RESULT);
  a = (): Code => this.get(Slot.CC_A);
  b = (): Code => this.get(Slot.CC_B);

  a64 = (): Code => this.get(this.code[this.at + 2]);
  a32 = (): Code => this.a64().op(W.I32_WRAP_I64);
  b64 = (): Code => this.get(this.code[this.at + 3]);
  b32 = (): Code => this.b64().op(W.I32_WRAP_I64);
  d64 = (): Code => this.get(this.code[this.at + 1]);
  literal64 = (): Code => this.c.i64(this.code[this.at + 3]);
  literal32 = (): Code => this.c.i32(this.code[this.at + 3]);
  aux32 = (): Code => this.c.i32(this.code[this.at] >>> 8);
  aux64 = (): Code => this.c.i64(this.code[this.at] >>> 8);

  constant = (): Code => {
    const low = this.code[this.at + 2];
    const high = this.code[this.at + 3];
    if (high === low >> 31) return this.c.i64(low);
    return this.c.i64Big((BigInt(high) << 32n) | BigInt(low >>> 0));
  };

  set64(value: () => void): void {
    const { c } = this;
    const slot = this.code[this.at + 1];
    const local = this.registers.get(slot) ?? this.temporaries.get(slot);
    if (local === undefined) {
      c.i32(0);
      value();
      c.memory(W.I64_STORE, slot * 8);
    } else {
      value();
      c.set(local);
    }
  }

  set32(value: () => void): void {
    this.set64(() => {
      value();
      this.c.op(W.I64_EXTEND_I32_U);
    });
  }

  scratch(n: number): number {
    while (this.scratches.length <= n) this.scratches.push(this.c.local(Type.I64));
    return this.scratches[n];
  }
}
