import type { CodeAction, Diagnostic, Position, Range, TextEdit } from 'vscode-languageserver';
import { uriOf } from '../../locations';
import type { View } from '../lookup';

/** Where an action is asked for. */
export interface Place {
  view: View;
  path: string;
  range: Range;
}

/** Changes of one file. */
export function edit(path: string, edits: TextEdit[]): CodeAction['edit'] {
  return { changes: { [uriOf(path)]: edits } };
}

/** An empty range. */
export const at = (position: Position): Range => ({ start: position, end: position });

/** What can be done about a diagnostic. */
export type Repair = (place: Place, diagnostic: Diagnostic) => CodeAction[];

/** What is written there. */
export function textOf({ view: { outline } }: Place, range: Range): string {
  return outline.document.line(range.start.line).slice(range.start.character, range.end.character);
}
