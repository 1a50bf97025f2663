import { strict as assert } from 'node:assert';
import type { Position, Range } from 'vscode-languageserver';
import { incomingCalls, outgoingCalls, prepareCallHierarchy } from '../../server/src/features/call-hierarchy';
import { codeActions } from '../../server/src/features/code-actions';
import { codeLenses, resolveCodeLens } from '../../server/src/features/code-lens';
import { completion, resolveCompletion } from '../../server/src/features/completion';
import { declaration, definition, typeDefinition } from '../../server/src/features/definition';
import { diagnosticsInSteps, diagnosticsOf } from '../../server/src/features/diagnostics';
import { foldingRanges, selectionRanges } from '../../server/src/features/folding';
import { formatDocument } from '../../server/src/features/formatting';
import { hover } from '../../server/src/features/hover';
import { inlayHints } from '../../server/src/features/inlay-hints';
import { inlineValues } from '../../server/src/features/inline-values';
import { documentLinks } from '../../server/src/features/links';
import { view } from '../../server/src/features/lookup';
import { highlights, references } from '../../server/src/features/references';
import { prepareRename, Refusal, rename } from '../../server/src/features/rename';
import { SemanticTokensProvider } from '../../server/src/features/semantic-tokens';
import { signatureHelp } from '../../server/src/features/signature';
import { documentSymbols, workspaceSymbols } from '../../server/src/features/symbols';
import { occurrencesIn } from '../../server/src/syntax/occurrences';
import { namesIn } from '../../server/src/syntax/resolve';
import { applied, fixture } from '../../server/src/testing';
import { readSettings } from '../../server/src/workspace/settings';
import type { Workspace } from '../../server/src/workspace/workspace';

/** No single answer may take longer, in processor time: the machine is busy with other things too. */
const LIMIT_MS = 3000;

/** Asks every provider about one place of a text, and again after an edit. Throws what a provider throws. */
export function askAll(text: string, line: number, character: number): void {
  const { workspace, path } = fixture({ 'main.asm': text.replaceAll('|', '||') });
  workspace.settings = readSettings({ inlayHints: { addresses: true, bytes: true } });
  const document = workspace.document(path)!;
  const position: Position = { line: line % (document.lineCount + 1), character };
  const range = { start: position, end: position };
  const whole = { start: { line: 0, character: 0 }, end: { line: document.lineCount, character: 0 } };
  const tokens = new SemanticTokensProvider(workspace);
  const time = <T>(name: string, ask: () => T): T => {
    const started = process.cpuUsage();
    const answer = ask();
    const { user, system } = process.cpuUsage(started);
    const took = (user + system) / 1000;
    assert.ok(took < LIMIT_MS, `${name} took ${took.toFixed(0)} ms`);
    return answer;
  };
  const diagnostics = time('diagnostics', () => diagnosticsOf(workspace, [path])).get(path) ?? [];
  time('hover', () => hover(workspace, path, position));
  const { items } = time('completion', () => completion(workspace, path, position));
  for (const item of items.slice(0, 3)) time('resolve', () => resolveCompletion(workspace, item));
  time('signature', () => signatureHelp(workspace, path, position));
  time('definition', () => definition(workspace, path, position));
  time('declaration', () => declaration(workspace, path, position));
  time('type', () => typeDefinition(workspace, path, position));
  time('references', () => references(workspace, path, position, true));
  time('highlights', () => highlights(workspace, path, position));
  const renames: (() => unknown)[] = [
    () => prepareRename(workspace, path, position),
    () => rename(workspace, path, position, 'fresh_name'),
  ];
  for (const ask of renames) {
    try {
      time('rename', ask);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
  time('symbols', () => documentSymbols(workspace, path));
  time('workspace symbols', () => workspaceSymbols(workspace, 'a'));
  time('folding', () => foldingRanges(workspace, path));
  time('selection', () => selectionRanges(workspace, path, [position]));
  const { resultId } = time('tokens', () => tokens.full(path));
  time('hints', () => inlayHints(workspace, path, whole));
  for (const lens of time('lenses', () => codeLenses(workspace, path)).slice(0, 3))
    time('lens', () => resolveCodeLens(workspace, lens));
  for (const item of time('calls', () => prepareCallHierarchy(workspace, path, position))) {
    time('incoming', () => incomingCalls(workspace, item));
    time('outgoing', () => outgoingCalls(workspace, item));
  }
  time('links', () => documentLinks(workspace, path));
  time('inline values', () => inlineValues(workspace, path, whole, range));
  time('actions', () => codeActions(workspace, path, range, diagnostics));
  const edits = time('formatting', () => formatDocument(workspace, path));
  applied(document.text, edits);
  // An edit, so that what is kept is used.
  document.update([{ range, text: 'x' }], 2);
  time('delta', () => tokens.delta(path, resultId ?? ''));
  time('hover again', () => hover(workspace, path, position));
}

/** A draft, as of a large program, given up after some steps. */
function drafted(workspace: Workspace, path: string, steps: number): void {
  for (const program of workspace.programsOf(path)) program.duration = 1000;
  const job = diagnosticsInSteps(workspace, [path], true);
  for (let n = 0; n < steps && !workspace.step(job).done; n++);
}

/** Edits a text and holds what the server then knows against the same text opened anew. */
export function sameAsFresh(text: string, edits: readonly { range: Range; text: string }[]): void {
  const { workspace, path } = fixture({ 'main.asm': text.replaceAll('|', '||') });
  const document = workspace.document(path)!;
  edits.forEach((edit, i) => {
    if (i % 2 === 0) diagnosticsOf(workspace, [path]);
    else drafted(workspace, path, i);
    workspace.interrupt();
    document.update([edit], 2);
  });
  const fresh = fixture({ 'main.asm': document.text.replaceAll('|', '||') });
  const shape = (d: typeof document) =>
    d.source.lines.map((l) => [
      l.number,
      l.directive,
      l.tokens.map((t) => [t.kind, t.text, t.line, t.column, t.end, t.space]),
    ]);
  assert.deepEqual(shape(document), shape(fresh.workspace.document(fresh.path)!));
  assert.deepEqual(documentSymbols(workspace, path), documentSymbols(fresh.workspace, fresh.path));
  assert.deepEqual(diagnosticsOf(workspace, [path]), diagnosticsOf(fresh.workspace, [fresh.path]));
  const tokens = (w: typeof workspace) => new SemanticTokensProvider(w).full(path).data;
  assert.deepEqual(tokens(workspace), tokens(fresh.workspace));
  assert.deepEqual(identities(workspace, path), identities(fresh.workspace, fresh.path));
}

/** The key of every name of a file, and how often it occurs. */
function identities(workspace: Workspace, path: string): Map<string, number> {
  const seen = view(workspace, path);
  const found = new Map<string, number>();
  if (!seen) return found;
  const { names, outline } = seen;
  outline.lines.forEach(({ tokens }, index) => {
    for (let at = 0; at < tokens.length; at++)
      for (const { key } of namesIn(names, outline, index, at)) found.set(key, 0);
  });
  for (const key of found.keys()) found.set(key, occurrencesIn(names, outline, key).length);
  return found;
}
