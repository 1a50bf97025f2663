/**
 * Bounds that keep any source text from hanging or filling memory; each ends in
 * a diagnostic that names it. docs/dialect.md lists them.
 */

import { parseNumber } from './text/number';

/** Passes before sizes may only grow (see layout/instruction.ts). */
export const FREE_PASSES = 300;
/** Passes altogether. */
export const MAX_PASSES = 400;
/** Macro calls, includes and repetitions inside each other. */
export const MAX_NESTING = 2000;
/** Macro bodies that the source map names for one line. */
export const MAX_EXPANSION = 32;
/** Includes inside each other. */
export const MAX_INCLUDES = 128;
/** Iterations of one `%rep`; NASM's own default. */
export const MAX_REPEAT = 1_000_000;
/** Tokens the single-line macros of one line may expand to. */
export const MAX_LINE_TOKENS = 200_000;
/**
 * Work one pass may do, counted in tokens: every line read counts, what macros
 * and repetitions make of it, and every instruction `times` encodes. Larger
 * sources may do more: those of x265, dav1d and libvpx need up to 25,000 a line.
 */
export const MAX_WORK = 2_000_000;
export const WORK_PER_SOURCE_LINE = 40_000;
/** Work of all passes together, in passes' worth. */
export const MAX_WORK_PASSES = 4;
/** The same for sources that really have so many lines. */
export const WORK_ALL_PASSES_PER_SOURCE_LINE = 40_000;
/** Bytes of a string that macros put together. */
export const MAX_STRING = 1 << 20;
/** Bytes of all sections together. */
export const MAX_IMAGE_BYTES = 128 * 1024 * 1024;
/** Errors before the rest of the source is given up. */
export const MAX_ERRORS = 10_000;
/** `%[…]` inside each other. */
export const MAX_INDIRECTION = 100;
/** Diagnostics kept. */
export const MAX_DIAGNOSTICS = 1000;
/** Lines of a listing: data of a few characters may have a hundred million bytes, nine on a line. */
export const MAX_LISTED = 1_000_000;
/** Parentheses and operators inside each other. */
export const MAX_EXPRESSION_DEPTH = 500;

/** What NASM's --limit-… and `%pragma limit` may be about; only `rep` and `macro-levels` do anything here. */
export const LIMIT_NAMES: ReadonlySet<string> = new Set(
  'passes stalled-passes macro-levels macro-tokens mmacros rep eval lines'.split(' '),
);

/** A limit as written: a number or `unlimited`. */
export function readLimit(text: string): number | undefined {
  if (text.toLowerCase() === 'unlimited') return Number.POSITIVE_INFINITY;
  const value = parseNumber(text);
  return value === undefined ? undefined : Number(value);
}
