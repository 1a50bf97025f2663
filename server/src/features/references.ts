import {
  type DocumentHighlight,
  DocumentHighlightKind,
  type Location,
  type Position,
} from 'vscode-languageserver';
import { nameRange, uriOf } from '../locations';
import { occurrences, occurrencesIn } from '../syntax/occurrences';
import type { Workspace } from '../workspace/workspace';
import { unique } from './definition';
import { namesAt } from './lookup';

/** Every place that names what the position names, in all programs that read the file. */
export function references(
  workspace: Workspace,
  path: string,
  position: Position,
  includeDeclaration: boolean,
): Location[] {
  const found = namesAt(workspace, path, position).flatMap(({ names, name }) =>
    occurrences(names, name.key)
      .filter((o) => includeDeclaration || !o.declares)
      .map((o) => ({ uri: uriOf(o.path), range: nameRange(o) })),
  );
  return unique(found);
}

/** The same places in this file; definitions count as written. */
export function highlights(workspace: Workspace, path: string, position: Position): DocumentHighlight[] {
  const [seen] = namesAt(workspace, path, position);
  if (!seen) return [];
  return occurrencesIn(seen.names, seen.outline, seen.name.key).map((o) => ({
    range: nameRange(o),
    kind: o.declares ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
  }));
}
