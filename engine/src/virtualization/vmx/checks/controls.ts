/** Checks on the VM-execution, VM-exit and VM-entry control fields (SDM 3C 27.2.1); a failure is VM-instruction error 7. */

import { PHYSICAL_ADDRESS_BITS } from '../../../cpu/limits';
import { Cr0 } from '../../../cpu/state';
import { CR3_TARGETS, MSR_LIST_LIMIT } from '../capabilities';
import {
  allowedOnes,
  CONTROLS,
  type ControlWordName,
  controlName,
  Exit,
  Pin,
  Primary,
  Secondary,
} from '../controls';
import { F } from '../fields';
import { type EntryCheck, type EntryView, pageAddress, withinWidth } from './check';

/** Allowed-0 and allowed-1 settings of one control word. */
function reservedBits(
  field: F,
  word: ControlWordName,
  section: string,
  value: (e: EntryView) => number,
): EntryCheck {
  const ones = CONTROLS[word].requiredOnes >>> 0;
  const allowed = allowedOnes(word);
  return {
    field,
    section,
    check: (e) => ((~value(e) & ones) | (value(e) & ~allowed)) === 0,
    message: (e) => {
      const missing = ~value(e) & ones;
      const wrong = (missing || value(e) & ~allowed) >>> 0;
      const bit = 31 - Math.clz32(wrong);
      const name = controlName(word, bit);
      return missing
        ? `must have ${name} set, as the capability MSR's low half says`
        : `must not have ${name} set: this processor does not support it, see the capability MSR's high half`;
    },
  };
}

/** Address and size of an MSR list. */
function msrList(addressField: F, countField: F, section: string): EntryCheck[] {
  return [
    {
      field: addressField,
      section,
      check: ({ vmcs }) =>
        vmcs.low(countField) === 0 ||
        ((vmcs.low(addressField) & 15) === 0 &&
          withinWidth(vmcs, addressField) &&
          vmcs.number(addressField) + vmcs.low(countField) * 16 <= 2 ** PHYSICAL_ADDRESS_BITS),
      message: 'must be 16-byte aligned and the list must lie within the physical-address width',
    },
    {
      field: countField,
      // More is undefined, possibly a machine check (SDM 3C A.6); we refuse it.
      section: 'A.6',
      check: ({ vmcs }) => vmcs.low(countField) <= MSR_LIST_LIMIT,
      message: `must be at most ${MSR_LIST_LIMIT} (IA32_VMX_MISC[27:25])`,
    },
  ];
}

const injects = (e: EntryView) => e.injected >>> 31 === 1;
const typeOf = (e: EntryView) => (e.injected >>> 8) & 7;
const vectorOf = (e: EntryView) => e.injected & 0xff;
/** Hardware exceptions that push an error code: 8, 10–14 and 17. */
const WITH_ERROR_CODE = 0x27d00;

/** "Deliver error code" must be 1 exactly for these (SDM 3C 27.2.1.3). */
function needsErrorCode(e: EntryView): boolean {
  if (e.secondary & Secondary.UNRESTRICTED_GUEST && !(e.vmcs.low(F.GUEST_CR0) & Cr0.PE)) return false;
  return typeOf(e) === 3 && vectorOf(e) < 32 && ((WITH_ERROR_CODE >>> vectorOf(e)) & 1) === 1;
}

export const CONTROL_CHECKS: readonly EntryCheck[] = [
  // 27.2.1.1 VM-execution control fields
  reservedBits(F.PIN_CONTROLS, 'pin', '27.2.1.1', (e) => e.pin),
  reservedBits(F.PRIMARY_CONTROLS, 'primary', '27.2.1.1', (e) => e.primary),
  reservedBits(F.SECONDARY_CONTROLS, 'secondary', '27.2.1.1', (e) => e.secondary),
  {
    field: F.CR3_TARGET_COUNT,
    section: '27.2.1.1',
    check: ({ vmcs }) => vmcs.low(F.CR3_TARGET_COUNT) <= CR3_TARGETS,
    message: `must be at most ${CR3_TARGETS}`,
  },
  {
    field: F.IO_BITMAP_A,
    section: '27.2.1.1',
    check: (e) => !(e.primary & Primary.USE_IO_BITMAPS) || pageAddress(e.vmcs, F.IO_BITMAP_A),
    message: 'must be 4-KByte aligned and within the physical-address width ("use I/O bitmaps" is 1)',
  },
  {
    field: F.IO_BITMAP_B,
    section: '27.2.1.1',
    check: (e) => !(e.primary & Primary.USE_IO_BITMAPS) || pageAddress(e.vmcs, F.IO_BITMAP_B),
    message: 'must be 4-KByte aligned and within the physical-address width ("use I/O bitmaps" is 1)',
  },
  {
    field: F.MSR_BITMAP,
    section: '27.2.1.1',
    check: (e) => !(e.primary & Primary.USE_MSR_BITMAPS) || pageAddress(e.vmcs, F.MSR_BITMAP),
    message: 'must be 4-KByte aligned and within the physical-address width ("use MSR bitmaps" is 1)',
  },
  {
    field: F.PIN_CONTROLS,
    section: '27.2.1.1',
    check: (e) => !(e.pin & Pin.VIRTUAL_NMIS) || (e.pin & Pin.NMI_EXITING) !== 0,
    message: 'must not have "virtual NMIs" set while "NMI exiting" is 0',
  },
  {
    field: F.PRIMARY_CONTROLS,
    section: '27.2.1.1',
    check: (e) => !(e.primary & Primary.NMI_WINDOW_EXITING) || (e.pin & Pin.VIRTUAL_NMIS) !== 0,
    message: 'must not have "NMI-window exiting" set while "virtual NMIs" is 0',
  },
  {
    field: F.VPID,
    section: '27.2.1.1',
    check: (e) => !(e.secondary & Secondary.ENABLE_VPID) || (e.vmcs.low(F.VPID) & 0xffff) !== 0,
    message: 'must not be 0 while "enable VPID" is 1',
  },
  {
    field: F.EPT_POINTER,
    section: '27.2.1.1',
    check: (e) => !(e.secondary & Secondary.ENABLE_EPT) || [0, 6].includes(e.vmcs.low(F.EPT_POINTER) & 7),
    message: 'must have memory type 0 (UC) or 6 (WB) in bits 2:0',
  },
  {
    field: F.EPT_POINTER,
    section: '27.2.1.1',
    check: (e) => !(e.secondary & Secondary.ENABLE_EPT) || ((e.vmcs.low(F.EPT_POINTER) >>> 3) & 7) === 3,
    message: 'must have 3 in bits 5:3: a page-walk length of 4',
  },
  {
    field: F.EPT_POINTER,
    section: '27.2.1.1',
    check: (e) =>
      !(e.secondary & Secondary.ENABLE_EPT) ||
      ((e.vmcs.low(F.EPT_POINTER) & 0xf80) === 0 && withinWidth(e.vmcs, F.EPT_POINTER)),
    message: 'must have bits 11:7 and those beyond the physical-address width clear',
  },
  {
    field: F.SECONDARY_CONTROLS,
    section: '27.2.1.1',
    check: (e) => !(e.secondary & Secondary.UNRESTRICTED_GUEST) || (e.secondary & Secondary.ENABLE_EPT) !== 0,
    message: 'must have "enable EPT" set while "unrestricted guest" is 1',
  },

  // 27.2.1.2 VM-exit control fields
  reservedBits(F.EXIT_CONTROLS, 'exit', '27.2.1.2', (e) => e.exit),
  {
    field: F.EXIT_CONTROLS,
    section: '27.2.1.2',
    check: (e) => !(e.exit & Exit.SAVE_PREEMPTION_TIMER) || (e.pin & Pin.PREEMPTION_TIMER) !== 0,
    message: 'must not have "save VMX-preemption timer value" set while "activate VMX-preemption timer" is 0',
  },
  ...msrList(F.EXIT_MSR_STORE_ADDRESS, F.EXIT_MSR_STORE_COUNT, '27.2.1.2'),
  ...msrList(F.EXIT_MSR_LOAD_ADDRESS, F.EXIT_MSR_LOAD_COUNT, '27.2.1.2'),

  // 27.2.1.3 VM-entry control fields
  reservedBits(F.ENTRY_CONTROLS, 'entry', '27.2.1.3', (e) => e.entry),
  {
    field: F.ENTRY_INTERRUPTION,
    section: '27.2.1.3',
    check: (e) => !injects(e) || (typeOf(e) !== 1 && typeOf(e) !== 7),
    message: (e) => `must not have type ${typeOf(e)} in bits 10:8: it is reserved`,
  },
  {
    field: F.ENTRY_INTERRUPTION,
    section: '27.2.1.3',
    check: (e) => !injects(e) || typeOf(e) !== 2 || vectorOf(e) === 2,
    message: 'must have vector 2 for an NMI',
  },
  {
    field: F.ENTRY_INTERRUPTION,
    section: '27.2.1.3',
    check: (e) => !injects(e) || typeOf(e) !== 3 || vectorOf(e) < 32,
    message: 'must have a vector of at most 31 for a hardware exception',
  },
  {
    field: F.ENTRY_INTERRUPTION,
    section: '27.2.1.3',
    check: (e) => !injects(e) || ((e.injected >>> 11) & 1) === Number(needsErrorCode(e)),
    message: (e) =>
      needsErrorCode(e)
        ? `must have "deliver error code" (bit 11) set for exception ${vectorOf(e)}`
        : 'must have "deliver error code" (bit 11) clear for an event without error code',
  },
  {
    field: F.ENTRY_INTERRUPTION,
    section: '27.2.1.3',
    check: (e) => !injects(e) || (e.injected & 0x7ffff000) === 0,
    message: 'must have the reserved bits 30:12 clear',
  },
  {
    field: F.ENTRY_ERROR_CODE,
    section: '27.2.1.3',
    check: (e) => !injects(e) || !(e.injected & 0x800) || e.vmcs.low(F.ENTRY_ERROR_CODE) >>> 16 === 0,
    message: 'must have bits 31:16 clear',
  },
  {
    field: F.ENTRY_INSTRUCTION_LENGTH,
    section: '27.2.1.3',
    check: (e) => !injects(e) || typeOf(e) < 4 || e.vmcs.low(F.ENTRY_INSTRUCTION_LENGTH) <= 15,
    message: 'must be 0 to 15 for a software interrupt or exception',
  },
  ...msrList(F.ENTRY_MSR_LOAD_ADDRESS, F.ENTRY_MSR_LOAD_COUNT, '27.2.1.3'),
];
