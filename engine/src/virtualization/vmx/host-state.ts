/** Loading the host state (SDM 3C 28.5): the end of every VM exit and of every failed VM entry. */
import { Cr0, Cr4, Efer, Slot } from '../../cpu/state';
import { writeRflags } from '../../ir/flags';
import { validPdpte } from './checks/guest';
import { Exit, Secondary } from './controls';
import { type VmxCore, VmxMode } from './core';
import { F } from './fields';
import { loadMsrList } from './msr-lists';
import { setHostCode } from './state-areas';

/** CR0 bits that entries and exits leave alone: ET, CD, NW and the reserved ones (SDM 3C 27.3.2.1, 28.5.1). */
export const CR0_KEPT = (Cr0.ET | Cr0.CD | Cr0.NW | 0xffc0 | (1 << 17) | 0x1ff80000) >>> 0;

/** VMX-abort indicators (SDM 3C 28.7). */
export const enum VmxAbort {
  STORING_MSRS = 1,
  HOST_PDPTES = 2,
  LOADING_MSRS = 4,
}

const ABORT_TEXT: Readonly<Record<number, string>> = {
  [VmxAbort.STORING_MSRS]: 'a guest MSR could not be saved into the VM-exit MSR-store area',
  [VmxAbort.HOST_PDPTES]: 'a page-directory-pointer-table entry of the host has reserved bits set',
  [VmxAbort.LOADING_MSRS]: 'an MSR of the VM-exit MSR-load area could not be loaded',
};

/** A VMX abort: the indicator goes into the VMCS region and the processor shuts down (SDM 3C 28.7). */
export function vmxAbort(core: VmxCore, indicator: VmxAbort, entry = 0): void {
  const { cpu, vmcs } = core;
  vmcs.abortIndicator = indicator;
  cpu.state.setLow(Slot.ACTIVITY, 2);
  cpu.requestStop({
    kind: 'halted',
    explanation:
      `VMX abort ${indicator}: ${ABORT_TEXT[indicator]}${entry ? ` (entry ${entry})` : ''}; ` +
      `VMCS 0x${vmcs.pointer.toString(16)}, SDM 3C 28.7. The processor has shut down.`,
  });
}

/**
 * Loads the host-state area and the VM-exit MSR-load area and puts the
 * processor into VMX root operation. False after a VMX abort.
 */
export function loadHostState(core: VmxCore): boolean {
  const { cpu, vmcs, controls } = core;
  const s = cpu.state;
  const exit = controls.exit;
  const long = (exit & Exit.HOST_ADDRESS_SPACE_SIZE) !== 0;

  core.active = false;
  core.setVmcsAddress();
  cpu.ept = undefined;
  cpu.vpid = 0;
  cpu.delivering = -1;
  s.setLow(Slot.VMX_MODE, VmxMode.ROOT);
  core.requireControlBits();

  // 28.5.1 control registers, debug registers, MSRs
  s.setLow(Slot.CR0, ((vmcs.low(F.HOST_CR0) & ~CR0_KEPT) | (s.low(Slot.CR0) & CR0_KEPT)) >>> 0);
  s.setLow(Slot.CR4, vmcs.low(F.HOST_CR4) | (long ? Cr4.PAE : 0));
  const efer = exit & Exit.LOAD_EFER ? vmcs.low(F.HOST_EFER) : s.low(Slot.EFER);
  s.setLow(Slot.EFER, (efer & ~(Efer.LMA | Efer.LME)) | (long ? Efer.LMA | Efer.LME : 0));
  if (exit & Exit.LOAD_PAT) vmcs.load(s, Slot.PAT, F.HOST_PAT);

  // The rest of 28.5.1; 28.5.2, 28.5.3 segments, RIP, RSP, RFLAGS; 28.5.5 non-register state
  core.transfers.loadHost(core.vmcsHost);
  setHostCode(s, long);
  writeRflags(s, 2);

  // 28.5.4 page-directory-pointer-table entries
  if (!long && s.low(Slot.CR0) & Cr0.PG && s.low(Slot.CR4) & Cr4.PAE && !loadPdptes(core)) {
    vmxAbort(core, VmxAbort.HOST_PDPTES);
    return false;
  }
  cpu.modeChanged();
  // 29.4.3.1: without VPID nothing cached survives the transition.
  if (!(controls.secondary & Secondary.ENABLE_VPID)) cpu.mmu.refresh();

  const failed = loadMsrList(core, F.EXIT_MSR_LOAD_ADDRESS, F.EXIT_MSR_LOAD_COUNT);
  if (failed) vmxAbort(core, VmxAbort.LOADING_MSRS, failed);
  return failed === 0;
}

/** Loads the PDPTE registers from the table that CR3 points to, physically. False if one has reserved bits set. */
export function loadPdptes(core: VmxCore): boolean {
  const { state, mmu } = core.cpu;
  const base = (state.low(Slot.CR3) & ~31) >>> 0;
  for (let i = 0; i < 4; i++) {
    const low = mmu.physical.read32(base + i * 8);
    const high = mmu.physical.read32(base + i * 8 + 4);
    if (!validPdpte(low, high)) return false;
    state.u32[(Slot.PDPTE0 + i) * 2] = low;
    state.u32[(Slot.PDPTE0 + i) * 2 + 1] = high;
  }
  return true;
}
