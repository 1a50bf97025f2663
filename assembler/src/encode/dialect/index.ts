/**
 * Where NASM's instruction table differs from iced-x86's in operand forms and in which of several encodings
 * wins (for names see ../names.ts). Everything here was measured against NASM 2.16.01; test/nasm-bytes.test.ts
 * and test/nasm-forms.test.ts keep it so.
 */
import './general';
import './x87';
import './vector';

export { handTable, intelName } from './fp16';
export { handRows } from './hand';
export { type Addition, additions, tweaks } from './rows';
export * from './rules';
