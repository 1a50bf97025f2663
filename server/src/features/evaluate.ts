import {
  Cursor,
  Evaluator,
  type Expression,
  Kind,
  parseExpression,
  parseNumber,
  type Scope,
  type Token,
  tokenise,
} from '@hyperstep/assembler';
import { isLocal } from '../syntax/keys';
import type { Names } from '../syntax/names';
import type { Program } from '../workspace/program';

/** Single-line macros inside each other. */
const MAX_DEPTH = 32;
/** Tokens an expression may grow to. */
const MAX_TOKENS = 2000;

/** What is known where an expression stands. */
export interface Place {
  program: Program;
  names: Names;
  /** Parent of local labels. */
  parent: string;
  /** Address of the line, for `$`. */
  address?: bigint;
}

/** The value of tokens as an expression, symbols and simple macros resolved; undefined when it has none. */
export function valueOfTokens(tokens: readonly Token[], place: Place): bigint | undefined {
  try {
    const expanded = expand(tokens, place.names, 0);
    if (!expanded || expanded.length === 0) return undefined;
    const cursor = new Cursor(expanded);
    const expression = parseExpression(cursor);
    return cursor.done ? evaluate(expression, place) : undefined;
  } catch {
    return undefined; // registers, missing symbols: not a number
  }
}

function evaluate(expression: Expression, place: Place): bigint | undefined {
  let failed = false;
  const scope: Scope = {
    lenient: false,
    symbol: (name) => {
      const full = isLocal(name) ? place.parent + name : name;
      const entry = place.program.entry(full);
      return entry && { value: entry.value };
    },
    here: () => {
      if (place.address === undefined) failed = true;
      return { value: place.address ?? 0n };
    },
    base: () => {
      failed = true;
      return { value: 0n };
    },
  };
  const linear = new Evaluator(scope).linear(expression);
  return failed || linear.terms.length > 0 || linear.unknown ? undefined : linear.value;
}

/** Replaces single-line macros without parameters by their text. */
function expand(tokens: readonly Token[], names: Names, depth: number): Token[] | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const out: Token[] = [];
  for (const token of tokens) {
    const define = token.kind === Kind.Identifier ? names.define(token.text)[0]?.define : undefined;
    if (!define || define.parameters) {
      out.push(token);
      continue;
    }
    const body = expand(tokenise(define.body, token.file, token.line), names, depth + 1);
    if (!body || out.length + body.length > MAX_TOKENS) return undefined;
    out.push(...body);
  }
  return out;
}

/** A number in the notations people compare: hexadecimal, decimal (signed if it could be), binary, characters. */
export function notations(value: bigint): {
  hex: string;
  decimal: string;
  binary: string;
  characters?: string;
} {
  const unsigned = BigInt.asUintN(64, value);
  const hex = `0x${unsigned.toString(16).toUpperCase()}`;
  let decimal = value.toString();
  if (value < 0n) decimal += ` (unsigned ${unsigned})`;
  else if (value >= 0x80000000n && value <= 0xffffffffn)
    decimal += ` (as 32-bit ${BigInt.asIntN(32, value)})`;
  const digits = unsigned.toString(2);
  const binary = `0b${digits.padStart(Math.ceil(digits.length / 4) * 4, '0').replace(/(.{4})(?=.)/g, '$1_')}`;
  return { hex, decimal, binary, characters: charactersOf(unsigned) };
}

function charactersOf(value: bigint): string | undefined {
  let text = '';
  for (let rest = value; rest > 0n; rest >>= 8n) {
    const code = Number(rest & 0xffn);
    if (code < 0x20 || code > 0x7e) return undefined;
    text += String.fromCharCode(code);
  }
  return text === '' ? undefined : text.includes("'") ? `"${text}"` : `'${text}'`;
}

/** The value of a number token. */
export function numberOf(token: Token): bigint | undefined {
  return token.kind === Kind.Number ? parseNumber(token.text) : undefined;
}
