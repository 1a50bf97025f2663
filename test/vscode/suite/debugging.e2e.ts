import { strict as assert } from 'node:assert';
import * as vscode from 'vscode';
import { eventually, guestFile, lineOf, screenshot } from './support';

interface Frame {
  name: string;
  line: number;
  source?: { path: string };
  presentationHint?: string;
}

/** Starts the lab and collects where it stops. */
async function launch(configuration: Partial<vscode.DebugConfiguration>): Promise<void> {
  const started = await vscode.debug.startDebugging(vscode.workspace.workspaceFolders![0], {
    type: 'hyperstep',
    request: 'launch',
    name: 'end to end',
    lab: guestFile('labs/hypercall').fsPath,
    ...configuration,
  });
  assert.ok(started, 'the session starts');
}

/** Stops seen so far and the last one's thread; a tracker keeps them. */
let stops = 0;
let threadId = 0;
let serial = '';

async function nextStop(action: () => Thenable<unknown>): Promise<Frame[]> {
  const before = stops;
  await action();
  await eventually('a stop', () => stops > before);
  // The workbench fetches the stack itself; asking again is how a client would see it.
  const session = vscode.debug.activeDebugSession!;
  const { stackFrames } = (await session.customRequest('stackTrace', { threadId })) as {
    stackFrames: Frame[];
  };
  // A remote workbench rewrites paths into URIs on their way.
  for (const { source } of stackFrames) {
    if (source?.path.startsWith('vscode-remote:')) source.path = vscode.Uri.parse(source.path).path;
  }
  return stackFrames;
}

describe('debugging the hypercall lab', () => {
  let tracker: vscode.Disposable;

  before(() => {
    tracker = vscode.debug.registerDebugAdapterTrackerFactory('hyperstep', {
      createDebugAdapterTracker: () => ({
        onDidSendMessage: (m: {
          type: string;
          event?: string;
          body?: { text?: string; threadId?: number };
        }) => {
          if (m.event === 'stopped') {
            stops++;
            threadId = m.body?.threadId ?? threadId;
          }
          if (m.event === 'hyperstep.serial') serial += m.body?.text ?? '';
        },
      }),
    });
  });

  after(async () => {
    tracker.dispose();
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await vscode.debug.stopDebugging();
  });

  it('stops in the guest, steps through vmcall into the VMM, and back', async () => {
    const kernel = await vscode.workspace.openTextDocument(guestFile('labs/hypercall/hypercall.asm'));
    await vscode.window.showTextDocument(kernel);
    const vmcall = lineOf(kernel, /^\s+vmcall/);
    vscode.debug.addBreakpoints([
      new vscode.SourceBreakpoint(new vscode.Location(kernel.uri, new vscode.Position(vmcall, 0))),
    ]);
    let frames = await nextStop(() => launch({}));
    assert.equal(frames[0].source?.path, kernel.uri.fsPath);
    assert.equal(frames[0].line, vmcall + 1);
    await screenshot('stopped-in-guest');

    frames = await nextStop(() => vscode.commands.executeCommand('workbench.action.debug.stepInto'));
    assert.ok(
      frames[0].source?.path.startsWith(guestFile('vmm/hvm').fsPath),
      `the VMM's source, not ${frames[0].source?.path}`,
    );
    const label = frames.findIndex((f) => f.presentationHint === 'label');
    assert.match(frames[label].name, /VM exit: VMCALL/);
    assert.equal(frames[label + 1].source?.path, kernel.uri.fsPath, 'the guest lies below the exit');
    await vscode.commands.executeCommand('hyperstep.translation.focus');
    await vscode.commands.executeCommand('hyperstep.vmExits.focus');
    await screenshot('stepped-into-vmm');

    // Step out of the VMM: the entry returns to the guest.
    for (let tries = 0; tries < 10 && frames[0].source?.path !== kernel.uri.fsPath; tries++) {
      frames = await nextStop(() => vscode.commands.executeCommand('workbench.action.debug.stepOut'));
    }
    assert.equal(frames[0].source?.path, kernel.uri.fsPath, 'back in the guest');
    await screenshot('back-in-guest');
  });

  it('translates an address with every entry of both levels', async () => {
    const session = vscode.debug.activeDebugSession!;
    const walk = (await session.customRequest('hyperstep.translate', { address: 'rip' })) as {
      steps: { stage: string }[];
      result: { ok: boolean };
    };
    assert.ok(walk.result.ok);
    assert.equal(walk.steps.filter((s) => s.stage === 'guest').length >= 2, true);
    assert.equal(walk.steps.filter((s) => s.stage === 'nested').length >= 8, true);
  });

  it('runs to the end, and the serial console shows what the guests printed', async () => {
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await vscode.commands.executeCommand('workbench.action.debug.continue');
    await eventually('the end', () => vscode.debug.activeDebugSession === undefined);
    const expected = await vscode.workspace.fs.readFile(guestFile('labs/hypercall/expected.txt'));
    const lines = (text: string) => text.replace(/\r/g, '').trimEnd();
    assert.equal(lines(serial), lines(new TextDecoder().decode(expected)));
    await eventually('the terminal', () => vscode.window.terminals.find((t) => t.name.includes('COM1')));
    await screenshot('serial-console');
  });
});
