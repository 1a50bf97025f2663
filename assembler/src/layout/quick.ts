import { encode } from '../encode';
import type { Operand } from '../encode/statement';
import { Cursor } from '../parse/cursor';
import { isRounding, makeOperand } from '../parse/operand';
import { isFixed, parseOperand } from '../parse/statement';
import { meaningOf } from '../parse/words';
import { isBlank, tokenise } from '../text/lexer';
import type { SourceLine } from '../text/source';
import { hashStep, wordAt } from '../text/word';
import { FixedLine } from './fixed';
import type { Layout } from './layout';

/** Operands remembered, at first and at most; the newer one of two that meet in a slot stays. */
const FEW = 1 << 7;
const MANY = 1 << 13;
const LONGEST = 64;
const MOST = 4;
const NO_PREFIXES: string[] = [];

/** An operand as it was written, and what it means if that never changes. */
class Known {
  constructor(
    readonly text: string,
    readonly hash: number,
    /** Of the names of macros. */
    readonly epoch: number,
    readonly operand: Operand | undefined,
  ) {}
}

/** Characters an operand that is remembered cannot have: strings, macros, decorations, far addresses. */
const excluded = new Uint8Array(128);
for (const c of '"\'`%{};:?\\') excluded[c.charCodeAt(0)] = 1;

/**
 * Assembles lines of one instruction whose operands were all met before, or at
 * least never change: registers, numbers and addresses made of them. Such
 * operands are few, however many lines are made of them, so the line needs
 * neither tokens nor parser. Whatever is unusual or wrong about a line is left
 * to the long way.
 */
export class QuickReader {
  #known: (Known | undefined)[] = new Array<Known | undefined>(FEW).fill(undefined);
  /** Operands read. */
  #read = 0;

  constructor(readonly layout: Layout) {}

  /** The bytes of the line, if it is that simple. */
  read(line: SourceLine): FixedLine | undefined {
    const { layout } = this;
    const { whole, from, to } = line;
    let hash = 0;
    let at = from;
    for (; at < to; at++) {
      const c = whole.charCodeAt(at);
      if (!((c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a))) break;
      hash = hashStep(hash, c);
    }
    if (at === from || (at < to && !isBlank(whole.charCodeAt(at)))) return undefined;
    const word = wordAt(whole, from, at, hash);
    const { instruction, branch } = meaningOf(word);
    if (!instruction || branch || !layout.names.isPlainWord(word)) return undefined;
    const operands: Operand[] = [];
    while (at < to) {
      const start = skipBlanks(whole, at, to);
      const end = operandEnd(whole, start, to);
      if (end < 0 || operands.length === MOST) return undefined;
      const operand = this.#operand(line, start, end);
      if (!operand) return undefined;
      operands.push(operand);
      at = end + 1;
      if (end < to && skipBlanks(whole, at, to) === to) return undefined;
    }
    const { bits, defaultRel, optimize } = layout;
    if (layout.cpu !== undefined) return undefined;
    const result = encode(
      { mnemonic: word.lower, prefixes: NO_PREFIXES, operands },
      { bits, address: 0n, defaultRel, minimumBranch: 'short', optimize },
    );
    if (!result.ok || result.warnings.length > 0) return undefined;
    return FixedLine.make(bits, defaultRel, result.encoding.bytes);
  }

  /** The operand in these characters of the line; undefined when it may change. */
  #operand({ whole, file, number }: SourceLine, from: number, end: number): Operand | undefined {
    let to = end;
    while (to > from && isBlank(whole.charCodeAt(to - 1))) to--;
    const length = to - from;
    if (length === 0 || length > LONGEST) return undefined;
    let hash = 0;
    for (let i = from; i < to; i++) hash = hashStep(hash, whole.charCodeAt(i));
    const slot = (hash ^ (hash >>> 13)) & (this.#known.length - 1);
    const { names } = this.layout;
    const known = this.#known[slot];
    if (known !== undefined && known.hash === hash && known.epoch === names.epoch) {
      if (known.text.length === length && whole.startsWith(known.text, from)) return known.operand;
    }
    const tokens = tokenise(whole, file, number, undefined, from, to);
    let operand: Operand | undefined;
    if (names.isPlain(tokens)) {
      try {
        const cursor = new Cursor(tokens);
        const syntax = parseOperand(cursor);
        if (cursor.done && isFixed(syntax) && !isRounding(syntax))
          operand = makeOperand(syntax, this.layout.evaluator, this.layout.toValue);
      } catch {
        // The long way says what is wrong.
      }
    }
    this.#known[slot] = new Known(whole.slice(from, to), hash, names.epoch, operand);
    if (++this.#read === this.#known.length && this.#read < MANY)
      this.#known = new Array<Known | undefined>(this.#read * 4).fill(undefined);
    return operand;
  }
}

function skipBlanks(text: string, from: number, to: number): number {
  let i = from;
  while (i < to && isBlank(text.charCodeAt(i))) i++;
  return i;
}

/** Where the operand ends: at a comma outside brackets or at `to`; −1 when it has unusual characters. */
function operandEnd(text: string, from: number, to: number): number {
  let depth = 0;
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    if (c > 127 || excluded[c] === 1) return -1;
    if (c === 0x5b) depth++;
    else if (c === 0x5d) depth--;
    else if (c === 0x2c && depth === 0) return i;
  }
  return to;
}
