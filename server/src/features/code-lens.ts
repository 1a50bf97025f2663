import type { CodeLens } from 'vscode-languageserver';
import { span, tokenRange, uriOf } from '../locations';
import type { Workspace } from '../workspace/workspace';
import { references } from './references';

/** How often labels, macros and structures are used, and "Debug this lab" on top. */
export function codeLenses(workspace: Workspace, path: string): CodeLens[] {
  const programs = workspace.programsOf(path);
  const outline = programs[0]?.names.outline(path);
  if (!outline) return [];
  const lenses: CodeLens[] = [];
  const { references: counted, debug } = workspace.settings.codeLens;
  if (debug) lenses.push(...debugLenses(workspace, path));
  if (!counted) return lenses;
  for (const d of outline.declarations) {
    // Few bytes each: of a large file there are thousands.
    if (d.kind === 'label' || d.kind === 'macro' || d.kind === 'struc')
      lenses.push({ range: tokenRange(d.token), data: path });
  }
  return lenses;
}

function debugLenses(workspace: Workspace, path: string): CodeLens[] {
  const labs = new Set(
    workspace
      .programsOf(path)
      .map((p) => p.recipe.lab)
      .filter((lab) => lab !== undefined),
  );
  const range = span(0, 0, 0);
  const lenses: CodeLens[] = [];
  for (const lab of labs) {
    const name = lab.slice(lab.lastIndexOf('/') + 1);
    const title = labs.size > 1 ? `$(debug-alt) Debug the lab ${name}` : '$(debug-alt) Debug this lab';
    lenses.push({ range, command: { title, command: 'hyperstep.debugLab', arguments: [lab] } });
  }
  return lenses;
}

/** Fills in the count, once the lens is visible. */
export function resolveCodeLens(workspace: Workspace, lens: CodeLens): CodeLens {
  const path = lens.data as unknown;
  if (typeof path !== 'string' || lens.command) return lens;
  const position = lens.range.start;
  const found = references(workspace, path, position, false);
  return {
    ...lens,
    command: {
      title: found.length === 1 ? '1 reference' : `${found.length} references`,
      command: found.length > 0 ? 'hyperstep.showReferences' : '',
      arguments: [uriOf(path), position, found],
    },
  };
}
