import type { Cpu } from '../../../cpu/cpu';
import { PHYSICAL_ADDRESS_BITS } from '../../../cpu/limits';
import { Efer } from '../../../cpu/state';
import { Primary } from '../controls';
import { F } from '../fields';
import type { Vmcs } from '../vmcs';

/** What the checks of one VM entry look at. */
export class EntryView {
  pin = 0;
  primary = 0;
  /** 0 unless "activate secondary controls" is 1. */
  secondary = 0;
  exit = 0;
  entry = 0;
  /** VM-entry interruption-information field. */
  injected = 0;

  constructor(
    readonly cpu: Cpu,
    readonly vmcs: Vmcs,
  ) {}

  /** Reads the control words of the VMCS. They stay what they are until a check is due (VmxCore.unchecked). */
  refresh(): void {
    const { vmcs } = this;
    this.pin = vmcs.low(F.PIN_CONTROLS);
    this.primary = vmcs.low(F.PRIMARY_CONTROLS);
    this.secondary = this.primary & Primary.ACTIVATE_SECONDARY ? vmcs.low(F.SECONDARY_CONTROLS) : 0;
    this.exit = vmcs.low(F.EXIT_CONTROLS);
    this.entry = vmcs.low(F.ENTRY_CONTROLS);
    this.injected = vmcs.low(F.ENTRY_INTERRUPTION);
  }
}

/** One check on VM entry: a row. */
export interface EntryCheck {
  /** The field named when the check fails. */
  field: F;
  /** Section of SDM 3C. */
  section: string;
  /** True when the entry may go on. */
  check(e: EntryView): boolean;
  /** What the manual demands of the field, said so that it reads on after the field's name. */
  message: string | ((e: EntryView) => string);
  /** Exit qualification of the failed entry (SDM 3C 27.8), if not 0. */
  qualification?: number;
}

/** The first row that fails. */
export function firstFailure(rows: readonly EntryCheck[], e: EntryView): EntryCheck | undefined {
  for (const row of rows) if (!row.check(e)) return row;
  return undefined;
}

// --- predicates on fields, by 32-bit halves ----------------------------------

/** Canonical for 48-bit linear addresses. */
export function canonical(vmcs: Vmcs, field: number): boolean {
  const top = vmcs.high(field) >>> 15;
  return top === 0 || top === 0x1ffff;
}

/** No bit beyond the physical-address width is set. */
export function withinWidth(vmcs: Vmcs, field: number): boolean {
  return vmcs.high(field) >>> (PHYSICAL_ADDRESS_BITS - 32) === 0;
}

/** A page-aligned physical address. */
export function pageAddress(vmcs: Vmcs, field: number): boolean {
  return (vmcs.low(field) & 0xfff) === 0 && withinWidth(vmcs, field);
}

/** Every byte of a PAT value is 0 (UC), 1 (WC), 4 (WT), 5 (WP), 6 (WB) or 7 (UC-). */
export function validPat(vmcs: Vmcs, field: number): boolean {
  const valid = (word: number) => {
    for (let shift = 0; shift < 32; shift += 8) {
      const type = (word >>> shift) & 0xff;
      if (type > 7 || type === 2 || type === 3) return false;
    }
    return true;
  };
  return valid(vmcs.low(field)) && valid(vmcs.high(field));
}

const EFER_BITS = Efer.SCE | Efer.LME | Efer.LMA | Efer.NXE;

/** No reserved bit of IA32_EFER is set. */
export function validEfer(vmcs: Vmcs, field: number): boolean {
  return vmcs.high(field) === 0 && (vmcs.low(field) & ~EFER_BITS) === 0;
}

/** A field's value as explanations write it. */
export function fieldValue(vmcs: Vmcs, field: number): string {
  return `0x${vmcs.get(field).toString(16)}`;
}
