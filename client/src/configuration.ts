import * as vscode from 'vscode';

const MANIFEST = 'lab.json';

/** Launch configurations: the ones offered, and what F5 means without any. */
export function registerConfigurations(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.debug.registerDebugConfigurationProvider('hyperstep', { resolveDebugConfiguration: resolve }),
    vscode.debug.registerDebugConfigurationProvider(
      'hyperstep',
      { provideDebugConfigurations: provideLabs },
      vscode.DebugConfigurationProviderTriggerKind.Dynamic,
    ),
  );
}

/** F5 with no launch.json debugs the lab (or the program) of the open file. */
async function resolve(
  folder: vscode.WorkspaceFolder | undefined,
  configuration: vscode.DebugConfiguration,
): Promise<vscode.DebugConfiguration | undefined> {
  // VS Code has terminals; other clients get the serial line as output events.
  if (configuration.type) return { serial: 'terminal', ...configuration };
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId !== 'nasm') return undefined; // VS Code then offers launch.json
  const file = editor.document.uri;
  const lab = await labOf(file, folder);
  return {
    type: 'hyperstep',
    request: 'launch',
    name: lab ? vscode.l10n.t('Debug this lab') : vscode.l10n.t('Debug this program'),
    ...(lab ? { lab: lab.fsPath } : { program: file.fsPath }),
    serial: 'terminal',
    stopOnEntry: true,
  };
}

/** The nearest folder upwards that has a lab.json, not above the workspace folder. */
async function labOf(
  file: vscode.Uri,
  folder: vscode.WorkspaceFolder | undefined,
): Promise<vscode.Uri | undefined> {
  let here = vscode.Uri.joinPath(file, '..');
  for (;;) {
    if (await exists(vscode.Uri.joinPath(here, MANIFEST))) return here;
    if (folder && here.path === folder.uri.path) return undefined;
    const parent = vscode.Uri.joinPath(here, '..');
    if (parent.path === here.path) return undefined;
    here = parent;
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

/** One configuration a lab found in the workspace; shown under "Hyperstep…" in the Run and Debug list. */
async function provideLabs(
  _folder: vscode.WorkspaceFolder | undefined,
  token?: vscode.CancellationToken,
): Promise<vscode.DebugConfiguration[]> {
  const manifests = await vscode.workspace.findFiles(`**/${MANIFEST}`, '**/node_modules/**', 100, token);
  return Promise.all(
    manifests.map(async (manifest) => ({
      type: 'hyperstep',
      request: 'launch',
      name: await titleOf(manifest),
      lab: vscode.Uri.joinPath(manifest, '..').fsPath,
      stopOnEntry: true,
    })),
  );
}

async function titleOf(manifest: vscode.Uri): Promise<string> {
  const fallback = manifest.path.split('/').at(-2) ?? 'lab';
  try {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(manifest));
    return (JSON.parse(text) as { title?: string }).title ?? fallback;
  } catch {
    return fallback;
  }
}
