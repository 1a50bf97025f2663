/**
 * The copying that every VM entry and exit does (state-areas.ts) as straight
 * WebAssembly code: some hundred loads and stores, in less time than one of the
 * loops that JavaScript needs for them.
 */
import { Access, Slot } from '../../cpu/state';
import { Code, encodeModule } from '../../wasm/encoder';
import { Type, W } from '../../wasm/opcodes';
import { F, OFFSETS } from './fields';
import {
  GUEST_CHECKED,
  GUEST_UNCHECKED,
  HOST_DATA,
  HOST_DATA_SEGMENTS,
  HOST_STATE,
  HOST_VALUES,
  type Row,
} from './state-areas';

/** Functions of the byte offset of a VMCS region in the WebAssembly.Memory. The register file is at its start. */
export interface Transfers {
  /** Guest-state area → registers. */
  loadGuest(vmcs: number): void;
  /** Registers → guest-state area. Answers 0 if what entries check in it was there already. */
  saveGuest(vmcs: number): number;
  /** Host-state area → registers. */
  loadHost(vmcs: number): void;
}

const VMCS = 0;

/** Entries load CR0 in part only. */
const GUEST_SAVED: readonly Row[] = [[Slot.CR0, F.GUEST_CR0], ...GUEST_CHECKED];

function load(c: Code, rows: readonly Row[]): void {
  for (const [slot, field] of rows) {
    c.i32(0);
    c.get(VMCS).memory(W.I64_LOAD, OFFSETS[field]);
    c.memory(W.I64_STORE, slot * 8);
  }
}

function save(c: Code, rows: readonly Row[]): void {
  for (const [slot, field] of rows) {
    c.get(VMCS);
    c.i32(0).memory(W.I64_LOAD, slot * 8);
    c.memory(W.I64_STORE, OFFSETS[field]);
  }
}

/** Answers whether one of the fields differs from its register. */
function compare(c: Code, rows: readonly Row[]): void {
  c.i64(0);
  for (const [slot, field] of rows) {
    c.i32(0).memory(W.I64_LOAD, slot * 8);
    c.get(VMCS).memory(W.I64_LOAD, OFFSETS[field]).op(W.I64_XOR).op(W.I64_OR);
  }
  c.op(W.I64_EQZ).op(W.I32_EQZ);
}

function loadGuest(): Code {
  const c = new Code(1);
  load(c, [...GUEST_CHECKED, ...GUEST_UNCHECKED]);
  return c;
}

function saveGuest(): Code {
  const c = new Code(1);
  save(c, GUEST_UNCHECKED);
  compare(c, GUEST_SAVED);
  c.if();
  save(c, GUEST_SAVED);
  c.i32(1).op(W.RETURN);
  c.end();
  c.i32(0);
  return c;
}

function loadHost(): Code {
  const c = new Code(1);
  load(c, HOST_STATE);
  for (const [slot, value] of HOST_VALUES) {
    c.i32(0);
    c.i64Big(BigInt(value)).memory(W.I64_STORE, slot * 8);
  }
  for (const { selector, access } of HOST_DATA_SEGMENTS) {
    c.i32(0);
    c.i64(HOST_DATA | Access.UNUSABLE).i64(HOST_DATA);
    c.i32(0)
      .memory(W.I32_LOAD, selector * 8)
      .op(W.I32_EQZ)
      .op(W.SELECT);
    c.memory(W.I64_STORE, access * 8);
  }
  c.i32(0)
    .i64(-1)
    .memory(W.I64_STORE, Slot.PREEMPTION_DEADLINE * 8);
  return c;
}

let compiled: WebAssembly.Module | undefined;

/** For the machine with this memory. */
export function makeTransfers(memory: WebAssembly.Memory): Transfers {
  compiled ??= new WebAssembly.Module(
    encodeModule({
      signatures: [
        { parameters: [Type.I32], results: [] },
        { parameters: [Type.I32], results: [Type.I32] },
      ],
      functions: [
        { signature: 0, code: loadGuest(), export: 'loadGuest' },
        { signature: 1, code: saveGuest(), export: 'saveGuest' },
        { signature: 0, code: loadHost(), export: 'loadHost' },
      ],
    }),
  );
  return new WebAssembly.Instance(compiled, { e: { m: memory } }).exports as unknown as Transfers;
}
