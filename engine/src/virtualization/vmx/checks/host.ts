/** Checks on the host-state area (SDM 3C 27.2.2–27.2.4); a failure is VM-instruction error 8. */
import { Cr4, Efer, Slot } from '../../../cpu/state';
import { CR0_FIXED0, CR0_FIXED1, CR4_FIXED0, CR4_FIXED1 } from '../capabilities';
import { Entry, Exit } from '../controls';
import { F } from '../fields';
import { canonical, type EntryCheck, type EntryView, validEfer, validPat, withinWidth } from './check';

const long = (e: EntryView) => (e.exit & Exit.HOST_ADDRESS_SPACE_SIZE) !== 0;

const isCanonical = (field: F, section: string): EntryCheck => ({
  field,
  section,
  check: ({ vmcs }) => canonical(vmcs, field),
  message: 'must be a canonical address',
});

const plainSelector = (field: F): EntryCheck => ({
  field,
  section: '27.2.3',
  check: ({ vmcs }) => (vmcs.low(field) & 7) === 0,
  message: 'must have RPL (bits 1:0) and TI (bit 2) clear',
});

const notNull = (field: F): EntryCheck => ({
  field,
  section: '27.2.3',
  check: ({ vmcs }) => vmcs.low(field) !== 0,
  message: 'must not be 0',
});

export const HOST_CHECKS: readonly EntryCheck[] = [
  // 27.2.4 comes first here: it explains what other checks would only show the effects of.
  {
    field: F.EXIT_CONTROLS,
    section: '27.2.4',
    check: (e) => long(e) === ((e.cpu.state.low(Slot.EFER) & Efer.LMA) !== 0),
    message: (e) =>
      long(e)
        ? 'must not have "host address-space size" set: the processor is outside IA-32e mode'
        : 'must have "host address-space size" set: the processor is in IA-32e mode',
  },

  // 27.2.2 control registers and MSRs
  {
    field: F.HOST_CR0,
    section: '27.2.2',
    check: ({ vmcs }) =>
      vmcs.high(F.HOST_CR0) === 0 &&
      (vmcs.low(F.HOST_CR0) & CR0_FIXED0) >>> 0 === CR0_FIXED0 &&
      (vmcs.low(F.HOST_CR0) & ~CR0_FIXED1) === 0,
    message: `must be valid in VMX operation: PE, NE and PG set, bits 63:32 clear`,
  },
  {
    field: F.HOST_CR4,
    section: '27.2.2',
    check: ({ vmcs }) =>
      vmcs.high(F.HOST_CR4) === 0 &&
      (vmcs.low(F.HOST_CR4) & CR4_FIXED0) === CR4_FIXED0 &&
      (vmcs.low(F.HOST_CR4) & ~CR4_FIXED1) === 0,
    message: 'must be valid in VMX operation: VMXE set and no bit that IA32_VMX_CR4_FIXED1 has clear',
  },
  {
    field: F.HOST_CR3,
    section: '27.2.2',
    check: ({ vmcs }) => withinWidth(vmcs, F.HOST_CR3),
    message: 'must not have bits beyond the physical-address width set',
  },
  isCanonical(F.HOST_SYSENTER_ESP, '27.2.2'),
  isCanonical(F.HOST_SYSENTER_EIP, '27.2.2'),
  {
    field: F.HOST_PAT,
    section: '27.2.2',
    check: (e) => !(e.exit & Exit.LOAD_PAT) || validPat(e.vmcs, F.HOST_PAT),
    message: 'must have a memory type in every byte: 0, 1, 4, 5, 6 or 7',
  },
  {
    field: F.HOST_EFER,
    section: '27.2.2',
    check: (e) => !(e.exit & Exit.LOAD_EFER) || validEfer(e.vmcs, F.HOST_EFER),
    message: 'must have reserved bits clear',
  },
  {
    field: F.HOST_EFER,
    section: '27.2.2',
    check: (e) =>
      !(e.exit & Exit.LOAD_EFER) ||
      (e.vmcs.low(F.HOST_EFER) & (Efer.LMA | Efer.LME)) === (long(e) ? Efer.LMA | Efer.LME : 0),
    message: 'must have LMA and LME equal to "host address-space size"',
  },

  // 27.2.3 segment and descriptor-table registers
  plainSelector(F.HOST_ES_SELECTOR),
  plainSelector(F.HOST_CS_SELECTOR),
  plainSelector(F.HOST_SS_SELECTOR),
  plainSelector(F.HOST_DS_SELECTOR),
  plainSelector(F.HOST_FS_SELECTOR),
  plainSelector(F.HOST_GS_SELECTOR),
  plainSelector(F.HOST_TR_SELECTOR),
  notNull(F.HOST_CS_SELECTOR),
  notNull(F.HOST_TR_SELECTOR),
  {
    field: F.HOST_SS_SELECTOR,
    section: '27.2.3',
    check: (e) => long(e) || e.vmcs.low(F.HOST_SS_SELECTOR) !== 0,
    message: 'must not be 0 while "host address-space size" is 0',
  },
  isCanonical(F.HOST_FS_BASE, '27.2.3'),
  isCanonical(F.HOST_GS_BASE, '27.2.3'),
  isCanonical(F.HOST_GDTR_BASE, '27.2.3'),
  isCanonical(F.HOST_IDTR_BASE, '27.2.3'),
  isCanonical(F.HOST_TR_BASE, '27.2.3'),

  // 27.2.4 address-space size
  {
    field: F.ENTRY_CONTROLS,
    section: '27.2.4',
    check: (e) => long(e) || !(e.entry & Entry.IA32E_MODE_GUEST),
    message: 'must not have "IA-32e mode guest" set while "host address-space size" is 0',
  },
  {
    field: F.HOST_CR4,
    section: '27.2.4',
    check: (e) =>
      long(e) ? (e.vmcs.low(F.HOST_CR4) & Cr4.PAE) !== 0 : !(e.vmcs.low(F.HOST_CR4) & Cr4.PCIDE),
    message: (e) =>
      long(e)
        ? 'must have PAE set while "host address-space size" is 1'
        : 'must have PCIDE clear while "host address-space size" is 0',
  },
  {
    field: F.HOST_RIP,
    section: '27.2.4',
    check: (e) => (long(e) ? canonical(e.vmcs, F.HOST_RIP) : e.vmcs.high(F.HOST_RIP) === 0),
    message: (e) =>
      long(e)
        ? 'must be a canonical address'
        : 'must have bits 63:32 clear while "host address-space size" is 0',
  },
];
