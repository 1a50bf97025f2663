/**
 * A region's blocks as one WebAssembly function: (entry number + 1) → Left.BLOCK or
 * the address of a micro-op at which the evaluator must take over. General
 * registers and lazy flags are locals, loaded at the start and stored at the
 * end. Nothing is called in between, because V8 spills everything around a call.
 */
import { Slot } from '../cpu/state';
import { Mode } from '../ir/block';
import { FlagsKind, MemAux, Op, WORDS } from '../ir/ops';
import { Windows } from '../memory/windows';
import { findInWindow, loadOp, pushWindowHost, storeOp } from './access';
import { type DivideOperands, emitDivide } from './divide';
import { Code, type Label } from './encoder';
import {
  computeDynamicFlags,
  type FlagsOperands,
  pushCarry,
  pushCondition,
  pushConditionOf,
  pushFlags,
} from './flags';
import { FlagsFlow, type FlagsState, setsFlags, usesFlags } from './flags-flow';
import { Control, Header } from './layout';
import { Type, W } from './opcodes';
import { type Operands, ROWS, type Role } from './ops';
import type { Region, RegionBlock } from './region';
import { V } from './simd';
import { Structure } from './structure';
import { RegionVectors } from './vector-region';
import { emitVmwrite, pushVmread, type VmcsOperands } from './vmcs';

/** Edges of indirect jumps in a region at most, if each is to have its own table. */
const MAX_DIRECT_EDGES = 300;

/** Kept in locals and written back: RAX … R15 and the flags' operands. */
function isRegister(slot: number): boolean {
  return slot <= Slot.R15 || (slot >= Slot.CC_RESULT && slot <= Slot.CC_KIND);
}

/** Code of a region. `map` is the address of a table of entry numbers + 1 by page offset, or 0. */
export function compileRegion(region: Region, map: number): Code {
  return new RegionCompiler(region, map).compile();
}

/** Whether a region has indirect jumps, for which it needs a map of its entries. */
export function hasIndirectJumps(region: Region): boolean {
  return region.blocks.some((b) => b.ends === 'control' && lastOp(b) === Op.JUMP);
}

function isAccess(op: number): boolean {
  return (op >= Op.LOAD8 && op <= Op.STORE64) || op === Op.LOAD128 || op === Op.STORE128;
}

/** Whether a micro-op's d is a slot that it writes. */
function writesSlot(op: number): boolean {
  const role = ROWS[op]!.d;
  return role === 'w' || role === 'm';
}

function lastOp(b: RegionBlock): number {
  return b.block.code[b.block.code.length - WORDS] & 0xff;
}

class RegionCompiler implements Operands, FlagsOperands {
  readonly c = new Code(1);
  private readonly entryNumber = 0;
  private readonly registers = new Map<number, number>();
  private readonly temporaries = new Map<number, number>();
  private readonly written = new Set<number>();
  private readonly scratches: number[] = [];
  private readonly pageBase = this.c.local(Type.I64);
  private readonly next = this.c.local(Type.I64);
  private readonly result = this.c.local(Type.I32);
  private readonly budget = this.c.local(Type.I32);
  private readonly flags = this.c.local(Type.I32);
  /** For VMREAD and VMWRITE, once there is one. */
  private field: number | undefined;
  private readonly access = {
    address: this.c.local(Type.I64),
    entry: this.c.local(Type.I32),
    bank: this.c.local(Type.I32),
    distance: this.c.local(Type.I64),
  };
  /** The window of the last access. */
  private window = { number: 0, write: false };
  /** Windows given to computed addresses so far. */
  private computed = 0;
  private readonly vectors = new RegionVectors(this.c, this);
  private readonly structure: Structure;
  /** Indirect jumps have tables of their own; with many of them, the edges would cost V8 seconds. */
  private readonly direct: boolean;
  private exit!: Label;
  private readonly code64: boolean;
  private readonly long: boolean;

  /** i32 locals beside slots that hold 0 or 1, and those that do now: V8 does not see through the extension. */
  private readonly booleans = new Map<number, number>();
  private readonly isBoolean = new Set<number>();

  // the micro-op being compiled
  private code: Int32Array = new Int32Array(0);
  private at = 0;

  constructor(
    private readonly region: Region,
    private readonly map: number,
  ) {
    const jumps = region.blocks.filter((b) => b.ends === 'control' && lastOp(b) === Op.JUMP).length;
    this.direct = jumps * region.blocks.length <= MAX_DIRECT_EDGES;
    this.code64 = (region.mode & Mode.CODE64) !== 0;
    this.long = (region.mode & Mode.LONG) !== 0;
    this.structure = new Structure(this.c, region, this.entryNumber, (number) => this.block(number));
  }

  compile(): Code {
    const { c } = this;
    this.allocate();
    c.i32(0)
      .memory(W.I64_LOAD, Slot.RIP * 8)
      .i64(-4096)
      .op(W.I64_AND)
      .set(this.pageBase);
    c.i32(0).memory(W.I32_LOAD, Control.BUDGET).set(this.budget);
    for (const [slot, local] of this.registers)
      c.i32(0)
        .memory(W.I64_LOAD, slot * 8)
        .set(local);
    this.vectors.load();
    this.exit = c.block();
    this.structure.all();
    c.end();
    for (const slot of this.written)
      c.i32(0)
        .get(this.registers.get(slot)!)
        .memory(W.I64_STORE, slot * 8);
    this.vectors.store();
    c.i32(0)
      .get(this.next)
      .memory(W.I64_STORE, Slot.RIP * 8);
    c.i32(0).get(this.budget).memory(W.I32_STORE, Control.BUDGET);
    c.get(this.result);
    return c;
  }

  /** Gives every register and temporary that occurs a local. */
  private allocate(): void {
    const note = (slot: number, role: Role): void => {
      if (role === '-') return;
      if (role === 'v' || role === 'V') this.vectors.note(slot, role);
      else if (isRegister(slot)) {
        if (!this.registers.has(slot)) this.registers.set(slot, this.c.local(Type.I64));
        if (role !== 'r') this.written.add(slot);
      } else if (slot >= Slot.TEMP && !this.temporaries.has(slot)) {
        this.temporaries.set(slot, this.c.local(Type.I64));
      }
    };
    for (const b of this.region.blocks) {
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
        this.vectors.noteOp(op);
        const flagsRole = setsFlags(op) ? 'm' : usesFlags(op) ? 'r' : '-';
        for (let slot = Slot.CC_RESULT as number; slot <= Slot.CC_KIND; slot++) note(slot, flagsRole);
      }
    }
  }

  // --- edges ----------------------------------------------------------------------------

  /** Goes to a page offset, in the region or out of it; RIP is cut to `bits`. */
  private goToOffset(from: number, offset: number, bits: number): void {
    const { c } = this;
    const wide = bits === (this.code64 ? 64 : 32);
    const to = wide ? this.region.blocks.findIndex((b) => b.offset === offset) : -1;
    const { accounts } = this.region;
    const paid = to >= 0 && accounts[to].price === undefined ? accounts[to].total : 0;
    this.refund(accounts[from].ahead - paid);
    if (to >= 0) {
      this.structure.goTo(from, to);
      return;
    }
    this.pushCodeAddress(offset, bits);
    c.set(this.next).br(this.exit);
  }

  private pushCodeAddress(offset: number, bits: number): void {
    const { c } = this;
    c.get(this.pageBase);
    if (offset !== 0) c.i64(offset).op(W.I64_ADD);
    if (bits < 64) c.i64Big((1n << BigInt(bits)) - 1n).op(W.I64_AND);
  }

  // --- blocks ---------------------------------------------------------------------------

  private block(number: number): void {
    const { c } = this;
    const b = this.region.blocks[number];
    const { code } = b.block;
    this.code = code;
    const { price, ahead } = this.region.accounts[number];
    if (price) {
      // Pay, or stop before the block.
      c.get(this.budget).i32(price).op(W.I32_LT_S);
      c.if();
      this.pushCodeAddress(b.offset, 64);
      c.set(this.next).br(this.exit);
      c.end();
      c.get(this.budget).i32(price).op(W.I32_SUB).set(this.budget);
    }
    const flow = new FlagsFlow(code, b.flagsIn);
    let begun = 0;
    let insn = 0;
    let skips: { to: number; label: Label }[] = [];
    for (let at = 0; at < b.end; at += WORDS) {
      this.at = at;
      flow.arrive(at);
      while (skips.length > 0 && skips[skips.length - 1].to === at) {
        c.end();
        skips.pop();
        this.isBoolean.clear();
      }
      const word = code[at];
      const op = word & 0xff;
      const [d, a, lb] = [code[at + 1], code[at + 2], code[at + 3]];
      const stop = (): void => this.leaveAt(b, insn, ahead + b.instructions - begun + 1);
      switch (op) {
        case Op.INSN:
          this.isBoolean.clear();
          insn = at;
          begun++;
          skips = this.openSkips(at);
          break;
        case Op.BREAK:
          // What follows leaves as an instruction does: it counts as begun until BREAKNZ.
          insn = at;
          begun++;
          skips = this.openSkips(at);
          break;
        case Op.BREAKNZ:
          this.a64().op(W.I64_EQZ).op(W.I32_EQZ);
          c.if();
          stop();
          c.end();
          begun--;
          break;
        case Op.RIP:
          this.set64(() => this.pushCodeAddress(b.offset + a, word >>> 8));
          break;
        case Op.CANONICAL:
          this.a64().i64(16).op(W.I64_SHL).i64(16).op(W.I64_SHR_S);
          this.a64().op(W.I64_NE);
          c.if();
          stop();
          c.end();
          break;
        case Op.LOAD8:
        case Op.LOAD16:
        case Op.LOAD32:
        case Op.LOAD64: {
          this.find(op - Op.LOAD8, ((word >>> 8) & MemAux.WRITE_INTENT) !== 0, stop);
          this.set64(() => {
            this.pushHost();
            c.memory(loadOp(op - Op.LOAD8));
          });
          break;
        }
        case Op.STORE8:
        case Op.STORE16:
        case Op.STORE32:
        case Op.STORE64: {
          if (!this.isFound(insn)) this.find(op - Op.STORE8, true, stop);
          this.pushHost();
          this.d64().memory(storeOp(op - Op.STORE8));
          break;
        }
        case Op.LOAD128:
          this.find(4, false, stop);
          this.vectors.set(d, () => {
            this.pushHost();
            c.memory(V.V128_LOAD);
          });
          break;
        case Op.STORE128:
          this.find(4, true, stop);
          this.pushHost();
          this.vectors.push(d).memory(V.V128_STORE);
          break;
        case Op.VECTOR:
        case Op.VGET:
        case Op.VSET:
        case Op.FLOAT:
        case Op.FGET:
        case Op.FSET:
          this.vectors.emit(code, at, stop);
          break;
        case Op.DIVIDE: {
          const bytes = (word >>> 8) & 0xff;
          if (bytes < 4) {
            stop();
            return;
          }
          const divide: DivideOperands = {
            c,
            push: (slot) => this.get(slot),
            put: (slot, value) => {
              value();
              c.set(this.registers.get(slot)!);
            },
            divisor: this.a64,
            scratch: (n) => this.scratch(n),
            leaveIf: () => {
              c.if();
              stop();
              c.end();
            },
          };
          emitDivide(divide, bytes as 4 | 8, (word & 0x10000) !== 0);
          break;
        }
        case Op.FLAGS:
          this.get(d).set(this.registers.get(Slot.CC_RESULT)!);
          this.get(a).set(this.registers.get(Slot.CC_A)!);
          this.get(lb).set(this.registers.get(Slot.CC_B)!);
          c.i64(word >>> 8).set(this.registers.get(Slot.CC_KIND)!);
          break;
        case Op.SETFLAGS:
          this.a64().i64(0x8d5).op(W.I64_AND).set(this.registers.get(Slot.CC_RESULT)!);
          c.i64(FlagsKind.RAW).set(this.registers.get(Slot.CC_KIND)!);
          break;
        case Op.VMREAD: {
          this.set64(() => pushVmread(this.vmcs(this.a64, stop)));
          this.succeed();
          break;
        }
        case Op.VMWRITE:
          emitVmwrite(this.vmcs(this.d64, stop));
          this.succeed();
          break;
        case Op.GETFLAGS:
          if (typeof flow.state === 'string') this.dynamicFlags();
          this.set32(() => {
            if (typeof flow.state === 'string') c.get(this.flags);
            else pushFlags(this, flow.state);
          });
          break;
        case Op.COND:
          this.prepareCondition(flow.state, word >>> 8, stop);
          this.set32(() => {
            this.pushCondition(flow.state, word >>> 8);
            this.noteBoolean(d);
          });
          break;
        case Op.CMOVNZ:
          this.set64(() => {
            this.b64();
            this.d64();
            this.pushNonzero(a).op(W.SELECT);
          });
          break;
        case Op.SKIPZ:
        case Op.SKIPNZ:
        case Op.SKIP: {
          const to = at + (lb + 1) * WORDS;
          const label = skips.find((s) => s.to === to)!.label;
          if (op === Op.SKIP) c.br(label);
          else {
            this.pushNonzero(a);
            if (op === Op.SKIPZ) c.op(W.I32_EQZ);
            c.brIf(label);
          }
          break;
        }
        case Op.JUMPI:
          this.goToOffset(number, b.offset + d, word >>> 8);
          return;
        case Op.JUMP:
          this.jump();
          return;
        case Op.JUMPCC: {
          const condition = (word >>> 8) & 15;
          this.prepareCondition(flow.state, condition, stop);
          this.pushCondition(flow.state, condition);
          c.if();
          this.goToOffset(number, b.offset + d, (word >>> 12) & 0xff);
          c.end();
          this.goToOffset(number, b.offset + a, (word >>> 12) & 0xff);
          return;
        }
        case Op.JUMPNZ:
          this.pushNonzero(a);
          c.if();
          this.goToOffset(number, b.offset + d, word >>> 8);
          c.end();
          this.goToOffset(number, b.offset + lb, word >>> 8);
          return;
        case Op.BULK:
          stop();
          break;
        default:
          ROWS[op]!.emit!(this);
      }
      if (op !== Op.COND && writesSlot(op)) this.isBoolean.delete(d);
      flow.pass(at);
    }
    // Cut: what comes next is a block of its own, or the evaluator's.
    for (const _ of skips) c.end();
    if (b.ends === 'slow') this.leaveAt(b, b.end, ahead);
    else this.goToOffset(number, b.offset + code[b.end + 1], this.code64 ? 64 : 32);
  }

  /** The i32 on the stack, 0 or 1, is about to be put into a slot. */
  private noteBoolean(slot: number): void {
    let local = this.booleans.get(slot);
    if (local === undefined) this.booleans.set(slot, (local = this.c.local(Type.I32)));
    this.c.tee(local);
    this.isBoolean.add(slot);
  }

  /** Pushes an i32 that is not 0 if the slot is not. */
  private pushNonzero(slot: number): Code {
    if (this.isBoolean.has(slot)) return this.c.get(this.booleans.get(slot)!);
    return this.get(slot).op(W.I64_EQZ).op(W.I32_EQZ);
  }

  private refund(instructions: number): void {
    if (instructions > 0) this.c.get(this.budget).i32(instructions).op(W.I32_ADD).set(this.budget);
  }

  /** Leaves the region with RIP at the instruction whose INSN (or BREAK) is word `at`; the evaluator does it. */
  private leaveAt(b: RegionBlock, at: number, refund: number): void {
    const { c } = this;
    this.refund(refund);
    this.pushCodeAddress(b.offset + b.block.code[at + 1], 64);
    c.set(this.next);
    c.i32(b.block.loaded + Header.BYTES + at * 4)
      .set(this.result)
      .br(this.exit);
  }

  /** Wasm blocks around the rest of the instruction, one for each place where a skip lands; the farthest is outside. */
  private openSkips(insn: number): { to: number; label: Label }[] {
    const { code } = this;
    const landings = new Set<number>();
    for (let at = insn + WORDS; at < code.length; at += WORDS) {
      const op = code[at] & 0xff;
      if (op === Op.INSN || op === Op.BREAK) break;
      if (op === Op.SKIP || op === Op.SKIPZ || op === Op.SKIPNZ)
        landings.add(at + (code[at + 3] + 1) * WORDS);
    }
    return [...landings].sort((x, y) => y - x).map((to) => ({ to, label: this.c.block() }));
  }

  /** An indirect jump: to a block of the region if its entry map knows the target. */
  private jump(): void {
    const { c } = this;
    this.a64().set(this.next);
    if (this.map !== 0) {
      const { address, entry } = this.access;
      c.get(this.next).get(this.pageBase).op(W.I64_SUB).tee(address).i64(4096).op(W.I64_LT_U);
      c.if();
      c.get(address).op(W.I32_WRAP_I64).memory(W.I32_LOAD8_U, this.map).tee(entry);
      c.if();
      c.get(entry).set(this.entryNumber);
      this.structure.goToEntry(this.direct);
      c.end();
      c.end();
    }
    c.br(this.exit);
  }

  // --- memory -----------------------------------------------------------------------------

  /** Leaves the region unless 1 << `size` bytes at a + literal b are in the soft TLB and aligned as wanted. */
  private find(size: number, write: boolean, stop: () => void): void {
    const { c, access } = this;
    const aux = this.code[this.at] >>> 8;
    const base = this.code[this.at + 2];
    this.address(aux);
    if (size === 4 && aux & MemAux.ALIGNED) {
      c.get(access.address).op(W.I32_WRAP_I64).i32(15).op(W.I32_AND);
      c.if();
      stop();
      c.end();
    }
    const registers = Slot.R15 + 1;
    const number = base < registers ? base : registers + (this.computed++ % (Windows.COUNT - registers));
    this.window = { number, write };
    findInWindow(c, access, number, size, write, stop);
  }

  /** Pushes the place of what was found. */
  private pushHost(): void {
    pushWindowHost(this.c, this.access, this.window.number, this.window.write);
  }

  /**
   * Whether the store at hand goes to what the instruction's last access found:
   * it is the second half of a read-modify-write, and nothing has come between.
   */
  private isFound(insn: number): boolean {
    const { code, at } = this;
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

  /** Sets the access's address from a and literal b. */
  private address(aux: number): void {
    const { c } = this;
    const literal = this.code[this.at + 3];
    if (this.long && !(aux & MemAux.WRAP32)) {
      this.a64();
      if (literal !== 0) c.i64(literal).op(W.I64_ADD);
    } else {
      this.a32();
      if (literal !== 0) c.i32(literal).op(W.I32_ADD);
      c.op(W.I64_EXTEND_I32_U);
    }
    c.set(this.access.address);
  }

  private vmcs(encoding: () => Code, stop: () => void): VmcsOperands {
    this.field ??= this.c.local(Type.I32);
    const leaveIf = (): void => {
      this.c.if();
      stop();
      this.c.end();
    };
    return { c: this.c, encoding, value: this.a64, row: this.access.entry, vmcs: this.field, leaveIf };
  }

  /** VMsucceed clears the arithmetic flags (SDM 3C 31.2). */
  private succeed(): void {
    this.c.i64(0).set(this.registers.get(Slot.CC_RESULT)!);
    this.c.i64(FlagsKind.RAW).set(this.registers.get(Slot.CC_KIND)!);
  }

  // --- flags -----------------------------------------------------------------------------

  /** What must come before {@link pushCondition}. */
  private prepareCondition(state: FlagsState, condition: number, stop: () => void): void {
    if (typeof state !== 'string') return;
    if (condition >> 1 === 1) this.unknownCarry(condition, stop);
    else this.dynamicFlags();
  }

  private pushCondition(state: FlagsState, condition: number): void {
    if (typeof state !== 'string') pushCondition(this, state, condition);
    else if (condition >> 1 === 1) this.c.get(this.flags);
    else pushConditionOf(this.c, this.flags, condition);
  }

  /** All flags of an operation known only at run time, into the local for flags. */
  private dynamicFlags(): void {
    const scratch = [0, 1, 2, 3, 4, 5].map((n) => this.scratch(n));
    computeDynamicFlags(this, () => this.get(Slot.CC_KIND), scratch, this.flags);
  }

  /**
   * The carry condition (2, or 3 negated) after an operation known only at run
   * time, into the local for flags. After shifts the evaluator does it.
   */
  private unknownCarry(condition: number, stop: () => void): void {
    const { c } = this;
    const result = this.flags;
    const kind = (): Code =>
      c.get(this.registers.get(Slot.CC_KIND)!).op(W.I32_WRAP_I64).i32(15).op(W.I32_AND);
    const done = c.block();
    kind().i32(FlagsKind.INC).op(W.I32_SUB).i32(2).op(W.I32_LT_U);
    c.if();
    pushCarry(this, { kind: FlagsKind.INC, size: 0, plain: false });
    c.set(result).br(done);
    c.end();
    kind().op(W.I32_EQZ);
    c.if();
    pushCarry(this, { kind: FlagsKind.RAW, size: 0, plain: false });
    c.set(result).br(done);
    c.end();
    kind().i32(FlagsKind.LOGIC).op(W.I32_EQ);
    c.if();
    c.i32(0).set(result).br(done);
    c.end();
    kind().i32(FlagsKind.LOGIC).op(W.I32_GT_U);
    c.if();
    stop();
    c.end();
    // ADD: (a & b) | ((a | b) & ~r); SUB: the same with ~a and r. Then the bit at the operand's top.
    const sub = this.scratch(0);
    const a = this.scratch(1);
    c.i64(0);
    kind().i32(FlagsKind.SUB).op(W.I32_EQ).op(W.I64_EXTEND_I32_U).op(W.I64_SUB).set(sub);
    this.get(Slot.CC_A).get(sub).op(W.I64_XOR).tee(a);
    this.get(Slot.CC_B).op(W.I64_AND);
    c.get(a);
    this.get(Slot.CC_B).op(W.I64_OR);
    this.get(Slot.CC_RESULT).get(sub).op(W.I64_XOR).i64(-1).op(W.I64_XOR).op(W.I64_AND).op(W.I64_OR);
    c.i64(8);
    this.get(Slot.CC_KIND).i64(4).op(W.I64_SHR_U).i64(3).op(W.I64_AND).op(W.I64_SHL).i64(1).op(W.I64_SUB);
    c.op(W.I64_SHR_U).op(W.I32_WRAP_I64).i32(1).op(W.I32_AND).set(result);
    c.end();
    if (condition & 1) c.get(result).op(W.I32_EQZ).set(result);
  }

  r = (): Code => this.get(Slot.CC_RESULT);
  a = (): Code => this.get(Slot.CC_A);
  b = (): Code => this.get(Slot.CC_B);

  // --- operands ---------------------------------------------------------------------------

  /** Pushes a slot. */
  private get(slot: number): Code {
    const local = this.registers.get(slot) ?? this.temporaries.get(slot);
    if (local === undefined) return this.c.i32(0).memory(W.I64_LOAD, slot * 8);
    return this.c.get(local);
  }

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
