import { tokenise } from './lexer';
import { Kind, type Token } from './token';

/** One logical line: physical lines joined by `\` at their ends. Read once, used by every pass. */
export interface SourceLine {
  file: SourceFile;
  /** Number of its first physical line. */
  number: number;
  tokens: readonly Token[];
  /** Name of the preprocessor directive it starts with, lower case, without `%`. */
  directive: string | undefined;
  /** Some token is the preprocessor's: parameters or `%[…]` may have to be replaced. */
  percent: boolean;
  /** Whatever the parser makes of it when no macro changes it. */
  statement?: unknown;
  /** Instead of a statement: the bytes, where nothing else is needed any more. */
  fixed?: unknown;
}

/** A file split into lines of tokens. */
export interface SourceFile {
  path: string;
  /** Position in the list of dependencies. */
  index: number;
  lines: SourceLine[];
  /** True when the file is not UTF-8: its characters are then its bytes. */
  bytes: boolean;
}

function decode(data: Uint8Array): { text: string; bytes: boolean } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(data), bytes: false };
  } catch {
    return { text: new TextDecoder('latin1').decode(data), bytes: true };
  }
}

/** Name of the directive a line starts with. */
export function directiveOf(tokens: readonly Token[]): string | undefined {
  const first = tokens[0];
  if (first?.kind !== Kind.Preprocessor) return undefined;
  const c = first.text.charCodeAt(1);
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) ? first.lower.slice(1) : undefined;
}

/** Makes a line out of tokens. */
export function makeLine(file: SourceFile, number: number, tokens: readonly Token[]): SourceLine {
  return {
    file,
    number,
    tokens,
    directive: directiveOf(tokens),
    percent: tokens.some((t) => t.kind === Kind.Preprocessor),
    statement: undefined,
    fixed: undefined,
  };
}

/** Reads a whole file into lines of tokens. */
export function readSource(path: string, index: number, data: Uint8Array): SourceFile {
  const { text, bytes } = decode(data);
  const file: SourceFile = { path, index, lines: [], bytes };
  let at = 0;
  let number = 1;
  while (at < text.length) {
    const next = lineEnd(text, at);
    if (!next.continued) {
      const tokens = tokenise(text.slice(at, next.end), file, number);
      if (tokens.length > 0) file.lines.push(makeLine(file, number, tokens));
      at = next.after;
      number++;
      continue;
    }
    const starts: number[] = [];
    const first = number;
    const parts: string[] = [];
    let length = 0;
    for (;;) {
      const piece = lineEnd(text, at);
      starts.push(length);
      const part = text.slice(at, piece.end);
      parts.push(part);
      length += part.length;
      at = piece.after;
      number++;
      if (!piece.continued || at >= text.length) break;
    }
    const locate = (offset: number) => {
      let row = starts.length - 1;
      while (row > 0 && starts[row] > offset) row--;
      return { line: first + row, column: offset - starts[row] + 1 };
    };
    const tokens = tokenise(parts.join(''), file, first, locate);
    if (tokens.length > 0) file.lines.push(makeLine(file, first, tokens));
  }
  return file;
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
