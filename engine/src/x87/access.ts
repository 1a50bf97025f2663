/**
 * How an instruction's words name its operands: a kind ({@link Operand}) and the
 * slot of its bits, or {@link STACK} and a register's place i in ST(i).
 */
import type { Cpu } from '../cpu/cpu';
import { Slot } from '../cpu/state';
import { load, Operand } from './operands';
import { environment, isEmpty, read } from './unit';

/** The last instruction's address, which FSTENV gives. Control instructions leave it. */
export function notePointer(cpu: Cpu): void {
  cpu.state.u64[Slot.FIP] = cpu.state.u64[Slot.RIP];
}

/** The operand kind of a register ST(i). */
export const STACK = 0xff;

/** A memory operand's bits: one slot, of the ten-byte ones two. */
function bitsOf(cpu: Cpu, kind: Operand, slot: number): bigint {
  const low = cpu.state.u64[slot];
  if (kind !== Operand.EXTENDED && kind !== Operand.BCD) return low;
  return low | (BigInt(cpu.state.low(slot + 1) & 0xffff) << 64n);
}

/** Whether the operands, ST(i) and perhaps another register, are there. */
export function available(cpu: Cpu, i: number, kind: number, other: number): boolean {
  return !isEmpty(cpu, i) && (kind !== STACK || !isEmpty(cpu, other));
}

/** The second operand as an extended number; of a memory operand the flags of its conversion are raised. */
export function operand(cpu: Cpu, kind: number, at: number): bigint {
  return kind === STACK ? read(cpu, at) : load(environment, kind, bitsOf(cpu, kind, at));
}
