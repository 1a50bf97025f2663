import * as vscode from 'vscode';

const refreshRequested = new vscode.EventEmitter<void>();

/** The command "Refresh": every view looks again. */
export function registerRefresh(): vscode.Disposable {
  return vscode.commands.registerCommand('hyperstep.refreshViews', () => refreshRequested.fire());
}

/**
 * What both views share: they show the active Hyperstep session, and look again
 * whenever it stops. `refresh` is called with undefined when there is none.
 */
export function followSession(
  refresh: (session: vscode.DebugSession | undefined) => void,
): vscode.Disposable {
  const active = (): vscode.DebugSession | undefined => {
    const session = vscode.debug.activeDebugSession;
    return session?.type === 'hyperstep' ? session : undefined;
  };
  return vscode.Disposable.from(
    vscode.debug.onDidChangeActiveDebugSession(() => refresh(active())),
    // Changing the frame or thread in the call stack changes what an expression means.
    vscode.debug.onDidChangeActiveStackItem(() => refresh(active())),
    vscode.debug.registerDebugAdapterTrackerFactory('hyperstep', {
      createDebugAdapterTracker: (session) => ({
        onDidSendMessage: (message: { type?: string; event?: string }) => {
          if (message.type === 'event' && message.event === 'stopped') refresh(session);
        },
      }),
    }),
    refreshRequested.event(() => refresh(active())),
  );
}

/** DAP id of the frame selected in the call stack. */
export function selectedFrame(): number | undefined {
  const item = vscode.debug.activeStackItem;
  return item instanceof vscode.DebugStackFrame ? item.frameId : undefined;
}

/** A tree that shows a list of nodes with children known in advance. */
export interface Node {
  label: string;
  description?: string;
  tooltip?: string;
  icon?: vscode.ThemeIcon;
  /** What "Copy Value" copies. */
  value?: string;
  children?: Node[];
  expanded?: boolean;
  command?: vscode.Command;
}

/** Data provider of {@link Node} lists. */
export class NodeTree implements vscode.TreeDataProvider<Node> {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private nodes: Node[] = [];

  show(nodes: Node[]): void {
    this.nodes = nodes;
    this.changed.fire(undefined);
  }

  getChildren(node?: Node): Node[] {
    return node ? (node.children ?? []) : this.nodes;
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const state = !node.children?.length
      ? vscode.TreeItemCollapsibleState.None
      : node.expanded === false
        ? vscode.TreeItemCollapsibleState.Collapsed
        : vscode.TreeItemCollapsibleState.Expanded;
    const item = new vscode.TreeItem(node.label, state);
    item.description = node.description;
    item.tooltip = node.tooltip;
    item.iconPath = node.icon;
    item.command = node.command;
    item.accessibilityInformation = {
      label: [node.label, node.description, node.tooltip].filter(Boolean).join(', '),
    };
    return item;
  }
}
