import {
  allSteps,
  isMnemonic,
  isPrefixName,
  Kind,
  parseStatement,
  type SourceLine,
  type Statement,
  type Token,
} from '@hyperstep/assembler';
import { type Hover, MarkupKind, type Position, type Range } from 'vscode-languageserver';
import {
  decoratorDoc,
  directiveDoc,
  OPERAND_WORDS,
  preprocessorDoc,
  SECTION_ATTRIBUTES,
} from '../knowledge/directives';
import { instructionDoc } from '../knowledge/instruction-doc';
import { factsOfBytes } from '../knowledge/instructions';
import { registerDoc } from '../knowledge/registers';
import { PACKAGE_DOC, standardMacroDoc } from '../knowledge/standard';
import { summaryOf } from '../knowledge/summaries';
import { nameRange, tokenRange } from '../locations';
import type { Declaration } from '../syntax/declaration';
import { nameAt, tokenAt } from '../syntax/resolve';
import { isDirective } from '../syntax/shape';
import type { Workspace } from '../workspace/workspace';
import { resolveFile } from './definition';
import { bytesLine, bytesOfOne } from './hover-bytes';
import { describe, undeclared } from './hover-names';
import { expressionDoc, hereDoc, literalDoc } from './hover-values';
import { type View, view } from './lookup';

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
    const best = inForce(declared, path, index);
    return show(yield* describe(seen, path, index, name.name, best, declared.length, token), nameRange(name));
  }
  const text =
    wordDoc(seen, path, index, at) ??
    (name && undeclared(seen, name.name)) ??
    hereDoc(seen, index, token) ??
    fileDoc(workspace, seen, path, token) ??
    literalDoc(seen, index, at) ??
    expressionDoc(seen, index, at);
  return text ? show(text, tokenRange(token)) : null;
}

/** Of several definitions the last one above the place. */
function inForce(declared: readonly Declaration[], path: string, index: number): Declaration {
  return declared.findLast((d) => d.define && d.path === path && d.index < index) ?? declared[0];
}

/** The name of an included file: which one it is. */
function fileDoc(workspace: Workspace, seen: View, path: string, token: Token): string | undefined {
  const use = seen.outline.files.find((f) => f.token === token);
  if (!use) return undefined;
  const target = resolveFile(workspace, seen, path, use.path);
  if (!target) return `No such file beside this one or in the include paths`;
  const size = workspace.read(target)?.length ?? 0;
  return `\`${target}\`\n\n${size} byte${size === 1 ? '' : 's'}`;
}

function show(value: string, range: Range): Hover {
  return { contents: { kind: MarkupKind.Markdown, value }, range };
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
  if (token.kind === Kind.Number && at > shape.at) return decoratorDoc(line.tokens, at);
  if (token.kind !== Kind.Identifier) return undefined;
  const word = token.lower;
  const operand = at > shape.at && shape.at >= 0;
  if (operand && shape.kind === 'directive' && /^se(ction|gment)$/.test(shape.head!.lower)) {
    const attribute = Object.hasOwn(SECTION_ATTRIBUTES, word) ? SECTION_ATTRIBUTES[word] : undefined;
    return attribute && `\`${word}\` — ${attribute}`;
  }
  if (shape.kind === 'preprocessor' && line.directive === 'use' && Object.hasOwn(PACKAGE_DOC, word))
    return `\`${word}\` — ${PACKAGE_DOC[word]}`;
  if (operand) {
    const decorator = decoratorDoc(line.tokens, at);
    if (decorator) return decorator;
    const register = registerDoc(word);
    if (register) return `\`${word}\` — ${register}`;
    if (Object.hasOwn(OPERAND_WORDS, word)) return `\`${word}\` — ${OPERAND_WORDS[word]}`;
  }
  const standard = standardMacroDoc(token.text);
  if (standard) return `\`${token.text}\` — ${standard}`;
  const directive = directiveDoc(word);
  if (directive && (isDirective(word) || at === shape.at || word === 'times')) {
    return directiveText(word, directive) + bytesLine(seen, path, line);
  }
  if (isPrefixName(word) && !operand && summaryOf(word))
    return `**${word.toUpperCase()}** (prefix) — ${summaryOf(word)}`;
  if (at === shape.at && isMnemonic(word)) {
    const bits = seen.program.bitsAt(path, line.number - 1);
    const bytes = bytesOfOne(seen, path, line);
    const own = bytes && factsOfBytes(bytes, bits);
    return (instructionDoc(word, bits, registersOf(line), own) ?? '') + bytesLine(seen, path, line);
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
