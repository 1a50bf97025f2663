/** Checks on guest registers other than segments, and on the non-register state (SDM 3C 27.3.1); a failure is exit reason 33. */
import { PHYSICAL_ADDRESS_BITS } from '../../../cpu/limits';
import { Access, Cr0, Cr4, Efer, Flag } from '../../../cpu/state';
import { CR0_FIXED0, CR4_FIXED0, CR4_FIXED1, VMCS_REVISION } from '../capabilities';
import { Entry, Pin, Secondary } from '../controls';
import { F } from '../fields';
import {
  canonical,
  type EntryCheck,
  type EntryView,
  fieldValue,
  validEfer,
  validPat,
  withinWidth,
} from './check';

/** Bits of the interruptibility state (SDM 3C Table 25-3). */
export const enum Interruptibility {
  STI = 1,
  MOV_SS = 2,
  SMI = 4,
  NMI = 8,
}

/** Activity states (SDM 3C 25.4.2). */
export const enum Activity {
  ACTIVE = 0,
  HLT = 1,
  SHUTDOWN = 2,
  WAIT_FOR_SIPI = 3,
}

/** IA32_DEBUGCTL bits that exist: LBR and BTF. */
const DEBUGCTL_BITS = 3;
const BTF = 2;
/** "BS" of the pending debug exceptions (SDM 3C Table 25-4). */
export const PENDING_BS = 1 << 14;
/** B0–B3, "enabled breakpoint", BS. */
const PENDING_BITS = 0xf | (1 << 12) | PENDING_BS;

/** Exit qualifications of a failed entry (SDM 3C 27.8). */
const QUALIFICATION_PDPTE = 2;
const QUALIFICATION_LINK_POINTER = 4;

const longGuest = (e: EntryView) => (e.entry & Entry.IA32E_MODE_GUEST) !== 0;
const unrestricted = (e: EntryView) => (e.secondary & Secondary.UNRESTRICTED_GUEST) !== 0;
const rflags = (e: EntryView) => e.vmcs.low(F.GUEST_RFLAGS);
const blocking = (e: EntryView) => e.vmcs.low(F.GUEST_INTERRUPTIBILITY);
const activity = (e: EntryView) => e.vmcs.low(F.GUEST_ACTIVITY);
const injectedType = (e: EntryView) => (e.injected >>> 31 ? (e.injected >>> 8) & 7 : -1);

const isCanonical = (field: F, section: string): EntryCheck => ({
  field,
  section,
  check: ({ vmcs }) => canonical(vmcs, field),
  message: 'must be a canonical address',
});

/** CR0 bits that must be 1: an unrestricted guest may clear PE and PG. */
const requiredCr0 = (e: EntryView) => (unrestricted(e) ? Cr0.NE : CR0_FIXED0);

/** Events that may be injected into an inactive guest (SDM 3C 27.3.1.5). */
function injectable(e: EntryView): boolean {
  const type = injectedType(e);
  const vector = e.injected & 0xff;
  switch (activity(e)) {
    case Activity.HLT:
      return type <= 0 || type === 2 || (type === 3 && (vector === 1 || vector === 18));
    case Activity.SHUTDOWN:
      return type < 0 || type === 2 || (type === 3 && vector === 18);
    case Activity.WAIT_FOR_SIPI:
      return type < 0;
    default:
      return true;
  }
}

/** PAE paging is in use: CR0.PG, CR4.PAE and no IA-32e mode. */
export function usesPdptes(e: EntryView): boolean {
  return (
    !longGuest(e) && (e.vmcs.low(F.GUEST_CR0) & Cr0.PG) !== 0 && (e.vmcs.low(F.GUEST_CR4) & Cr4.PAE) !== 0
  );
}

/** A PDPTE that is present has its reserved bits clear: 2:1, 8:5 and those beyond the width (SDM 3A 4.4.1). */
export function validPdpte(low: number, high: number): boolean {
  return !(low & 1) || ((low & 0x1e6) === 0 && high >>> (PHYSICAL_ADDRESS_BITS - 32) === 0);
}

const pdpteField = (index: number): EntryCheck => ({
  field: F.GUEST_PDPTE0 + index * 2,
  section: '27.3.1.6',
  check: (e) =>
    !usesPdptes(e) ||
    !(e.secondary & Secondary.ENABLE_EPT) ||
    validPdpte(e.vmcs.low(F.GUEST_PDPTE0 + index * 2), e.vmcs.high(F.GUEST_PDPTE0 + index * 2)),
  message: 'must have the reserved bits of a page-directory-pointer-table entry clear',
  qualification: QUALIFICATION_PDPTE,
});

export const GUEST_REGISTER_CHECKS: readonly EntryCheck[] = [
  // 27.3.1.1 control registers, debug registers and MSRs
  {
    field: F.GUEST_CR0,
    section: '27.3.1.1',
    check: (e) =>
      e.vmcs.high(F.GUEST_CR0) === 0 &&
      (e.vmcs.low(F.GUEST_CR0) & requiredCr0(e)) >>> 0 === requiredCr0(e) >>> 0,
    message: (e) =>
      unrestricted(e)
        ? 'must have NE set and bits 63:32 clear'
        : 'must have PE, NE and PG set and bits 63:32 clear ("unrestricted guest" is 0)',
  },
  {
    field: F.GUEST_CR0,
    section: '27.3.1.1',
    check: ({ vmcs }) => !(vmcs.low(F.GUEST_CR0) & Cr0.PG) || (vmcs.low(F.GUEST_CR0) & Cr0.PE) !== 0,
    message: 'must have PE set while PG is 1',
  },
  {
    field: F.GUEST_CR4,
    section: '27.3.1.1',
    check: ({ vmcs }) =>
      vmcs.high(F.GUEST_CR4) === 0 &&
      (vmcs.low(F.GUEST_CR4) & CR4_FIXED0) === CR4_FIXED0 &&
      (vmcs.low(F.GUEST_CR4) & ~CR4_FIXED1) === 0,
    message: 'must be valid in VMX operation: VMXE set and no bit that IA32_VMX_CR4_FIXED1 has clear',
  },
  {
    field: F.GUEST_DEBUGCTL,
    section: '27.3.1.1',
    check: (e) =>
      !(e.entry & Entry.LOAD_DEBUG_CONTROLS) ||
      (e.vmcs.high(F.GUEST_DEBUGCTL) === 0 && (e.vmcs.low(F.GUEST_DEBUGCTL) & ~DEBUGCTL_BITS) === 0),
    message: 'must have reserved bits clear',
  },
  {
    field: F.GUEST_CR0,
    section: '27.3.1.1',
    check: (e) => !longGuest(e) || (e.vmcs.low(F.GUEST_CR0) & Cr0.PG) !== 0,
    message: 'must have PG set while "IA-32e mode guest" is 1',
  },
  {
    field: F.GUEST_CR4,
    section: '27.3.1.1',
    check: (e) => !longGuest(e) || (e.vmcs.low(F.GUEST_CR4) & Cr4.PAE) !== 0,
    message: 'must have PAE set while "IA-32e mode guest" is 1',
  },
  {
    field: F.GUEST_CR4,
    section: '27.3.1.1',
    check: (e) => longGuest(e) || !(e.vmcs.low(F.GUEST_CR4) & Cr4.PCIDE),
    message: 'must have PCIDE clear while "IA-32e mode guest" is 0',
  },
  {
    field: F.GUEST_CR3,
    section: '27.3.1.1',
    check: ({ vmcs }) => withinWidth(vmcs, F.GUEST_CR3),
    message: 'must not have bits beyond the physical-address width set',
  },
  {
    field: F.GUEST_DR7,
    section: '27.3.1.1',
    check: (e) => !(e.entry & Entry.LOAD_DEBUG_CONTROLS) || e.vmcs.high(F.GUEST_DR7) === 0,
    message: 'must have bits 63:32 clear',
  },
  isCanonical(F.GUEST_SYSENTER_ESP, '27.3.1.1'),
  isCanonical(F.GUEST_SYSENTER_EIP, '27.3.1.1'),
  {
    field: F.GUEST_PAT,
    section: '27.3.1.1',
    check: (e) => !(e.entry & Entry.LOAD_PAT) || validPat(e.vmcs, F.GUEST_PAT),
    message: 'must have a memory type in every byte: 0, 1, 4, 5, 6 or 7',
  },
  {
    field: F.GUEST_EFER,
    section: '27.3.1.1',
    check: (e) => !(e.entry & Entry.LOAD_EFER) || validEfer(e.vmcs, F.GUEST_EFER),
    message: 'must have reserved bits clear',
  },
  {
    field: F.GUEST_EFER,
    section: '27.3.1.1',
    check: (e) =>
      !(e.entry & Entry.LOAD_EFER) || ((e.vmcs.low(F.GUEST_EFER) & Efer.LMA) !== 0) === longGuest(e),
    message: 'must have LMA equal to "IA-32e mode guest"',
  },
  {
    field: F.GUEST_EFER,
    section: '27.3.1.1',
    check: (e) => {
      const efer = e.vmcs.low(F.GUEST_EFER);
      if (!(e.entry & Entry.LOAD_EFER) || !(e.vmcs.low(F.GUEST_CR0) & Cr0.PG)) return true;
      return ((efer & Efer.LMA) !== 0) === ((efer & Efer.LME) !== 0);
    },
    message: 'must have LME equal to LMA while CR0.PG is 1',
  },
  // 27.3.1.3 descriptor-table registers
  isCanonical(F.GUEST_GDTR_BASE, '27.3.1.3'),
  isCanonical(F.GUEST_IDTR_BASE, '27.3.1.3'),
  {
    field: F.GUEST_GDTR_LIMIT,
    section: '27.3.1.3',
    check: ({ vmcs }) => vmcs.low(F.GUEST_GDTR_LIMIT) >>> 16 === 0,
    message: 'must have bits 31:16 clear',
  },
  {
    field: F.GUEST_IDTR_LIMIT,
    section: '27.3.1.3',
    check: ({ vmcs }) => vmcs.low(F.GUEST_IDTR_LIMIT) >>> 16 === 0,
    message: 'must have bits 31:16 clear',
  },

  // 27.3.1.4 RIP, RSP and RFLAGS
  {
    field: F.GUEST_RIP,
    section: '27.3.1.4',
    check: (e) =>
      longGuest(e) && e.vmcs.low(F.GUEST_CS_ACCESS) & Access.L
        ? (((e.vmcs.high(F.GUEST_RIP) >>> 16) + 1) & 0xfffe) === 0
        : e.vmcs.high(F.GUEST_RIP) === 0,
    message: (e) =>
      longGuest(e) && e.vmcs.low(F.GUEST_CS_ACCESS) & Access.L
        ? 'must have bits 63:48 all equal'
        : 'must have bits 63:32 clear outside 64-bit mode',
  },
  {
    field: F.GUEST_RFLAGS,
    section: '27.3.1.4',
    check: (e) => e.vmcs.high(F.GUEST_RFLAGS) === 0 && (rflags(e) & 0xffc0802a) >>> 0 === 2,
    message: 'must have the reserved bits 63:22, 15, 5 and 3 clear and bit 1 set',
  },
  {
    field: F.GUEST_RFLAGS,
    section: '27.3.1.4',
    check: (e) => !(rflags(e) & Flag.VM) || (!longGuest(e) && (e.vmcs.low(F.GUEST_CR0) & Cr0.PE) !== 0),
    message: 'must have VM clear in IA-32e mode and in real-address mode',
  },
  {
    field: F.GUEST_RFLAGS,
    section: '27.3.1.4',
    check: (e) => injectedType(e) !== 0 || (rflags(e) & Flag.IF) !== 0,
    message: 'must have IF set when an external interrupt is injected',
  },
];

export const GUEST_STATE_CHECKS: readonly EntryCheck[] = [
  // 27.3.1.5 activity state
  {
    field: F.GUEST_ACTIVITY,
    section: '27.3.1.5',
    check: (e) => activity(e) <= Activity.WAIT_FOR_SIPI,
    message: 'must be 0 (active), 1 (HLT), 2 (shutdown) or 3 (wait-for-SIPI)',
  },
  {
    field: F.GUEST_ACTIVITY,
    section: '27.3.1.5',
    check: (e) =>
      activity(e) !== Activity.HLT || ((e.vmcs.low(F.GUEST_SS_ACCESS) >>> Access.DPL_SHIFT) & 3) === 0,
    message: 'must not be HLT while the DPL of SS is not 0',
  },
  {
    field: F.GUEST_ACTIVITY,
    section: '27.3.1.5',
    check: (e) =>
      !(blocking(e) & (Interruptibility.STI | Interruptibility.MOV_SS)) || activity(e) === Activity.ACTIVE,
    message: 'must be active while the interruptibility state has blocking by STI or by MOV SS',
  },
  {
    field: F.GUEST_ACTIVITY,
    section: '27.3.1.5',
    check: injectable,
    message: 'must allow the injected event: that event cannot be delivered in this activity state',
  },

  // 27.3.1.5 interruptibility state
  {
    field: F.GUEST_INTERRUPTIBILITY,
    section: '27.3.1.5',
    check: (e) => blocking(e) >>> 4 === 0 && !(blocking(e) & Interruptibility.SMI),
    message: 'must have reserved bits 31:4 and blocking by SMI (bit 2, outside SMM) clear',
  },
  {
    field: F.GUEST_INTERRUPTIBILITY,
    section: '27.3.1.5',
    check: (e) => (blocking(e) & 3) !== 3,
    message: 'must not have both blocking by STI and blocking by MOV SS set',
  },
  {
    field: F.GUEST_INTERRUPTIBILITY,
    section: '27.3.1.5',
    check: (e) => !(blocking(e) & Interruptibility.STI) || (rflags(e) & Flag.IF) !== 0,
    message: 'must not have blocking by STI set while RFLAGS.IF is 0',
  },
  {
    field: F.GUEST_INTERRUPTIBILITY,
    section: '27.3.1.5',
    check: (e) => injectedType(e) !== 0 || (blocking(e) & 3) === 0,
    message: 'must have blocking by STI and by MOV SS clear when an external interrupt is injected',
  },
  {
    field: F.GUEST_INTERRUPTIBILITY,
    section: '27.3.1.5',
    check: (e) => injectedType(e) !== 2 || !(blocking(e) & Interruptibility.MOV_SS),
    message: 'must have blocking by MOV SS clear when an NMI is injected',
  },
  {
    field: F.GUEST_INTERRUPTIBILITY,
    section: '27.3.1.5',
    check: (e) =>
      injectedType(e) !== 2 || !(e.pin & Pin.VIRTUAL_NMIS) || !(blocking(e) & Interruptibility.NMI),
    message: 'must have blocking by NMI clear when an NMI is injected and "virtual NMIs" is 1',
  },

  // 27.3.1.5 pending debug exceptions
  {
    field: F.GUEST_PENDING_DEBUG,
    section: '27.3.1.5',
    check: ({ vmcs }) =>
      vmcs.high(F.GUEST_PENDING_DEBUG) === 0 && (vmcs.low(F.GUEST_PENDING_DEBUG) & ~PENDING_BITS) === 0,
    message: 'must have reserved bits clear',
  },
  {
    field: F.GUEST_PENDING_DEBUG,
    section: '27.3.1.5',
    check: (e) => {
      if (!(blocking(e) & 3) && activity(e) !== Activity.HLT) return true;
      const stepping = (rflags(e) & Flag.TF) !== 0 && !(e.vmcs.low(F.GUEST_DEBUGCTL) & BTF);
      return ((e.vmcs.low(F.GUEST_PENDING_DEBUG) & PENDING_BS) !== 0) === stepping;
    },
    message:
      'must have BS (bit 14) equal to "RFLAGS.TF set and IA32_DEBUGCTL.BTF clear" while events are blocked or the guest is halted',
  },

  // 27.3.1.5 VMCS link pointer
  {
    field: F.VMCS_LINK_POINTER,
    section: '27.3.1.5',
    check: (e) => {
      const { vmcs } = e;
      if ((vmcs.low(F.VMCS_LINK_POINTER) & vmcs.high(F.VMCS_LINK_POINTER)) >>> 0 === 0xffffffff) return true;
      const address = vmcs.number(F.VMCS_LINK_POINTER);
      return (
        (vmcs.low(F.VMCS_LINK_POINTER) & 0xfff) === 0 &&
        withinWidth(vmcs, F.VMCS_LINK_POINTER) &&
        address !== vmcs.pointer &&
        e.cpu.mmu.physical.read32(address) === VMCS_REVISION
      );
    },
    message: ({ vmcs }) =>
      `is ${fieldValue(vmcs, F.VMCS_LINK_POINTER)} but must be all ones (VMCS shadowing is not in use)`,
    qualification: QUALIFICATION_LINK_POINTER,
  },

  // 27.3.1.6 page-directory-pointer-table entries
  pdpteField(0),
  pdpteField(1),
  pdpteField(2),
  pdpteField(3),
];
