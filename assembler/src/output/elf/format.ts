import { Complaint } from '../../diagnostics';
import type { Layout } from '../../layout/layout';
import { type ObjectFormat, type Relocation, type SectionWord, Special } from '../../layout/object';
import { Section } from '../../layout/section';
import type { Base } from '../../parse/evaluate';
import { parseNumber } from '../../text/number';
import type { Token } from '../../text/token';
import { type Entry, type FindGlobal, relocateI386, relocateX86_64 } from './relocate';
import { declareSection, type ElfSection } from './sections';
import { GlobalFinder, isExternal } from './symbols';
import type { ElfVariant } from './variant';

/** Special symbols for `wrt` (NASM manual 8.9.3). */
const SPECIAL = ['..gotpc', '..gotoff', '..got', '..plt', '..sym', '..gottpoff', '..tlsie'];

/** ELF's side of the layout: attributes, symbols in order, relocations. */
export class ElfFormat implements ObjectFormat {
  readonly name: string;
  readonly bits: 32 | 64;
  /** Declared sections in the order of the file. */
  readonly sections = new Map<Section, ElfSection>();
  /** Kept from pass to pass: references stand above the directive, too. */
  readonly globals = new Map<string, { special: readonly Token[]; at: Token }>();
  /** Symbols in the order of this pass. */
  readonly order = new Set<string>();
  /** Bytes of the data element behind a label. */
  readonly elements = new Map<string, number>();
  readonly relocations = new Map<Section, Entry[]>();
  osabi = 0;
  abiVersion = 0;
  /** Set by whoever makes both. */
  layout!: Layout;
  readonly #special = new Map(SPECIAL.map((name) => [name, new Special(name)]));
  /** Of `.text` as long as no directive names it: what was asked for at all, and what behind its first byte. */
  #implicitAlign = { all: 0, inside: 0 };
  #last: string | undefined;
  #finder: GlobalFinder | undefined;

  constructor(
    readonly variant: ElfVariant,
    /** Labels get the size of the data behind them, as NASM's -g does. */
    readonly typed: boolean,
  ) {
    this.name = variant.name;
    this.bits = variant.bits;
  }

  begin(): void {
    this.order.clear();
    this.elements.clear();
    this.relocations.clear();
    this.#implicitAlign = { all: 0, inside: 0 };
    this.#last = undefined;
    this.#finder = undefined;
  }

  special(name: string): Special | undefined {
    return this.#special.get(name);
  }

  section(section: Section, words: readonly SectionWord[], warn: (message: string, at: Token) => void): void {
    const first = words[0]?.at;
    declareSection(this.sections, section, words, this.variant.word, (message, at) => {
      const where = at ?? first;
      if (where) warn(message, where);
    });
  }

  align(section: Section, alignment: number): void {
    const known = this.sections.get(section);
    if (known) known.align = Math.max(known.align, alignment);
    else {
      const implicit = this.#implicitAlign;
      implicit.all = Math.max(implicit.all, alignment);
      if (section.offset > 0) implicit.inside = Math.max(implicit.inside, alignment);
    }
  }

  defined(name: string): void {
    const { table, externals } = this.layout.symbols;
    if (!table.has(name) && externals.get(name)?.kind === 'extern' && !externals.get(name)!.used) return;
    this.order.add(name);
    this.#last = name;
  }

  global(name: string, special: readonly Token[], at: Token): void {
    this.globals.set(name, { special, at });
  }

  element(bytes: number): void {
    if (this.layout.absolute) return;
    if (this.typed && this.#last !== undefined && !this.elements.has(this.#last))
      this.elements.set(this.#last, bytes);
  }

  relocate(relocation: Relocation): bigint {
    // Symbols from below are only known after the first pass.
    if (this.layout.pass === 1) return 0n;
    const { machine, word } = this.variant;
    if (machine === 3 && relocation.size === 8 && !relocation.relative && !relocation.self) {
      this.layout.warn(
        'relocation-extended',
        'a 64-bit address in ELF32 is a 32-bit one with zeros behind it',
      );
    }
    const outcome =
      machine === 3 ? relocateI386(relocation, this.#find) : relocateX86_64(relocation, this.#find, word);
    if (outcome.entry) {
      const list = this.relocations.get(relocation.section);
      if (list) list.push(outcome.entry);
      else this.relocations.set(relocation.section, [outcome.entry]);
    }
    return outcome.held;
  }

  readonly #find: FindGlobal = (base: Base, offset: bigint, exact: boolean) => {
    if (isExternal(base)) {
      if (exact && offset !== 0n)
        throw new Complaint(
          'relocation-unsupported',
          `\`${base.name}\` cannot be combined with an offset here`,
        );
      return { symbol: base, offset };
    }
    this.#finder ??= new GlobalFinder(this.layout, this.globals.keys());
    const found = base instanceof Section ? this.#finder.find(base, offset, exact) : undefined;
    if (!found) throw new Complaint('relocation-unsupported', 'there is no global symbol for this reference');
    return found;
  };

  directive(name: string, operands: readonly Token[], at: Token): boolean {
    if (name !== 'osabi') return false;
    const [abi, version] = operands.filter((t) => !t.is(',')).map((t) => parseNumber(t.text));
    if (abi === undefined || abi < 0n || abi > 255n || (version ?? 0n) > 255n)
      throw new Complaint('number-invalid', '`osabi` takes numbers from 0 to 255', at);
    this.osabi = Number(abi);
    this.abiVersion = Number(version ?? 0n);
    return true;
  }

  /** After the last pass: `.text` exists, too, when only its content says so. */
  finish(): void {
    for (const section of this.layout.sections.values()) {
      if (this.sections.has(section)) continue;
      const labelled = [...this.layout.symbols.table.values()].some((s) => s.base === section);
      if (section.offset === 0 && !labelled) continue;
      declareSection(this.sections, section, [], this.variant.word, () => {});
      // NASM makes the section at its first byte or, for the passes behind, at its first label.
      this.align(section, labelled ? this.#implicitAlign.all : this.#implicitAlign.inside);
    }
  }
}
