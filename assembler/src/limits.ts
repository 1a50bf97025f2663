/**
 * Bounds that keep any source text from hanging or filling memory; each ends in
 * a diagnostic that names it. docs/dialect.md lists them.
 */

/** Passes before sizes may only grow (see layout/instruction.ts). */
export const FREE_PASSES = 300;
/** Passes altogether. */
export const MAX_PASSES = 400;
/** Macro calls, includes and repetitions inside each other. */
export const MAX_NESTING = 2000;
/** Includes inside each other. */
export const MAX_INCLUDES = 128;
/** Iterations of one `%rep`; NASM's own default. */
export const MAX_REPEAT = 1_000_000;
/** Lines one pass may process, macro expansions counted. */
export const MAX_LINES = 2_000_000;
/** Tokens the single-line macros of one line may expand to. */
export const MAX_LINE_TOKENS = 200_000;
/** Tokens all macros of one pass may expand to. */
export const MAX_TOKENS = 20_000_000;
/** Bytes of all sections together. */
export const MAX_IMAGE_BYTES = 256 * 1024 * 1024;
/** Statements `times` may repeat when each has to be encoded. */
export const MAX_TIMES = 16_000_000;
/** Diagnostics kept. */
export const MAX_DIAGNOSTICS = 1000;
/** Parentheses and operators inside each other. */
export const MAX_EXPRESSION_DEPTH = 500;
