/**
 * The VMX instructions (SDM 3C chapter 31), after the lifter has read their
 * operands. Each answers whether it succeeded; software sees that in the flags.
 */
import { type Cpu, Vector } from '../../cpu/cpu';
import { isCanonical, PHYSICAL_ADDRESS_BITS } from '../../cpu/limits';
import { Cr4, Flag, Slot } from '../../cpu/state';
import { CR0_FIXED0, CR4_FIXED0, CR4_FIXED1, VMCS_REVISION } from './capabilities';
import { Resume } from './cause';
import { type VmxCore, VmxMode } from './core';
import { vmEntry } from './entry';
import { VmError } from './errors';
import { vmExit } from './exit';
import { FieldAccess, fieldAccess } from './field-access';
import { Reason } from './reasons';
import { NO_POINTER, Vmcs } from './vmcs';

/** Exit reason by instruction: what a guest that executes it causes. */
export const VMX_INSTRUCTIONS = {
  vmcall: Reason.VMCALL,
  vmclear: Reason.VMCLEAR,
  vmlaunch: Reason.VMLAUNCH,
  vmptrld: Reason.VMPTRLD,
  vmptrst: Reason.VMPTRST,
  vmread: Reason.VMREAD,
  vmresume: Reason.VMRESUME,
  vmwrite: Reason.VMWRITE,
  vmxoff: Reason.VMXOFF,
  vmxon: Reason.VMXON,
  invept: Reason.INVEPT,
  invvpid: Reason.INVVPID,
} as const;

export type VmxInstruction = keyof typeof VMX_INSTRUCTIONS;

/**
 * What every VMX instruction checks before its operands are touched: #UD, the
 * exit in non-root operation, CPL (SDM 3C 31.3, "Operation" of each). `info` (or
 * NONE) and `displacement`, which counts from the next instruction if
 * `ripRelative`, fill the exit's instruction information and qualification.
 * False when the instruction must not go on.
 */
export function mayExecute(
  core: VmxCore,
  name: VmxInstruction,
  info: number,
  displacement = 0,
  ripRelative = false,
): boolean {
  const { cpu } = core;
  const s = cpu.state;
  const mode = s.low(Slot.VMX_MODE);
  const call = name === 'vmcall';
  if (mode === VmxMode.OFF && name !== 'vmxon')
    return undefinedOpcode(cpu, name, 'the processor is not in VMX operation');
  if (name === 'vmxon' && !cpu.cr4(Cr4.VMXE)) return undefinedOpcode(cpu, name, 'CR4.VMXE is 0');
  // VMCALL exits from every mode of a guest; in root operation it has the same demands as the others.
  if (!(call && core.active)) {
    if (cpu.realMode || s.low(Slot.RFLAGS) & Flag.VM)
      return undefinedOpcode(cpu, name, 'it needs protected mode outside virtual-8086 mode');
    if (cpu.longMode && !cpu.code64)
      return undefinedOpcode(cpu, name, 'it is not allowed in compatibility mode');
  }
  if (core.active) {
    const cause = core.cause.begin(VMX_INSTRUCTIONS[name]);
    const next = ripRelative ? s.u64[Slot.RIP] + BigInt(cpu.instructionLength) : 0n;
    if (displacement !== 0 || ripRelative) cause.qualify(next + BigInt(displacement));
    cause.length = cpu.instructionLength;
    cause.resume = Resume.CLEAR;
    cause.info = info;
    vmExit(core);
    return false;
  }
  if (cpu.cpl !== 0) {
    cpu.raise(Vector.GP, 0, `${name.toUpperCase()} at CPL ${cpu.cpl}; it needs CPL 0.`);
    return false;
  }
  return true;
}

function undefinedOpcode(cpu: Cpu, name: VmxInstruction, why: string): false {
  cpu.raise(Vector.UD, undefined, `${name.toUpperCase()}: ${why}.`);
  return false;
}

/** A physical address that can be a VMXON or VMCS pointer: page-aligned and within the width. */
function validPointer(pointer: bigint): boolean {
  return (pointer & 0xfffn) === 0n && pointer >> BigInt(PHYSICAL_ADDRESS_BITS) === 0n;
}

/** The revision identifier in front of a region; all ones where there is no memory. */
function revisionAt(core: VmxCore, pointer: bigint): number {
  const { physical } = core.cpu.mmu;
  const address = Number(pointer);
  return address + 4096 <= physical.ramBytes ? physical.read32(address) : 0xffffffff;
}

/** VMXON's own #GP conditions outside VMX operation: CR0, CR4, IA32_FEATURE_CONTROL. Checked before the operand is read. */
export function vmxonAllowed(core: VmxCore): boolean {
  const { cpu } = core;
  const s = cpu.state;
  if (s.low(Slot.VMX_MODE) !== VmxMode.OFF) return true;
  const refuse = (why: string) => {
    cpu.raise(Vector.GP, 0, `VMXON: ${why}.`);
    return false;
  };
  if ((s.low(Slot.CR0) & CR0_FIXED0) >>> 0 !== CR0_FIXED0)
    return refuse('CR0 must have PE, NE and PG set (IA32_VMX_CR0_FIXED0)');
  const cr4 = s.low(Slot.CR4);
  if ((cr4 & CR4_FIXED0) !== CR4_FIXED0 || cr4 & ~CR4_FIXED1)
    return refuse('CR4 has a bit that VMX operation does not allow (IA32_VMX_CR4_FIXED1)');
  if ((s.low(Slot.FEATURE_CONTROL) & 5) !== 5)
    return refuse('IA32_FEATURE_CONTROL must be locked with VMX outside SMX enabled (bits 0 and 2)');
  return true;
}

/** VMXON m64. */
export function vmxon(core: VmxCore, pointer: bigint): boolean {
  const { cpu } = core;
  const s = cpu.state;
  if (s.low(Slot.VMX_MODE) !== VmxMode.OFF) return core.fail(VmError.VMXON_IN_ROOT);
  if (!validPointer(pointer))
    return core.failInvalid(
      'VMXON: the pointer must be 4-KByte aligned and within the physical-address width',
    );
  if (revisionAt(core, pointer) !== VMCS_REVISION)
    return core.failInvalid(
      `VMXON: the region must begin with the revision identifier 0x${VMCS_REVISION.toString(16)} of IA32_VMX_BASIC`,
    );
  s.u64[Slot.VMXON_POINTER] = pointer;
  s.setLow(Slot.VMX_MODE, VmxMode.ROOT);
  core.requireControlBits();
  core.setCurrent(NO_POINTER);
  core.known.clear();
  return core.succeed();
}

/** VMXOFF. */
export function vmxoff(core: VmxCore): boolean {
  const { cpu } = core;
  cpu.state.setLow(Slot.VMX_MODE, VmxMode.OFF);
  core.requireControlBits();
  core.setCurrent(NO_POINTER);
  core.known.clear();
  return core.succeed();
}

/** VMCALL in root operation: there is no dual-monitor treatment to activate. */
export function vmcall(core: VmxCore): boolean {
  return core.fail(VmError.VMCALL_IN_ROOT);
}

/** VMCLEAR m64. */
export function vmclear(core: VmxCore, pointer: bigint): boolean {
  const s = core.cpu.state;
  if (!validPointer(pointer)) return core.fail(VmError.VMCLEAR_INVALID_ADDRESS);
  if (pointer === s.u64[Slot.VMXON_POINTER]) return core.fail(VmError.VMCLEAR_VMXON_POINTER);
  const cleared = new Vmcs(core.cpu.mmu.physical, Number(pointer));
  if (cleared.inMemory) cleared.launched = false;
  const known = core.known.get(cleared.pointer);
  if (known) known.loaded = false;
  if (pointer === s.u64[Slot.VMCS_POINTER]) core.setCurrent(NO_POINTER);
  return core.succeed();
}

/** VMPTRLD m64. */
export function vmptrld(core: VmxCore, pointer: bigint): boolean {
  if (!validPointer(pointer)) return core.fail(VmError.VMPTRLD_INVALID_ADDRESS);
  if (pointer === core.cpu.state.u64[Slot.VMXON_POINTER]) return core.fail(VmError.VMPTRLD_VMXON_POINTER);
  // Bit 31 would make it a shadow VMCS, which this processor does not have.
  if (revisionAt(core, pointer) !== VMCS_REVISION) return core.fail(VmError.VMPTRLD_REVISION);
  core.setCurrent(pointer);
  return core.succeed();
}

/** VMREAD of an encoding given in halves: the value is in `core.valueLow` and `valueHigh`. */
export function vmread(core: VmxCore, low: number, high: number): boolean {
  if (!core.hasCurrent) return core.failInvalid('VMREAD: there is no current VMCS');
  const row = fieldAccess(low, high);
  if (row === 0) return core.fail(VmError.UNSUPPORTED_FIELD);
  const { vmcs, cpu } = core;
  const offset = row & FieldAccess.OFFSET;
  core.valueLow = vmcs.word(offset);
  core.valueHigh = row & FieldAccess.HIGH || !cpu.code64 ? 0 : vmcs.word(offset + 4);
  return core.succeed();
}

/** VMWRITE of a value, all in halves. The operand size is fixed by the mode: what is beyond it is 0. */
export function vmwrite(
  core: VmxCore,
  low: number,
  high: number,
  valueLow: number,
  valueHigh: number,
): boolean {
  if (!core.hasCurrent) return core.failInvalid('VMWRITE: there is no current VMCS');
  const row = fieldAccess(low, high);
  if (row === 0) return core.fail(VmError.UNSUPPORTED_FIELD);
  if (row & FieldAccess.READ_ONLY) return core.fail(VmError.READ_ONLY_FIELD);
  const { vmcs } = core;
  core.unchecked |= row >>> FieldAccess.CHECKS_SHIFT;
  const offset = row & FieldAccess.OFFSET;
  vmcs.beginWrites();
  vmcs.setWord(offset, row & FieldAccess.BITS_16 ? valueLow & 0xffff : valueLow);
  // Outside 64-bit mode a write to the full 64-bit field clears its high half (SDM 3C 25.11.2).
  if (!(row & FieldAccess.HIGH))
    vmcs.setWord(offset + 4, row & (FieldAccess.BITS_16 | FieldAccess.BITS_32) ? 0 : valueHigh);
  return core.succeed();
}

/** VMLAUNCH and VMRESUME (SDM 3C 27.1). */
export function vmlaunch(core: VmxCore, resume: boolean): boolean {
  const { cpu } = core;
  if (!core.hasCurrent)
    return core.failInvalid(`${resume ? 'VMRESUME' : 'VMLAUNCH'}: there is no current VMCS`);
  // The instruction itself has been counted.
  const shadow = cpu.state.number(Slot.SHADOW_SS);
  if (shadow !== 0 && shadow === cpu.icount - 1) return core.fail(VmError.BLOCKED_BY_MOV_SS);
  if (core.vmcs.launched !== resume)
    return core.fail(resume ? VmError.VMRESUME_NOT_LAUNCHED : VmError.VMLAUNCH_NOT_CLEAR);
  return vmEntry(core, !resume);
}

/** INVEPT: everything is dropped, which every type allows (SDM 3C 29.4.3.1). */
export function invept(core: VmxCore, type: bigint, eptPointer: bigint): boolean {
  const single = type === 1n;
  if (!single && type !== 2n)
    return core.fail(VmError.INVALID_INVEPT_OPERAND, `INVEPT: type ${type} is not supported; 1 and 2 are`);
  if (single && !validEptPointer(eptPointer))
    return core.fail(VmError.INVALID_INVEPT_OPERAND, 'INVEPT: VM entry would refuse this EPT pointer');
  core.cpu.mmu.flushEverything();
  return core.succeed();
}

/** The demands of SDM 3C 27.2.1.1 on an EPT pointer. */
function validEptPointer(pointer: bigint): boolean {
  const type = pointer & 7n;
  return (
    (type === 0n || type === 6n) &&
    ((pointer >> 3n) & 7n) === 3n &&
    (pointer & 0xf80n) === 0n &&
    pointer >> BigInt(PHYSICAL_ADDRESS_BITS) === 0n
  );
}

/** INVVPID: types individual-address, single-context, all-context, single-context retaining globals. */
export function invvpid(core: VmxCore, type: bigint, descriptor: bigint, linear: bigint): boolean {
  const refuse = (why: string) => core.fail(VmError.INVALID_INVEPT_OPERAND, `INVVPID: ${why}`);
  if (type > 3n) return refuse(`type ${type} is not supported; 0 to 3 are`);
  if (descriptor >> 16n) return refuse('bits 63:16 of the descriptor must be 0');
  if (type !== 2n && (descriptor & 0xffffn) === 0n) return refuse('the VPID must not be 0');
  if (type === 0n && !isCanonical(linear)) return refuse('the linear address is not canonical');
  core.cpu.mmu.flushEverything();
  return core.succeed();
}
