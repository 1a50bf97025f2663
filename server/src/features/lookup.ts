import type { Position } from 'vscode-languageserver';
import type { Names } from '../syntax/names';
import type { Outline } from '../syntax/outline';
import { type Name, nameAt } from '../syntax/resolve';
import type { Program } from '../workspace/program';
import type { Workspace } from '../workspace/workspace';

/** A file in the light of its program. */
export interface View {
  program: Program;
  names: Names;
  outline: Outline;
}

/** The file as part of the program it is shown in. */
export function view(workspace: Workspace, path: string): View | undefined {
  const program = workspace.programOf(path);
  return program && viewIn(program, path);
}

function viewIn(program: Program, path: string): View | undefined {
  const { names } = program;
  const outline = names.outline(path);
  return outline && { program, names, outline };
}

/** The name under a position, in every program that reads the file. */
export function namesAt(workspace: Workspace, path: string, position: Position): (View & { name: Name })[] {
  const found: (View & { name: Name })[] = [];
  for (const program of workspace.programsOf(path)) {
    const seen = viewIn(program, path);
    const name = seen && nameAt(seen.names, seen.outline, position.line, position.character);
    if (seen && name) found.push({ ...seen, name });
  }
  return found;
}
