/** VMREAD and VMWRITE in 64-bit mode without a call, while they can only succeed (SDM 3C 31.3). */
import { Slot } from '../cpu/state';
import { ENCODING_BITS, FieldAccess } from '../virtualization/vmx/field-access';
import type { Code } from './encoder';
import { Control, VMCS_FIELDS } from './layout';
import { W } from './opcodes';

const UNCHECKED = Slot.VMX_UNCHECKED * 8;

/** What the code works with. */
export interface VmcsOperands {
  c: Code;
  /** Push the field's encoding, or the value to write, on 64 bits. */
  encoding: () => Code;
  value: () => Code;
  /** i32 locals. */
  row: number;
  vmcs: number;
  /** Takes 1 from the stack if the instruction is TypeScript's. */
  leaveIf: () => void;
}

/** Finds the field; goes on only with an access that cannot fail. `refused`: bits of the row that it may not have. */
function find({ c, encoding, row, vmcs, leaveIf }: VmcsOperands, refused: number): void {
  const part = (shift: number, mask: number): void => {
    c.get(row);
    if (shift > 0) c.i32(shift).op(W.I32_SHR_U);
    c.i32(mask).op(W.I32_AND);
  };
  encoding().i64(~ENCODING_BITS).op(W.I64_AND).op(W.I64_EQZ).op(W.I32_EQZ);
  leaveIf();
  // rowOf
  encoding().op(W.I32_WRAP_I64).set(row);
  part(0, 0x3f);
  part(4, 0xc0);
  c.op(W.I32_OR);
  part(5, 0x300);
  c.op(W.I32_OR).i32(2).op(W.I32_SHL).memory(W.I32_LOAD, VMCS_FIELDS).tee(row).op(W.I32_EQZ);
  part(0, refused);
  c.i32(0).memory(W.I32_LOAD, Control.VMCS).tee(vmcs).op(W.I32_EQZ).op(W.I32_OR).op(W.I32_OR);
  leaveIf();
}

/** Pushes the address of the field. */
function pushAddress({ c, row, vmcs }: VmcsOperands): void {
  c.get(row).i32(FieldAccess.OFFSET).op(W.I32_AND).get(vmcs).op(W.I32_ADD);
}

/** Pushes the field's value. */
export function pushVmread(o: VmcsOperands): void {
  find(o, FieldAccess.HIGH);
  pushAddress(o);
  o.c.memory(W.I64_LOAD);
}

/** Writes the field and notes which checks are due. */
export function emitVmwrite(o: VmcsOperands): void {
  const { c, row } = o;
  find(o, FieldAccess.HIGH | FieldAccess.READ_ONLY);
  pushAddress(o);
  o.value();
  // To the field's width.
  c.i64(0xffff).i64Big(0xffffffffn).i64(-1);
  c.get(row).i32(FieldAccess.BITS_32).op(W.I32_AND).op(W.SELECT);
  c.get(row).i32(FieldAccess.BITS_16).op(W.I32_AND).op(W.SELECT);
  c.op(W.I64_AND).memory(W.I64_STORE);
  c.i32(0);
  c.i32(0).memory(W.I64_LOAD, UNCHECKED);
  c.get(row).i32(FieldAccess.CHECKS_SHIFT).op(W.I32_SHR_U).op(W.I64_EXTEND_I32_U);
  c.op(W.I64_OR).memory(W.I64_STORE, UNCHECKED);
}
