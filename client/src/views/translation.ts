import {
  TRANSLATE,
  type TranslateArguments,
  type TranslateFault,
  type TranslateResponse,
  type TranslateStep,
  type TranslateSuccess,
} from '@hyperstep/debug-adapter/protocol';
import * as vscode from 'vscode';
import { type Node, SessionView, selectedFrame } from './session-view';

/**
 * "Address Translation": the walk of one linear address, every entry of both
 * levels, walked again at every stop. The address is an expression, `rip` at first.
 */
export function registerTranslationView(): vscode.Disposable {
  let expression = 'rip';
  const view = new SessionView('hyperstep.translation', async (session) => {
    const request: TranslateArguments = { address: expression, frameId: selectedFrame() };
    const response = (await session.customRequest(TRANSLATE, request)) as TranslateResponse;
    return { description: `${expression} — ${response.contextName}`, nodes: present(response) };
  });

  const ask = async (suggestion: string): Promise<void> => {
    const input = await vscode.window.showInputBox({
      title: vscode.l10n.t('Translate Address'),
      prompt: vscode.l10n.t('A linear address: a number, register, symbol or expression'),
      value: suggestion,
    });
    if (input === undefined || input.trim() === '') return;
    expression = input.trim();
    await view.refresh();
    await vscode.commands.executeCommand('hyperstep.translation.focus');
  };

  return vscode.Disposable.from(
    view,
    vscode.commands.registerCommand('hyperstep.translateAddress', async (address?: string) => {
      if (typeof address !== 'string') return ask(expression);
      expression = address;
      await view.refresh();
    }),
    vscode.commands.registerCommand('hyperstep.translateHere', () => {
      const editor = vscode.window.activeTextEditor;
      const range =
        editor &&
        (editor.selection.isEmpty
          ? editor.document.getWordRangeAtPosition(editor.selection.active)
          : editor.selection);
      return ask(editor && range ? editor.document.getText(range) : expression);
    }),
  );
}

/** Linear → guest-physical → host-physical, with the entries read on the way under each arrow. */
function present(r: TranslateResponse): Node[] {
  const guest = r.steps.filter((s) => s.stage === 'guest');
  const nested = r.steps.filter((s) => s.stage === 'nested');
  const servedBy = (name: string): Node[] => nested.filter((s) => s.serves === name).map((s) => entry(s, []));
  const nodes: Node[] = [
    {
      label: vscode.l10n.t('Linear {0}', r.address),
      description: r.access,
      icon: new vscode.ThemeIcon('symbol-numeric'),
      value: r.address,
      children: guest.map((step) => entry(step, servedBy(step.name))),
    },
  ];
  if (nested.length > 0 && r.result.guestPhysical !== undefined) {
    nodes.push({
      label: vscode.l10n.t('Guest-physical {0}', r.result.guestPhysical),
      icon: new vscode.ThemeIcon('arrow-down'),
      value: r.result.guestPhysical,
      children: servedBy('page'),
    });
  }
  nodes.push(r.result.ok ? success(r.result, nested.length > 0) : failure(r.result));
  return nodes;
}

function success(result: TranslateSuccess, nested: boolean): Node {
  const address = result.hostPhysical;
  const rights = [result.read && 'R', result.write && 'W', result.execute && 'X'].filter(Boolean).join('');
  return {
    label: nested ? vscode.l10n.t('Host-physical {0}', address) : vscode.l10n.t('Physical {0}', address),
    description: vscode.l10n.t('{0}, {1} page', rights, size(result.pageSize)),
    icon: new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed')),
    value: address,
  };
}

function failure(result: TranslateFault): Node {
  return {
    label: result.fault,
    description: result.explanation,
    tooltip: result.explanation,
    icon: new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed')),
    value: `${result.fault}: ${result.explanation}`,
  };
}

/** `0x0000000000112023` as `0x112023`: the side bar is narrow. */
function short(hex: string): string {
  return hex.replace(/^0x0+(?=.)/, '0x');
}

/** One paging entry; the nested walk that found it folds beneath. */
function entry(step: TranslateStep, nested: Node[]): Node {
  const bad = step.verdict !== 'next' && step.verdict !== 'page';
  return {
    label: step.name,
    description: `${short(step.value)}  ${step.flags.join(' ')}${bad ? ` — ${step.verdict}` : ''}`,
    tooltip: vscode.l10n.t(
      'read at {0} (host-physical {1}): {2}',
      step.entryAddress,
      step.entryHostAddress,
      step.verdict,
    ),
    icon: new vscode.ThemeIcon(bad ? 'error' : step.verdict === 'page' ? 'file' : 'list-tree'),
    value: step.value,
    children: nested,
    expanded: false,
  };
}

function size(bytes: number): string {
  return bytes >= 2 ** 30
    ? `${bytes / 2 ** 30} GiB`
    : bytes >= 2 ** 20
      ? `${bytes / 2 ** 20} MiB`
      : `${bytes / 1024} KiB`;
}
