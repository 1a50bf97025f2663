import type { DocumentLink } from 'vscode-languageserver';
import { tokenRange, uriOf } from '../locations';
import type { Workspace } from '../workspace/workspace';
import { resolveFile } from './definition';
import { view } from './lookup';

/** Links from `%include` and `incbin` to the files they read. */
export function documentLinks(workspace: Workspace, path: string): DocumentLink[] {
  const seen = view(workspace, path);
  if (!seen) return [];
  const links: DocumentLink[] = [];
  for (const use of seen.outline.files) {
    const target = resolveFile(workspace, seen, path, use.path);
    if (!target) continue;
    const { start, end } = tokenRange(use.token);
    const range = {
      start: { ...start, character: start.character + 1 },
      end: { ...end, character: Math.max(start.character + 1, end.character - 1) },
    };
    links.push({ range, target: uriOf(target), tooltip: target });
  }
  return links;
}
