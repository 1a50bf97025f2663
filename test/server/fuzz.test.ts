import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import type { Position } from 'vscode-languageserver';
import { incomingCalls, outgoingCalls, prepareCallHierarchy } from '../../server/src/features/call-hierarchy';
import { codeActions } from '../../server/src/features/code-actions';
import { codeLenses, resolveCodeLens } from '../../server/src/features/code-lens';
import { completion, resolveCompletion } from '../../server/src/features/completion';
import { declaration, definition, typeDefinition } from '../../server/src/features/definition';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { foldingRanges, selectionRanges } from '../../server/src/features/folding';
import { formatDocument } from '../../server/src/features/formatting';
import { hover } from '../../server/src/features/hover';
import { inlayHints } from '../../server/src/features/inlay-hints';
import { inlineValues } from '../../server/src/features/inline-values';
import { documentLinks } from '../../server/src/features/links';
import { highlights, references } from '../../server/src/features/references';
import { prepareRename, Refusal, rename } from '../../server/src/features/rename';
import { SemanticTokensProvider } from '../../server/src/features/semantic-tokens';
import { signatureHelp } from '../../server/src/features/signature';
import { documentSymbols, workspaceSymbols } from '../../server/src/features/symbols';
import { applied, fixture } from '../../server/src/testing';
import { readSettings } from '../../server/src/workspace/settings';
import { guestSources } from './guests';

// The same cases at every run; HYPERSTEP_SEED tries others.
fc.configureGlobal({ seed: Number(process.env['HYPERSTEP_SEED'] ?? 1) });

const RUNS = Number(process.env['HYPERSTEP_FUZZ'] ?? 250);
/** No single answer may take longer, on a machine that is busy with other things too. */
const LIMIT_MS = 3000;

const guests = guestSources().map((path) => readFileSync(path, 'utf8'));

/** Pieces that break things. */
const pieces = fc.constantFrom(
  '%macro',
  '%endmacro',
  '%if 1',
  '%else',
  '%endif',
  '%rep 3',
  '%endrep',
  '%define x(',
  '%include "main.asm"',
  '%push a',
  '%$x',
  '%%y',
  '%1',
  '%{',
  '%[',
  '\\',
  '\n',
  '\t',
  '"',
  "'",
  '`',
  ';',
  ',',
  ':',
  '[',
  ']',
  '(',
  ')',
  '{',
  '}',
  '$',
  '$$',
  '.',
  '..',
  '..@',
  '%',
  '%%',
  'struc s',
  'endstruc',
  'istruc s',
  'at .f',
  'iend',
  'equ',
  'times -1',
  'times 99999999999',
  'bits 16',
  'section',
  'incbin',
  '0x',
  '1e',
  '1h',
  'mov',
  'lock',
  'rep',
  'rax',
  'cr9',
  'st0',
  '\u{1F600}',
  '\u0000',
  'é',
  'a.b.c',
  '__?LINE?__',
  '%!x',
  '%use',
  '%rotate 1',
  'x'.repeat(500),
);

interface Mutation {
  at: number;
  remove: number;
  insert: string;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }).map((x) => x),
  remove: fc.nat(40),
  insert: fc.oneof(pieces, fc.string({ maxLength: 8 }), fc.constant('')),
});

/** A piece of a guest with some damage. */
const source = fc
  .record({
    guest: fc.nat(guests.length - 1),
    start: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(2500),
    mutations: fc.array(mutation, { maxLength: 6 }),
  })
  .map(({ guest, start, length, mutations }) => {
    const from = Math.floor(start * guests[guest].length);
    let text = guests[guest].slice(from, from + length);
    for (const { at, remove, insert } of mutations) {
      const place = Math.floor(at * text.length);
      text = text.slice(0, place) + insert + text.slice(place + remove);
    }
    return text;
  });

/** Asks everything at one place. */
function askAll(text: string, line: number, character: number): void {
  const { workspace, path } = fixture({ 'main.asm': text.replaceAll('|', '||') });
  workspace.settings = readSettings({ inlayHints: { addresses: true, bytes: true } });
  const document = workspace.document(path)!;
  const position: Position = { line: line % (document.lineCount + 1), character };
  const range = { start: position, end: position };
  const whole = { start: { line: 0, character: 0 }, end: { line: document.lineCount, character: 0 } };
  const tokens = new SemanticTokensProvider(workspace);
  const time = <T>(name: string, ask: () => T): T => {
    const started = performance.now();
    const answer = ask();
    const took = performance.now() - started;
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

describe('no provider throws or hangs', () => {
  it(`on ${RUNS} damaged guests`, function () {
    this.timeout(600_000);
    fc.assert(
      fc.property(source, fc.nat(200), fc.nat(60), (text, line, character) => askAll(text, line, character)),
      { numRuns: RUNS, endOnFailure: false },
    );
  });
  it('on single lines of anything', function () {
    this.timeout(600_000);
    const line = fc
      .array(fc.oneof(pieces, fc.constantFrom(' ', 'mov ', 'eax', 'x: ', '1')), { maxLength: 12 })
      .map((p) => p.join(''));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), fc.nat(5), fc.nat(30), (lines, at, character) =>
        askAll(lines.join('\n'), at, character),
      ),
      { numRuns: RUNS },
    );
  });
});

describe('incremental edits', () => {
  it('give the same as opening the text anew', function () {
    this.timeout(600_000);
    const edit = fc.record({
      line: fc.nat(60),
      character: fc.nat(30),
      endLine: fc.nat(3),
      endCharacter: fc.nat(30),
      text: fc.oneof(pieces, fc.constantFrom('\n', 'a:\n', ' nop\n', '\\\n', 'mov eax, 1\n b:', '')),
    });
    fc.assert(
      fc.property(source, fc.array(edit, { minLength: 1, maxLength: 5 }), (text, edits) => {
        const { workspace, path } = fixture({ 'main.asm': text.replaceAll('|', '||') });
        const document = workspace.document(path)!;
        for (const e of edits) {
          diagnosticsOf(workspace, [path]);
          const start = { line: e.line, character: e.character };
          document.update(
            [
              {
                range: { start, end: { line: e.line + e.endLine, character: e.endCharacter } },
                text: e.text,
              },
            ],
            2,
          );
        }
        const fresh = fixture({ 'main.asm': document.text.replaceAll('|', '||') });
        const shape = (d: typeof document) =>
          d.source.lines.map((l) => [
            l.number,
            l.directive,
            l.tokens.map((t) => [t.kind, t.text, t.line, t.column, t.end, t.space]),
          ]);
        assert.deepEqual(shape(document), shape(fresh.workspace.document(fresh.path)!));
        assert.deepEqual(documentSymbols(workspace, path), documentSymbols(fresh.workspace, fresh.path));
        assert.deepEqual(
          diagnosticsOf(workspace, [path]),
          diagnosticsOf(fresh.workspace, fresh.path ? [fresh.path] : []),
        );
        const tokens = (w: typeof workspace) => new SemanticTokensProvider(w).full(path).data;
        assert.deepEqual(tokens(workspace), tokens(fresh.workspace));
      }),
      { numRuns: RUNS },
    );
  });
});
