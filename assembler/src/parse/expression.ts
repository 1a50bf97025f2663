import { Complaint } from '../diagnostics';
import { MAX_EXPRESSION_DEPTH } from '../limits';
import { parseNumber, wrap } from '../text/number';
import { recode, stringBytes } from '../text/string';
import { Kind, type Token } from '../text/token';
import type { Cursor } from './cursor';
import { numberHint } from './hints';
import { isRegisterName } from './words';

/** An expression as written; symbols and `$` get their values anew in every pass. */
export type Expression =
  | { kind: 'number'; value: bigint; at: Token }
  | { kind: 'string'; bytes: string; at: Token }
  | { kind: 'float'; text: string; at: Token }
  | { kind: 'symbol'; name: string; at: Token }
  | { kind: 'here'; at: Token }
  | { kind: 'base'; at: Token }
  | { kind: 'register'; name: string; at: Token }
  | { kind: 'unary'; op: string; operand: Expression; at: Token }
  | { kind: 'binary'; op: string; left: Expression; right: Expression; at: Token }
  | { kind: 'conditional'; test: Expression; yes: Expression; no: Expression; at: Token }
  | { kind: 'call'; name: string; argument: Expression; at: Token };

/** NASM's binary operators from loosest to tightest (manual 3.5). */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['^^'],
  ['&&'],
  ['=', '==', '<>', '!=', '<', '>', '<=', '>=', '<=>'],
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>', '<<<', '>>>'],
  ['+', '-'],
  ['*', '/', '%', '//', '%%'],
];

const PRECEDENCE = new Map(LEVELS.flatMap((ops, level) => ops.map((op) => [op, level] as const)));

const UNARY = new Set(['-', '+', '~', '!']);

/** Names of `__?name?__` functions and their spellings before NASM 2.15 (`__name__`). */
const FUNCTION =
  /^__\??(utf16|utf16le|utf16be|utf32|utf32le|utf32be|float8|float16|bfloat16|float32|float64|float80m|float80e|float128l|float128h|ilog2|ilog2e|ilog2w|ilog2f|ilog2c)\??__$/;
const FLOAT_NAME = /^__\??(infinity|nan|qnan|snan)\??__$/i;

/** Is this the name of a floating-point value, such as `__?NaN?__`? */
export function isFloatName(text: string): boolean {
  return text.length > 6 && text.charCodeAt(0) === 0x5f && FLOAT_NAME.test(text);
}

/** Reads one expression. Throws a {@link Complaint} when there is none. */
export function parseExpression(cursor: Cursor, depth = 0): Expression {
  const first = cursor.peek;
  let left = parseBinary(cursor, 0, depth);
  const mark = cursor.peek;
  if (mark?.kind === Kind.Identifier && mark.text === '?') {
    cursor.next();
    const yes = parseExpression(cursor, depth + 1);
    cursor.expect(':', 'between the branches of `?:`');
    const no = parseExpression(cursor, depth + 1);
    left = { kind: 'conditional', test: left, yes, no, at: first! };
  }
  const wrt = cursor.peek;
  if (wrt?.kind === Kind.Identifier && wrt.lower === 'wrt') {
    cursor.next();
    const right = parseUnary(cursor, depth + 1);
    left = { kind: 'binary', op: 'wrt', left, right, at: wrt };
  }
  return left;
}

function parseBinary(cursor: Cursor, level: number, depth: number): Expression {
  if (depth > MAX_EXPRESSION_DEPTH) {
    throw new Complaint('limit', `expression nested deeper than ${MAX_EXPRESSION_DEPTH} levels`, cursor.peek);
  }
  let left = parseUnary(cursor, depth);
  for (;;) {
    const op = cursor.peek;
    if (op?.kind !== Kind.Operator) return left;
    const own = PRECEDENCE.get(op.text);
    if (own === undefined || own < level) return left;
    cursor.next();
    const right = parseBinary(cursor, own + 1, depth + 1);
    left = { kind: 'binary', op: op.text, left, right, at: op };
  }
}

function parseUnary(cursor: Cursor, depth: number): Expression {
  if (depth > MAX_EXPRESSION_DEPTH) {
    throw new Complaint('limit', `expression nested deeper than ${MAX_EXPRESSION_DEPTH} levels`, cursor.peek);
  }
  const token = cursor.peek;
  if (!token) throw cursor.complaint('expression-expected', 'expected an expression');
  switch (token.kind) {
    case Kind.Number: {
      cursor.next();
      const value = parseNumber(token.text);
      if (value === undefined) {
        throw new Complaint(
          'number-invalid',
          `\`${token.text}\` is not a number in any of NASM's notations${numberHint(token.text)}`,
          token,
        );
      }
      const number: Expression = { kind: 'number', value: wrap(value), at: token };
      // Its value counts, but not without a word.
      return value >> 64n === 0n ? number : { kind: 'unary', op: 'cut', operand: number, at: token };
    }
    case Kind.String:
      cursor.next();
      return { kind: 'string', bytes: stringOf(token), at: token };
    case Kind.Float:
      cursor.next();
      return { kind: 'float', text: token.text, at: token };
    case Kind.Identifier:
      return parseName(cursor, token, depth);
    case Kind.Preprocessor:
      throw new Complaint(
        'preprocessor-unexpected',
        `\`${token.text}\` has no meaning here: not inside a macro, or no such context`,
        token,
      );
  }
  if (UNARY.has(token.text)) {
    cursor.next();
    const operand = parseUnary(cursor, depth + 1);
    return { kind: 'unary', op: token.text, operand, at: token };
  }
  if (token.text === '$' || token.text === '$$') {
    cursor.next();
    return { kind: token.text === '$' ? 'here' : 'base', at: token };
  }
  if (token.text === '(') {
    cursor.next();
    const inner = parseExpression(cursor, depth + 1);
    cursor.expect(')', 'after the expression');
    // In parentheses a string is a number, also in `db ('ab')`.
    return inner.kind === 'string' ? { kind: 'unary', op: '+', operand: inner, at: token } : inner;
  }
  throw cursor.complaint('expression-expected', 'expected an expression');
}

/** The bytes of a string token, or a complaint about its missing quote. */
export function stringOf(token: Token): string {
  const bytes = stringBytes(token.text);
  if (bytes === undefined)
    throw new Complaint('string-unterminated', 'the string has no closing quote', token);
  return bytes;
}

function parseName(cursor: Cursor, token: Token, depth: number): Expression {
  cursor.next();
  const text = token.text;
  if (text.startsWith('__')) {
    if (isFloatName(text)) return { kind: 'float', text: token.lower, at: token };
    const call = FUNCTION.exec(token.lower);
    if (call) return parseCall(cursor, call[1], token, depth);
  }
  if (text[0] === '$') return { kind: 'symbol', name: text.slice(1), at: token };
  if (token.lower === 'seg') {
    const operand = parseUnary(cursor, depth + 1);
    return { kind: 'unary', op: 'seg', operand, at: token };
  }
  if (isRegisterName(token.lower)) return { kind: 'register', name: token.lower, at: token };
  if (text === '?' || token.lower === 'long')
    throw new Complaint('expression-expected', `expected an expression, found \`${text}\``, token);
  return { kind: 'symbol', name: text, at: token };
}

function parseCall(cursor: Cursor, name: string, token: Token, depth: number): Expression {
  const open = cursor.accept('(');
  const argument = open ? parseExpression(cursor, depth + 1) : parseUnary(cursor, depth + 1);
  if (open) cursor.expect(')', `after the argument of \`${token.text}\``);
  if (!name.startsWith('utf')) return { kind: 'call', name, argument, at: token };
  if (argument.kind !== 'string')
    throw new Complaint('string-expected', `\`${token.text}\` needs a string`, token);
  const bytes = recode(argument.bytes, name.startsWith('utf16') ? 2 : 4, name.endsWith('be'));
  if (bytes === undefined)
    throw new Complaint('string-expected', `\`${token.text}\` needs a string in UTF-8`, token);
  return { kind: 'string', bytes, at: token };
}
