import {
  VM_EXITS,
  type VmExit,
  type VmExitsArguments,
  type VmExitsResponse,
} from '@hyperstep/debug-adapter/protocol';
import * as vscode from 'vscode';
import { type Node, SessionView } from './session-view';

/** "VM Exits": the last transitions, newest first; a click shows the guest instruction. */
export function registerVmExitsView(): vscode.Disposable {
  let filter = '';
  const view = new SessionView('hyperstep.vmExits', async (session) => {
    const request: VmExitsArguments = { limit: 500 };
    const response = (await session.customRequest(VM_EXITS, request)) as VmExitsResponse;
    const entries = response.exits.filter((e) => matches(e, filter)).reverse();
    const description = filter
      ? vscode.l10n.t('{0} of {1}, filter: {2}', entries.length, response.next, filter)
      : vscode.l10n.t('{0} in all', response.next);
    return { description, nodes: entries.map(present) };
  });

  return vscode.Disposable.from(
    view,
    vscode.commands.registerCommand('hyperstep.filterVmExits', async () => {
      const input = await vscode.window.showInputBox({
        title: vscode.l10n.t('Filter VM Exits'),
        prompt: vscode.l10n.t('Part of a reason, a detail or a context; empty shows all'),
        value: filter,
      });
      if (input === undefined) return;
      filter = input.trim();
      await view.refresh();
    }),
  );
}

function matches(e: VmExit, filter: string): boolean {
  return `${e.reasonName} ${e.detail} ${e.guest} ${e.symbol ?? ''}`
    .toLowerCase()
    .includes(filter.toLowerCase());
}

const ICONS = { entry: 'sign-in', exit: 'sign-out', 'entry-failure': 'error' } as const;

function present(e: VmExit): Node {
  const details: Node[] = [
    {
      label: vscode.l10n.t('Guest RIP'),
      description: [e.guestRip, e.symbol].filter(Boolean).join(' '),
      value: e.guestRip,
    },
    { label: vscode.l10n.t('Qualification'), description: e.qualification, value: e.qualification },
  ];
  if (e.guestLinear)
    details.push({
      label: vscode.l10n.t('Guest-linear address'),
      description: e.guestLinear,
      value: e.guestLinear,
    });
  if (e.guestPhysical)
    details.push({
      label: vscode.l10n.t('Guest-physical address'),
      description: e.guestPhysical,
      value: e.guestPhysical,
    });
  if (e.failure) details.push({ label: e.failure, icon: new vscode.ThemeIcon('error'), value: e.failure });
  return {
    label: `#${e.number} ${e.reasonName}`,
    description: [
      e.detail,
      e.kind === 'exit' ? `${e.guest} → VMM` : `VMM → ${e.guest}`,
      vscode.l10n.t('at instruction {0}', e.count.toLocaleString('en')),
    ]
      .filter(Boolean)
      .join(' · '),
    icon: new vscode.ThemeIcon(ICONS[e.kind]),
    tooltip: e.location ? `${e.location.path}:${e.location.line}` : e.guestRip,
    value: `${e.reasonName} ${e.detail}`.trim(),
    expanded: false,
    children: e.kind === 'entry' ? undefined : details,
    command: e.location && {
      title: vscode.l10n.t('Show guest instruction'),
      command: 'vscode.open',
      arguments: [
        vscode.Uri.file(e.location.path),
        {
          selection: new vscode.Range(e.location.line - 1, 0, e.location.line - 1, 0),
          preserveFocus: true,
        } satisfies vscode.TextDocumentShowOptions,
      ],
    },
  };
}
