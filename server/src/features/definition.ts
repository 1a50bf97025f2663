import type { Location, Position } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { locationOf, pathOf } from '../locations';
import type { Programs } from '../programs';
import { symbolAt, wordAt } from '../symbols';

/** Where the symbol at a position is defined. */
export function definition(programs: Programs, document: TextDocument, position: Position): Location | null {
  const word = wordAt(document, position);
  const path = pathOf(document.uri);
  const analysis = word && programs.of(path);
  if (!analysis) return null;
  const { map } = analysis.result;
  const symbol = symbolAt(map, word.text, path, position.line + 1);
  if (!symbol) return null;
  const { line, column } = symbol;
  const endColumn = column + symbol.name.slice(symbol.name.lastIndexOf('.') + 1).length;
  return locationOf({ file: map.files[symbol.file], line, column, endLine: line, endColumn });
}
