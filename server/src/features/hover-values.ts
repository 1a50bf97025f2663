import { findRegister, floatBits, Kind, stringBytes, type Token } from '@hyperstep/assembler';
import { notations, numberOf, type Place, valueOfTokens } from './evaluate';
import type { View } from './lookup';

/** Where expressions of a line are evaluated. */
export function placeOf(seen: View, index: number): Place {
  const { outline, program, names } = seen;
  const line = outline.lines[index];
  return {
    program,
    names,
    parent: outline.surroundings[index].parent,
    address: program.entries(outline.document.path, line.number)[0]?.address,
  };
}

/** A number, a string or a floating-point constant. */
export function literalDoc(seen: View, index: number, at: number): string | undefined {
  const { tokens } = seen.outline.lines[index];
  const token = tokens[at];
  const value = numberOf(token);
  const negative = isSign(tokens, at - 1);
  if (value !== undefined) return numberText(negative ? -value : value);
  if (token.kind === Kind.Float)
    return floatDoc(token.text, negative, seen.outline.shapes[index].head?.lower);
  return token.kind === Kind.String ? stringDoc(token) : undefined;
}

/** Is the token a minus in front of a number, rather than between two? */
function isSign(tokens: readonly Token[], at: number): boolean {
  if (!tokens[at]?.is('-')) return false;
  const before = tokens[at - 1];
  return before === undefined || (before.kind === Kind.Operator ? !/^[)\]]$/.test(before.text) : at === 1);
}

function stringDoc(token: Token): string | undefined {
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

const FLOATS: readonly [name: string, bytes: number, directive: string][] = [
  ['half', 2, 'dw'],
  ['single', 4, 'dd'],
  ['double', 8, 'dq'],
  ['extended', 10, 'dt'],
  ['quadruple', 16, 'do'],
];

/** A floating-point constant as the bits of the format that the directive takes; of the common ones elsewhere. */
function floatDoc(text: string, negative: boolean, directive: string | undefined): string {
  const own = FLOATS.filter(([, , word]) => word === directive);
  const shown = own.length > 0 ? own : FLOATS.filter(([, bytes]) => bytes === 4 || bytes === 8);
  const rows = shown.map(([name, bytes]) => {
    const bits = floatBits(text, negative, bytes);
    return bits === undefined
      ? ''
      : `${name} \`0x${bits
          .toString(16)
          .toUpperCase()
          .padStart(bytes * 2, '0')}\``;
  });
  return `\`${negative ? '-' : ''}${text}\`: ${rows.filter((row) => row !== '').join(' · ')}`;
}

/** `$` and `$$`. */
export function hereDoc(seen: View, index: number, token: Token): string | undefined {
  if (token.text === '$') {
    const { address } = placeOf(seen, index);
    const value = address === undefined ? '' : `: \`0x${address.toString(16).toUpperCase()}\``;
    return `\`$\` — the address of this line${value}`;
  }
  if (token.text !== '$$') return undefined;
  const name = sectionAt(seen, index);
  const section = seen.program.latest.map.sections.find((s) => s.name === name);
  const value = section ? `: \`0x${section.vstart.toString(16).toUpperCase()}\`` : '';
  return `\`$$\` — the address at which this section begins${value}`;
}

/** The section that a line is in. */
function sectionAt({ outline }: View, index: number): string {
  for (let i = index; i >= 0; i--) {
    const { kind, head, at } = outline.shapes[i];
    if (kind === 'directive' && /^se(ction|gment)$/.test(head!.lower))
      return outline.lines[i].tokens[at + 1]?.text ?? '.text';
  }
  return '.text';
}

/** The operand around an operator, evaluated. */
export function expressionDoc(seen: View, index: number, at: number): string | undefined {
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
