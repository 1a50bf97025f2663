import {
  allSteps,
  findRegister,
  isMnemonic,
  isPrefixName,
  Kind,
  parseStatement,
  type SourceLine,
  type Statement,
  stringBytes,
  type Token,
} from '@hyperstep/assembler';
import { type Hover, MarkupKind, type Position, type Range } from 'vscode-languageserver';
import { directiveDoc, OPERAND_WORDS, preprocessorDoc } from '../knowledge/directives';
import { instructionDoc } from '../knowledge/instruction-doc';
import { decodeForm } from '../knowledge/instructions';
import { registerDoc } from '../knowledge/registers';
import { STANDARD_MACROS_DOC } from '../knowledge/standard';
import { summaryOf } from '../knowledge/summaries';
import { nameRange, tokenRange } from '../locations';
import type { Declaration } from '../syntax/declaration';
import { nameAt, tokenAt } from '../syntax/resolve';
import { isDirective } from '../syntax/shape';
import type { Workspace } from '../workspace/workspace';
import { notations, numberOf, type Place, valueOfTokens } from './evaluate';
import { expansionOf } from './expansion';
import { type View, view } from './lookup';
import { parametersOf } from './symbols';

/** Bytes of a line shown before it says how many more there are. */
const MAX_BYTES = 24;

/** What stands at a position: an instruction, a symbol, a number, a macro, an expression. */
export function hover(workspace: Workspace, path: string, position: Position): Hover | null {
  workspace.interrupt();
  return allSteps(hoverInSteps(workspace, path, position));
}

/** The same; takes steps where a macro has to be expanded. */
export function* hoverInSteps(
  workspace: Workspace,
  path: string,
  position: Position,
): Generator<void, Hover | null> {
  const seen = view(workspace, path);
  const found = seen && tokenAt(seen.outline, position.line, position.character);
  if (!seen || !found) return null;
  const { token, index, at } = found;
  const name = nameAt(seen.names, seen.outline, position.line, position.character);
  const declared = name ? seen.names.find(name.key) : [];
  if (name && declared.length > 0) {
    return show(yield* describe(seen, path, index, name.name, declared[0], token), nameRange(name));
  }
  const text =
    wordDoc(seen, path, index, at) ??
    (name && undeclared(seen, name.name)) ??
    numberDoc(token) ??
    expressionDoc(seen, index, at);
  return text ? show(text, tokenRange(token)) : null;
}

function show(value: string, range: Range): Hover {
  return { contents: { kind: MarkupKind.Markdown, value }, range };
}

/** Where expressions of a line are evaluated. */
function placeOf(seen: View, index: number): Place {
  const { outline, program, names } = seen;
  const line = outline.lines[index];
  return {
    program,
    names,
    parent: outline.surroundings[index].parent,
    address: program.entries(outline.document.path, line.number)[0]?.address,
  };
}

/** Instructions, directives, registers and other words of the dialect. */
function wordDoc(seen: View, path: string, index: number, at: number): string | undefined {
  const line = seen.outline.lines[index];
  const shape = seen.outline.shapes[index];
  const token = line.tokens[at];
  if (token.kind === Kind.Preprocessor) {
    if (at === 0 && shape.kind === 'preprocessor')
      return directiveText(token.text, preprocessorDoc(token.text));
    return parameterDoc(token);
  }
  if (token.kind !== Kind.Identifier) return undefined;
  const word = token.lower;
  const operand = at > shape.at && shape.at >= 0;
  if (operand) {
    const register = registerDoc(word);
    if (register) return `\`${word}\` — ${register}`;
    if (Object.hasOwn(OPERAND_WORDS, word)) return `\`${word}\` — ${OPERAND_WORDS[word]}`;
  }
  if (Object.hasOwn(STANDARD_MACROS_DOC, token.text))
    return `\`${token.text}\` — ${STANDARD_MACROS_DOC[token.text]}`;
  const directive = directiveDoc(word);
  if (directive && (isDirective(word) || at === shape.at || word === 'times')) {
    return directiveText(word, directive) + bytesLine(seen, path, line);
  }
  if (isPrefixName(word) && !operand && summaryOf(word))
    return `**${word.toUpperCase()}** (prefix) — ${summaryOf(word)}`;
  if (at === shape.at && isMnemonic(word)) {
    const bits = seen.program.bitsAt(path, line.number - 1);
    return (instructionDoc(word, bits, registersOf(line)) ?? '') + bytesLine(seen, path, line);
  }
  return undefined;
}

function directiveText(
  word: string,
  doc: { operands: string; text: string } | undefined,
): string | undefined {
  return doc && `\`\`\`nasm\n${word} ${doc.operands}\n\`\`\`\n${doc.text}`;
}

function parameterDoc(token: Token): string | undefined {
  const { text } = token;
  if (text === '%0') return '`%0` — the number of parameters of the call.';
  if (text === '%00') return '`%00` — the label in front of the call.';
  if (/^%\d+$/.test(text)) return `\`${text}\` — parameter ${text.slice(1)} of the macro.`;
  if (/^%[+-]\d+$/.test(text))
    return `\`${text}\` — parameter ${text.slice(2)} as a condition code${text[1] === '-' ? ', negated' : ''}.`;
  if (text === '%+') return '`%+` — joins the texts on both sides.';
  return undefined;
}

/** The registers that the operands of a line are, undefined for other operands. */
export function registersOf(line: SourceLine): (string | undefined)[] {
  const { body } = statementOf(line);
  if (body.kind !== 'instruction') return [];
  return body.operands.map((o) => (o.value?.kind === 'register' && !o.offset ? o.value.name : undefined));
}

/** The statement of a line as written, before macros. */
export function statementOf(line: SourceLine): Statement {
  return (line.statement as Statement | undefined) ?? parseStatement(line.tokens);
}

/** Address and bytes that a line has become. */
export function bytesLine(seen: View, path: string, line: SourceLine): string {
  const { program } = seen;
  void program.current;
  const entries = program.entries(path, line.number);
  if (entries.length === 0) return '';
  const total = entries.reduce((sum, e) => sum + e.length, 0);
  const bytes: string[] = [];
  for (const entry of entries) {
    const data = program.bytesOf(entry);
    for (const byte of data ?? []) {
      if (bytes.length >= MAX_BYTES) break;
      bytes.push(byte.toString(16).padStart(2, '0').toUpperCase());
    }
  }
  const more = total > bytes.length && bytes.length > 0 ? ` … ${total} bytes` : '';
  const content = bytes.length > 0 ? `\`${bytes.join(' ')}\`${more}` : `${total} bytes reserved`;
  const form =
    entries.length === 1 && entries[0].code ? encodedForm(program.bytesOf(entries[0]), entries[0].bits) : '';
  return `\n\n---\n\`0x${entries[0].address.toString(16).toUpperCase()}\`: ${content}${form}`;
}

/** The encoding chosen, as the manual writes it; empty when the bytes are not one instruction. */
function encodedForm(bytes: Uint8Array | undefined, bits: 16 | 32 | 64): string {
  const form = bytes && decodeForm(bytes, bits);
  return form ? ` — \`${form.instruction}\`, \`${form.encoding}\`` : '';
}

/** A name with a declaration. */
function* describe(
  seen: View,
  path: string,
  index: number,
  name: string,
  declared: Declaration,
  token: Token,
): Generator<void, string> {
  const parts: string[] = [];
  const line = seen.outline.lines[index];
  const calls = seen.outline.shapes[index].head === token;
  if (declared.macro) {
    parts.push(
      code(
        `%macro ${declared.name} ${parametersOf(declared)} ${declared.macro.defaults.join(', ')}`.trimEnd(),
      ),
    );
    parts.push(commentAbove(seen, declared), where(declared));
    const expansion = calls ? yield* expansionOf(seen.program, path, line.number) : undefined;
    if (expansion && expansion.length > 0) parts.push(`Expands to:\n${code(expansion.join('\n'))}`);
    else parts.push(bodyOf(seen, declared));
    if (calls) parts.push(bytesLine(seen, path, line).replace('\n\n---\n', ''));
  } else if (declared.define) {
    const { parameters, body, directive } = declared.define;
    parts.push(
      code(
        `${directive} ${declared.name}${parameters ? `(${parameters.join(', ')})` : ''} ${body}`.trimEnd(),
      ),
    );
    const value = parameters ? undefined : valueOfTokens([token], placeOf(seen, index));
    if (value !== undefined) parts.push(numberText(value));
    parts.push(commentAbove(seen, declared), where(declared));
  } else parts.push(...symbolText(seen, name, declared));
  return parts.filter((p) => p !== '').join('\n\n');
}

function symbolText(seen: View, name: string, declared: Declaration): string[] {
  const { program } = seen;
  const entry = program.entry(name);
  const value = entry && `0x${BigInt.asUintN(64, entry.value).toString(16).toUpperCase()}`;
  const parts: string[] = [];
  if (declared.kind === 'struc') {
    const struc = program.latest.map.strucs.find((s) => s.name === name);
    const fields = struc?.fields.map((f) => `  +${hex(f.offset)}  .${f.name}  ; ${f.size} bytes`) ?? [];
    parts.push(
      code([`struc ${name}${struc ? `  ; ${struc.size} bytes` : ''}`, ...fields.slice(0, 40)].join('\n')),
    );
  } else if (declared.kind === 'field') {
    const struc = program.latest.map.strucs.find((s) => s.name === declared.container);
    const own = declared.name.slice(declared.name.lastIndexOf('.') + 1);
    const field = struc?.fields.find((f) => f.name === own);
    parts.push(
      code(
        `${declared.name} ; +${field ? hex(field.offset) : (value ?? '?')}${field ? `, ${field.size} bytes` : ''}`,
      ),
    );
    parts.push(`Field of \`struc ${declared.container}\`${struc ? ` (${struc.size} bytes)` : ''}`);
  } else if (declared.kind === 'equ') {
    parts.push(code(`${name} equ ${value ?? '?'}`));
    if (entry) parts.push(numberText(entry.value));
  } else if (declared.kind === 'label' || declared.kind === 'local') {
    parts.push(code(`${name}: ${value ?? ''}`.trimEnd()));
    parts.push(entry?.section ? `Label in section \`${entry.section}\`` : 'Label');
  } else
    parts.push(code(`${declared.kind === 'extern' ? 'extern ' : ''}${name}`), value ? `Value ${value}` : '');
  parts.push(commentAbove(seen, declared), where(declared));
  return parts;
}

/** A symbol that only macros make: the source map knows it. */
function undeclared(seen: View, name: string): string | undefined {
  const entry = seen.program.entry(name);
  if (!entry) return undefined;
  const value = `0x${BigInt.asUintN(64, entry.value).toString(16).toUpperCase()}`;
  return `${code(`${name}${entry.kind === 'equ' ? ' equ' : ':'} ${value}`)}\n\n${entry.section ? `Label in section \`${entry.section}\`, made by a macro` : numberText(entry.value)}`;
}

function hex(n: number): string {
  return n.toString(16).toUpperCase().padStart(2, '0');
}

function code(text: string): string {
  return `\`\`\`nasm\n${text}\n\`\`\``;
}

function where({ path, token }: Declaration): string {
  return `*${path.slice(path.lastIndexOf('/') + 1)}, line ${token.line}*`;
}

/** Lines of comment above a declaration, and the one behind it: what people wrote about it. */
export function commentAbove(seen: View, declared: Declaration): string {
  const document = seen.names.outline(declared.path)?.document;
  if (!document) return '';
  const text: string[] = [];
  const line = declared.token.line - 1;
  for (let i = line - 1; i >= 0 && text.length < 12; i--) {
    const comment = /^\s*;+\s?(.*)$/.exec(document.line(i));
    if (!comment) break;
    text.unshift(comment[1]);
  }
  const behind = commentBehind(document.line(line), declared);
  if (behind) text.push(behind);
  // Written text, not Markdown.
  return text
    .filter((t) => !/^[-=*#\s]*$/.test(t))
    .map((t) => t.replace(/[\\`*_{}[\]<>#|]/g, '\\$&'))
    .join('  \n');
}

function commentBehind(text: string, declared: Declaration): string {
  if (declared.macro) return '';
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quote) quote = c === quote ? '' : quote;
    else if (c === '"' || c === "'" || c === '`') quote = c;
    else if (c === ';') return text.slice(i + 1).trim();
  }
  return '';
}

/** The body of a macro, as far as it is short. */
function bodyOf(seen: View, declared: Declaration): string {
  const document = seen.names.outline(declared.path)?.document;
  const outline = seen.names.outline(declared.path);
  if (!document || !outline) return '';
  const last = outline.lines[declared.last]?.number ?? declared.token.line;
  const lines: string[] = [];
  for (let i = declared.token.line; i < last - 1 && lines.length < 20; i++) lines.push(document.line(i));
  return lines.length > 0 ? code(lines.join('\n')) : '';
}

function numberDoc(token: Token): string | undefined {
  const value = numberOf(token);
  if (value !== undefined) return numberText(value);
  if (token.kind !== Kind.String) return undefined;
  const bytes = stringBytes(token.text);
  if (bytes === undefined) return undefined;
  const length = `${bytes.length} byte${bytes.length === 1 ? '' : 's'}`;
  if (bytes.length === 0 || bytes.length > 8) return `String of ${length}`;
  let number = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) number = (number << 8n) | BigInt(bytes.charCodeAt(i));
  return `String of ${length}; as a number:\n\n${numberText(number)}`;
}

/** A number in all notations. */
export function numberText(value: bigint): string {
  const { hex, decimal, binary, characters } = notations(value);
  const rows = [`hex \`${hex}\``, `dec \`${decimal}\``, `bin \`${binary}\``];
  if (characters) rows.push(`char \`${characters}\``);
  return rows.join(' · ');
}

/** The operand around an operator, evaluated. */
function expressionDoc(seen: View, index: number, at: number): string | undefined {
  const { tokens } = seen.outline.lines[index];
  const shape = seen.outline.shapes[index];
  if (at <= shape.at || shape.at < 0 || tokens[at].kind !== Kind.Operator) return undefined;
  const part = operandAround(tokens, shape.at + 1, at);
  const inner = part[0]?.is('[') && part[part.length - 1].is(']') ? part.slice(1, -1) : part;
  const clean = inner.filter((t, i) => !(i === 0 && findRegister(t.lower)));
  const value = valueOfTokens(clean, placeOf(seen, index));
  return value === undefined ? undefined : `= ${numberText(value)}`;
}

/** The tokens of the operand (between commas outside brackets) that contains a token. */
export function operandAround(tokens: readonly Token[], from: number, at: number): Token[] {
  let start = from;
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    if (tokens[i].is('(') || tokens[i].is('[') || tokens[i].is('{')) depth++;
    else if (tokens[i].is(')') || tokens[i].is(']') || tokens[i].is('}')) depth--;
    else if (depth === 0 && tokens[i].is(',')) {
      if (i >= at) return tokens.slice(start, i);
      start = i + 1;
    }
  }
  return tokens.slice(start);
}
