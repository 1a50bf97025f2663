import { Decoder, DecoderError, Instruction } from 'iced-x86';
import { Vector } from '../cpu/cpu';
import { Mode } from '../ir/block';
import { IrBuilder } from '../ir/builder';
import { Op } from '../ir/ops';
import { LiftContext } from './context';
import { liftInstruction } from './index';

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
const WINDOW = 512;

/** Translates guest code to IR. One instance serves any number of blocks. */
export class Lifter {
  private readonly instruction = new Instruction();
  private readonly ir = new IrBuilder();
  private readonly context = new LiftContext(this.ir, this.instruction, 0);

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
   * @param breakAt whether a BREAK must stand before the instruction at this many bytes from the start
   */
  liftBlock(
    bytes: Uint8Array,
    mode: number,
    breakAt: (delta: number) => boolean,
    limit: number = MAX_BLOCK_INSTRUCTIONS,
  ): LiftedBlock | undefined {
    const { ir, context, instruction } = this;
    const length = Math.min(bytes.length, WINDOW);
    const bitness = mode & Mode.CODE64 ? 64 : mode & Mode.CODE32 ? 32 : 16;
    const decoder = new Decoder(bitness, bytes.subarray(0, length), 0);
    ir.reset();
    context.mode = mode;
    let delta = 0;
    let instructions = 0;
    try {
      for (;;) {
        decoder.decodeOut(instruction);
        if (decoder.lastError === DecoderError.NoMoreBytes) {
          if (instructions === 0) return undefined;
          ir.emit(Op.JUMPI, delta, 0, 0, bitness);
          break;
        }
        context.watched = breakAt(delta);
        if (context.watched) ir.emit(Op.BREAK, delta);
        const size = instruction.length;
        context.begin(delta, size);
        instructions++;
        delta += size;
        if (!instruction.isInvalid) liftInstruction(context);
        else if (size === MAX_INSTRUCTION_BYTES) context.raise(Vector.GP, 0);
        else context.raise(Vector.UD);
        if (context.ended) break;
        if (context.called || instructions >= Math.min(limit, MAX_BLOCK_INSTRUCTIONS) || delta >= length) {
          context.endWithNext();
          break;
        }
      }
    } finally {
      decoder.free();
    }
    return { code: ir.finish(), instructions, bytes: delta };
  }
}
