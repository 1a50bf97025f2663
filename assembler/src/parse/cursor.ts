import { Complaint } from '../diagnostics';
import { Kind, type Token } from '../text/token';

/** Walks over the tokens of one statement. */
export class Cursor {
  at = 0;

  constructor(
    readonly tokens: readonly Token[],
    readonly end = tokens.length,
  ) {}

  /** The token in front, or undefined at the end. */
  get peek(): Token | undefined {
    return this.at < this.end ? this.tokens[this.at] : undefined;
  }

  /** The token `n` behind the one in front. */
  ahead(n: number): Token | undefined {
    return this.at + n < this.end ? this.tokens[this.at + n] : undefined;
  }

  next(): Token | undefined {
    return this.at < this.end ? this.tokens[this.at++] : undefined;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** Takes the operator `text` if it stands here. */
  accept(text: string): boolean {
    const token = this.peek;
    if (token?.kind !== Kind.Operator || token.text !== text) return false;
    this.at++;
    return true;
  }

  expect(text: string, why: string): Token {
    const token = this.peek;
    if (!token?.is(text)) throw this.complaint('syntax', `expected \`${text}\` ${why}`);
    this.at++;
    return token;
  }

  /** A complaint about the token in front, or about the end of the line. */
  complaint(code: string, message: string): Complaint {
    const token = this.peek;
    if (token) return new Complaint(code, `${message}, found \`${token.text}\``, token);
    return new Complaint(code, `${message}, found the end of the line`, this.tokens[this.end - 1]);
  }
}
