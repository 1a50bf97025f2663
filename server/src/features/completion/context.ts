import type { CompletionItem, CompletionItemKind, Position } from 'vscode-languageserver';
import type { Surroundings } from '../../syntax/outline';
import type { Workspace } from '../../workspace/workspace';
import type { View } from '../lookup';

/** Items sent at once; the editor asks again as more is typed. */
const MAX_ITEMS = 300;

/** What {@link resolveCompletion} needs to describe an item. Items without it are told by their label. */
export interface Data {
  kind: 'mnemonic' | 'name';
  bits?: 16 | 32 | 64;
  path: string;
  key?: string;
}

/** Where the cursor is, and what has been found for it. */
export interface Context {
  workspace: Workspace;
  view: View;
  path: string;
  position: Position;
  around: Surroundings;
  /** The word being typed, and its column. */
  word: string;
  start: number;
  /** All are to replace the word: by `textEditText`, or by their label. */
  items: CompletionItem[];
  more: boolean;
}

/** Offers an item, if it fits what is typed. */
export function add(c: Context, item: CompletionItem): void {
  if (c.more || !fits(item.filterText ?? item.label, c.word)) return;
  if (c.items.length >= MAX_ITEMS) c.more = true;
  else c.items.push(item);
}

/** Do the letters typed occur in this order? The editor sorts and filters further. */
export function fits(label: string, word: string): boolean {
  if (word === '') return true;
  const text = label.toLowerCase();
  const wanted = word.toLowerCase();
  let at = 0;
  for (let i = 0; i < wanted.length; i++) {
    at = text.indexOf(wanted[i], at);
    if (at < 0) return false;
    at++;
  }
  return true;
}

/** Offers words of one kind. */
export function plain(
  c: Context,
  labels: Iterable<string>,
  kind: CompletionItemKind,
  detail: (label: string) => string | undefined,
  sort = '5',
): void {
  for (const label of labels) add(c, { label, kind, detail: detail(label), sortText: sort + label });
}

/** The mode at the cursor. */
export function bitsOf(c: Context): 16 | 32 | 64 {
  return c.view.program.bitsAt(c.path, c.position.line);
}
