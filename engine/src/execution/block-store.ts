import type { Block } from '../ir/block';
import { Op, WORDS } from '../ir/ops';
import { OP_SLOW } from '../wasm/interpreter';
import { CODE_AREA, CODE_AREA_BYTES, Header } from '../wasm/layout';
import { hasCode, ROWS } from '../wasm/ops';

/** Pieces are multiples of this many bytes. */
const UNIT = 256;
const UNIT_SHIFT = 8;

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

  /** Loads a block; false when there is no room. */
  load(block: Block): boolean {
    const { code } = block;
    const at = this.allocate(Header.BYTES + code.length * 4);
    if (at === 0) return false;
    const { i32 } = this;
    const number = this.freeNumbers.pop() ?? this.blocks.length;
    this.blocks[number] = block;
    block.loaded = at;
    this.serial = (this.serial + 1) | 0 || 1;
    i32[(at + Header.SERIAL) >> 2] = this.serial;
    i32[(at + Header.REGION) >> 2] = -1;
    i32[(at + Header.COUNTER) >> 2] = this.hotAfter;
    i32[(at + Header.INSTRUCTIONS) >> 2] = block.instructions;
    i32[(at + Header.NUMBER) >> 2] = number;
    i32[(at + Header.PAGE) >> 2] = block.secondPage < 0 ? block.page : -1;
    i32[(at + Header.MODE) >> 2] = block.mode;
    loadCode(code, i32, (at + Header.BYTES) >> 2);
    return true;
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
    this.release(at, Header.BYTES + block.code.length * 4);
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

/** By micro-op: by how much d, a and b are shifted, two bits each: 3 for slots, 0 for literals. Without a row, by nothing. */
const NO_ROW = 0x80;
const SLOTS = Uint8Array.from({ length: 256 }, (_, op) => {
  const row = ROWS[op];
  if (!row) return NO_ROW;
  return (row.d === '-' ? 0 : 3) | (row.a === '-' ? 0 : 3 << 2) | (row.b === '-' ? 0 : 3 << 4);
});

/** Copies micro-ops, slots becoming addresses where they have code; an INSN or BREAK carries its own index. */
function loadCode(code: Int32Array, to: Int32Array, start: number): void {
  let insn = -1;
  for (let at = 0; at < code.length; at += WORDS) {
    const op = code[at] & 0xff;
    const out = start + at;
    if (op === Op.INSN || op === Op.BREAK) {
      to[out] = op | ((at / WORDS) << 8);
      to[out + 1] = code[at + 1];
      to[out + 2] = code[at + 2];
      insn = op === Op.INSN ? out : -1;
      continue;
    }
    const shift = SLOTS[op];
    if (shift !== NO_ROW && !hasCode(code[at])) {
      to[insn] = (to[insn] & ~0xff) | OP_SLOW;
      continue;
    }
    to[out] = code[at];
    // A slot is 8 bytes.
    to[out + 1] = code[at + 1] << (shift & 3);
    to[out + 2] = code[at + 2] << ((shift >> 2) & 3);
    to[out + 3] = code[at + 3] << ((shift >> 4) & 3);
  }
}
