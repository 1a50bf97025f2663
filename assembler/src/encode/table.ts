/**
 * All encodings by mnemonic: the rows of the opcode table with the dialect's
 * changes, read when a mnemonic is first used.
 */
import {
  type Addition,
  additions,
  correct,
  handRows,
  handTable,
  intelName,
  isShortened,
  tweaks,
} from './dialect';
import { type Form, uniform } from './form';
import { aliases, unknown } from './names';
import { isPseudo, pseudoForms } from './pseudo';
import { inTable, rowNamed, rowsOf, tableMnemonics } from './rows';

const forms = new Map<string, Form[]>();

/** Rows of the dialect by mnemonic. */
const added = new Map<string, Addition[]>();
for (const a of additions) {
  const list = added.get(a.mnemonic);
  if (list) list.push(a);
  else added.set(a.mnemonic, [a]);
}

function tweaked(name: string, form: Form): Form | undefined {
  const change = tweaks[name];
  if (change === null) return undefined;
  return change ? { ...form, ...change } : form;
}

function make(a: Addition): Form[] {
  const form = rowNamed(a.from);
  if (!form) return [];
  return [{ ...form, ...a.change, slots: a.slots ? a.slots(form.slots) : form.slots }];
}

/** `vaddps xmm1,xmm2` is `vaddps xmm1,xmm1,xmm2`: the first source may be left away when it is the destination. */
function shortened(form: Form): Form[] {
  const [first, second] = form.slots;
  if (form.space === 'legacy' || second === undefined || !/^[xyz]mm$/.test(first.register ?? '')) return [];
  if (first.register !== second.register) return [];
  const rest = form.slots.slice(2);
  const rank = form.rank + 5;
  // XOP shifts have the count last, and some XOP instructions have one source: it is ModRM.rm.
  if (form.space === 'xop' && first.place === 'reg' && second.place === 'rm') {
    return [{ ...form, slots: [{ ...first, place: 'both' }, ...rest], rank: rank - 5 }];
  }
  // Shifts by an immediate have the destination in vvvv.
  if (first.place === 'vvvv' && second.place === 'rm') {
    return [{ ...form, slots: [{ ...first, place: 'vvvv+rm' }, ...rest], rank }];
  }
  if (first.place !== 'reg' || second.place !== 'vvvv') return [];
  return [{ ...form, slots: [{ ...first, place: 'reg+vvvv' }, ...rest], rank }];
}

/** The hand-written rows of a mnemonic. */
function handed(mnemonic: string): ReturnType<typeof handRows> {
  if (!Object.hasOwn(handTable, mnemonic)) return undefined;
  const intel = rowsOf(intelName(mnemonic)).filter((row) => row.form.space === 'evex');
  return handRows(mnemonic, intel.at(-1)?.form.code ?? 0);
}

/** Is there an instruction of that lower-case name? Mostly asked about labels. */
export function isMnemonic(name: string): boolean {
  const maybe =
    inTable(name) ||
    added.has(name) ||
    Object.hasOwn(handTable, name) ||
    Object.hasOwn(aliases, name) ||
    isPseudo(name);
  return maybe && formsOf(name) !== undefined;
}

/** The encodings of a NASM mnemonic (lower case); undefined when there is no such instruction. */
export function formsOf(mnemonic: string): Form[] | undefined {
  const known = forms.get(mnemonic);
  if (known) return known;
  const name = Object.hasOwn(aliases, mnemonic) ? aliases[mnemonic] : mnemonic;
  const list: Form[] = [];
  const hand = handed(mnemonic);
  if (!unknown.has(mnemonic)) {
    for (const row of rowsOf(name)) {
      const form = tweaked(row.name, row.form);
      // The other names of fused multiply-add are older than AVX-512.
      if (form?.space === 'evex' && (hand?.instead || (mnemonic !== name && name.startsWith('vf')))) continue;
      if (form) list.push(form);
    }
  }
  if (hand) list.push(...hand.forms);
  for (const a of added.get(name) ?? []) list.push(...make(a));
  if (name !== mnemonic) for (const a of added.get(mnemonic) ?? []) list.push(...make(a));
  list.push(...pseudoForms(mnemonic, formsOf));
  list.push(...list.filter((f) => isShortened(name, f)).flatMap(shortened));
  for (const form of list) correct(name, form);
  if (list.length === 0) return undefined;
  const made = list.map(uniform);
  forms.set(mnemonic, made);
  return made;
}

/** Every mnemonic, for completion and tests (not the pseudo-operations with a comparison in their name). */
export function allMnemonics(): string[] {
  const names = new Set([
    ...tableMnemonics(),
    ...added.keys(),
    ...Object.keys(aliases),
    ...Object.keys(handTable),
  ]);
  for (const name of unknown) names.delete(name);
  return [...names].sort();
}
