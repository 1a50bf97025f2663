import { strict as assert } from 'node:assert';
import * as vscode from 'vscode';
import { eventually, guestFile, lineOf, screenshot } from './support';

describe('editing', () => {
  it('knows the dialect and finds no fault in the lab', async () => {
    const document = await vscode.workspace.openTextDocument(guestFile('labs/hypercall/kernel.asm'));
    await vscode.window.showTextDocument(document);
    assert.equal(document.languageId, 'nasm');
    await vscode.extensions.getExtension('hyperstep.hyperstep')!.activate(); // fails where activation fails
    await new Promise((r) => setTimeout(r, 1000));
    assert.deepEqual(
      vscode.languages.getDiagnostics(document.uri).map((d) => d.message),
      [],
    );
    await screenshot('editing');
  });

  it('reports an error where it is, and takes it back', async () => {
    const real = await vscode.workspace.openTextDocument(guestFile('labs/hypercall/app.asm'));
    await vscode.window.showTextDocument(real);
    const before = real.lineCount - 1;
    const edit = new vscode.WorkspaceEdit();
    edit.insert(real.uri, new vscode.Position(before, 0), '\n        mov rax, bl\n');
    await vscode.workspace.applyEdit(edit);
    const [diagnostic] = await eventually('a diagnostic', () => {
      const found = vscode.languages.getDiagnostics(real.uri);
      return found.length > 0 && found;
    });
    assert.equal(diagnostic.severity, vscode.DiagnosticSeverity.Error);
    assert.match(real.lineAt(diagnostic.range.start.line).text, /mov rax, bl/);
    await screenshot('diagnostic');
    const undo = new vscode.WorkspaceEdit();
    undo.delete(real.uri, new vscode.Range(before, 0, real.lineCount, 0));
    await vscode.workspace.applyEdit(undo);
    await real.save();
    await eventually('no diagnostic', () => vscode.languages.getDiagnostics(real.uri).length === 0);
  });

  it('goes to the definition of a symbol and describes it', async () => {
    const document = await vscode.workspace.openTextDocument(guestFile('labs/hypercall/kernel.asm'));
    const line = lineOf(document, /^\s+call\s+[a-z]\w+/);
    const text = document.lineAt(line).text;
    const name = /call\s+(\w+)/.exec(text)![1];
    const position = new vscode.Position(line, text.indexOf(name) + 1);
    const [target] = await vscode.commands.executeCommand<vscode.Location[]>(
      'vscode.executeDefinitionProvider',
      document.uri,
      position,
    );
    const defined = await vscode.workspace.openTextDocument(target.uri);
    assert.match(defined.lineAt(target.range.start.line).text, new RegExp(`^${name}\\b`));
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      position,
    );
    const shown = hovers
      .flatMap((h) => h.contents.map((c) => (typeof c === 'string' ? c : c.value)))
      .join('\n');
    assert.match(shown, new RegExp(`${name}.*0x`, 's'));
  });
});
