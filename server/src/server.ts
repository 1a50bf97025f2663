import type { FileProvider } from '@hyperstep/assembler';
import {
  type Connection,
  DidChangeWatchedFilesNotification,
  type InitializeParams,
  type InitializeResult,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { definition } from './features/definition';
import { DiagnosticsPublisher } from './features/diagnostics';
import { hover } from './features/hover';
import { pathOf } from './locations';
import { Programs } from './programs';

/**
 * Runs the language server on a connection. Node-free: files that are not open
 * in the editor come through `files`.
 */
export function startServer(connection: Connection, files: FileProvider): void {
  const documents = new TextDocuments(TextDocument);
  const open = new Map<string, TextDocument>();
  const programs = new Programs({
    read: (path) => {
      const document = open.get(path);
      return document ? new TextEncoder().encode(document.getText()) : files.read(path);
    },
  });
  const diagnostics = new DiagnosticsPublisher(connection, programs, () => [...open.keys()]);

  connection.onInitialize((params: InitializeParams): InitializeResult => {
    const options = params.initializationOptions as { manifests?: string[] } | undefined;
    programs.addLabs((options?.manifests ?? []).map(labOf));
    return {
      capabilities: {
        textDocumentSync: TextDocumentSyncKind.Incremental,
        definitionProvider: true,
        hoverProvider: true,
      },
      serverInfo: { name: 'Hyperstep' },
    };
  });

  documents.onDidChangeContent(({ document }) => {
    open.set(pathOf(document.uri), document);
    programs.invalidate();
    diagnostics.schedule();
  });
  documents.onDidClose(({ document }) => {
    open.delete(pathOf(document.uri));
    programs.invalidate();
    diagnostics.schedule();
  });
  connection.onNotification(DidChangeWatchedFilesNotification.type, ({ changes }) => {
    programs.addLabs(changes.filter((c) => c.uri.endsWith('/lab.json')).map((c) => labOf(c.uri)));
    programs.invalidate();
    diagnostics.schedule();
  });

  connection.onDefinition((p) =>
    guarded(open, p.textDocument.uri, (d) => definition(programs, d, p.position)),
  );
  connection.onHover((p) => guarded(open, p.textDocument.uri, (d) => hover(programs, d, p.position)));

  documents.listen(connection);
  connection.listen();
}

/** Folder of a lab.json. */
function labOf(manifestUri: string): string {
  return pathOf(manifestUri).replace(/\/lab\.json$/, '');
}

/** The feature's answer for an open document; null for any other. */
function guarded<T>(
  open: ReadonlyMap<string, TextDocument>,
  uri: string,
  feature: (document: TextDocument) => T | null,
): T | null {
  const document = open.get(pathOf(uri));
  return document ? feature(document) : null;
}
