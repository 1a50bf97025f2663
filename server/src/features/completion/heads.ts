import { allMnemonics, DIRECTIVES, type Token } from '@hyperstep/assembler';
import { type CompletionItem, CompletionItemKind, InsertTextFormat } from 'vscode-languageserver';
import { directiveDoc, preprocessorDoc } from '../../knowledge/directives';
import { existsIn } from '../../knowledge/instructions';
import { summaryOf } from '../../knowledge/summaries';
import type { Declaration } from '../../syntax/declaration';
import type { Shape } from '../../syntax/shape';
import { parametersOf } from '../symbols';
import { add, bitsOf, type Context, type Data, plain } from './context';
import { macroWords, symbols } from './names';

export const DATA_WORDS =
  'db dw dd dq dt do dy dz resb resw resd resq rest reso resy resz equ times incbin'.split(' ');
const PREFIXES = 'lock rep repe repz repne repnz xacquire xrelease bnd a16 a32 o16 o32 o64'.split(' ');

/** Does the line so far consist of prefixes? */
export function onlyPrefixes(tokens: readonly Token[], shape: Shape): boolean {
  return (
    shape.kind === 'instruction' && shape.at === tokens.length - 1 && PREFIXES.includes(shape.head!.lower)
  );
}

/** Directives inside `[…]`. */
export function directives(c: Context): void {
  keywords(c, DIRECTIVES);
}

function keywords(c: Context, words: readonly string[]): void {
  plain(c, words, CompletionItemKind.Keyword, (word) => directiveDoc(word)?.text, '3');
}

/** What can begin a statement, behind a label or a prefix too. */
export function heads(c: Context, behind: 'nothing' | 'label' | 'prefix' | 'rep'): void {
  if (c.word.startsWith('%')) {
    macroWords(c);
    return;
  }
  if (c.word.startsWith('.')) {
    symbols(c, (d) => d.kind === 'local' || d.kind === 'field', '1');
    return;
  }
  if (behind === 'rep') {
    mnemonics(c, ({ label }) => STRING.test(label));
    return;
  }
  const common = ({ sortText }: CompletionItem) => sortText!.startsWith('1');
  // Where not all can be sent, what is likely must be among them.
  mnemonics(c, common);
  if (behind !== 'prefix') {
    for (const d of c.view.names.all()) if (d.kind === 'macro') macroItem(c, d);
    keywords(c, DATA_WORDS);
  }
  if (behind === 'nothing') {
    keywords(c, DIRECTIVES);
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
  mnemonics(c, (item) => !common(item));
  if (c.word !== '' && behind !== 'prefix') symbols(c, (d) => d.kind === 'define', '7');
}

/** What is written often comes first. */
const COMMON =
  /^(mov|add|sub|and|or|xor|cmp|test|lea|push|pop|call|ret|jmp|j\w{1,3}|inc|dec|shl|shr|int|in|out|cli|sti|hlt|nop)$/;

const made = new Map<number, readonly CompletionItem[]>();

/** The instructions that exist in a mode, in the order of their sort text. */
function mnemonicItems(bits: 16 | 32 | 64): readonly CompletionItem[] {
  let items = made.get(bits);
  if (!items) {
    items = allMnemonics()
      .filter((name) => existsIn(name, bits))
      .map((name) => ({
        label: name,
        kind: CompletionItemKind.Function,
        detail: summaryOf(name),
        sortText: `${COMMON.test(name) ? 1 : name.startsWith('v') ? 6 : 2}${name}`,
      }))
      .sort((x, y) => (x.sortText < y.sortText ? -1 : 1));
    made.set(bits, items);
  }
  return items;
}

/** Reads the instruction table of a mode in small steps, so that the first completion is quick. */
export function* warmUp(): Generator<void> {
  const names = allMnemonics();
  for (let i = 0; i < names.length; i++) {
    existsIn(names[i], 64);
    if (i % 50 === 49) yield;
  }
}

/** What `rep` and its kin may stand before. */
const STRING = /^(movs|stos|lods|cmps|scas|ins|outs)[bwdq]$/;

function mnemonics(c: Context, wanted: (item: CompletionItem) => boolean): void {
  for (const item of mnemonicItems(bitsOf(c))) {
    if (c.more) return;
    if (wanted(item)) add(c, item);
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
    textEditText:
      minimum > 0
        ? `${d.name.replace(/[$}\\]/g, '\\$&')} ${parameters.join(', ')}`
        : d.name.replace(/[$}\\]/g, '\\$&'),
    insertTextFormat: InsertTextFormat.Snippet,
    sortText: `1${d.name}`,
    data: { kind: 'name', path: c.path, key: d.key } satisfies Data,
  });
}
