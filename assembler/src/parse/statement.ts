import { Complaint } from '../diagnostics';
import type { Operand, SizeKeyword } from '../encode/statement';
import { Kind, type Token } from '../text/token';
import { Cursor } from './cursor';
import { type DataItem, parseData } from './data';
import { isConstant } from './evaluate';
import { type Expression, parseExpression, stringOf } from './expression';
import { BYTE_ORDER_MARK, hintFor } from './hints';
import { DATA, isPrefixName, isReserved, isSegmentName, meaningOf, RESERVE, SIZES } from './words';

/** An operand as written. */
export interface OperandSyntax {
  first: Token;
  last: Token;
  size?: SizeKeyword;
  strict?: boolean;
  to?: boolean;
  distance?: 'short' | 'near' | 'far';
  /** `{k1}`, `{z}`, `{1to8}`, `{rn-sae}` … without braces, in source order. */
  decorators?: string[];
  /** `[…]`, or a plain expression. */
  memory?: MemorySyntax;
  value?: Expression;
  /** `value:offset`. */
  offset?: Expression;
  /** Its value can depend on nothing. */
  fixed: boolean;
  /** What it stands for, if that never changes. */
  made?: Operand;
}

/** The inside of a memory operand. */
export interface MemorySyntax {
  value: Expression;
  /** `[base, index]` of split effective addresses (MPX, AMX). */
  second?: Expression;
  displacementSize?: SizeKeyword;
  segment?: 'es' | 'cs' | 'ss' | 'ds' | 'fs' | 'gs';
  relative?: boolean;
  nosplit?: boolean;
  /** `[a32 x]`: a prefix of the whole instruction. */
  prefix?: string;
}

/** What a statement does, label and `times` apart. */
export type Body =
  | { kind: 'none' }
  | {
      kind: 'instruction';
      mnemonic: string;
      prefixes: string[];
      operands: OperandSyntax[];
      /** The encoding depends on nothing but the mode. */
      constant: boolean;
      /** The operand is the target of a branch. */
      branch: boolean;
      /** Bytes of a constant instruction, and the mode they were made for. */
      fixed?: { bits: number; defaultRel: boolean; bytes: Uint8Array };
    }
  | { kind: 'data'; width: number; items: DataItem[]; ignored: readonly Token[] }
  | { kind: 'reserve'; width: number; count: Expression }
  | { kind: 'incbin'; path: string; at: Token; skip?: Expression; length?: Expression }
  | { kind: 'equ'; value: Expression; offset?: Expression };

/** One source statement. A complaint keeps what was understood before it. */
export interface Statement {
  first: Token;
  last: Token;
  label?: Token;
  /** The label had no colon and nothing follows it. */
  orphan: boolean;
  times?: Expression;
  body: Body;
  complaint?: Complaint;
}

const NONE: Body = { kind: 'none' };

/** Reads a line that is neither empty nor a directive in brackets. Never throws. */
export function parseStatement(tokens: readonly Token[]): Statement {
  const cursor = new Cursor(tokens);
  const statement: Statement = {
    first: tokens[0],
    last: tokens[tokens.length - 1],
    label: undefined,
    orphan: false,
    times: undefined,
    body: NONE,
    complaint: undefined,
  };
  try {
    parseLabel(cursor, statement);
    if (!cursor.done) statement.body = parseBody(cursor, statement);
    if (!cursor.done) throw cursor.complaint('syntax', 'expected the end of the statement');
  } catch (problem) {
    if (!(problem instanceof Complaint)) throw problem;
    statement.complaint = problem;
    statement.body = { kind: 'none' };
  }
  return statement;
}

/** NASM takes a colon behind an instruction's name for the end of a label; prefixes and `times` stay what they are. */
function mayNameLabel(word: string): boolean {
  if (word === 'times' || word === 'incbin' || word === 'wait') return false;
  return !isPrefixName(word) && !isSegmentName(word);
}

function parseLabel(cursor: Cursor, statement: Statement): void {
  const first = cursor.peek;
  if (first?.is('{')) return;
  if (first?.kind !== Kind.Identifier) {
    throw cursor.complaint('syntax', 'expected a label or an instruction');
  }
  const colon = cursor.ahead(1)?.is(':') ?? false;
  if (first.text[0] !== '$') {
    if (meaningOf(first.word).starts && !(colon && mayNameLabel(first.lower))) return;
    if (isReserved(first.lower)) {
      throw new Complaint(
        'label-reserved',
        `\`${first.text}\` is a word of the language; a label of that name is written \`$${first.text}\``,
        first,
      );
    }
  }
  cursor.next();
  statement.label = first;
  if (colon) cursor.next();
  else statement.orphan = cursor.done;
}

/** Blames the word that was taken for a label, if it had no colon: mostly it is a misspelt instruction. */
function unknownInstruction(statement: Statement, head: Token, tokens: readonly Token[]): Complaint {
  const { label } = statement;
  const code = 'instruction-unknown';
  if (label?.text.startsWith('\ufeff')) return new Complaint(code, BYTE_ORDER_MARK, label);
  const hint = hintFor(head.text) || (label ? hintFor(label.text) : '');
  if (label && tokens[0] === label && tokens[1] === head) {
    const message =
      head.kind === Kind.Identifier
        ? `neither \`${label.text}\` nor \`${head.text}\` is an instruction, directive or macro`
        : `\`${label.text}\` is not an instruction, directive or macro`;
    return new Complaint(code, message + hint, label, head);
  }
  const what =
    head.kind === Kind.Identifier
      ? 'is not an instruction, directive or macro'
      : 'cannot start an instruction';
  return new Complaint(code, `\`${head.text}\` ${what}${hint}`, head);
}

function parseBody(cursor: Cursor, statement: Statement): Body {
  const prefixes: string[] = [];
  for (;;) {
    const token = cursor.peek;
    if (!token)
      return { kind: 'instruction', mnemonic: '', prefixes, operands: [], constant: true, branch: false };
    if (token.is('{')) {
      prefixes.push(encodingPrefix(cursor));
      continue;
    }
    if (token.kind !== Kind.Identifier) break;
    const word = token.lower;
    if (word === 'times') {
      cursor.next();
      statement.times = parseExpression(cursor);
      if (cursor.done) throw cursor.complaint('syntax', 'expected an instruction to repeat');
      continue;
    }
    const next = word === 'wait' ? cursor.ahead(1) : undefined;
    const waits = next?.kind === Kind.Identifier && meaningOf(next.word).starts;
    if (!isPrefixName(word) && !waits) break;
    cursor.next();
    prefixes.push(word);
  }
  const head = cursor.next()!;
  const word = head.lower;
  const width = head.kind === Kind.Identifier ? DATA.get(word) : undefined;
  if (width !== undefined) {
    const ignored: Token[] = [];
    return { kind: 'data', width, items: parseData(cursor, width, ignored), ignored };
  }
  const reserve = RESERVE.get(word);
  if (reserve !== undefined) return { kind: 'reserve', width: reserve, count: parseExpression(cursor) };
  if (word === 'equ') {
    if (!statement.label) throw new Complaint('equ-label', '`equ` needs a label before it', head);
    const value = parseExpression(cursor);
    const offset = cursor.accept(':') ? parseExpression(cursor) : undefined;
    return { kind: 'equ', value, offset };
  }
  if (word === 'incbin') return parseIncbin(cursor);
  const meaning = meaningOf(head.word);
  if (head.kind !== Kind.Identifier || !meaning.mnemonic) {
    throw unknownInstruction(statement, head, cursor.tokens);
  }
  const operands: OperandSyntax[] = [];
  while (!cursor.done) {
    operands.push(parseOperand(cursor));
    if (cursor.done) break;
    if (!cursor.peek?.is(',') && cursor.at > 0) {
      const before = hintFor(cursor.tokens[cursor.at - 1].text);
      if (before) throw cursor.complaint('syntax', `expected \`,\` between operands${before}`);
    }
    cursor.expect(',', 'between operands');
  }
  for (const { memory } of operands)
    if (memory?.prefix && !prefixes.includes(memory.prefix)) prefixes.push(memory.prefix);
  const { branch } = meaning;
  // A branch depends on where it stands.
  if (!branch) for (const o of operands) o.fixed = isFixed(o);
  const constant = !branch && operands.every((o) => o.fixed);
  return { kind: 'instruction', mnemonic: word, prefixes, operands, constant, branch, fixed: undefined };
}

/** `{vex}`, `{evex}` …: which of several encodings is meant (NASM manual 3.2.3). */
function encodingPrefix(cursor: Cursor): string {
  cursor.next();
  const word = cursor.next();
  const text = `{${word?.lower ?? ''}}`;
  cursor.expect('}', 'after the name of an encoding');
  if (!/^\{(vex[23]?|evex|rex)\}$/.test(text))
    throw new Complaint(
      'prefix',
      `\`${text}\` is no encoding: there are {rex}, {vex}, {vex2}, {vex3} and {evex}`,
      word,
    );
  return text;
}

/** True when the value of the operand can depend on nothing: no symbol, no `$`. */
export function isFixed(o: OperandSyntax): boolean {
  if (o.offset || o.memory?.prefix) return false;
  if (!o.memory) return o.value === undefined || isConstant(o.value);
  return isConstant(o.memory.value) && (o.memory.second === undefined || isConstant(o.memory.second));
}

function parseIncbin(cursor: Cursor): Body {
  const at = cursor.next();
  if (at?.kind !== Kind.String)
    throw new Complaint('string-expected', '`incbin` needs a file name in quotes', at);
  const path = stringOf(at);
  let skip: Expression | undefined;
  let length: Expression | undefined;
  if (cursor.accept(',')) {
    if (!cursor.peek?.is(',')) skip = parseExpression(cursor);
    if (cursor.accept(',')) length = parseExpression(cursor);
  }
  return { kind: 'incbin', path, at, skip, length };
}

/** Reads the keywords before an operand or inside its bracket. */
function sizeOf(cursor: Cursor): SizeKeyword | undefined {
  const token = cursor.peek;
  if (token?.kind !== Kind.Identifier) return undefined;
  const size = SIZES.get(token.lower);
  if (size !== undefined) cursor.next();
  return size;
}

/** Reads one operand. */
export function parseOperand(cursor: Cursor): OperandSyntax {
  const first = cursor.peek;
  if (!first) throw cursor.complaint('operand-expected', 'expected an operand');
  // All fields at once: objects of one shape are smaller and faster.
  const operand: OperandSyntax = {
    first,
    last: first,
    size: undefined,
    strict: undefined,
    to: undefined,
    distance: undefined,
    decorators: undefined,
    memory: undefined,
    value: undefined,
    offset: undefined,
    fixed: false,
    made: undefined,
  };
  for (;;) {
    const size = sizeOf(cursor);
    if (size !== undefined) {
      operand.size = size;
      continue;
    }
    const word = cursor.peek?.kind === Kind.Identifier ? cursor.peek.lower : '';
    if (word === 'short' || word === 'near' || word === 'far') operand.distance = word;
    else if (word === 'strict') operand.strict = true;
    else if (word === 'to') operand.to = true;
    else break;
    cursor.next();
  }
  // MASM's `dword ptr x` is memory, with brackets or without.
  const pointer = cursor.peek?.kind === Kind.Identifier && cursor.peek.lower === '__?masm_ptr?__';
  if (pointer) cursor.next();
  parseDecorators(cursor, operand);
  if (operand.decorators && (cursor.done || cursor.peek!.is(','))) {
    // `{rn-sae}` standing alone is an operand of its own in NASM.
  } else if (cursor.peek?.is('[')) {
    operand.memory = parseBracket(cursor);
  } else {
    operand.value = parseExpression(cursor);
    if (cursor.peek?.is('[')) {
      // MASM's displacement[base]: NASM 2.16 takes it too.
      const inner = parseBracket(cursor);
      const sum: Expression = { kind: 'binary', op: '+', left: operand.value, right: inner.value, at: first };
      operand.memory = { ...inner, value: sum };
      operand.value = undefined;
    } else if (cursor.accept(':')) parseAfterColon(cursor, operand);
    else if (pointer) {
      operand.memory = { value: operand.value };
      operand.value = undefined;
    }
  }
  parseDecorators(cursor, operand);
  operand.last = cursor.tokens[cursor.at - 1];
  return operand;
}

function parseAfterColon(cursor: Cursor, operand: OperandSyntax): void {
  const left = operand.value!;
  if (left.kind === 'register' && isSegmentName(left.name)) {
    const segment = left.name;
    operand.memory = cursor.peek?.is('[') ? parseBracket(cursor) : { value: parseExpression(cursor) };
    operand.memory.segment ??= segment;
    operand.value = undefined;
  } else operand.offset = parseExpression(cursor);
}

function parseDecorators(cursor: Cursor, operand: OperandSyntax): void {
  while (cursor.peek?.is('{')) {
    cursor.next();
    let text = '';
    while (!cursor.done && !cursor.peek!.is('}')) text += cursor.next()!.lower;
    cursor.expect('}', 'after the decoration');
    operand.decorators ??= [];
    operand.decorators.push(text);
  }
}

function parseBracket(cursor: Cursor): MemorySyntax {
  cursor.expect('[', 'before an effective address');
  const memory: Partial<MemorySyntax> = {
    value: undefined,
    second: undefined,
    displacementSize: undefined,
    segment: undefined,
    relative: undefined,
    nosplit: undefined,
    prefix: undefined,
  };
  for (;;) {
    const size = sizeOf(cursor);
    if (size !== undefined) {
      memory.displacementSize = size;
      continue;
    }
    const token = cursor.peek;
    const word = token?.kind === Kind.Identifier ? token.lower : '';
    if (word === 'rel') memory.relative = true;
    else if (word === 'abs') memory.relative = false;
    else if (word === 'nosplit') memory.nosplit = true;
    else if (/^a(16|32|64)$/.test(word)) memory.prefix = word;
    else if (isSegmentName(word) && cursor.ahead(1)?.is(':')) {
      memory.segment = word;
      cursor.next();
    } else break;
    cursor.next();
  }
  const first = cursor.peek;
  // `[,rcx*2]` has an index only.
  memory.value = first?.is(',') ? { kind: 'number', value: 0n, at: first } : parseExpression(cursor);
  if (memory.value.kind === 'register' && isSegmentName(memory.value.name) && cursor.accept(':')) {
    memory.segment = memory.value.name;
    memory.value = parseExpression(cursor);
  }
  if (cursor.accept(',')) memory.second = parseExpression(cursor);
  cursor.expect(']', 'after the effective address');
  return memory as MemorySyntax;
}
