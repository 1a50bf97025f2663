import type {
  CompletionItem,
  Connection,
  InitializeParams,
  InitializeResult,
  Position,
} from 'vscode-languageserver';
import {
  CancellationToken,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  ErrorCodes,
  ResponseError,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import { followDocuments } from './documents';
import { completion, resolveCompletion, warmUp } from './features/completion';
import { declaration, definition, typeDefinition } from './features/definition';
import { diagnosticsOf } from './features/diagnostics';
import { hover } from './features/hover';
import { highlights, references } from './features/references';
import { prepareRename, Refusal, rename } from './features/rename';
import { signatureHelp } from './features/signature';
import { documentSymbols, workspaceSymbols } from './features/symbols';
import { pathOf } from './locations';
import { Publisher } from './publisher';
import type { ServerFiles } from './workspace/files';
import { readSettings } from './workspace/settings';
import { Workspace } from './workspace/workspace';

const CAPABILITIES: InitializeResult['capabilities'] = {
  textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
  completionProvider: { triggerCharacters: ['.', '%', '"', '/', '[', ','], resolveProvider: true },
  signatureHelpProvider: { triggerCharacters: [' ', ',', '('], retriggerCharacters: [','] },
  hoverProvider: true,
  definitionProvider: true,
  declarationProvider: true,
  typeDefinitionProvider: true,
  referencesProvider: true,
  documentHighlightProvider: true,
  renameProvider: { prepareProvider: true },
  documentSymbolProvider: true,
  workspaceSymbolProvider: true,
  workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
};

/** Only for clients that want it: one that takes pushed and pulled diagnostics would show each twice. */
const PULLED: InitializeResult['capabilities'] = {
  diagnosticProvider: { interFileDependencies: true, workspaceDiagnostics: false, identifier: 'hyperstep' },
};

interface Options {
  /** The labs of the workspace, as URIs of their lab.json. */
  manifests?: string[];
  settings?: unknown;
  /** `pull`: the client asks for diagnostics, nothing is pushed. Without a word, a client that cannot take pushed ones pulls. */
  diagnostics?: 'push' | 'pull';
}

/**
 * Runs the language server on a connection. Node-free: files that are not open
 * in the editor come through `files`. Every feature is a function of the
 * workspace and a place in it; this file only connects them to the protocol.
 */
export function startServer(connection: Connection, files: ServerFiles): void {
  const workspace = new Workspace(files);
  let refreshes = false;
  const publisher = new Publisher(connection, workspace, () => {
    if (!refreshes) return;
    void connection.languages.inlayHint.refresh().catch(() => {});
  });
  const changed = () => publisher.schedule();

  connection.onInitialize((params: InitializeParams): InitializeResult => {
    const options = params.initializationOptions as Options | undefined;
    workspace.settings = readSettings(options?.settings);
    workspace.roots = (params.workspaceFolders ?? []).map((folder) => pathOf(folder.uri));
    for (const manifest of options?.manifests ?? []) workspace.addLab(labOf(manifest));
    const { publishDiagnostics, diagnostic } = params.capabilities.textDocument ?? {};
    const pull =
      options?.diagnostics === 'pull' || (!options?.diagnostics && !publishDiagnostics && diagnostic);
    publisher.enabled = !pull;
    refreshes = params.capabilities.workspace?.inlayHint?.refreshSupport ?? false;
    return {
      capabilities: pull ? { ...CAPABILITIES, ...PULLED } : CAPABILITIES,
      serverInfo: { name: 'Hyperstep' },
    };
  });
  connection.onInitialized(() => {
    void connection.client
      .register(DidChangeConfigurationNotification.type, { section: 'hyperstep' })
      .catch(() => {});
    void readConfiguration();
    inSteps(warmUp());
    connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
      const gone = new Set(removed.map((f) => pathOf(f.uri)));
      workspace.roots = [...workspace.roots.filter((r) => !gone.has(r)), ...added.map((f) => pathOf(f.uri))];
      workspace.reset();
      changed();
    });
  });

  async function readConfiguration(): Promise<void> {
    try {
      workspace.settings = readSettings(await connection.workspace.getConfiguration('hyperstep'));
      workspace.reset();
      changed();
    } catch {
      // A client without configuration: the defaults hold.
    }
  }
  connection.onNotification(DidChangeConfigurationNotification.type, () => void readConfiguration());
  connection.onNotification(DidChangeWatchedFilesNotification.type, ({ changes }) => {
    for (const { uri } of changes) workspace.forget(pathOf(uri));
    changed();
  });
  followDocuments(connection, workspace, changed);

  /** Answers `empty` for what cannot be answered; a fault of ours is logged and never reaches the editor. */
  const guard = <P, T>(empty: T, feature: (params: P, token: CancellationToken) => T) => {
    return (params: P, token: CancellationToken): T | ResponseError<void> => {
      if (token.isCancellationRequested) return empty;
      try {
        return feature(params, token);
      } catch (error) {
        if (error instanceof Refusal) return new ResponseError(ErrorCodes.InvalidRequest, error.message);
        connection.console.error((error as Error).stack ?? String(error));
        return empty;
      }
    };
  };
  /** The same for features of a place in a file. */
  const at = <P extends { textDocument: { uri: string }; position: Position }, T>(
    empty: T,
    feature: (path: string, position: Position, params: P) => T,
  ) => guard<P, T>(empty, (p) => feature(pathOf(p.textDocument.uri), p.position, p));

  connection.onCompletion(
    at({ isIncomplete: false, items: [] }, (path, position) => completion(workspace, path, position)),
  );
  connection.onCompletionResolve(
    (item) =>
      guard(item, (i: CompletionItem) => resolveCompletion(workspace, i))(
        item,
        CancellationToken.None,
      ) as CompletionItem,
  );
  connection.onSignatureHelp(at(null, (path, position) => signatureHelp(workspace, path, position)));
  connection.onHover(at(null, (path, position) => hover(workspace, path, position)));
  connection.onDefinition(at([], (path, position) => definition(workspace, path, position)));
  connection.onDeclaration(at([], (path, position) => declaration(workspace, path, position)));
  connection.onTypeDefinition(at([], (path, position) => typeDefinition(workspace, path, position)));
  connection.onReferences(
    at(
      [],
      (
        path,
        position,
        p: { textDocument: { uri: string }; position: Position; context: { includeDeclaration: boolean } },
      ) => references(workspace, path, position, p.context.includeDeclaration),
    ),
  );
  connection.onDocumentHighlight(at([], (path, position) => highlights(workspace, path, position)));
  connection.onPrepareRename(at(null, (path, position) => prepareRename(workspace, path, position)) as never);
  connection.onRenameRequest(
    guard(null, (p: { textDocument: { uri: string }; position: Position; newName: string }) =>
      rename(workspace, pathOf(p.textDocument.uri), p.position, p.newName),
    ) as never,
  );
  connection.onDocumentSymbol(
    guard([], (p: { textDocument: { uri: string } }) =>
      documentSymbols(workspace, pathOf(p.textDocument.uri)),
    ),
  );
  connection.onWorkspaceSymbol(
    guard([], (p: { query: string }, token) =>
      workspaceSymbols(workspace, p.query, () => token.isCancellationRequested),
    ),
  );
  connection.languages.diagnostics.on(
    guard({ kind: 'full' as const, items: [] as never[] }, (p: { textDocument: { uri: string } }) => {
      const path = pathOf(p.textDocument.uri);
      return { kind: 'full' as const, items: (diagnosticsOf(workspace, [path]).get(path) ?? []) as never[] };
    }) as never,
  );

  connection.listen();
}

/** Runs a task in steps, between messages. */
function inSteps(task: Generator<void>): void {
  const step = () => {
    if (!task.next().done) setTimeout(step, 1);
  };
  setTimeout(step, 200);
}

/** Folder of a lab.json. */
function labOf(manifestUri: string): string {
  return pathOf(manifestUri).replace(/\/lab\.json$/, '');
}
