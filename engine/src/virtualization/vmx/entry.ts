/** VM entries: VMLAUNCH and VMRESUME after their own checks (SDM 3C chapter 27). */
import { Abort, Vector } from '../../cpu/cpu';
import { injectEvent } from '../../cpu/interrupts';
import { Cr0, Efer, Slot } from '../../cpu/state';
import { writeRflags } from '../../ir/flags';
import { Kind, Logged, Present } from '../exit-log';
import { type EntryCheck, fieldValue, firstFailure } from './checks/check';
import { CONTROL_CHECKS } from './checks/controls';
import {
  Activity,
  GUEST_REGISTER_CHECKS,
  GUEST_STATE_CHECKS,
  Interruptibility,
  PENDING_BS,
  usesPdptes,
} from './checks/guest';
import { GUEST_SEGMENT_CHECKS } from './checks/guest-segments';
import { HOST_CHECKS } from './checks/host';
import { Entry, Exit, Secondary } from './controls';
import { type VmxCore, VmxMode } from './core';
import { describeVmError, VmError } from './errors';
import { CheckGroup } from './field-access';
import { F, fieldName } from './fields';
import { CR0_KEPT, loadHostState, loadPdptes } from './host-state';
import { loadMsrList } from './msr-lists';
import { startPreemptionTimer } from './preemption-timer';
import { Reason } from './reasons';

/** Bit 31 of the exit reason: the VM entry failed (SDM 3C 25.9.1). */
const ENTRY_FAILURE = 0x80000000;
/** Exit qualification of a failure to load PDPTEs (SDM 3C 27.8). */
const PDPTE_QUALIFICATION = 2;

/** In the order in which software expects the first failure. */
const GUEST_CHECKS = [...GUEST_REGISTER_CHECKS, ...GUEST_SEGMENT_CHECKS, ...GUEST_STATE_CHECKS];
/** What changes with every exit, and what also depends on memory outside the VMCS. */
const CHECKED_ALWAYS = GUEST_CHECKS.filter(
  ({ field }) => field === F.GUEST_RIP || field === F.VMCS_LINK_POINTER,
);

/**
 * Enters the guest of the current VMCS. Afterwards either the VMX instruction
 * has failed (flags set, the host goes on), or `cpu.abort` is EXIT and the state
 * is the guest's or, when the guest's state was refused, the host's. True: entered.
 */
export function vmEntry(core: VmxCore, launch: boolean): boolean {
  const { cpu, vmcs, controls } = core;
  let { unchecked } = core;
  if (unchecked !== 0) controls.refresh();
  // The host may have left or entered IA-32e mode since the last check.
  const long = (controls.exit & Exit.HOST_ADDRESS_SPACE_SIZE) !== 0;
  if (long !== cpu.longMode) unchecked |= CheckGroup.HOST;
  if (unchecked & CheckGroup.CONTROLS && refused(core, CONTROL_CHECKS, VmError.INVALID_CONTROLS))
    return false;
  if (unchecked & CheckGroup.HOST && refused(core, HOST_CHECKS, VmError.INVALID_HOST_STATE)) return false;
  const failed = firstFailure(unchecked & CheckGroup.GUEST ? GUEST_CHECKS : CHECKED_ALWAYS, controls);
  if (failed)
    return failEntry(core, Reason.ENTRY_GUEST_STATE, failed.qualification ?? 0, explain(core, failed));

  core.unchecked = 0;

  if (!loadGuest(core)) {
    const failure = `${fieldName(F.GUEST_CR3)} must point to valid page-directory-pointer-table entries: one has reserved bits set (SDM 3C 27.3.1.6)`;
    return failEntry(core, Reason.ENTRY_GUEST_STATE, PDPTE_QUALIFICATION, failure);
  }
  const entry = loadMsrList(core, F.ENTRY_MSR_LOAD_ADDRESS, F.ENTRY_MSR_LOAD_COUNT);
  if (entry) {
    const failure = `${fieldName(F.ENTRY_MSR_LOAD_ADDRESS)}: entry ${entry} of the list cannot be loaded (SDM 3C 27.4)`;
    return failEntry(core, Reason.ENTRY_MSR_LOADING, entry, failure);
  }
  if (launch) vmcs.launched = true;
  cpu.abort = Abort.EXIT;
  announce(core);
  deliverPending(core);
  return true;
}

/** VM-instruction error if a check on controls or host state fails (SDM 3C 27.2). */
function refused(core: VmxCore, rows: readonly EntryCheck[], error: VmError): boolean {
  const failed = firstFailure(rows, core.controls);
  if (!failed) return false;
  const failure = explain(core, failed);
  core.fail(error, `${describeVmError(error)}: ${failure}`);
  reportFailure(core, -1, error, 0, failure);
  return true;
}

/** The failed check in a sentence that names the field, its value and the manual's section. */
function explain(core: VmxCore, { field, section, message }: EntryCheck): string {
  const text = typeof message === 'string' ? message : message(core.controls);
  return `${fieldName(field)} (${fieldValue(core.vmcs, field)}) ${text} (SDM 3C ${section})`;
}

/** A failure after the host's part was good: an exit that saves nothing (SDM 3C 27.8). */
function failEntry(core: VmxCore, reason: Reason, qualification: number, failure: string): false {
  const { cpu, vmcs } = core;
  vmcs.beginWrites();
  vmcs.setLow(F.EXIT_REASON, (reason | ENTRY_FAILURE) >>> 0);
  vmcs.setLow(F.EXIT_QUALIFICATION, qualification);
  vmcs.lastCount = cpu.icount;
  core.lastFailure = failure;
  cpu.abort = Abort.EXIT;
  if (loadHostState(core)) reportFailure(core, reason, 0, qualification, failure);
  return false;
}

/** @param error the VM-instruction error when `reason` is −1 */
function reportFailure(
  core: VmxCore,
  reason: number,
  error: number,
  qualification: number,
  failure: string,
): void {
  const at = logTransition(core, Kind.ENTRY_FAILURE, reason, failure);
  const { words } = core.exits;
  words[at + Logged.QUALIFICATION] = qualification;
  words[at + Logged.PRESENT] = error === 0 ? 0 : Present.ERROR_CODE;
  words[at + Logged.ERROR_CODE] = error;
  core.cpu.observer.transition?.();
}

function announce(core: VmxCore): void {
  const { injected } = core.controls;
  const at = logTransition(core, Kind.ENTRY, -1);
  core.exits.words[at + Logged.INTERRUPTION] = injected >>> 31 ? injected : 0;
  core.cpu.observer.transition?.();
}

/** What all that comes from the host has in common. */
function logTransition({ cpu, vmcs, exits }: VmxCore, kind: Kind, reason: number, note?: string): number {
  const at = exits.add(cpu.icount, note);
  const { words } = exits;
  words[at + Logged.KIND] = kind;
  words[at + Logged.REASON] = reason;
  words[at + Logged.VMCS] = vmcs.pointer;
  words[at + Logged.VMCS + 1] = vmcs.pointer / 0x100000000;
  words[at + Logged.QUALIFICATION] = words[at + Logged.QUALIFICATION + 1] = 0;
  words[at + Logged.GUEST_RIP] = vmcs.low(F.GUEST_RIP);
  words[at + Logged.GUEST_RIP + 1] = vmcs.high(F.GUEST_RIP);
  words[at + Logged.PRESENT] = 0;
  words[at + Logged.LENGTH] = cpu.instructionLength;
  words[at + Logged.INTERRUPTION] = 0;
  return at;
}

/** Loads the guest-state area (SDM 3C 27.3.2). False when PDPTEs in memory are invalid. */
function loadGuest(core: VmxCore): boolean {
  const { cpu, vmcs, controls } = core;
  const s = cpu.state;
  const { entry, secondary } = controls;
  const long = (entry & Entry.IA32E_MODE_GUEST) !== 0;

  // 27.3.2.1 control registers, debug registers, MSRs; 27.3.2.2, 27.3.2.3 segments, RIP, RSP, RFLAGS
  const cr0 = ((vmcs.low(F.GUEST_CR0) & ~CR0_KEPT) | (s.low(Slot.CR0) & CR0_KEPT)) >>> 0;
  s.setLow(Slot.CR0, cr0);
  core.transfers.loadGuest(core.vmcsHost);
  if (entry & Entry.LOAD_DEBUG_CONTROLS) {
    vmcs.load(s, Slot.DR7, F.GUEST_DR7);
    vmcs.load(s, Slot.DEBUGCTL, F.GUEST_DEBUGCTL);
  }
  if (entry & Entry.LOAD_EFER) vmcs.load(s, Slot.EFER, F.GUEST_EFER);
  else {
    let efer = (s.low(Slot.EFER) & ~Efer.LMA) | (long ? Efer.LMA : 0);
    if (cr0 & Cr0.PG) efer = (efer & ~Efer.LME) | (long ? Efer.LME : 0);
    s.setLow(Slot.EFER, efer);
  }
  if (entry & Entry.LOAD_PAT) vmcs.load(s, Slot.PAT, F.GUEST_PAT);
  writeRflags(s, vmcs.low(F.GUEST_RFLAGS));

  // 27.3.2.4 page-directory-pointer-table entries
  if (usesPdptes(controls)) {
    if (secondary & Secondary.ENABLE_EPT)
      for (let i = 0; i < 4; i++) vmcs.load(s, Slot.PDPTE0 + i, F.GUEST_PDPTE0 + i * 2);
    else if (!loadPdptes(core)) return false;
  }

  // 27.7.1 interruptibility, 27.7.2 activity
  const blocking = vmcs.low(F.GUEST_INTERRUPTIBILITY);
  s.setLow(Slot.SHADOW_STI, 0);
  s.setLow(Slot.SHADOW_SS, 0);
  if (blocking & Interruptibility.STI) s.setNumber(Slot.SHADOW_STI, cpu.icount);
  if (blocking & Interruptibility.MOV_SS) s.setNumber(Slot.SHADOW_SS, cpu.icount);
  s.setLow(Slot.NMI_BLOCKED, blocking & Interruptibility.NMI ? 1 : 0);
  s.setLow(Slot.ACTIVITY, vmcs.low(F.GUEST_ACTIVITY));

  core.active = true;
  cpu.vmcsAddress = 0;
  s.setLow(Slot.VMX_MODE, VmxMode.NON_ROOT);
  core.requireControlBits();
  core.setEpt();
  cpu.modeChanged();
  // 27.3.2.5, 29.4.3.1
  if (!(secondary & Secondary.ENABLE_VPID)) cpu.mmu.refresh();
  startPreemptionTimer(core);
  return true;
}

/** Event injection (SDM 3C 27.6), else pending debug exceptions (27.7.3). */
function deliverPending(core: VmxCore): void {
  const { cpu, vmcs, controls } = core;
  const stopWanted = cpu.abort === Abort.STOP;
  if (controls.injected >>> 31) {
    cpu.abort = Abort.NONE;
    // 27.7.1: after a vectoring entry nothing blocks by STI or MOV SS.
    cpu.state.setNumber(Slot.SHADOW_STI, 0);
    cpu.state.setNumber(Slot.SHADOW_SS, 0);
    core.injecting = true;
    injectEvent(cpu, controls.injected, vmcs.low(F.ENTRY_ERROR_CODE), vmcs.low(F.ENTRY_INSTRUCTION_LENGTH));
    core.injecting = false;
    // The entry has replaced the state even when the event caused no exit.
    if ((cpu.abort as Abort) === Abort.NONE) cpu.abort = Abort.EXIT;
  } else {
    const pending = vmcs.low(F.GUEST_PENDING_DEBUG);
    const blocked = cpu.state.number(Slot.SHADOW_SS) === cpu.icount;
    if (pending & (PENDING_BS | (1 << 12)) && !blocked && cpu.state.low(Slot.ACTIVITY) <= Activity.HLT) {
      cpu.state.setLow(Slot.ACTIVITY, Activity.ACTIVE);
      const bits = BigInt(pending & (PENDING_BS | 0xf));
      cpu.raise(Vector.DB, undefined, 'pending debug exception loaded by VM entry', bits);
    }
  }
  if (stopWanted) cpu.abort = Abort.STOP;
}
