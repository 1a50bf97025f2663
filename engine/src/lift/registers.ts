import { Register } from 'iced-x86';
import { type Seg, Slot } from '../cpu/state';

/** A general register operand: its slot, its width in bytes, and whether it is one of AH, CH, DH, BH. */
export interface Gpr {
  slot: number;
  bytes: 1 | 2 | 4 | 8;
  high: boolean;
}

const GPRS: (Gpr | undefined)[] = [];

function define(first: Register, count: number, slot: number, bytes: Gpr['bytes'], high = false): void {
  for (let n = 0; n < count; n++) GPRS[first + n] = { slot: slot + n, bytes, high };
}

define(Register.AL, 4, Slot.RAX, 1);
define(Register.AH, 4, Slot.RAX, 1, true);
define(Register.SPL, 4, Slot.RSP, 1);
define(Register.R8L, 8, Slot.R8, 1);
define(Register.AX, 16, Slot.RAX, 2);
define(Register.EAX, 16, Slot.RAX, 4);
define(Register.RAX, 16, Slot.RAX, 8);

/** The general register behind an iced register number, or undefined. */
export function gprOf(register: Register): Gpr | undefined {
  return GPRS[register];
}

/** The segment register behind an iced register number; only for ES … GS. */
export function segOf(register: Register): Seg {
  return register - Register.ES;
}

/** True for ES, CS, SS, DS, FS, GS. */
export function isSegment(register: Register): boolean {
  return register >= Register.ES && register <= Register.GS;
}
