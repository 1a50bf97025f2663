/** Copies segment and descriptor-table registers between the register file and the VMCS. */
import { Access, type CpuState, Seg, SegField, Slot } from '../../cpu/state';
import { F } from './fields';
import type { Vmcs } from './vmcs';

/** Guest-state area → segment registers, GDTR, IDTR (SDM 3C 27.3.2.2, 27.3.2.3). */
export function loadGuestSegments(vmcs: Vmcs, s: CpuState): void {
  vmcs.loadSegments(s, Slot.SEGMENTS + SegField.SELECTOR, F.GUEST_ES_SELECTOR);
  vmcs.loadSegments(s, Slot.SEGMENTS + SegField.BASE, F.GUEST_ES_BASE);
  vmcs.loadSegments(s, Slot.SEGMENTS + SegField.LIMIT, F.GUEST_ES_LIMIT);
  vmcs.loadSegments(s, Slot.SEGMENTS + SegField.ACCESS, F.GUEST_ES_ACCESS);
  vmcs.load(s, Slot.GDTR_BASE, F.GUEST_GDTR_BASE);
  vmcs.load(s, Slot.GDTR_LIMIT, F.GUEST_GDTR_LIMIT);
  vmcs.load(s, Slot.IDTR_BASE, F.GUEST_IDTR_BASE);
  vmcs.load(s, Slot.IDTR_LIMIT, F.GUEST_IDTR_LIMIT);
}

/** Segment registers, GDTR, IDTR → guest-state area (SDM 3C 28.3.2). */
export function saveGuestSegments(vmcs: Vmcs, s: CpuState): void {
  vmcs.storeSegments(s, Slot.SEGMENTS + SegField.SELECTOR, F.GUEST_ES_SELECTOR);
  vmcs.storeSegments(s, Slot.SEGMENTS + SegField.BASE, F.GUEST_ES_BASE);
  vmcs.storeSegments(s, Slot.SEGMENTS + SegField.LIMIT, F.GUEST_ES_LIMIT);
  vmcs.storeSegments(s, Slot.SEGMENTS + SegField.ACCESS, F.GUEST_ES_ACCESS);
  vmcs.store(s, Slot.GDTR_BASE, F.GUEST_GDTR_BASE);
  vmcs.store(s, Slot.GDTR_LIMIT, F.GUEST_GDTR_LIMIT);
  vmcs.store(s, Slot.IDTR_BASE, F.GUEST_IDTR_BASE);
  vmcs.store(s, Slot.IDTR_LIMIT, F.GUEST_IDTR_LIMIT);
}

/** Accessed read/write data, present, 32 bits, 4-KByte granularity, DPL 0. */
const HOST_DATA = 3 | Access.S | Access.P | Access.DB | Access.G;
/** Accessed execute/read code, present, 4-KByte granularity, DPL 0. */
const HOST_CODE = 11 | Access.S | Access.P | Access.G;
const HOST_TSS = 11 | Access.P;

const HOST_SELECTORS = [
  F.HOST_ES_SELECTOR,
  F.HOST_CS_SELECTOR,
  F.HOST_SS_SELECTOR,
  F.HOST_DS_SELECTOR,
  F.HOST_FS_SELECTOR,
  F.HOST_GS_SELECTOR,
];

/** Host-state area → segment registers, GDTR, IDTR (SDM 3C 28.5.2). `long`: "host address-space size". */
export function loadHostSegments(vmcs: Vmcs, s: CpuState, long: boolean): void {
  for (let seg = Seg.ES as number; seg <= Seg.GS; seg++) {
    const slot = Slot.SEGMENTS + seg * 4;
    const selector = vmcs.low(HOST_SELECTORS[seg]);
    let access: number = seg === Seg.CS ? HOST_CODE | (long ? Access.L : Access.DB) : HOST_DATA;
    if (selector === 0 && seg !== Seg.CS) access |= Access.UNUSABLE;
    s.setLow(slot + SegField.SELECTOR, selector);
    s.setLow(slot + SegField.BASE, 0);
    s.setLow(slot + SegField.LIMIT, 0xffffffff);
    s.setLow(slot + SegField.ACCESS, access);
  }
  vmcs.load(s, Slot.SEGMENTS + Seg.FS * 4 + SegField.BASE, F.HOST_FS_BASE);
  vmcs.load(s, Slot.SEGMENTS + Seg.GS * 4 + SegField.BASE, F.HOST_GS_BASE);

  const ldtr = Slot.SEGMENTS + Seg.LDTR * 4;
  s.setLow(ldtr + SegField.SELECTOR, 0);
  s.setLow(ldtr + SegField.ACCESS, Access.UNUSABLE);
  const tr = Slot.SEGMENTS + Seg.TR * 4;
  vmcs.load(s, tr + SegField.SELECTOR, F.HOST_TR_SELECTOR);
  vmcs.load(s, tr + SegField.BASE, F.HOST_TR_BASE);
  s.setLow(tr + SegField.LIMIT, 0x67);
  s.setLow(tr + SegField.ACCESS, HOST_TSS);

  vmcs.load(s, Slot.GDTR_BASE, F.HOST_GDTR_BASE);
  s.setLow(Slot.GDTR_LIMIT, 0xffff);
  vmcs.load(s, Slot.IDTR_BASE, F.HOST_IDTR_BASE);
  s.setLow(Slot.IDTR_LIMIT, 0xffff);
}
