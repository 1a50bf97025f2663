import * as vscode from 'vscode';

const refreshRequested = new vscode.EventEmitter<void>();

/** The command "Refresh": every view looks again. */
export function registerRefresh(): vscode.Disposable {
  return vscode.commands.registerCommand('hyperstep.refreshViews', () => refreshRequested.fire());
}

/** What a view shows of a stopped session. */
export interface Shown {
  /** Beside the view's title. */
  description: string;
  nodes: Node[];
}

/**
 * A view of the active Hyperstep session that looks again whenever the session
 * stops. Answers that a newer look has overtaken are dropped.
 */
export class SessionView implements vscode.Disposable {
  private readonly tree = new NodeTree();
  private readonly view: vscode.TreeView<Node>;
  private readonly listeners: vscode.Disposable;
  private newest = 0;

  /** @param look asks the session; what it throws is shown as a line of text */
  constructor(
    id: string,
    private readonly look: (session: vscode.DebugSession) => Promise<Shown>,
  ) {
    this.view = vscode.window.createTreeView(id, { treeDataProvider: this.tree });
    const refresh = (): void => void this.refresh();
    this.listeners = vscode.Disposable.from(
      vscode.debug.onDidChangeActiveDebugSession(refresh),
      // Changing the frame or thread in the call stack changes what an expression means.
      vscode.debug.onDidChangeActiveStackItem(refresh),
      vscode.debug.registerDebugAdapterTrackerFactory('hyperstep', {
        createDebugAdapterTracker: (session) => ({
          onDidSendMessage: (message: { type?: string; event?: string }) => {
            if (message.type === 'event' && message.event === 'stopped') void this.refresh(session);
          },
        }),
      }),
      refreshRequested.event(refresh),
    );
  }

  /** Looks again; without a session the view is empty. */
  async refresh(session = activeSession()): Promise<void> {
    const turn = ++this.newest;
    let shown: Partial<Shown> = {};
    if (session) {
      try {
        shown = await this.look(session);
      } catch (error) {
        const label = String((error as Error).message ?? error);
        shown = { nodes: [{ label, icon: new vscode.ThemeIcon('info') }] };
      }
    }
    if (turn !== this.newest) return;
    this.view.description = shown.description;
    this.tree.show(shown.nodes ?? []);
  }

  dispose(): void {
    this.view.dispose();
    this.listeners.dispose();
  }
}

function activeSession(): vscode.DebugSession | undefined {
  const session = vscode.debug.activeDebugSession;
  return session?.type === 'hyperstep' ? session : undefined;
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
class NodeTree implements vscode.TreeDataProvider<Node> {
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
