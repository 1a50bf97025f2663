import type { SourceFile } from './source';
import { type Word, wordOf } from './word';

/** What a token is, before any keyword has a meaning. */
export const enum Kind {
  Identifier,
  Number,
  Float,
  String,
  Operator,
  /** `%name`, `%1`, `%%name`, `%$name`, `%[…]`, `%+` …; braces of `%{…}` are already removed from the text. */
  Preprocessor,
}

/** Which single-line macros a token came out of, innermost first. */
export interface Provenance {
  macro: string;
  parent?: Provenance;
}

/**
 * One token with the exact place it was written at. A token that came out of a
 * single-line macro carries the place of the call and its provenance.
 */
export class Token {
  constructor(
    readonly kind: Kind,
    readonly text: string,
    /** White space stood before it. */
    readonly space: boolean,
    readonly file: SourceFile,
    /** From 1. */
    readonly line: number,
    /** From 1, UTF-16 units; `end` is exclusive. */
    readonly column: number,
    readonly end: number,
    readonly provenance?: Provenance,
    private known?: Word,
  ) {}

  /** What is known of the text as a word. */
  get word(): Word {
    this.known ??= wordOf(this.text);
    return this.known;
  }

  /** The text in lower case: keywords, mnemonics and registers ignore case. */
  get lower(): string {
    return this.word.lower;
  }

  /** The same place with another content. */
  with(kind: Kind, text: string, space = this.space): Token {
    return new Token(kind, text, space, this.file, this.line, this.column, this.end, this.provenance);
  }

  /** The same token with or without white space before it. */
  spaced(space: boolean): Token {
    if (space === this.space) return this;
    const { kind, text, file, line, column, end, provenance, known } = this;
    return new Token(kind, text, space, file, line, column, end, provenance, known);
  }

  /** The same token on a line of the same text. */
  moved(line: number, columns: number): Token {
    const { kind, text, space, file, column, end, provenance, known } = this;
    return new Token(kind, text, space, file, line, column + columns, end + columns, provenance, known);
  }

  /** The content of a macro body, put where the macro was called. */
  calledAt(call: Token, provenance: Provenance, space: boolean): Token {
    const { kind, text, known } = this;
    return new Token(kind, text, space, call.file, call.line, call.column, call.end, provenance, known);
  }

  /** Is this the operator `text`? */
  is(text: string): boolean {
    return this.kind === Kind.Operator && this.text === text;
  }
}

/** Writes tokens as text again: white space as single blanks. */
export function detokenise(tokens: readonly Token[]): string {
  let text = '';
  for (let i = 0; i < tokens.length; i++) text += (i > 0 && tokens[i].space ? ' ' : '') + tokens[i].text;
  return text;
}
