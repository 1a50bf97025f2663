/**
 * Where the fast tier keeps what generated code and TypeScript share, as byte
 * offsets in the machine's WebAssembly.Memory. The register file is at 0, so a
 * slot's address is its number times 8.
 */

import { Slot } from '../cpu/state';

/** Cells that TypeScript fills before entering generated code. */
export const enum Control {
  /** i32: instructions that may still begin. */
  BUDGET = 0x1000,
  /** i32: byte offset of the soft TLB's bank. */
  BANK = 0x1004,
  /** i32: number of the present code context (memory/fetch-tlb.ts). */
  KEY = 0x1008,
  /** i32: header of the block that has become hot. */
  HOT = 0x100c,
  /** i32: Cpu.mode. */
  MODE = 0x1018,
  /** i32: the driver begins no block with a smaller budget: 1 if the budget ends at an event, more if it may be exceeded. */
  LEAST_BUDGET = 0x101c,
  /** i32: byte offset of the VMCS that VMREAD and VMWRITE may access now, or 0. */
  VMCS = 0x1024,
  /** i64: mask of linear addresses: 32 bits outside long mode. */
  ADDRESS_MASK = 0x1010,
}

/** What VMREAD and VMWRITE do by field: FIELD_ACCESS of virtualization/vmx/field-access.ts. */
export const VMCS_FIELDS = 0x2000;

/**
 * The jump cache: blocks by RIP and code context, direct-mapped. An entry is 32
 * bytes: u64 RIP, u32 key, u32 header, u32 serial.
 */
export const JUMP_CACHE = 0x50000;
export const JUMP_ENTRY_BYTES = 32;
/** An entry's number: RIP's low half times this, shifted right. There are 2^14 of them. */
export const JUMP_HASH = 0x9e3779b1 | 0;
export const JUMP_HASH_SHIFT = 18;

export const enum JumpEntry {
  RIP = 0,
  KEY = 8,
  HEADER = 12,
  SERIAL = 16,
}

/**
 * Pages of code, so that after a flush each page is looked up once and not each
 * block: direct-mapped by linear page, 16 bytes: u64 linear page address, u32
 * key, u32 physical page number.
 */
export const CODE_PAGES = 0xd0000;
export const CODE_PAGE_ENTRIES = 256;
export const CODE_PAGE_BYTES = 16;

export const enum CodePageEntry {
  LINEAR = 0,
  KEY = 8,
  PHYSICAL = 12,
}

/** A loaded block: this header, then its micro-ops with operands turned into addresses. */
export const enum Header {
  /** u32: equals a jump-cache entry's serial while the block is valid; 0 once it is dropped. */
  SERIAL = 0,
  /** i32: table index of the region it is compiled in, or −1. */
  REGION = 4,
  /** i32: its entry number in that region, from 1 on. */
  ENTRY = 8,
  /** i32: executions left until it counts as hot. */
  COUNTER = 12,
  /** i32: guest instructions in the block, or what the region asks for where it is entered. */
  INSTRUCTIONS = 16,
  /** i32: its number in the list of loaded blocks. */
  NUMBER = 20,
  /** i32: physical page number, or −1 if the block ends in another page. */
  PAGE = 24,
  /** i32: Cpu.mode that it was made for. */
  MODE = 28,
  BYTES = 32,
}

/** Cells of the translator (wasm/translate.ts), which goes on where they say and leaves them where it has stopped. */
export const enum Translation {
  /** i32: distance of the next instruction from the block's start. */
  DELTA = 0x1100,
  /** i32: where its micro-ops go. */
  OUT = 0x1104,
  /** i32: instructions that the block may still have. */
  LEFT = 0x1108,
  /** i32: the last byte offset at which an instruction may be read: not too near the memory's end. */
  READABLE = 0x110c,
  /** Eight i32: what an instruction's displacement and immediate are (lift/shape.ts Value). */
  VALUES = 0x1120,
  /** Bytes of an instruction that crosses a page, put together; 64 of them. */
  JOINED = 0x1140,
}

/** What the translator answers. */
export const enum Translated {
  /** It stands at an instruction without template. */
  UNKNOWN = 0,
  /** The block is complete. */
  COMPLETE = 1,
  /** No instructions are left. */
  STOPPED = 2,
}

/** Tables of lift/shape.ts: facts about opcodes, a u32 each, and about ModRM bytes. */
export const OPCODE_FACTS = 0x4000;
export const MODRM_FACTS = 0x6000;

/**
 * Templates by shape (execution/templates.ts): an open hash table of 16-byte entries
 * — u64 and u32 of key, then a reference — and the templates themselves. A
 * reference greater than zero is a template's byte offset; zero is an empty entry.
 */
export const TEMPLATE_TABLE = 0x100000;
export const TEMPLATE_TABLE_BITS = 14;
export const TEMPLATE_ENTRY_BYTES = 16;
export const TEMPLATE_AREA = 0x140000;
export const TEMPLATE_AREA_BYTES = 0xc0000;

/** A template: this, then its micro-ops, then 8 bytes a fix-up: byte offset in them, byte offset of the value to add. */
export const enum TemplateHeader {
  /** u32: bytes of micro-ops, and of fix-ups. */
  CODE = 0,
  FIX_UPS = 4,
  /** u32: lift/template-maker.ts Ending. */
  ENDING = 8,
  BYTES = 16,
}

/** The block of code that is not kept (wasm/cold.ts): its header, which says number 0, and its micro-ops. */
export const COLD_BLOCK = 0x200000;
export const COLD_CODE = COLD_BLOCK + Header.BYTES;

/** Cells for it. */
export const enum Cold {
  /** i32: whether code may be run from it: there are no breakpoints. */
  ALLOWED = 0x1180,
  /** i32: the guest-physical bytes that it is made from, from … to; to is 0 while it is not being run, or when they have changed. */
  FROM = 0x1184,
  TO = 0x1188,
  /** i32: byte offset at which its micro-ops end. */
  CODE_END = 0x118c,
  /** i32: byte offset of guest-physical address 0. */
  RAM = 0x1194,
  /** i32: counts blocks that share an entry of SEEN. */
  TURN = 0x1190,
}

/** Where code has been run once: by guest-physical address, modulo the number of entries, a u32: 1 more than the address, or 0. */
export const SEEN = 0xe0000;
export const SEEN_ENTRIES = 0x4000;

/** Byte offset and size of the area for blocks that are kept, and for regions' entry maps. */
export const CODE_AREA = 0x240000;
export const CODE_AREA_BYTES = 0x1ec0000;

/** The slot of RIP. */
export const RIP_CELL = Slot.RIP * 8;

/** What the driver answers; larger numbers are addresses of the micro-op (INSN or BREAK) that needs the evaluator. */
export const enum Answer {
  /** No block is known at RIP. */
  MISS = 0,
  /** The budget is used up. */
  LIMIT = 1,
  /** The block at Control.HOT, at which RIP stands, is worth compiling. */
  HOT = 2,
}

/** What the interpreter and regions answer to the driver besides addresses. */
export const enum Left {
  /** RIP is at another block. */
  BLOCK = 0,
  /** The budget is used up inside a block. */
  LIMIT = 1,
}

/** What TypeScript answers when the interpreter calls it. */
export const enum Called {
  /** The instruction has been abandoned (`cpu.abort`). */
  ABANDONED = 0,
  GOES_ON = 1,
  /** The instruction is over and RIP at another block: a VM entry or exit. */
  ELSEWHERE = 2,
}
