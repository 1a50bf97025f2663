/** Corrections to iced-x86's table and rows besides it, collected by the files of this folder. */
import type { Form, Slot } from '../form';
import type { RegisterClass } from '../registers';

/** Corrections to rows, by iced-x86's name of the row; a null removes the row. */
export const tweaks: Record<string, Partial<Form> | null> = {};

/** Adds to the corrections of rows. */
export function tweak(names: string, change: Partial<Form>) {
  for (const name of names.split(' ')) tweaks[name] = { ...tweaks[name], ...change };
}

/** Rows that NASM has in addition: made from an iced-x86 row. */
export interface Addition {
  mnemonic: string;
  from: string;
  change: Partial<Form>;
  /** New operand list, from the row's own. */
  slots?: (slots: Slot[]) => Slot[];
}

/** See {@link Addition}. */
export const additions: Addition[] = [];

/** Adds a row; see {@link Addition}. */
export function add(mnemonic: string, from: string, change: Partial<Form> = {}, slots?: Addition['slots']) {
  additions.push({ mnemonic, from, change, slots });
}

/** An operand that the opcode implies and that may be written nevertheless. */
export function implied(register: RegisterClass, only: number): Slot {
  return { place: 'fixed', register, only, memory: false, bytes: 0, immediateSize: 0 };
}
