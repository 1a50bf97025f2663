import type { Diagnostic as Complaint } from '@hyperstep/assembler';
import { type Connection, type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver';
import { locationOf, rangeOf, uriOf } from '../locations';
import type { Programs } from '../programs';

/** Quiet time after a keystroke before the text is assembled again. */
const DELAY_MS = 120;

const SEVERITIES = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  note: DiagnosticSeverity.Information,
} as const;

/** Publishes the assembler's diagnostics for the programs of all open files. */
export class DiagnosticsPublisher {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Files with published diagnostics, to be cleared when they have none any more. */
  private published = new Set<string>();

  /** @param openFiles paths of the files open in the editor */
  constructor(
    private readonly connection: Connection,
    private readonly programs: Programs,
    private readonly openFiles: () => string[],
  ) {}

  /** Publishes soon; further calls before that wait again. */
  schedule(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.publish(), DELAY_MS);
  }

  private publish(): void {
    const byFile = new Map<string, Map<string, Diagnostic>>();
    for (const path of this.openFiles()) {
      const analysis = this.programs.of(path);
      if (!byFile.has(path)) byFile.set(path, new Map());
      for (const complaint of analysis?.result.diagnostics ?? []) {
        const { file } = complaint.range;
        if (!byFile.has(file)) byFile.set(file, new Map());
        const diagnostic = present(complaint);
        byFile.get(file)!.set(JSON.stringify(diagnostic), diagnostic); // two open files may share a program
      }
    }
    for (const [file, diagnostics] of byFile) {
      void this.connection.sendDiagnostics({ uri: uriOf(file), diagnostics: [...diagnostics.values()] });
    }
    for (const file of this.published) {
      if (!byFile.has(file)) void this.connection.sendDiagnostics({ uri: uriOf(file), diagnostics: [] });
    }
    this.published = new Set(byFile.keys());
  }
}

function present(complaint: Complaint): Diagnostic {
  return {
    severity: SEVERITIES[complaint.severity],
    code: complaint.code,
    source: 'hyperstep',
    message: complaint.message,
    range: rangeOf(complaint.range),
    relatedInformation: complaint.related.map((r) => ({ message: r.message, location: locationOf(r.range) })),
  };
}
