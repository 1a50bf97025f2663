/** The VMX capability MSRs (SDM 3C Appendix A): what software may ask for is exactly what is implemented here. */
import { CR4_IMPLEMENTED } from '../../cpu/control';
import { Cr0, Cr4 } from '../../cpu/state';
import { allowedOnes, CONTROLS, type ControlWordName } from './controls';
import { VMCS_FIELDS, type VmcsField } from './fields';

/** VMCS revision identifier (IA32_VMX_BASIC[30:0]). It names our region layout. */
export const VMCS_REVISION = 0x48530001;

/** The preemption timer counts once every 2^5 ticks of the time-stamp counter (IA32_VMX_MISC[4:0]). */
export const PREEMPTION_RATE = 5;

/** Entries an MSR list may have: (0 + 1) * 512 (IA32_VMX_MISC[27:25]). */
export const MSR_LIST_LIMIT = 512;

/** CR3-target values (IA32_VMX_MISC[24:16]). */
export const CR3_TARGETS = 4;

/** CR0 bits that are 1 in VMX operation (an unrestricted guest may clear PE and PG). */
export const CR0_FIXED0 = (Cr0.PG | Cr0.NE | Cr0.PE) >>> 0;
/** CR0 bits that may be 1. */
export const CR0_FIXED1 = 0xffffffff;
/** CR4 bits that are 1 in VMX operation. */
export const CR4_FIXED0 = Cr4.VMXE as number;
/** CR4 bits that may be 1: all that this processor implements. */
export const CR4_FIXED1: number = CR4_IMPLEMENTED;

/** IA32_VMX_EPT_VPID_CAP bits (SDM 3C A.10). */
export const enum EptCap {
  EXECUTE_ONLY = 1,
  LENGTH_4 = 1 << 6,
  UC = 1 << 8,
  WB = 1 << 14,
  PAGE_2M = 1 << 16,
  PAGE_1G = 1 << 17,
  INVEPT = 1 << 20,
  ACCESSED_DIRTY = 1 << 21,
  INVEPT_SINGLE = 1 << 25,
  INVEPT_ALL = 1 << 26,
}

const EPT_CAPABILITIES =
  EptCap.EXECUTE_ONLY |
  EptCap.LENGTH_4 |
  EptCap.UC |
  EptCap.WB |
  EptCap.PAGE_2M |
  EptCap.PAGE_1G |
  EptCap.INVEPT |
  EptCap.ACCESSED_DIRTY |
  EptCap.INVEPT_SINGLE |
  EptCap.INVEPT_ALL;
/** INVVPID and its four types: individual address, single, all, single retaining globals. */
const VPID_CAPABILITIES = 1 | (0xf << 8);

const highLow = (high: number, low: number) => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

/** Low half: bits that must be 1; high half: bits that may be 1. */
const controlMsr = (word: ControlWordName, isTrue: boolean) =>
  highLow(allowedOnes(word), isTrue ? CONTROLS[word].requiredOnes : CONTROLS[word].defaultOnes);

/** True when this processor has the field (SDM 3C 25.11.2: the control that uses it can be 1). */
export function fieldExists(field: VmcsField): boolean {
  const { condition } = field;
  return !condition || ((allowedOnes(condition.word) >>> condition.bit) & 1) === 1;
}

/** Highest field index (bits 9:1 of the encoding) that VMREAD knows. */
const highestIndex = Math.max(...VMCS_FIELDS.filter(fieldExists).map((f) => (f.encoding >> 1) & 0x1ff));

const MSRS: ReadonlyMap<number, bigint> = new Map([
  // IA32_VMX_BASIC: revision, 4 KiB region, write-back, INS/OUTS information reported, "true" MSRs exist.
  [0x480, highLow(0x1000 | (6 << 18) | (1 << 22) | (1 << 23), VMCS_REVISION)],
  [0x481, controlMsr('pin', false)],
  [0x482, controlMsr('primary', false)],
  [0x483, controlMsr('exit', false)],
  [0x484, controlMsr('entry', false)],
  // IA32_VMX_MISC: timer rate, EFER.LMA stored on exit, HLT/shutdown/wait-for-SIPI, CR3 targets, injection with length 0.
  [0x485, highLow(0, (PREEMPTION_RATE | (1 << 5) | (7 << 6) | (CR3_TARGETS << 16) | (1 << 30)) >>> 0)],
  [0x486, BigInt(CR0_FIXED0)],
  [0x487, BigInt(CR0_FIXED1)],
  [0x488, BigInt(CR4_FIXED0)],
  [0x489, BigInt(CR4_FIXED1)],
  [0x48a, BigInt(highestIndex << 1)],
  [0x48b, controlMsr('secondary', false)],
  [0x48c, highLow(VPID_CAPABILITIES, EPT_CAPABILITIES)],
  [0x48d, controlMsr('pin', true)],
  [0x48e, controlMsr('primary', true)],
  [0x48f, controlMsr('exit', true)],
  [0x490, controlMsr('entry', true)],
]);

/**
 * Value of IA32_VMX_BASIC … IA32_VMX_TRUE_ENTRY_CTLS (0x480–0x490). Undefined for
 * every other index, IA32_VMX_VMFUNC (0x491) among them: it exists only with VM functions.
 */
export function vmxCapabilityMsr(index: number): bigint | undefined {
  return MSRS.get(index);
}
