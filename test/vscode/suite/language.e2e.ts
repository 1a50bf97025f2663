import { strict as assert } from 'node:assert';
import * as vscode from 'vscode';
import { eventually, guestFile, lineOf, screenshot } from './support';

/** Opens a guest in the editor with the cursor at the first match of a pattern. */
async function show(
  path: string,
  pattern: RegExp,
  offset = 1,
): Promise<{ document: vscode.TextDocument; position: vscode.Position }> {
  const document = await vscode.workspace.openTextDocument(guestFile(path));
  const editor = await vscode.window.showTextDocument(document);
  const line = lineOf(document, pattern);
  const position = new vscode.Position(line, document.lineAt(line).text.search(pattern) + offset);
  editor.selection = new vscode.Selection(position, position);
  editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.InCenter);
  return { document, position };
}

/** Replaces the whole text. */
async function restore(document: vscode.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  await vscode.workspace.applyEdit(edit);
  await document.save();
}

describe('the language server', () => {
  before(async () => {
    await vscode.extensions.getExtension('hyperstep.hyperstep')!.activate();
  });

  it('completes fields of a structure', async () => {
    const { document } = await show('vmm/hvm/exits/cpuid.asm', /^exit_cpuid:/, 0);
    const before = document.getText();
    const line = lineOf(document, /^exit_cpuid:/) + 1;
    const editor = vscode.window.activeTextEditor!;
    await editor.edit((e) => e.insert(new vscode.Position(line, 0), '        mov     rax, [rbx + vm.\n'));
    const end = editor.document.lineAt(line).range.end;
    editor.selection = new vscode.Selection(end, end);
    const list = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      document.uri,
      end,
    );
    const labels = list.items.map((i) => (typeof i.label === 'string' ? i.label : i.label.label));
    assert.ok(labels.includes('vm.exit_code'), labels.slice(0, 20).join());
    await vscode.commands.executeCommand('editor.action.triggerSuggest');
    await screenshot('completion');
    await vscode.commands.executeCommand('hideSuggestWidget');
    await restore(document, before);
  });

  it('says in a hover how an instruction exits', async () => {
    const { document, position } = await show('vmm/hvm/exits/cpuid.asm', /\bcpuid$/);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      position,
    );
    const text = hovers
      .flatMap((h) => h.contents.map((c) => (typeof c === 'string' ? c : c.value)))
      .join('\n');
    assert.match(text, /always exits/);
    assert.match(text, /0F A2/);
    await vscode.commands.executeCommand('editor.action.showHover');
    await screenshot('hover');
  });

  it('finds and renames across files', async () => {
    const { document, position } = await show('vmm/hvm/ept.asm', /^ept_map_page:/);
    const references = await vscode.commands.executeCommand<vscode.Location[]>(
      'vscode.executeReferenceProvider',
      document.uri,
      position,
    );
    assert.ok(new Set(references.map((r) => r.uri.toString())).size > 1, 'in several files');
    const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit>(
      'vscode.executeDocumentRenameProvider',
      document.uri,
      position,
      'ept_map_4k',
    );
    const count = edit.entries().reduce((sum, [, edits]) => sum + edits.length, 0);
    assert.equal(count, references.length);
    await vscode.commands.executeCommand('editor.action.goToReferences');
    await screenshot('references');
    await vscode.commands.executeCommand('closeReferenceSearch');
    void vscode.commands.executeCommand('editor.action.rename');
    await screenshot('rename');
    await vscode.commands.executeCommand('cancelRenameInput');
    await assert.rejects(
      async () =>
        vscode.commands.executeCommand(
          'vscode.executeDocumentRenameProvider',
          document.uri,
          position,
          'ept_create',
        ),
      /already names something else/,
    );
  });

  it('shows hints, lenses and colours', async () => {
    const { document } = await show('vmm/hvm/vm.asm', /^struc vm/);
    const all = new vscode.Range(0, 0, document.lineCount, 0);
    const hints = await eventually('inlay hints', async () => {
      const found = await vscode.commands.executeCommand<vscode.InlayHint[]>(
        'vscode.executeInlayHintProvider',
        document.uri,
        all,
      );
      return found.length > 0 && found;
    });
    assert.ok(
      hints.some((h) => String(h.label) === '+0x08'),
      hints.map((h) => String(h.label)).join(),
    );
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      document.uri,
      20,
    );
    const titles = lenses.map((l) => l.command?.title ?? '');
    assert.ok(
      titles.some((t) => /Debug the lab|Debug this lab/.test(t)) &&
        titles.some((t) => /\d+ references/.test(t)),
      titles.join(),
    );
    const tokens = await vscode.commands.executeCommand<vscode.SemanticTokens>(
      'vscode.provideDocumentSemanticTokens',
      document.uri,
    );
    assert.ok(tokens.data.length > 500);
    await screenshot('inlay-hints');
    const configuration = vscode.workspace.getConfiguration('hyperstep');
    await configuration.update('inlayHints.bytes', true, vscode.ConfigurationTarget.Global);
    await configuration.update('inlayHints.addresses', true, vscode.ConfigurationTarget.Global);
    await show('vmm/hvm/ept.asm', /^ept_entry:/);
    await eventually('bytes', async () => {
      const uri = vscode.window.activeTextEditor!.document.uri;
      const found = await vscode.commands.executeCommand<vscode.InlayHint[]>(
        'vscode.executeInlayHintProvider',
        uri,
        all,
      );
      return found.some((h) => /^00[0-9A-F]{6}\s+55/.test(String(h.label)));
    });
    await new Promise((r) => setTimeout(r, 1000));
    await screenshot('inlay-bytes');
    await configuration.update('inlayHints.bytes', undefined, vscode.ConfigurationTarget.Global);
    await configuration.update('inlayHints.addresses', undefined, vscode.ConfigurationTarget.Global);
  });

  it('formats without changing what is aligned', async () => {
    const { document } = await show('vmm/hvm/inject.asm', /./);
    const before = document.getText();
    const options = { tabSize: 8, insertSpaces: true };
    const edits = await vscode.commands.executeCommand<vscode.TextEdit[] | undefined>(
      'vscode.executeFormatDocumentProvider',
      document.uri,
      options,
    );
    assert.deepEqual(edits ?? [], []);
    const messy = before.replace(/^ {8}(\w+) +/gm, '  $1 ');
    assert.notEqual(messy, before);
    await restore(document, messy);
    await screenshot('formatting-before');
    await vscode.commands.executeCommand('editor.action.formatDocument');
    await eventually('the text formatted', () => document.getText() !== messy);
    await screenshot('formatting-after');
    assert.equal(document.getText(), before);
    await document.save();
  });

  it('starts the lab from its lens', async () => {
    await vscode.commands.executeCommand('hyperstep.debugLab', guestFile('labs/hypercall').fsPath);
    const session = await eventually('a session', () => vscode.debug.activeDebugSession);
    assert.equal(session.type, 'hyperstep');
    await vscode.debug.stopDebugging();
    await eventually('its end', () => vscode.debug.activeDebugSession === undefined);
  });

  it('knows symbols, the call graph and what fixes a fault', async () => {
    const symbols = await vscode.commands.executeCommand<vscode.SymbolInformation[]>(
      'vscode.executeWorkspaceSymbolProvider',
      'ept_wal',
    );
    assert.ok(symbols.some((s) => s.name === 'ept_walk'));
    const { document, position } = await show('vmm/hvm/ept.asm', /^ept_entry:/);
    const [item] = await vscode.commands.executeCommand<vscode.CallHierarchyItem[]>(
      'vscode.prepareCallHierarchy',
      document.uri,
      position,
    );
    const calls = await vscode.commands.executeCommand<vscode.CallHierarchyIncomingCall[]>(
      'vscode.provideIncomingCalls',
      item,
    );
    assert.ok(calls.map((c) => c.from.name).includes('ept_map_page'));

    const before = document.getText();
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(position.line + 1, 0), '        inc     [rax]\n');
    await vscode.workspace.applyEdit(edit);
    const [fault] = await eventually('a diagnostic', () => {
      const found = vscode.languages
        .getDiagnostics(document.uri)
        .filter((d) => d.severity === vscode.DiagnosticSeverity.Error);
      return found.length > 0 && found;
    });
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      fault.range,
    );
    assert.ok(
      actions.some((a) => /qword/.test(a.title)),
      actions.map((a) => a.title).join(),
    );
    vscode.window.activeTextEditor!.selection = new vscode.Selection(fault.range.start, fault.range.start);
    await vscode.commands.executeCommand('editor.action.quickFix');
    await screenshot('code-actions');
    await vscode.commands.executeCommand('hideCodeActionWidget').then(undefined, () => {});
    await restore(document, before);
  });
});
