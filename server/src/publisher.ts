import type { Connection, WorkDoneProgressReporter } from 'vscode-languageserver';
import { diagnosticsInSteps } from './features/diagnostics';
import { uriOf } from './locations';
import type { Background } from './workspace/background';
import type { Workspace } from './workspace/workspace';

/** Quiet time after a keystroke before the text is assembled again: several changes often come together. */
const QUIET_MS = 10;

/** Quiet time before a draft of a large program gives way to its whole assembly. */
const EXACT_MS = 600;

/** A round that takes longer shows that it is going on. */
const PROGRESS_MS = 700;

/** Publishes the diagnostics of the programs of all open files. */
export class Publisher {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private published = new Map<string, string>();
  /** Counts the rounds: an older one gives up. */
  private round = 0;
  /** Off when the client pulls. */
  enabled = true;

  constructor(
    private readonly connection: Connection,
    private readonly workspace: Workspace,
    private readonly background: Background,
    /** Told after every round. */
    private readonly after: () => void = () => {},
  ) {}

  /** Publishes soon; what is being made of an older text is given up. */
  schedule(): void {
    this.round++;
    if (this.enabled) this.in(QUIET_MS, true);
  }

  private in(delay: number, draft: boolean): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.publish(draft).catch((error: Error) => this.failed(error));
    }, delay);
  }

  private failed(error: Error): void {
    try {
      this.connection.console.error(`diagnostics: ${error.stack}`);
    } catch {
      // The client has gone meanwhile.
    }
  }

  /** Publishes nothing more. */
  stop(): void {
    this.round++;
    this.enabled = false;
    clearTimeout(this.timer);
  }

  private async publish(draft: boolean): Promise<void> {
    const round = ++this.round;
    const { workspace } = this;
    const end = this.showProgress();
    const current = await this.background
      .run(
        () => diagnosticsInSteps(workspace, workspace.openPaths(), draft),
        () => round !== this.round,
      )
      .finally(end);
    if (!current) return;
    const now = new Map<string, string>();
    for (const [file, diagnostics] of current) {
      const text = JSON.stringify(diagnostics);
      if (diagnostics.length > 0 || workspace.isOpen(file)) now.set(file, text);
      if (this.published.get(file) === text) continue;
      if (diagnostics.length === 0 && !this.published.has(file)) continue;
      void this.connection.sendDiagnostics({ uri: uriOf(file), diagnostics });
    }
    for (const file of this.published.keys()) {
      if (!current.has(file)) void this.connection.sendDiagnostics({ uri: uriOf(file), diagnostics: [] });
    }
    this.published = now;
    if (!draft) return;
    this.after();
    // What was only drafted is made good once the keys rest.
    if (workspace.isDrafted()) this.in(EXACT_MS, false);
  }

  /** Tells the client that a long round is going on; the function ends it. */
  private showProgress(): () => void {
    let reporter: WorkDoneProgressReporter | undefined;
    let over = false;
    const timer = setTimeout(async () => {
      try {
        reporter = await this.connection.window.createWorkDoneProgress();
        if (over) return;
        reporter.begin('Hyperstep: assembling');
      } catch {
        // A client that shows none.
      }
    }, PROGRESS_MS);
    return () => {
      over = true;
      clearTimeout(timer);
      reporter?.done();
    };
  }
}
