import { findRegister, Kind, SIZES, type Token } from '@hyperstep/assembler';
import type { CodeAction, Diagnostic, TextEdit } from 'vscode-languageserver';
import { formsIn } from '../../knowledge/instructions';
import { wholeOf } from '../../knowledge/registers';
import { tokenRange } from '../../locations';
import { tokenAt } from '../../syntax/resolve';
import { at, edit, type Place } from './place';

/** `inc [x]`: offers the sizes that the instruction takes. */
export function sizes(place: Place, diagnostic: Diagnostic): CodeAction[] {
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

/** An instruction that does not exist in this mode: says the mode, offers the others. */
export function bits(place: Place, diagnostic: Diagnostic): CodeAction[] {
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
export function otherWidth(place: Place, diagnostic: Diagnostic): CodeAction[] {
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
export function farJump(place: Place, diagnostic: Diagnostic): CodeAction[] {
  const { outline } = place.view;
  const index = outline.indexOf(diagnostic.range.start.line);
  const tokens = outline.lines[index]?.tokens ?? [];
  const at = tokens.findIndex((t) => t.lower === 'short');
  const next = tokens[at + 1];
  if (at < 0 || !next) return [];
  const range = { start: tokenRange(tokens[at]).start, end: tokenRange(next).start };
  return [{ title: 'Remove short', edit: edit(place.path, [{ range, newText: '' }]), isPreferred: true }];
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
export function operandSize(place: Place, diagnostic: Diagnostic): CodeAction[] {
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
