import { FlowControl, type Instruction, Mnemonic } from 'iced-x86';
import { MAX_INSTRUCTION, withInstruction } from '../disassembly/decode';
import { bitsOf } from '../scopes/snapshot';
import type { Here, Target } from '../target';

/** What a step needs to know of the instruction it stands on. */
export interface StepInstruction {
  length: number;
  /**
   * `subroutine`: something runs elsewhere and comes back behind it (call, int,
   * syscall, vmcall, hlt, repeated string instructions); `entry`: VMLAUNCH and
   * VMRESUME, which come back through the next VM exit; `plain`: all others.
   */
  kind: 'plain' | 'subroutine' | 'entry';
  /** Repeats itself: a string instruction with a REP prefix. */
  repeats: boolean;
  /** Where a near branch goes. */
  branch?: bigint;
}

/** Instructions outside iced-x86's call and interrupt groups that `next` treats as one piece. */
const SUBROUTINES = new Set<number>([
  Mnemonic.Hlt,
  Mnemonic.Syscall,
  Mnemonic.Sysenter,
  Mnemonic.Vmcall,
  Mnemonic.Vmmcall,
]);
const ENTRIES = new Set<number>([Mnemonic.Vmlaunch, Mnemonic.Vmresume, Mnemonic.Vmrun]);

/** The instruction at a place of the running context; undefined when it cannot be read or decoded. */
export function instructionAt(target: Target, here: Here): StepInstruction | undefined {
  const { cpu } = target.machine;
  let bits: 16 | 32 | 64 = 64;
  if (!cpu.code64) {
    const registers = target.registers(here.context);
    bits = bitsOf(registers.mode, registers.segments[1]?.access ?? 0);
  }
  return withInstruction(
    target.read(here.context, here.address, MAX_INSTRUCTION),
    bits,
    here.address,
    classify,
  );
}

/** What stepping and breakpoints want to know of a decoded instruction. */
export function classify(instruction: Instruction): StepInstruction {
  const flow = instruction.flowControl;
  const repeats = instruction.isStringInstruction && (instruction.hasRepPrefix || instruction.hasRepnePrefix);
  const branches = flow === FlowControl.ConditionalBranch || flow === FlowControl.UnconditionalBranch;
  const subroutine =
    repeats ||
    flow === FlowControl.Call ||
    flow === FlowControl.IndirectCall ||
    flow === FlowControl.Interrupt ||
    SUBROUTINES.has(instruction.mnemonic);
  return {
    length: instruction.length,
    kind: ENTRIES.has(instruction.mnemonic) ? 'entry' : subroutine ? 'subroutine' : 'plain',
    repeats,
    branch: branches ? instruction.nearBranchTarget : undefined,
  };
}
