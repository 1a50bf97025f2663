import * as vscode from 'vscode';

/**
 * Starts the debug adapter as a process of its own, with the Node that runs the
 * extension host, so that a user needs nothing but VS Code.
 *
 * A developer who debugs the adapter sets `debugServer` in the launch
 * configuration; VS Code then connects there without asking.
 */
export function registerDebugAdapter(context: vscode.ExtensionContext): vscode.Disposable {
  const program = vscode.Uri.joinPath(context.extensionUri, 'dist', 'adapter.js').fsPath;
  return vscode.debug.registerDebugAdapterDescriptorFactory('hyperstep', {
    createDebugAdapterDescriptor: () =>
      new vscode.DebugAdapterExecutable(process.execPath, ['--enable-source-maps', program], {
        // Electron's executable behaves as plain Node with this set; Node ignores it.
        env: { ELECTRON_RUN_AS_NODE: '1' },
      }),
  });
}
