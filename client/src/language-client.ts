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
      documentSelector: [{ language: 'nasm' }],
      initializationOptions: { manifests: manifests.map((uri) => uri.toString()) },
      synchronize: {
        fileEvents: vscode.workspace.createFileSystemWatcher('**/{*.asm,*.inc,*.nasm,lab.json}'),
      },
    },
  );
  await client.start();
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
