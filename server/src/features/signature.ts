import { isMnemonic, type Token, tokenise } from '@hyperstep/assembler';
import {
  MarkupKind,
  type Position,
  type SignatureHelp,
  type SignatureInformation,
} from 'vscode-languageserver';
import { directiveDoc, preprocessorDoc } from '../knowledge/directives';
import { summaryOf } from '../knowledge/summaries';
import type { Declaration } from '../syntax/declaration';
import { splitAtCommas } from '../syntax/macros';
import { split } from '../syntax/shape';
import type { Workspace } from '../workspace/workspace';
import { commentAbove } from './hover-names';
import { type View, view } from './lookup';
import { candidateForms, operandPlace, operandTexts, suits } from './slots';

/** Forms shown at once. */
const MAX_FORMS = 40;

/** What the operands or parameters at a position may be. */
export function signatureHelp(workspace: Workspace, path: string, position: Position): SignatureHelp | null {
  const seen = view(workspace, path);
  if (!seen) return null;
  const { document } = seen.outline;
  const before = document.line(position.line).slice(0, position.character);
  const tokens = tokenise(before, document.source, position.line + 1);
  const end = tokens[tokens.length - 1]?.end ?? 1;
  if (before.slice(end - 1).includes(';')) return null;
  const single = singleLine(seen, tokens);
  if (single) return single;
  const isMacro = (name: string) => seen.names.macro(name).length > 0;
  const shape = split(tokens, isMacro);
  const { head } = shape;
  if (!head || !/\s/.test(before.slice(head.end - 1, head.end))) return null;
  const rest = tokens.slice(shape.at + 1);
  if (shape.kind === 'call') return macro(seen, head, rest);
  if (shape.kind === 'instruction' && isMnemonic(head.lower)) {
    return instruction(head.lower, seen.program.bitsAt(path, position.line), rest);
  }
  const doc = shape.kind === 'preprocessor' ? preprocessorDoc(head.lower) : directiveDoc(head.lower);
  if (!doc || doc.operands === '') return null;
  return {
    signatures: [{ label: `${head.text} ${doc.operands}`, documentation: doc.text }],
    activeSignature: 0,
    activeParameter: 0,
  };
}

function instruction(mnemonic: string, bits: 16 | 32 | 64, rest: readonly Token[]): SignatureHelp | null {
  const place = operandPlace(rest);
  const forms = candidateForms(mnemonic, bits, place);
  const signatures = new Map<string, SignatureInformation>();
  let active = 0;
  for (const form of forms) {
    const operands = operandTexts(form);
    if (operands.length === 0) continue;
    const { label, parameters } = labelled(mnemonic, operands);
    if (signatures.has(label) || signatures.size >= MAX_FORMS) continue;
    // The first form that also takes what is written of this operand.
    if (
      active === 0 &&
      place.operands[place.index].length > 0 &&
      suits(form.slots[place.index], place.operands[place.index])
    ) {
      active = signatures.size;
    }
    signatures.set(label, { label, parameters, documentation: summaryOf(mnemonic) });
  }
  if (signatures.size === 0) return null;
  return { signatures: [...signatures.values()], activeSignature: active, activeParameter: place.index };
}

/** A label and where its parameters lie in it. */
function labelled(
  head: string,
  parts: readonly string[],
  separator = ' ',
): { label: string; parameters: { label: [number, number] }[] } {
  let label = head + separator;
  const parameters: { label: [number, number] }[] = [];
  parts.forEach((part, i) => {
    if (i > 0) label += ', ';
    parameters.push({ label: [label.length, label.length + part.length] });
    label += part;
  });
  return { label, parameters };
}

function macro(seen: View, head: Token, rest: readonly Token[]): SignatureHelp | null {
  const declared = seen.names.macro(head.text);
  if (declared.length === 0) return null;
  const given = rest.length === 0 ? 1 : splitAtCommas(rest).length;
  const signatures = declared.map((d) => {
    const { label, parameters } = labelled(d.name, parameterNames(seen, d));
    const documentation = commentAbove(seen, d);
    return {
      label,
      parameters,
      documentation: documentation ? { kind: MarkupKind.Markdown, value: documentation } : undefined,
    };
  });
  const fitting = declared.findIndex((d) => d.macro!.greedy || d.macro!.maximum >= given);
  const active = Math.max(0, fitting);
  const last = Math.max(0, signatures[active].parameters.length - 1);
  return { signatures, activeSignature: active, activeParameter: Math.min(given - 1, last) };
}

/**
 * Names for the parameters of a macro: those listed in the comment behind its
 * head (`%macro copy 2 ; from, to`), else their numbers.
 */
function parameterNames(seen: View, d: Declaration): string[] {
  const shape = d.macro!;
  const document = seen.names.outline(d.path)?.document;
  const comment = /;\s*(.*)$/.exec(document?.line(d.token.line - 1) ?? '')?.[1] ?? '';
  const written = comment.split(',').map((part) => part.trim());
  const count = Number.isFinite(shape.maximum) ? Math.max(shape.maximum, shape.minimum) : shape.minimum + 1;
  const named = written.length === count && written.every((w) => w !== '' && w.length < 40);
  return Array.from({ length: Math.min(count, 20) }, (_, i) => {
    const base = named ? written[i] : `%${i + 1}`;
    const standard = shape.defaults[i - shape.minimum];
    if (i < shape.minimum) return base + (shape.greedy && i === count - 1 ? ' …' : '');
    return `[${base}${standard ? ` = ${standard}` : ''}${Number.isFinite(shape.maximum) ? '' : ' …'}]`;
  });
}

/** Inside the parentheses of a single-line macro. */
function singleLine(seen: View, tokens: readonly Token[]): SignatureHelp | null {
  let depth = 0;
  let commas = 0;
  for (let i = tokens.length - 1; i > 0; i--) {
    const token = tokens[i];
    if (token.is(')')) depth++;
    else if (token.is(',') && depth === 0) commas++;
    else if (token.is('(') && depth-- === 0) {
      const name = tokens[i - 1];
      const found = seen.names.define(name.text).filter((d) => d.define?.parameters);
      if (found.length === 0) {
        depth = 0;
        commas = 0;
        continue;
      }
      const signatures = found.map((d) => {
        const { label, parameters } = labelled(d.name, d.define!.parameters!, '(');
        return { label: `${label}) ${d.define!.body}`, parameters };
      });
      const active = Math.max(
        0,
        found.findIndex((d) => d.define!.parameters!.length > commas),
      );
      return { signatures, activeSignature: active, activeParameter: commas };
    }
  }
  return null;
}
