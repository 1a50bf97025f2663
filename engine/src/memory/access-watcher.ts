/** Kinds of data accesses, as bits. */
export const enum Access {
  READ = 1,
  WRITE = 2,
}

/** Who wants to be told of data accesses to some bytes. */
export interface AccessWatcher {
  /** {@link Access} bits: what must be told of some byte of a page, given by linear address and host-physical number. */
  watches(lo: number, hi: number, page: number): number;
  /** An access to `size` bytes inside a page, by linear and host-physical address, has been made or is sure to be. */
  accessed(lo: number, hi: number, physical: number, size: number, access: Access): void;
}
