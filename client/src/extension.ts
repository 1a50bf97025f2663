import * as vscode from 'vscode';
import { registerDebugAdapter } from './adapter';
import { registerConfigurations } from './configuration';
import { startLanguageClient, stopLanguageClient } from './language-client';
import { registerSerialTerminals } from './serial-terminal';
import { registerRefresh } from './views/session-view';
import { registerTranslationView } from './views/translation';
import { registerVmExitsView } from './views/vm-exits';

/** Called by VS Code when a file of the dialect is opened or a Hyperstep session is asked for. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  context.subscriptions.push(
    registerConfigurations(),
    registerDebugAdapter(context),
    registerSerialTerminals(),
    registerRefresh(),
    registerTranslationView(),
    registerVmExitsView(),
    vscode.commands.registerCommand('hyperstep.copyValue', (node?: { value?: string }) => {
      if (node?.value) void vscode.env.clipboard.writeText(node.value);
    }),
  );
  await startLanguageClient(context);
}

/** Called by VS Code at shutdown. */
export function deactivate(): Promise<void> {
  return stopLanguageClient();
}
