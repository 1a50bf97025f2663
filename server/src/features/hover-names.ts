import type { Token } from '@hyperstep/assembler';
import type { Declaration } from '../syntax/declaration';
import { expandedText, valueOfTokens } from './evaluate';
import { expansionOf } from './expansion';
import { bytesLine } from './hover-bytes';
import { numberText, placeOf } from './hover-values';
import type { View } from './lookup';
import { parametersOf } from './symbols';

/** A name with a declaration. */
export function* describe(
  seen: View,
  path: string,
  index: number,
  name: string,
  declared: Declaration,
  /** How many definitions there are. */
  count: number,
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
    if (count > 1) parts.push(`One of ${count} definitions, the nearest above`);
    else parts.push(defineUse(seen, index, token, parameters !== undefined));
    parts.push(commentAbove(seen, declared), where(declared));
  } else parts.push(...symbolText(seen, name, declared));
  return parts.filter((p) => p !== '').join('\n\n');
}

/** What the use of a single-line macro stands for here. */
function defineUse(seen: View, index: number, token: Token, withParameters: boolean): string {
  const { tokens } = seen.outline.lines[index];
  const at = tokens.indexOf(token);
  const use = withParameters ? callAt(tokens, at) : [token];
  if (!use) return '';
  const value = valueOfTokens(use, placeOf(seen, index));
  const text = withParameters ? expandedText(use, seen.names) : undefined;
  return [text && `Expands to \`${text}\``, value !== undefined && numberText(value)]
    .filter((part) => part)
    .join('\n\n');
}

/** The tokens of a call `name(…)`. */
function callAt(tokens: readonly Token[], at: number): readonly Token[] | undefined {
  if (at < 0 || !tokens[at + 1]?.is('(')) return undefined;
  let depth = 0;
  for (let i = at + 1; i < tokens.length; i++) {
    if (tokens[i].is('(')) depth++;
    else if (tokens[i].is(')') && --depth === 0) return tokens.slice(at, i + 1);
  }
  return undefined;
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
  } else if (declared.kind === 'section') {
    const section = program.latest.map.sections.find((s) => s.name === name);
    parts.push(code(`section ${name}`));
    if (section)
      parts.push(
        `At \`0x${section.vstart.toString(16).toUpperCase()}\`, ${section.length} bytes${section.nobits ? ' without content' : ''}`,
      );
  } else if (declared.kind === 'context') parts.push(code(name), 'Local of a context that `%push` opened');
  else if (declared.kind === 'macro-local')
    parts.push(code(`${name}:`), `Label of the macro \`${declared.container}\`, another one in every call`);
  else
    parts.push(code(`${declared.kind === 'extern' ? 'extern ' : ''}${name}`), value ? `Value ${value}` : '');
  parts.push(commentAbove(seen, declared), where(declared));
  return parts;
}

/** A symbol that only macros make: the source map knows it. */
export function undeclared(seen: View, name: string): string | undefined {
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
