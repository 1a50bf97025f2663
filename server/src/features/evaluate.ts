import {
  Cursor,
  detokenise,
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
import { splitAtCommas } from '../syntax/macros';
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

/** Replaces single-line macros by their text; undefined when it is not known which text that is. */
function expand(tokens: readonly Token[], names: Names, depth: number): Token[] | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const out: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    const known = token.kind === Kind.Identifier ? names.define(token.text) : [];
    const end = known.length > 0 && tokens[at + 1]?.is('(') ? closing(tokens, at + 1) : -1;
    const given = end > 0 ? splitAtCommas(tokens.slice(at + 2, end)) : undefined;
    const fitting = known.filter(({ define }) => define!.parameters?.length === given?.length);
    const plain = known.filter(({ define }) => !define!.parameters);
    const [chosen, ...others] = fitting.length > 0 ? fitting : plain;
    if (!chosen) {
      out.push(token);
      continue;
    }
    // Which of several definitions is in force depends on the way the assembler took.
    const { parameters, body: text } = chosen.define!;
    if (others.some((d) => d.define!.body !== text)) return undefined;
    const words = (parameters ?? []).map((p) => p.replace(/[^\w$#@~.?]/g, ''));
    const body = tokenise(text, token.file, token.line).flatMap((t) => {
      const parameter = t.kind === Kind.Identifier ? words.indexOf(t.text) : -1;
      return parameter >= 0 ? given![parameter] : [t];
    });
    const made = expand(body, names, depth + 1);
    if (!made || out.length + made.length > MAX_TOKENS) return undefined;
    out.push(...made);
    if (parameters) at = end;
  }
  return out;
}

function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i].is('(')) depth++;
    else if (tokens[i].is(')') && --depth === 0) return i;
  }
  return -1;
}

/** What tokens become when single-line macros are expanded. */
export function expandedText(tokens: readonly Token[], names: Names): string | undefined {
  const expanded = expand(tokens, names, 0);
  return expanded && detokenise(expanded);
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
