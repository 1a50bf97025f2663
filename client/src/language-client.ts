import * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';

let client: LanguageClient | undefined;

/** Starts the language server in a process of its own. */
export async function startLanguageClient(context: vscode.ExtensionContext): Promise<void> {
  const module = vscode.Uri.joinPath(context.extensionUri, 'dist', 'server.js').fsPath;
  // A lab's VMM may lie outside the lab's folder, so the server is told where the labs are.
  const manifests = await findManifests();
  client = new LanguageClient(
    'hyperstep',
    'Hyperstep',
    {
      run: { module, transport: TransportKind.ipc },
      debug: {
        module,
        transport: TransportKind.ipc,
        options: { execArgv: ['--inspect=6009', '--enable-source-maps'] },
      },
    },
    {
      documentSelector: [
        { language: 'nasm', scheme: 'file' },
        { language: 'nasm', scheme: 'untitled' },
      ],
      initializationOptions: { manifests: manifests.map((uri) => uri.toString()) },
      synchronize: {
        fileEvents: vscode.workspace.createFileSystemWatcher('**/{*.asm,*.inc,*.nasm,*.mac,*.bin,lab.json}'),
      },
    },
  );
  context.subscriptions.push(...lensCommands(client));
  await client.start();
}

/** What the server's code lenses do when clicked. */
function lensCommands(client: LanguageClient): vscode.Disposable[] {
  const convert = client.protocol2CodeConverter;
  type Locations = Parameters<typeof convert.asLocation>[0][];
  type Position = Parameters<typeof convert.asPosition>[0];
  return [
    vscode.commands.registerCommand('hyperstep.debugLab', async (lab: string) => {
      const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(lab));
      const name = vscode.l10n.t('Debug this lab');
      await vscode.debug.startDebugging(folder, {
        type: 'hyperstep',
        request: 'launch',
        name,
        lab,
        serial: 'terminal',
        stopOnEntry: true,
      });
    }),
    vscode.commands.registerCommand(
      'hyperstep.showReferences',
      (uri: string, position: Position, locations: Locations) =>
        vscode.commands.executeCommand(
          'editor.action.showReferences',
          convert.asUri(uri),
          convert.asPosition(position),
          locations.map((location) => convert.asLocation(location)),
        ),
    ),
  ];
}

/** Every lab.json of the workspace; none where the search itself fails. */
async function findManifests(): Promise<vscode.Uri[]> {
  try {
    return await vscode.workspace.findFiles('**/lab.json', '**/node_modules/**', 1000);
  } catch {
    return [];
  }
}

/** Ends it; harmless when it never started. */
export async function stopLanguageClient(): Promise<void> {
  await client?.stop();
}
