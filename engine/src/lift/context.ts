import type { Instruction } from 'iced-x86';
import { type HelperName, helperNumber } from '../helpers';
import { Mode } from '../ir/block';
import type { IrBuilder } from '../ir/builder';
import { Op } from '../ir/ops';

/**
 * What a lift function works with: the decoded instruction, the builder, and
 * the operand helpers every family shares. Operands are read into slots
 * zero-extended to 64 bits.
 */
export class LiftContext {
  /** Offset of this instruction and of the next one from the block's start, in bytes. */
  delta = 0;
  next = 0;
  /** Set by a lift function that has emitted the block's final control micro-op. */
  ended = false;

  constructor(
    readonly ir: IrBuilder,
    readonly insn: Instruction,
    /** {@link Mode} bits. */
    public mode: number,
  ) {}

  get code64(): boolean {
    return (this.mode & Mode.CODE64) !== 0;
  }

  /** Width of RIP in this mode: what jumps are cut to. */
  get ripBits(): 16 | 32 | 64 {
    return this.mode & Mode.CODE64 ? 64 : this.mode & Mode.CODE32 ? 32 : 16;
  }

  /** Calls a helper; d, a, b as that helper defines them. */
  helper(name: HelperName, d = 0, a = 0, b = 0): void {
    this.ir.emit(Op.HELPER, d, a, b, helperNumber(name));
  }

  /** Ends the block with the next instruction: for instructions after which mode, interrupts or time must be looked at again. */
  endWithNext(): void {
    this.ir.emit(Op.JUMPI, this.next, 0, 0, this.ripBits);
    this.ended = true;
  }

  /** Ends the block; a helper has set RIP. */
  end(): void {
    this.ir.emit(Op.END);
    this.ended = true;
  }
}

/** Says in IR what one instruction does. */
export type LiftFunction = (c: LiftContext) => void;

/** Lift functions by iced `Mnemonic`. */
export type LiftTable = ReadonlyMap<number, LiftFunction>;
