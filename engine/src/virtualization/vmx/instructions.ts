/**
 * The VMX instructions (SDM 3C chapter 31), after the lifter has read their
 * operands. Each answers whether it succeeded; software sees that in the flags.
 */
import { Vector } from '../../cpu/cpu';
import { isCanonical, PHYSICAL_ADDRESS_BITS } from '../../cpu/limits';
import { Cr4, Flag, Slot } from '../../cpu/state';
import { CR0_FIXED0, CR4_FIXED0, CR4_FIXED1, fieldExists, VMCS_REVISION } from './capabilities';
import { CheckGroup, type VmxCore, VmxMode } from './core';
import { vmEntry } from './entry';
import { VmError } from './errors';
import { vmExit } from './exit';
import { F, fieldByEncoding, type VmcsField } from './fields';
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
 * exit in non-root operation, CPL (SDM 3C 31.3, "Operation" of each). `info` and
 * `displacement` fill the exit's instruction information and qualification.
 * False when the instruction must not go on.
 */
export function mayExecute(
  core: VmxCore,
  name: VmxInstruction,
  info: number | undefined,
  displacement: bigint,
): boolean {
  const { cpu } = core;
  const s = cpu.state;
  const mode = s.low(Slot.VMX_MODE);
  const call = name === 'vmcall';
  const undefinedOpcode = (why: string) => {
    cpu.raise(Vector.UD, undefined, `${name.toUpperCase()}: ${why}.`);
    return false;
  };
  if (mode === VmxMode.OFF && name !== 'vmxon')
    return undefinedOpcode('the processor is not in VMX operation');
  if (name === 'vmxon' && !cpu.cr4(Cr4.VMXE)) return undefinedOpcode('CR4.VMXE is 0');
  // VMCALL exits from every mode of a guest; in root operation it has the same demands as the others.
  if (!(call && core.active)) {
    if (cpu.realMode || s.low(Slot.RFLAGS) & Flag.VM)
      return undefinedOpcode('it needs protected mode outside virtual-8086 mode');
    if (cpu.longMode && !cpu.code64) return undefinedOpcode('it is not allowed in compatibility mode');
  }
  if (core.active) {
    vmExit(core, VMX_INSTRUCTIONS[name], displacement, {
      length: cpu.instructionLength,
      resumeFlag: false,
      info,
    });
    return false;
  }
  if (cpu.cpl !== 0) {
    cpu.raise(Vector.GP, 0, `${name.toUpperCase()} at CPL ${cpu.cpl}; it needs CPL 0.`);
    return false;
  }
  return true;
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

/** The field that VMREAD and VMWRITE name by an encoding, if this processor has it. */
function fieldOf(encoding: bigint): VmcsField | undefined {
  if (encoding >> 15n) return undefined;
  const number = Number(encoding);
  const field = fieldByEncoding(number & ~1);
  if (!field || !fieldExists(field)) return undefined;
  // Only 64-bit fields have a high half (SDM 3C 25.11.2).
  return number & 1 && field.width !== 64 ? undefined : field;
}

/** VMREAD: the value, or undefined after a failure. `bits`: operand size. */
export function vmread(core: VmxCore, encoding: bigint, bits: 32 | 64): bigint | undefined {
  if (!core.hasCurrent) {
    core.failInvalid('VMREAD: there is no current VMCS');
    return undefined;
  }
  const field = fieldOf(encoding);
  if (!field) {
    core.fail(VmError.UNSUPPORTED_FIELD);
    return undefined;
  }
  const value = core.vmcs.get(field.encoding);
  if (encoding & 1n) return value >> 32n;
  return bits === 64 ? value : value & 0xffffffffn;
}

/** Guest fields that are checked at every entry anyway and on which no other group depends. */
const FREE_GUEST_FIELDS = new Set<number>([
  F.GUEST_RIP,
  F.GUEST_RSP,
  F.GUEST_INTERRUPTIBILITY,
  F.GUEST_ACTIVITY,
  F.GUEST_PENDING_DEBUG,
  F.PREEMPTION_TIMER,
]);
/** Control fields that only the checks on controls look at, or none. */
const PLAIN_CONTROL_FIELDS = new Set<number>([
  F.ENTRY_INTERRUPTION,
  F.ENTRY_ERROR_CODE,
  F.ENTRY_INSTRUCTION_LENGTH,
  F.TSC_OFFSET,
  F.EXCEPTION_BITMAP,
  F.CR0_MASK,
  F.CR4_MASK,
  F.CR0_SHADOW,
  F.CR4_SHADOW,
]);

/** Which groups of entry checks a write to the field makes due again. */
function checksOf({ kind, encoding }: VmcsField): number {
  if (kind === 'host') return CheckGroup.HOST;
  if (kind === 'guest')
    return FREE_GUEST_FIELDS.has(encoding) ? 0 : CheckGroup.SEGMENTS | CheckGroup.CONTROLS;
  return PLAIN_CONTROL_FIELDS.has(encoding) ? CheckGroup.CONTROLS : CheckGroup.ALL;
}

/** VMWRITE. */
export function vmwrite(core: VmxCore, encoding: bigint, value: bigint, bits: 32 | 64): boolean {
  if (!core.hasCurrent) return core.failInvalid('VMWRITE: there is no current VMCS');
  const field = fieldOf(encoding);
  if (!field) return core.fail(VmError.UNSUPPORTED_FIELD);
  if (field.readOnly) return core.fail(VmError.READ_ONLY_FIELD);
  const { vmcs } = core;
  core.current.unchecked |= checksOf(field);
  if (encoding & 1n) {
    const low = vmcs.get(field.encoding) & 0xffffffffn;
    vmcs.set(field.encoding, ((value & 0xffffffffn) << 32n) | low);
  } else if (field.width === 16 || field.width === 32) {
    vmcs.set(field.encoding, BigInt.asUintN(field.width, value));
  } else if (bits === 64 || field.width === 'natural') {
    vmcs.set(field.encoding, value);
  } else {
    // Outside 64-bit mode a write to the full 64-bit field clears its high half (SDM 3C 25.11.2).
    vmcs.set(field.encoding, value & 0xffffffffn);
  }
  return core.succeed();
}

/** VMLAUNCH and VMRESUME (SDM 3C 27.1). */
export function vmlaunch(core: VmxCore, resume: boolean): boolean {
  const { cpu } = core;
  const name = resume ? 'VMRESUME' : 'VMLAUNCH';
  if (!core.hasCurrent) return core.failInvalid(`${name}: there is no current VMCS`);
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

/** Operand size of VMREAD, VMWRITE, INVEPT and INVVPID: fixed by the mode, not by prefixes. */
export function operandBits(core: VmxCore): 32 | 64 {
  return core.cpu.code64 ? 64 : 32;
}
