import { Complaint } from '../diagnostics';
import { Kind, type Token } from '../text/token';
import type { Cursor } from './cursor';
import { floatOf } from './evaluate';
import { type Expression, parseExpression } from './expression';
import { SIZES } from './words';

/** One element of `db` … `dz` (NASM manual 3.2.1). `width` is bytes. */
export type DataItem =
  | { kind: 'bytes'; bytes: string; width: number; at: Token }
  | { kind: 'value'; value: Expression; width: number }
  | { kind: 'float'; text: string; negative: boolean; width: number; at: Token }
  | { kind: 'reserve'; width: number }
  | { kind: 'repeat'; count: Expression; items: DataItem[] };

/** Lists inside lists of `dup`. */
const MAX_DEPTH = 64;

/** Reads the elements of a data statement up to the end of the line or the closing parenthesis. */
export function parseData(cursor: Cursor, width: number, ignored: Token[], depth = 0): DataItem[] {
  const items: DataItem[] = [];
  if (depth > MAX_DEPTH)
    throw new Complaint('limit', `data lists nested deeper than ${MAX_DEPTH}`, cursor.peek);
  for (;;) {
    // NASM takes an empty element, e.g. a trailing comma, for nothing at all.
    if (cursor.done || (depth > 0 && cursor.peek!.is(')'))) break;
    const item = parseItem(cursor, width, ignored, depth);
    items.push(item);
    skip(cursor, ignored, depth, item.kind === 'float' || item.kind === 'reserve');
    if (!cursor.accept(',')) break;
  }
  return items;
}

function endsElement(t: Token | undefined, depth: number): boolean {
  return !t || t.is(',') || (depth > 0 && t.is(')'));
}

/** NASM drops one token behind an element, except behind a floating-point constant or `?`. */
function skip(cursor: Cursor, ignored: Token[], depth: number, strict: boolean): void {
  const token = cursor.peek;
  if (!token || endsElement(token, depth)) return;
  ignored.push(token);
  cursor.next();
  if (strict || !endsElement(cursor.peek, depth)) {
    cursor.at--;
    throw cursor.complaint('comma-expected', 'expected a comma or the end of the data');
  }
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === Kind.Identifier && token.lower === word;
}

/** A size, `%` and `dup` may stand before a list in any order (NASM manual 3.2.1); a list needs one of them. */
function parseItem(cursor: Cursor, outer: number, ignored: Token[], depth: number): DataItem {
  let width = outer;
  const counts: Expression[] = [];
  const repeated = (item: DataItem): DataItem =>
    counts.reduceRight<DataItem>((items, count) => ({ kind: 'repeat', count, items: [items] }), item);
  for (let list = false; ; list = true) {
    const first = cursor.peek;
    if (list && (!first || first.is(')')))
      return repeated(listOf([], first ?? cursor.tokens[cursor.end - 1]));
    if (list && first?.is('(')) return repeated(listOf(parseList(cursor, width, ignored, depth), first));
    const size = first?.kind === Kind.Identifier ? SIZES.get(first.lower) : undefined;
    if (size !== undefined) width = size / 8;
    if (size !== undefined || first?.is('%')) {
      cursor.next();
      continue;
    }
    if (isWord(first, '?')) {
      cursor.next();
      return repeated({ kind: 'reserve', width });
    }
    const start = cursor.at;
    const value = parseExpression(cursor);
    if (!isWord(cursor.peek, 'dup'))
      return repeated(plainItem(value, width, cursor.at - start, endsElement(cursor.peek, depth)));
    cursor.next();
    counts.push(value);
  }
}

function listOf(items: DataItem[], at: Token): DataItem {
  return { kind: 'repeat', count: { kind: 'number', value: 1n, at }, items };
}

function plainItem(value: Expression, width: number, tokens: number, whole: boolean): DataItem {
  // A string is one only if nothing follows it; otherwise NASM takes it for a number.
  if (value.kind === 'string' && whole) return { kind: 'bytes', bytes: value.bytes, width, at: value.at };
  // One sign at most, and no parentheses: `dd (1.0)` is an expression, in which NASM takes no such constant.
  const float = floatOf(value);
  return float && tokens <= 2 ? { kind: 'float', ...float, width } : { kind: 'value', value, width };
}

function parseList(cursor: Cursor, width: number, ignored: Token[], depth: number): DataItem[] {
  cursor.expect('(', 'before the list');
  const items = parseData(cursor, width, ignored, depth + 1);
  cursor.expect(')', 'after the list');
  return items;
}
