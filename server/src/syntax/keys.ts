/**
 * A key names one thing of a program, wherever it is written:
 *
 *   `g:main.loop`       labels, constants, structures, fields: NASM's one symbol table
 *   `d:NAME`            single-line macros; `D:name` those that ignore case
 *   `m:name`            multi-line macros, in lower case
 *   `c:FILE#N:name`     context locals `%$name` of the N-th `%push` of the file; see syntax/contexts.ts
 *   `l:FILE:N:name`     labels `%%name` of the macro that is the file's N-th declaration
 *   `p:FILE:N:n`        parameters `%n` of that macro
 *   `a:FILE:LINE:name`  parameters of the single-line macro defined on that line
 *   `s:name`            sections
 */
export const symbolKey = (name: string): string => `g:${name}`;
export const defineKey = (name: string): string => `d:${name}`;
export const caselessKey = (name: string): string => `D:${name.toLowerCase()}`;
export const macroKey = (name: string): string => `m:${name.toLowerCase()}`;
/** @param local what {@link Contexts.keyOf} finds */
export const contextKey = (local: string): string => `c:${local}`;
/** All context locals of a name, whatever their context: what an outline knows. */
export const rawContextKey = (name: string): string => `c:${name}`;
export const sectionKey = (name: string): string => `s:${name}`;

/** Is the name of a local label, which hangs on the label before it (NASM manual 3.9)? */
export function isLocal(name: string): boolean {
  return name[0] === '.' && name[1] !== '.';
}

/** A name without the `$` that keeps it from being a register or mnemonic. */
export function plainName(text: string): string {
  return text[0] === '$' && text.length > 1 ? text.slice(1) : text;
}
