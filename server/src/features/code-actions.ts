import {
  findRegister,
  Kind,
  PREPROCESSOR_DIRECTIVES,
  SIZES,
  stringBytes,
  type Token,
} from '@hyperstep/assembler';
import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic,
  type Position,
  type Range,
  type TextEdit,
} from 'vscode-languageserver';
import { formsIn } from '../knowledge/instructions';
import { wholeOf } from '../knowledge/registers';
import { contains, nameRange, span, tokenRange, uriOf } from '../locations';
import { namesIn, tokenAt } from '../syntax/resolve';
import type { Workspace } from '../workspace/workspace';
import { nearest } from './diagnostics';
import { notations, numberOf } from './evaluate';
import { type View, view } from './lookup';

/** Where an action is asked for. */
interface Place {
  view: View;
  path: string;
  range: Range;
}

/** Repairs for the diagnostics given, and rewrites of what stands at the place. */
export function codeActions(
  workspace: Workspace,
  path: string,
  range: Range,
  diagnostics: readonly Diagnostic[],
  only?: readonly string[],
): CodeAction[] {
  const seen = view(workspace, path);
  if (!seen) return [];
  const place: Place = { view: seen, path, range };
  const actions: CodeAction[] = [];
  for (const diagnostic of diagnostics) {
    const repair = typeof diagnostic.code === 'string' ? REPAIRS[diagnostic.code] : undefined;
    for (const action of repair?.(place, diagnostic) ?? []) {
      actions.push({ kind: CodeActionKind.QuickFix, diagnostics: [diagnostic], ...action });
    }
  }
  actions.push(...numberActions(place), ...globalActions(place));
  if (!only || only.length === 0) return actions;
  return actions.filter((a) => only.some((kind) => a.kind === kind || a.kind?.startsWith(`${kind}.`)));
}

function edit(path: string, edits: TextEdit[]): CodeAction['edit'] {
  return { changes: { [uriOf(path)]: edits } };
}

const at = (position: Position): Range => ({ start: position, end: position });

type Repair = (place: Place, diagnostic: Diagnostic) => CodeAction[];

/** By the assembler's stable names of diagnostics. */
const REPAIRS: Readonly<Record<string, Repair>> = {
  'size-missing': sizes,
  'symbol-undefined': undefinedSymbol,
  'instruction-unknown': unknownInstruction,
  'label-orphan': orphan,
  'label-unused': unused,
  mode: (place, d) => [...otherWidth(place, d), ...bits(place, d)],
  'address-size': bits,
  'jump-range': farJump,
  'directive-unknown': unknownDirective,
  syntax: closeBracket,
  'operand-size': operandSize,
  'operand-combination': operandSize,
  'external-unsupported': external,
  'label-reserved': (place, d) => [
    {
      title: `Write $${textOf(place, d.range)}`,
      edit: edit(place.path, [{ range: at(d.range.start), newText: '$' }]),
      isPreferred: true,
    },
  ],
};

function textOf({ view: { outline } }: Place, range: Range): string {
  return outline.document.line(range.start.line).slice(range.start.character, range.end.character);
}

/** `inc [x]`: offers the sizes that the instruction takes. */
function sizes(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const { outline, program } = place.view;
  const index = outline.indexOf(diagnostic.range.start.line);
  const head = outline.shapes[index]?.head;
  const known = head
    ? new Set(
        formsIn(head.lower, program.bitsAt(place.path, diagnostic.range.start.line)).map((f) => f.memorySize),
      )
    : new Set();
  return [...SIZES]
    .filter(([, size]) => known.has(size))
    .map(([word]) => ({
      title: `Write ${word} before the memory operand`,
      edit: edit(place.path, [{ range: at(diagnostic.range.start), newText: `${word} ` }]),
    }));
}

function undefinedSymbol(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const word = textOf(place, diagnostic.range);
  const { outline, names } = place.view;
  const actions: CodeAction[] = [];
  const local = word.startsWith('.');
  const { parent } = outline.around(diagnostic.range.start.line);
  const candidates = [...names.all()]
    .filter(
      (d) => d.kind !== 'section' && d.kind !== 'context' && d.kind !== 'macro-local' && d.kind !== 'extern',
    )
    .filter((d) => !local || d.container === parent)
    .map((d) => ({ name: local ? d.name.slice(parent.length) : d.name }));
  const similar = nearest(word, candidates);
  if (similar) {
    actions.push({
      title: `Change to ${similar}`,
      edit: edit(place.path, [{ range: diagnostic.range, newText: similar }]),
      isPreferred: true,
    });
  }
  const field = missingField(place, word);
  if (field) return [...actions, field];
  const plain = /^[A-Za-z_?@][^.]*$/.test(word);
  if (plain) {
    const line = topLine(place);
    actions.push({
      title: `Add extern ${word}`,
      edit: edit(place.path, [{ range: at({ line, character: 0 }), newText: `        extern  ${word}\n` }]),
    });
    actions.push({
      title: `Add the constant ${word} equ 0`,
      edit: edit(place.path, [{ range: at({ line, character: 0 }), newText: `${word.padEnd(15)} equ 0\n` }]),
    });
  }
  if (local || plain) {
    const end = outline.document.lineCount - 1;
    const target = local ? endOfLabel(place, diagnostic.range.start.line) : end;
    actions.push({
      title: `Add the label ${word}`,
      edit: edit(place.path, [
        { range: at({ line: target, character: 0 }), newText: `${word}:\n        ret\n` },
      ]),
    });
  }
  return actions;
}

/** `item.next` where there is a `struc item` in this file: another field at its end. */
function missingField({ view: { outline, names }, path }: Place, word: string): CodeAction | undefined {
  const dot = word.indexOf('.', 1);
  if (dot < 0) return undefined;
  const struc = names.symbol(word.slice(0, dot)).find((d) => d.kind === 'struc' && d.path === path);
  const last = struc && outline.lines[struc.last];
  if (!struc || !last || struc.last === struc.index) return undefined;
  const range = at({ line: last.number - 1, character: 0 });
  return {
    title: `Add the field ${word.slice(dot)} to ${struc.name}`,
    edit: edit(path, [{ range, newText: `        ${word.slice(dot).padEnd(7)} resd 1\n` }]),
  };
}

/** The first line behind the comments, `%include`s and settings at the top of the file. */
function topLine({ view: { outline } }: Place): number {
  const { document } = outline;
  let line = 0;
  for (; line < document.lineCount; line++) {
    const text = document.line(line).trim();
    if (
      text !== '' &&
      !/^(;|%include|%if|%define|\[?(bits|org|default|cpu|use\d\d|extern|global)\b)/i.test(text)
    )
      break;
  }
  // Not between a comment and what it describes.
  while (line > 0 && /^\s*;/.test(document.line(line - 1))) line--;
  return Math.min(line, Math.max(0, document.lineCount - 1));
}

/** The line behind the block of the label around a line. */
function endOfLabel({ view: { outline } }: Place, line: number): number {
  const index = outline.search(line + 1);
  const owner = outline.declarations
    .filter((d) => d.kind === 'label' && d.index <= index && d.last >= index)
    .pop();
  const last = owner ? outline.lines[owner.last].number : line + 1;
  return Math.min(last, outline.document.lineCount - 1);
}

function unknownInstruction(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const { outline, names } = place.view;
  const macros = [...names.all()].filter((d) => d.kind === 'macro').map((d) => ({ name: d.name }));
  const words = [...COMMON.map((name) => ({ name })), ...macros];
  // `mvo eax, 1` reads as a label `mvo` before an unknown `eax`.
  const { label } = outline.shapes[outline.indexOf(diagnostic.range.start.line)] ?? {};
  const ranges = label ? [tokenRange(label), diagnostic.range] : [diagnostic.range];
  for (const range of ranges) {
    const word = textOf(place, range);
    const similar = nearest(word.toLowerCase(), words);
    if (!similar || similar === word) continue;
    const change = edit(place.path, [{ range, newText: similar }]);
    return [{ title: `Change to ${similar}`, edit: change, isPreferred: true }];
  }
  return [];
}

/** Words people misspell. */
const COMMON = (
  'mov movzx movsx add sub and or xor not neg cmp test inc dec mul imul div idiv push pop call ret jmp je jne jz jnz ja jb jae jbe jg jl jge jle ' +
  'lea shl shr sar rol ror xchg int iret iretq hlt cli sti cld std in out nop loop leave enter rdmsr wrmsr cpuid syscall sysret vmcall vmlaunch vmresume ' +
  'vmread vmwrite vmxon vmxoff vmclear vmptrld invept invvpid lgdt lidt ltr swapgs rep movsb movsq stosb stosq db dw dd dq resb resw resd resq times equ ' +
  'section global extern align bits default struc endstruc istruc iend incbin'
).split(' ');

function orphan(place: Place, diagnostic: Diagnostic): CodeAction[] {
  return [
    {
      title: 'Add a colon: it is a label',
      edit: edit(place.path, [{ range: at(diagnostic.range.end), newText: ':' }]),
      isPreferred: true,
    },
    ...unknownInstruction(place, diagnostic).map((a) => ({ ...a, isPreferred: false })),
  ];
}

function unused(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const { outline } = place.view;
  const line = diagnostic.range.start.line;
  const index = outline.indexOf(line);
  const shape = outline.shapes[index];
  const { tokens } = outline.lines[index];
  const text = outline.document.line(line);
  const next = shape.head ?? undefined;
  const alone = next === undefined;
  const colon = tokens[1]?.is(':') ? tokens[1] : tokens[0];
  const range = alone
    ? { start: { line, character: 0 }, end: { line: line + 1, character: 0 } }
    : span(line, diagnostic.range.start.character, colon.end - 1);
  // The statement keeps its column.
  const newText = alone
    ? text.includes(';')
      ? `${' '.repeat(8)}${text.slice(text.indexOf(';'))}\n`
      : ''
    : ' '.repeat(colon.end - 1 - diagnostic.range.start.character);
  return [
    { title: 'Remove the unused label', edit: edit(place.path, [{ range, newText }]), isPreferred: true },
  ];
}

/** An instruction that does not exist in this mode: says the mode, offers the others. */
function bits(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const { outline, program } = place.view;
  const line = diagnostic.range.start.line;
  const index = outline.indexOf(line);
  const head = outline.shapes[index]?.head;
  if (!head) return [];
  const now = program.bitsAt(place.path, line);
  // Some registers exist in 64-bit mode only.
  const registers = outline.lines[index].tokens.map((t) => findRegister(t.lower));
  const long = registers.some((r) => r && (r.class === 'r64' || r.needsRex || r.number > 7));
  const modes = long ? ([64] as const) : formsIn(head.lower, 64).length > 0 ? ([64, 32, 16] as const) : [];
  const target = owningLine(place, index);
  return modes
    .filter((mode) => mode !== now && modeHas(head.lower, mode))
    .map((mode) => {
      const given = bitsLine(place, index);
      const change: TextEdit = given
        ? { range: tokenRange(given), newText: String(mode) }
        : { range: at({ line: target, character: 0 }), newText: `        bits    ${mode}\n` };
      return {
        title: `${given ? 'Change to' : 'Assemble for'} bits ${mode}`,
        edit: edit(place.path, [change]),
      };
    });
}

function modeHas(mnemonic: string, mode: 16 | 32 | 64): boolean {
  const bit = { 16: 1, 32: 2, 64: 4 }[mode];
  return formsIn(mnemonic, mode).some((f) => f.modes & bit);
}

/** `push eax` in 64-bit mode: the register of the width that the mode has. */
function otherWidth(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const { outline, program } = place.view;
  const found = tokenAt(outline, diagnostic.range.start.line, diagnostic.range.start.character);
  const register = found && findRegister(found.token.lower);
  if (!register || !/^r(32|64)$/.test(register.class)) return [];
  const now = program.bitsAt(place.path, diagnostic.range.start.line);
  const name = sized(found.token.lower, register.size === 32 ? 64 : 32);
  // Without the other half there is nothing to offer: `r8` in 32-bit mode.
  if (!name || (register.size === 32) !== (now === 64) || (now !== 64 && register.number > 7)) return [];
  const change = edit(place.path, [{ range: tokenRange(found.token), newText: name }]);
  return [{ title: `Use ${name}`, edit: change, isPreferred: true }];
}

/** A jump whose target is too far away for `short`. */
function farJump(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const { outline } = place.view;
  const index = outline.indexOf(diagnostic.range.start.line);
  const tokens = outline.lines[index]?.tokens ?? [];
  const at = tokens.findIndex((t) => t.lower === 'short');
  const next = tokens[at + 1];
  if (at < 0 || !next) return [];
  const range = { start: tokenRange(tokens[at]).start, end: tokenRange(next).start };
  return [{ title: 'Remove short', edit: edit(place.path, [{ range, newText: '' }]), isPreferred: true }];
}

/** A misspelt directive of the preprocessor. */
function unknownDirective(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const { tokens } = place.view.outline.lines[place.view.outline.indexOf(diagnostic.range.start.line)] ?? {};
  const token = tokens?.[0];
  if (token?.kind !== Kind.Preprocessor) return [];
  const similar = nearest(
    token.lower,
    PREPROCESSOR_DIRECTIVES.map((name) => ({ name })),
  );
  if (!similar) return [];
  const change = edit(place.path, [{ range: tokenRange(token), newText: similar }]);
  return [{ title: `Change to ${similar}`, edit: change, isPreferred: true }];
}

/** The bracket that is missing at the end of the line. */
function closeBracket(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const missing = /^expected `([)\]}])`.*the end of the line$/.exec(String(diagnostic.message))?.[1];
  const { outline } = place.view;
  const tokens = outline.lines[outline.indexOf(diagnostic.range.start.line)]?.tokens;
  if (!missing || !tokens) return [];
  const { end } = tokenRange(tokens[tokens.length - 1]);
  return [
    {
      title: `Add ${missing}`,
      edit: edit(place.path, [{ range: at(end), newText: missing }]),
      isPreferred: true,
    },
  ];
}

/** The operand of the `bits` directive in force at a token line, if this file has it. */
function bitsLine({ view: { outline } }: Place, index: number): Token | undefined {
  for (let i = index; i >= 0; i--) {
    const shape = outline.shapes[i];
    if (shape.kind === 'directive' && shape.head!.lower === 'bits')
      return outline.lines[i].tokens[shape.at + 1];
  }
  return undefined;
}

function owningLine({ view: { outline } }: Place, index: number): number {
  const owner = outline.declarations
    .filter((d) => d.kind === 'label' && d.index <= index && d.last >= index)
    .pop();
  return (owner?.token.line ?? outline.lines[index].number) - 1;
}

/** `mov rax, bl`: the same-sized register, or an extending move. */
function operandSize(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const { outline } = place.view;
  const line = diagnostic.range.start.line;
  const index = outline.indexOf(line);
  const shape = outline.shapes[index];
  if (!shape?.head) return [];
  const { tokens } = outline.lines[index];
  const registers = tokens
    .slice(shape.at + 1)
    .filter((t) => t.kind === Kind.Identifier && /^r\d+$/.test(findRegister(t.lower)?.class ?? ''));
  if (registers.length !== 2 || tokens.some((t) => t.is('['))) return [];
  const [to, from] = registers;
  const [a, b] = [findRegister(to.lower)!, findRegister(from.lower)!];
  if (a.size === b.size) return [];
  const actions: CodeAction[] = [];
  const resized = (token: Token, size: number, title: string) => {
    const name = sized(token.lower, size);
    if (name) {
      actions.push({
        title: `${title} ${name}`,
        edit: edit(place.path, [{ range: tokenRange(token), newText: name }]),
      });
    }
  };
  if (shape.head.lower === 'mov' && a.size > b.size) {
    const head = shape.head;
    if (b.size <= 16) {
      for (const [word, what] of [
        ['movzx', 'zeros'],
        ['movsx', 'the sign'],
      ] as const) {
        actions.push({
          title: `Use ${word}: extend with ${what}`,
          edit: edit(place.path, [{ range: tokenRange(head), newText: word }]),
          isPreferred: word === 'movzx',
        });
      }
    } else {
      actions.push({
        title: 'Use movsxd: extend the sign',
        edit: edit(place.path, [{ range: tokenRange(head), newText: 'movsxd' }]),
      });
    }
  }
  resized(from, a.size, 'Use the source register');
  resized(to, b.size, 'Use the destination register');
  return actions;
}

/** The part of a general register that has this size. */
function sized(name: string, size: number): string | undefined {
  const whole = wholeOf(name);
  if (/^r\d+$/.test(whole)) return whole + { 8: 'b', 16: 'w', 32: 'd', 64: '' }[size];
  const stem = whole.slice(1);
  if (size === 64) return whole;
  if (size === 32) return `e${stem}`;
  if (size === 16) return stem;
  return stem.endsWith('x') ? `${stem[0]}l` : `${stem}l`;
}

function external(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const word = textOf(place, diagnostic.range);
  const declared = place.view.names.symbol(word).find((d) => d.kind === 'extern' && d.path === place.path);
  if (!declared) return [];
  const line = declared.token.line - 1;
  return [
    {
      title: `Remove extern ${word}`,
      edit: edit(place.path, [
        { range: { start: { line, character: 0 }, end: { line: line + 1, character: 0 } }, newText: '' },
      ]),
    },
  ];
}

// -- Rewrites

/** A number or character in another notation. */
function numberActions({ view: { outline }, path, range }: Place): CodeAction[] {
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
function globalActions({ view: { outline, names }, path, range }: Place): CodeAction[] {
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
