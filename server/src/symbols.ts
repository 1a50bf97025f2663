import type { SourceMap, SymbolEntry } from '@hyperstep/assembler';
import type { Position, Range } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';

/** A word of the dialect: what may be a symbol, a register, a number or a mnemonic. */
const WORD = /[A-Za-z0-9_$#@~.?%]+/g;

/** The word at a position, outside comments. */
export function wordAt(
  document: TextDocument,
  position: Position,
): { text: string; range: Range } | undefined {
  const line = document.getText({
    start: { line: position.line, character: 0 },
    end: { line: position.line + 1, character: 0 },
  });
  const code = withoutComment(line);
  for (const match of code.matchAll(WORD)) {
    const start = match.index;
    const end = start + match[0].length;
    if (position.character < start || position.character > end) continue;
    return {
      text: match[0],
      range: {
        start: { line: position.line, character: start },
        end: { line: position.line, character: end },
      },
    };
  }
  return undefined;
}

/** Cuts a `;` comment; a `;` inside a string is none. */
function withoutComment(line: string): string {
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i];
    if (quote) {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'" || c === '`') quote = c;
    else if (c === ';') return line.slice(0, i);
  }
  return line;
}

/**
 * The symbol a word names at a line (from 1) of a file. A local label belongs
 * to the last non-local label before it (NASM manual 3.9).
 */
export function symbolAt(map: SourceMap, word: string, file: string, line: number): SymbolEntry | undefined {
  const name = word.startsWith('$') && word.length > 1 && !/^\$[0-9$]/.test(word) ? word.slice(1) : word;
  if (!name.startsWith('.') || name.startsWith('..')) return map.symbols.find((s) => s.name === name);
  const fileIndex = map.files.indexOf(file);
  let parent: SymbolEntry | undefined;
  for (const symbol of map.symbols) {
    if (symbol.file !== fileIndex || symbol.line > line || symbol.kind !== 'label') continue;
    if (symbol.name.includes('.')) continue;
    if (!parent || symbol.line > parent.line) parent = symbol;
  }
  return map.symbols.find((s) => s.name === `${parent?.name ?? ''}${name}`);
}
