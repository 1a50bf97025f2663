import { decodeText } from './encoding';
import { isBlank, tokenise } from './lexer';
import { Kind, type Token } from './token';

/**
 * One logical line: physical lines joined by `\\` at their ends. Its tokens are
 * made when somebody asks for them: many a line is parsed once and then known,
 * and tokens that nobody keeps cost next to nothing.
 */
export class SourceLine {
  #tokens: readonly Token[] | undefined;
  #percent = false;
  /** Whatever the parser makes of it when no macro changes it. */
  statement: unknown = undefined;
  /** Instead of a statement: the bytes, where nothing else is needed any more. */
  fixed: unknown = undefined;
  /** Name of the preprocessor directive it starts with, lower case, without `%`. */
  readonly directive: string | undefined;
  /** When the preprocessor last saw that no macro changes the line; belongs to preprocess/names.ts. */
  plain = 0;

  constructor(
    readonly file: SourceFile,
    /** Number of its first physical line. */
    public number: number,
    /** The text it stands in, and where. */
    readonly whole: string,
    readonly from: number,
    readonly to: number,
    /** First character of its physical line. */
    private readonly start: number,
    tokens?: readonly Token[],
  ) {
    this.#tokens = tokens;
    this.directive = tokens && directiveOf(tokens);
    if (tokens) this.#percent = tokens.some(isPreprocessors);
  }

  /** Column of the first token, from 1. */
  get column(): number {
    return this.#tokens ? this.#tokens[0].column : this.from - this.start + 1;
  }

  /** The text, mostly without comment; empty when only the tokens are known. */
  get text(): string {
    return this.whole.slice(this.from, this.to);
  }

  /** The tokens, kept for the next time. */
  get tokens(): readonly Token[] {
    this.#tokens ??= this.read();
    return this.#tokens;
  }

  /** The tokens, not kept. */
  read(): readonly Token[] {
    if (this.#tokens) return this.#tokens;
    const { whole, start, to, file, number } = this;
    const tokens = tokenise(whole, file, number, undefined, start, to);
    this.#percent = tokens.some(isPreprocessors);
    return tokens;
  }

  /** Some token is the preprocessor's: parameters or `%[…]` may have to be replaced. Known once the line was read. */
  get percent(): boolean {
    return this.#percent;
  }
}

const isPreprocessors = (t: Token) => t.kind === Kind.Preprocessor;

/** A file split into lines of tokens. */
export interface SourceFile {
  path: string;
  /** Position in the list of dependencies. */
  index: number;
  lines: SourceLine[];
}

/** A file as text in which only `\n` and `\r\n` end lines. */
export function readText(data: Uint8Array): string {
  const text = decodeText(data);
  return ODD_LINE_END.test(text) ? text.replaceAll(ODD_LINE_ENDS, '\n') : text;
}

/** Name of the directive a line starts with; `line` for `# 5 "file"`. */
export function directiveOf(tokens: readonly Token[]): string | undefined {
  const first = tokens[0];
  // As the C preprocessor writes it.
  if (first?.is('#') && !first.space) return 'line';
  if (first?.kind !== Kind.Preprocessor) return undefined;
  const c = first.text.charCodeAt(1);
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) ? first.lower.slice(1) : undefined;
}

/** The token that stands for a place in messages. */
export function tokenOf(place: Token | SourceLine): Token {
  return place instanceof SourceLine ? place.tokens[0] : place;
}

/** Makes a line out of tokens. */
export function makeLine(file: SourceFile, number: number, tokens: readonly Token[]): SourceLine {
  return new SourceLine(file, number, '', 0, 0, 0, tokens);
}

// A carriage return alone, MS-DOS's end of file and NUL end a line too, as in NASM.
// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
const ODD_LINE_END = /\r(?!\n)|[\x1a\0]/;
const ODD_LINE_ENDS = new RegExp(ODD_LINE_END, 'g');

/** Reads a whole file into lines. */
export function readSource(path: string, index: number, data: Uint8Array): SourceFile {
  const text = readText(data);
  const file: SourceFile = { path, index, lines: [] };
  const comments = new Comments(text);
  let at = 0;
  let number = 1;
  while (at < text.length) {
    const next = lineEnd(text, at);
    if (next.continued) {
      const joined = joinedLine(text, at, file, number);
      if (joined.tokens.length > 0) file.lines.push(makeLine(file, number, joined.tokens));
      at = joined.after;
      number += joined.count;
      continue;
    }
    const from = skipBlanks(text, at, next.end);
    const first = text.charCodeAt(from);
    if (from < next.end && first !== SEMICOLON) {
      const end = comments.cut(from, next.end);
      // Directives are read again and again.
      const read = first === PERCENT || (first === HASH && from === at);
      const tokens = read ? tokenise(text, file, number, undefined, at, end) : undefined;
      file.lines.push(new SourceLine(file, number, text, from, end, at, tokens));
    }
    at = next.after;
    number++;
  }
  return file;
}

const SEMICOLON = 0x3b;
const PERCENT = 0x25;
const HASH = 0x23;

/** Finds the comments at the ends of lines, going through a text once. */
class Comments {
  #next = -1;

  constructor(readonly text: string) {}

  /** The end of the line [from, to) without its comment, if that is easily told: a semicolon may be part of a string or of `%[…]`. */
  cut(from: number, to: number): number {
    const { text } = this;
    if (this.#next < from) {
      this.#next = text.indexOf(';', from);
      if (this.#next < 0) this.#next = text.length;
    }
    let end = Math.min(this.#next, to);
    if (end === to) return to;
    for (let i = from; i < end; i++) {
      const c = text.charCodeAt(i);
      if (c === 0x22 || c === 0x27 || c === 0x60 || c === PERCENT) return to;
    }
    while (end > from && isBlank(text.charCodeAt(end - 1))) end--;
    return end;
  }
}

function skipBlanks(text: string, from: number, to: number): number {
  let i = from;
  while (i < to && isBlank(text.charCodeAt(i))) i++;
  return i;
}

/** Reads physical lines joined by backslashes. */
function joinedLine(
  text: string,
  from: number,
  file: SourceFile,
  number: number,
): { tokens: Token[]; after: number; count: number } {
  const starts: number[] = [];
  const parts: string[] = [];
  let length = 0;
  let at = from;
  for (;;) {
    const piece = lineEnd(text, at);
    starts.push(length);
    const part = text.slice(at, piece.end);
    parts.push(part);
    length += part.length;
    at = piece.after;
    if (!piece.continued || at >= text.length) break;
  }
  const locate = (offset: number) => {
    let row = starts.length - 1;
    while (row > 0 && starts[row] > offset) row--;
    return { line: number + row, column: offset - starts[row] + 1 };
  };
  return { tokens: tokenise(parts.join(''), file, number, locate), after: at, count: starts.length };
}

/** The end of the physical line at `at`, without its line ending and continuation backslash. */
function lineEnd(text: string, at: number): { end: number; after: number; continued: boolean } {
  let end = text.indexOf('\n', at);
  const after = end < 0 ? text.length : end + 1;
  if (end < 0) end = text.length;
  if (end > at && text.charCodeAt(end - 1) === 13) end--;
  const continued = end > at && text.charCodeAt(end - 1) === 0x5c;
  return { end: continued ? end - 1 : end, after, continued };
}
