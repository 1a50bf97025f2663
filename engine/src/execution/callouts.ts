import { Abort, type Cpu } from '../cpu/cpu';
import { segmentCheck } from '../cpu/segmentation';
import { Flag, Slot } from '../cpu/state';
import { HELPER_FUNCTIONS, HELPERS } from '../helpers';
import { Mode } from '../ir/block';
import { Op } from '../ir/ops';
import type { SoftMmu } from '../memory/soft-mmu';
import { FIELD_ACCESS } from '../virtualization/vmx/field-access';
import { MAX_PAYMENT } from '../wasm/accounts';
import { Called, Control, VMCS_FIELDS } from '../wasm/layout';
import { isEnterable } from './translator';
import { loadVector, storeVector } from './vector-memory';

/** Generated code comes back at least after so many instructions: V8 replaces a function only when it is called. */
const MAX_BUDGET = 200_000;

/**
 * What the interpreter in WebAssembly calls for, without leaving: micro-ops that
 * have no code there, and loads and stores that the soft TLB does not answer.
 * Both do exactly what the evaluator does, with RIP and the instruction count
 * exact. It also keeps the cells that generated code reads.
 */
export class Callouts {
  private readonly i32: Int32Array;
  /** Instruction count at which the budget is used up. */
  private end = 0;

  constructor(
    private readonly cpu: Cpu,
    private readonly mmu: SoftMmu,
    memory: WebAssembly.Memory,
  ) {
    this.i32 = new Int32Array(memory.buffer);
    this.i32[Control.ADDRESS_MASK >> 2] = -1;
    this.i32.set(FIELD_ACCESS, VMCS_FIELDS >> 2);
  }

  /** The module's imports. */
  get imports(): Record<'help' | 'access', (...words: never[]) => number> {
    return {
      help: (insn: number, at: number) => this.help(insn, at),
      access: (insn: number, at: number, low: number, high: number) => this.access(insn, at, low, high),
    };
  }

  /** Before generated code is entered. */
  enter(): void {
    const { cpu } = this;
    this.end = Math.min(cpu.deadline, cpu.icount + MAX_BUDGET);
    this.noteBudget();
    this.noteMode();
  }

  /** After generated code has come back. */
  leave(): void {
    this.cpu.icount = this.end - this.i32[Control.BUDGET >> 2];
  }

  private noteBudget(): void {
    const { cpu, end, i32 } = this;
    i32[Control.BUDGET >> 2] = end - cpu.icount;
    // Only an event needs a stop inside a block, which would make another block begin there.
    i32[Control.LEAST_BUDGET >> 2] = end < cpu.deadline ? MAX_PAYMENT : 1;
  }

  private noteMode(): void {
    const { cpu, i32, mmu } = this;
    mmu.prepareWindows(i32[Control.BANK >> 2]);
    i32[Control.BANK >> 2] = mmu.bank;
    i32[Control.KEY >> 2] = mmu.fetchKey(cpu.mode);
    i32[Control.MODE >> 2] = cpu.mode;
    i32[Control.VMCS >> 2] = cpu.cpl === 0 && (cpu.mode & Mode.CODE64) !== 0 ? cpu.vmcsAddress : 0;
    i32[(Control.ADDRESS_MASK >> 2) + 1] = mmu.wideAddresses ? -1 : 0;
  }

  private begin(insn: number): void {
    const { cpu, i32 } = this;
    cpu.icount = this.end - i32[Control.BUDGET >> 2];
    cpu.instructionLength = i32[(insn >> 2) + 2];
  }

  /** attention() may have pulled the deadline, BULK has counted. Answers a {@link Called}. */
  private finish(): Called {
    const { cpu } = this;
    this.end = Math.max(cpu.icount, Math.min(this.end, cpu.deadline));
    this.noteBudget();
    if (cpu.abort === Abort.NONE) return Called.GOES_ON;
    return cpu.abort === Abort.EXIT && this.switched() ? Called.ELSEWHERE : Called.ABANDONED;
  }

  /**
   * A VM entry or exit has replaced the state. Generated code goes on at the new RIP, unless the machine's loop has
   * something to see to: a stop at this count, which is also what traps make, an interrupt, a window, a timer.
   */
  private switched(): boolean {
    const { cpu, mmu } = this;
    const s = cpu.state;
    if (this.end <= cpu.icount || mmu.isWatched || !isEnterable(cpu.mode)) return false;
    if (s.low(Slot.ACTIVITY) !== 0 || cpu.flag(Flag.TF)) return false;
    if (cpu.nonRoot && (cpu.interrupts.pending() || cpu.intercepts.needsBoundaries())) return false;
    cpu.abort = Abort.NONE;
    this.noteMode();
    return true;
  }

  /** The micro-op at address `at`, of the instruction whose INSN is at `insn`. Its words are as the lifter made them. */
  private help(insn: number, at: number): Called {
    const { cpu, i32 } = this;
    this.begin(insn);
    const word = i32[at >> 2];
    const d = i32[(at >> 2) + 1];
    const a = i32[(at >> 2) + 2];
    const b = i32[(at >> 2) + 3];
    switch (word & 0xff) {
      case Op.HELPER:
      case Op.BULK:
        HELPER_FUNCTIONS[word >>> 8](cpu, d, a, b);
        break;
      case Op.VMREAD: // with code, so its operands are addresses
        HELPERS.vmread(cpu, d >> 3, a >> 3);
        break;
      case Op.VMWRITE:
        HELPERS.vmwrite(cpu, d >> 3, a >> 3);
        break;
      case Op.RAISE:
        cpu.raise(word >>> 8, a ? b : undefined);
        break;
      case Op.SEGMENT: {
        const linear = segmentCheck(cpu, (word >>> 8) & 7, cpu.state.u64[a], b & 0xff, (b & 0x100) !== 0);
        if (linear !== undefined) cpu.state.u64[d] = linear;
        break;
      }
    }
    const called = this.finish();
    if (called === Called.GOES_ON) {
      this.noteMode();
      // Segmented code is the evaluator's.
      if (!isEnterable(cpu.mode)) this.stop();
    }
    return called;
  }

  private stop(): void {
    this.end = this.cpu.icount;
    this.noteBudget();
  }

  /** LOAD8 … STORE64, LOAD128 and STORE128; the operand words are addresses. */
  private access(insn: number, at: number, low: number, high: number): Called {
    const { cpu, i32, mmu } = this;
    const word = i32[at >> 2];
    const d = i32[(at >> 2) + 1];
    const op = word & 0xff;
    const how = word >>> 8;
    const lo = low >>> 0;
    const hi = high >>> 0;
    if (op <= Op.STORE64 && this.refilled(op, d, lo, hi, how)) return Called.GOES_ON;
    this.begin(insn);
    if (op <= Op.LOAD64) {
      if (mmu.load(cpu, lo, hi, (1 << (op - Op.LOAD8)) as 1 | 2 | 4 | 8, how)) {
        i32[d >> 2] = mmu.valueLo;
        i32[(d >> 2) + 1] = mmu.valueHi;
      }
    } else if (op <= Op.STORE64) {
      const size = (1 << (op - Op.STORE8)) as 1 | 2 | 4 | 8;
      mmu.store(cpu, lo, hi, size, how, i32[d >> 2] >>> 0, i32[(d >> 2) + 1] >>> 0);
    } else if (op === Op.LOAD128) loadVector(cpu, mmu, d >> 3, lo, hi, how);
    else storeVector(cpu, mmu, d >> 3, lo, hi, how);
    return this.finish();
  }

  /** The most frequent case, in which nothing can happen but the access itself. */
  private refilled(op: number, d: number, lo: number, hi: number, how: number): boolean {
    const { i32, mmu } = this;
    const write = op >= Op.STORE8;
    const sizeLog = op - (write ? Op.STORE8 : Op.LOAD8);
    const host = mmu.refill(lo, hi, 1 << sizeLog, how, write);
    if (host < 0) return false;
    const { view } = mmu;
    if (write) {
      if (sizeLog === 0) view.setUint8(host, i32[d >> 2]);
      else if (sizeLog === 1) view.setUint16(host, i32[d >> 2], true);
      else view.setInt32(host, i32[d >> 2], true);
      if (sizeLog === 3) view.setInt32(host + 4, i32[(d >> 2) + 1], true);
      return true;
    }
    if (sizeLog === 0) i32[d >> 2] = view.getUint8(host);
    else if (sizeLog === 1) i32[d >> 2] = view.getUint16(host, true);
    else i32[d >> 2] = view.getInt32(host, true);
    i32[(d >> 2) + 1] = sizeLog === 3 ? view.getInt32(host + 4, true) : 0;
    return true;
  }
}
