import type { SourceLine } from '../text/source';
import { hashStep } from '../text/word';

/** Lines remembered, at first and at most; the newer one of two that meet in a slot stays. */
const FEW = 1 << 8;
const MOST = 1 << 14;

/** Lines by their text, for others of the same text: much of a program is written more than once. */
export class Twins {
  #slots = 0;
  #lines: (SourceLine | undefined)[] = [];
  #statements: unknown[] = [];
  #hashes = new Int32Array(0);
  /** Lines looked for. */
  #asked = 0;
  #hash = 0;
  #slot = 0;
  /** The line that was looked for last has been met before. */
  #met = false;

  constructor() {
    this.#grow(FEW);
  }

  /** Makes room for more lines, which forgets those that are known: each pass needs a table, and most sources are small. */
  #grow(slots: number): void {
    this.#slots = slots;
    this.#lines = new Array<SourceLine | undefined>(slots).fill(undefined);
    this.#statements = new Array<unknown>(slots).fill(undefined);
    this.#hashes = new Int32Array(slots);
  }

  /** The line of this text that was remembered last. */
  find(line: SourceLine): SourceLine | undefined {
    if (this.#asked++ === this.#slots && this.#slots < MOST) this.#grow(this.#slots * 4);
    const { whole, from, to } = line;
    let hash = 0;
    for (let i = from; i < to; i++) hash = hashStep(hash, whole.charCodeAt(i));
    const slot = (hash ^ (hash >>> 15)) & (this.#slots - 1);
    this.#hash = hash;
    this.#slot = slot;
    const known = this.#hashes[slot] === hash ? this.#lines[slot] : undefined;
    this.#met = known?.file === line.file && sameText(known, line);
    return this.#met ? known : undefined;
  }

  /** What was made of the line that was found last. */
  get statement(): unknown {
    return this.#statements[this.#slot];
  }

  /**
   * Remembers the line that was looked for last, and what was made of it: that
   * only from the second time on, for statements take much room.
   */
  remember(line: SourceLine, statement: unknown): void {
    this.#lines[this.#slot] = line;
    this.#statements[this.#slot] = this.#met ? statement : undefined;
    this.#hashes[this.#slot] = this.#hash;
  }
}

/** Have the two lines of one file the same text? */
function sameText(a: SourceLine, { whole, from, to }: SourceLine): boolean {
  if (a.to - a.from !== to - from) return false;
  const by = a.from - from;
  for (let i = from; i < to; i++) if (whole.charCodeAt(i) !== whole.charCodeAt(i + by)) return false;
  return true;
}
