import { RequestError } from '../errors';

/** A piece of an expression. */
export type Token =
  | { kind: 'number'; text: string; value: bigint }
  | { kind: 'name'; text: string }
  | { kind: 'operator'; text: string };

/** Longest first. */
const OPERATORS = /^(?:<=>|<<<|>>>|\|\||\^\^|&&|==|!=|<>|<=|>=|<<|>>|\/\/|%%|[=<>|^&+\-*/%~!?:()[\]$])/;
const NAME = /^[A-Za-z_.@][\w.?@#~$]*/;
const NUMBER = /^(?:\$[0-9]\w*|[0-9]\w*)/;
const CHARACTERS = /^(?:'([^']*)'|"([^"]*)"|`([^`]*)`)/;

/** Longer input is refused: no person typed it. */
const MAX_LENGTH = 4096;

/** Splits an expression into tokens; throws a {@link RequestError} at what is none. */
export function tokenize(text: string): Token[] {
  if (text.length > MAX_LENGTH) throw new RequestError('The expression is too long.');
  const tokens: Token[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const token = tokenAt(rest);
    tokens.push(token);
    rest = rest.slice(token.text.length).trimStart();
  }
  return tokens;
}

function tokenAt(rest: string): Token {
  const number = NUMBER.exec(rest);
  if (number) {
    const value = parseNumber(number[0]);
    if (value === undefined) throw new RequestError(`'${number[0]}' is not a number.`);
    return { kind: 'number', text: number[0], value };
  }
  const name = NAME.exec(rest);
  if (name) return { kind: 'name', text: name[0] };
  const characters = CHARACTERS.exec(rest);
  if (characters) {
    const bytes = new TextEncoder().encode(characters[1] ?? characters[2] ?? characters[3]);
    if (bytes.length > 8) throw new RequestError(`${characters[0]} is longer than eight bytes.`);
    return { kind: 'number', text: characters[0], value: littleEndian(bytes) };
  }
  const operator = OPERATORS.exec(rest);
  if (operator) return { kind: 'operator', text: operator[0] };
  throw new RequestError(`Cannot read '${rest.slice(0, 20)}'.`);
}

/** The bytes as a little-endian unsigned number. */
export function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  return value;
}

/** The dialect's ways to write a number (NASM manual 3.4.1), with `_` between digits. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/^(?:0[xh]|\$)([0-9a-f]+)$/, '0x'],
  [/^([0-9][0-9a-f]*)[hx]$/, '0x'],
  [/^0[by]([01]+)$/, '0b'],
  [/^([01]+)[by]$/, '0b'],
  [/^0[oq]([0-7]+)$/, '0o'],
  [/^([0-7]+)[oq]$/, '0o'],
  [/^0[dt]([0-9]+)$/, ''],
  [/^([0-9]+)[dt]?$/, ''],
];

/** Value of a numeric constant, cut to 64 bits; undefined when it is none. */
export function parseNumber(text: string): bigint | undefined {
  const plain = text.toLowerCase().replaceAll('_', '');
  for (const [form, prefix] of FORMS) {
    const match = form.exec(plain);
    if (match) return BigInt.asUintN(64, BigInt(prefix + match[1]));
  }
  return undefined;
}
