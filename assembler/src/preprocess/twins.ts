import type { SourceLine } from '../text/source';
import { hashStep } from '../text/word';

/** Lines remembered; the newer one of two that meet in a slot stays. */
const SLOTS = 1 << 14;

/** Lines by their text, for others of the same text: much of a program is written more than once. */
export class Twins {
  readonly #lines: (SourceLine | undefined)[] = new Array<SourceLine | undefined>(SLOTS).fill(undefined);
  readonly #statements: unknown[] = new Array<unknown>(SLOTS).fill(undefined);
  readonly #hashes = new Int32Array(SLOTS);
  #hash = 0;
  #slot = 0;
  /** The line that was looked for last has been met before. */
  #met = false;

  /** The line of this text that was remembered last. */
  find(line: SourceLine): SourceLine | undefined {
    const { whole, from, to } = line;
    let hash = 0;
    for (let i = from; i < to; i++) hash = hashStep(hash, whole.charCodeAt(i));
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
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
