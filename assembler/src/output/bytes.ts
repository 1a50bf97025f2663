import { encodeText } from '../text/encoding';

/** A growing little-endian buffer. */
export class ByteWriter {
  #buffer = new Uint8Array(1024);
  length = 0;

  #room(count: number): void {
    if (this.length + count <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.length + count));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }

  /** What was written so far. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  /** One number of `size` bytes. */
  number(value: number | bigint, size: number): void {
    this.#room(size);
    if (typeof value === 'number' && size <= 4) {
      for (let i = 0, v = value; i < size; i++, v >>= 8) this.#buffer[this.length++] = v & 0xff;
      return;
    }
    let v = BigInt.asUintN(64, BigInt(value));
    for (let i = 0; i < size; i++, v >>= 8n) this.#buffer[this.length++] = Number(v & 0xffn);
  }

  u8(value: number): void {
    this.number(value, 1);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  zeros(count: number): void {
    this.#room(count);
    this.#buffer.fill(0, this.length, this.length + count);
    this.length += count;
  }

  /** UTF-8 with a zero at the end. */
  string(text: string): void {
    this.raw(encodeText(text));
    this.u8(0);
  }

  /** Unsigned LEB128 (DWARF 4, section 7.6). */
  unsigned(value: number): void {
    let v = value;
    do {
      const low = v & 0x7f;
      v = Math.floor(v / 128);
      this.u8(v > 0 ? low | 0x80 : low);
    } while (v > 0);
  }

  /** Signed LEB128. */
  signed(value: number): void {
    let v = value;
    for (;;) {
      const low = v & 0x7f;
      v >>= 7;
      const done = (v === 0 && (low & 0x40) === 0) || (v === -1 && (low & 0x40) !== 0);
      this.u8(done ? low : low | 0x80);
      if (done) return;
    }
  }
}
