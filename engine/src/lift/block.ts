import { Decoder, DecoderError, Instruction } from 'iced-x86';
import { Vector } from '../cpu/cpu';
import { Mode } from '../ir/block';
import { IrBuilder } from '../ir/builder';
import { Op } from '../ir/ops';
import { LiftContext } from './context';
import { liftInstruction } from './index';
import { emitBreak, type Watch } from './term';

/** A block's code, before the cache gives it a place. */
export interface LiftedBlock {
  code: Int32Array;
  instructions: number;
  bytes: number;
}

/** Longest instruction (SDM 2A 2.3.11); a longer one is #GP(0). */
export const MAX_INSTRUCTION_BYTES = 15;

/** Instructions a block has at most. */
export const MAX_BLOCK_INSTRUCTIONS = 64;

/** Bytes given to the decoder at once; a block does not grow past them. */
export const BLOCK_WINDOW = 512;

/** Bits of the code segment's default operand size. */
export function bitnessOf(mode: number): 16 | 32 | 64 {
  return mode & Mode.CODE64 ? 64 : mode & Mode.CODE32 ? 32 : 16;
}

/**
 * Translates guest code to IR. One instance serves any number of blocks: whole
 * ones ({@link liftBlock}), or instruction by instruction between {@link open}
 * and {@link close}.
 */
export class Lifter {
  /** Where {@link next} appends micro-ops. */
  readonly ir = new IrBuilder();
  private readonly instruction = new Instruction();
  private readonly context = new LiftContext(this.ir, this.instruction, 0);
  private decoder: Decoder | undefined;
  /** Where the decoder stands. */
  private position = 0;

  /** The last instruction has ended its block. */
  get ended(): boolean {
    return this.context.ended;
  }

  /** The last instruction calls a helper: its block ends after it. */
  get called(): boolean {
    return this.context.called;
  }

  /** The last instruction's bytes are one (SDM 2A); otherwise it was lifted as its exception. */
  get valid(): boolean {
    return !this.instruction.isInvalid;
  }

  /** Prepares for code at the start of `bytes`, for {@link Mode} bits. */
  open(bytes: Uint8Array, mode: number): void {
    this.close();
    this.decoder = new Decoder(bitnessOf(mode), bytes, 0);
    this.position = 0;
    this.context.mode = mode;
    this.ir.reset();
  }

  close(): void {
    this.decoder?.free();
    this.decoder = undefined;
  }

  /**
   * Appends the micro-ops of the instruction `delta` bytes from the start.
   * @param watches the breakpoints for which a BREAK must stand before it
   * @returns its bytes, or 0 when it is cut off
   */
  next(delta: number, watches?: readonly Watch[]): number {
    const { ir, context, instruction } = this;
    const decoder = this.decoder!;
    if (this.position !== delta) {
      decoder.position = delta;
      decoder.ip = BigInt(delta);
    }
    decoder.decodeOut(instruction);
    if (decoder.lastError === DecoderError.NoMoreBytes) {
      this.position = -1;
      return 0;
    }
    context.watched = watches !== undefined;
    if (watches) emitBreak(ir, context.mode, delta, watches);
    const size = instruction.length;
    this.position = delta + size;
    context.begin(delta, size);
    if (!instruction.isInvalid) liftInstruction(context);
    else if (size === MAX_INSTRUCTION_BYTES) context.raise(Vector.GP, 0);
    else context.raise(Vector.UD);
    return size;
  }

  /**
   * Translates straight-line code from the start of `bytes` on. Give it the
   * bytes up to the page's end or, for an instruction that crosses it, some of
   * the next page too with a limit of 1.
   *
   * The block ends with the first control transfer, where the bytes end (an
   * instruction cut off there is left to the next block), or after `limit`
   * instructions. Undefined means that already the first instruction is cut
   * off: call again with at least 15 bytes.
   *
   * @param mode {@link Mode} bits
   * @param breakAt the breakpoints for which a BREAK must stand before the instruction at this many bytes from the start
   */
  liftBlock(
    bytes: Uint8Array,
    mode: number,
    breakAt: (delta: number) => readonly Watch[] | undefined,
    limit: number = MAX_BLOCK_INSTRUCTIONS,
  ): LiftedBlock | undefined {
    const { ir } = this;
    const length = Math.min(bytes.length, BLOCK_WINDOW);
    const most = Math.min(limit, MAX_BLOCK_INSTRUCTIONS);
    let delta = 0;
    let instructions = 0;
    this.open(bytes.subarray(0, length), mode);
    try {
      for (;;) {
        const size = this.next(delta, breakAt(delta));
        if (size === 0 && instructions === 0) return undefined;
        if (size > 0) instructions++;
        delta += size;
        if (size > 0 && this.ended) break;
        if (size === 0 || this.called || instructions >= most || delta >= length) {
          ir.emit(Op.JUMPI, delta, 0, 0, bitnessOf(mode));
          break;
        }
      }
    } finally {
      this.close();
    }
    return { code: ir.finish(), instructions, bytes: delta };
  }
}
