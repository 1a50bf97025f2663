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
import type { Code, Label } from './encoder';
import { computeDynamicFlags, pushCarry, pushCondition, pushConditionOf, pushFlags } from './flags';
import { FlagsFlow, type FlagsState } from './flags-flow';
import { Control, Header } from './layout';
import { Type, W } from './opcodes';
import { ROWS } from './ops';
import { storesWhereLoaded, writesSlot } from './read-modify-write';
import type { Region, RegionBlock } from './region';
import { RegionOperands } from './region-operands';
import { V } from './simd';
import { Structure } from './structure';
import { RegionVectors } from './vector-region';
import { emitVmwrite, pushVmread, type VmcsOperands } from './vmcs';

/** Edges of indirect jumps in a region at most, if each is to have its own table. */
const MAX_DIRECT_EDGES = 300;

/** Code of a region. `map` is the address of a table of entry numbers + 1 by page offset, or 0. */
export function compileRegion(region: Region, map: number): Code {
  return new RegionCompiler(region, map).compile();
}

/** Whether a region has indirect jumps, for which it needs a map of its entries. */
export function hasIndirectJumps(region: Region): boolean {
  return region.blocks.some((b) => b.ends === 'control' && lastOp(b) === Op.JUMP);
}

function lastOp(b: RegionBlock): number {
  return b.block.code[b.block.code.length - WORDS] & 0xff;
}

class RegionCompiler {
  private readonly operands = new RegionOperands();
  private readonly c = this.operands.c;
  private readonly entryNumber = 0;
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
  private readonly vectors = new RegionVectors(this.c, this.operands);
  private readonly structure: Structure;
  /** Indirect jumps have tables of their own; with many of them, the edges would cost V8 seconds. */
  private readonly direct: boolean;
  private exit!: Label;
  private readonly code64: boolean;
  private readonly long: boolean;

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
    this.operands.allocate(this.region, this.vectors);
    c.i32(0)
      .memory(W.I64_LOAD, Slot.RIP * 8)
      .i64(-4096)
      .op(W.I64_AND)
      .set(this.pageBase);
    c.i32(0).memory(W.I32_LOAD, Control.BUDGET).set(this.budget);
    for (const [slot, local] of this.operands.registers)
      c.i32(0)
        .memory(W.I64_LOAD, slot * 8)
        .set(local);
    this.vectors.load();
    this.exit = c.block();
    this.structure.all();
    c.end();
    for (const slot of this.operands.written)
      c.i32(0)
        .get(this.operands.registers.get(slot)!)
        .memory(W.I64_STORE, slot * 8);
    this.vectors.store();
    c.i32(0)
      .get(this.next)
      .memory(W.I64_STORE, Slot.RIP * 8);
    c.i32(0).get(this.budget).memory(W.I32_STORE, Control.BUDGET);
    c.get(this.result);
    return c;
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
    const { c, operands: o } = this;
    const b = this.region.blocks[number];
    const { code } = b.block;
    o.code = code;
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
      o.at = at;
      flow.arrive(at);
      while (skips.length > 0 && skips[skips.length - 1].to === at) {
        c.end();
        skips.pop();
        o.isBoolean.clear();
      }
      const word = code[at];
      const op = word & 0xff;
      const [d, a, lb] = [code[at + 1], code[at + 2], code[at + 3]];
      const stop = (): void => this.leaveAt(b, insn, ahead + b.instructions - begun + 1);
      switch (op) {
        case Op.INSN:
          o.isBoolean.clear();
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
          o.a64().op(W.I64_EQZ).op(W.I32_EQZ);
          c.if();
          stop();
          c.end();
          begun--;
          break;
        case Op.RIP:
          o.set64(() => this.pushCodeAddress(b.offset + a, word >>> 8));
          break;
        case Op.CANONICAL:
          o.a64().i64(16).op(W.I64_SHL).i64(16).op(W.I64_SHR_S);
          o.a64().op(W.I64_NE);
          c.if();
          stop();
          c.end();
          break;
        case Op.LOAD8:
        case Op.LOAD16:
        case Op.LOAD32:
        case Op.LOAD64: {
          this.find(op - Op.LOAD8, ((word >>> 8) & MemAux.WRITE_INTENT) !== 0, stop);
          o.set64(() => {
            this.pushHost();
            c.memory(loadOp(op - Op.LOAD8));
          });
          break;
        }
        case Op.STORE8:
        case Op.STORE16:
        case Op.STORE32:
        case Op.STORE64: {
          if (!storesWhereLoaded(code, at, insn)) this.find(op - Op.STORE8, true, stop);
          this.pushHost();
          o.d64().memory(storeOp(op - Op.STORE8));
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
            push: (slot) => o.get(slot),
            put: (slot, value) => {
              value();
              c.set(o.registers.get(slot)!);
            },
            divisor: o.a64,
            scratch: (n) => o.scratch(n),
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
          o.get(d).set(o.registers.get(Slot.CC_RESULT)!);
          o.get(a).set(o.registers.get(Slot.CC_A)!);
          o.get(lb).set(o.registers.get(Slot.CC_B)!);
          c.i64(word >>> 8).set(o.registers.get(Slot.CC_KIND)!);
          break;
        case Op.SETFLAGS:
          o.a64().i64(0x8d5).op(W.I64_AND).set(o.registers.get(Slot.CC_RESULT)!);
          c.i64(FlagsKind.RAW).set(o.registers.get(Slot.CC_KIND)!);
          break;
        case Op.VMREAD: {
          o.set64(() => pushVmread(this.vmcs(o.a64, stop)));
          this.succeed();
          break;
        }
        case Op.VMWRITE:
          emitVmwrite(this.vmcs(o.d64, stop));
          this.succeed();
          break;
        case Op.GETFLAGS:
          if (typeof flow.state === 'string') this.dynamicFlags();
          o.set32(() => {
            if (typeof flow.state === 'string') c.get(this.flags);
            else pushFlags(o, flow.state);
          });
          break;
        case Op.COND:
          this.prepareCondition(flow.state, word >>> 8, stop);
          o.set32(() => {
            this.pushCondition(flow.state, word >>> 8);
            o.noteBoolean(d);
          });
          break;
        case Op.CMOVNZ:
          o.set64(() => {
            o.b64();
            o.d64();
            o.pushNonzero(a).op(W.SELECT);
          });
          break;
        case Op.SKIPZ:
        case Op.SKIPNZ:
        case Op.SKIP: {
          const to = at + (lb + 1) * WORDS;
          const label = skips.find((s) => s.to === to)!.label;
          if (op === Op.SKIP) c.br(label);
          else {
            o.pushNonzero(a);
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
          o.pushNonzero(a);
          c.if();
          this.goToOffset(number, b.offset + d, word >>> 8);
          c.end();
          this.goToOffset(number, b.offset + lb, word >>> 8);
          return;
        case Op.BULK:
          stop();
          break;
        default:
          ROWS[op]!.emit!(o);
      }
      if (op !== Op.COND && writesSlot(op)) o.isBoolean.delete(d);
      flow.pass(at);
    }
    // Cut: what comes next is a block of its own, or the evaluator's.
    for (const _ of skips) c.end();
    if (b.ends === 'slow') this.leaveAt(b, b.end, ahead);
    else this.goToOffset(number, b.offset + code[b.end + 1], this.code64 ? 64 : 32);
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
    const { code } = this.operands;
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
    this.operands.a64().set(this.next);
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
    const aux = this.operands.code[this.operands.at] >>> 8;
    const base = this.operands.code[this.operands.at + 2];
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

  /** Sets the access's address from a and literal b. */
  private address(aux: number): void {
    const { c } = this;
    const literal = this.operands.code[this.operands.at + 3];
    if (this.long && !(aux & MemAux.WRAP32)) {
      this.operands.a64();
      if (literal !== 0) c.i64(literal).op(W.I64_ADD);
    } else {
      this.operands.a32();
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
    return {
      c: this.c,
      encoding,
      value: this.operands.a64,
      row: this.access.entry,
      vmcs: this.field,
      leaveIf,
    };
  }

  /** VMsucceed clears the arithmetic flags (SDM 3C 31.2). */
  private succeed(): void {
    this.c.i64(0).set(this.operands.registers.get(Slot.CC_RESULT)!);
    this.c.i64(FlagsKind.RAW).set(this.operands.registers.get(Slot.CC_KIND)!);
  }

  // --- flags -----------------------------------------------------------------------------

  /** What must come before {@link pushCondition}. */
  private prepareCondition(state: FlagsState, condition: number, stop: () => void): void {
    if (typeof state !== 'string') return;
    if (condition >> 1 === 1) this.unknownCarry(condition, stop);
    else this.dynamicFlags();
  }

  private pushCondition(state: FlagsState, condition: number): void {
    if (typeof state !== 'string') pushCondition(this.operands, state, condition);
    else if (condition >> 1 === 1) this.c.get(this.flags);
    else pushConditionOf(this.c, this.flags, condition);
  }

  /** All flags of an operation known only at run time, into the local for flags. */
  private dynamicFlags(): void {
    const scratch = [0, 1, 2, 3, 4, 5].map((n) => this.operands.scratch(n));
    computeDynamicFlags(this.operands, () => this.operands.get(Slot.CC_KIND), scratch, this.flags);
  }

  /**
   * The carry condition (2, or 3 negated) after an operation known only at run
   * time, into the local for flags. After shifts the evaluator does it.
   */
  private unknownCarry(condition: number, stop: () => void): void {
    const { c, operands: o } = this;
    const result = this.flags;
    const kind = (): Code => c.get(o.registers.get(Slot.CC_KIND)!).op(W.I32_WRAP_I64).i32(15).op(W.I32_AND);
    const done = c.block();
    kind().i32(FlagsKind.INC).op(W.I32_SUB).i32(2).op(W.I32_LT_U);
    c.if();
    pushCarry(o, { kind: FlagsKind.INC, size: 0, plain: false });
    c.set(result).br(done);
    c.end();
    kind().op(W.I32_EQZ);
    c.if();
    pushCarry(o, { kind: FlagsKind.RAW, size: 0, plain: false });
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
    const sub = o.scratch(0);
    const a = o.scratch(1);
    c.i64(0);
    kind().i32(FlagsKind.SUB).op(W.I32_EQ).op(W.I64_EXTEND_I32_U).op(W.I64_SUB).set(sub);
    o.get(Slot.CC_A).get(sub).op(W.I64_XOR).tee(a);
    o.get(Slot.CC_B).op(W.I64_AND);
    c.get(a);
    o.get(Slot.CC_B).op(W.I64_OR);
    o.get(Slot.CC_RESULT).get(sub).op(W.I64_XOR).i64(-1).op(W.I64_XOR).op(W.I64_AND).op(W.I64_OR);
    c.i64(8);
    o.get(Slot.CC_KIND).i64(4).op(W.I64_SHR_U).i64(3).op(W.I64_AND).op(W.I64_SHL).i64(1).op(W.I64_SUB);
    c.op(W.I64_SHR_U).op(W.I32_WRAP_I64).i32(1).op(W.I32_AND).set(result);
    c.end();
    if (condition & 1) c.get(result).op(W.I32_EQZ).set(result);
  }
}
