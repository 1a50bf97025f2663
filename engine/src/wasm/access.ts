import { TLB_ENTRIES, TLB_RECORDS } from '../memory/tlb';
import { WindowRecord, Windows } from '../memory/windows';
import type { Code } from './encoder';
import { Control } from './layout';
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

/** After a hit: pushes the address in the WebAssembly.Memory. */
export function pushHost(c: Code, l: AccessLocals): void {
  c.get(l.entry).memory(W.I32_LOAD, HOST);
  c.get(l.address).op(W.I32_WRAP_I64).op(W.I32_ADD);
}

/** Locals of an access through a window. */
export interface WindowLocals extends AccessLocals {
  /** i64: the address's distance from the window's first. */
  distance: number;
}

/**
 * Finds the address in window number `window` of its kind, or in the soft TLB,
 * which moves the window there; `miss` emits what happens if it is in neither.
 * Afterwards {@link pushWindowHost} gives its place.
 */
export function findInWindow(
  c: Code,
  l: WindowLocals,
  window: number,
  size: number,
  write: boolean,
  miss: () => void,
): void {
  const { address, entry, distance } = l;
  const number = window + (write ? Windows.COUNT : 0);
  const record = TLB_RECORDS + (write ? WindowRecord.WRITE : 0);
  const constant = (): Code => c.i32(0);
  c.get(address);
  constant().memory(W.I64_LOAD, Windows.FIRST + number * 8);
  c.op(W.I64_SUB).tee(distance);
  constant().memory(W.I64_LOAD, Windows.LIMIT + number * 8);
  c.op(W.I64_GE_U);
  c.if();
  constant().memory(W.I32_LOAD, Control.BANK).set(l.bank);
  pushMiss(c, l, size, write);
  c.if();
  miss();
  c.end();
  constant();
  c.get(entry)
    .memory(W.I64_LOAD, record + WindowRecord.FIRST)
    .tee(distance);
  c.memory(W.I64_STORE, Windows.FIRST + number * 8);
  constant();
  c.get(entry).memory(W.I64_LOAD32_U, record + WindowRecord.LIMIT);
  c.memory(W.I64_STORE, Windows.LIMIT + number * 8);
  constant();
  c.get(entry).memory(W.I32_LOAD, record + WindowRecord.NEGATIVE_HOST);
  c.memory(W.I32_STORE, Windows.NEGATIVE_HOST + number * 4);
  constant();
  constant().memory(W.I32_LOAD, Windows.FILLED).i32(1).op(W.I32_ADD).memory(W.I32_STORE, Windows.FILLED);
  c.get(address).get(distance).op(W.I64_SUB).set(distance);
  c.end();
}

/** After {@link findInWindow}: pushes the address in the WebAssembly.Memory. */
export function pushWindowHost(c: Code, l: WindowLocals, window: number, write: boolean): void {
  // A subtraction, because V8 takes its operand from memory; of additions it makes LEA.
  c.get(l.distance).op(W.I32_WRAP_I64);
  c.i32(0).memory(W.I32_LOAD, Windows.NEGATIVE_HOST + (window + (write ? Windows.COUNT : 0)) * 4);
  c.op(W.I32_SUB);
}

export function loadOp(size: number): W | V {
  return LOADS[size];
}

export function storeOp(size: number): W | V {
  return STORES[size];
}
