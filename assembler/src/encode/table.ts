/**
 * All encodings by mnemonic. Names are indexed at once (10 ms); the rows of a
 * mnemonic are read when it is first used.
 */
import { Code, CodeExt, EncodingKind, Mnemonic } from 'iced-x86';
import {
  type Addition,
  additions,
  everyMode,
  evexFirst,
  memorySizes,
  neverShortened,
  tweaks,
} from './dialect';
import { type Form, readForm } from './form';
import { aliases, unknown } from './names';
import { isPseudo, pseudoForms } from './pseudo';

interface Index {
  codes: Map<string, number[]>;
  additions: Map<string, Addition[]>;
}

let index: Index | undefined;
const forms = new Map<string, Form[]>();

function buildIndex(): Index {
  const codes = new Map<string, number[]>();
  for (let code = 1; Code[code] !== undefined; code++) {
    const info = CodeExt.opCode(code);
    const usable =
      info.isInstruction && info.encoding !== EncodingKind.MVEX && !Code[code].startsWith('VEX_KNC_');
    const mnemonic = info.mnemonic;
    info.free();
    if (!usable) continue;
    const name = Mnemonic[mnemonic].toLowerCase();
    const list = codes.get(name);
    if (list) list.push(code);
    else codes.set(name, [code]);
  }
  const extra = new Map<string, Addition[]>();
  for (const a of additions) {
    const list = extra.get(a.mnemonic);
    if (list) list.push(a);
    else extra.set(a.mnemonic, [a]);
  }
  return { codes, additions: extra };
}

function tweaked(code: number): Form | undefined {
  const change = tweaks[Code[code]];
  if (change === null) return undefined;
  const form = readForm(code);
  return form && change ? { ...form, ...(typeof change === 'function' ? change(form) : change) } : form;
}

function added(a: Addition): Form[] {
  const code = Code[a.from as keyof typeof Code] as number | undefined;
  const form = code === undefined ? undefined : readForm(code);
  if (!form) return [];
  return [{ ...form, ...a.change, slots: a.slots ? a.slots(form.slots) : form.slots }];
}

/** `vaddps xmm1,xmm2` is `vaddps xmm1,xmm1,xmm2`: the first source may be left away when it is the destination. */
function shortened(form: Form): Form[] {
  const [first, second, third] = form.slots;
  if (form.space === 'legacy' || third === undefined || !/^[xyz]mm$/.test(first.register ?? '')) return [];
  if (first.register !== second.register) return [];
  const rest = form.slots.slice(2);
  const rank = form.rank + 5;
  // XOP shifts have the count last: the first source is ModRM.rm.
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

/** Is there an instruction of that lower-case name? Mostly asked about labels. */
export function isMnemonic(name: string): boolean {
  index ??= buildIndex();
  const maybe =
    index.codes.has(name) || index.additions.has(name) || Object.hasOwn(aliases, name) || isPseudo(name);
  return maybe && formsOf(name) !== undefined;
}

/** The encodings of a NASM mnemonic (lower case); undefined when there is no such instruction. */
export function formsOf(mnemonic: string): Form[] | undefined {
  const known = forms.get(mnemonic);
  if (known) return known;
  index ??= buildIndex();
  const name = Object.hasOwn(aliases, mnemonic) ? aliases[mnemonic] : mnemonic;
  const list: Form[] = [];
  if (!unknown.has(mnemonic)) {
    for (const code of index.codes.get(name) ?? []) {
      const form = tweaked(code);
      // The other names of fused multiply-add are older than AVX-512.
      if (form && !(form.space === 'evex' && mnemonic !== name && name.startsWith('vf'))) list.push(form);
    }
  }
  for (const a of index.additions.get(name) ?? []) list.push(...added(a));
  if (name !== mnemonic) for (const a of index.additions.get(mnemonic) ?? []) list.push(...added(a));
  list.push(...pseudoForms(mnemonic, formsOf));
  if (!neverShortened.test(name)) list.push(...list.flatMap(shortened));
  const size = Object.hasOwn(memorySizes, name) ? memorySizes[name] : undefined;
  for (const form of list) {
    if (
      size !== undefined &&
      (form.slots.some((s) => s.register === 'mmx') || form.slots.length === 1 || size === 0)
    )
      form.memorySize = size;
    if (everyMode.has(name)) form.modes = 7;
    if (form.space === 'vex' && evexFirst.has(name)) form.rank = 40;
  }
  if (list.length === 0) return undefined;
  forms.set(mnemonic, list);
  return list;
}

/** Every mnemonic, for completion and tests (not the pseudo-operations with a comparison in their name). */
export function allMnemonics(): string[] {
  index ??= buildIndex();
  const names = new Set([...index.codes.keys(), ...index.additions.keys(), ...Object.keys(aliases)]);
  for (const name of unknown) names.delete(name);
  return [...names].sort();
}
