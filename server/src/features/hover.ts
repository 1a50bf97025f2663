import type { SourceMap, SymbolEntry } from '@hyperstep/assembler';
import { type Hover, MarkupKind, type Position } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { pathOf } from '../locations';
import type { Programs } from '../programs';
import { symbolAt, wordAt } from '../symbols';

/** What the symbol at a position is: value, kind, section, place; for a struc field its structure. */
export function hover(programs: Programs, document: TextDocument, position: Position): Hover | null {
  const word = wordAt(document, position);
  const path = pathOf(document.uri);
  const analysis = word && programs.of(path);
  if (!analysis) return null;
  const { map } = analysis.result;
  const symbol = symbolAt(map, word.text, path, position.line + 1);
  if (!symbol) return null;
  return { range: word.range, contents: { kind: MarkupKind.Markdown, value: describe(symbol, map) } };
}

function describe(symbol: SymbolEntry, map: SourceMap): string {
  const hex = `0x${BigInt.asUintN(64, symbol.value).toString(16)}`;
  const decimal = symbol.value.toString();
  const file = map.files[symbol.file];
  const lines = ['```nasm', `${symbol.name}${symbol.kind === 'equ' ? ' equ' : ':'} ${hex}`, '```'];
  lines.push(symbol.kind === 'equ' ? `Constant ${decimal}` : `Label in section \`${symbol.section ?? '?'}\``);
  const struc = strucOf(symbol, map);
  if (struc) lines.push(struc);
  lines.push(`${file.slice(file.lastIndexOf('/') + 1)}, line ${symbol.line}`);
  return lines.join('\n\n').replace('```nasm\n\n', '```nasm\n').replace('\n\n```\n', '\n```\n');
}

function strucOf(symbol: SymbolEntry, map: SourceMap): string | undefined {
  for (const struc of map.strucs) {
    const field = struc.fields.find(
      (f) => f.name === symbol.name || `${struc.name}${f.name}` === symbol.name,
    );
    if (field) return `Field of \`struc ${struc.name}\` at offset ${field.offset}, ${field.size} bytes`;
  }
  return undefined;
}
