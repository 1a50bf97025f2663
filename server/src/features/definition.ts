import type { Location, Position } from 'vscode-languageserver';
import { declarationLocation, tokenRange, uriOf } from '../locations';
import type { Declaration } from '../syntax/declaration';
import { symbolKey } from '../syntax/keys';
import { tokenAt } from '../syntax/resolve';
import type { Workspace } from '../workspace/workspace';
import { namesAt, type View, view } from './lookup';

/** Where the name at a position is defined. On the file name of an include: that file. */
export function definition(workspace: Workspace, path: string, position: Position): Location[] {
  const file = includedFile(workspace, path, position);
  if (file) return [file];
  return unique(
    namesAt(workspace, path, position).flatMap((seen) => {
      // Parameters are defined by the head of their macro.
      const { macro } = seen.outline.around(position.line);
      if (macro && seen.name.key.startsWith('p:')) return [declarationLocation(macro)];
      return places(seen, seen.name.key, (d) => d.kind !== 'extern');
    }),
  );
}

/** Where the name is made known: `extern` and `global` lines before the definition itself. */
export function declaration(workspace: Workspace, path: string, position: Position): Location[] {
  const seen = namesAt(workspace, path, position);
  const externs = unique(seen.flatMap((s) => places(s, s.name.key, (d) => d.kind === 'extern')));
  return externs.length > 0 ? externs : definition(workspace, path, position);
}

/** The structure of a field, or of `label: istruc structure`. */
export function typeDefinition(workspace: Workspace, path: string, position: Position): Location[] {
  return unique(
    namesAt(workspace, path, position).flatMap((seen) => {
      const { names, name } = seen;
      const field = names.find(name.key).find((d) => d.kind === 'field');
      if (field?.container) return places(seen, symbolKey(field.container), (d) => d.kind === 'struc');
      const struc = strucOf(seen, names.find(name.key)[0]);
      return struc ? places(seen, symbolKey(struc), (d) => d.kind === 'struc') : [];
    }),
  );
}

/** The structure whose instance follows a label: on its line or the next. */
export function strucOf({ names }: View, label: Declaration | undefined): string | undefined {
  if (!label) return undefined;
  if (label.kind === 'struc') return label.name;
  const outline = names.outline(label.path);
  for (let i = label.index; i <= label.index + 1; i++) {
    const shape = outline?.shapes[i];
    if (shape?.head?.lower === 'istruc') return outline?.lines[i].tokens[shape.at + 1]?.text;
    // `vms: resb VM_COUNT * vm_size` reserves room for structures too.
    if (shape?.kind === 'reserve' && i === label.index) {
      const sized = outline?.lines[i].tokens.find((t) => names.sizedStruc(t.text));
      if (sized) return names.sizedStruc(sized.text)!.name;
    }
  }
  return undefined;
}

function places({ names }: View, key: string, wanted: (d: Declaration) => boolean): Location[] {
  const all = names.find(key);
  const fitting = all.filter(wanted);
  return (fitting.length > 0 ? fitting : all).map(declarationLocation);
}

function includedFile(workspace: Workspace, path: string, position: Position): Location | undefined {
  const seen = view(workspace, path);
  const found = seen && tokenAt(seen.outline, position.line, position.character);
  const use = found && seen.outline.files.find((f) => f.token === found.token);
  const target = use && resolveFile(workspace, seen, path, use.path);
  if (!target) return undefined;
  return { uri: uriOf(target), range: tokenRange({ line: 1, column: 1, end: 1 }) };
}

/** The file that an `%include` or `incbin` means: what the program has read, searched as the assembler does. */
export function resolveFile(
  workspace: Workspace,
  seen: View,
  from: string,
  name: string,
): string | undefined {
  return workspace.find(name, from, seen.program.recipe.includePaths);
}

/** Every location once. */
export function unique(locations: Location[]): Location[] {
  const known = new Set<string>();
  return locations.filter(({ uri, range }) => {
    const key = `${uri}:${range.start.line}:${range.start.character}`;
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}
