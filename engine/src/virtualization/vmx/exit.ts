/** VM exits (SDM 3C chapter 28). */
import { Abort, Vector } from '../../cpu/cpu';
import { EventType } from '../../cpu/event';
import { Cr0, Cr4, Efer, Flag, Slot } from '../../cpu/state';
import { readRflags } from '../../ir/flags';
import { Kind, Logged, Present } from '../exit-log';
import { NONE, Resume } from './cause';
import { Interruptibility } from './checks/guest';
import { Entry, Exit, Pin, Secondary } from './controls';
import { type VmxCore, VmxMode } from './core';
import { CheckGroup } from './field-access';
import { F } from './fields';
import { loadHostState, VmxAbort, vmxAbort } from './host-state';
import { storeMsrList } from './msr-lists';
import { savePreemptionTimer } from './preemption-timer';
import { Reason } from './reasons';

const VALID = 0x80000000;

/**
 * Leaves the guest for the reason in {@link VmxCore.cause}: records it, saves
 * the guest, loads the host. Always true, which is what interception callbacks
 * answer; `cpu.abort` is EXIT (or STOP after a VMX abort or when the observer
 * asked for it).
 */
export function vmExit(core: VmxCore): true {
  const { cpu, vmcs, cause } = core;
  vmcs.beginWrites();
  recordCause(core);
  saveGuest(core);
  vmcs.lastCount = cpu.icount;
  cpu.abort = Abort.EXIT;

  // 28.4 saving MSRs
  const failed = storeMsrList(core);
  if (failed) {
    cpu.state.setLow(Slot.VMX_MODE, VmxMode.ROOT);
    core.active = false;
    vmxAbort(core, VmxAbort.STORING_MSRS, failed);
    return true;
  }
  log(core);
  const blockedBefore = cpu.state.low(Slot.NMI_BLOCKED);
  const virtualNmis = core.controls.pin & Pin.VIRTUAL_NMIS;
  const nmi = cause.reason === Reason.EXCEPTION_OR_NMI && (cause.interruption & 0x7ff) === 0x202;
  if (!loadHostState(core)) return true;
  // 28.5.5: NMIs are blocked after an exit by an NMI; virtual blocking ends with the guest.
  cpu.state.setLow(Slot.NMI_BLOCKED, nmi ? 1 : virtualNmis ? 0 : blockedBefore);
  cpu.observer.transition?.();
  return true;
}

/** Logs the exit. The general registers are still the guest's. */
function log(core: VmxCore): void {
  const { cpu, vmcs, cause, exits } = core;
  const { u32 } = cpu.state;
  const at = exits.add(cpu.icount, cause.explanation);
  const { words } = exits;
  words[at + Logged.KIND] = Kind.EXIT;
  words[at + Logged.REASON] = cause.reason;
  words[at + Logged.VMCS] = vmcs.pointer;
  words[at + Logged.VMCS + 1] = vmcs.pointer / 0x100000000;
  words[at + Logged.QUALIFICATION] = cause.qualification;
  words[at + Logged.QUALIFICATION + 1] = cause.qualificationHigh;
  words[at + Logged.GUEST_RIP] = u32[Slot.RIP * 2];
  words[at + Logged.GUEST_RIP + 1] = u32[Slot.RIP * 2 + 1];
  words[at + Logged.PRESENT] =
    (cause.hasLinear ? Present.LINEAR : 0) |
    (cause.hasPhysical ? Present.PHYSICAL : 0) |
    (cause.errorCode !== NONE ? Present.ERROR_CODE : 0);
  words[at + Logged.LENGTH] = cause.length;
  words[at + Logged.LINEAR] = cause.linear;
  words[at + Logged.LINEAR + 1] = cause.linearHigh;
  words[at + Logged.PHYSICAL] = cause.physical;
  words[at + Logged.PHYSICAL + 1] = cause.physicalHigh;
  words[at + Logged.INTERRUPTION] = cause.interruption;
  words[at + Logged.ERROR_CODE] = cause.errorCode;
  words[at + Logged.RAX] = u32[Slot.RAX * 2];
  words[at + Logged.RAX + 1] = u32[Slot.RAX * 2 + 1];
  words[at + Logged.RCX] = u32[Slot.RCX * 2];
  words[at + Logged.RDX] = u32[Slot.RDX * 2];
}

/** The exit-information fields (SDM 3C 28.2). */
function recordCause(core: VmxCore): void {
  const { cpu, vmcs, cause } = core;
  vmcs.setLow(F.EXIT_REASON, cause.reason);
  vmcs.setHalves(F.EXIT_QUALIFICATION, cause.qualification, cause.qualificationHigh);
  if (cause.hasLinear) vmcs.setHalves(F.GUEST_LINEAR_ADDRESS, cause.linear, cause.linearHigh);
  if (cause.hasPhysical) vmcs.setHalves(F.GUEST_PHYSICAL_ADDRESS, cause.physical, cause.physicalHigh);
  vmcs.setLow(F.EXIT_INTERRUPTION, cause.interruption);
  if (cause.errorCode !== NONE) vmcs.setLow(F.EXIT_ERROR_CODE, cause.errorCode);
  if (cause.info !== NONE) vmcs.setLow(F.EXIT_INSTRUCTION_INFO, cause.info);

  // 28.2.4 information for exits during event delivery
  let { length } = cause;
  if (cpu.delivering >= 0 && !cause.notDuringDelivery) {
    const hasError = cpu.deliveringErrorCode !== undefined;
    vmcs.setLow(
      F.IDT_VECTORING,
      (cpu.delivering | (cpu.deliveringKind << 8) | (hasError ? 0x800 : 0) | VALID) >>> 0,
    );
    if (hasError) vmcs.setLow(F.IDT_ERROR_CODE, cpu.deliveringErrorCode!);
    // The length matters to whoever wants to inject the software event again.
    length = cpu.deliveringKind >= EventType.SOFTWARE ? cpu.instructionLength : 0;
  } else vmcs.setLow(F.IDT_VECTORING, 0);
  vmcs.setLow(F.EXIT_INSTRUCTION_LENGTH, length);
  // 25.8.3: every exit clears the valid bit.
  if (core.controls.injected >>> 31) {
    core.controls.injected &= 0x7fffffff;
    vmcs.setLow(F.ENTRY_INTERRUPTION, core.controls.injected);
  }
}

/** Saves the guest-state area (SDM 3C 28.3). What entries check becomes due if it is not what it was at the last one. */
function saveGuest(core: VmxCore): void {
  const { cpu, vmcs, controls, cause } = core;
  const s = cpu.state;
  const { exit, entry, secondary } = controls;

  // 28.3.1 control registers, debug registers, MSRs; 28.3.2, 28.3.3 segments, RIP, RSP, RFLAGS
  let changed = core.transfers.saveGuest(core.vmcsHost);
  if (exit & Exit.SAVE_DEBUG_CONTROLS) {
    changed |= vmcs.replace(s, Slot.DR7, F.GUEST_DR7);
    changed |= vmcs.replace(s, Slot.DEBUGCTL, F.GUEST_DEBUGCTL);
  }
  if (exit & Exit.SAVE_PAT) changed |= vmcs.replace(s, Slot.PAT, F.GUEST_PAT);
  if (exit & Exit.SAVE_EFER) changed |= vmcs.replace(s, Slot.EFER, F.GUEST_EFER);
  const long = (s.low(Slot.EFER) & Efer.LMA) !== 0;
  const mode = long ? Entry.IA32E_MODE_GUEST : 0;
  if ((entry & Entry.IA32E_MODE_GUEST) !== mode) {
    vmcs.setLow(F.ENTRY_CONTROLS, (entry & ~Entry.IA32E_MODE_GUEST) | mode);
    changed = 1;
  }
  // The other flags that a processor can have are never refused.
  changed |= vmcs.replaceLow(F.GUEST_RFLAGS, savedFlags(core)) & (Flag.TF | Flag.IF | Flag.VM);

  // 28.3.4 non-register state
  changed |= vmcs.replaceLow(F.GUEST_ACTIVITY, s.low(Slot.ACTIVITY));
  changed |= vmcs.replaceLow(F.GUEST_INTERRUPTIBILITY, interruptibility(core, cause.between));
  changed |= vmcs.replaceLow(F.GUEST_PENDING_DEBUG, 0);
  savePreemptionTimer(core);
  if (secondary & Secondary.ENABLE_EPT && !long && s.low(Slot.CR0) & Cr0.PG && s.low(Slot.CR4) & Cr4.PAE) {
    for (let i = 0; i < 4; i++) changed |= vmcs.replace(s, Slot.PDPTE0 + i, F.GUEST_PDPTE0 + i * 2);
  }
  if (changed !== 0) core.unchecked = CheckGroup.ALL;
}

/** RFLAGS with RF by the rules of SDM 3C 28.3.3. */
function savedFlags(core: VmxCore): number {
  const { cpu, cause } = core;
  const flags = readRflags(cpu.state);
  if (cpu.delivering >= 0 && !cause.notDuringDelivery) {
    // As the event would have pushed it: set by faults, not by events that VM entry injects.
    const fault =
      cpu.deliveringKind === EventType.HARDWARE &&
      cpu.delivering !== Vector.DB &&
      cpu.delivering !== Vector.DF &&
      !core.injecting;
    return fault || cause.resume === Resume.SET ? flags | Flag.RF : flags;
  }
  if (cause.resume === Resume.KEEP) return flags;
  return cause.resume === Resume.SET ? flags | Flag.RF : flags & ~Flag.RF;
}

/**
 * Blocking in force when the exit happened. An instruction that exits has been
 * counted, so a shadow laid by the one before it has the count before.
 */
function interruptibility(core: VmxCore, between: boolean): number {
  const { cpu } = core;
  const s = cpu.state;
  const inForce = (slot: Slot) => {
    const at = s.number(slot);
    return at !== 0 && (at === cpu.icount || (!between && at === cpu.icount - 1));
  };
  return (
    (inForce(Slot.SHADOW_STI) ? Interruptibility.STI : 0) |
    (inForce(Slot.SHADOW_SS) ? Interruptibility.MOV_SS : 0) |
    (s.low(Slot.NMI_BLOCKED) ? Interruptibility.NMI : 0)
  );
}
