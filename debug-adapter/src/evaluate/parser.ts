import { RequestError } from '../errors';
import { type Token, tokenize } from './lexer';

/** An expression in the dialect's operators, plus registers and memory operands. */
export type Expression =
  | { kind: 'number'; value: bigint }
  | { kind: 'name'; name: string }
  /** `$`: the current instruction's address. */
  | { kind: 'here' }
  | { kind: 'memory'; size?: number; segment?: string; address: Expression }
  | { kind: 'unary'; operator: string; operand: Expression }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression }
  | { kind: 'conditional'; test: Expression; yes: Expression; no: Expression };

/** Operand sizes as the dialect names them. */
export const SIZES: Readonly<Record<string, number>> = { byte: 1, word: 2, dword: 4, qword: 8 };

const SEGMENTS = new Set(['es', 'cs', 'ss', 'ds', 'fs', 'gs']);

/** Binary operators by rising precedence (NASM manual 3.5). */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['^^'],
  ['&&'],
  ['=', '==', '!=', '<>', '<', '<=', '>', '>=', '<=>'],
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>', '<<<', '>>>'],
  ['+', '-'],
  ['*', '/', '//', '%', '%%'],
];

const UNARY = new Set(['-', '+', '~', '!']);

/** Deeper nesting than this is a mistake, not an expression. */
const MAX_DEPTH = 100;

/** Parses one whole expression; throws a {@link RequestError} that quotes what was not understood. */
export function parseExpression(text: string): Expression {
  return new Parser(text).whole();
}

class Parser {
  private readonly tokens: Token[];
  private position = 0;
  private depth = 0;

  constructor(private readonly text: string) {
    this.tokens = tokenize(text);
  }

  whole(): Expression {
    if (this.tokens.length === 0) throw new RequestError('An expression is missing.');
    const expression = this.conditional();
    if (this.position < this.tokens.length) this.unexpected();
    return expression;
  }

  private peek(): Token | undefined {
    return this.tokens[this.position];
  }

  private accept(...operators: string[]): string | undefined {
    const token = this.peek();
    if (token?.kind !== 'operator' || !operators.includes(token.text)) return undefined;
    this.position++;
    return token.text;
  }

  private expect(operator: string): void {
    if (!this.accept(operator)) this.unexpected(`'${operator}'`);
  }

  private unexpected(wanted?: string): never {
    const token = this.peek();
    const what = token ? `'${token.text}'` : 'the end';
    throw new RequestError(
      `Cannot read '${this.text}': unexpected ${what}${wanted ? `, expected ${wanted}` : ''}.`,
    );
  }

  private conditional(): Expression {
    if (++this.depth > MAX_DEPTH) throw new RequestError('The expression is nested too deeply.');
    const test = this.binary(0);
    let result = test;
    if (this.accept('?')) {
      const yes = this.conditional();
      this.expect(':');
      result = { kind: 'conditional', test, yes, no: this.conditional() };
    }
    this.depth--;
    return result;
  }

  private binary(level: number): Expression {
    if (level === LEVELS.length) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      const operator = this.accept(...LEVELS[level]);
      if (!operator) return left;
      left = { kind: 'binary', operator, left, right: this.binary(level + 1) };
    }
  }

  private unary(): Expression {
    const token = this.peek();
    if (token?.kind === 'operator' && UNARY.has(token.text)) {
      if (++this.depth > MAX_DEPTH) throw new RequestError('The expression is nested too deeply.');
      this.position++;
      const operand = this.unary();
      this.depth--;
      return { kind: 'unary', operator: token.text, operand };
    }
    return this.primary();
  }

  private primary(): Expression {
    const token = this.peek();
    if (!token) this.unexpected('a value');
    if (token.kind === 'number') {
      this.position++;
      return { kind: 'number', value: token.value };
    }
    if (token.kind === 'name') {
      this.position++;
      const size = SIZES[token.text.toLowerCase()];
      const after = this.peek();
      if (size && after?.kind === 'operator' && after.text === '[') return this.memory(size);
      if (size && after && after.kind !== 'operator') this.unexpected("'['");
      return { kind: 'name', name: token.text };
    }
    if (token.text === '[') return this.memory(undefined);
    if (this.accept('$')) return { kind: 'here' };
    if (this.accept('(')) {
      const inner = this.conditional();
      this.expect(')');
      return inner;
    }
    this.unexpected('a value');
  }

  private memory(size: number | undefined): Expression {
    this.expect('[');
    const first = this.peek();
    const second = this.tokens[this.position + 1];
    let segment: string | undefined;
    if (first?.kind === 'name' && second?.text === ':' && SEGMENTS.has(first.text.toLowerCase())) {
      segment = first.text.toLowerCase();
      this.position += 2;
    }
    // NASM's address-size words and `rel` change the encoding, not the address.
    while (this.peek()?.kind === 'name' && /^(rel|abs)$/i.test(this.peek()!.text)) this.position++;
    const address = this.conditional();
    this.expect(']');
    return { kind: 'memory', size, segment, address };
  }
}
