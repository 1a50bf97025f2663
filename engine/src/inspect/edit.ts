import type { Cpu } from '../cpu/cpu';
import { Flag, Mxcsr, Seg, SegField, Slot } from '../cpu/state';
import { readRflags, writeRflags } from '../ir/flags';
import { GPR_NAMES, SEGMENT_NAMES, SETTABLE_SYSTEM_SLOTS } from './registers';

/** Slots that the debugger may set by name. */
const SLOTS = new Map<string, number>([
  ...GPR_NAMES.map((name, slot) => [name, slot] as const),
  ['rip', Slot.RIP],
  ...SETTABLE_SYSTEM_SLOTS,
  ['fs_base', Slot.SEGMENTS + Seg.FS * 4 + SegField.BASE],
  ['gs_base', Slot.SEGMENTS + Seg.GS * 4 + SegField.BASE],
]);

/** RFLAGS bits the debugger may set. */
const EDITABLE_FLAGS =
  Flag.ARITHMETIC | Flag.TF | Flag.IF | Flag.DF | Flag.IOPL | Flag.NT | Flag.RF | Flag.AC | Flag.ID;

/**
 * Sets a register of the running context as a debugger's user asks; answers
 * what is wrong, or undefined. No architectural check is made: the user may put
 * the machine into any state. The caller calls `Machine.stateEdited`.
 */
export function setRegister(cpu: Cpu, name: string, value: bigint): string | undefined {
  const s = cpu.state;
  const key = name.toLowerCase();
  const slot = SLOTS.get(key);
  if (slot !== undefined) {
    s.u64[slot] = BigInt.asUintN(64, value);
    return undefined;
  }
  if (key === 'rflags') {
    const kept = readRflags(s) & ~EDITABLE_FLAGS;
    writeRflags(s, kept | (Number(BigInt.asUintN(32, value)) & EDITABLE_FLAGS));
    return undefined;
  }
  const xmm = /^xmm(\d|1[0-5])$/.exec(key);
  if (xmm) {
    const first = Slot.XMM0 + 2 * Number(xmm[1]);
    s.u64[first] = BigInt.asUintN(64, value);
    s.u64[first + 1] = BigInt.asUintN(64, value >> 64n);
    return undefined;
  }
  if (key === 'mxcsr') {
    if (BigInt.asUintN(64, value) & ~BigInt(Mxcsr.ALL)) return 'MXCSR has only its low 16 bits';
    s.u64[Slot.MXCSR] = value;
    return undefined;
  }
  if ((SEGMENT_NAMES as readonly string[]).includes(key)) {
    return `${name} cannot be set: loading a segment register means loading its descriptor; let the guest do it`;
  }
  return `there is no register ${name} that can be set`;
}
