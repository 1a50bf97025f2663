import { Kind, type Token } from '../text/token';
import { type Word, wordOf } from '../text/word';

const SLOTS = 1 << 16;
/** A macro has a name with this hash. */
const MACRO = 1;
/** A line without macros has a word with this hash. */
const PLAIN = 2;

/** Numbers of epochs are never used again: lines outlive an assembly. */
let clock = 0;

/**
 * Which words were ever names of macros, through all passes of an assembly. A
 * line without any of them is plain: macros leave it as it is for as long as
 * the epoch lasts, and its tokens need not be looked at again. The epoch ends
 * when a word of a plain line becomes the name of a macro.
 */
export class MacroNames {
  /** What {@link SourceLine.plain} holds for plain lines. */
  epoch = ++clock;
  /** By hashes of words in lower case; another word of the same hash only costs time. */
  readonly #slots = new Uint8Array(SLOTS);

  /** A macro of this name is defined. */
  add(name: string): void {
    const slot = wordOf(name).key & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known & MACRO) return;
    this.#slots[slot] = known | MACRO;
    if (known & PLAIN) this.epoch = ++clock;
  }

  /** The same for a single word. */
  isPlainWord({ key }: Word): boolean {
    const slot = key & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known & MACRO) return false;
    if (known === 0) this.#slots[slot] = PLAIN;
    return true;
  }

  /** Is a line of these tokens plain? */
  isPlain(tokens: readonly Token[]): boolean {
    const slots = this.#slots;
    for (let i = 0; i < tokens.length; i++) {
      const t = tokens[i];
      if (t.kind === Kind.Preprocessor) return false;
      if (t.kind === Kind.Identifier && slots[t.word.key & (SLOTS - 1)] & MACRO) return false;
    }
    for (let i = 0; i < tokens.length; i++) {
      const t = tokens[i];
      if (t.kind === Kind.Identifier) slots[t.word.key & (SLOTS - 1)] |= PLAIN;
    }
    return true;
  }
}
