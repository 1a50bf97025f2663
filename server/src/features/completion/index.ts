import { Kind, type Token, tokenise } from '@hyperstep/assembler';
import type { CompletionList, Position, Range } from 'vscode-languageserver';
import { span } from '../../locations';
import { split } from '../../syntax/shape';
import type { Workspace } from '../../workspace/workspace';
import { view } from '../lookup';
import { bitsOf, type Context, type Data } from './context';
import { inPreprocessor, preprocessor } from './directives';
import { includePaths } from './files';
import { directives, heads, onlyPrefixes } from './heads';
import { symbols } from './names';
import { operands } from './operands';

export { warmUp } from './heads';
export { resolveCompletion } from './resolve';

/** What could be written at a position. The range to be replaced stands in every item. */
export function completion(workspace: Workspace, path: string, position: Position): CompletionList {
  const { itemDefaults, items, isIncomplete } = compactCompletion(workspace, path, position);
  const range = itemDefaults?.editRange as Range;
  return {
    isIncomplete,
    items: items.map(({ textEditText, ...item }) => ({
      data: itemDefaults?.data,
      ...item,
      textEdit: { range, newText: textEditText ?? item.label },
    })),
  };
}

/** The same for clients that understand defaults: what all items share is written once, half of the message. */
export function compactCompletion(workspace: Workspace, path: string, position: Position): CompletionList {
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
  const data: Data = { kind: 'mnemonic', bits: bitsOf(c), path };
  const editRange = span(position.line, c.start, position.character);
  return { isIncomplete: c.more, items: c.items, itemDefaults: { editRange, data } };
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

function statement(c: Context, tokens: readonly Token[]): void {
  const { names } = c.view;
  const isMacro = (name: string) => names.macro(name).length > 0 || names.define(name).length > 0;
  const shape = split(tokens, isMacro);
  if (shape.kind === 'preprocessor') {
    inPreprocessor(c, tokens);
    return;
  }
  if (tokens.length === 1 && tokens[0].is('[')) {
    directives(c);
    return;
  }
  const label = shape.label !== undefined;
  const open = shape.kind === 'none' || (shape.kind === 'unknown' && !shape.head);
  if (open) heads(c, label ? 'label' : 'nothing');
  else if (onlyPrefixes(tokens, shape)) heads(c, /^rep/.test(shape.head!.lower) ? 'rep' : 'prefix');
  else if (shape.head?.lower === 'times') times(c, tokens.slice(shape.at + 1));
  else operands(c, tokens, shape);
}

/** `times count statement`: the statement once the count can be over. */
function times(c: Context, rest: readonly Token[]): void {
  const last = rest[rest.length - 1];
  if (last && (last.kind !== Kind.Operator || last.is(')'))) heads(c, 'label');
  else symbols(c, (d) => d.kind !== 'macro', '2');
}
