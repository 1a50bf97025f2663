import type { SourceRange } from '@hyperstep/assembler';
import type { Location, Range } from 'vscode-languageserver';
import { URI } from 'vscode-uri';

/** A file's path in `/` notation, as the assembler takes it. */
export function pathOf(uri: string): string {
  return URI.parse(uri).fsPath.replaceAll('\\', '/');
}

export function uriOf(path: string): string {
  return URI.file(path).toString();
}

/** Lines and columns count from 1 in the assembler, from 0 in the protocol. */
export function rangeOf(range: SourceRange): Range {
  return {
    start: { line: Math.max(0, range.line - 1), character: Math.max(0, range.column - 1) },
    end: { line: Math.max(0, range.endLine - 1), character: Math.max(0, range.endColumn - 1) },
  };
}

export function locationOf(range: SourceRange): Location {
  return { uri: uriOf(range.file), range: rangeOf(range) };
}
