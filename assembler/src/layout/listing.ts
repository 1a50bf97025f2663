import type { Diagnostic } from '../api';
import type { EncodedField } from '../encode/statement';
import type { LineListener } from '../preprocess/state';

/** Who writes a listing is told which line is read and what each statement makes. */
export interface Listing extends LineListener {
  /** `[list -]`. NASM 2.16.01 keeps it from the end of one pass to the beginning of the next. */
  hidden: boolean;
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
  /** Something is wrong with the line. */
  diagnostic(diagnostic: Diagnostic): void;
}
