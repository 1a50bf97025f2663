import { PREPROCESSOR_DIRECTIVES, type Token } from '@hyperstep/assembler';
import { CompletionItemKind } from 'vscode-languageserver';
import { directiveDoc, OPERAND_WORDS, preprocessorDoc } from '../../knowledge/directives';
import { PACKAGE_DOC } from '../../knowledge/standard';
import { definesSingle } from '../../syntax/outline';
import { add, type Context, plain } from './context';
import { DATA_WORDS } from './heads';
import { macroWords, members, nameItem, symbols } from './names';

/** Operands of the assembler's directives. */
export function directiveOperands(c: Context, directive: string, rest: readonly Token[]): void {
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
      const known = [...names.all()]
        // Not the one that is being typed.
        .filter((d) => d.kind === 'section' && !(d.path === c.path && d.token.line === c.position.line + 1))
        .map((d) => d.name);
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

/** Directives of the preprocessor, and what else begins with `%`. */
export function preprocessor(c: Context, before: string): void {
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

/** Words behind a directive of the preprocessor. */
export function inPreprocessor(c: Context, tokens: readonly Token[]): void {
  const directive = tokens[0].lower.slice(1);
  const first = tokens.length === 1;
  if (directive === 'use' && first) {
    plain(c, Object.keys(PACKAGE_DOC), CompletionItemKind.Module, (w) => PACKAGE_DOC[w], '1');
  } else if (/^(undef|(el)?ifn?def)$/.test(directive)) symbols(c, (d) => d.kind === 'define', '1');
  else if (/^(unmacro|unimacro|(el)?ifn?macro)$/.test(directive) && first) {
    for (const d of c.view.names.all())
      if (d.kind === 'macro') add(c, { ...nameItem(c, d), sortText: `1${d.name}` });
  } else if (/^(push|pop|repl|(el)?ifn?ctx)$/.test(directive)) contexts(c);
  else if ((definesSingle(directive) || /macro$/.test(directive)) && first) return;
  else if (c.word.startsWith('%')) macroWords(c);
  else if (c.word.includes('.')) members(c);
  else symbols(c, (d) => d.kind !== 'macro', '2');
}

/** Names of contexts that are pushed somewhere. */
function contexts(c: Context): void {
  const known = new Set<string>();
  for (const { contextSteps } of c.view.names.outlines)
    for (const { what, line } of contextSteps)
      if (/^(push|repl)$/.test(what) && line.tokens[1] && line.number !== c.position.line + 1)
        known.add(line.tokens[1].text);
  plain(c, known, CompletionItemKind.Module, () => 'context', '1');
}
