import type { Block } from '../ir/block';
import { WORDS } from '../ir/ops';
import {
  CODE_AREA,
  CODE_AREA_BYTES,
  CODE_PAGE_BYTES,
  CODE_PAGE_ENTRIES,
  CODE_PAGES,
  COLD_BLOCK,
  COLD_CODE,
  CodePageEntry,
  Cold,
  Header,
  JUMP_CACHE,
  JUMP_ENTRY_BYTES,
  JUMP_HASH_SHIFT,
  JumpEntry,
  SEEN,
  SEEN_ENTRIES,
} from '../wasm/layout';
import { Unkept } from './code-cache';
import { loadCode } from './stored-code';

/** Pieces are multiples of this many bytes. */
const UNIT = 256;
const UNIT_SHIFT = 8;

/** No block's micro-ops are longer: 64 times the longest instruction, an ENTER of 31 levels, with breakpoints (lift/term.ts). */
const MAX_BLOCK_BYTES = 1 << 19;

/** An empty entry of the jump cache is for RIP 0, which is looked for in the first one: that has to name another. */
const FIRST_ENTRY = JUMP_CACHE >> 2;
const NOT_ZERO = 1;

/** So many bytes in front of a write, code counts as changed when it is asked whether it is worth keeping. */
const PATCH_REACH = 31;

/** A block whose micro-ops are in the machine's memory. */
class StoredBlock implements Block {
  valid = true;
  private copy: Int32Array | undefined;

  constructor(
    private readonly i32: Int32Array,
    public loaded: number,
    /** Words of micro-ops. */
    readonly words: number,
    readonly instructions: number,
    readonly bytes: number,
    readonly page: number,
    readonly secondPage: number,
    readonly mode: number,
  ) {}

  /** The micro-ops as lifted, for who cannot use their stored form; most blocks are never asked. */
  get code(): Int32Array {
    this.copy ??= loadCode(this.i32, (this.loaded + Header.BYTES) >> 2, this.words);
    return this.copy;
  }
}

/** The block of code that is run without being kept (wasm/cold.ts). Its micro-ops change without notice. */
class ColdBlock implements Block {
  readonly loaded = COLD_BLOCK;
  readonly instructions = 0;
  readonly bytes = 0;
  readonly page = 0;
  readonly secondPage = -1;
  readonly mode = 0;

  constructor(private readonly i32: Int32Array) {}

  get valid(): boolean {
    return this.i32[Cold.TO >> 2] !== 0;
  }

  get code(): Int32Array {
    return loadCode(this.i32, COLD_CODE >> 2, (this.i32[Cold.CODE_END >> 2] - COLD_CODE) >> 2);
  }
}

/**
 * Blocks as generated code sees them: a header and micro-ops whose operands are
 * addresses, in an area of the machine's memory of fixed size. Pieces that are
 * given back are used again.
 */
export class BlockStore {
  private next = CODE_AREA;
  private readonly free: number[][] = [];
  /** Loaded blocks by their number. */
  private readonly blocks: (Block | undefined)[] = [];
  private readonly freeNumbers: number[] = [];
  private serial = 0;
  private readonly i32: Int32Array;

  /** @param hotAfter executions after which a block is worth compiling */
  constructor(
    buffer: ArrayBufferLike,
    readonly hotAfter = 1000,
  ) {
    this.i32 = new Int32Array(buffer);
    this.i32[FIRST_ENTRY + (JumpEntry.RIP >> 2)] = NOT_ZERO;
    this.blocks.push(new ColdBlock(this.i32));
    this.i32[(COLD_BLOCK + Header.NUMBER) >> 2] = 0;
  }

  /** Bytes for generated code's use, or 0 when the area is full. */
  allocate(bytes: number): number {
    const units = (bytes + UNIT - 1) >>> UNIT_SHIFT;
    const reused = this.free[units]?.pop();
    if (reused !== undefined) return reused;
    const at = this.next;
    if (at + units * UNIT > CODE_AREA + CODE_AREA_BYTES) return 0;
    this.next = at + units * UNIT;
    return at;
  }

  release(at: number, bytes: number): void {
    const units = (bytes + UNIT - 1) >>> UNIT_SHIFT;
    (this.free[units] ??= []).push(at);
  }

  /** Byte offset where a new block's micro-ops may be written, MAX_BLOCK_BYTES of them; 0 when the area is full. */
  begin(): number {
    if (this.next + Header.BYTES + MAX_BLOCK_BYTES > CODE_AREA + CODE_AREA_BYTES) return 0;
    return this.next + Header.BYTES;
  }

  /** Makes a block of the micro-ops written since {@link begin}. */
  finish(
    words: number,
    instructions: number,
    bytes: number,
    page: number,
    secondPage: number,
    mode: number,
  ): Block {
    const { i32, next } = this;
    const size = Header.BYTES + words * 4;
    const at = this.allocate(size);
    if (at !== next) i32.copyWithin((at + Header.BYTES) >> 2, (next + Header.BYTES) >> 2, (next + size) >> 2);
    const number = this.freeNumbers.pop() ?? this.blocks.length;
    const block = new StoredBlock(i32, at, words, instructions, bytes, page, secondPage, mode);
    this.blocks[number] = block;
    this.serial = (this.serial + 1) | 0 || 1;
    const header = at >> 2;
    i32[header + (Header.SERIAL >> 2)] = this.serial;
    i32[header + (Header.REGION >> 2)] = -1;
    i32[header + (Header.COUNTER >> 2)] = this.hotAfter;
    i32[header + (Header.INSTRUCTIONS >> 2)] = instructions;
    i32[header + (Header.NUMBER >> 2)] = number;
    i32[header + (Header.PAGE >> 2)] = secondPage < 0 ? page : -1;
    i32[header + (Header.MODE >> 2)] = mode;
    return block;
  }

  /** Starts anew, once every block and every piece has been given back. */
  reset(): void {
    this.next = CODE_AREA;
    this.free.length = 0;
    this.blocks.length = 1;
    this.freeNumbers.length = 0;
    // The jump cache names places that will be something else.
    const { i32 } = this;
    i32.fill(0, FIRST_ENTRY, FIRST_ENTRY + (JUMP_ENTRY_BYTES << (32 - JUMP_HASH_SHIFT)) / 4);
    i32[FIRST_ENTRY + (JumpEntry.RIP >> 2)] = NOT_ZERO;
    i32.fill(0, CODE_PAGES >> 2, (CODE_PAGES + CODE_PAGE_ENTRIES * CODE_PAGE_BYTES) >> 2);
  }

  /** A page is not watched any more: code is not to be run from it without asking. */
  forgetPage(page: number): void {
    const { i32 } = this;
    for (let n = 0; n < CODE_PAGE_ENTRIES; n++) {
      const entry = (CODE_PAGES + n * CODE_PAGE_BYTES) >> 2;
      if (i32[entry + (CodePageEntry.PHYSICAL >> 2)] === page) i32[entry + (CodePageEntry.KEY >> 2)] = 0;
    }
  }

  /**
   * Bytes at a guest-physical address, all in one page, are about to change. What begins shortly before them is not
   * worth keeping when it is run next.
   */
  changed(physical: number, size: number): Unkept {
    const { i32 } = this;
    const first = (SEEN >> 2) + (physical & (SEEN_ENTRIES - 1));
    const before = Math.min(physical & 0xfff, PATCH_REACH);
    let seen = 0;
    for (let i = first - before; i < first + size; i++) {
      seen |= i32[i];
      i32[i] = 0;
    }
    if (physical < i32[Cold.TO >> 2] >>> 0 && physical + size > i32[Cold.FROM >> 2] >>> 0) {
      i32[Cold.TO >> 2] = 0;
      return Unkept.RUNNING;
    }
    return seen === 0 ? Unkept.NONE : Unkept.SEEN;
  }

  /** Gives a block's piece back; entries of the jump cache that name it do not match any more. */
  unload(block: Block): void {
    const at = block.loaded;
    if (at === 0) return;
    const { i32 } = this;
    const number = i32[(at + Header.NUMBER) >> 2];
    i32[(at + Header.SERIAL) >> 2] = 0;
    block.loaded = 0;
    this.blocks[number] = undefined;
    this.freeNumbers.push(number);
    this.release(at, Header.BYTES + (block as StoredBlock).words * 4);
  }

  /** The loaded block that a header belongs to. */
  blockAt(header: number): Block | undefined {
    return this.blocks[this.i32[(header + Header.NUMBER) >> 2]];
  }

  /** Header of the block that an INSN or BREAK micro-op at `address` belongs to. */
  headerOf(address: number): number {
    return address - (this.i32[address >> 2] >>> 8) * WORDS * 4 - Header.BYTES;
  }

  get(header: number, field: Header): number {
    return this.i32[(header + field) >> 2];
  }

  set(header: number, field: Header, value: number): void {
    this.i32[(header + field) >> 2] = value;
  }
}
