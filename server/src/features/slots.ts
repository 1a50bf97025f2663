import { type Form, findRegister, Kind, type Slot, type Token } from '@hyperstep/assembler';
import { formsIn } from '../knowledge/instructions';
import { splitAtCommas } from '../syntax/macros';

/** The operand in which a place of a line lies. */
export interface OperandPlace {
  /** Index of the operand. */
  index: number;
  /** Tokens of every operand. */
  operands: Token[][];
  /** The place is inside `[…]`. */
  inside: boolean;
}

/** Where a place behind the head of a statement lies: `tokens` end at the place. */
export function operandPlace(tokens: readonly Token[]): OperandPlace {
  const operands = tokens.length === 0 ? [[]] : splitAtCommas(tokens);
  let depth = 0;
  for (const token of operands[operands.length - 1]) {
    if (token.is('[')) depth++;
    else if (token.is(']')) depth--;
  }
  return { index: operands.length - 1, operands, inside: depth > 0 };
}

/** The forms of an instruction whose operands before `place` fit what is written. */
export function candidateForms(mnemonic: string, bits: 16 | 32 | 64, place: OperandPlace): Form[] {
  const all = formsIn(mnemonic, bits).filter((f) => f.slots.length > place.index);
  const fitting = all.filter((form) =>
    form.slots.slice(0, place.index).every((slot, i) => suits(slot, place.operands[i])),
  );
  return fitting.length > 0 ? fitting : all;
}

/** Could the tokens be this operand? */
export function suits(slot: Slot, tokens: readonly Token[]): boolean {
  if (!tokens || tokens.length === 0) return true;
  const words = tokens.filter(
    (t) => !/^(byte|word|dword|qword|[toyz]word|short|near|far|strict|to)$/.test(t.lower),
  );
  const first = words[0];
  if (!first) return true;
  if (words.some((t) => t.is('['))) return slot.memory;
  const register = first.kind === Kind.Identifier ? findRegister(first.lower) : undefined;
  if (register) {
    if (slot.register !== register.class) return false;
    return slot.only === undefined || slot.only === register.number;
  }
  return slot.immediate !== undefined || slot.place === 'rel' || slot.place === 'far';
}

/** The parts of a form's operands in Intel's notation. */
export function operandTexts(form: Form): string[] {
  const space = form.text.indexOf(' ');
  return space < 0
    ? []
    : form.text
        .slice(space + 1)
        .split(',')
        .map((text) => text.trim().toLowerCase());
}
