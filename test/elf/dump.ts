/** Reads an ELF object file and writes it down as text, so that a golden file shows what is in it. */

interface Header {
  name: string;
  type: number;
  flags: number;
  offset: number;
  size: number;
  link: number;
  info: number;
  align: number;
  entrySize: number;
}

/** An object file, as far as its dump needs it. */
export class ElfReader {
  readonly #view: DataView;
  readonly word: 4 | 8;
  readonly headers: Header[] = [];

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.word = bytes[4] === 2 ? 8 : 4;
    const table = this.#word(this.word === 8 ? 0x28 : 0x20);
    const count = this.#view.getUint16(this.word === 8 ? 0x3c : 0x30, true);
    const strings = this.#view.getUint16(this.word === 8 ? 0x3e : 0x32, true);
    const w = this.word;
    const size = w === 8 ? 64 : 40;
    const names: number[] = [];
    for (let i = 0; i < count; i++) {
      const at = table + i * size;
      names.push(this.#u32(at));
      const tail = at + 8 + 4 * w;
      this.headers.push({
        name: '',
        type: this.#u32(at + 4),
        flags: this.#word(at + 8),
        offset: this.#word(at + 8 + 2 * w),
        size: this.#word(at + 8 + 3 * w),
        link: this.#u32(tail),
        info: this.#u32(tail + 4),
        align: this.#word(tail + 8),
        entrySize: this.#word(tail + 8 + w),
      });
    }
    this.headers.forEach((h, i) => {
      h.name = this.string(strings, names[i]);
    });
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  #word(at: number): number {
    return this.word === 8 ? Number(this.#view.getBigUint64(at, true)) : this.#u32(at);
  }

  /** Content of a section. */
  data(index: number): Uint8Array {
    const { offset, size } = this.headers[index];
    return this.bytes.subarray(offset, offset + size);
  }

  /** A zero-terminated text in a section. */
  string(section: number, at: number): string {
    let text = '';
    for (let i = this.headers[section].offset + at; this.bytes[i] !== 0; i++)
      text += String.fromCharCode(this.bytes[i]);
    return text;
  }

  #symbol(table: number, index: number) {
    const h = this.headers[table];
    const at = h.offset + index * h.entrySize;
    const wide = this.word === 8;
    const value = wide ? this.#word(at + 8) : this.#u32(at + 4);
    const size = wide ? this.#word(at + 16) : this.#u32(at + 8);
    const rest = at + (wide ? 4 : 12);
    const place = this.#view.getUint16(rest + 2, true);
    const name = this.string(h.link, this.#u32(at));
    return { name, value, size, info: this.bytes[rest], other: this.bytes[rest + 1], place };
  }

  #relocation(index: number, at: number): string {
    const h = this.headers[index];
    const info = this.#word(at + this.word);
    const symbol = this.word === 8 ? this.#u32(at + 12) : info >>> 8;
    const type = this.word === 8 ? this.#u32(at + 8) : info & 0xff;
    const s = this.#symbol(h.link, symbol);
    const name = s.name === '' && symbol > 0 ? this.headers[s.place].name : s.name;
    let line = `  ${this.#word(at).toString(16)} type ${type} ${name}`;
    if (h.type === 4) {
      const addend =
        this.word === 8 ? this.#view.getBigInt64(at + 16, true) : BigInt(this.#view.getInt32(at + 8, true));
      line += ` ${addend}`;
    }
    return line;
  }

  /** Everything but offsets and name tables. */
  dump(): string {
    const lines: string[] = [`osabi ${this.bytes[7]},${this.bytes[8]} machine ${this.bytes[18]}`];
    this.headers.forEach((h, i) => {
      if (i === 0 || h.type === 3) return;
      lines.push(
        `[${i}] ${h.name} type ${h.type} flags ${h.flags} size ${h.size} align ${h.align} entry ${h.entrySize}`,
      );
      if (h.type === 2) {
        for (let k = 1; k * h.entrySize < h.size; k++) {
          const s = this.#symbol(i, k);
          lines.push(
            `  ${k}${k < h.info ? '' : '*'} ${s.name} value ${s.value.toString(16)} size ${s.size} info ${s.info.toString(16)} other ${s.other} section ${s.place}`,
          );
        }
      } else if (h.type === 4 || h.type === 9) {
        lines.push(`  for [${h.info}]`);
        for (let at = h.offset; at < h.offset + h.size; at += h.entrySize)
          lines.push(this.#relocation(i, at));
      } else if (h.type !== 8) {
        const data = this.data(i);
        for (let k = 0; k < data.length; k += 32)
          lines.push(`  ${Buffer.from(data.subarray(k, k + 32)).toString('hex')}`);
      }
    });
    return `${lines.join('\n')}\n`;
  }
}
