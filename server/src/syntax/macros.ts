import { detokenise, Kind, type Token } from '@hyperstep/assembler';
import type { DefineShape, MacroShape } from './declaration';

/** Reads the head of a `%macro`: `%macro name 1-3+ default, default`. */
export function readMacro(directive: string, tokens: readonly Token[]): MacroShape {
  let at = 2;
  const number = (token: Token | undefined): number =>
    token?.is('*') ? Number.POSITIVE_INFINITY : Number.parseInt(token?.text ?? '0', 10) || 0;
  const minimum = tokens[at]?.is('*') ? 0 : number(tokens[at]);
  let maximum = number(tokens[at]);
  at++;
  if (tokens[at]?.is('-')) {
    maximum = number(tokens[at + 1]);
    at += 2;
  }
  const greedy = tokens[at]?.is('+') ?? false;
  if (greedy) at++;
  while (tokens[at]?.kind === Kind.Identifier && tokens[at].lower === '.nolist') at++;
  const defaults = splitAtCommas(tokens.slice(at)).map((part) => detokenise(part));
  return { minimum, maximum, greedy, caseless: directive.startsWith('i'), defaults };
}

/** Reads a `%define` or its kin: the tokens begin with the directive. */
export function readDefine(directive: string, tokens: readonly Token[]): DefineShape {
  const caseless = directive.startsWith('i');
  const open = tokens[2];
  const shape: DefineShape = { parameters: undefined, body: '', caseless, directive: `%${directive}` };
  let at = 2;
  if (/define$/.test(directive) && open?.is('(') && !open.space) {
    const end = tokens.findIndex((t, i) => i > 2 && t.is(')'));
    const list = tokens.slice(3, end < 0 ? tokens.length : end);
    shape.parameters = splitAtCommas(list).map((part) => detokenise(part));
    at = end < 0 ? tokens.length : end + 1;
  }
  shape.body = detokenise(tokens.slice(at));
  return shape;
}

/** Splits tokens at commas outside brackets of any kind. */
export function splitAtCommas(tokens: readonly Token[]): Token[][] {
  if (tokens.length === 0) return [];
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === Kind.Operator) {
      if ('([{'.includes(token.text)) depth++;
      else if (')]}'.includes(token.text)) depth--;
      else if (token.text === ',' && depth === 0) {
        parts.push([]);
        continue;
      }
    }
    parts[parts.length - 1].push(token);
  }
  return parts;
}
