import { type CodeAction, CodeActionKind, type Diagnostic, type Range } from 'vscode-languageserver';
import type { Workspace } from '../../workspace/workspace';
import { view } from '../lookup';
import { bits, farJump, operandSize, otherWidth, sizes } from './operands';
import { at, edit, type Place, type Repair, textOf } from './place';
import { globalActions, numberActions } from './rewrites';
import { external, undefinedSymbol, unused } from './symbols';
import { closeBracket, orphan, unknownDirective, unknownInstruction } from './words';

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
