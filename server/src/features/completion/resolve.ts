import { type CompletionItem, MarkupKind } from 'vscode-languageserver';
import { instructionDoc } from '../../knowledge/instruction-doc';
import { symbolKey } from '../../syntax/keys';
import type { Workspace } from '../../workspace/workspace';
import { commentAbove } from '../hover-names';
import { numberText } from '../hover-values';
import { view } from '../lookup';
import type { Data } from './context';

/** Adds the documentation of an item once it is looked at. */
export function resolveCompletion(workspace: Workspace, item: CompletionItem): CompletionItem {
  const data = item.data as Data | undefined;
  if (!data) return item;
  if (data.kind === 'mnemonic') {
    const value = instructionDoc(item.label, data.bits ?? 64);
    return value ? { ...item, documentation: { kind: MarkupKind.Markdown, value } } : item;
  }
  const seen = view(workspace, data.path);
  const declared = seen && data.key !== undefined ? seen.names.find(data.key)[0] : undefined;
  if (!seen || !declared) return item;
  const entry = data.key === symbolKey(declared.name) ? seen.program.entry(declared.name) : undefined;
  const file = declared.path.slice(declared.path.lastIndexOf('/') + 1);
  const parts = [
    commentAbove(seen, declared),
    entry ? numberText(entry.value) : '',
    `*${file}, line ${declared.token.line}*`,
  ];
  return {
    ...item,
    documentation: { kind: MarkupKind.Markdown, value: parts.filter((p) => p !== '').join('\n\n') },
  };
}
