import type { Base } from '../parse/evaluate';
import type { Token } from '../text/token';
import type { Section } from './section';

/** A symbol that another object file defines (`extern`, `required`) or shares (`common`). */
export class External implements Base {
  /** Something refers to it: NASM leaves unused `extern`s out of the symbol table. */
  used = false;
  /** Bytes of a common variable. */
  size = 0n;

  constructor(
    readonly name: string,
    readonly kind: 'extern' | 'required' | 'common',
    /** What stood after the colon: type, visibility, alignment. */
    readonly special: readonly Token[],
  ) {}
}

/** A special symbol such as `..got`, only meaningful behind `wrt`. */
export class Special implements Base {
  constructor(readonly name: string) {}
}

/** A field of the image that depends on where the linker puts things. */
export interface Relocation {
  section: Section;
  /** Of the field, in the section. */
  offset: number;
  size: number;
  /** Offset from the base; for `self`, the field's offset in the section has still to be added. */
  value: bigint;
  base: Base | undefined;
  wrt: Base | undefined;
  /** Counts from the field itself: `toEnd` bytes before the next instruction. */
  relative: boolean;
  toEnd: number;
  self: boolean;
  /** The processor extends the field with its sign. */
  signed: boolean;
}

/** A word of a section's attributes: `align=16`, `nobits`. */
export interface SectionWord {
  at: Token;
  name: string;
  value: readonly Token[];
}

/**
 * What an object format decides for the layout. Flat binaries have none. One
 * object serves all passes.
 */
export interface ObjectFormat {
  /** NASM's name: `elf64`. */
  readonly name: string;
  /** `bits` at the beginning of the source. */
  readonly bits: 16 | 32 | 64;
  /** A pass begins. */
  begin(): void;
  /** The special symbol of this name. */
  special(name: string): Special | undefined;
  /** `section` names this section. Throws a complaint about wrong attributes; says what it ignored. */
  section(section: Section, words: readonly SectionWord[], warn: (message: string, at: Token) => void): void;
  /** `align` raises the section's alignment. */
  align(section: Section, alignment: number): void;
  /** A symbol got its value, or an external one was declared, in this order. */
  defined(name: string): void;
  /** `global name:special`. */
  global(name: string, special: readonly Token[], at: Token): void;
  /** A data statement with elements of this size. */
  element(bytes: number): void;
  /** Notes a relocation; gives the number that the field itself holds. Throws a complaint when the format cannot express it. */
  relocate(relocation: Relocation): bigint;
  /** A directive only this format has. False when it has none of this name. */
  directive(name: string, operands: readonly Token[], at: Token): boolean;
}
