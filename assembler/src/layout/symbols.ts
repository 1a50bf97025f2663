import type { Base } from '../parse/evaluate';
import type { Token } from '../text/token';
import type { External } from './object';

/** A symbol with the value of its last definition, in this pass or the one before. */
export interface Symbol {
  name: string;
  kind: 'label' | 'equ';
  value: bigint;
  base: Base | undefined;
  /** The pass that defined it last. */
  pass: number;
  at: Token;
  global: boolean;
}

/** The symbol table: lives through all passes. */
export class Symbols {
  readonly table = new Map<string, Symbol>();
  /** Some value differs from the pass before. */
  changed = false;
  /** Symbols defined in this pass. */
  #defined = 0;
  pass = 0;
  readonly externals = new Map<string, External>();

  begin(pass: number): void {
    this.pass = pass;
    this.changed = false;
    this.#defined = 0;
  }

  /** Drops what the last pass did not define any more. */
  end(): void {
    if (this.#defined === this.table.size) return;
    for (const [name, symbol] of this.table) {
      if (symbol.pass === this.pass) continue;
      this.table.delete(name);
      this.changed = true;
    }
  }

  /** Defines a symbol; gives back the earlier one when this pass defined it differently before. */
  define(
    name: string,
    kind: Symbol['kind'],
    value: bigint,
    base: Base | undefined,
    at: Token,
  ): Symbol | undefined {
    const old = this.table.get(name);
    if (!old) {
      this.table.set(name, { name, kind, value, base, pass: this.pass, at, global: false });
      this.#defined++;
      this.changed = true;
      return undefined;
    }
    const same = old.value === value && old.base === base;
    if (old.pass === this.pass) return same ? undefined : old;
    this.#defined++;
    if (!same) this.changed = true;
    old.value = value;
    old.base = base;
    old.kind = kind;
    old.at = at;
    old.pass = this.pass;
    return undefined;
  }
}
