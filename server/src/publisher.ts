import type { Connection, WorkDoneProgressReporter } from 'vscode-languageserver';
import { diagnosticsInSteps } from './features/diagnostics';
import { uriOf } from './locations';
import type { Background } from './workspace/background';
import { timed } from './workspace/timed';
import type { Workspace } from './workspace/workspace';

/** Quiet time after a keystroke before the text is assembled again: several changes often come together. */
const QUIET_MS = 10;

/** Quiet time before a draft of a large program gives way to its whole assembly. */
const EXACT_MS = 600;

/** A user who types on gives up round after round. After so long, and so many times what a round takes, one is finished first. */
const LAG_MS = 700;
const LAG_ROUNDS = 5;
/** Longer than this nobody waits for it, though. */
const MAX_HOLD_MS = 1000;

/** Changes that come at once put a round off by no more than this. */
const MAX_QUIET_MS = 100;

/** A whole assembly takes as long as so many drafts, and often longer. */
const DRAFTS = 8;

/** A round that takes longer shows that it is going on. */
const PROGRESS_MS = 700;

/** Publishes the diagnostics of the programs of all open files. */
export class Publisher {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private published = new Map<string, string>();
  /** Counts the rounds: an older one gives up. */
  private round = 0;
  /** When the last round was finished, and what a draft takes. */
  private told = performance.now();
  private cost = 0;
  /** A round was given up since. */
  private behind = false;
  /** When the round that is waiting was first wanted. */
  private asked: number | undefined;
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
    if (!this.enabled) return;
    const now = performance.now();
    this.asked ??= now;
    if (now - this.asked < MAX_QUIET_MS) this.in(QUIET_MS, true);
  }

  private in(delay: number, draft: boolean): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.asked = undefined;
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
    const lag = performance.now() - this.told;
    const hold =
      draft && this.behind && this.cost < MAX_HOLD_MS && lag > Math.max(LAG_MS, LAG_ROUNDS * this.cost);
    const made = await this.background
      .run(
        () => timed(diagnosticsInSteps(workspace, workspace.openPaths(), draft)),
        () => round !== this.round,
        hold,
      )
      .finally(end);
    this.behind = made === undefined;
    if (!made) return;
    this.told = performance.now();
    this.cost = workspace.isDrafted() ? made.time : made.time / DRAFTS;
    const current = made.value;
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
