import type { SourceRange } from '@hyperstep/assembler';
import type { Location, Position, Range } from 'vscode-languageserver';
import { URI } from 'vscode-uri';
import type { Declaration } from './syntax/declaration';
import type { Name } from './syntax/resolve';

/**
 * A file's path in `/` notation, as the assembler takes it. What is no file (an
 * unsaved document, an old version shown beside the new one) gets a path of its
 * own, which no file has.
 */
export function pathOf(uri: string): string {
  const parsed = URI.parse(uri);
  if (parsed.scheme === 'file') return parsed.fsPath.replaceAll('\\', '/');
  return `/${parsed.scheme}:${uri.slice(parsed.scheme.length + 1)}`;
}

export function uriOf(path: string): string {
  const other = /^\/([a-z][\w+.-]+):(.*)$/i.exec(path);
  return other ? `${other[1]}:${other[2]}` : URI.file(path).toString();
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

/** A range inside one line. */
export function span(line: number, start: number, end: number): Range {
  return { start: { line, character: start }, end: { line, character: end } };
}

/** The range of a token (tokens of joined lines end on their first line). */
export function tokenRange(token: { line: number; column: number; end: number }): Range {
  return span(token.line - 1, token.column - 1, Math.max(token.column, token.end) - 1);
}

/** The range of a name inside its token. */
export function nameRange(name: Name): Range {
  return span(name.token.line - 1, name.start - 1, name.end - 1);
}

export function declarationLocation({ path, token }: Declaration): Location {
  return { uri: uriOf(path), range: tokenRange(token) };
}

/** Does the range contain the position, its end included? */
export function contains(range: Range, position: Position): boolean {
  const after = (a: Position, b: Position) =>
    a.line > b.line || (a.line === b.line && a.character >= b.character);
  return after(position, range.start) && after(range.end, position);
}
