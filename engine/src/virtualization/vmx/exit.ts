/** VM exits (SDM 3C chapter 28). */
import { Abort, Vector } from '../../cpu/cpu';
import { EventType } from '../../cpu/event';
import { Cr0, Cr4, Efer, Flag, Slot } from '../../cpu/state';
import { readRflags } from '../../ir/flags';
import type { ExitRecord } from '../../records';
import { Interruptibility } from './checks/guest';
import { Entry, Exit, Pin, Secondary } from './controls';
import { type VmxCore, VmxMode } from './core';
import { describeExit } from './describe';
import { F } from './fields';
import { loadHostState, VmxAbort, vmxAbort } from './host-state';
import { storeMsrList } from './msr-lists';
import { stopPreemptionTimer } from './preemption-timer';
import { Reason, reasonName } from './reasons';
import { saveGuestSegments } from './segments-transfer';

/** What an exit reports besides reason and qualification. Absent: not applicable. */
export interface ExitDetails {
  /** Length of the instruction that caused the exit. */
  length?: number;
  /** VM-exit interruption information with its valid bit, and error code. */
  interruption?: number;
  errorCode?: number;
  /** VM-exit instruction information (SDM 3C 28.2.5). */
  info?: number;
  guestLinear?: bigint;
  guestPhysical?: bigint;
  /** RFLAGS.RF as saved: 1 for what is like a fault, 0 for instructions that exit, absent: as it is (SDM 3C 28.3.3). */
  resumeFlag?: boolean;
  /** The exit is due to an event between instructions. */
  between?: boolean;
  /** The original event is not reported as being delivered (SDM 3C 28.2.4): triple fault. */
  notDuringDelivery?: boolean;
  /** The walk's own sentence on an EPT fault. */
  explanation?: string;
}

const NONE: ExitDetails = {};
const VALID = 0x80000000;

/**
 * Leaves the guest: records the reason, saves the guest, loads the host. Always
 * true, which is what interception callbacks answer; `cpu.abort` is EXIT (or STOP
 * after a VMX abort or when the observer asked for it).
 */
export function vmExit(core: VmxCore, reason: Reason, qualification = 0n, details: ExitDetails = NONE): true {
  const { cpu, vmcs } = core;
  vmcs.beginWrites();
  recordCause(core, reason, qualification, details);
  saveGuest(core, details);
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
  const record = recordOf(core, 'exit', reason, qualification, details);
  const blockedBefore = cpu.state.low(Slot.NMI_BLOCKED);
  const virtualNmis = core.controls.pin & Pin.VIRTUAL_NMIS;
  const nmi = reason === Reason.EXCEPTION_OR_NMI && ((details.interruption ?? 0) & 0x7ff) === 0x202;
  if (!loadHostState(core)) return true;
  // 28.5.5: NMIs are blocked after an exit by an NMI; virtual blocking ends with the guest.
  cpu.state.setLow(Slot.NMI_BLOCKED, nmi ? 1 : virtualNmis ? 0 : blockedBefore);
  cpu.observer.transition?.(record);
  return true;
}

/** Builds the record for the debugger and remembers it as the VMCS's last. */
export function recordOf(
  core: VmxCore,
  kind: ExitRecord['kind'],
  reason: number,
  qualification: bigint,
  details: ExitDetails,
): ExitRecord {
  const { cpu, vmcs } = core;
  const record: ExitRecord = {
    kind,
    from: core.current.id,
    to: 'host',
    reason,
    reasonName: reasonName(reason),
    qualification,
    detail: describeExit(cpu, reason, qualification, details),
    instructionLength: details.length ?? 0,
    guestLinear: details.guestLinear,
    guestPhysical: details.guestPhysical,
    interruption: details.interruption,
    guestRip: vmcs.get(F.GUEST_RIP),
    count: cpu.icount,
  };
  core.current.last = record;
  return record;
}

/** The exit-information fields (SDM 3C 28.2). */
function recordCause(core: VmxCore, reason: Reason, qualification: bigint, details: ExitDetails): void {
  const { cpu, vmcs } = core;
  vmcs.setLow(F.EXIT_REASON, reason);
  vmcs.set(F.EXIT_QUALIFICATION, qualification);
  if (details.guestLinear !== undefined) vmcs.set(F.GUEST_LINEAR_ADDRESS, details.guestLinear);
  if (details.guestPhysical !== undefined) vmcs.set(F.GUEST_PHYSICAL_ADDRESS, details.guestPhysical);
  vmcs.setLow(F.EXIT_INTERRUPTION, details.interruption ?? 0);
  if (details.errorCode !== undefined) vmcs.setLow(F.EXIT_ERROR_CODE, details.errorCode);
  if (details.info !== undefined) vmcs.setLow(F.EXIT_INSTRUCTION_INFO, details.info);

  // 28.2.4 information for exits during event delivery
  let length = details.length ?? 0;
  if (cpu.delivering >= 0 && !details.notDuringDelivery) {
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
  vmcs.setLow(F.ENTRY_INTERRUPTION, vmcs.low(F.ENTRY_INTERRUPTION) & 0x7fffffff);
}

/** Saves the guest-state area (SDM 3C 28.3). */
function saveGuest(core: VmxCore, details: ExitDetails): void {
  const { cpu, vmcs, controls } = core;
  const s = cpu.state;
  const exit = controls.exit;

  // 28.3.1 control registers, debug registers, MSRs
  vmcs.store(s, Slot.CR0, F.GUEST_CR0);
  vmcs.store(s, Slot.CR3, F.GUEST_CR3);
  vmcs.store(s, Slot.CR4, F.GUEST_CR4);
  vmcs.store(s, Slot.SYSENTER_CS, F.GUEST_SYSENTER_CS);
  vmcs.store(s, Slot.SYSENTER_ESP, F.GUEST_SYSENTER_ESP);
  vmcs.store(s, Slot.SYSENTER_EIP, F.GUEST_SYSENTER_EIP);
  if (exit & Exit.SAVE_DEBUG_CONTROLS) {
    vmcs.store(s, Slot.DR7, F.GUEST_DR7);
    vmcs.store(s, Slot.DEBUGCTL, F.GUEST_DEBUGCTL);
  }
  if (exit & Exit.SAVE_PAT) vmcs.store(s, Slot.PAT, F.GUEST_PAT);
  if (exit & Exit.SAVE_EFER) vmcs.store(s, Slot.EFER, F.GUEST_EFER);
  const long = (s.low(Slot.EFER) & Efer.LMA) !== 0;
  vmcs.setLow(
    F.ENTRY_CONTROLS,
    (controls.entry & ~Entry.IA32E_MODE_GUEST) | (long ? Entry.IA32E_MODE_GUEST : 0),
  );

  // 28.3.2, 28.3.3 segments, RIP, RSP, RFLAGS
  saveGuestSegments(vmcs, s);
  vmcs.store(s, Slot.RIP, F.GUEST_RIP);
  vmcs.store(s, Slot.RSP, F.GUEST_RSP);
  vmcs.setLow(F.GUEST_RFLAGS, savedFlags(core, details));

  // 28.3.4 non-register state
  vmcs.setLow(F.GUEST_ACTIVITY, s.low(Slot.ACTIVITY));
  vmcs.setLow(F.GUEST_INTERRUPTIBILITY, interruptibility(core, details.between === true));
  vmcs.setLow(F.GUEST_PENDING_DEBUG, 0);
  stopPreemptionTimer(core);
  if (
    controls.secondary & Secondary.ENABLE_EPT &&
    !long &&
    s.low(Slot.CR0) & Cr0.PG &&
    s.low(Slot.CR4) & Cr4.PAE
  ) {
    for (let i = 0; i < 4; i++) vmcs.store(s, Slot.PDPTE0 + i, F.GUEST_PDPTE0 + i * 2);
  }
}

/** RFLAGS with RF by the rules of SDM 3C 28.3.3. */
function savedFlags(core: VmxCore, details: ExitDetails): number {
  const { cpu } = core;
  const flags = readRflags(cpu.state);
  if (cpu.delivering >= 0 && !details.notDuringDelivery) {
    // As the event would have pushed it: set by faults, not by events that VM entry injects.
    const fault =
      cpu.deliveringKind === EventType.HARDWARE &&
      cpu.delivering !== Vector.DB &&
      cpu.delivering !== Vector.DF &&
      !core.injecting;
    return fault || details.resumeFlag ? flags | Flag.RF : flags;
  }
  if (details.resumeFlag === undefined) return flags;
  return details.resumeFlag ? flags | Flag.RF : flags & ~Flag.RF;
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
