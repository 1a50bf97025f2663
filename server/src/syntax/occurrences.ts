import { Kind } from '@hyperstep/assembler';
import type { Names } from './names';
import type { Outline } from './outline';
import { type Name, namesIn } from './resolve';

/** A place where something is named. */
export interface Occurrence extends Name {
  path: string;
  index: number;
  /** It is one of the declarations. */
  declares: boolean;
  /** A jump or call, or a store to it: for highlighting. */
  writes: boolean;
}

/** The last word of what a key names: every place that names it contains it. */
function needleOf(key: string): string {
  const name = key.slice(key.lastIndexOf(':') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 || (dot === 0 && name.length > 1) ? name.slice(dot + 1) : name;
}

/** Indices of the token lines that may name it. */
function* candidates(outline: Outline, needle: string): Iterable<number> {
  const lines = outline.document.words.find(needle);
  if (lines) for (const line of lines) yield outline.search(line.number);
  else for (let index = 0; index < outline.lines.length; index++) yield index;
}

/** All places in one file that name `key`. */
export function occurrencesIn(names: Names, outline: Outline, key: string): Occurrence[] {
  const found: Occurrence[] = [];
  const needle = needleOf(key);
  const lower = needle.toLowerCase();
  const caseless = key.startsWith('m:') || key.startsWith('D:');
  const own = new Set(names.find(key).map((d) => d.token));
  for (const index of candidates(outline, needle)) {
    const { tokens } = outline.lines[index];
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at];
      if (token.kind !== Kind.Identifier && token.kind !== Kind.Preprocessor) continue;
      if (!(caseless ? token.lower.includes(lower) : token.text.includes(needle))) continue;
      for (const name of namesIn(names, outline, index, at)) {
        if (name.key !== key) continue;
        found.push({ ...name, path: outline.document.path, index, declares: own.has(token), writes: false });
      }
    }
  }
  return found;
}

/** All places in a program that name `key`. */
export function occurrences(names: Names, key: string): Occurrence[] {
  // What belongs to one macro or line is named in its file only.
  const local = /^[lpa]:(.*):\d+:[^:]*$/.exec(key);
  return names.outlines
    .filter((o) => !local || o.document.path === local[1])
    .flatMap((outline) => occurrencesIn(names, outline, key));
}
