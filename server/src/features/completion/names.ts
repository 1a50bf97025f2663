import { type CompletionItem, CompletionItemKind } from 'vscode-languageserver';
import { STANDARD_MACROS_DOC } from '../../knowledge/standard';
import type { Declaration } from '../../syntax/declaration';
import { add, type Context, type Data, fits, plain } from './context';

/** `structure.` and `label.`: fields and local labels; `.`: those of the label above. */
export function members(c: Context): void {
  const dot = c.word.indexOf('.', c.word.startsWith('.') ? 0 : 1);
  const container = c.word.slice(0, Math.max(0, dot));
  const parent = container === '' ? c.around.parent : container;
  for (const d of c.view.names.all()) {
    if (d.container !== parent) continue;
    const own = d.name.slice(parent.length);
    add(c, {
      ...nameItem(c, d),
      label: container === '' ? own : d.name,
      filterText: container === '' ? own : d.name,
      sortText: `1${String(d.index).padStart(6, '0')}`,
    });
  }
  if (c.items.length === 0) symbols(c, (d) => d.kind === 'field' || d.kind === 'local', '2');
}

/** Names that declarations make known, local labels only of the label above. */
export function symbols(c: Context, wanted: (d: Declaration) => boolean, sort: string): void {
  const seen = new Set<string>();
  const { parent } = c.around;
  for (const d of c.view.names.all()) {
    if (c.more) break;
    if (d.kind === 'section' || d.kind === 'context' || d.kind === 'macro-local' || !wanted(d)) continue;
    const local = d.kind === 'local';
    if (local && d.container !== parent) continue;
    // Fields come after their structure's name and a dot.
    if (d.kind === 'field' && !c.word.includes('.') && c.word === '') continue;
    const label = local ? d.name.slice(parent.length) : d.name;
    if (seen.has(label) || !fits(label, c.word)) continue;
    seen.add(label);
    const first = local ? '1' : d.kind === 'field' ? '5' : sort;
    add(c, { ...nameItem(c, d), label, sortText: first + label });
    if (d.kind === 'struc') {
      const size = `${d.name}_size`;
      add(c, {
        label: size,
        kind: CompletionItemKind.Constant,
        detail: `size of ${d.name}`,
        sortText: `${first}${size}`,
      });
    }
  }
  if (c.word.startsWith('__')) {
    plain(
      c,
      Object.keys(STANDARD_MACROS_DOC),
      CompletionItemKind.Constant,
      (w) => STANDARD_MACROS_DOC[w],
      '6',
    );
  }
}

const ITEM_KINDS: Partial<Record<Declaration['kind'], CompletionItemKind>> = {
  label: CompletionItemKind.Reference,
  local: CompletionItemKind.Reference,
  equ: CompletionItemKind.Constant,
  struc: CompletionItemKind.Struct,
  field: CompletionItemKind.Field,
  define: CompletionItemKind.Constant,
  macro: CompletionItemKind.Snippet,
  extern: CompletionItemKind.Interface,
};

/** A declared name as an item. */
export function nameItem(c: Context, d: Declaration): CompletionItem {
  const entry = c.view.program.entry(d.name);
  const value = entry ? `0x${BigInt.asUintN(64, entry.value).toString(16).toUpperCase()}` : undefined;
  const detail = d.define ? `${d.define.directive} ${d.define.body.slice(0, 60)}` : value;
  return {
    label: d.name,
    kind: ITEM_KINDS[d.kind] ?? CompletionItemKind.Text,
    detail,
    labelDetails: { description: d.kind },
    data: { kind: 'name', path: c.path, key: d.key } satisfies Data,
  };
}

/** `%%label`, `%$local`, `%1` inside macros. */
export function macroWords(c: Context): void {
  const { macro } = c.around;
  const dollars = /^%(\$+)/.exec(c.word)?.[1] ?? '$';
  for (const name of c.view.names.contexts.localsAt(c.view.outline, c.position.line, dollars.length)) {
    const label = `%${dollars}${name}`;
    add(c, { label, kind: CompletionItemKind.Variable, detail: 'context local', sortText: `1${label}` });
  }
  for (const d of c.view.names.all()) {
    if (
      d.kind === 'macro-local' &&
      macro &&
      d.path === macro.path &&
      d.index >= macro.index &&
      d.index <= macro.last
    ) {
      add(c, {
        label: d.name,
        kind: CompletionItemKind.Reference,
        detail: `label of ${macro.name}`,
        sortText: `1${d.name}`,
      });
    }
  }
  if (!macro?.macro) return;
  const count = Math.min(macro.macro.maximum, 9);
  for (let i = 1; i <= count; i++) {
    add(c, {
      label: `%${i}`,
      kind: CompletionItemKind.TypeParameter,
      detail: `parameter ${i} of ${macro.name}`,
      sortText: `0${i}`,
    });
  }
  add(c, {
    label: '%0',
    kind: CompletionItemKind.TypeParameter,
    detail: 'number of parameters',
    sortText: '09',
  });
}
