import { strict as assert } from 'node:assert';
import { SymbolKind } from 'vscode-languageserver';
import { pathOf } from '../locations';
import { fixture } from '../testing';
import { readSettings } from '../workspace/settings';
import { incomingCalls, outgoingCalls, prepareCallHierarchy } from './call-hierarchy';
import { codeLenses, resolveCodeLens } from './code-lens';
import { unusedLabels } from './diagnostics';
import { foldingRanges, selectionRanges } from './folding';
import { inlayHints } from './inlay-hints';
import { inlineValues } from './inline-values';
import { documentLinks } from './links';
import { documentSymbols, workspaceSymbols } from './symbols';

const whole = { start: { line: 0, character: 0 }, end: { line: 1000, character: 0 } };

describe('document symbols', () => {
  it('nest local labels and fields', () => {
    const { workspace, path } = fixture(
      'K equ 1\nstruc s\n.f: resd 1\nendstruc\nmain:\n.a: nop\n.b: ret\ndata: db 1\n%macro m 1-2\n%%x: nop\n%endmacro\n',
    );
    const tree = documentSymbols(workspace, path).map((s) => [
      s.name,
      s.kind,
      (s.children ?? []).map((c) => c.name),
    ]);
    assert.deepEqual(tree, [
      ['K', SymbolKind.Constant, []],
      ['s', SymbolKind.Struct, ['.f']],
      ['main', SymbolKind.Function, ['.a', '.b']],
      ['data', SymbolKind.Variable, []],
      ['m', SymbolKind.Method, ['%%x']],
    ]);
  });
  it('of the workspace are found by letters in their order, in files not open too', () => {
    const { workspace } = fixture({ 'main.asm': 'ept_walk: ret\n', 'other.asm': 'ept_map: ret\n' });
    workspace.closeDocument('/w/other.asm');
    assert.deepEqual(
      workspaceSymbols(workspace, 'epm').map((s) => s.name),
      ['ept_map'],
    );
  });
});

describe('folding', () => {
  it('of macros, conditions, structures, labels, comments and regions', () => {
    const { workspace, path } = fixture(
      '; one\n; two\n%macro m 0\n%if 1\n nop\n%else\n hlt\n%endif\n%endmacro\nstruc s\n.f: resd 1\nendstruc\na:\n nop\n ret\n; region x\n nop\n; endregion\n',
    );
    const found = foldingRanges(workspace, path).map(
      (r) => `${r.startLine}-${r.endLine}${r.kind ? ` ${r.kind}` : ''}`,
    );
    for (const wanted of ['0-1 comment', '2-8', '3-4', '5-7', '9-11', '15-17 region'])
      assert.ok(found.includes(wanted), `${wanted} of ${found}`);
    assert.ok(found.some((f) => f.startsWith('12-')));
  });
});

describe('selection ranges', () => {
  it('grow from the word to the file', () => {
    const { workspace, path, position } = fixture('a:\n mov eax, [e|bx + 4] ; x\nb:\n');
    const texts: string[] = [];
    const { lines } = workspace.document(path)!;
    for (
      let r = selectionRanges(workspace, path, [position])[0] as
        | ReturnType<typeof selectionRanges>[0]
        | undefined;
      r;
      r = r.parent
    ) {
      const { start, end } = r.range;
      texts.push(
        start.line === end.line
          ? lines[start.line].slice(start.character, end.character)
          : `${end.line - start.line + 1} lines`,
      );
    }
    assert.deepEqual(texts.slice(0, 4), ['ebx', '[ebx + 4]', 'eax, [ebx + 4]', 'mov eax, [ebx + 4]']);
    assert.equal(texts[texts.length - 1], '4 lines');
  });
});

describe('inlay hints', () => {
  const source =
    'struc s\n.a: resd 1\n.b: resd 1\nendstruc\n%macro two 0\n nop\n ret\n%endmacro\n two\nbits 64\nx: mov rax, 1\n';
  const labels = (settings: object) => {
    const { workspace, path } = fixture(source);
    workspace.settings = readSettings({ inlayHints: settings });
    return inlayHints(workspace, path, whole).map((h) =>
      `${h.position.line}: ${h.label}`.replaceAll('\u00a0', ' ').trimEnd(),
    );
  };
  it('are shown in large files too', () => {
    const source = `%macro two 0\n nop\n ret\n%endmacro\n${' dd 1\n'.repeat(25_000)} two\n`;
    const { workspace, path } = fixture(source);
    const range = { start: { line: 25_000, character: 0 }, end: { line: 25_010, character: 0 } };
    assert.deepEqual(
      inlayHints(workspace, path, range).map((h) => [h.position.line, h.label]),
      [[25_004, '2 instructions, 2 bytes']],
    );
  });

  it('show offsets of fields and sizes of expansions unless switched off', () => {
    assert.deepEqual(labels({}), ['1: +0x00', '2: +0x04', '8: 2 instructions, 2 bytes']);
    assert.deepEqual(labels({ strucOffsets: false, expansions: false }), []);
  });
  it('show addresses and bytes when wanted', () => {
    assert.deepEqual(labels({ strucOffsets: false, expansions: false, addresses: true, bytes: true }), [
      '8: 00000000  90 C3',
      '10: 00000002  B8 01 00 00 00',
    ]);
  });
});

describe('code lenses', () => {
  it('count references and offer to debug the lab', () => {
    const { workspace, path } = fixture({
      'lab.json':
        '{"title":"t","programs":[{"name":"p","source":"main.asm","output":"o","runs":"vmm"}],"boot":"o"}',
      'main.asm': 'a: jmp a|\n',
    });
    const lenses = codeLenses(workspace, path).map((l) => resolveCodeLens(workspace, l).command!);
    assert.deepEqual(
      lenses.map((c) => c.title),
      ['$(debug-alt) Debug this lab', '1 reference'],
    );
    assert.deepEqual(lenses[0].arguments, ['/w']);
  });
  it('and greyed labels come in files of any length, and follow edits', () => {
    const { workspace, path } = fixture(`a:\n${' nop\n'.repeat(50_000)}.x:\n call a\n`);
    const document = workspace.document(path)!;
    const told = () => [
      codeLenses(workspace, path).map((l) => resolveCodeLens(workspace, l).command!.title),
      unusedLabels(workspace, path).map((d) => d.message),
    ];
    assert.deepEqual(told(), [['1 reference'], ['label `a.x` is never used']]);
    const at = (line: number) => ({ start: { line, character: 0 }, end: { line: line + 1, character: 0 } });
    document.update([{ range: at(300), text: ' jmp .x\n jz a\n' }], 2);
    assert.deepEqual(told(), [['2 references'], []]);
    document.update([{ range: at(300), text: '' }], 3);
    assert.deepEqual(told(), [['2 references'], ['label `a.x` is never used']]);
  });
});

describe('call hierarchy', () => {
  const source = 'a: call b\n jmp b\nb:\n.x: j|nz .x\n call c\nc: ret\n';
  it('knows callers and callees', () => {
    const { workspace, path, position } = fixture(source);
    const [b] = prepareCallHierarchy(workspace, path, { line: 2, character: 0 });
    assert.equal(b.name, 'b');
    assert.deepEqual(
      incomingCalls(workspace, b).map((c) => [c.from.name, c.fromRanges.length]),
      [['a', 2]],
    );
    assert.deepEqual(
      outgoingCalls(workspace, b).map((c) => c.to.name),
      ['c'],
    );
    assert.equal(
      prepareCallHierarchy(workspace, path, { ...position, character: 5 })[0].name,
      'b',
      'from inside the body',
    );
  });
});

describe('document links', () => {
  it('lead to included files', () => {
    const { workspace, path } = fixture({
      'main.asm': '%include "a.inc"\n incbin "b.bin"\n%include "no.inc"\n|',
      'a.inc': '',
      'b.bin': '',
    });
    assert.deepEqual(
      documentLinks(workspace, path).map((l) => pathOf(l.target!)),
      ['/w/a.inc', '/w/b.bin'],
    );
  });
});

describe('inline values', () => {
  it('are the registers of the lines above the stop, within the label', () => {
    const { workspace, path } = fixture('a: mov rcx, 1\nb: mov rax, rbx\n add rax, [v]\nv: dq 0\n|');
    const stopped = { start: { line: 2, character: 0 }, end: { line: 2, character: 5 } };
    const values = inlineValues(workspace, path, whole, stopped) as { expression: string }[];
    assert.deepEqual(
      values.map((v) => v.expression),
      ['rax', '[v]', 'rbx'],
    );
  });
});
