import type { CodeAction, Diagnostic } from 'vscode-languageserver';
import { span } from '../../locations';
import { nearest } from '../diagnostics';
import { at, edit, type Place, textOf } from './place';

/** A name that nothing defines: a similar one, or where it could come from. */
export function undefinedSymbol(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const word = textOf(place, diagnostic.range);
  const { outline, names } = place.view;
  const actions: CodeAction[] = [];
  const local = word.startsWith('.');
  const { parent } = outline.around(diagnostic.range.start.line);
  const candidates = [...names.all()]
    .filter(
      (d) => d.kind !== 'section' && d.kind !== 'context' && d.kind !== 'macro-local' && d.kind !== 'extern',
    )
    .filter((d) => !local || d.container === parent)
    .map((d) => ({ name: local ? d.name.slice(parent.length) : d.name }));
  const similar = nearest(word, candidates);
  if (similar) {
    actions.push({
      title: `Change to ${similar}`,
      edit: edit(place.path, [{ range: diagnostic.range, newText: similar }]),
      isPreferred: true,
    });
  }
  const field = missingField(place, word);
  if (field) return [...actions, field];
  const plain = /^[A-Za-z_?@][^.]*$/.test(word);
  if (plain) {
    const line = topLine(place);
    actions.push({
      title: `Add extern ${word}`,
      edit: edit(place.path, [{ range: at({ line, character: 0 }), newText: `        extern  ${word}\n` }]),
    });
    actions.push({
      title: `Add the constant ${word} equ 0`,
      edit: edit(place.path, [{ range: at({ line, character: 0 }), newText: `${word.padEnd(15)} equ 0\n` }]),
    });
  }
  if (local || plain) {
    const end = outline.document.lineCount - 1;
    const target = local ? endOfLabel(place, diagnostic.range.start.line) : end;
    actions.push({
      title: `Add the label ${word}`,
      edit: edit(place.path, [
        { range: at({ line: target, character: 0 }), newText: `${word}:\n        ret\n` },
      ]),
    });
  }
  return actions;
}

/** `item.next` where there is a `struc item` in this file: another field at its end. */
function missingField({ view: { outline, names }, path }: Place, word: string): CodeAction | undefined {
  const dot = word.indexOf('.', 1);
  if (dot < 0) return undefined;
  const struc = names.symbol(word.slice(0, dot)).find((d) => d.kind === 'struc' && d.path === path);
  const last = struc && outline.lines[struc.last];
  if (!struc || !last || struc.last === struc.index) return undefined;
  const range = at({ line: last.number - 1, character: 0 });
  return {
    title: `Add the field ${word.slice(dot)} to ${struc.name}`,
    edit: edit(path, [{ range, newText: `        ${word.slice(dot).padEnd(7)} resd 1\n` }]),
  };
}

/** The first line behind the comments, `%include`s and settings at the top of the file. */
function topLine({ view: { outline } }: Place): number {
  const { document } = outline;
  let line = 0;
  for (; line < document.lineCount; line++) {
    const text = document.line(line).trim();
    if (
      text !== '' &&
      !/^(;|%include|%if|%define|\[?(bits|org|default|cpu|use\d\d|extern|global)\b)/i.test(text)
    )
      break;
  }
  // Not between a comment and what it describes.
  while (line > 0 && /^\s*;/.test(document.line(line - 1))) line--;
  return Math.min(line, Math.max(0, document.lineCount - 1));
}

/** The line behind the block of the label around a line. */
function endOfLabel({ view: { outline } }: Place, line: number): number {
  const index = outline.search(line + 1);
  const owner = outline.declarations
    .filter((d) => d.kind === 'label' && d.index <= index && d.last >= index)
    .pop();
  const last = owner ? outline.lines[owner.last].number : line + 1;
  return Math.min(last, outline.document.lineCount - 1);
}

/** A label that nothing uses. */
export function unused(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const { outline } = place.view;
  const line = diagnostic.range.start.line;
  const index = outline.indexOf(line);
  const shape = outline.shapes[index];
  const { tokens } = outline.lines[index];
  const text = outline.document.line(line);
  const next = shape.head ?? undefined;
  const alone = next === undefined;
  const colon = tokens[1]?.is(':') ? tokens[1] : tokens[0];
  const range = alone
    ? { start: { line, character: 0 }, end: { line: line + 1, character: 0 } }
    : span(line, diagnostic.range.start.character, colon.end - 1);
  // The statement keeps its column.
  const newText = alone
    ? text.includes(';')
      ? `${' '.repeat(8)}${text.slice(text.indexOf(';'))}\n`
      : ''
    : ' '.repeat(colon.end - 1 - diagnostic.range.start.character);
  return [
    { title: 'Remove the unused label', edit: edit(place.path, [{ range, newText }]), isPreferred: true },
  ];
}

/** An external symbol in a flat binary. */
export function external(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const word = textOf(place, diagnostic.range);
  const declared = place.view.names.symbol(word).find((d) => d.kind === 'extern' && d.path === place.path);
  if (!declared) return [];
  const line = declared.token.line - 1;
  return [
    {
      title: `Remove extern ${word}`,
      edit: edit(place.path, [
        { range: { start: { line, character: 0 }, end: { line: line + 1, character: 0 } }, newText: '' },
      ]),
    },
  ];
}
