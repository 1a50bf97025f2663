import type { Diagnostic, FileProvider, Severity } from '../api';
import type { EncodedField } from '../encode/statement';
import type { Listing } from '../layout/listing';
import { Section } from '../layout/section';
import { MAX_LISTED } from '../limits';
import type { Frame } from '../preprocess/state';
import { readText, type SourceLine } from '../text/source';
import { detokenise, type Token } from '../text/token';

/** Columns of NASM's listing: hexadecimal digits a line, longest source text. */
const HEX = 18;
const LONGEST = 1020;
/** Reserved space up to this many bytes is shown as `??`. */
const RESERVED = 8;
/** What fills the columns of code beside a message. */
const FILL: Readonly<Record<Severity, string>> = { error: '*', warning: '*', note: '-' };

const hex = (n: number, digits: number) => n.toString(16).toUpperCase().padStart(digits, '0');

const plain = (d: Diagnostic) => `${d.severity}: ${d.message}`;

/** Lines of a file as they were written. */
class Text {
  readonly lines: string[];
  /** The next line to list. */
  next = 0;

  constructor(data: Uint8Array | undefined) {
    const text = readText(data ?? new Uint8Array(0));
    this.lines = text.split('\n').map((l) => (l.endsWith('\r') ? l.slice(0, -1) : l));
    if (this.lines[this.lines.length - 1] === '') this.lines.pop();
  }

  /** The logical line at index `at`: lines that end in `\` are joined. `used` counts them. */
  logical(at: number): { text: string; used: number } {
    let text = this.lines[at];
    let used = 1;
    while (text.endsWith('\\') && at + used < this.lines.length) {
      text = text.slice(0, -1) + this.lines[at + used];
      used++;
    }
    return { text, used };
  }
}

/** How deep frames are listed; null: not at all. Each frame is asked about for each of its lines. */
const levels = new WeakMap<Frame, number | null>();

/** Does a `.nolist` or standard macro hide what this frame holds? Otherwise how deep it is listed. */
function levelOf(frame: Frame): number | null {
  let level = levels.get(frame);
  if (level === undefined) {
    level = frame.parent ? levelOf(frame.parent) : 0;
    if (frame.kind === 'macro' && frame.call!.macro.nolist) level = null;
    else if (level !== null && isDeeper(frame)) level++;
    levels.set(frame, level);
  }
  return level;
}

/** Is a frame listed deeper than the one around it? All are but the main file. */
function isDeeper({ kind, parent }: Frame): boolean {
  return kind !== 'file' || (parent?.file !== undefined && parent.file.index >= 0);
}

/** Writes a listing in NASM's form. */
export class ListingWriter implements Listing {
  #out: string[] = [];
  #texts: { frame: Frame; text: Text }[] = [];
  /** The line that is not yet written: what the statement makes still comes. */
  #number = 0;
  #level = 0;
  #line: string | undefined;
  #data = '';
  #offset = 0;
  #errors: { severity: Severity; text: string }[] = [];
  #binary = false;
  /** `times` that assembles one by one: how often, and whether this is one that is not shown. */
  #times = 1;
  #hidden = false;
  hidden = false;

  constructor(
    readonly files: FileProvider,
    /** A message as it shall stand in the listing; undefined: not at all. */
    readonly message: (diagnostic: Diagnostic) => string | undefined = plain,
  ) {}

  begin(): void {
    this.#out = [];
    this.#texts = [];
    this.#number = 0;
    this.#level = 0;
    this.#line = undefined;
    this.#data = '';
    this.#errors = [];
    this.#binary = false;
  }

  line(line: SourceLine, frame: Frame): void {
    if (frame.kind === 'file') {
      if (!frame.file || frame.file.index < 0) return;
      const level = levelOf(frame);
      if (level === null) return;
      const text = this.#textOf(frame);
      this.#upTo(text, line.number - 1, frame, level);
      const { text: content, used } = text.logical(line.number - 1);
      text.next = line.number - 1 + used;
      this.#begin(numberOf(frame, line.number), level, content);
      return;
    }
    if (line.file.index < 0) return;
    const level = levelOf(frame);
    if (level === null) return;
    const space = line.tokens[0].space ? ' ' : '';
    this.#begin(line.number, level, space + detokenise(line.tokens));
  }

  label(tokens: readonly Token[], frame: Frame): void {
    const level = levelOf(frame);
    if (level === null || frame.kind !== 'macro') return;
    this.#begin(this.#number, level, `${detokenise(tokens)} `);
  }

  end(frame: Frame): void {
    if (!frame.file || frame.file.index < 0) return;
    const level = levelOf(frame);
    const text = this.#textOf(frame);
    if (level !== null) this.#upTo(text, text.lines.length, frame, level);
    this.#texts = this.#texts.filter((t) => t.frame !== frame);
  }

  #textOf(frame: Frame): Text {
    const last = this.#texts[this.#texts.length - 1];
    if (last?.frame === frame) return last.text;
    const known = this.#texts.find((t) => t.frame === frame);
    if (known) return known.text;
    const text = new Text(this.files.read(frame.file!.path));
    this.#texts.push({ frame, text });
    return text;
  }

  /** Lists what stands before line index `end`: blank lines and comments. */
  #upTo(text: Text, end: number, frame: Frame, level: number): void {
    while (text.next < end) {
      const { text: content, used } = text.logical(text.next);
      this.#begin(numberOf(frame, text.next + 1), level, content);
      text.next += used;
    }
  }

  #begin(number: number, level: number, text: string): void {
    if (this.hidden) return;
    this.#emit();
    this.#number = number;
    this.#level = level;
    this.#line = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  }

  /** Has the listing all the lines it may have? */
  get #full(): boolean {
    return this.#out.length >= MAX_LISTED;
  }

  /** Writes the pending line. */
  #emit(): void {
    if (this.#full) {
      if (this.#out.length === MAX_LISTED)
        this.#out.push(`... more than ${MAX_LISTED} lines: the rest is left out`);
      this.#line = undefined;
      this.#data = '';
      this.#errors = [];
      return;
    }
    const mark = `${this.#level < 10 ? ' ' : ''}<${this.#level}>`;
    const number = String(this.#number).padStart(6);
    if (this.#line !== undefined || this.#data !== '') {
      let row = `${number} `;
      row +=
        this.#data === ''
          ? ' '.repeat(HEX + 10)
          : `${hex(this.#offset % 2 ** 32, 8)} ${this.#data.padEnd(HEX + 1)}`;
      if (this.#level > 0) row += mark;
      else if (this.#line !== undefined) row += '    ';
      if (this.#line !== undefined) row += ` ${this.#line}`;
      this.#out.push(row);
    }
    this.#line = undefined;
    this.#data = '';
    for (const { severity, text } of this.#errors) {
      const where = this.#level > 0 ? ` ${mark}` : '     ';
      this.#out.push(`${number}          ${FILL[severity].repeat(HEX)}${where}  ${text}`);
    }
    if (this.#errors.length > 0) this.#errors = [];
  }

  /** Adds a piece that is never divided. */
  #put(offset: number, piece: string): void {
    if (this.#data.length + piece.length > HEX) {
      this.#data += '-';
      this.#emit();
    }
    if (this.#data === '') this.#offset = offset;
    this.#data += piece;
  }

  bytes(offset: number, bytes: Uint8Array, count: number, fields: readonly EncodedField[] | undefined): void {
    if (this.#full) return;
    if (this.#hidden || this.hidden) {
      this.#hidden = false;
      this.#binary = false;
      return;
    }
    if (this.#binary) {
      this.#binary = false;
      this.#put(offset, `<bin ${bytes.length.toString(16).toUpperCase()}h>`);
    } else this.#raw(offset, bytes, fields);
    const times = Math.max(count, this.#times);
    this.#times = 1;
    if (times > 1) this.#put(offset, `<rep ${times.toString(16).toUpperCase()}h>`);
  }

  #raw(offset: number, bytes: Uint8Array, fields: readonly EncodedField[] | undefined): void {
    let next = 0;
    for (let i = 0; i < bytes.length && !this.#full; ) {
      const field = fields && next < fields.length && fields[next].offset === i ? fields[next++] : undefined;
      if (!field || (field.relative ? field.reference.here : field.reference.base === undefined)) {
        this.#put(offset + i, hex(bytes[i], 2));
        i++;
        continue;
      }
      let digits = '';
      // Flat binaries know the address, but the listing shows the place in the section.
      const { base } = field.reference;
      let value = field.value.value - (base instanceof Section ? base.vstart : 0n);
      for (let k = 0; k < field.size; k++, value >>= 8n) digits += hex(Number(value & 0xffn), 2);
      const outside = field.relative || field.reference.self;
      this.#put(offset + i, outside ? `(${digits})` : `[${digits}]`);
      i += field.size;
    }
  }

  reserve(offset: number, length: number): void {
    if (this.hidden) return;
    this.#put(
      offset,
      length > RESERVED ? `<res ${length.toString(16).toUpperCase()}h>` : '??'.repeat(length),
    );
  }

  binary(): void {
    this.#binary = true;
  }

  iteration(index: number, count: number): void {
    this.#times = index === 0 ? count : 1;
    this.#hidden = index > 0;
  }

  diagnostic(diagnostic: Diagnostic): void {
    const text = this.message(diagnostic);
    if (text !== undefined) this.#errors.push({ severity: diagnostic.severity, text });
  }

  /** Everything so far. */
  text(): string {
    this.#emit();
    return this.#out.length === 0 ? '' : `${this.#out.join('\n')}\n`;
  }
}

/** A line's number, `%line` followed. */
function numberOf(frame: Frame, number: number): number {
  const r = frame.renumbered;
  return r && number >= r.from ? r.to + (number - r.from) * r.step : number;
}
