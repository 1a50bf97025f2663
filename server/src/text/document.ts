import {
  encodeText,
  Kind,
  makeLine,
  readSource,
  type SourceFile,
  type SourceLine,
} from '@hyperstep/assembler';
import type { Position, Range } from 'vscode-languageserver';
import { WordIndex } from './words';

/** One change of a text; without a range the whole text is new. */
export interface TextChange {
  range?: Range;
  text: string;
}

/** A change as the token lines see it: lines taken out and put in at an index. */
export interface LineChange {
  /** The revision it led to. */
  revision: number;
  index: number;
  removed: readonly SourceLine[];
  added: readonly SourceLine[];
}

/** Changes kept: whoever is further behind starts anew. */
const MAX_CHANGES = 64;

const LINE_ENDS = /\r\n|\r|\n/;
// NASM ends a line at MS-DOS's end of file and at NUL; an editor does not, and its line numbers are what counts here.
// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
const NO_LINE_END = /[\x1a\0]/g;

/**
 * The text of a file as physical lines, and the assembler's tokens of it. A
 * change reads only the lines it touches again; tokens behind it keep their
 * identity (and with it the statements parsed from them) and are renumbered.
 */
export class Document {
  lines: string[] = [];
  /** Token lines, for the assembler. */
  readonly source: SourceFile;
  /** Token line that begins at this physical line, if any. */
  private at: (SourceLine | undefined)[] = [];
  version = 0;
  /** Counts every change. */
  revision = 0;
  /** The last revision in which a line that begins with `%` came or went. */
  directives = 0;
  private readonly log: LineChange[] = [];
  private index: WordIndex | undefined;
  private bytes: { revision: number; data: Uint8Array } | undefined;

  constructor(
    readonly path: string,
    readonly uri: string,
    text: string,
  ) {
    this.source = { path, index: 0, lines: [] };
    this.replaceAll(text);
  }

  get lineCount(): number {
    return this.lines.length;
  }

  get text(): string {
    return this.lines.join('\n');
  }

  /** The bytes of the text, made at most once a revision. */
  get data(): Uint8Array {
    if (this.bytes?.revision !== this.revision)
      this.bytes = { revision: this.revision, data: encodeText(this.text) };
    return this.bytes.data;
  }

  /** Where words occur. Made when first asked for. */
  get words(): WordIndex {
    this.index ??= new WordIndex(this.source.lines);
    return this.index;
  }

  /** A physical line's text; empty beyond the end. */
  line(number: number): string {
    return this.lines[number] ?? '';
  }

  /** The token line that contains physical line `number` (joined lines included), if it has tokens. */
  tokensAt(number: number): SourceLine | undefined {
    const exact = this.at[number];
    if (exact) return exact;
    let first = number;
    while (first > 0 && this.lines[first - 1]?.endsWith('\\')) first--;
    return first === number ? undefined : this.at[first];
  }

  /** Follows the editor. */
  update(changes: readonly TextChange[], version: number): void {
    for (const change of changes) {
      if (change.range) this.splice(change.range, change.text);
      else this.replaceAll(change.text);
    }
    this.version = version;
  }

  /** The changes that followed a revision, oldest first; undefined when they are not known any more. */
  changesSince(revision: number): readonly LineChange[] | undefined {
    if (revision === this.revision) return [];
    const at = this.log.findIndex((c) => c.revision === revision + 1);
    return at < 0 ? undefined : this.log.slice(at);
  }

  private replaceAll(text: string): void {
    this.revision++;
    this.lines = text.split(LINE_ENDS);
    this.at = new Array(this.lines.length).fill(undefined);
    this.retokenise(0, this.lines.length);
    this.collect();
  }

  private splice(range: Range, text: string): void {
    this.revision++;
    const { start, end } = this.clamp(range);
    const head = this.line(start.line).slice(0, start.character);
    const tail = this.line(end.line).slice(end.character);
    const fresh = (head + text + tail).split(LINE_ENDS);
    const removed = end.line - start.line + 1;
    const joined = this.joins(start.line - 1, end.line);
    const delta = fresh.length - removed;
    replace(this.lines, start.line, removed, fresh);
    replace(this.at, start.line, removed, new Array(fresh.length).fill(undefined));
    if (delta !== 0) this.renumber(start.line + fresh.length, delta);
    let from = start.line;
    let to = start.line + fresh.length;
    // Lines joined by a backslash are one line of tokens.
    while (from > 0 && this.lines[from - 1].endsWith('\\')) from--;
    if (joined) while (to < this.lines.length && this.at[to] === undefined) to++;
    while (to < this.lines.length && this.lines[to - 1].endsWith('\\')) to++;
    this.retokenise(from, to);
    this.collect();
  }

  /** Is any of the lines joined to the next one? */
  private joins(from: number, to: number): boolean {
    for (let i = Math.max(0, from); i <= to && i < this.lines.length; i++)
      if (this.lines[i].endsWith('\\')) return true;
    return false;
  }

  private clamp(range: Range): Range {
    const place = ({ line, character }: Position): Position => {
      const last = this.lines.length - 1;
      if (line > last) return { line: last, character: this.lines[last].length };
      const l = Math.max(0, line);
      return { line: l, character: Math.max(0, Math.min(character, this.lines[l].length)) };
    };
    const start = place(range.start);
    const end = place(range.end);
    const ordered = start.line < end.line || (start.line === end.line && start.character <= end.character);
    return ordered ? { start, end } : { start: end, end: start };
  }

  /** Reads physical lines [from, to) again. */
  private retokenise(from: number, to: number): void {
    const text = this.lines.slice(from, to).join('\n').replaceAll(NO_LINE_END, ' ');
    const piece = encodeText(text);
    const read = readSource(this.path, 0, piece);
    for (let i = from; i < to; i++) this.at[i] = undefined;
    for (const line of read.lines) {
      for (const token of line.tokens) {
        const moved = token as { file: SourceFile; line: number };
        moved.file = this.source;
        moved.line += from;
      }
      this.at[line.number - 1 + from] = makeLine(this.source, line.number + from, line.tokens);
    }
  }

  /** Moves the tokens from physical line `from` on by `delta` lines. */
  private renumber(from: number, delta: number): void {
    for (let i = from; i < this.at.length; i++) {
      const line = this.at[i];
      if (!line) continue;
      line.number += delta;
      for (const token of line.tokens) {
        (token as { line: number }).line += delta;
        // Statements may hold copies of tokens that carry functions of strings.
        if (token.text.charCodeAt(0) === 0x5f && token.kind === Kind.Identifier) line.statement = undefined;
      }
    }
  }

  private collect(): void {
    const { lines } = this.source;
    const before = lines.slice();
    let n = 0;
    for (const line of this.at) if (line) lines[n++] = line;
    lines.length = n;
    const shorter = Math.min(n, before.length);
    let head = 0;
    while (head < shorter && lines[head] === before[head]) head++;
    let tail = 0;
    while (tail < shorter - head && lines[n - 1 - tail] === before[before.length - 1 - tail]) tail++;
    const removed = before.slice(head, before.length - tail);
    const added = lines.slice(head, n - tail);
    const directive = (line: SourceLine) => line.tokens[0].kind === Kind.Preprocessor;
    if (removed.some(directive) || added.some(directive)) this.directives = this.revision;
    if (removed.length + added.length > n / 2) this.index = undefined;
    else this.index?.replace(removed, added);
    this.log.push({ revision: this.revision, index: head, removed, added });
    if (this.log.length > MAX_CHANGES) this.log.shift();
  }
}

/** `splice` for arrays too long to spread. */
function replace<T>(array: T[], start: number, removed: number, fresh: readonly T[]): void {
  if (fresh.length === removed) for (let i = 0; i < removed; i++) array[start + i] = fresh[i];
  else if (fresh.length < 10_000) array.splice(start, removed, ...fresh);
  else {
    const tail = array.slice(start + removed);
    array.length = start;
    for (const item of fresh) array.push(item);
    for (const item of tail) array.push(item);
  }
}
