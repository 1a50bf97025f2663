import {
  isMnemonic,
  isPrefixName,
  isRegisterName,
  Kind,
  type SourceLine,
  type Token,
} from '@hyperstep/assembler';
import type { Range, SemanticTokens, SemanticTokensDelta, SemanticTokensLegend } from 'vscode-languageserver';
import type { Names } from '../syntax/names';
import type { Outline } from '../syntax/outline';
import { isOperandWord, namesIn } from '../syntax/resolve';
import type { Shape } from '../syntax/shape';
import type { Workspace } from '../workspace/workspace';
import { type View, view } from './lookup';

const TYPES = [
  'function',
  'macro',
  'struct',
  'property',
  'enumMember',
  'variable',
  'parameter',
  'keyword',
  'label',
  'number',
  'string',
  'namespace',
  'mnemonic',
  'register',
] as const;
const MODIFIERS = ['declaration', 'readonly', 'defaultLibrary', 'local'] as const;

/** What the numbers in the answers mean. `mnemonic`, `register` and `label` are ours; package.json tells themes what they are like. */
export const LEGEND: SemanticTokensLegend = { tokenTypes: [...TYPES], tokenModifiers: [...MODIFIERS] };

const TYPE = Object.fromEntries(TYPES.map((name, i) => [name, i])) as Record<(typeof TYPES)[number], number>;
const DECLARATION = 1;
const READONLY = 2;
const LIBRARY = 4;
const LOCAL = 8;

/** The coloured words of one line: line below the first (of joined lines), character, length, type, modifiers; and how names were understood. */
interface Painted {
  data: number[];
  /** Names and what they were taken for: valid while they still are that. */
  names: string[];
  kinds: string[];
}

/** Numbers that make a word in {@link Painted.data}. */
const WORD = 5;

const painted = new WeakMap<SourceLine, { parent: string; shape: Shape; line: Painted }>();

/** What a name is painted as depends only on the kind of its declaration. */
function kindOfName(names: Names, key: string): string {
  const d = names.find(key)[0];
  return d ? d.kind : '';
}

function paint(names: Names, outline: Outline, index: number): Painted {
  const line = outline.lines[index];
  const shape = outline.shapes[index];
  const { parent } = outline.surroundings[index];
  const before = painted.get(line);
  if (before && before.parent === parent && before.shape === shape) {
    const { line: old } = before;
    let same = true;
    for (let i = 0; i < old.names.length && same; i++)
      same = kindOfName(names, old.names[i]) === old.kinds[i];
    if (same) return old;
  }
  const made = paintAnew(names, outline, index);
  painted.set(line, { parent, shape, line: made });
  return made;
}

function paintAnew(names: Names, outline: Outline, index: number): Painted {
  const { tokens } = outline.lines[index];
  const shape = outline.shapes[index];
  const result: Painted = { data: [], names: [], kinds: [] };
  let below = 0;
  const put = (start: number, end: number, type: number, modifiers = 0) => {
    if (end > start) result.data.push(below, start - 1, end - start, type, modifiers);
  };
  tokens.forEach((token, at) => {
    below = token.line - tokens[0].line;
    if (token.kind === Kind.Number || token.kind === Kind.Float) put(token.column, token.end, TYPE.number);
    else if (token.kind === Kind.String) put(token.column, token.end, TYPE.string);
    else if (token.kind !== Kind.Operator) {
      const found = namesIn(names, outline, index, at);
      let last = token.column;
      for (const name of found) {
        const kind = kindOfName(names, name.key);
        result.names.push(name.key);
        result.kinds.push(kind);
        // Names inside `%[…]` come in order too.
        if (name.start < last) continue;
        last = name.end;
        const [type, modifiers] = look(kind, name.key, token, shape);
        if (type >= 0) put(name.start, name.end, type, modifiers);
      }
      if (found.length === 0) word(token, at, shape, put);
    }
  });
  return result;
}

/** Type and modifiers of a name. */
function look(kind: string, key: string, token: Token, shape: Shape): [number, number] {
  const declares = token === shape.label ? DECLARATION : 0;
  switch (kind) {
    case 'label':
    case 'extern':
      return [TYPE.function, declares];
    case 'local':
    case 'macro-local':
      return [TYPE.label, declares | LOCAL];
    case 'context':
      return [TYPE.label, declares | LOCAL];
    case 'equ':
      return [TYPE.enumMember, declares | READONLY];
    case 'struc':
      return [TYPE.struct, declares];
    case 'field':
      return [TYPE.property, declares];
    case 'macro':
      return [TYPE.macro, 0];
    case 'define':
      return [TYPE.macro, READONLY];
    case 'section':
      return [TYPE.namespace, 0];
    default:
      if (/^[pa]:/.test(key)) return [TYPE.parameter, 0];
      if (key.startsWith('d:__')) return [TYPE.macro, READONLY | LIBRARY];
      return [-1, 0];
  }
}

function word(
  token: Token,
  at: number,
  shape: Shape,
  put: (s: number, e: number, t: number, m?: number) => void,
): void {
  const { lower } = token;
  if (token.kind === Kind.Preprocessor) {
    if (at === 0 && shape.kind === 'preprocessor') put(token.column, token.end, TYPE.keyword);
    else if (/^%[+-]?\d/.test(token.text)) put(token.column, token.end, TYPE.parameter);
    return;
  }
  if (at === shape.at) {
    if (shape.kind === 'instruction' && (isMnemonic(lower) || isPrefixName(lower)))
      put(token.column, token.end, TYPE.mnemonic);
    else if (shape.kind !== 'unknown' && shape.kind !== 'call') put(token.column, token.end, TYPE.keyword);
    return;
  }
  if (shape.kind === 'preprocessor' && at === 1) return;
  if (isRegisterName(lower)) put(token.column, token.end, TYPE.register, LIBRARY);
  else if (isOperandWord(lower)) put(token.column, token.end, TYPE.keyword);
  else if (at < shape.at && isPrefixName(lower)) put(token.column, token.end, TYPE.mnemonic);
}

/** What was answered last for a file: lines in order, so that a delta compares lines, not numbers. */
interface Answer {
  id: string;
  names?: Names;
  revision: number;
  lines: Painted[];
  /** Line numbers, from 0. */
  numbers: number[];
}

/** A place whose line has still to be painted. */
const NOTHING: Painted = { data: [], names: [], kinds: [] };

/** Changes followed one by one; after more all lines are looked at. */
const MAX_CHANGES = 16;

/** Answers semantic-token requests; remembers the last answer a file to send only what has changed. */
export class SemanticTokensProvider {
  private readonly answers = new Map<string, Answer>();
  private ids = 0;

  constructor(private readonly workspace: Workspace) {}

  full(path: string): SemanticTokens {
    const answer = this.make(path);
    if (!answer) return { data: [] };
    return { resultId: answer.id, data: encode(answer, 0, answer.lines.length, 0, 0) };
  }

  range(path: string, range: Range): SemanticTokens {
    const seen = view(this.workspace, path);
    if (!seen) return { data: [] };
    const { outline, names } = seen;
    const first = Math.max(0, outline.search(range.start.line + 1));
    const last = outline.search(range.end.line + 1);
    const answer: Answer = { id: '', revision: 0, lines: [], numbers: [] };
    for (let i = first; i <= last; i++) {
      answer.lines.push(paint(names, outline, i));
      answer.numbers.push(outline.lines[i].number - 1);
    }
    return { data: encode(answer, 0, answer.lines.length, 0, 0) };
  }

  delta(path: string, previous: string): SemanticTokens | SemanticTokensDelta {
    const before = this.answers.get(path);
    if (!before || before.id !== previous) return this.full(path);
    const after = this.make(path);
    if (!after) return { data: [] };
    return { resultId: after.id, edits: difference(before, after) };
  }

  forget(path: string): void {
    this.answers.delete(path);
  }

  /** The lines of the answer before with what has changed since, where every name still means the same. */
  private follow(path: string, { names, outline }: View): Painted[] | undefined {
    const before = this.answers.get(path);
    if (!before || before.names !== names) return undefined;
    const changes = outline.document.changesSince(before.revision);
    if (!changes || changes.length > MAX_CHANGES) return undefined;
    const lines = before.lines.slice();
    for (const { index, removed, added } of changes) {
      lines.splice(index, removed.length, ...added.map(() => NOTHING));
    }
    for (let i = 0; i < lines.length; i++) if (lines[i] === NOTHING) lines[i] = paint(names, outline, i);
    return lines;
  }

  private make(path: string): Answer | undefined {
    const seen = view(this.workspace, path);
    if (!seen) return undefined;
    const { outline, names } = seen;
    const { revision } = outline;
    const count = outline.lines.length;
    const answer: Answer = {
      id: String(++this.ids),
      names,
      revision,
      lines: this.follow(path, seen) ?? [],
      numbers: new Array(count),
    };
    const known = answer.lines.length > 0;
    for (let i = 0; i < count; i++) {
      if (!known) answer.lines.push(paint(names, outline, i));
      answer.numbers[i] = outline.lines[i].number - 1;
    }
    this.answers.set(path, answer);
    return answer;
  }
}

/** The protocol's numbers for lines [from, to), relative to the word painted before. */
function encode(answer: Answer, from: number, to: number, line: number, character: number): number[] {
  const out: number[] = [];
  let atLine = line;
  let atCharacter = character;
  for (let i = from; i < to; i++) {
    const { data } = answer.lines[i];
    const number = answer.numbers[i];
    for (let k = 0; k < data.length; k += WORD) {
      const at = number + data[k];
      const start = data[k + 1];
      out.push(
        at - atLine,
        at === atLine ? start - atCharacter : start,
        data[k + 2],
        data[k + 3],
        data[k + 4],
      );
      atLine = at;
      atCharacter = start;
    }
  }
  return out;
}

/** One edit that turns the answer before into the one after. */
function difference(before: Answer, after: Answer): SemanticTokensDelta['edits'] {
  const a = before.lines;
  const b = after.lines;
  let head = 0;
  const shorter = Math.min(a.length, b.length);
  while (head < shorter && a[head] === b[head] && before.numbers[head] === after.numbers[head]) head++;
  if (head === a.length && head === b.length) return [];
  const shift = (after.numbers[b.length - 1] ?? 0) - (before.numbers[a.length - 1] ?? 0);
  let tail = 0;
  while (
    tail < shorter - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail] &&
    before.numbers[a.length - 1 - tail] + shift === after.numbers[b.length - 1 - tail]
  )
    tail++;
  // The first word of the tail is relative to what stands before it: it is sent again.
  while (tail > 0) {
    const line = a[a.length - tail];
    tail--;
    if (line.data.length > 0) break;
  }
  const start = countWords(a, 0, head) * 5;
  const deleteCount = countWords(a, head, a.length - tail) * 5;
  const [line, character] = lastWord(after, head);
  return [{ start, deleteCount, data: encode(after, head, b.length - tail, line, character) }];
}

function countWords(lines: Painted[], from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) count += lines[i].data.length / WORD;
  return count;
}

/** Place of the last word painted before a line. */
function lastWord(answer: Answer, index: number): [line: number, character: number] {
  for (let i = index - 1; i >= 0; i--) {
    const { data } = answer.lines[i];
    const last = data.length - WORD;
    if (last >= 0) return [answer.numbers[i] + data[last], data[last + 1]];
  }
  return [0, 0];
}
