import { isMnemonic, isRegisterName, Kind, type SourceLine } from '@hyperstep/assembler';

const PLAIN = /^\w+$/;
const PIECE = /[^.%$\s()[\]{},;:+\-*/|&^!<>='"`\\]+/g;

/** The words that a name is made of, in lower case: of `main.next` both, of `%$x` its name, of `%[a+b]` all. */
function wordsOf(text: string): readonly string[] {
  const lower = text.toLowerCase();
  return PLAIN.test(lower) ? [lower] : (lower.match(PIECE) ?? []);
}

/** Words on nearly every line: nobody keeps count of them. */
const frequent = new Map<string, boolean>();

function isFrequent(word: string): boolean {
  let known = frequent.get(word);
  if (known === undefined) {
    if (frequent.size > 10_000) frequent.clear();
    frequent.set(word, (known = isRegisterName(word) || isMnemonic(word)));
  }
  return known;
}

/** Which lines of a file contain a word: an index that follows edits, so that a name is found without reading the file. */
export class WordIndex {
  private readonly byWord = new Map<string, Set<SourceLine>>();

  constructor(lines: readonly SourceLine[]) {
    for (const line of lines) this.add(line);
  }

  /** Lines came and went. */
  replace(removed: readonly SourceLine[], added: readonly SourceLine[]): void {
    for (const line of removed) {
      for (const word of this.words(line)) {
        const lines = this.byWord.get(word);
        lines?.delete(line);
        if (lines?.size === 0) this.byWord.delete(word);
      }
    }
    for (const line of added) this.add(line);
  }

  /** Lines that may contain the name, in order of the file; undefined when all have to be looked at. */
  find(name: string): readonly SourceLine[] | undefined {
    let word = '';
    for (const piece of wordsOf(name)) if (piece.length >= word.length) word = piece;
    if (word === '' || isFrequent(word)) return undefined;
    return [...(this.byWord.get(word) ?? [])].sort((a, b) => a.number - b.number);
  }

  private add(line: SourceLine): void {
    for (const word of this.words(line)) {
      const lines = this.byWord.get(word);
      if (lines) lines.add(line);
      else this.byWord.set(word, new Set([line]));
    }
  }

  private words(line: SourceLine): string[] {
    const found: string[] = [];
    for (const { kind, text } of line.tokens) {
      if (kind !== Kind.Identifier && kind !== Kind.Preprocessor) continue;
      for (const word of wordsOf(text)) {
        if (isFrequent(word)) continue;
        found.push(word);
        // `item_size` names `struc item` too.
        if (word.endsWith('_size')) found.push(word.slice(0, -'_size'.length));
      }
    }
    return found;
  }
}
