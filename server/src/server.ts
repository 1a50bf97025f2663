import type {
  CallHierarchyItem,
  CancellationToken,
  CodeActionContext,
  CodeLens,
  CompletionItem,
  Connection,
  Diagnostic,
  InitializeParams,
  InitializeResult,
  Position,
  Range,
} from 'vscode-languageserver';
import {
  CodeLensRefreshRequest,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  ErrorCodes,
  LSPErrorCodes,
  ResponseError,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import { followDocuments } from './documents';
import { incomingCalls, outgoingCalls, prepareCallHierarchy } from './features/call-hierarchy';
import { codeActions } from './features/code-actions';
import { codeLenses, resolveCodeLens } from './features/code-lens';
import { compactCompletion, completion, resolveCompletion, warmUp } from './features/completion';
import { declaration, definition, typeDefinition } from './features/definition';
import { diagnosticsInSteps } from './features/diagnostics';
import { foldingRanges, selectionRanges } from './features/folding';
import { formatDocument, formatOnType, formatRange } from './features/formatting';
import { hoverInSteps } from './features/hover';
import { inlayHints } from './features/inlay-hints';
import { inlineValues } from './features/inline-values';
import { documentLinks } from './features/links';
import { highlights, references } from './features/references';
import { prepareRename, Refusal, renameInSteps } from './features/rename';
import { LEGEND, SemanticTokensProvider } from './features/semantic-tokens';
import { signatureHelp } from './features/signature';
import { documentSymbols, workspaceSymbolsInSteps } from './features/symbols';
import { pathOf } from './locations';
import { Publisher } from './publisher';
import type { Names } from './syntax/names';
import { Background } from './workspace/background';
import type { ServerFiles } from './workspace/files';
import { readSettings } from './workspace/settings';
import { Workspace } from './workspace/workspace';

const CAPABILITIES: InitializeResult['capabilities'] = {
  textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
  completionProvider: { triggerCharacters: ['.', '%', '"', '/', '[', ',', '{'], resolveProvider: true },
  signatureHelpProvider: { triggerCharacters: [' ', ',', '('], retriggerCharacters: [','] },
  hoverProvider: true,
  definitionProvider: true,
  declarationProvider: true,
  typeDefinitionProvider: true,
  referencesProvider: true,
  documentHighlightProvider: true,
  renameProvider: { prepareProvider: true },
  semanticTokensProvider: { legend: LEGEND, full: { delta: true }, range: true },
  foldingRangeProvider: true,
  selectionRangeProvider: true,
  inlayHintProvider: true,
  codeLensProvider: { resolveProvider: true },
  codeActionProvider: { codeActionKinds: ['quickfix', 'refactor.rewrite'] },
  callHierarchyProvider: true,
  documentLinkProvider: {},
  documentFormattingProvider: true,
  documentRangeFormattingProvider: true,
  documentOnTypeFormattingProvider: { firstTriggerCharacter: '\n' },
  inlineValueProvider: true,
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
  /** What the client asks for again when told so. */
  let refreshes: InitializeParams['capabilities']['workspace'];
  /** The names of the open files when colours were last asked for again: the same object as long as nothing is declared anew. */
  let told: (Names | undefined)[] = [];
  let sharesRange = false;
  const background = new Background(workspace);
  const publisher = new Publisher(connection, workspace, background, () => {
    const quietly = (asked: Promise<unknown>) => void asked.catch(() => {});
    if (refreshes?.inlayHint?.refreshSupport) quietly(connection.languages.inlayHint.refresh());
    // An edit of one file can change what names mean, and how often they are used, in the others.
    if (workspace.openPaths().length < 2) return;
    if (refreshes?.codeLens?.refreshSupport) quietly(connection.sendRequest(CodeLensRefreshRequest.type));
    const names = workspace.openPaths().map((path) => workspace.programOf(path)?.names);
    const same = names.length === told.length && names.every((n, i) => n === told[i]);
    told = names;
    if (!same && refreshes?.semanticTokens?.refreshSupport)
      quietly(connection.languages.semanticTokens.refresh());
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
    const { itemDefaults } = params.capabilities.textDocument?.completion?.completionList ?? {};
    sharesRange = ['editRange', 'data'].every((name) => itemDefaults?.includes(name));
    refreshes = params.capabilities.workspace;
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
  connection.onShutdown(() => publisher.stop());

  /** Answers `empty` for what cannot be answered; a fault of ours is logged and never reaches the editor. */
  const guard = <P, T>(empty: T, feature: (params: P, token: CancellationToken) => T) => {
    const answer = (params: P, token: CancellationToken): T | ResponseError<void> => {
      if (token.isCancellationRequested) return cancelled();
      try {
        return feature(params, token);
      } catch (error) {
        return failed(error, empty);
      }
    };
    return (params: P, token: CancellationToken) => {
      const wait = assembledOnce(params, token);
      return wait ? wait.then(() => answer(params, token)) : answer(params, token);
    };
  };
  const failed = <T>(error: unknown, empty: T): T | ResponseError<void> => {
    if (error instanceof Refusal) return new ResponseError(ErrorCodes.InvalidRequest, error.message);
    connection.console.error((error as Error).stack ?? String(error));
    return empty;
  };
  const outdated = () => new ResponseError<void>(LSPErrorCodes.ContentModified, 'the text has changed');
  const cancelled = () => new ResponseError<void>(LSPErrorCodes.RequestCancelled, 'cancelled');
  /** Programs are assembled for the first time in the background: a keystroke must not wait for that either. */
  const assembledOnce = (params: unknown, token: CancellationToken): Promise<unknown> | undefined => {
    const uri = (params as { textDocument?: { uri?: unknown } }).textDocument?.uri;
    if (typeof uri !== 'string') return undefined;
    const path = pathOf(uri);
    try {
      if (!workspace.isOpen(path) || !workspace.isNew(path)) return undefined;
    } catch (error) {
      connection.console.error((error as Error).stack ?? String(error));
      return undefined;
    }
    return background
      .run(
        () => workspace.refresh(path, true),
        () => token.isCancellationRequested,
      )
      .catch(() => {});
  };
  /** For features that may assemble: what cannot be answered in one step goes on in slices until an edit makes it worthless. */
  const slowly = <P, T>(empty: T, feature: (params: P) => Generator<void, T>) =>
    guard<P, T | Promise<T | ResponseError<void>>>(empty, (params, token) => {
      const job = feature(params);
      const { done, value } = job.next();
      if (done) return value;
      job.return(empty);
      const { edits } = workspace;
      const slices = background.run(
        function* () {
          return { value: yield* feature(params) };
        },
        () => token.isCancellationRequested || workspace.edits !== edits,
      );
      return slices.then(
        (made) => made?.value ?? (token.isCancellationRequested ? cancelled() : outdated()),
        (error: Error) => failed(error, empty),
      );
    });
  /** The same for features of a place in a file. */
  const at = <P extends { textDocument: { uri: string }; position: Position }, T>(
    empty: T,
    feature: (path: string, position: Position, params: P) => T,
  ) => guard<P, T>(empty, (p) => feature(pathOf(p.textDocument.uri), p.position, p));

  /** For items that are filled in later: what cannot be filled in stays as it is. */
  const resolved =
    <T>(feature: (item: T) => T) =>
    (item: T): T => {
      try {
        return feature(item);
      } catch (error) {
        connection.console.error((error as Error).stack ?? String(error));
        return item;
      }
    };
  connection.onCompletion(
    at({ isIncomplete: false, items: [] }, (path, position) => {
      return (sharesRange ? compactCompletion : completion)(workspace, path, position);
    }),
  );
  connection.onCompletionResolve(resolved((item: CompletionItem) => resolveCompletion(workspace, item)));
  connection.onSignatureHelp(at(null, (path, position) => signatureHelp(workspace, path, position)));
  type At = { textDocument: { uri: string }; position: Position };
  connection.onHover(
    slowly(null, (p: At) => hoverInSteps(workspace, pathOf(p.textDocument.uri), p.position)) as never,
  );
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
    slowly(null, (p: At & { newName: string }) =>
      renameInSteps(workspace, pathOf(p.textDocument.uri), p.position, p.newName),
    ) as never,
  );
  connection.onDocumentSymbol(
    guard([], (p: { textDocument: { uri: string } }) =>
      documentSymbols(workspace, pathOf(p.textDocument.uri)),
    ),
  );
  type Of<P> = P & { textDocument: { uri: string } };
  /** The same for features of a whole file. */
  const of = <P, T>(empty: T, feature: (path: string, params: P) => T) =>
    guard<Of<P>, T>(empty, (p) => feature(pathOf(p.textDocument.uri), p));

  const tokens = new SemanticTokensProvider(workspace);
  connection.languages.semanticTokens.on(of({ data: [] }, (path) => tokens.full(path)) as never);
  connection.languages.semanticTokens.onDelta(
    of({ data: [] } as never, (path, p: { previousResultId: string }) =>
      tokens.delta(path, p.previousResultId),
    ) as never,
  );
  connection.languages.semanticTokens.onRange(
    of({ data: [] }, (path, p: { range: Range }) => tokens.range(path, p.range)) as never,
  );
  connection.onFoldingRanges(of([], (path) => foldingRanges(workspace, path)));
  connection.onSelectionRanges(
    of([], (path, p: { positions: Position[] }) => selectionRanges(workspace, path, p.positions)),
  );
  connection.languages.inlayHint.on(
    of([], (path, p: { range: Range }) => inlayHints(workspace, path, p.range)),
  );
  connection.languages.inlineValue.on(
    of([], (path, p: { range: Range; context: { stoppedLocation: Range } }) =>
      inlineValues(workspace, path, p.range, p.context.stoppedLocation),
    ),
  );
  connection.onCodeLens(of([], (path) => codeLenses(workspace, path)));
  connection.onCodeLensResolve(resolved((lens: CodeLens) => resolveCodeLens(workspace, lens)));
  connection.onCodeAction(
    of([], (path, p: { range: Range; context: CodeActionContext }) =>
      codeActions(workspace, path, p.range, p.context.diagnostics, p.context.only),
    ),
  );
  connection.languages.callHierarchy.onPrepare(
    at([], (path, position) => prepareCallHierarchy(workspace, path, position)),
  );
  connection.languages.callHierarchy.onIncomingCalls(
    guard([], (p: { item: CallHierarchyItem }) => incomingCalls(workspace, p.item)),
  );
  connection.languages.callHierarchy.onOutgoingCalls(
    guard([], (p: { item: CallHierarchyItem }) => outgoingCalls(workspace, p.item)),
  );
  connection.onDocumentLinks(of([], (path) => documentLinks(workspace, path)));
  connection.onDocumentFormatting(of([], (path) => formatDocument(workspace, path)));
  connection.onDocumentRangeFormatting(
    of([], (path, p: { range: Range }) => formatRange(workspace, path, p.range.start.line, p.range.end.line)),
  );
  connection.onDocumentOnTypeFormatting(
    at([], (path, position) => formatOnType(workspace, path, position.line)),
  );
  connection.onWorkspaceSymbol(
    slowly([], (p: { query: string }) => workspaceSymbolsInSteps(workspace, p.query)) as never,
  );
  connection.languages.diagnostics.on(async ({ textDocument }, token) => {
    const path = pathOf(textDocument.uri);
    let items: Diagnostic[] = [];
    try {
      const made = await background.run(
        () => diagnosticsInSteps(workspace, [path], false),
        () => token.isCancellationRequested,
      );
      if (!made) return new ResponseError(LSPErrorCodes.RequestCancelled, 'cancelled');
      items = made.get(path) ?? [];
    } catch (error) {
      connection.console.error((error as Error).stack ?? String(error));
    }
    return { kind: 'full' as const, items };
  });

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
