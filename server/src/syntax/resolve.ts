import { isRegisterName, Kind, SIZES, type Token, tokenise } from '@hyperstep/assembler';
import { STANDARD_NAMES } from '../knowledge/standard';
import type { Declaration } from './declaration';
import { defineKey, isLocal, macroKey, plainName, sectionKey, symbolKey } from './keys';
import type { Names } from './names';
import { definesSingle, localKey, type Outline, parameterKey } from './outline';

/** A name written somewhere: a part of a token, and what it names. */
export interface Name {
  key: string;
  /** Full name for people: `main.loop`, `%$x`. */
  name: string;
  token: Token;
  /** Columns from 1, `end` exclusive. */
  start: number;
  end: number;
}

/** Words of operands that name nothing. */
const WORDS = new Set([
  ...SIZES.keys(),
  'short',
  'near',
  'far',
  'strict',
  'rel',
  'abs',
  'nosplit',
  'to',
  'seg',
  'wrt',
  'dup',
  'ptr',
  '?',
]);

/** Is this lower-case word of an operand part of the dialect? */
export function isOperandWord(word: string): boolean {
  return WORDS.has(word);
}

/** Preprocessor directives whose words are no names. */
const WORDLESS = /^(push|pop|repl|ifn?ctx|elifn?ctx|use|pragma|error|warning|fatal|note|line|clear|null)$/;
const MACRO_NAMING = /^(i?r?macro|irmacro|uni?macro|(el)?ifn?macro)$/;
const DEFINE_NAMING = /^(undef|(el)?ifn?def)$/;

/** The names in the token at `at` of a line: none, one, or two for `structure.field`. */
export function namesIn(names: Names, outline: Outline, index: number, at: number): Name[] {
  const line = outline.lines[index];
  const token = line.tokens[at];
  const shape = outline.shapes[index];
  if (token.kind === Kind.Preprocessor) return preprocessorNames(names, outline, index, token);
  if (token.kind !== Kind.Identifier) return [];
  if (shape.kind === 'preprocessor') return inDirective(names, outline, index, at);
  if (at === shape.at && shape.kind !== 'call' && shape.kind !== 'unknown') return [];
  if (
    shape.kind === 'directive' &&
    at > shape.at &&
    /^(section|segment|default|cpu|float)$/.test(shape.head!.lower)
  ) {
    return at === shape.at + 1 && /^se/.test(shape.head!.lower)
      ? [whole(sectionKey(token.text), token.text, token)]
      : [];
  }
  if (shape.kind === 'directive' && shape.head!.lower === 'at' && token.text[0] === '.') {
    const { instance } = outline.surroundings[index];
    if (instance !== undefined)
      return [whole(symbolKey(instance + token.text), instance + token.text, token)];
  }
  return word(names, outline, index, token, at === shape.at, token === shape.label);
}

function whole(key: string, name: string, token: Token): Name {
  return { key, name, token, start: token.column, end: token.end };
}

/** A word in code: macro, single-line macro or symbol. */
function word(
  names: Names,
  outline: Outline,
  index: number,
  token: Token,
  head: boolean,
  label: boolean,
): Name[] {
  const text = token.text;
  if (text[0] !== '$' && !label) {
    const { lower } = token;
    if (!head && (isRegisterName(lower) || WORDS.has(lower))) {
      return names.define(text).length > 0 ? [defined(names, token)] : [];
    }
    if (head && names.macro(text).length > 0) return [whole(macroKey(text), text, token)];
    if (names.define(text).length > 0) return [defined(names, token)];
    if (STANDARD_NAMES.has(text)) return [whole(defineKey(text), text, token)];
  }
  return symbol(names, outline, index, token);
}

function defined(names: Names, token: Token): Name {
  return whole(names.define(token.text)[0].key, token.text, token);
}

function symbol(names: Names, outline: Outline, index: number, token: Token): Name[] {
  const name = plainName(token.text);
  const skip = token.text.length - name.length;
  if (isLocal(name)) {
    const full = outline.surroundings[index].parent + name;
    return [whole(symbolKey(full), full, token)];
  }
  const start = token.column + skip;
  const sized = names.sizedStruc(name);
  if (sized) return [{ key: sized.key, name: sized.name, token, start, end: start + sized.name.length }];
  const dot = name.indexOf('.', 1);
  if (dot > 0 && name[0] !== '.') {
    const container = name.slice(0, dot);
    if (names.symbol(name).length > 0 || names.symbol(container).length > 0) {
      return [
        { key: symbolKey(container), name: container, token, start, end: start + dot },
        { key: symbolKey(name), name, token, start: start + dot, end: token.end },
      ];
    }
  }
  return [{ key: symbolKey(name), name, token, start, end: token.end }];
}

/** `%1`, `%%name`, `%$name`, `%[…]`. */
function preprocessorNames(names: Names, outline: Outline, index: number, token: Token): Name[] {
  const text = token.text;
  const { macro } = outline.surroundings[index];
  if (text.startsWith('%[')) {
    const inner = tokenise(text.slice(2, -1), token.file, token.line, (o) => ({
      line: token.line,
      column: token.column + 2 + o,
    }));
    return inner.flatMap((t) => {
      if (t.kind === Kind.Preprocessor) return preprocessorNames(names, outline, index, t);
      return t.kind === Kind.Identifier ? word(names, outline, index, t, false, false) : [];
    });
  }
  if (text[1] === '$') {
    const name = text.replace(/^%\$+/, '');
    if (name === '') return [];
    return [whole(names.contexts.keyOf(outline.lines[index], text), `%$${name}`, token)];
  }
  if (!macro) return [];
  if (text.startsWith('%%') && text.length > 2) {
    return [whole(localKey(macro, text.slice(2)), text, token)];
  }
  const parameter = /^%[+-]?(\d+)$/.exec(text);
  return parameter ? [whole(parameterKey(macro, parameter[1]), `%${parameter[1]}`, token)] : [];
}

/** Words of a preprocessor directive. */
function inDirective(names: Names, outline: Outline, index: number, at: number): Name[] {
  const line = outline.lines[index];
  const token = line.tokens[at];
  const directive = line.directive ?? '';
  if (WORDLESS.test(directive)) return [];
  if (at === 1 && MACRO_NAMING.test(directive)) return [whole(macroKey(token.text), token.text, token)];
  if (at >= 1 && DEFINE_NAMING.test(directive)) {
    const found = names.define(token.text);
    return [whole(found[0]?.key ?? defineKey(token.text), token.text, token)];
  }
  if (definesSingle(directive)) {
    const own = outline.byKey.size > 0 ? declarationAt(outline, index) : undefined;
    if (at === 1) return own ? [whole(own.key, own.name, token)] : [];
    if (own?.define?.parameters?.some((p) => p.replace(/[^\w$#@~.?]/g, '') === token.text)) {
      return [whole(`a:${outline.document.path}:${token.line}:${token.text}`, token.text, token)];
    }
  }
  return word(names, outline, index, token, false, false);
}

/** The declaration a line makes. */
export function declarationAt(outline: Outline, index: number): Declaration | undefined {
  const { declarations } = outline;
  let low = 0;
  let high = declarations.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (declarations[middle].index < index) low = middle + 1;
    else high = middle;
  }
  const found = declarations[low];
  return found?.index === index ? found : undefined;
}

/** The token under a position (line and character from 0), the one that begins there before the one that ends there. */
export function tokenAt(
  outline: Outline,
  line: number,
  character: number,
): { index: number; at: number; token: Token } | undefined {
  const index = outline.indexOf(line);
  if (index < 0) return undefined;
  const { tokens } = outline.lines[index];
  let best: { index: number; at: number; token: Token } | undefined;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token.line !== line + 1) continue;
    const begin = token.column - 1;
    const end = token.end - 1;
    if (character < begin || character > end) continue;
    if (character < end) {
      // Of `label|:` the label is meant.
      return best && token.kind === Kind.Operator ? best : { index, at, token };
    }
    if (token.kind !== Kind.Operator) best = { index, at, token };
    else best ??= { index, at, token };
  }
  return best;
}

/** The name under a position. */
export function nameAt(names: Names, outline: Outline, line: number, character: number): Name | undefined {
  const found = tokenAt(outline, line, character);
  if (!found) return undefined;
  const candidates = namesIn(names, outline, found.index, found.at);
  return (
    candidates.find((n) => character >= n.start - 1 && character < n.end - 1) ??
    candidates.find((n) => character === n.end - 1) ??
    (found.token.kind === Kind.Identifier ? candidates[candidates.length - 1] : undefined)
  );
}
