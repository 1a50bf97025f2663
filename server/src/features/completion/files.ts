import { directoryOf, type Token } from '@hyperstep/assembler';
import { CompletionItemKind } from 'vscode-languageserver';
import { isSource } from '../../workspace/sources';
import { add, type Context } from './context';

/** Paths in the string of an `%include` or `incbin`. */
export function includePaths(c: Context, tokens: readonly Token[], string: Token): void {
  const directive = tokens[tokens.length - 2]?.lower;
  if (directive !== '%include' && directive !== 'incbin' && directive !== '%depend') return;
  const typed = string.text.slice(1);
  const slash = typed.lastIndexOf('/');
  const folder = typed.slice(0, slash + 1);
  c.word = typed.slice(slash + 1);
  c.start = string.column + slash + 1;
  const seen = new Set<string>();
  const own = directoryOf(c.path);
  for (const base of [own, ...c.view.program.recipe.includePaths]) {
    for (const name of c.workspace.list(`${base}/${folder}`.replace(/\/$/, ''))) {
      if (seen.has(name) || name.startsWith('.')) continue;
      const isFolder = name.endsWith('/');
      if (!isFolder && directive === '%include' && !isSource(name)) continue;
      if (base === own && folder === '' && `${own}/${name}` === c.path) continue;
      seen.add(name);
      add(c, {
        label: name,
        kind: isFolder ? CompletionItemKind.Folder : CompletionItemKind.File,
        detail: base === own ? undefined : base,
        sortText: `${isFolder ? 2 : 1}${name}`,
        command: isFolder ? { command: 'editor.action.triggerSuggest', title: '' } : undefined,
      });
    }
  }
}
