/** The instruction encoder: statements in, NASM's bytes out. */
import { findRegister, type RegisterClass } from './registers';

export { encode } from './encode';
export { isPrefix } from './prefixes';
export type * from './statement';
export { allMnemonics, isMnemonic } from './table';

/** Size in bits (0 where the mode decides) and class of the register of that lower-case name. */
export function isRegister(name: string): { size: number; class: RegisterClass } | undefined {
  const reg = findRegister(name);
  return reg && { size: reg.size, class: reg.class };
}
