import { Kind, stringBytes, type Token } from '@hyperstep/assembler';
import { type CodeAction, CodeActionKind } from 'vscode-languageserver';
import { contains, nameRange, tokenRange } from '../../locations';
import { namesIn, tokenAt } from '../../syntax/resolve';
import { notations, numberOf } from '../evaluate';
import { at, edit, type Place } from './place';

/** A number or character in another notation. */
export function numberActions({ view: { outline }, path, range }: Place): CodeAction[] {
  const found = tokenAt(outline, range.start.line, range.start.character);
  if (!found || !contains(tokenRange(found.token), range.start)) return [];
  const { token } = found;
  const value = numberOf(token) ?? characterOf(token);
  if (value === undefined) return [];
  const { hex, binary, characters } = notations(value);
  const written = token.text.toLowerCase();
  const choices: [string, string | undefined][] = [
    ['hexadecimal', hex],
    ['decimal', value.toString()],
    ['binary', binary],
    ['a character', characters],
  ];
  return choices
    .filter(([, text]) => text !== undefined && text.toLowerCase() !== written)
    .map(([name, text]) => ({
      title: `Write as ${name}: ${text}`,
      kind: CodeActionKind.RefactorRewrite,
      edit: edit(path, [{ range: tokenRange(token), newText: text! }]),
    }));
}

/** A string in an expression is a number too, its first character the lowest byte (NASM manual 3.4.4). */
function characterOf(token: Token): bigint | undefined {
  const bytes = token.kind === Kind.String ? stringBytes(token.text) : undefined;
  if (!bytes || bytes.length > 8) return undefined;
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes.charCodeAt(i));
  return value;
}

/** On a label: make it known to other modules. */
export function globalActions({ view: { outline, names }, path, range }: Place): CodeAction[] {
  const found = tokenAt(outline, range.start.line, range.start.character);
  if (!found || outline.shapes[found.index].label !== found.token) return [];
  const [name] = namesIn(names, outline, found.index, found.at);
  if (!name || outline.exported.has(name.name)) return [];
  const declared = names.find(name.key)[0];
  if (declared?.kind !== 'label' || !contains(nameRange(name), range.start)) return [];
  const line = found.token.line - 1;
  return [
    {
      title: `Add global ${name.name}`,
      kind: CodeActionKind.RefactorRewrite,
      edit: edit(path, [{ range: at({ line, character: 0 }), newText: `        global  ${name.name}\n` }]),
    },
  ];
}
