/** RDMSR and WRMSR: the model-specific registers as a table (SDM 4 chapter 2). */
import { vmxCapabilityMsr } from '../virtualization/vmx/capabilities';
import type { Cpu } from './cpu';
import { generalProtection } from './descriptors';
import { hex, isCanonical, PHYSICAL_ADDRESS_BITS } from './limits';
import { ApicBase, Cr0, Efer, Seg, SegField, Slot } from './state';

/** One MSR. */
export interface Msr {
  index: number;
  name: string;
  read(cpu: Cpu): bigint;
  /** Where the value is, for registers that are nothing but kept. */
  slot?: number;
  /** Absent: read-only. Answers why the value is refused, or undefined after storing it. */
  write?(cpu: Cpu, value: bigint): string | undefined;
}

/** IA32_FEATURE_CONTROL as firmware leaves it: locked, VMX outside SMX allowed (SDM 3C 24.7). */
export const FEATURE_CONTROL_RESET = 5n;
/** PAT after reset: WB, WT, UC-, UC twice (SDM 3A Table 12-12). */
export const PAT_RESET = 0x0007040600070406n;
/** The bootstrap processor's, at its usual place and enabled. */
export const APIC_BASE_RESET = 0xfee00000n | BigInt(ApicBase.BOOTSTRAP | ApicBase.ENABLED);
/** Fast strings on. */
export const MISC_ENABLE_RESET = 1n;
/** MTRRs on, memory write-back by default, no ranges. */
export const MTRR_DEF_TYPE_RESET = 0x806n;

const ALL = 0xffffffffffffffffn;
const LOW32 = 0xffffffffn;

type Check = (value: bigint) => string | undefined;

const canonical: Check = (value) => (isCanonical(value) ? undefined : 'it is not canonical');

/** A register kept in a slot, with the bits that can be set. */
function stored(index: number, name: string, slot: number, writable: bigint = ALL, check?: Check): Msr {
  return {
    index,
    name,
    slot,
    read: (cpu) => cpu.state.u64[slot],
    write: (cpu, value) => {
      if (value & ~writable) return `the bits ${hex(value & ~writable)} are reserved`;
      const problem = check?.(value);
      if (problem === undefined) cpu.state.u64[slot] = value;
      return problem;
    },
  };
}

function constant(index: number, name: string, value: bigint): Msr {
  return { index, name, read: () => value };
}

/** Accepts any value and forgets it. */
function ignored(index: number, name: string, value: bigint): Msr {
  return { index, name, read: () => value, write: () => undefined };
}

function segmentBase(index: number, name: string, seg: Seg): Msr {
  return stored(index, name, Slot.SEGMENTS + seg * 4 + SegField.BASE, ALL, canonical);
}

/** A memory type PAT may hold: UC, WC, WT, WP, WB, UC- (SDM 3A Table 12-10). */
function patCheck(value: bigint): string | undefined {
  for (let i = 0n; i < 8n; i++) {
    const type = Number((value >> (8n * i)) & 0xffn);
    if (type === 2 || type === 3 || type > 7) return `memory type ${type} is reserved`;
  }
  return undefined;
}

const EFER: Msr = {
  index: 0xc0000080,
  name: 'IA32_EFER',
  read: (cpu) => cpu.state.u64[Slot.EFER],
  write: (cpu, value) => {
    const s = cpu.state;
    const reserved = value & ~BigInt(Efer.SCE | Efer.LME | Efer.LMA | Efer.NXE);
    if (reserved) return `the bits ${hex(reserved)} are reserved`;
    const old = s.low(Slot.EFER);
    const changed = Number(value) ^ old;
    if (changed & Efer.LME && s.low(Slot.CR0) & Cr0.PG) return 'LME cannot change while paging is on';
    // LMA is read-only here: CR0.PG sets and clears it (SDM 3A 2.2.1).
    s.setLow(Slot.EFER, (Number(value) & ~Efer.LMA) | (old & Efer.LMA));
    if (changed & Efer.NXE) cpu.mmu.flush(true);
    cpu.modeChanged();
    return undefined;
  },
};

const TSC: Msr = {
  index: 0x10,
  name: 'IA32_TIME_STAMP_COUNTER',
  read: (cpu) => BigInt.asUintN(64, cpu.tsc + cpu.intercepts.tscOffset()),
  write: (cpu, value) => {
    cpu.state.u64[Slot.TSC_OFFSET] = BigInt.asUintN(64, value - BigInt(cpu.clock));
    return undefined;
  },
};

const FEATURE_CONTROL: Msr = {
  index: 0x3a,
  name: 'IA32_FEATURE_CONTROL',
  read: (cpu) => cpu.state.u64[Slot.FEATURE_CONTROL],
  write: (cpu, value) => {
    if (cpu.state.u64[Slot.FEATURE_CONTROL] & 1n) return 'it is locked';
    if (value & ~7n) return `the bits ${hex(value & ~7n)} are reserved`;
    cpu.state.u64[Slot.FEATURE_CONTROL] = value;
    return undefined;
  },
};

const APIC_BASE_STORED = stored(
  0x1b,
  'IA32_APIC_BASE',
  Slot.APIC_BASE,
  ((1n << BigInt(PHYSICAL_ADDRESS_BITS)) - 1n) & ~0x6ffn,
);

/** Turns the local APIC off and on and moves its page. */
const APIC_BASE: Msr = {
  ...APIC_BASE_STORED,
  write: (cpu, value) => {
    const problem = APIC_BASE_STORED.write!(cpu, value);
    if (problem === undefined) cpu.apicBaseChanged();
    return problem;
  },
};

/** Every MSR except the VMX capabilities, which virtualization/vmx/capabilities.ts knows. */
export const MSRS: readonly Msr[] = [
  TSC,
  constant(0x17, 'IA32_PLATFORM_ID', 0n),
  APIC_BASE,
  FEATURE_CONTROL,
  ignored(0x79, 'IA32_BIOS_UPDT_TRIG', 0n),
  ignored(0x8b, 'IA32_BIOS_SIGN_ID', 1n << 32n),
  constant(0xce, 'MSR_PLATFORM_INFO', 0x2000n),
  constant(0xfe, 'IA32_MTRRCAP', 0n),
  stored(0x174, 'IA32_SYSENTER_CS', Slot.SYSENTER_CS, LOW32),
  stored(0x175, 'IA32_SYSENTER_ESP', Slot.SYSENTER_ESP, ALL, canonical),
  stored(0x176, 'IA32_SYSENTER_EIP', Slot.SYSENTER_EIP, ALL, canonical),
  constant(0x179, 'IA32_MCG_CAP', 0n),
  ignored(0x17a, 'IA32_MCG_STATUS', 0n),
  stored(0x1a0, 'IA32_MISC_ENABLE', Slot.MISC_ENABLE),
  stored(0x1d9, 'IA32_DEBUGCTL', Slot.DEBUGCTL, 0xffc3n),
  stored(0x277, 'IA32_PAT', Slot.PAT, ALL, patCheck),
  stored(0x2ff, 'IA32_MTRR_DEF_TYPE', Slot.MTRR_DEF_TYPE, 0xcffn),
  EFER,
  stored(0xc0000081, 'IA32_STAR', Slot.STAR),
  stored(0xc0000082, 'IA32_LSTAR', Slot.LSTAR, ALL, canonical),
  stored(0xc0000083, 'IA32_CSTAR', Slot.CSTAR, ALL, canonical),
  stored(0xc0000084, 'IA32_FMASK', Slot.FMASK, LOW32),
  segmentBase(0xc0000100, 'IA32_FS_BASE', Seg.FS),
  segmentBase(0xc0000101, 'IA32_GS_BASE', Seg.GS),
  stored(0xc0000102, 'IA32_KERNEL_GS_BASE', Slot.KERNEL_GS_BASE, ALL, canonical),
  stored(0xc0000103, 'IA32_TSC_AUX', Slot.TSC_AUX, LOW32),
];

const BY_INDEX: ReadonlyMap<number, Msr> = new Map(MSRS.map((msr) => [msr.index, msr]));

/** The slot that RDMSR reads, or −1 if there is more to reading the MSR. */
export function slotOfMsr(index: number): number {
  return BY_INDEX.get(index)?.slot ?? -1;
}

/** The MSR's value without privilege checks or intercepts; undefined when it does not exist. */
export function msrRead(cpu: Cpu, index: number): bigint | undefined {
  return BY_INDEX.get(index)?.read(cpu) ?? vmxCapabilityMsr(index);
}

/** Stores without privilege checks or intercepts (the MSR lists of VMX). False when WRMSR would fault. */
export function msrWrite(cpu: Cpu, index: number, value: bigint): boolean {
  return store(cpu, index, value) === undefined;
}

/** Stores the value, or answers why it is refused. */
function store(cpu: Cpu, index: number, value: bigint): string | undefined {
  const msr = BY_INDEX.get(index);
  if (!msr) return vmxCapabilityMsr(index) === undefined ? 'no such MSR' : 'it is read-only';
  return msr.write ? msr.write(cpu, value) : 'it is read-only';
}

/** Name for explanations. */
export function msrName(index: number): string {
  return BY_INDEX.get(index)?.name ?? `MSR ${hex(index)}`;
}

/** RDMSR's value after its checks; undefined after a fault or exit. */
export function readMsr(cpu: Cpu, index: number): bigint | undefined {
  if (cpu.cpl !== 0) {
    generalProtection(cpu, `RDMSR at CPL ${cpu.cpl}; it needs CPL 0.`);
    return undefined;
  }
  if (cpu.intercepts.readMsr(index)) return undefined;
  const value = msrRead(cpu, index);
  if (value === undefined) generalProtection(cpu, `RDMSR of ${hex(index)}: there is no such MSR.`);
  return value;
}

/** WRMSR after its checks. False after a fault or exit. */
export function writeMsr(cpu: Cpu, index: number, value: bigint): boolean {
  if (cpu.cpl !== 0) return generalProtection(cpu, `WRMSR at CPL ${cpu.cpl}; it needs CPL 0.`);
  if (cpu.intercepts.writeMsr(index)) return false;
  const problem = store(cpu, index, value);
  return (
    problem === undefined ||
    generalProtection(cpu, `WRMSR of ${msrName(index)}, value ${hex(value)}: ${problem}.`)
  );
}
