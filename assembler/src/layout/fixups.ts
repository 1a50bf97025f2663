import { Section } from './section';
import type { Definition, Symbols } from './symbols';

/** Numbers of one fixup: place, width with {@link RELATIVE}, addend. */
const WIDTH = 3;
const RELATIVE = 0x100;

/**
 * Places in recorded bytes that hold `symbol + number`, as a linker has them:
 * all that is kept of a statement whose other bytes never change.
 */
export class Fixups {
  #numbers = new Int32Array(WIDTH * 256);
  readonly #names: string[] = [];

  /** How many there are. */
  get count(): number {
    return this.#names.length;
  }

  /**
   * Notes that `width` bytes at `place` of the section hold the symbol of that
   * full name plus `addend`; a relative one counts from the end of its bytes.
   */
  add(place: number, width: number, name: string, addend: number, relative: boolean): void {
    const at = this.#names.length * WIDTH;
    if (at === this.#numbers.length) {
      const larger = new Int32Array(at * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[at] = place;
    this.#numbers[at + 1] = width | (relative ? RELATIVE : 0);
    this.#numbers[at + 2] = addend;
    this.#names.push(name);
  }

  /**
   * Puts the value of fixup `index` where its place is now, `by` bytes further
   * on. False when that is not possible, or not without a word about it.
   */
  apply(index: number, section: Section, by: number, symbols: Symbols): boolean {
    const at = index * WIDTH;
    const place = this.#numbers[at] + by;
    const width = this.#numbers[at + 1] & 0xff;
    const addend = this.#numbers[at + 2];
    const symbol = symbols.table.get(this.#names[index]);
    if (!symbol) return false;
    if ((this.#numbers[at + 1] & RELATIVE) !== 0) {
      const distance = distanceTo(symbol, section) + addend - (place + width);
      const limit = 2 ** (width * 8 - 1);
      if (!(distance >= -limit && distance < limit)) return false;
      section.patch(place, width, distance);
      return true;
    }
    const { base } = symbol;
    if (base === undefined) {
      const value = symbol.value + BigInt(addend);
      // Too large a number is worth a warning.
      if (width < 8 && (value >= 1n << BigInt(width * 8) || value < -1n << BigInt(width * 8 - 1)))
        return false;
      section.patchLarge(place, width, value);
      return true;
    }
    if (!(base instanceof Section)) return false;
    if (width === 8) section.patchLarge(place, width, base.vstart + BigInt(symbol.offset + addend));
    else section.patch(place, width, (base.low + symbol.offset + addend) | 0);
    return true;
  }
}

/** Where the symbol is, counted from the beginning of the section; NaN when that is too far. */
function distanceTo(symbol: Definition, section: Section): number {
  if (symbol.base === section) return symbol.offset;
  const { base } = symbol;
  if (base !== undefined && !(base instanceof Section)) return Number.NaN;
  const far = (base ? base.vstart + BigInt(symbol.offset) : symbol.value) - section.vstart;
  return far === BigInt.asIntN(33, far) ? Number(far) : Number.NaN;
}
