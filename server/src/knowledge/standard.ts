import { PACKAGES } from '@hyperstep/assembler';

/** Standard macros (NASM manual 4.12 and chapter 6) and what they stand for. */
export const STANDARD_MACROS_DOC: Readonly<Record<string, string>> = {
  '__?FILE?__': 'The name of the file being assembled, as a string.',
  '__?LINE?__': 'The number of the line being assembled.',
  '__?BITS?__': 'The mode in force: 16, 32 or 64.',
  '__?PASS?__': '1 in the first pass, 2 in the later ones.',
  '__?SECT?__': 'The directive that goes back to the section chosen last with `section`.',
  '__?NASM_MAJOR?__': 'Major version of the assembler.',
  '__?NASM_MINOR?__': 'Minor version of the assembler.',
  '__?NASM_SUBMINOR?__': 'Subminor version of the assembler.',
  '__?NASM_PATCHLEVEL?__': 'Patch level of the assembler.',
  '__?NASM_VERSION_ID?__': 'The version as one number.',
  '__?NASM_VER?__': 'The version as a string.',
  '__?OUTPUT_FORMAT?__': 'The output format: `bin`.',
  '__?DEBUG_FORMAT?__': 'The debug format: `null`.',
  '__?Infinity?__': 'The floating-point constant ∞.',
  '__?NaN?__': 'A quiet not-a-number.',
  '__?QNaN?__': 'A quiet not-a-number.',
  '__?SNaN?__': 'A signalling not-a-number.',
  '__?utf16?__': 'Converts a string to UTF-16: `__?utf16?__("text")`.',
  '__?utf16le?__': 'Converts a string to little-endian UTF-16.',
  '__?utf16be?__': 'Converts a string to big-endian UTF-16.',
  '__?utf32?__': 'Converts a string to UTF-32.',
  '__?utf32le?__': 'Converts a string to little-endian UTF-32.',
  '__?utf32be?__': 'Converts a string to big-endian UTF-32.',
  '__?float16?__': 'The bits of a 16-bit floating-point constant.',
  '__?float32?__': 'The bits of a 32-bit floating-point constant.',
  '__?float64?__': 'The bits of a 64-bit floating-point constant.',
  '__?ilog2?__': 'The binary logarithm of a power of two.',
};

/** The same for a name in the new spelling or the old, `__LINE__`. */
export function standardMacroDoc(name: string): string | undefined {
  const spelling = Object.hasOwn(STANDARD_MACROS_DOC, name) ? name : name.replace(/^__(\w+)__$/, '__?$1?__');
  return Object.hasOwn(STANDARD_MACROS_DOC, spelling) ? STANDARD_MACROS_DOC[spelling] : undefined;
}

/** Names the assembler itself defines. */
export const STANDARD_NAMES: ReadonlySet<string> = new Set(Object.keys(STANDARD_MACROS_DOC));

/** `%use` packages and what they offer (NASM manual, chapter 6). */
export const PACKAGE_DOC: Readonly<Record<string, string>> = {
  altreg: 'Alternate register names `r0`–`r7`, `r0d`, `r0w`, `r0l`, `r0h`.',
  fp: 'Shorter names of the floating-point functions and constants.',
  ifunc: 'Integer functions `ilog2`, `ilog2e`, `ilog2w`, `ilog2f`, `ilog2c`.',
  smartalign: 'Fills alignment in code with long no-operations.',
};

/** Packages there are. */
export const PACKAGE_NAMES: readonly string[] = Object.keys(PACKAGES);
