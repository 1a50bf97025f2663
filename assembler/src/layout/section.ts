import type { Base } from '../parse/evaluate';

/** So many bytes are copied one by one sooner than by a call. */
const SHORT = 32;

/** A section of the flat binary. Lives through all passes; its content is made anew in each. */
export class Section implements Base {
  /** Address the program sees, from the layout of the pass before. */
  vstart = 0n;
  start = 0n;
  fileOffset = 0;
  /** Bytes so far in this pass. */
  offset = 0;
  #data = new Uint8Array(0);

  align: number | undefined;
  explicitStart: bigint | undefined;
  explicitVstart: bigint | undefined;
  valign: number | undefined;
  follows: string | undefined;
  vfollows: string | undefined;
  nobits: boolean | undefined;
  /** Attributes were given in this pass already. */
  seen = false;

  constructor(readonly name: string) {}

  /** Forgets the content of the pass before. */
  reset(): void {
    this.offset = 0;
    this.seen = false;
    this.align = undefined;
    this.explicitStart = this.explicitVstart = undefined;
    this.valign = this.follows = this.vfollows = undefined;
    this.nobits = this.name === '.bss' ? true : this.name === '.text' ? false : undefined;
  }

  /** The section's bytes; content beyond what was written is zero. */
  get data(): Uint8Array {
    return this.#data.subarray(0, this.offset);
  }

  /** The bytes, and forgets them. */
  detach(): Uint8Array {
    const bytes = this.data;
    this.#data = new Uint8Array(0);
    return bytes;
  }

  #grow(length: number): void {
    const needed = this.offset + length;
    if (needed <= this.#data.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#data.length * 2, 64));
    larger.set(this.#data.subarray(0, this.offset));
    this.#data = larger;
  }

  append(bytes: Uint8Array): void {
    if (bytes.length <= SHORT) this.copy(bytes, 0, bytes.length);
    else {
      this.#grow(bytes.length);
      this.#data.set(bytes, this.offset);
      this.offset += bytes.length;
    }
  }

  /** Appends a few bytes of `from`. */
  copy(from: Uint8Array, at: number, length: number): void {
    this.#grow(length);
    const data = this.#data;
    const { offset } = this;
    for (let i = 0; i < length; i++) data[offset + i] = from[at + i];
    this.offset = offset + length;
  }

  /** Appends `bytes` `count` times. */
  repeat(bytes: Uint8Array, count: number): void {
    this.#grow(bytes.length * count);
    const end = this.offset + bytes.length * count;
    if (bytes.length === 1) this.#data.fill(bytes[0], this.offset, end);
    else {
      this.#data.set(bytes, this.offset);
      fillOn(this.#data, this.offset, bytes.length, end);
    }
    this.offset = end;
  }

  /** Puts a number into `width` bytes, 4 at most, that were appended before. */
  patch(offset: number, width: number, value: number): void {
    const data = this.#data;
    for (let i = 0; i < width; i++) data[offset + i] = value >> (8 * i);
  }

  /** The same for any number of bytes and any value. */
  patchLarge(offset: number, width: number, value: bigint): void {
    this.patch(offset, Math.min(width, 4), Number(BigInt.asIntN(32, value)));
    if (width > 4) this.patchLarge(offset + 4, width - 4, value >> 32n);
  }

  /** The lower 32 bits of the address the program sees. */
  get low(): number {
    return Number(BigInt.asIntN(32, this.vstart));
  }

  /** Leaves room: zeros in the file, nothing at all for `nobits`. */
  reserve(length: number): void {
    if (!this.nobits) {
      this.#grow(length);
      this.#data.fill(0, this.offset, this.offset + length);
    }
    this.offset += length;
  }
}

/** Repeats the `length` bytes at `start` up to `end`, twice as many at a time. */
export function fillOn(data: Uint8Array, start: number, length: number, end: number): void {
  for (let at = start + length; at < end; at += at - start)
    data.copyWithin(at, start, Math.min(at, start + end - at));
}
