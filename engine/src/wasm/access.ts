import { TLB_ENTRIES } from '../memory/tlb';
import type { Code } from './encoder';
import { W } from './opcodes';
import { V } from './simd';

/** The soft TLB's geometry (memory/tlb.ts): index bits of an address shifted by 7, offsets in an entry. */
const INDEX_SHIFT = 7;
const INDEX_MASK = (TLB_ENTRIES - 1) << 5;
const TAG_WRITE = 8;
const HOST = 24;

const LOADS = [W.I64_LOAD8_U, W.I64_LOAD16_U, W.I64_LOAD32_U, W.I64_LOAD, V.V128_LOAD];
const STORES = [W.I64_STORE8, W.I64_STORE16, W.I64_STORE32, W.I64_STORE, V.V128_STORE];

/** Locals that an inline access works with. */
export interface AccessLocals {
  /** i64: the linear address, already cut to its width. */
  address: number;
  /** i32 */
  entry: number;
  /** i32: the current bank's byte offset. */
  bank: number;
}

/**
 * Looks the address up in the soft TLB; pushes 1 if the access of 1 << `size`
 * bytes is not allowed, lies not in RAM, or crosses its page.
 */
export function pushMiss(c: Code, l: AccessLocals, size: number, write: boolean): void {
  c.get(l.address).i64(INDEX_SHIFT).op(W.I64_SHR_U).op(W.I32_WRAP_I64);
  c.i32(INDEX_MASK).op(W.I32_AND).get(l.bank).op(W.I32_ADD).tee(l.entry);
  c.memory(W.I64_LOAD, write ? TAG_WRITE : 0);
  c.get(l.address);
  if (size > 0) c.i64((1 << size) - 1).op(W.I64_ADD);
  c.i64(-4096).op(W.I64_AND).op(W.I64_NE);
}

/** As {@link pushMiss} for 16 bytes; also 1 if the address is no multiple of 16, which then cannot cross a page. */
export function pushAlignedMiss(c: Code, l: AccessLocals, write: boolean): void {
  pushMiss(c, l, 0, write);
  c.get(l.address).op(W.I32_WRAP_I64).i32(15).op(W.I32_AND).op(W.I32_OR);
}

/** After a hit: pushes the address in the WebAssembly.Memory. */
export function pushHost(c: Code, l: AccessLocals): void {
  c.get(l.entry).memory(W.I32_LOAD, HOST);
  c.get(l.address).op(W.I32_WRAP_I64).op(W.I32_ADD);
}

export function loadOp(size: number): W | V {
  return LOADS[size];
}

export function storeOp(size: number): W | V {
  return STORES[size];
}
