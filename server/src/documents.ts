import type { Connection } from 'vscode-languageserver';
import { pathOf } from './locations';
import { Document, type TextChange } from './text/document';
import type { Workspace } from './workspace/workspace';

/** Follows the editor's open files. `changed` is told after each change. */
export function followDocuments(connection: Connection, workspace: Workspace, changed: () => void): void {
  connection.onDidOpenTextDocument(({ textDocument: { uri, text, version } }) => {
    const document = new Document(pathOf(uri), uri, text);
    document.version = version;
    workspace.openDocument(document);
    changed();
  });
  connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) => {
    const path = pathOf(uri);
    if (!workspace.isOpen(path)) return;
    workspace.edit();
    workspace.document(path)?.update(contentChanges as TextChange[], version);
    changed();
  });
  connection.onDidCloseTextDocument(({ textDocument: { uri } }) => {
    workspace.closeDocument(pathOf(uri));
    changed();
  });
}
