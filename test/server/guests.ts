import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { uriOf } from '../../server/src/locations';
import { Document } from '../../server/src/text/document';
import { Workspace } from '../../server/src/workspace/workspace';

export const root = process.env['HYPERSTEP_ROOT'] ?? process.cwd();

/** A workspace with the guests of this repository; `replace` gives other texts for some files. */
export function guestWorkspace(replace: ReadonlyMap<string, string> = new Map()): Workspace {
  const workspace = new Workspace({
    read: (path) => {
      const text = replace.get(path);
      if (text !== undefined) return new TextEncoder().encode(text);
      try {
        return readFileSync(path);
      } catch {
        return undefined;
      }
    },
    list: (folder) => {
      try {
        return readdirSync(folder, { withFileTypes: true }).map((e) =>
          e.isDirectory() ? `${e.name}/` : e.name,
        );
      } catch {
        return [];
      }
    },
  });
  workspace.roots = [join(root, 'guests')];
  return workspace;
}

/** All sources of the guests. */
export function guestSources(): string[] {
  return readdirSync(join(root, 'guests'), { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && /\.(asm|inc)$/.test(e.name))
    .map((e) => join(e.parentPath, e.name))
    .sort();
}

/** Opens a file in the workspace's editor. */
export function open(workspace: Workspace, path: string, text = readFileSync(path, 'utf8')): Document {
  const document = new Document(path, uriOf(path), text);
  workspace.openDocument(document);
  return document;
}
