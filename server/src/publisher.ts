import type { Connection } from 'vscode-languageserver';
import { diagnosticsOf } from './features/diagnostics';
import { uriOf } from './locations';
import type { Workspace } from './workspace/workspace';

/** Quiet time after a keystroke before the text is assembled again, at least and at most. */
const SHORTEST_MS = 10;
const LONGEST_MS = 300;

/** Quiet time before a draft of a large program gives way to its whole assembly. */
const EXACT_MS = 600;

/** Publishes the diagnostics of the programs of all open files. */
export class Publisher {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private published = new Map<string, string>();
  /** Milliseconds the last round took: while rounds are short there is no reason to wait. */
  private last = 0;
  /** Off when the client pulls. */
  enabled = true;

  constructor(
    private readonly connection: Connection,
    private readonly workspace: Workspace,
    /** Told after every round. */
    private readonly after: () => void = () => {},
  ) {}

  /** Publishes soon; further calls before that wait again. */
  schedule(): void {
    if (!this.enabled) return;
    clearTimeout(this.timer);
    const delay = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, this.last / 4));
    this.timer = setTimeout(() => this.publish(true), delay);
  }

  private publish(draft: boolean): void {
    const started = Date.now();
    let current: ReturnType<typeof diagnosticsOf>;
    try {
      current = diagnosticsOf(this.workspace, this.workspace.openPaths(), draft);
    } catch (error) {
      this.connection.console.error(`diagnostics: ${(error as Error).stack}`);
      return;
    }
    const now = new Map<string, string>();
    for (const [file, diagnostics] of current) {
      const text = JSON.stringify(diagnostics);
      if (diagnostics.length > 0 || this.workspace.isOpen(file)) now.set(file, text);
      if (this.published.get(file) === text) continue;
      if (diagnostics.length === 0 && !this.published.has(file)) continue;
      void this.connection.sendDiagnostics({ uri: uriOf(file), diagnostics });
    }
    for (const file of this.published.keys()) {
      if (!current.has(file)) void this.connection.sendDiagnostics({ uri: uriOf(file), diagnostics: [] });
    }
    this.published = now;
    if (!draft) return;
    this.last = Date.now() - started;
    this.after();
    // What was only drafted is made good once the keys rest.
    if (this.workspace.isDrafted()) this.timer = setTimeout(() => this.publish(false), EXACT_MS);
  }
}
