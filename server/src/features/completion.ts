import {
  allMnemonics,
  allRegisters,
  DIRECTIVES,
  directoryOf,
  Kind,
  PREPROCESSOR_DIRECTIVES,
  SIZES,
  type Token,
  tokenise,
} from '@hyperstep/assembler';
import {
  type CompletionItem,
  CompletionItemKind,
  type CompletionList,
  InsertTextFormat,
  MarkupKind,
  type Position,
  type Range,
} from 'vscode-languageserver';
import { directiveDoc, OPERAND_WORDS, preprocessorDoc } from '../knowledge/directives';
import { instructionDoc } from '../knowledge/instruction-doc';
import { existsIn } from '../knowledge/instructions';
import { registerDoc } from '../knowledge/registers';
import { PACKAGE_DOC, STANDARD_MACROS_DOC } from '../knowledge/standard';
import { summaryOf } from '../knowledge/summaries';
import { span } from '../locations';
import type { Declaration } from '../syntax/declaration';
import { symbolKey } from '../syntax/keys';
import { definesSingle, type Surroundings } from '../syntax/outline';
import { type Shape, split } from '../syntax/shape';
import { isSource, type Workspace } from '../workspace/workspace';
import { commentAbove } from './hover-names';
import { numberText } from './hover-values';
import { type View, view } from './lookup';
import { candidateForms, operandPlace } from './slots';
import { parametersOf } from './symbols';

/** Items sent at once; the editor asks again as more is typed. */
const MAX_ITEMS = 300;

const DATA_WORDS = 'db dw dd dq dt do dy dz resb resw resd resq rest reso resy resz equ times incbin'.split(
  ' ',
);
const PREFIXES = 'lock rep repe repz repne repnz xacquire xrelease bnd a16 a32 o16 o32 o64'.split(' ');

/** What {@link resolveCompletion} needs to describe an item. */
interface Data {
  kind: 'mnemonic' | 'name';
  bits?: 16 | 32 | 64;
  path: string;
  key?: string;
}

/** Where the cursor is. */
interface Context {
  workspace: Workspace;
  view: View;
  path: string;
  position: Position;
  around: Surroundings;
  /** The word being typed, and its column. */
  word: string;
  start: number;
  items: CompletionItem[];
  more: boolean;
}

/** What could be written at a position. */
export function completion(workspace: Workspace, path: string, position: Position): CompletionList {
  const seen = view(workspace, path);
  const none: CompletionList = { isIncomplete: false, items: [] };
  if (!seen) return none;
  const document = seen.outline.document;
  const before = document.line(position.line).slice(0, position.character);
  const tokens = tokenise(before, document.source, position.line + 1);
  // A lone `%$` or `%$$` is an operator and a dollar sign to the lexer, but here a name has just begun.
  const begun = /%\$+$/.exec(before)?.[0];
  if (begun)
    while (tokens.length > 0 && tokens[tokens.length - 1].column > before.length - begun.length) tokens.pop();
  const last = tokens[tokens.length - 1];
  if (endsInComment(before, last)) return none;
  const typing = last && last.end - 1 === before.length && isWord(last) ? last : undefined;
  const c: Context = {
    workspace,
    view: seen,
    path,
    position,
    around: seen.outline.around(position.line),
    word: begun ?? typing?.text ?? '',
    start: begun ? before.length - begun.length : typing ? typing.column - 1 : before.length,
    items: [],
    more: false,
  };
  const done = typing ? tokens.slice(0, -1) : tokens;
  if (last?.kind === Kind.String && !closed(last)) includePaths(c, tokens, last);
  else if (/^\s*%[A-Za-z]*$/.test(before)) preprocessor(c, before);
  else if (last?.kind === Kind.Number && typing === undefined && last.end - 1 === before.length) return none;
  else statement(c, done);
  return { isIncomplete: c.more, items: c.items };
}

function isWord(token: Token): boolean {
  // A lone `%` or `%%` is an operator to the lexer, but here a name has just begun.
  if (token.is('%') || token.is('%%')) return true;
  return token.kind === Kind.Identifier || (token.kind === Kind.Preprocessor && !token.text.startsWith('%['));
}

function closed(token: Token): boolean {
  return token.text.length > 1 && token.text.endsWith(token.text[0]);
}

function endsInComment(before: string, last: Token | undefined): boolean {
  if (last?.kind === Kind.String && !closed(last)) return false;
  return before.slice(last ? last.end - 1 : 0).includes(';');
}

// -- Items

function add(c: Context, item: CompletionItem): void {
  if (!fits(item.filterText ?? item.label, c.word)) return;
  if (c.items.length >= MAX_ITEMS) {
    c.more = true;
    return;
  }
  item.textEdit = {
    range: span(c.position.line, c.start, c.position.character),
    newText: item.insertText ?? item.label,
  };
  delete item.insertText;
  c.items.push(item);
}

/** Do the letters typed occur in this order? The editor sorts and filters further. */
function fits(label: string, word: string): boolean {
  if (word === '') return true;
  const text = label.toLowerCase();
  let at = 0;
  for (let i = 0; i < word.length; i++) {
    at = text.indexOf(word[i].toLowerCase(), at);
    if (at < 0) return false;
    at++;
  }
  return true;
}

function plain(
  c: Context,
  labels: Iterable<string>,
  kind: CompletionItemKind,
  detail: (label: string) => string | undefined,
  sort = '5',
): void {
  for (const label of labels) add(c, { label, kind, detail: detail(label), sortText: sort + label });
}

// -- Statements

function statement(c: Context, tokens: readonly Token[]): void {
  const { names } = c.view;
  const isMacro = (name: string) => names.macro(name).length > 0 || names.define(name).length > 0;
  const shape = split(tokens, isMacro);
  if (shape.kind === 'preprocessor') {
    inPreprocessor(c, tokens);
    return;
  }
  const open = shape.kind === 'none' || (shape.kind === 'unknown' && !shape.head);
  if (open || onlyPrefixes(tokens, shape)) {
    heads(c, shape.label !== undefined);
    return;
  }
  operands(c, tokens, shape);
}

function onlyPrefixes(tokens: readonly Token[], shape: Shape): boolean {
  return (
    shape.kind === 'instruction' && shape.at === tokens.length - 1 && PREFIXES.includes(shape.head!.lower)
  );
}

/** What can begin a statement. */
function heads(c: Context, labelled: boolean): void {
  if (c.word.startsWith('%')) {
    macroWords(c);
    return;
  }
  if (c.word.startsWith('.')) {
    symbols(c, (d) => d.kind === 'local' || d.kind === 'field', '1');
    return;
  }
  const bits = c.view.program.bitsAt(c.path, c.position.line);
  for (const d of c.view.names.all()) {
    if (d.kind === 'macro') macroItem(c, d);
  }
  for (const word of DATA_WORDS) {
    add(c, {
      label: word,
      kind: CompletionItemKind.Keyword,
      detail: directiveDoc(word)?.text,
      sortText: `3${word}`,
    });
  }
  if (!labelled) {
    for (const word of DIRECTIVES) {
      add(c, {
        label: word,
        kind: CompletionItemKind.Keyword,
        detail: directiveDoc(word)?.text,
        sortText: `3${word}`,
      });
    }
    if (c.word === '') {
      plain(
        c,
        ['%include', '%define', '%macro', '%if'],
        CompletionItemKind.Keyword,
        (w) => preprocessorDoc(w)?.text,
        '8',
      );
    }
  }
  plain(c, PREFIXES, CompletionItemKind.Keyword, (w) => summaryOf(w) ?? 'Size prefix', '4');
  mnemonics(c, bits);
  if (c.word !== '') symbols(c, (d) => d.kind === 'define', '7');
}

const existing = new Map<number, string[]>();

/** Names of the instructions that exist in a mode. */
export function mnemonicsIn(bits: 16 | 32 | 64): string[] {
  let list = existing.get(bits);
  if (!list) {
    list = allMnemonics().filter((name) => existsIn(name, bits));
    existing.set(bits, list);
  }
  return list;
}

/** Reads the instruction table of a mode in small steps, so that the first completion is quick. */
export function* warmUp(): Generator<void> {
  const names = allMnemonics();
  for (let i = 0; i < names.length; i++) {
    existsIn(names[i], 64);
    if (i % 50 === 49) yield;
  }
}

function mnemonics(c: Context, bits: 16 | 32 | 64): void {
  const data: Data = { kind: 'mnemonic', bits, path: c.path };
  for (const name of mnemonicsIn(bits)) {
    if (!fits(name, c.word)) continue;
    // What is written often comes first.
    const common =
      /^(mov|add|sub|and|or|xor|cmp|test|lea|push|pop|call|ret|jmp|j\w{1,3}|inc|dec|shl|shr|int|in|out|cli|sti|hlt|nop)$/.test(
        name,
      );
    add(c, {
      label: name,
      kind: CompletionItemKind.Function,
      detail: summaryOf(name),
      sortText: `${common ? 1 : name.startsWith('v') ? 6 : 2}${name}`,
      data,
    });
  }
}

function macroItem(c: Context, d: Declaration): void {
  const { minimum } = d.macro ?? { minimum: 0 };
  const parameters = Array.from({ length: Math.min(minimum, 9) }, (_, i) => `\${${i + 1}:${i + 1}}`);
  add(c, {
    label: d.name,
    labelDetails: { detail: ` ${parametersOf(d)}`, description: 'macro' },
    kind: CompletionItemKind.Snippet,
    detail: `%macro ${d.name} ${parametersOf(d)}`,
    insertText:
      minimum > 0
        ? `${d.name.replace(/[$}\\]/g, '\\$&')} ${parameters.join(', ')}`
        : d.name.replace(/[$}\\]/g, '\\$&'),
    insertTextFormat: InsertTextFormat.Snippet,
    sortText: `1${d.name}`,
    data: { kind: 'name', path: c.path, key: d.key } satisfies Data,
  });
}

// -- Operands

function operands(c: Context, tokens: readonly Token[], shape: Shape): void {
  const rest = tokens.slice(shape.at + 1);
  if (shape.kind === 'directive') {
    directiveOperands(c, shape.head!.lower, rest);
    return;
  }
  if (c.word.startsWith('%')) {
    macroWords(c);
    return;
  }
  if (c.word.includes('.') || rest[rest.length - 1]?.is('.')) {
    members(c);
    return;
  }
  if (shape.kind === 'instruction') instructionOperands(c, shape.head!.lower, rest);
  else if (shape.kind === 'data' && c.word !== '') {
    plain(c, ['dup', '?'], CompletionItemKind.Keyword, (w) => OPERAND_WORDS[w], '6');
  } else if (shape.kind === 'call') registers(c, () => true, '4');
  symbols(c, (d) => d.kind !== 'macro', '2');
}

function instructionOperands(c: Context, mnemonic: string, rest: readonly Token[]): void {
  const bits = c.view.program.bitsAt(c.path, c.position.line);
  const place = operandPlace(rest);
  if (place.inside) {
    const size = bits === 16 ? /^(bx|bp|si|di)$|^e/ : bits === 32 ? /^e/ : /^r|^e/;
    const forms = candidateForms(mnemonic, bits, place);
    const vectors = new Set<string | undefined>(forms.flatMap((f) => f.slots.map((s) => s.vector)));
    registers(c, (name, cls) => (size.test(name) && /^r(16|32|64)$/.test(cls)) || vectors.has(cls), '1');
    if (place.operands[place.index].at(-1)?.is('[')) {
      plain(
        c,
        ['rel', 'abs', 'byte', 'word', 'dword', 'qword'],
        CompletionItemKind.Keyword,
        (w) => OPERAND_WORDS[w],
        '6',
      );
    }
    return;
  }
  const forms = candidateForms(mnemonic, bits, place);
  const classes = new Map<string, Set<number | undefined>>();
  let memory = false;
  let branch = false;
  for (const form of forms) {
    const slot = form.slots[place.index];
    if (slot.register) {
      const only = classes.get(slot.register) ?? new Set();
      only.add(slot.only);
      classes.set(slot.register, only);
    }
    memory ||= slot.memory;
    branch ||= slot.place === 'rel';
  }
  registers(
    c,
    (_, cls, number) => {
      const only = classes.get(cls);
      return only !== undefined && (only.has(undefined) || only.has(number));
    },
    branch ? '3' : '1',
  );
  if (memory) {
    const sizes = new Set(forms.map((f) => f.memorySize));
    const words = [...SIZES].filter(([, size]) => sizes.has(size)).map(([word]) => word);
    plain(c, words, CompletionItemKind.Keyword, (w) => OPERAND_WORDS[w], '4');
  }
  if (branch) plain(c, ['short', 'near', 'far'], CompletionItemKind.Keyword, (w) => OPERAND_WORDS[w], '4');
}

function registers(
  c: Context,
  wanted: (name: string, cls: string, number: number) => boolean,
  sort: string,
): void {
  const bits = c.view.program.bitsAt(c.path, c.position.line);
  for (const { name, class: cls, number, needsRex } of allRegisters()) {
    if (cls === 'test' || /^(cr([15679]|1\d)|dr([4589]|1\d))$/.test(name)) continue;
    if (bits !== 64 && (cls === 'r64' || needsRex || number > 7)) continue;
    if (!wanted(name, cls, number)) continue;
    const order = `${sort}${String(number).padStart(2, '0')}${name}`;
    add(c, { label: name, kind: CompletionItemKind.Variable, detail: registerDoc(name), sortText: order });
  }
}

/** `structure.` and `label.`: fields and local labels; `.`: those of the label above. */
function members(c: Context): void {
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

function symbols(c: Context, wanted: (d: Declaration) => boolean, sort: string): void {
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

function nameItem(c: Context, d: Declaration): CompletionItem {
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
function macroWords(c: Context): void {
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

// -- Directives

function directiveOperands(c: Context, directive: string, rest: readonly Token[]): void {
  const { names } = c.view;
  switch (directive) {
    case 'bits':
      plain(c, ['16', '32', '64'], CompletionItemKind.Value, () => 'bits', '1');
      return;
    case 'default':
      plain(c, ['rel', 'abs'], CompletionItemKind.Keyword, (w) => OPERAND_WORDS[w], '1');
      return;
    case 'section':
    case 'segment': {
      if (rest.length > 0) {
        const words = ['align=', 'start=', 'vstart=', 'follows=', 'vfollows=', 'progbits', 'nobits'];
        plain(c, words, CompletionItemKind.Property, () => 'section attribute', '1');
        return;
      }
      const known = [...names.all()].filter((d) => d.kind === 'section').map((d) => d.name);
      plain(
        c,
        new Set([...known, '.text', '.data', '.bss', '.rodata']),
        CompletionItemKind.Module,
        () => 'section',
        '1',
      );
      return;
    }
    case 'struc':
      return;
    case 'istruc':
      symbols(c, (d) => d.kind === 'struc', '1');
      return;
    case 'at':
      if (c.around.instance !== undefined && !rest.some((t) => t.is(','))) {
        for (const d of names.all()) {
          if (d.kind !== 'field' || d.container !== c.around.instance) continue;
          const dotted = c.word.startsWith('.') ? d.name.slice(c.around.instance.length) : d.name;
          add(c, { ...nameItem(c, d), label: dotted, sortText: `1${String(d.index).padStart(6, '0')}` });
        }
        return;
      }
      break;
    case 'cpu':
      plain(
        c,
        ['8086', '186', '286', '386', '486', '586', 'X64'],
        CompletionItemKind.Value,
        () => 'processor',
        '1',
      );
      return;
    default:
  }
  if (directive === 'at' && rest.some((t) => t.is(',')))
    plain(c, DATA_WORDS, CompletionItemKind.Keyword, (w) => directiveDoc(w)?.text, '1');
  symbols(c, (d) => d.kind !== 'macro', '2');
}

function preprocessor(c: Context, before: string): void {
  const percent = before.lastIndexOf('%');
  c.word = before.slice(percent);
  c.start = percent;
  for (const label of PREPROCESSOR_DIRECTIVES) {
    const doc = preprocessorDoc(label);
    add(c, {
      label,
      kind: CompletionItemKind.Keyword,
      detail: doc ? `${label} ${doc.operands}`.trim() : undefined,
      documentation: doc?.text,
      sortText: `2${label}`,
    });
  }
  macroWords(c);
}

function inPreprocessor(c: Context, tokens: readonly Token[]): void {
  const directive = tokens[0].lower.slice(1);
  const first = tokens.length === 1;
  if (directive === 'use' && first) {
    plain(c, Object.keys(PACKAGE_DOC), CompletionItemKind.Module, (w) => PACKAGE_DOC[w], '1');
  } else if (/^(undef|(el)?ifn?def)$/.test(directive)) symbols(c, (d) => d.kind === 'define', '1');
  else if (/^(unmacro|unimacro|(el)?ifn?macro)$/.test(directive) && first) {
    for (const d of c.view.names.all())
      if (d.kind === 'macro') add(c, { ...nameItem(c, d), sortText: `1${d.name}` });
  } else if ((definesSingle(directive) || /macro$/.test(directive)) && first) return;
  else if (c.word.startsWith('%')) macroWords(c);
  else if (c.word.includes('.')) members(c);
  else symbols(c, (d) => d.kind !== 'macro', '2');
}

// -- Files

function includePaths(c: Context, tokens: readonly Token[], string: Token): void {
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

/** Writes the range that all items share once, for clients that understand it: a third of the message. */
export function compact(list: CompletionList): CompletionList {
  const first = list.items[0]?.textEdit as { range: Range } | undefined;
  if (!first) return list;
  const items = list.items.map(({ textEdit, ...item }) => {
    const newText = textEdit?.newText ?? item.label;
    return newText === item.label ? item : { ...item, textEditText: newText };
  });
  return { ...list, items, itemDefaults: { editRange: first.range } };
}

// -- Documentation, on demand

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
