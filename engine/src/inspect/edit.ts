import type { Cpu } from '../cpu/cpu';
import { Flag, Mxcsr, Seg, SegField, Slot } from '../cpu/state';
import { readRflags, writeRflags } from '../ir/flags';
import { GPR_NAMES, SEGMENT_NAMES } from './registers';

/** Slots that the debugger may set by name. */
const SLOTS = new Map<string, number>([
  ...GPR_NAMES.map((name, slot) => [name, slot] as const),
  ['rip', Slot.RIP],
  ['cr0', Slot.CR0],
  ['cr2', Slot.CR2],
  ['cr3', Slot.CR3],
  ['cr4', Slot.CR4],
  ['cr8', Slot.CR8],
  ['efer', Slot.EFER],
  ['dr0', Slot.DR0],
  ['dr1', Slot.DR0 + 1],
  ['dr2', Slot.DR0 + 2],
  ['dr3', Slot.DR0 + 3],
  ['dr6', Slot.DR6],
  ['dr7', Slot.DR7],
  ['fs_base', Slot.SEGMENTS + Seg.FS * 4 + SegField.BASE],
  ['gs_base', Slot.SEGMENTS + Seg.GS * 4 + SegField.BASE],
  ['kernel_gs_base', Slot.KERNEL_GS_BASE],
  ['star', Slot.STAR],
  ['lstar', Slot.LSTAR],
  ['cstar', Slot.CSTAR],
  ['fmask', Slot.FMASK],
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
