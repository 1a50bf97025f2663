import { allSteps, type Diagnostic as Complaint, type SymbolEntry } from '@hyperstep/assembler';
import { type Diagnostic, DiagnosticSeverity, DiagnosticTag } from 'vscode-languageserver';
import { locationOf, rangeOf, tokenRange } from '../locations';
import type { Program } from '../workspace/program';
import type { Workspace } from '../workspace/workspace';

const SEVERITIES = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  note: DiagnosticSeverity.Information,
} as const;

/** The diagnostics of every file of the programs that the given files belong to. Files without any are listed too. */
export function diagnosticsOf(workspace: Workspace, paths: readonly string[]): Map<string, Diagnostic[]> {
  workspace.interrupt();
  return allSteps(diagnosticsInSteps(workspace, paths, false));
}

/** The same in steps. A draft of a large program will do when more keystrokes may follow. */
export function* diagnosticsInSteps(
  workspace: Workspace,
  paths: readonly string[],
  draft: boolean,
): Generator<void, Map<string, Diagnostic[]>> {
  for (const path of paths) yield* workspace.refresh(path, draft);
  const programs = new Set<Program>();
  for (const path of paths) for (const program of workspace.programsOf(path)) programs.add(program);
  const byFile = new Map<string, Map<string, Diagnostic>>();
  const of = (file: string) => {
    let list = byFile.get(file);
    if (!list) byFile.set(file, (list = new Map()));
    return list;
  };
  for (const path of paths) of(path);
  for (const program of programs) {
    for (const complaint of program.latest.diagnostics) {
      const diagnostic = present(complaint);
      // Two programs may share a file and its faults.
      of(complaint.range.file).set(keyOf(diagnostic), diagnostic);
    }
  }
  if (workspace.settings.diagnostics.unusedLabels) {
    for (const path of paths) for (const d of unusedLabels(workspace, path)) of(path).set(keyOf(d), d);
  }
  return new Map([...byFile].map(([file, list]) => [file, [...list.values()]]));
}

function keyOf(d: Diagnostic): string {
  return `${d.code}\0${d.range.start.line}\0${d.range.start.character}\0${d.message}`;
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

/** Of more unused labels nobody wants to know. */
const MAX_UNUSED = 1000;

/**
 * Labels that nothing names, greyed out. Only local labels and those in code: a
 * label of data may be there for people, a fallen-into one for structure.
 */
export function unusedLabels(workspace: Workspace, path: string): Diagnostic[] {
  const programs = workspace.programsOf(path).map((program) => program.names);
  const outline = programs[0]?.outline(path);
  if (!outline) return [];
  const found: Diagnostic[] = [];
  for (const d of outline.declarations) {
    if (d.kind !== 'local' && d.kind !== 'macro-local') continue;
    if (outline.byKey.get(d.key)?.length !== 1) continue;
    if (programs.some((names) => names.outlines.some((o) => (o.mentions.get(d.key) ?? 0) > 0))) continue;
    found.push({
      severity: DiagnosticSeverity.Hint,
      code: 'label-unused',
      source: 'hyperstep',
      message: `label \`${d.name}\` is never used`,
      range: tokenRange(d.token),
      tags: [DiagnosticTag.Unnecessary],
    });
    if (found.length >= MAX_UNUSED) break;
  }
  return found;
}

/** The symbol whose name is most like a misspelt one, if any is near. */
export function nearest(name: string, symbols: Iterable<Pick<SymbolEntry, 'name'>>): string | undefined {
  let best: string | undefined;
  // Of a single letter nothing else is left.
  let least = Math.min(Math.max(1, Math.floor(name.length / 3)) + 1, name.length);
  for (const { name: other } of symbols) {
    if (Math.abs(other.length - name.length) >= least) continue;
    const distance = edits(name, other, least);
    if (distance < least) {
      least = distance;
      best = other;
    }
  }
  return best;
}

/** Edits from one word to the other, neighbours exchanged counting as one; `limit` when there are at least that many. */
function edits(a: string, b: string, limit: number): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, older[j - 2] + 1);
      current[j] = best;
      least = Math.min(least, best);
    }
    if (least >= limit + 1) return limit;
    older = previous;
    previous = current;
  }
  return previous[b.length];
}
