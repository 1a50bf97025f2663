import { isPrefixName, type Token } from '@hyperstep/assembler';
import type { TextEdit } from 'vscode-languageserver';
import { span } from '../locations';
import type { Outline } from '../syntax/outline';
import type { Shape } from '../syntax/shape';
import type { Document } from '../text/document';
import type { Settings } from '../workspace/settings';
import type { Workspace } from '../workspace/workspace';
import { view } from './lookup';

/** Tab stops: what is aligned to one is left where it is. */
const TAB = 8;

type Columns = Settings['format'];

/** Where in the text a line's parts are; columns count from 0 with tabs expanded. */
interface Line {
  number: number;
  /** Text with tabs expanded. */
  text: string;
  /** Text of the parts: label with its colon, head with prefixes, operands, comment with its `;`. */
  label: string;
  head: string;
  operands: string;
  comment: string;
  labelAt: number;
  headAt: number;
  operandsAt: number;
  commentAt: number;
  kind: Shape['kind'];
  /** `at`, `times`, prefixes: a single blank follows. */
  tight: boolean;
  /** Not ours to touch: joined lines, code that is not understood. */
  verbatim: boolean;
  inStruc: boolean;
}

/** Edits that align a whole file. */
export function formatDocument(workspace: Workspace, path: string): TextEdit[] {
  const seen = view(workspace, path);
  if (!seen) return [];
  return format(seen.outline, workspace.settings.format, 0, seen.outline.document.lineCount - 1);
}

/** Edits that align the lines [first, last]. */
export function formatRange(workspace: Workspace, path: string, first: number, last: number): TextEdit[] {
  const seen = view(workspace, path);
  if (!seen) return [];
  return format(
    seen.outline,
    workspace.settings.format,
    Math.max(0, first),
    Math.min(last, seen.outline.document.lineCount - 1),
  );
}

/** Edits after Enter: the line just finished. */
export function formatOnType(workspace: Workspace, path: string, line: number): TextEdit[] {
  return line > 0 ? formatRange(workspace, path, line - 1, line - 1) : [];
}

/**
 * Aligns lines as the guests are: labels in column 0, instructions, operands
 * and comments in theirs. Only white space changes, and only outside strings;
 * what is aligned to a tab stop together with its neighbours stays.
 */
function format(outline: Outline, columns: Columns, first: number, last: number): TextEdit[] {
  const { document } = outline;
  // Neighbours decide about alignment: look at whole paragraphs.
  let from = first;
  while (from > 0 && document.line(from - 1).trim() !== '') from--;
  let to = last;
  while (to + 1 < document.lineCount && document.line(to + 1).trim() !== '') to++;
  const lines: Line[] = [];
  for (let number = from; number <= to; number++) lines.push(read(outline, document, number));
  const bodies = bodyColumns(lines);
  const codes = lines.map((line, i) => codeOf(line, columns, bodies[i]));
  const comments = commentColumns(lines, codes, columns);
  const edits: TextEdit[] = [];
  lines.forEach((line, i) => {
    if (line.number < first || line.number > last) return;
    const before = document.line(line.number);
    const after = line.verbatim ? before.trimEnd() : join(codes[i], line.comment, comments[i]);
    // A backslash at the end has to stay the last character.
    if (line.verbatim && before.trimEnd().endsWith('\\')) return;
    if (after !== before) edits.push({ range: span(line.number, 0, before.length), newText: after });
  });
  return edits;
}

function join(code: string, comment: string, column: number): string {
  if (comment === '') return code;
  return code === '' ? ' '.repeat(column) + comment : code.padEnd(column) + comment;
}

/** The text with tabs as blanks, and for each character of the original its column. */
function expandTabs(text: string): { text: string; columns: number[] } {
  let out = '';
  const columns: number[] = [];
  let quote = '';
  for (const c of text) {
    columns.push(out.length);
    if (c.length > 1) columns.push(out.length);
    if (quote) quote = c === quote ? '' : quote;
    else if (c === '"' || c === "'" || c === '`') quote = c;
    out += c === '\t' && !quote ? ' '.repeat(TAB - (out.length % TAB)) : c;
  }
  columns.push(out.length);
  return { text: out, columns };
}

function read(outline: Outline, document: Document, number: number): Line {
  const raw = document.line(number);
  const { text, columns } = expandTabs(raw);
  const line: Line = {
    number,
    text,
    label: '',
    head: '',
    operands: '',
    comment: '',
    labelAt: 0,
    headAt: 0,
    operandsAt: 0,
    commentAt: 0,
    kind: 'none',
    tight: false,
    verbatim: false,
    inStruc: false,
  };
  const tokens = document.tokensAt(number);
  const joined = raw.endsWith('\\') || (number > 0 && document.line(number - 1).endsWith('\\'));
  if (joined) return { ...line, verbatim: true };
  if (!tokens) {
    // A comment alone, or nothing.
    line.comment = text.trim();
    line.commentAt = text.length - text.trimStart().length;
    // Anything else without tokens is not ours.
    if (line.comment !== '' && line.comment[0] !== ';') line.verbatim = true;
    return line;
  }
  const index = outline.search(tokens.number);
  const shape = outline.shapes[index];
  const list = tokens.tokens;
  const codeEnd = columns[list[list.length - 1].end - 1];
  const semicolon = text.indexOf(';', codeEnd);
  if (semicolon >= 0) {
    line.comment = text.slice(semicolon).trimEnd();
    line.commentAt = semicolon;
  }
  const at = (token: Token): number => columns[token.column - 1];
  line.kind = shape.kind;
  line.inStruc = insideStruc(outline, index);
  let next = 0;
  if (shape.label) {
    const colon = list[1]?.is(':') ? list[1] : undefined;
    line.labelAt = at(shape.label);
    line.label = text.slice(line.labelAt, columns[shape.label.end - 1]) + (colon ? ':' : '');
    next = colon ? 2 : 1;
  }
  if (next >= list.length) return line;
  // `name 1, 2` of a macro that is not known here looks like a label without colon.
  if (next === 1 && (shape.kind === 'unknown' || shape.kind === 'none')) return { ...line, verbatim: true };
  if (shape.kind === 'preprocessor' || shape.at < 0 || shape.kind === 'unknown' || list[next].is('[')) {
    line.headAt = at(list[next]);
    line.head = text.slice(line.headAt, codeEnd);
    return line;
  }
  line.headAt = at(list[next]);
  // `times 8 db 0`: all behind `times` is its operand.
  const last = list[next].lower === 'times' ? next : shape.at;
  line.head = words(list.slice(next, last + 1), text, columns);
  line.tight = last > next || shape.head!.lower === 'at' || isPrefixName(shape.head!.lower);
  const rest = list.slice(last + 1);
  if (rest.length > 0) {
    line.operandsAt = at(rest[0]);
    line.operands =
      shape.kind === 'instruction' || shape.kind === 'data'
        ? spaced(rest, text, columns)
        : text.slice(line.operandsAt, codeEnd);
  }
  return line;
}

function insideStruc(outline: Outline, index: number): boolean {
  return outline.declarations.some((d) => d.kind === 'struc' && d.index < index && d.last > index);
}

/** Prefixes and the mnemonic, or `times count db`: as written, single blanks where there were more. */
function words(tokens: readonly Token[], text: string, columns: number[]): string {
  let out = '';
  tokens.forEach((token, i) => {
    const gap = i > 0 && columns[token.column - 1] > columns[tokens[i - 1].end - 1];
    out += (gap ? ' ' : '') + text.slice(columns[token.column - 1], columns[token.end - 1]);
  });
  return out;
}

/** Operands with a blank behind every comma that has none. */
function spaced(tokens: readonly Token[], text: string, columns: number[]): string {
  let out = '';
  tokens.forEach((token, i) => {
    const start = columns[token.column - 1];
    if (i > 0) {
      const end = columns[tokens[i - 1].end - 1];
      out += text.slice(end, start);
      if (start === end && tokens[i - 1].is(',')) out += ' ';
    }
    out += text.slice(start, columns[token.end - 1]);
  });
  return out;
}

/** Runs of neighbouring lines that fulfil a condition; comment lines in between do not end one. */
function* runs(lines: readonly Line[], wanted: (line: Line) => boolean): Iterable<number[]> {
  let run: number[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    if (wanted(line)) run.push(i);
    else if (line.label !== '' || line.head !== '' || line.comment === '') {
      if (run.length > 0) yield run;
      run = [];
    }
  }
  if (run.length > 0) yield run;
}

/** The tab stop most of the columns share, if any. */
function commonStop(columns: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const column of columns)
    if (column % TAB === 0 && column > 0) counts.set(column, (counts.get(column) ?? 0) + 1);
  let best: number | undefined;
  for (const [column, count] of counts) {
    const most = best === undefined ? 0 : counts.get(best)!;
    if (count > most || (count === most && column < best!)) best = column;
  }
  return best;
}

const roundUp = (n: number): number => Math.ceil(n / TAB) * TAB;

/** Rounds after which columns of statements stand. */
const MAX_ROUNDS = 5;

/** The columns of statements behind labels that end at `ends`, given the column that most have now. */
function headsBehind(ends: readonly number[], gaps: readonly number[], shared: number | undefined): number[] {
  // Without an example: the first tab stop behind all labels that are not unusually long.
  const usual = ends.filter((end) => end <= 2 * TAB);
  const column = shared ?? roundUp(Math.max(TAB, ...usual));
  // A longer label keeps the gap it has.
  return ends.map((end, k) => (end <= column ? column : end - 1 + Math.max(1, gaps[k])));
}

/** For lines with a label and a statement: the column of the statement. */
function bodyColumns(lines: readonly Line[]): (number | undefined)[] {
  const result: (number | undefined)[] = lines.map(() => undefined);
  for (const kinds of [
    ['equ'],
    ['reserve', 'data', 'incbin'],
    ['instruction', 'call', 'directive', 'unknown'],
  ] as Shape['kind'][][]) {
    for (const run of runs(
      lines,
      (l) => !l.verbatim && l.label !== '' && l.head !== '' && kinds.includes(l.kind),
    )) {
      const ends = run.map((i) => labelColumn(lines[i]) + lines[i].label.length + 1);
      let gaps = run.map((i) => lines[i].headAt - lines[i].labelAt - lines[i].label.length);
      let heads = run.map((i) => lines[i].headAt);
      // Where statements come to stand may give another example: formatting again shall change nothing.
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const before = heads;
        heads = headsBehind(ends, gaps, commonStop(before));
        if (heads.every((head, k) => head === before[k])) break;
        gaps = heads.map((head, k) => head - ends[k] + 1);
      }
      run.forEach((i, k) => {
        result[i] = heads[k];
      });
    }
  }
  return result;
}

function labelColumn(line: Line): number {
  return line.inStruc ? roundUp(line.labelAt) : 0;
}

/** The line without its comment. */
function codeOf(line: Line, columns: Columns, body: number | undefined): string {
  if (line.verbatim) return line.text;
  let code = '';
  if (line.label !== '') code = ' '.repeat(labelColumn(line)) + line.label;
  if (line.head === '') return code;
  const start = body ?? headColumn(line, columns);
  code = code.padEnd(start) + line.head;
  if (line.operands === '') return code;
  return code.padEnd(operandColumn(line, columns, start, code.length)) + line.operands;
}

function headColumn(line: Line, columns: Columns): number {
  if (line.kind === 'preprocessor') return line.headAt;
  // Directives and macros may stand at the margin: so people write `section` and block macros.
  if (line.headAt === 0 && line.kind !== 'instruction' && line.kind !== 'data' && line.kind !== 'reserve')
    return 0;
  // Data continues the column of the data above it.
  const data = line.kind === 'data' || line.kind === 'reserve';
  if (data && line.headAt % TAB === 0 && line.headAt > columns.instructionColumn) return line.headAt;
  return columns.instructionColumn;
}

function operandColumn(line: Line, columns: Columns, start: number, end: number): number {
  if (line.tight) return end + 1;
  const aligned = line.operandsAt % TAB === 0 && line.operandsAt > end;
  if (line.label === '' && start === columns.instructionColumn) {
    return end < columns.operandColumn ? columns.operandColumn : end + 1;
  }
  const single = line.operandsAt - line.headAt - line.head.length === 1;
  if (single) return end + 1;
  if (aligned) return line.operandsAt;
  return start === columns.instructionColumn && end < columns.operandColumn ? columns.operandColumn : end + 1;
}

/** The column of every trailing comment; comments alone stay where they are. */
function commentColumns(lines: readonly Line[], codes: readonly string[], columns: Columns): number[] {
  const result = lines.map((l) => l.commentAt);
  for (const run of paragraphs(lines)) {
    const trailing = run.filter((i) => {
      const l = lines[i];
      return !l.verbatim && l.comment !== '' && (l.label !== '' || l.head !== '');
    });
    const places = trailing.map((i) => lines[i].commentAt);
    const staying = places.filter((p, k) => p > codes[trailing[k]].length);
    for (const i of trailing) {
      const end = codes[i].length;
      const own = lines[i].commentAt;
      // A column of its own is meant when a neighbour that stays shares it, or when it is a tab stop.
      const usual = own % TAB === 0 || own === columns.commentColumn;
      const meant = own > end && (usual || staying.filter((p) => p === own).length > 1);
      const shared = commonStop(places.filter((p) => p > end));
      if (meant) result[i] = own;
      else if (end >= columns.commentColumn) result[i] = roundUp(end + 1);
      else result[i] = shared ?? columns.commentColumn;
    }
  }
  return result;
}

/** Lines between blank lines. */
function* paragraphs(lines: readonly Line[]): Iterable<number[]> {
  let run: number[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (lines[i].text.trim() !== '') run.push(i);
    else {
      if (run.length > 0) yield run;
      run = [];
    }
  }
  if (run.length > 0) yield run;
}
