import { Slot } from '../cpu/state';
import { Op, WORDS } from './ops';

/** Appends micro-ops to a growing block and hands out temporaries. */
export class IrBuilder {
  private words = new Int32Array(256 * WORDS);
  private used = 0;
  private nextTemp = Slot.TEMP as number;

  /** Micro-ops emitted so far. */
  get length(): number {
    return this.used / WORDS;
  }

  /** Appends one micro-op; returns its index for {@link patch}. */
  emit(op: Op, d = 0, a = 0, b = 0, aux = 0): number {
    if (this.used + WORDS > this.words.length) {
      const larger = new Int32Array(this.words.length * 2);
      larger.set(this.words);
      this.words = larger;
    }
    const at = this.used;
    this.words[at] = op | (aux << 8);
    this.words[at + 1] = d;
    this.words[at + 2] = a;
    this.words[at + 3] = b;
    this.used += WORDS;
    return at / WORDS;
  }

  /** Starts an instruction: temporaries of the one before are free again. */
  beginInstruction(delta: number, length: number): void {
    this.nextTemp = Slot.TEMP;
    this.emit(Op.INSN, delta, length);
  }

  /** A fresh temporary slot, valid until the next instruction. */
  temp(): number {
    if (this.nextTemp >= Slot.COUNT) throw new Error('IR: an instruction uses too many temporaries');
    return this.nextTemp++;
  }

  /** A fresh temporary vector: two slots. */
  vector(): number {
    const first = this.temp();
    this.temp();
    return first;
  }

  /** Remembers which temporaries are in use, for {@link release}. */
  mark(): number {
    return this.nextTemp;
  }

  /** Frees the temporaries taken since the mark: for instructions that repeat a pattern many times. */
  release(mark: number): void {
    this.nextTemp = mark;
  }

  /** A temporary holding a constant. */
  constant(value: bigint): number {
    const d = this.temp();
    this.emit(Op.CONST, d, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
    return d;
  }

  /** Emits a skip whose distance is set later by {@link land}. */
  skip(op: Op.SKIP | Op.SKIPZ | Op.SKIPNZ, condition = 0): number {
    return this.emit(op, 0, condition, 0);
  }

  /** Makes the skip at `index` continue with the next micro-op to be emitted. */
  land(index: number): void {
    this.words[index * WORDS + 3] = this.length - index - 1;
  }

  /** The micro-ops; what stands behind the {@link length} of them is nothing. Good until the next is emitted. */
  get code(): Int32Array {
    return this.words;
  }

  /** The micro-ops, copied. */
  finish(): Int32Array {
    return this.words.slice(0, this.used);
  }

  /** Empties the builder for the next block. */
  reset(): void {
    this.used = 0;
    this.nextTemp = Slot.TEMP;
  }
}
