/** A translated stretch of guest code: straight-line, inside one page (or one instruction across two). */
export interface Block {
  /** Micro-ops, {@link WORDS} words each. */
  readonly code: Int32Array;
  /** Guest instructions in it. */
  readonly instructions: number;
  /** Bytes of guest code covered. */
  readonly bytes: number;
  /** Physical page number the first byte is in. */
  readonly page: number;
  /** Physical page number of the bytes past the page's end, or −1. */
  readonly secondPage: number;
  /** {@link Mode} bits it was translated for. */
  readonly mode: number;
  /** False once a write to its page has dropped it. */
  valid: boolean;
  /** Where the fast tier has it in the machine's memory (wasm/layout.ts Header), or 0. */
  loaded: number;
}

/** What of the processor's mode a translation depends on. The cache keys blocks by it. */
export const enum Mode {
  /** CS.D set: 32-bit default operand and address size. */
  CODE32 = 1,
  /** CS.L in long mode. */
  CODE64 = 2,
  /** SS.B set, or 64-bit: RSP width is not 16 bits. */
  STACK32 = 4,
  /** ES, CS, SS and DS have base 0 and limit 4 GiB and are writable/readable as usual (always set in 64-bit mode): no SEGMENT needed except FS and GS. */
  FLAT = 8,
  /** CR0.PE clear: selectors are paragraphs. */
  REAL = 16,
  /** Long mode is active (64-bit or compatibility). */
  LONG = 32,
  /** SSE instructions are allowed: CR4.OSFXSR set, CR0.EM and CR0.TS clear (SDM 2A Table 2-21 "Type 4" …). */
  SSE = 64,
}
