/** Which field of the VMCS belongs to which register, for what entries and exits copy as it is (SDM 3C 25.4, 25.5). */
import { Access, type CpuState, Seg, SegField, Slot } from '../../cpu/state';
import { F } from './fields';
import type { Vmcs } from './vmcs';

/** A register and its field. */
export type Row = readonly [slot: number, field: F];

/** Slot of a segment register's part. */
const part = (seg: Seg, field: SegField): number => Slot.SEGMENTS + seg * 4 + field;

const SEGMENTS = [Seg.ES, Seg.CS, Seg.SS, Seg.DS, Seg.FS, Seg.GS, Seg.LDTR, Seg.TR];

/** Loaded by entries and saved by exits; checks of an entry look at them (SDM 3C 27.3.2, 28.3.1, 28.3.2). */
export const GUEST_CHECKED: readonly Row[] = [
  [Slot.CR4, F.GUEST_CR4],
  [Slot.SYSENTER_CS, F.GUEST_SYSENTER_CS],
  [Slot.SYSENTER_ESP, F.GUEST_SYSENTER_ESP],
  [Slot.SYSENTER_EIP, F.GUEST_SYSENTER_EIP],
  ...SEGMENTS.flatMap((seg): Row[] => [
    [part(seg, SegField.SELECTOR), F.GUEST_ES_SELECTOR + seg * 2],
    [part(seg, SegField.BASE), F.GUEST_ES_BASE + seg * 2],
    [part(seg, SegField.LIMIT), F.GUEST_ES_LIMIT + seg * 2],
    [part(seg, SegField.ACCESS), F.GUEST_ES_ACCESS + seg * 2],
  ]),
  [Slot.GDTR_BASE, F.GUEST_GDTR_BASE],
  [Slot.GDTR_LIMIT, F.GUEST_GDTR_LIMIT],
  [Slot.IDTR_BASE, F.GUEST_IDTR_BASE],
  [Slot.IDTR_LIMIT, F.GUEST_IDTR_LIMIT],
];

/** Likewise; nothing that an exit saves here could be refused, or it is checked every time. */
export const GUEST_UNCHECKED: readonly Row[] = [
  [Slot.CR3, F.GUEST_CR3],
  [Slot.RIP, F.GUEST_RIP],
  [Slot.RSP, F.GUEST_RSP],
];

/** The host's segment and descriptor-table registers (SDM 3C 28.5.2). */
const HOST_SEGMENTS: readonly Row[] = [
  [part(Seg.ES, SegField.SELECTOR), F.HOST_ES_SELECTOR],
  [part(Seg.CS, SegField.SELECTOR), F.HOST_CS_SELECTOR],
  [part(Seg.SS, SegField.SELECTOR), F.HOST_SS_SELECTOR],
  [part(Seg.DS, SegField.SELECTOR), F.HOST_DS_SELECTOR],
  [part(Seg.FS, SegField.SELECTOR), F.HOST_FS_SELECTOR],
  [part(Seg.GS, SegField.SELECTOR), F.HOST_GS_SELECTOR],
  [part(Seg.TR, SegField.SELECTOR), F.HOST_TR_SELECTOR],
  [part(Seg.FS, SegField.BASE), F.HOST_FS_BASE],
  [part(Seg.GS, SegField.BASE), F.HOST_GS_BASE],
  [part(Seg.TR, SegField.BASE), F.HOST_TR_BASE],
  [Slot.GDTR_BASE, F.HOST_GDTR_BASE],
  [Slot.IDTR_BASE, F.HOST_IDTR_BASE],
];

const HOST_TSS = 11 | Access.P;

/** What the host's segment and descriptor-table registers hold after every exit. */
const HOST_SEGMENT_VALUES: readonly (readonly [slot: number, value: number])[] = [
  ...[Seg.ES, Seg.CS, Seg.SS, Seg.DS].map((seg) => [part(seg, SegField.BASE), 0] as const),
  ...SEGMENTS.slice(0, 6).map((seg) => [part(seg, SegField.LIMIT), 0xffffffff] as const),
  [part(Seg.LDTR, SegField.SELECTOR), 0],
  [part(Seg.LDTR, SegField.ACCESS), Access.UNUSABLE],
  [part(Seg.TR, SegField.LIMIT), 0x67],
  [part(Seg.TR, SegField.ACCESS), HOST_TSS],
  [Slot.GDTR_LIMIT, 0xffff],
  [Slot.IDTR_LIMIT, 0xffff],
];

/** All that an exit loads as it is (SDM 3C 28.5.1–28.5.3). */
export const HOST_STATE: readonly Row[] = [
  ...HOST_SEGMENTS,
  [Slot.CR3, F.HOST_CR3],
  [Slot.SYSENTER_CS, F.HOST_SYSENTER_CS],
  [Slot.SYSENTER_ESP, F.HOST_SYSENTER_ESP],
  [Slot.SYSENTER_EIP, F.HOST_SYSENTER_EIP],
  [Slot.RIP, F.HOST_RIP],
  [Slot.RSP, F.HOST_RSP],
];

/** All that is the same after every exit (SDM 3C 28.5.1, 28.5.2, 28.5.5). */
export const HOST_VALUES: readonly (readonly [slot: number, value: number])[] = [
  ...HOST_SEGMENT_VALUES,
  [Slot.DR7, 0x400],
  [Slot.DEBUGCTL, 0],
  [Slot.ACTIVITY, 0],
  [Slot.SHADOW_STI, 0],
  [Slot.SHADOW_SS, 0],
];

/** Accessed read/write data, present, 32 bits, 4-KByte granularity, DPL 0; if the selector is 0, also unusable. */
export const HOST_DATA: number = 3 | Access.S | Access.P | Access.DB | Access.G;
/** The segments that hold it, by the slots of their parts. */
export const HOST_DATA_SEGMENTS = [Seg.ES, Seg.SS, Seg.DS, Seg.FS, Seg.GS].map((seg) => ({
  selector: part(seg, SegField.SELECTOR),
  access: part(seg, SegField.ACCESS),
}));

/** Access rights of the host's CS: accessed execute/read code, else as HOST_DATA. `long`: "host address-space size". */
export function setHostCode(s: CpuState, long: boolean): void {
  const access = 11 | Access.S | Access.P | Access.G | (long ? Access.L : Access.DB);
  s.setLow(part(Seg.CS, SegField.ACCESS), access);
}

/** The host's segment and descriptor-table registers into any register file, for the debugger. */
export function loadHostSegments(vmcs: Vmcs, s: CpuState, long: boolean): void {
  for (const [slot, field] of HOST_SEGMENTS) vmcs.load(s, slot, field);
  for (const [slot, value] of HOST_SEGMENT_VALUES) s.setLow(slot, value);
  for (const { selector, access } of HOST_DATA_SEGMENTS)
    s.setLow(access, s.low(selector) === 0 ? HOST_DATA | Access.UNUSABLE : HOST_DATA);
  setHostCode(s, long);
}
