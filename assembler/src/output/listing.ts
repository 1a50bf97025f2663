import type { EncodedField } from '../encode/statement';
import type { Listing } from '../layout/listing';

/** Writes a listing in NASM's form. */
export class ListingWriter implements Listing {
  begin(): void {}
  bytes(_: number, __: Uint8Array, ___: number, ____: readonly EncodedField[] | undefined): void {}
  reserve(_: number, __: number): void {}
  binary(): void {}
  iteration(_: number, __: number): void {}
  text(): string {
    return '';
  }
}
