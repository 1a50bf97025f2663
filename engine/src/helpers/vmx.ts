import { type Cpu, Vector } from '../cpu/cpu';
import { Slot } from '../cpu/state';
import type { VmxCore } from '../virtualization/vmx/core';
import {
  invept,
  invvpid,
  mayExecute,
  operandBits,
  VMX_INSTRUCTIONS,
  type VmxInstruction,
  vmcall,
  vmclear,
  vmlaunch,
  vmptrld,
  vmread,
  vmwrite,
  vmxoff,
  vmxon,
  vmxonAllowed,
} from '../virtualization/vmx/instructions';
import { Vmx } from '../virtualization/vmx/vmx';
import type { HelperTable } from './types';

/** VMX instructions in the order of the numbers that the lifter gives to `vmxCheck`. */
export const VMX_NAMES = Object.keys(VMX_INSTRUCTIONS) as VmxInstruction[];

/** In `vmxCheck`'s d: the displacement counts from the next instruction (RIP-relative). */
export const RIP_RELATIVE = 0x100;
/** In `vmxCheck`'s d: the instruction has a memory or register operand, so the exit reports instruction information. */
export const HAS_OPERANDS = 0x200;

/** The processor's VMX, or undefined after raising #UD on a processor without. */
function coreOf(cpu: Cpu): VmxCore | undefined {
  if (cpu.intercepts instanceof Vmx) return cpu.intercepts.core;
  cpu.raise(Vector.UD, undefined, 'This processor has no VMX.');
  return undefined;
}

/** Wraps an instruction whose only operand is a pointer in memory, at linear address slot d. */
function withPointer(execute: (core: VmxCore, pointer: bigint) => void) {
  return (cpu: Cpu, d: number): void => {
    const core = coreOf(cpu);
    if (!core) return;
    const pointer = cpu.mmu.read64(cpu, cpu.state.u64[d]);
    if (pointer !== undefined) execute(core, pointer);
  };
}

/** Wraps INVEPT and INVVPID: d slot of the descriptor's linear address, a slot of the type. */
function withDescriptor(execute: (core: VmxCore, type: bigint, low: bigint, high: bigint) => void) {
  return (cpu: Cpu, d: number, a: number): void => {
    const core = coreOf(cpu);
    if (!core) return;
    const at = cpu.state.u64[d];
    const low = cpu.mmu.read64(cpu, at);
    if (low === undefined) return;
    const high = cpu.mmu.read64(cpu, cpu.code64 ? BigInt.asUintN(64, at + 8n) : BigInt.asUintN(32, at + 8n));
    if (high === undefined) return;
    execute(core, register(cpu, a), low, high);
  };
}

/** A register operand at the mode's operand size. */
function register(cpu: Cpu, slot: number): bigint {
  return cpu.code64 ? cpu.state.u64[slot] : BigInt(cpu.state.low(slot));
}

/** Helpers of this area; see types.ts for the calling convention. */
export const vmxHelpers = {
  /**
   * First step of every VMX instruction: #UD, exit, CPL. d: number in VMX_NAMES
   * with flags; a: instruction information (SDM 3C 28.2.5); b: displacement, signed.
   */
  vmxCheck(cpu, d, a, b) {
    const core = coreOf(cpu);
    if (!core) return;
    const name = VMX_NAMES[d & 0xff];
    let displacement = BigInt(b);
    if (d & RIP_RELATIVE) displacement += cpu.state.u64[Slot.RIP] + BigInt(cpu.instructionLength);
    const info = d & HAS_OPERANDS ? a >>> 0 : undefined;
    if (!mayExecute(core, name, info, BigInt.asUintN(64, displacement))) return;
    if (name === 'vmxon') vmxonAllowed(core);
  },
  vmxon: withPointer(vmxon),
  vmclear: withPointer(vmclear),
  vmptrld: withPointer(vmptrld),
  /** d: slot of the destination's linear address. */
  vmptrst(cpu, d) {
    const core = coreOf(cpu);
    if (!core) return;
    if (cpu.mmu.write64(cpu, cpu.state.u64[d], cpu.state.u64[Slot.VMCS_POINTER])) core.succeed();
  },
  /** d: destination register, a: slot of the field encoding. */
  vmread(cpu, d, a) {
    const core = coreOf(cpu);
    if (!core) return;
    const value = vmread(core, register(cpu, a), operandBits(core));
    if (value === undefined) return;
    cpu.state.u64[d] = value;
    core.succeed();
  },
  /** As `vmread` with d the slot of the destination's linear address. */
  vmreadMemory(cpu, d, a) {
    const core = coreOf(cpu);
    if (!core) return;
    const value = vmread(core, register(cpu, a), operandBits(core));
    if (value === undefined) return;
    const at = cpu.state.u64[d];
    const done = cpu.code64 ? cpu.mmu.write64(cpu, at, value) : cpu.mmu.write32(cpu, at, Number(value));
    if (done) core.succeed();
  },
  /** d: slot of the field encoding, a: slot of the value. */
  vmwrite(cpu, d, a) {
    const core = coreOf(cpu);
    if (core) vmwrite(core, register(cpu, d), register(cpu, a), operandBits(core));
  },
  /** a: 1 for VMRESUME. */
  vmlaunch(cpu, _d, a) {
    const core = coreOf(cpu);
    if (core) vmlaunch(core, a === 1);
  },
  vmxoff(cpu) {
    const core = coreOf(cpu);
    if (core) vmxoff(core);
  },
  vmcall(cpu) {
    const core = coreOf(cpu);
    if (core) vmcall(core);
  },
  invept: withDescriptor((core, type, low) => invept(core, type, low)),
  invvpid: withDescriptor(invvpid),
} as const satisfies HelperTable;
