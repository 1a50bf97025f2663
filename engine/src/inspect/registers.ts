import type { Cpu } from '../cpu/cpu';
import { Access, type CpuState, Cr0, Efer, Flag, Seg, SegField, type SegmentValue, Slot } from '../cpu/state';
import { readRflags } from '../ir/flags';
import { isEmpty, read } from '../x87/unit';

/** Processor modes by the manual's names (SDM 3A 2.2). */
export type CpuMode =
  | 'real-address'
  | '16-bit protected'
  | '32-bit protected'
  | 'compatibility'
  | '64-bit'
  | 'virtual-8086';

export const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'] as const;
export const GPR_NAMES = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const;

/** A context's registers. Of a guest that does not run, only what its VMCS holds is known. */
export interface RegisterSnapshot {
  /** By encoding number; undefined where unknown (a VMM keeps a stopped guest's general registers as it likes). */
  gpr: (bigint | undefined)[];
  rip: bigint;
  rflags: bigint;
  /** XMM0 … XMM15 as 128-bit numbers, and MXCSR. Absent where unknown: a VMM keeps a stopped guest's as it likes. */
  xmm?: bigint[];
  mxcsr?: number;
  /** The floating-point unit; absent where unknown. */
  x87?: X87Snapshot;
  /** ES, CS, SS, DS, FS, GS, LDTR, TR. */
  segments: SegmentValue[];
  gdtr: { base: bigint; limit: number };
  idtr: { base: bigint; limit: number };
  /** cr0, cr2, cr3, cr4, cr8, efer, dr0…dr7, MSRs by lower-case name; only what is known. */
  system: Record<string, bigint>;
  cpl: number;
  mode: CpuMode;
  /** VMX root operation or VMX off. */
  root: boolean;
  /** VMX is on. */
  vmx: boolean;
  /** `running`, `halted`, `shutdown`, `wait-for-SIPI`. */
  activity: string;
}

/** The x87's stack from ST(0) on, undefined where empty, and its three words (SDM 1 8.1). */
export interface X87Snapshot {
  /** 80-bit numbers. */
  st: (bigint | undefined)[];
  control: number;
  status: number;
  /** A bit for each register R0 … R7 that is not empty. */
  tags: number;
}

/** Registers under `system` that the debugger may also set. */
export const SETTABLE_SYSTEM_SLOTS: readonly [string, Slot][] = [
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
  ['star', Slot.STAR],
  ['lstar', Slot.LSTAR],
  ['cstar', Slot.CSTAR],
  ['fmask', Slot.FMASK],
  ['kernel_gs_base', Slot.KERNEL_GS_BASE],
];

/** Registers in slots that appear under `system`. */
const SYSTEM_SLOTS: readonly [string, Slot][] = [
  ...SETTABLE_SYSTEM_SLOTS,
  ['sysenter_cs', Slot.SYSENTER_CS],
  ['sysenter_esp', Slot.SYSENTER_ESP],
  ['sysenter_eip', Slot.SYSENTER_EIP],
  ['pat', Slot.PAT],
  ['tsc_aux', Slot.TSC_AUX],
];

const FIELDS: readonly [string, SegField][] = [
  ['', SegField.SELECTOR],
  ['.base', SegField.BASE],
  ['.limit', SegField.LIMIT],
  ['.access', SegField.ACCESS],
];

/** Registers of the context that runs that are whole in one slot: `rax`, `cs`, `cs.base`, `gdtr.limit`, `cr3`, `lstar`. */
export const REGISTER_SLOTS: ReadonlyMap<string, number> = new Map<string, number>([
  ...GPR_NAMES.map((name, slot) => [name, slot] as const),
  ...SEGMENT_NAMES.flatMap((name, seg) =>
    FIELDS.map(([field, n]) => [name + field, Slot.SEGMENTS + seg * 4 + n] as const),
  ),
  ['gdtr.base', Slot.GDTR_BASE],
  ['gdtr.limit', Slot.GDTR_LIMIT],
  ['idtr.base', Slot.IDTR_BASE],
  ['idtr.limit', Slot.IDTR_LIMIT],
  ...SYSTEM_SLOTS,
]);

/** The mode that CR0, EFER, RFLAGS and CS make. */
export function cpuMode(cr0: bigint, efer: bigint, rflags: bigint, csAccess: number): CpuMode {
  if (!(cr0 & BigInt(Cr0.PE))) return 'real-address';
  if (efer & BigInt(Efer.LMA)) return csAccess & Access.L ? '64-bit' : 'compatibility';
  if (rflags & BigInt(Flag.VM)) return 'virtual-8086';
  return csAccess & Access.DB ? '32-bit protected' : '16-bit protected';
}

/** XMM register `n` as a 128-bit number. */
export function xmmValue(s: CpuState, n: number): bigint {
  const slot = Slot.XMM0 + 2 * n;
  return (s.u64[slot + 1] << 64n) | s.u64[slot];
}

const ACTIVITIES = ['running', 'halted', 'shutdown', 'wait-for-SIPI'];

/** Registers of the context that runs now. */
export function currentRegisters(cpu: Cpu): RegisterSnapshot {
  const s = cpu.state;
  const segments = Array.from({ length: 8 }, (_, seg) => s.segment(seg as Seg));
  const rflags = BigInt(readRflags(s) >>> 0);
  return {
    gpr: Array.from({ length: 16 }, (_, n) => s.u64[n]),
    rip: s.u64[Slot.RIP],
    rflags,
    xmm: Array.from({ length: 16 }, (_, n) => xmmValue(s, n)),
    mxcsr: s.low(Slot.MXCSR),
    x87: {
      st: Array.from({ length: 8 }, (_, i) => (isEmpty(cpu, i) ? undefined : read(cpu, i))),
      control: s.low(Slot.FCW),
      status: s.low(Slot.FSW),
      tags: s.low(Slot.FTW),
    },
    segments,
    gdtr: { base: s.u64[Slot.GDTR_BASE], limit: s.low(Slot.GDTR_LIMIT) },
    idtr: { base: s.u64[Slot.IDTR_BASE], limit: s.low(Slot.IDTR_LIMIT) },
    system: Object.fromEntries(SYSTEM_SLOTS.map(([name, slot]) => [name, s.u64[slot]])),
    cpl: cpu.cpl,
    mode: cpuMode(s.u64[Slot.CR0], s.u64[Slot.EFER], rflags, segments[Seg.CS].access),
    root: !cpu.nonRoot,
    vmx: s.low(Slot.VMX_MODE) !== 0,
    activity: ACTIVITIES[s.low(Slot.ACTIVITY)] ?? 'unknown',
  };
}
