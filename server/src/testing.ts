import type { Position } from 'vscode-languageserver';
import { uriOf } from './locations';
import { Document } from './text/document';
import { Workspace } from './workspace/workspace';

/** A workspace in memory, for tests. */
export interface Fixture {
  workspace: Workspace;
  /** The file and place of the `|` in the sources. */
  path: string;
  position: Position;
  /** All texts, without the marker. */
  texts: Map<string, string>;
}

/**
 * Makes a workspace out of files, all below `/w`. A `|` marks the cursor; in a
 * single text it is file `/w/main.asm`. A `|` that is meant is written `||`.
 */
export function fixture(sources: string | Record<string, string>): Fixture {
  const files = typeof sources === 'string' ? { 'main.asm': sources } : sources;
  const texts = new Map<string, string>();
  let path = '';
  let position: Position = { line: 0, character: 0 };
  for (const [name, source] of Object.entries(files)) {
    const file = `/w/${name}`;
    const marked = source.replaceAll('||', '\ue000');
    const cut = marked.indexOf('|');
    const text = (cut < 0 ? marked : marked.slice(0, cut) + marked.slice(cut + 1)).replaceAll('\ue000', '|');
    texts.set(file, text);
    if (cut >= 0 || path === '') {
      const before = marked.slice(0, Math.max(0, cut)).split('\n');
      path = file;
      position = { line: before.length - 1, character: before[before.length - 1].length };
    }
  }
  const workspace = new Workspace({
    read: (file) => {
      const text = texts.get(file);
      return text === undefined ? undefined : new TextEncoder().encode(text);
    },
    list: (folder) => {
      const names = new Set<string>();
      for (const file of texts.keys()) {
        if (!file.startsWith(`${folder}/`)) continue;
        const rest = file.slice(folder.length + 1);
        names.add(rest.includes('/') ? rest.slice(0, rest.indexOf('/') + 1) : rest);
      }
      return [...names];
    },
  });
  workspace.roots = ['/w'];
  for (const [file, text] of texts) workspace.openDocument(new Document(file, uriOf(file), text));
  return { workspace, path, position, texts };
}

/** The text with `«»` around ranges, for comparing them at a glance. */
export function mark(text: string, ranges: { start: Position; end: Position }[]): string {
  const lines = text.split('\n');
  const marks = ranges
    .flatMap((r) => [
      { ...r.end, sign: '»' },
      { ...r.start, sign: '«' },
    ])
    .sort((a, b) => b.line - a.line || b.character - a.character || (a.sign === '«' ? 1 : -1));
  for (const { line, character, sign } of marks) {
    lines[line] = lines[line].slice(0, character) + sign + lines[line].slice(character);
  }
  return lines.join('\n');
}

/** Applies text edits. */
export function applied(
  text: string,
  edits: readonly { range: { start: Position; end: Position }; newText: string }[],
): string {
  const document = new Document('/x', '', text);
  const backwards = [...edits].sort(
    (a, b) => b.range.start.line - a.range.start.line || b.range.start.character - a.range.start.character,
  );
  document.update(
    backwards.map((e) => ({ range: e.range, text: e.newText })),
    1,
  );
  return document.text;
}
