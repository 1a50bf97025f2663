import * as vscode from 'vscode';
import { eventually, guestFile, lineOf, screenshot } from '../../vscode/suite/support';

/**
 * Runs in the extension host: brings the workbench into the states that the
 * pictures of the documentation show, and asks for each picture.
 */
export async function run(): Promise<void> {
  try {
    await take();
  } catch (error) {
    console.log(`[suite] ${(error as Error).stack}`);
    throw error;
  }
}

const command = (id: string, ...args: unknown[]) => vscode.commands.executeCommand(id, ...args);
const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms));

/** Views of the debug side bar that take room and say nothing here. */
const IN_THE_WAY = [
  'workbench.debug.watchExpressionsView',
  'workbench.debug.loadedScriptsView',
  'workbench.debug.breakPointsView',
];

let stops = 0;

async function take(): Promise<void> {
  vscode.debug.registerDebugAdapterTrackerFactory('hyperstep', {
    createDebugAdapterTracker: () => ({
      onDidSendMessage: (message: { event?: string }) => {
        if (message.event === 'stopped') stops++;
      },
    }),
  });
  await settings();
  await breakAt('labs/hypercall/hypercall.asm', /^\s+vmcall/);
  await stop(() =>
    vscode.debug.startDebugging(vscode.workspace.workspaceFolders![0], {
      type: 'hyperstep',
      request: 'launch',
      name: 'hypercall',
      lab: guestFile('labs/hypercall').fsPath,
    }),
  );
  for (const view of IN_THE_WAY) await command(`${view}.removeView`);
  await command('workbench.action.closePanel');
  await command('hyperstep.translation.focus');
  await command('hyperstep.vmExits.focus');
  await command('workbench.action.focusFirstEditorGroup');

  await stop(() => command('workbench.action.debug.stepInto'));
  await sleep(1500);
  await screenshot('stepped-into-vmm');

  // The page behind this address comes into being with its first touch.
  await breakAt('labs/hypercall/steps.asm', /^\s+mov\s+\[rbx\], rbx/);
  await stop(() => command('workbench.action.debug.continue'));
  await stop(() => command('workbench.action.debug.stepInto'));
  await screenshot('vm-exits');

  await stop(() => command('workbench.action.debug.continue'));
  await stop(() => command('workbench.action.debug.stepOver'));
  await command('hyperstep.translateAddress', '0x40000000');
  await command('hyperstep.vmExits.removeView');
  await command('workbench.debug.variablesView.removeView');
  await sleep(1000);
  await screenshot('address-translation');

  vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
  await command('workbench.action.debug.continue');
  await eventually('the end', () => vscode.debug.activeDebugSession === undefined);
  await command('workbench.action.togglePanel');
  await command('workbench.action.terminal.focus');
  await command('workbench.action.toggleMaximizedPanel');
  await sleep(1000);
  await screenshot('serial-console');
}

async function settings(): Promise<void> {
  const set = (key: string, value: unknown) =>
    vscode.workspace.getConfiguration().update(key, value, vscode.ConfigurationTarget.Global);
  await set('editor.minimap.enabled', false);
  await set('workbench.layoutControl.enabled', false);
  await set('window.commandCenter', false);
  await set('debug.toolBarLocation', 'docked');
  await set('workbench.tips.enabled', false);
  await set('terminal.integrated.fontSize', 13);
  await set('editor.fontSize', 13);
}

async function breakAt(path: string, pattern: RegExp): Promise<void> {
  vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
  const document = await vscode.workspace.openTextDocument(guestFile(path));
  await vscode.window.showTextDocument(document);
  const at = new vscode.Position(lineOf(document, pattern), 0);
  vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(new vscode.Location(document.uri, at))]);
}

async function stop(action: () => Thenable<unknown>): Promise<void> {
  const before = stops;
  await action();
  await eventually('a stop', () => stops > before);
  await sleep(700);
}
