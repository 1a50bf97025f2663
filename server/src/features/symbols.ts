import { allSteps } from '@hyperstep/assembler';
import { type DocumentSymbol, SymbolKind, type WorkspaceSymbol } from 'vscode-languageserver';
import { declarationLocation, tokenRange } from '../locations';
import type { Declaration, DeclarationKind } from '../syntax/declaration';
import type { Outline } from '../syntax/outline';
import type { Workspace } from '../workspace/workspace';
import { view } from './lookup';

const KINDS: Record<DeclarationKind, SymbolKind> = {
  label: SymbolKind.Function,
  local: SymbolKind.Key,
  equ: SymbolKind.Constant,
  struc: SymbolKind.Struct,
  field: SymbolKind.Field,
  macro: SymbolKind.Method,
  define: SymbolKind.Constant,
  context: SymbolKind.Variable,
  'macro-local': SymbolKind.Key,
  extern: SymbolKind.Interface,
  section: SymbolKind.Namespace,
};

/** The symbol kind of a declaration: a label in front of data is a variable. */
function kindOf(d: Declaration, outline: Outline): SymbolKind {
  if (d.kind !== 'label') return KINDS[d.kind];
  for (let i = d.index; i <= Math.min(d.last, d.index + 1); i++) {
    const { kind } = outline.shapes[i];
    if (kind === 'data' || kind === 'reserve' || kind === 'incbin') return SymbolKind.Variable;
  }
  return SymbolKind.Function;
}

/** The symbols of a file: labels with their local ones, structures with their fields, macros, constants. */
export function documentSymbols(workspace: Workspace, path: string): DocumentSymbol[] {
  const seen = view(workspace, path);
  if (!seen) return [];
  const { outline } = seen;
  const top: DocumentSymbol[] = [];
  let parent: { declaration: Declaration; symbol: DocumentSymbol } | undefined;
  for (const d of outline.declarations) {
    if (d.kind === 'section' || d.kind === 'extern') continue;
    const symbol = make(d, outline);
    const inside = parent && d.index <= parent.declaration.last && d !== parent.declaration;
    const child = d.container !== undefined && d.container === parent?.declaration.name;
    if (parent && (inside || child) && (child || parent.declaration.kind === 'macro')) {
      parent.symbol.children!.push(symbol);
      widen(parent.symbol, symbol);
    } else {
      top.push(symbol);
      if (d.kind === 'label' || d.kind === 'struc' || d.kind === 'macro') parent = { declaration: d, symbol };
    }
  }
  return top;
}

/** A parent's range has to contain its children's. */
function widen(parent: DocumentSymbol, child: DocumentSymbol): void {
  const { end } = child.range;
  if (
    end.line > parent.range.end.line ||
    (end.line === parent.range.end.line && end.character > parent.range.end.character)
  ) {
    parent.range = { start: parent.range.start, end };
  }
}

function make(d: Declaration, outline: Outline): DocumentSymbol {
  const selectionRange = tokenRange(d.token);
  const last = outline.lines[Math.min(d.last, outline.lines.length - 1)];
  const lastLine = Math.max(d.token.line, last?.number ?? 0) - 1;
  const range = {
    start: { line: d.token.line - 1, character: 0 },
    end: {
      line: lastLine,
      character: Math.max(outline.document.line(lastLine).length, selectionRange.end.character),
    },
  };
  const short =
    d.container && d.name.startsWith(`${d.container}.`) ? d.name.slice(d.container.length) : d.name;
  return {
    name: short || '?',
    detail: detailOf(d, outline),
    kind: kindOf(d, outline),
    range,
    selectionRange,
    children: [],
  };
}

function detailOf(d: Declaration, outline: Outline): string {
  if (d.macro) return parametersOf(d);
  if (d.define)
    return d.define.parameters ? `(${d.define.parameters.join(', ')})` : d.define.body.slice(0, 60);
  const { tokens } = outline.lines[d.index];
  const shape = outline.shapes[d.index];
  if (d.kind !== 'equ' && d.kind !== 'field') return '';
  const line = outline.document.line(d.token.line - 1);
  const from = tokens[shape.at]?.column ?? line.length + 1;
  return line.slice(from - 1, (tokens[tokens.length - 1]?.end ?? 1) - 1).slice(0, 60);
}

/** How many parameters a macro takes: `2`, `1-3`, `1+`. */
export function parametersOf(d: Declaration): string {
  const m = d.macro;
  if (!m) return '';
  const range =
    m.maximum === m.minimum
      ? `${m.minimum}`
      : `${m.minimum}-${m.maximum === Number.POSITIVE_INFINITY ? '*' : m.maximum}`;
  return range + (m.greedy ? '+' : '');
}

/** At most so many answers; the editor asks again with a longer query. */
const MAX_FOUND = 500;

/** Symbols of all files the server knows that fit the query: its letters occur in this order. */
export function workspaceSymbols(workspace: Workspace, query: string): WorkspaceSymbol[] {
  return allSteps(workspaceSymbolsInSteps(workspace, query));
}

/** The same, a file at a time. */
export function* workspaceSymbolsInSteps(
  workspace: Workspace,
  query: string,
): Generator<void, WorkspaceSymbol[]> {
  const wanted = query.toLowerCase();
  const found: WorkspaceSymbol[] = [];
  for (const path of workspace.allSources()) {
    if (found.length >= MAX_FOUND) break;
    const outline = workspace.lookAt(path);
    for (const d of outline?.declarations ?? []) {
      if (d.kind === 'section' || d.kind === 'extern' || d.kind === 'context' || d.kind === 'macro-local')
        continue;
      if (!fits(d.name.toLowerCase(), wanted)) continue;
      found.push({
        name: d.name,
        kind: kindOf(d, outline!),
        location: declarationLocation(d),
        containerName: d.container ?? path.slice(path.lastIndexOf('/') + 1),
      });
      if (found.length >= MAX_FOUND) break;
    }
    yield;
  }
  return found;
}

function fits(name: string, wanted: string): boolean {
  let at = 0;
  for (const c of wanted) {
    at = name.indexOf(c, at);
    if (at < 0) return false;
    at++;
  }
  return true;
}
