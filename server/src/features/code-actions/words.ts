import { Kind, PREPROCESSOR_DIRECTIVES } from '@hyperstep/assembler';
import type { CodeAction, Diagnostic } from 'vscode-languageserver';
import { tokenRange } from '../../locations';
import { nearest } from '../diagnostics';
import { at, edit, type Place, textOf } from './place';

/** A misspelt instruction or macro. */
export function unknownInstruction(place: Place, diagnostic: Diagnostic): CodeAction[] {
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

/** A word alone on its line: a label, or a misspelt instruction. */
export function orphan(place: Place, diagnostic: Diagnostic): CodeAction[] {
  return [
    {
      title: 'Add a colon: it is a label',
      edit: edit(place.path, [{ range: at(diagnostic.range.end), newText: ':' }]),
      isPreferred: true,
    },
    ...unknownInstruction(place, diagnostic).map((a) => ({ ...a, isPreferred: false })),
  ];
}

/** A misspelt directive of the preprocessor. */
export function unknownDirective(place: Place, diagnostic: Diagnostic): CodeAction[] {
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
export function closeBracket(place: Place, diagnostic: Diagnostic): CodeAction[] {
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
