import {
  DATA,
  DIRECTIVES,
  isMnemonic,
  isPrefixName,
  Kind,
  RESERVE,
  type SourceLine,
  startsStatement,
  type Token,
} from '@hyperstep/assembler';

/** What a line does, as far as its own words tell. */
export type LineKind =
  | 'none'
  | 'instruction'
  | 'data'
  | 'reserve'
  | 'equ'
  | 'incbin'
  | 'directive'
  | 'preprocessor'
  | 'call'
  | 'unknown';

/** The parts of a line of tokens. */
export interface Shape {
  kind: LineKind;
  /** The label it defines. */
  label: Token | undefined;
  /** Mnemonic, directive, macro name or preprocessor directive. */
  head: Token | undefined;
  /** Index of {@link head} among the tokens; −1 without. */
  at: number;
}

/** Is this the name of a macro, so that it may start a line? */
export type IsMacro = (name: string) => boolean;

const DIRECTIVE_NAMES = new Set(DIRECTIVES);

/** Is this lower-case word a directive of the assembler? */
export function isDirective(word: string): boolean {
  return DIRECTIVE_NAMES.has(word);
}

function kindOf(word: string): LineKind {
  if (DATA.has(word)) return 'data';
  if (RESERVE.has(word)) return 'reserve';
  if (word === 'equ') return 'equ';
  if (word === 'incbin') return 'incbin';
  if (DIRECTIVE_NAMES.has(word)) return 'directive';
  return isMnemonic(word) || isPrefixName(word) ? 'instruction' : 'unknown';
}

interface Kept {
  shape: Shape;
  /** The macros decided: has to be asked again when they change. */
  epoch: number | undefined;
}

const kept = new WeakMap<SourceLine, Kept>();

/** The parts of a line; kept until the line or (where they matter) the set of macros changes. */
export function shapeOf(line: SourceLine, isMacro: IsMacro, epoch: number): Shape {
  const known = kept.get(line);
  if (known && (known.epoch === undefined || known.epoch === epoch)) return known.shape;
  let asked = false;
  const shape = split(line.tokens, (name) => {
    asked = true;
    return isMacro(name);
  });
  kept.set(line, { shape, epoch: asked ? epoch : undefined });
  return shape;
}

/** Splits tokens that are not kept anywhere. */
export function split(tokens: readonly Token[], isMacro: IsMacro): Shape {
  const first = tokens[0];
  if (!first) return { kind: 'none', label: undefined, head: undefined, at: -1 };
  if (first.kind === Kind.Preprocessor && /^%[A-Za-z]/.test(first.text)) {
    return { kind: 'preprocessor', label: undefined, head: first, at: 0 };
  }
  if (first.is('[')) {
    const head = tokens[1]?.kind === Kind.Identifier ? tokens[1] : undefined;
    return { kind: head ? 'directive' : 'unknown', label: undefined, head, at: head ? 1 : -1 };
  }
  const label = labelOf(tokens, isMacro);
  const at = label ? (tokens[1]?.is(':') ? 2 : 1) : 0;
  return { label, ...statementAt(tokens, at, isMacro) };
}

/** The label at the beginning, by the assembler's own rule (NASM manual 3.1): the first word that cannot start a statement. */
function labelOf(tokens: readonly Token[], isMacro: IsMacro): Token | undefined {
  const first = tokens[0];
  const colon = tokens[1]?.is(':') ?? false;
  if (first.kind === Kind.Preprocessor) {
    if (!/^%(%|\$)/.test(first.text)) return undefined;
    return first;
  }
  if (first.kind !== Kind.Identifier) return undefined;
  if (first.text[0] === '$' || first.text[0] === '.') return first;
  const word = first.lower;
  if (startsStatement(word) || DIRECTIVE_NAMES.has(word)) {
    return colon && !isMnemonic(word) && !isPrefixName(word) ? first : undefined;
  }
  if (colon) return first;
  return isMacro(first.text) ? undefined : first;
}

function statementAt(tokens: readonly Token[], from: number, isMacro: IsMacro): Omit<Shape, 'label'> {
  let at = from;
  while (at < tokens.length) {
    const token = tokens[at];
    if (token.kind !== Kind.Identifier) break;
    if (token.lower === 'times') {
      // The count is an expression: the statement begins at the next word that can begin one.
      let next = at + 1;
      while (next < tokens.length && !begins(tokens[next])) next++;
      if (next >= tokens.length) return { kind: 'data', head: token, at };
      at = next;
    } else if (isPrefixName(token.lower) && tokens[at + 1]?.kind === Kind.Identifier) at++;
    else break;
  }
  const head = tokens[at];
  if (!head) return { kind: 'none', head: undefined, at: -1 };
  if (head.kind !== Kind.Identifier) return { kind: 'unknown', head: undefined, at: -1 };
  const kind = kindOf(head.lower);
  if (kind !== 'unknown') return { kind, head, at };
  return { kind: isMacro(head.text) ? 'call' : 'unknown', head, at };
}

function begins(token: Token): boolean {
  return token.kind === Kind.Identifier && startsStatement(token.lower);
}
