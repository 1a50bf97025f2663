import { Complaint } from '../../diagnostics';
import type { Layout } from '../../layout/layout';
import { External } from '../../layout/object';
import { Section } from '../../layout/section';
import { Cursor } from '../../parse/cursor';
import { parseExpression } from '../../parse/expression';
import type { Token } from '../../text/token';
import { SHF, SHN, STB, STT, STV } from './constants';
import type { ElfSection } from './sections';

/** A row of `.symtab`. */
export interface ElfSymbol {
  name: string;
  value: bigint;
  size: bigint;
  bind: number;
  type: number;
  visibility: number;
  /** The section it lies in, or one of the reserved indices. */
  place: Section | number;
}

/** Words behind the colon of `global`, `extern` and `common` (NASM manual 8.9.5). */
const WORDS: Readonly<Record<string, Partial<Pick<ElfSymbol, 'bind' | 'type' | 'visibility'>>>> = {
  function: { type: STT.FUNC },
  data: { type: STT.OBJECT },
  object: { type: STT.OBJECT },
  notype: { type: STT.NOTYPE },
  weak: { bind: STB.WEAK },
  strong: { bind: STB.GLOBAL },
  default: { visibility: STV.DEFAULT },
  internal: { visibility: STV.INTERNAL },
  hidden: { visibility: STV.HIDDEN },
  protected: { visibility: STV.PROTECTED },
};

function sizeOf(layout: Layout, cursor: Cursor): bigint {
  const expression = parseExpression(cursor);
  const value = layout.evaluator.linear(expression);
  if (value.terms.length > 0)
    throw new Complaint('not-a-number', 'the size of a symbol has to be a pure number', expression.at);
  if (!cursor.done) throw cursor.complaint('syntax', 'unexpected text behind the size of the symbol');
  return value.value;
}

/** Applies what stands behind the colon. */
function applySpecial(symbol: ElfSymbol, special: readonly Token[], layout: Layout): void {
  const cursor = new Cursor(special);
  if (symbol.place === SHN.COMMON && !cursor.done && !Object.hasOwn(WORDS, cursor.peek!.lower)) {
    const expression = parseExpression(cursor);
    const { value } = layout.evaluator.scalar(expression, true);
    if (value <= 0n || (value & (value - 1n)) !== 0n) {
      throw new Complaint('align-invalid', `alignment ${value} is not a power of two`, expression.at);
    }
    // A common symbol's value is its alignment (gABI 4, "Symbol Values").
    symbol.value = value;
  }
  while (!cursor.done && Object.hasOwn(WORDS, cursor.peek!.lower)) {
    Object.assign(symbol, WORDS[cursor.next()!.lower]);
  }
  if (!cursor.done) symbol.size = sizeOf(layout, cursor);
}

/** What the symbol table is made from. */
export interface SymbolSource {
  layout: Layout;
  /** Names in the order NASM writes them. */
  order: Iterable<string>;
  globals: ReadonlyMap<string, { special: readonly Token[]; at: Token }>;
  sections: ReadonlyMap<Section, ElfSection>;
  /** Sizes of data behind labels, when debugging information is wanted. */
  elements: ReadonlyMap<string, number>;
  /** Reports a complaint about one symbol. */
  problem(complaint: unknown): void;
}

/** The rows of the symbol table but for file and sections, in the order of their definition. */
export function makeSymbols(source: SymbolSource): ElfSymbol[] {
  const { layout, sections } = source;
  const list: ElfSymbol[] = [];
  for (const name of source.order) {
    const label = layout.symbols.table.get(name);
    const external = label ? undefined : layout.symbols.externals.get(name);
    if (!label && !external) continue;
    const global = source.globals.get(name);
    const shared = global !== undefined || external !== undefined || layout.symbols.externals.has(name);
    const symbol: ElfSymbol = {
      name,
      value: 0n,
      size: 0n,
      bind: shared ? STB.GLOBAL : STB.LOCAL,
      type: STT.NOTYPE,
      visibility: STV.DEFAULT,
      place: SHN.UNDEF,
    };
    if (label?.base instanceof Section) {
      symbol.place = label.base;
      symbol.value = label.value;
    } else if (label && !label.base) {
      symbol.place = SHN.ABS;
      symbol.value = label.value;
    } else if (external?.kind === 'common') {
      symbol.place = SHN.COMMON;
      symbol.size = external.size;
    }
    const special = external ? external.special : global?.special;
    try {
      if (special && special.length > 0) applySpecial(symbol, special, layout);
    } catch (problem) {
      source.problem(problem);
    }
    const place = symbol.place;
    if (place instanceof Section && sections.get(place)!.flags & SHF.TLS) symbol.type = STT.TLS;
    const element = source.elements.get(name);
    if (element !== undefined && symbol.bind === STB.LOCAL && symbol.type === STT.NOTYPE) {
      symbol.type = STT.OBJECT;
      symbol.size = BigInt(element);
    }
    list.push(symbol);
  }
  return list;
}

/** Finds the global symbol that a reference `wrt ..sym`, `..got` and so on has to name. */
export class GlobalFinder {
  readonly #bySection = new Map<Section, { name: string; value: bigint }[]>();

  constructor(layout: Layout, names: Iterable<string>) {
    for (const name of names) {
      const symbol = layout.symbols.table.get(name);
      if (!(symbol?.base instanceof Section)) continue;
      const list = this.#bySection.get(symbol.base) ?? [];
      list.push({ name, value: symbol.value });
      this.#bySection.set(symbol.base, list);
    }
    for (const list of this.#bySection.values()) {
      list.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
    }
  }

  /** The symbol and the rest of the offset; undefined when there is none. */
  find(section: Section, offset: bigint, exact: boolean): { symbol: string; offset: bigint } | undefined {
    let best: { name: string; value: bigint } | undefined;
    for (const s of this.#bySection.get(section) ?? []) {
      if (s.value > offset) break;
      if (best?.value !== s.value) best = s;
    }
    if (!best || (exact && best.value !== offset)) return undefined;
    return { symbol: best.name, offset: offset - best.value };
  }
}

/** Is this what an object file calls by name from outside? */
export function isExternal(base: unknown): base is External {
  return base instanceof External;
}
