/** What a debugger sees of guests that do not run. */
import type { Cpu } from '../../cpu/cpu';
import { PHYSICAL_ADDRESS_BITS } from '../../cpu/limits';
import { CpuState, Cr0, Cr4, Efer, Flag, Seg, type SegmentValue, Slot } from '../../cpu/state';
import type { PagingContext } from '../../memory/walk-types';
import type { ContextId, ExitRecord } from '../../records';
import { Entry, Exit, Primary, Secondary } from './controls';
import { describeQualification } from './describe';
import { F } from './fields';
import { reasonName } from './reasons';
import { loadHostSegments } from './state-areas';
import type { Vmcs } from './vmcs';

/** A guest by its VMCS. */
export interface GuestContext {
  id: ContextId;
  pointer: bigint;
  launched: boolean;
}

/** Registers of a context that does not run, from its VMCS. The general registers besides RSP are wherever the VMM has put them. */
export interface SavedState {
  rip: bigint;
  rsp: bigint;
  rflags: bigint;
  cr0: bigint;
  cr3: bigint;
  cr4: bigint;
  efer: bigint;
  /** ES, CS, SS, DS, FS, GS, LDTR, TR. */
  segments: SegmentValue[];
  gdtr: { base: bigint; limit: number };
  idtr: { base: bigint; limit: number };
}

const isLong = (vmcs: Vmcs) => (vmcs.low(F.ENTRY_CONTROLS) & Entry.IA32E_MODE_GUEST) !== 0;

/** IA32_EFER as the guest has it: from its field if the controls keep it there, else only LME and LMA are known. */
function guestEfer(vmcs: Vmcs): bigint {
  if (vmcs.low(F.EXIT_CONTROLS) & Exit.SAVE_EFER || vmcs.low(F.ENTRY_CONTROLS) & Entry.LOAD_EFER)
    return vmcs.get(F.GUEST_EFER);
  return isLong(vmcs) ? BigInt(Efer.LMA | Efer.LME | Efer.NXE) : BigInt(Efer.NXE);
}

/** The guest-state area of a VMCS. */
export function savedGuestState(vmcs: Vmcs): SavedState {
  const segments: SegmentValue[] = [];
  for (let seg = Seg.ES as number; seg <= Seg.TR; seg++)
    segments.push({
      selector: vmcs.low(F.GUEST_ES_SELECTOR + seg * 2),
      base: vmcs.get(F.GUEST_ES_BASE + seg * 2),
      limit: vmcs.low(F.GUEST_ES_LIMIT + seg * 2),
      access: vmcs.low(F.GUEST_ES_ACCESS + seg * 2),
    });
  return {
    rip: vmcs.get(F.GUEST_RIP),
    rsp: vmcs.get(F.GUEST_RSP),
    rflags: vmcs.get(F.GUEST_RFLAGS),
    cr0: vmcs.get(F.GUEST_CR0),
    cr3: vmcs.get(F.GUEST_CR3),
    cr4: vmcs.get(F.GUEST_CR4),
    efer: guestEfer(vmcs),
    segments,
    gdtr: { base: vmcs.get(F.GUEST_GDTR_BASE), limit: vmcs.low(F.GUEST_GDTR_LIMIT) },
    idtr: { base: vmcs.get(F.GUEST_IDTR_BASE), limit: vmcs.low(F.GUEST_IDTR_LIMIT) },
  };
}

/** IA32_EFER after the next exit; without "load IA32_EFER" only LME and LMA are known. */
function hostEfer(vmcs: Vmcs): number {
  const exit = vmcs.low(F.EXIT_CONTROLS);
  const long = exit & Exit.HOST_ADDRESS_SPACE_SIZE ? Efer.LMA | Efer.LME : 0;
  return exit & Exit.LOAD_EFER ? vmcs.low(F.HOST_EFER) : long | Efer.NXE;
}

/** Registers with which the host goes on at the next exit: the host-state area (SDM 3C 28.5). */
export function savedHostState(vmcs: Vmcs): SavedState {
  const s = new CpuState(new ArrayBuffer(Slot.COUNT * 8), 0);
  loadHostSegments(vmcs, s, (vmcs.low(F.EXIT_CONTROLS) & Exit.HOST_ADDRESS_SPACE_SIZE) !== 0);
  const segments: SegmentValue[] = [];
  for (let seg = Seg.ES as number; seg <= Seg.TR; seg++) segments.push(s.segment(seg));
  return {
    rip: vmcs.get(F.HOST_RIP),
    rsp: vmcs.get(F.HOST_RSP),
    rflags: 2n,
    cr0: vmcs.get(F.HOST_CR0),
    cr3: vmcs.get(F.HOST_CR3),
    cr4: vmcs.get(F.HOST_CR4),
    efer: BigInt(hostEfer(vmcs)),
    segments,
    gdtr: { base: s.u64[Slot.GDTR_BASE], limit: s.low(Slot.GDTR_LIMIT) },
    idtr: { base: s.u64[Slot.IDTR_BASE], limit: s.low(Slot.IDTR_LIMIT) },
  };
}

/** The paging mode that control registers select (SDM 3A 4.1.1). */
function contextOf(cr0: number, cr3: bigint, cr4: number, efer: number, rflags: number): PagingContext {
  const mode =
    (cr0 & Cr0.PG) === 0 ? 'none' : !(cr4 & Cr4.PAE) ? '32-bit' : efer & Efer.LMA ? '4-level' : 'pae';
  return {
    mode,
    cr3,
    pse: (cr4 & Cr4.PSE) !== 0,
    wp: (cr0 & Cr0.WP) !== 0,
    nxe: (efer & Efer.NXE) !== 0,
    smep: (cr4 & Cr4.SMEP) !== 0,
    smap: (cr4 & Cr4.SMAP) !== 0,
    ac: (rflags & Flag.AC) !== 0,
    physicalBits: PHYSICAL_ADDRESS_BITS,
  };
}

/** For a pointer that leads to no VMCS. */
export const NO_PAGING: PagingContext = contextOf(0, 0n, 0, 0, 0);

/** How a guest that does not run walks its addresses, EPT included. */
export function savedPagingContext(vmcs: Vmcs): PagingContext {
  const efer = Number(guestEfer(vmcs) & 0xffffffffn);
  const context = contextOf(
    vmcs.low(F.GUEST_CR0),
    vmcs.get(F.GUEST_CR3),
    vmcs.low(F.GUEST_CR4),
    efer,
    vmcs.low(F.GUEST_RFLAGS),
  );
  if (context.mode === 'pae') context.pdptes = [0, 1, 2, 3].map((i) => vmcs.get(F.GUEST_PDPTE0 + i * 2));
  const secondary =
    vmcs.low(F.PRIMARY_CONTROLS) & Primary.ACTIVATE_SECONDARY ? vmcs.low(F.SECONDARY_CONTROLS) : 0;
  if (secondary & Secondary.ENABLE_EPT) {
    const pointer = vmcs.get(F.EPT_POINTER);
    context.ept = { pointer, accessedDirty: (pointer & 0x40n) !== 0n };
  }
  return context;
}

/** How the host walks addresses while a guest runs, from the host-state area. */
export function savedHostPagingContext(cpu: Cpu, vmcs: Vmcs): PagingContext {
  const context = contextOf(
    vmcs.low(F.HOST_CR0),
    vmcs.get(F.HOST_CR3),
    vmcs.low(F.HOST_CR4),
    hostEfer(vmcs),
    0,
  );
  if (context.mode === 'pae') {
    const table = Number(context.cr3 & 0xffffffe0n);
    context.pdptes = [0, 1, 2, 3].map((i) => cpu.mmu.physical.read64(table + i * 8));
  }
  return context;
}

/** The last exit as its VMCS tells it: what is known after a snapshot has been put back. */
export function exitFromVmcs(vmcs: Vmcs): ExitRecord | undefined {
  const count = vmcs.lastCount;
  if (count === 0) return undefined;
  const raw = vmcs.low(F.EXIT_REASON);
  const reason = raw & 0xffff;
  const qualification = vmcs.get(F.EXIT_QUALIFICATION);
  const guest = `vmcs:${vmcs.pointer.toString(16)}` as const;
  return {
    kind: raw >>> 31 ? 'entry-failure' : 'exit',
    from: raw >>> 31 ? 'host' : guest,
    to: raw >>> 31 ? guest : 'host',
    reason,
    reasonName: reasonName(reason),
    qualification,
    detail: describeQualification(reason, qualification),
    instructionLength: vmcs.low(F.EXIT_INSTRUCTION_LENGTH),
    guestRip: vmcs.get(F.GUEST_RIP),
    count,
  };
}
