import { RequestError } from '../errors';
import { type Compiled, compile, type Reader, type Symbols } from '../evaluate/compile';
import { formatValue } from '../evaluate/format';
import { parseExpression } from '../evaluate/parser';

/** Given how often a breakpoint was reached, does it count? */
export type HitTest = (hits: number) => boolean;

const COMPARE: Readonly<Record<string, (hits: number, n: number) => boolean>> = {
  '=': (hits, n) => hits === n,
  '==': (hits, n) => hits === n,
  '>': (hits, n) => hits > n,
  '>=': (hits, n) => hits >= n,
  '<': (hits, n) => hits < n,
  '<=': (hits, n) => hits <= n,
  '%': (hits, n) => n > 0 && hits % n === 0,
};

/** `5` (the fifth time), `>= 5`, `% 3` (every third time). */
export function parseHitCondition(text: string): HitTest {
  const match = /^\s*(==?|>=?|<=?|%)?\s*(\d+)\s*$/.exec(text);
  if (!match) throw new RequestError(`'${text}' is not a hit count: write 5, >= 5, < 5 or % 5.`);
  const compare = COMPARE[match[1] ?? '='];
  const n = Number(match[2]);
  return (hits) => compare(hits, n);
}

/** A log message with its `{expressions}` ready to evaluate. */
export function parseLogMessage(text: string, symbols: Symbols): (reader: Reader) => string {
  const parts: (string | Compiled)[] = [];
  let rest = text;
  while (rest !== '') {
    const open = rest.indexOf('{');
    const close = open < 0 ? -1 : rest.indexOf('}', open);
    if (close < 0) {
      parts.push(rest);
      break;
    }
    parts.push(rest.slice(0, open), compile(parseExpression(rest.slice(open + 1, close)), symbols));
    rest = rest.slice(close + 1);
  }
  return (reader) =>
    parts.map((part) => (typeof part === 'string' ? part : valueText(part, reader))).join('');
}

function valueText(value: Compiled, reader: Reader): string {
  try {
    return formatValue(value(reader));
  } catch (error) {
    if (error instanceof RequestError) return `{${error.message}}`;
    throw error;
  }
}
