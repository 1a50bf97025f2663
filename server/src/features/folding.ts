import {
  type FoldingRange,
  FoldingRangeKind,
  type Position,
  type Range,
  type SelectionRange,
} from 'vscode-languageserver';
import { contains, span, tokenRange } from '../locations';
import type { Outline } from '../syntax/outline';
import { tokenAt } from '../syntax/resolve';
import type { Workspace } from '../workspace/workspace';
import { operandAround } from './hover-values';
import { view } from './lookup';

/** Blocks that can be folded: macros, conditions, repetitions, structures, labels, comments, regions. */
export function foldingRanges(workspace: Workspace, path: string): FoldingRange[] {
  const outline = view(workspace, path)?.outline;
  if (!outline) return [];
  const ranges: FoldingRange[] = [];
  blocks(outline, ranges);
  labels(outline, ranges);
  comments(outline, ranges);
  return ranges;
}

const OPENS = /^(i?r?macro|irmacro|rep|if.*)$/;
const CLOSES: readonly [RegExp, RegExp][] = [
  [/^endm(acro)?$/, /macro$/],
  [/^endrep$/, /^rep$/],
  [/^endif$/, /^if/],
];

function blocks(outline: Outline, ranges: FoldingRange[]): void {
  const open: { name: string; line: number }[] = [];
  const close = (fits: (name: string) => boolean, line: number): void => {
    for (let i = open.length - 1; i >= 0; i--) {
      if (!fits(open[i].name)) continue;
      if (line > open[i].line) ranges.push({ startLine: open[i].line, endLine: line });
      open.length = i;
      return;
    }
  };
  outline.lines.forEach((line, i) => {
    const shape = outline.shapes[i];
    const at = line.number - 1;
    if (shape.kind === 'preprocessor') {
      const name = line.directive ?? '';
      if (/^(else|elif)/.test(name)) {
        close((n) => n.startsWith('if'), at - 1);
        open.push({ name: 'if', line: at });
      } else if (OPENS.test(name)) open.push({ name, line: at });
      else {
        const closing = CLOSES.find(([end]) => end.test(name));
        if (closing) close((n) => closing[1].test(n), at);
      }
    } else if (shape.kind === 'directive') {
      const word = shape.head!.lower;
      if (word === 'struc' || word === 'istruc') open.push({ name: word, line: at });
      else if (word === 'endstruc') close((n) => n === 'struc', at);
      else if (word === 'iend') close((n) => n === 'istruc', at);
    }
  });
}

/** A label folds up to the next one, without blank lines and comments in front of that. */
function labels(outline: Outline, ranges: FoldingRange[]): void {
  for (const d of outline.declarations) {
    if (d.kind !== 'label') continue;
    const last = outline.lines[d.last]?.number ?? 0;
    const startLine = d.token.line - 1;
    if (last - 1 > startLine) ranges.push({ startLine, endLine: last - 1 });
  }
}

function comments(outline: Outline, ranges: FoldingRange[]): void {
  const { lines } = outline.document;
  const regions: number[] = [];
  let first = -1;
  for (let i = 0; i <= lines.length; i++) {
    const text = lines[i] ?? '';
    const comment = /^\s*;/.test(text);
    if (/^\s*;\s*#?region\b/i.test(text)) regions.push(i);
    else if (/^\s*;\s*#?endregion\b/i.test(text)) {
      const start = regions.pop();
      if (start !== undefined) ranges.push({ startLine: start, endLine: i, kind: FoldingRangeKind.Region });
    }
    if (comment && first < 0) first = i;
    if (!comment && first >= 0) {
      if (i - 1 > first) ranges.push({ startLine: first, endLine: i - 1, kind: FoldingRangeKind.Comment });
      first = -1;
    }
  }
}

/** Ranges around a position, growing: word, operand, statement, line, label, file. */
export function selectionRanges(workspace: Workspace, path: string, positions: Position[]): SelectionRange[] {
  const outline = view(workspace, path)?.outline;
  return positions.map((position) => {
    if (!outline) return { range: { start: position, end: position } };
    let chain: SelectionRange | undefined;
    for (const range of around(outline, position).reverse()) {
      const inside = !chain || (contains(chain.range, range.start) && contains(chain.range, range.end));
      if (inside && !same(chain?.range, range)) chain = { range, parent: chain };
    }
    return chain ?? { range: { start: position, end: position } };
  });
}

/** From the smallest to the largest. */
function around(outline: Outline, position: Position): Range[] {
  const ranges: Range[] = [];
  const { document } = outline;
  const found = tokenAt(outline, position.line, position.character);
  if (found) {
    const { tokens } = outline.lines[found.index];
    const shape = outline.shapes[found.index];
    ranges.push(tokenRange(found.token));
    if (found.at > shape.at && shape.at >= 0) {
      const operand = operandAround(tokens, shape.at + 1, found.at);
      const all = tokens.slice(shape.at + 1);
      for (const part of [operand, all]) if (part.length > 0) ranges.push(cover(part));
    }
    if (shape.at > 0 && found.at >= shape.at) ranges.push(cover(tokens.slice(shape.at)));
    ranges.push(cover(tokens));
  }
  const text = document.line(position.line);
  ranges.push(span(position.line, text.length - text.trimStart().length, text.length));
  ranges.push(span(position.line, 0, text.length));
  const index = outline.search(position.line + 1);
  for (const kind of ['local', 'label', 'macro', 'struc'] as const) {
    const block = outline.declarations
      .filter((d) => d.kind === kind && d.index <= index && d.last >= index)
      .pop();
    if (!block || kind === 'local') continue;
    const last = (outline.lines[block.last]?.number ?? block.token.line) - 1;
    ranges.push({
      start: { line: block.token.line - 1, character: 0 },
      end: { line: last, character: document.line(last).length },
    });
  }
  const end = document.lineCount - 1;
  ranges.push({ start: { line: 0, character: 0 }, end: { line: end, character: document.line(end).length } });
  return ranges;
}

function cover(tokens: readonly { line: number; column: number; end: number }[]): Range {
  return { start: tokenRange(tokens[0]).start, end: tokenRange(tokens[tokens.length - 1]).end };
}

function same(a: Range | undefined, b: Range): boolean {
  return (
    a !== undefined &&
    a.start.line === b.start.line &&
    a.start.character === b.start.character &&
    a.end.line === b.end.line &&
    a.end.character === b.end.character
  );
}
