import type { EncodedField } from '../encode/statement';

/** Who writes a listing is told what each statement made; lines reach it from the preprocessor. */
export interface Listing {
  /** A pass begins: what was listed before counts no more. */
  begin(): void;
  /** `count` times `bytes` at this offset of the section. */
  bytes(offset: number, bytes: Uint8Array, count: number, fields: readonly EncodedField[] | undefined): void;
  /** Space without content. */
  reserve(offset: number, length: number): void;
  /** The next bytes come from a file. */
  binary(): void;
  /** The next bytes are number `index` (from 0) of `count` made by `times`. */
  iteration(index: number, count: number): void;
}
