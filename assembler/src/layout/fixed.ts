import type { Statement } from '../parse/statement';

/** Bytes of many lines stand in one array: arrays of their own would be many times as large. */
const CHUNK = 1 << 16;

/** Where the next bytes are kept. */
let chunk = new Uint8Array(CHUNK);
let used = 0;

/** All that is kept of a line with nothing but an instruction that never changes. */
export class FixedLine {
  private constructor(
    readonly bits: number,
    readonly defaultRel: boolean,
    /** The bytes are those of `store` from `at` on. */
    readonly store: Uint8Array,
    readonly at: number,
    readonly length: number,
  ) {}

  /** Keeps the bytes made for this mode. */
  static make(bits: number, defaultRel: boolean, bytes: Uint8Array): FixedLine {
    const { length } = bytes;
    if (used + length > CHUNK) {
      chunk = new Uint8Array(CHUNK);
      used = 0;
    }
    for (let i = 0; i < length; i++) chunk[used + i] = bytes[i];
    used += length;
    return new FixedLine(bits, defaultRel, chunk, used - length, length);
  }

  /** The statement in this form, if it has one. */
  static of(statement: Statement): FixedLine | undefined {
    const { body } = statement;
    if (body.kind !== 'instruction' || !body.fixed || statement.label || statement.times) return undefined;
    return FixedLine.make(body.fixed.bits, body.fixed.defaultRel, body.fixed.bytes);
  }

  /** The bytes. */
  get bytes(): Uint8Array {
    return this.store.subarray(this.at, this.at + this.length);
  }
}
