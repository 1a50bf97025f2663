import type { Base } from '../parse/evaluate';
import type { Token } from '../text/token';
import type { External } from './object';

/** A symbol with the value of its last definition, in this pass or the one before. */
export class Definition {
  global = false;
  /** The value as a number, where it is an offset in a section. */
  offset: number;
  #value: bigint | undefined;

  constructor(
    readonly name: string,
    public kind: 'label' | 'equ',
    /** An offset in a section as a number. */
    value: bigint | number,
    public base: Base | undefined,
    /** The pass that defined it last. */
    public pass: number,
    public at: Token,
    /** When its value changed last, on the clock of {@link Symbols.stamp}. */
    public changed: number,
  ) {
    this.offset = base ? Number(value) : 0;
    this.#value = typeof value === 'bigint' ? value : undefined;
  }

  get value(): bigint {
    this.#value ??= BigInt(this.offset);
    return this.#value;
  }

  /** Gives it another value. */
  set(value: bigint | number, base: Base | undefined): void {
    this.base = base;
    this.offset = base ? Number(value) : 0;
    this.#value = typeof value === 'bigint' ? value : undefined;
  }

  /** Does it have this value? */
  is(value: bigint | number, base: Base | undefined): boolean {
    if (this.base !== base) return false;
    return typeof value === 'number' ? this.offset === value : this.value === value;
  }
}

/** A symbol's value before a pass that may have to be taken back; absent: it did not exist. */
interface Undo {
  symbol: Definition;
  before?: { value: bigint; base: Base | undefined; changed: number };
}

/** The symbol table: lives through all passes. */
export class Symbols {
  readonly table = new Map<string, Definition>();
  /** Some value differs from the pass before. */
  changed = false;
  /** Counts changes of values. */
  stamp = 0;
  /** Grows when symbols come or go. */
  generation = 0;
  /** Set while changes may have to be taken back. */
  undo: Undo[] | undefined;
  /** Symbols defined in this pass. */
  #defined = 0;
  /** The one that was defined last. */
  last: Definition | undefined;
  pass = 0;
  /** Symbols stay where the source defined them: who defines them now does not know the place. */
  keepsPlaces = false;
  readonly externals = new Map<string, External>();

  begin(pass: number): void {
    this.pass = pass;
    this.changed = false;
    this.keepsPlaces = false;
    this.#defined = 0;
  }

  /** Drops what the last pass did not define any more. */
  end(): void {
    if (this.#defined === this.table.size) return;
    for (const [name, symbol] of this.table) {
      if (symbol.pass === this.pass) continue;
      this.table.delete(name);
      this.generation++;
      this.changed = true;
    }
  }

  /** Defines a symbol; gives back the earlier one when this pass defined it differently before. */
  define(
    name: string,
    kind: Definition['kind'],
    value: bigint | number,
    base: Base | undefined,
    at: Token,
  ): Definition | undefined {
    const old = this.table.get(name);
    if (!old) {
      const symbol = new Definition(name, kind, value, base, this.pass, at, ++this.stamp);
      this.table.set(name, symbol);
      this.last = symbol;
      this.undo?.push({ symbol });
      this.generation++;
      this.#defined++;
      this.changed = true;
      return undefined;
    }
    this.last = old;
    const same = old.is(value, base);
    if (old.pass === this.pass) return same ? undefined : old;
    this.#defined++;
    if (!same) this.#change(old, value, base);
    old.kind = kind;
    if (!this.keepsPlaces) old.at = at;
    old.pass = this.pass;
    return undefined;
  }

  #change(symbol: Definition, value: bigint | number, base: Base | undefined): void {
    const { undo } = this;
    if (undo) {
      const before = { value: symbol.value, base: symbol.base, changed: symbol.changed };
      undo.push({ symbol, before });
    }
    symbol.set(value, base);
    symbol.changed = ++this.stamp;
    this.changed = true;
  }

  /** A label that exists already stands here now. */
  move(symbol: Definition, offset: number, base: Base): void {
    if (symbol.pass === this.pass) return;
    symbol.pass = this.pass;
    this.#defined++;
    if (symbol.offset !== offset || symbol.base !== base) this.#change(symbol, offset, base);
  }

  /** A symbol that exists already is this number now. */
  assign(symbol: Definition, value: bigint): void {
    if (symbol.pass === this.pass) return;
    symbol.pass = this.pass;
    this.#defined++;
    if (!symbol.is(value, undefined)) this.#change(symbol, value, undefined);
  }

  /** A symbol has the same value as in the pass before. */
  keep(symbol: Definition): void {
    if (symbol.pass === this.pass) return;
    symbol.pass = this.pass;
    this.#defined++;
  }

  /** Takes back what has changed since {@link undo} was set. */
  rollback(): void {
    for (const { symbol, before } of this.undo ?? []) {
      if (before) {
        symbol.set(before.value, before.base);
        symbol.changed = before.changed;
      } else {
        this.table.delete(symbol.name);
        this.generation++;
      }
    }
    this.undo = undefined;
  }
}
