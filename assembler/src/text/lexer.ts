import type { SourceFile } from './source';
import { Kind, Token } from './token';
import { hashStep, type Word, wordAt, wordOf } from './word';

/** Character classes; anything from 0x80 up counts as a letter (NASM manual 3.1). */
const START = 1;
const INSIDE = 2;
const DIGIT = 4;
const BLANK = 8;
const HEX = 16;
const WORD = 32;

const classes = new Uint8Array(128);
function mark(characters: string, bits: number): void {
  for (const c of characters) classes[c.charCodeAt(0)] |= bits;
}
const lower = 'abcdefghijklmnopqrstuvwxyz';
mark(lower + lower.toUpperCase(), START | INSIDE | WORD);
mark('_.?@', START | INSIDE);
mark('0123456789', INSIDE | DIGIT | HEX | WORD);
mark('$#~', INSIDE);
mark(' \t\f\v\r\0', BLANK);
mark('abcdefABCDEF', HEX);
mark('_', WORD);

function has(code: number, bits: number): boolean {
  return code < 128 ? (classes[code] & bits) !== 0 : code >= 128 && (bits & (START | INSIDE)) !== 0;
}

/** Operators of more than one character, longest first, by their first one. */
const LONGER: Record<string, string[]> = {
  '<': ['<=>', '<<<', '<<', '<>', '<='],
  '>': ['>>>', '>>', '>='],
  '=': ['=='],
  '!': ['!='],
  '&': ['&&'],
  '|': ['||'],
  '^': ['^^'],
  '/': ['//'],
  $: ['$$'],
};

/** One string for every character that stands alone. */
const SINGLE = Array.from({ length: 128 }, (_, i) => String.fromCharCode(i));

function operatorAt(text: string, at: number): string {
  const code = text.charCodeAt(at);
  const c = code < 128 ? SINGLE[code] : text[at];
  const longer = LONGER[c];
  if (longer) for (const o of longer) if (text.startsWith(o, at)) return o;
  return c;
}

/** Maps an offset of the text being read to a place; needed only for joined lines and re-read pieces. */
export type Locate = (offset: number) => { line: number; column: number };

/** Is `code` a character that may continue a name? */
export function isNameCharacter(code: number): boolean {
  return has(code, INSIDE);
}

/** Is `code` white space? */
export function isBlank(code: number): boolean {
  return code < 128 && (classes[code] & BLANK) !== 0;
}

/** Could `text` be written as one name? */
export function isName(text: string): boolean {
  if (text === '' || !has(text.charCodeAt(0), START)) return false;
  for (let i = 1; i < text.length; i++) if (!has(text.charCodeAt(i), INSIDE)) return false;
  return true;
}

/** The offset just behind the string that starts at `at`; an unterminated one ends at `to`. */
export function skipString(text: string, at: number, to = text.length): number {
  const quote = text.charCodeAt(at);
  let i = at + 1;
  while (i < to) {
    const c = text.charCodeAt(i++);
    if (c === quote) return i;
    if (c === 0x5c && quote === 0x60) i++;
  }
  return to;
}

/** The offset just behind the bracket that closes the one at `at`, strings skipped; −1 when it stays open. */
function skipBraces(text: string, at: number, to: number): number {
  const open = text[at];
  const close = open === '{' ? '}' : ']';
  let depth = 0;
  let i = at;
  while (i < to) {
    const c = text[i];
    if (c === '"' || c === "'" || c === '`') {
      i = skipString(text, i, to);
      continue;
    }
    if (c === open) depth++;
    else if (c === close && --depth === 0) return i + 1;
    i++;
  }
  return -1;
}

/** Does the bracket at `at` close at the end of the text? */
export function isClosed(text: string, at: number): boolean {
  return skipBraces(text, at, text.length) === text.length;
}

/** End of a `%…` token, or `at + 1` for a plain `%`. */
function preprocessorEnd(text: string, at: number, to: number): number {
  const c = text.charCodeAt(at + 1);
  const next = text.charCodeAt(at + 2);
  switch (text[at + 1]) {
    case '{':
    case '[': {
      const end = skipBraces(text, at + 1, to);
      return end < 0 ? to : end;
    }
    case '+':
    case '-': {
      if (!(next < 128 && has(next, WORD))) return text[at + 1] === '+' ? at + 2 : at + 1;
      if (!has(next, DIGIT)) return text[at + 1] === '+' ? at + 2 : at + 1;
      let i = at + 2;
      while (has(text.charCodeAt(i), DIGIT)) i++;
      return i;
    }
    case '?':
      return text[at + 2] === '?' ? at + 3 : at + 2;
    case '*':
      if (text[at + 2] === '?') return text[at + 3] === '?' ? at + 4 : at + 3;
      return at + 1;
    case ',':
      return at + 2;
    case '!': {
      if (text[at + 2] === '"' || text[at + 2] === "'" || text[at + 2] === '`')
        return skipString(text, at + 2, to);
      let i = at + 2;
      while (has(text.charCodeAt(i), INSIDE)) i++;
      return i;
    }
    case '%':
    case '$': {
      let i = at + 1;
      while (text[i] === '$') i++;
      if (i === at + 1) i++;
      if (!has(text.charCodeAt(i), INSIDE)) return text[at + 1] === '%' ? at + 2 : at + 1;
      while (has(text.charCodeAt(i), INSIDE)) i++;
      return i;
    }
  }
  if (has(c, DIGIT)) {
    let i = at + 1;
    while (has(text.charCodeAt(i), DIGIT)) i++;
    return i;
  }
  if (!has(c, INSIDE)) return at + 1;
  let i = at + 1;
  while (has(text.charCodeAt(i), INSIDE)) i++;
  return i;
}

/** End of a number and whether it is a floating-point one (NASM manual 3.4.1, 3.4.6). */
function numberEnd(text: string, at: number): { end: number; float: boolean } {
  let i = at;
  let hex = false;
  let float = false;
  let exponent = false;
  if (text[i] === '$') {
    i++;
    hex = true;
  }
  for (; i < text.length; i++) {
    const c = text[i];
    const sign = text[i + 1] === '+' || text[i + 1] === '-';
    if (!hex && (c === 'e' || c === 'E')) {
      exponent = true;
      if (sign) {
        i++;
        float = true;
      }
    } else if (c === 'h' || c === 'H' || c === 'x' || c === 'X') {
      hex = true;
    } else if (c === 'p' || c === 'P') {
      float = true;
      if (sign) i++;
    } else if (c === '.') {
      let r = i + 1;
      while (text[r] === '_') r++;
      const next = text.charCodeAt(r);
      const tail = text[r];
      if (
        !has(next, DIGIT) &&
        !(hex && has(next, HEX)) &&
        !(!hex && /[eE]/.test(tail ?? '')) &&
        !/[pP]/.test(tail ?? '')
      ) {
        // `1.` on its own is a float too; `1.name` is a number and a name.
        if (!has(next, INSIDE)) {
          float = true;
          i++;
        }
        break;
      }
      float = true;
      i = r - 1;
    } else if (!has(text.charCodeAt(i), WORD)) {
      break;
    }
  }
  return { end: i, float: float || (exponent && !hex) };
}

/** The text a preprocessor token stands for: `%{x}` is `%x`. */
function withoutBraces(text: string): string {
  if (text[1] !== '{') return text;
  return `%${text.slice(2, isClosed(text, 1) ? -1 : undefined).trim()}`;
}

/**
 * Splits one logical line into tokens: the characters of `text` from `from` to
 * `to`. A comment ends it. Never fails: an unterminated string is a token
 * without its closing quote, whoever uses it complains.
 */
export function tokenise(
  text: string,
  file: SourceFile,
  line: number,
  locate?: Locate,
  from = 0,
  to = text.length,
): Token[] {
  const tokens: Token[] = [];
  // Columns count from 1.
  const origin = from - 1;
  let i = from;
  let space = false;
  while (i < to) {
    const code = text.charCodeAt(i);
    const bits = code < 128 ? classes[code] : START | INSIDE;
    const start = i;
    let kind = Kind.Identifier;
    let value: string;
    let word: Word | undefined;
    if (bits & BLANK) {
      space = true;
      i++;
      continue;
    }
    const dollar = code === 0x24 && i + 1 < to ? text.charCodeAt(i + 1) : 0;
    if (bits & START || (dollar !== 0 && has(dollar, START))) {
      let hash = hashStep(0, code);
      for (i++; i < to; i++) {
        const next = text.charCodeAt(i);
        if (next < 128 && (classes[next] & INSIDE) === 0) break;
        hash = hashStep(hash, next);
      }
      word = wordAt(text, start, i, hash);
      value = word.text;
    } else if (bits & DIGIT || (dollar !== 0 && has(dollar, DIGIT))) {
      if (bits & DIGIT && !(i + 1 < to && has(text.charCodeAt(i + 1), INSIDE))) {
        kind = Kind.Number;
        value = SINGLE[code];
        i++;
      } else {
        const { end, float } = numberEnd(text, i);
        i = end;
        kind = float ? Kind.Float : Kind.Number;
        value = text.slice(start, i);
      }
    } else if (code === 0x3b) {
      break;
    } else if (code === 0x22 || code === 0x27 || code === 0x60) {
      i = skipString(text, i, to);
      kind = Kind.String;
      value = text.slice(start, i);
    } else if (code === 0x25) {
      i = preprocessorEnd(text, i, to);
      kind = Kind.Preprocessor;
      word = wordOf(withoutBraces(text.slice(start, i)));
      value = word.text;
      // `%`, `%%` and `%{}` are operators.
      if (value === '%' || value === '%%') kind = Kind.Operator;
    } else {
      kind = Kind.Operator;
      value = operatorAt(text, i);
      i += value.length;
    }
    if (locate) {
      const first = locate(start - from);
      const last = locate(i - 1 - from);
      const stop = last.line === first.line ? last.column + 1 : first.column + 1;
      tokens.push(new Token(kind, value, space, file, first.line, first.column, stop, undefined, word));
    } else {
      tokens.push(new Token(kind, value, space, file, line, start - origin, i - origin, undefined, word));
    }
    space = false;
  }
  return tokens;
}
