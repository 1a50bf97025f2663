/** The VMX instructions (SDM 3C chapter 31). What they do is in virtualization/vmx; here their operands are read. */
import { Mnemonic, Register } from 'iced-x86';
import { RIP_RELATIVE, VMX_NAMES } from '../helpers/vmx';
import { Op } from '../ir/ops';
import type { VmxInstruction } from '../virtualization/vmx/instructions';
import { memoryOperandInfo } from '../virtualization/vmx/operand-info';
import type { LiftContext, LiftFunction, LiftTable } from './context';

/** Emits the checks that come before a memory operand is touched; `registers` goes into the instruction information. */
function check(c: LiftContext, name: VmxInstruction, registers = 0): void {
  const { insn } = c;
  let displacement = BigInt.asIntN(64, insn.memoryDisplacementU64);
  let flags = 0;
  if (insn.memoryBase === Register.RIP || insn.memoryBase === Register.EIP) {
    // The decoder has added the next instruction's address, counted from the block's start.
    displacement -= BigInt(c.next);
    flags |= RIP_RELATIVE;
  }
  c.helper(
    'vmxCheck',
    VMX_NAMES.indexOf(name) | flags,
    memoryOperandInfo(insn, c.addressBytes) | registers,
    Number(BigInt.asIntN(32, displacement)),
  );
}

/** VMXON, VMCLEAR, VMPTRLD m64. */
const pointer =
  (name: 'vmxon' | 'vmclear' | 'vmptrld'): LiftFunction =>
  (c) => {
    check(c, name);
    c.helper(name, c.linear(8));
    c.endWithNext();
  };

/** INVEPT, INVVPID r, m128. */
const invalidation =
  (name: 'invept' | 'invvpid'): LiftFunction =>
  (c) => {
    const type = c.gpr(0)!.slot;
    check(c, name, type << 28);
    c.helper(name, c.linear(16), type);
    c.endWithNext();
  };

/** Instructions without operands. */
const bare =
  (name: 'vmcall' | 'vmxoff' | 'vmlaunch' | 'vmresume'): LiftFunction =>
  (c) => {
    c.helper(name);
    c.endWithNext();
  };

/** VMREAD r/m, r. Of a memory operand, reg2 (the field) is in the information's bits 31:28. */
const vmread: LiftFunction = (c) => {
  const field = c.gpr(1)!.slot;
  const destination = c.gpr(0);
  if (destination) c.ir.emit(Op.VMREAD, destination.slot, field);
  else {
    check(c, 'vmread', field << 28);
    c.helper('vmreadMemory', c.linear(c.code64 ? 8 : 4, true), field);
  }
};

/** VMWRITE r, r/m. */
const vmwrite: LiftFunction = (c) => {
  const field = c.gpr(0)!.slot;
  const source = c.gpr(1);
  if (source) c.ir.emit(Op.VMWRITE, field, source.slot);
  else {
    check(c, 'vmwrite', field << 28);
    c.helper('vmwriteMemory', field, c.readLow(1));
  }
};

const vmptrst: LiftFunction = (c) => {
  check(c, 'vmptrst');
  c.helper('vmptrst', c.linear(8, true));
};

/** No VM functions: #UD in and outside VMX operation (SDM 3C 26.5.6.2). */
const vmfunc: LiftFunction = (c) => c.raise(6);

/** Lift functions of this area by iced mnemonic. */
export const vmxLifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Vmxon, pointer('vmxon')],
  [Mnemonic.Vmclear, pointer('vmclear')],
  [Mnemonic.Vmptrld, pointer('vmptrld')],
  [Mnemonic.Vmptrst, vmptrst],
  [Mnemonic.Vmread, vmread],
  [Mnemonic.Vmwrite, vmwrite],
  [Mnemonic.Vmlaunch, bare('vmlaunch')],
  [Mnemonic.Vmresume, bare('vmresume')],
  [Mnemonic.Vmcall, bare('vmcall')],
  [Mnemonic.Vmxoff, bare('vmxoff')],
  [Mnemonic.Invept, invalidation('invept')],
  [Mnemonic.Invvpid, invalidation('invvpid')],
  [Mnemonic.Vmfunc, vmfunc],
]);
