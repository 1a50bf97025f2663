/** Entries of the table of words; what no longer fits is made anew when it is met again. */
const SLOTS = 1 << 15;
const LONGEST = 64;
/** Up to this length a slice is a text of its own; a longer one would keep the whole source in memory. */
const LONGEST_COPIED = 12;

/**
 * A word of the source with what is known of it by itself. The same text is
 * mostly the same object, so that a word is looked up once a token and never
 * hashed again; but nobody may rely on it.
 */
export class Word {
  readonly lower: string;
  /** Hash of the text in lower case. */
  readonly key: number;
  /** What the language has to say about the word; belongs to parse/words.ts. */
  meaning: unknown = undefined;

  constructor(
    readonly text: string,
    readonly hash: number,
  ) {
    this.lower = lowerCase(text);
    this.key = this.lower === text ? hash : hashOf(this.lower);
  }
}

const table: (Word | undefined)[] = new Array<Word | undefined>(SLOTS).fill(undefined);

function lowerCase(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if ((c >= 0x41 && c <= 0x5a) || c > 127) return text.toLowerCase();
  }
  return text;
}

/** One step of the hash of a word: its next character. */
export function hashStep(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}

function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = hashStep(hash, text.charCodeAt(i));
  return hash;
}

function isAt(word: string, text: string, from: number): boolean {
  for (let i = 0; i < word.length; i++) if (word.charCodeAt(i) !== text.charCodeAt(from + i)) return false;
  return true;
}

function copy(text: string, from: number, to: number): string {
  if (to - from <= LONGEST_COPIED || to - from > LONGEST) return text.slice(from, to);
  let out = '';
  for (let i = from; i < to; i += LONGEST_COPIED) out += text.slice(i, Math.min(to, i + LONGEST_COPIED));
  return out;
}

/** The word that stands at these characters of `text`; `hash` is that of its characters, step by step from 0. */
export function wordAt(text: string, from: number, to: number, hash: number): Word {
  const slot = (hash ^ (hash >>> 14)) & (SLOTS - 1);
  const known = table[slot];
  if (known !== undefined && known.hash === hash) {
    const word = known.text;
    if (word.length === to - from && isAt(word, text, from)) return known;
  }
  const made = new Word(copy(text, from, to), hash);
  if (to - from <= LONGEST) table[slot] = made;
  return made;
}

/** The word of this text. */
export function wordOf(text: string): Word {
  return wordAt(text, 0, text.length, hashOf(text));
}
