import type { Block } from '../ir/block';
import { WORDS } from '../ir/ops';
import {
  CODE_AREA,
  CODE_AREA_BYTES,
  Header,
  JUMP_CACHE,
  JUMP_ENTRY_BYTES,
  JUMP_HASH_SHIFT,
  JumpEntry,
} from '../wasm/layout';
import { loadCode } from './stored-code';

/** Pieces are multiples of this many bytes. */
const UNIT = 256;
const UNIT_SHIFT = 8;

/** No block's micro-ops are longer: 64 times the longest instruction, an ENTER of 31 levels, with breakpoints (lift/term.ts). */
const MAX_BLOCK_BYTES = 1 << 19;

/** An empty entry of the jump cache is for RIP 0, which is looked for in the first one: that has to name another. */
const FIRST_ENTRY = JUMP_CACHE >> 2;
const NOT_ZERO = 1;

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
    this.blocks.length = 0;
    this.freeNumbers.length = 0;
    // The jump cache names places that will be something else.
    const { i32 } = this;
    i32.fill(0, FIRST_ENTRY, FIRST_ENTRY + (JUMP_ENTRY_BYTES << (32 - JUMP_HASH_SHIFT)) / 4);
    i32[FIRST_ENTRY + (JumpEntry.RIP >> 2)] = NOT_ZERO;
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

  /** Every loaded block. */
  all(): Block[] {
    return this.blocks.filter((block) => block !== undefined);
  }
}
