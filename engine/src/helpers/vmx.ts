import { type Cpu, Vector } from '../cpu/cpu';
import { Slot } from '../cpu/state';
import { NONE } from '../virtualization/vmx/cause';
import type { VmxCore } from '../virtualization/vmx/core';
import {
  invept,
  invvpid,
  mayExecute,
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
import { REGISTER_OPERAND } from '../virtualization/vmx/operand-info';
import { Vmx } from '../virtualization/vmx/vmx';
import type { HelperTable } from './types';

/** VMX instructions in the order of the numbers that the lifter gives to `vmxCheck`. */
export const VMX_NAMES = Object.keys(VMX_INSTRUCTIONS) as VmxInstruction[];

/** In `vmxCheck`'s d: the displacement counts from the next instruction (RIP-relative). */
export const RIP_RELATIVE = 0x100;

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

/** Wraps an instruction without operands: its checks and what it does. */
function withoutOperands(name: VmxInstruction, execute: (core: VmxCore) => void) {
  return (cpu: Cpu): void => {
    const core = coreOf(cpu);
    if (core && mayExecute(core, name, NONE)) execute(core);
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

/** The upper half of a register operand at the mode's operand size. */
function upper(cpu: Cpu, slot: number): number {
  return cpu.code64 ? cpu.state.u32[slot * 2 + 1] : 0;
}

function readField(core: VmxCore, encoding: number): boolean {
  const { cpu } = core;
  return vmread(core, cpu.state.low(encoding), upper(cpu, encoding));
}

function writeField(core: VmxCore, encoding: number, value: number): void {
  const { cpu } = core;
  const { state } = cpu;
  vmwrite(core, state.low(encoding), upper(cpu, encoding), state.low(value), upper(cpu, value));
}

/** Instruction information of VMREAD and VMWRITE with two registers (SDM 3C Table 28-14). */
function registerOperands(operand: number, encoding: number): number {
  return (REGISTER_OPERAND | (operand << 3) | (encoding << 28)) >>> 0;
}

/** Helpers of this area; see types.ts for the calling convention. */
export const vmxHelpers = {
  /**
   * First step of a VMX instruction with a memory operand: #UD, exit, CPL. d: number in VMX_NAMES,
   * perhaps with RIP_RELATIVE; a: instruction information (SDM 3C 28.2.5); b: displacement, signed.
   */
  vmxCheck(cpu, d, a, b) {
    const core = coreOf(cpu);
    if (!core) return;
    const name = VMX_NAMES[d & 0xff];
    if (!mayExecute(core, name, a >>> 0, b, (d & RIP_RELATIVE) !== 0)) return;
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
  /** The whole of VMREAD to register d; a: slot of the field encoding. */
  vmread(cpu, d, a) {
    const core = coreOf(cpu);
    if (!core || !mayExecute(core, 'vmread', registerOperands(d, a)) || !readField(core, a)) return;
    cpu.state.u32[d * 2] = core.valueLow;
    cpu.state.u32[d * 2 + 1] = core.valueHigh;
  },
  /** VMREAD to memory at the linear address in slot d, after `vmxCheck`. */
  vmreadMemory(cpu, d, a) {
    const core = coreOf(cpu);
    if (!core || !readField(core, a)) return;
    const at = cpu.state.u64[d];
    const { valueLow, valueHigh } = core;
    if (!cpu.code64) cpu.mmu.write32(cpu, at, valueLow);
    else cpu.mmu.write64(cpu, at, (BigInt(valueHigh) << 32n) | BigInt(valueLow));
  },
  /** The whole of VMWRITE of register a; d: slot of the field encoding. */
  vmwrite(cpu, d, a) {
    const core = coreOf(cpu);
    if (core && mayExecute(core, 'vmwrite', registerOperands(a, d))) writeField(core, d, a);
  },
  /** VMWRITE of the value in slot a, which was in memory, after `vmxCheck`. */
  vmwriteMemory(cpu, d, a) {
    const core = coreOf(cpu);
    if (core) writeField(core, d, a);
  },
  vmlaunch: withoutOperands('vmlaunch', (core) => vmlaunch(core, false)),
  vmresume: withoutOperands('vmresume', (core) => vmlaunch(core, true)),
  vmxoff: withoutOperands('vmxoff', vmxoff),
  vmcall: withoutOperands('vmcall', vmcall),
  invept: withDescriptor((core, type, low) => invept(core, type, low)),
  invvpid: withDescriptor(invvpid),
} as const satisfies HelperTable;
