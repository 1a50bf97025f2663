/** CPUID (SDM 2A "CPUID"): the features the engine implements, as tables of named bits. */
import type { Cpu } from './cpu';
import { LINEAR_ADDRESS_BITS, PHYSICAL_ADDRESS_BITS } from './limits';
import { ApicBase, Slot } from './state';

/** EAX, EBX, ECX, EDX. */
export type CpuidResult = readonly [number, number, number, number];

type FeatureBits = Readonly<Record<string, number>>;

/** Leaf 1, ECX: feature and bit. */
export const LEAF1_ECX: FeatureBits = {
  SSE3: 0,
  VMX: 5,
  SSSE3: 9,
  CX16: 13,
  PCID: 17,
  SSE4_1: 19,
  SSE4_2: 20,
  MOVBE: 22,
  POPCNT: 23,
};

/** Leaf 1, EDX. */
export const LEAF1_EDX: FeatureBits = {
  FPU: 0,
  DE: 2,
  PSE: 3,
  TSC: 4,
  MSR: 5,
  PAE: 6,
  MCE: 7,
  CX8: 8,
  /** Only while IA32_APIC_BASE enables it. */
  APIC: 9,
  SEP: 11,
  MTRR: 12,
  PGE: 13,
  CMOV: 15,
  PAT: 16,
  PSE36: 17,
  CLFSH: 19,
  FXSR: 24,
  SSE: 25,
  SSE2: 26,
};

/** Leaf 7 subleaf 0, EBX. */
export const LEAF7_EBX: FeatureBits = {
  FSGSBASE: 0,
  BMI1: 3,
  FDP_EXCPTN_ONLY: 6,
  SMEP: 7,
  BMI2: 8,
  ERMS: 9,
  INVPCID: 10,
  FPCSDS: 13,
  ADX: 19,
  SMAP: 20,
};

/** Leaf 7 subleaf 0, ECX. */
export const LEAF7_ECX: FeatureBits = { UMIP: 2, RDPID: 22 };

/** Leaf 80000001H, ECX. */
export const EXTENDED_ECX: FeatureBits = { LAHF64: 0, LZCNT: 5 };

/** Leaf 80000001H, EDX; SYSCALL is reported in 64-bit mode only. */
export const EXTENDED_EDX: FeatureBits = { SYSCALL: 11, NX: 20, PAGE1GB: 26, RDTSCP: 27, LM: 29 };

/** Leaf 80000007H, EDX. */
export const POWER_EDX: FeatureBits = { INVARIANT_TSC: 8 };

const MAX_BASIC = 7;
const MAX_EXTENDED = 0x80000008;
const VENDOR = 'GenuineIntel';
const BRAND = 'Hyperstep virtual processor'.padEnd(48, '\0');

/** Family 6, model 5EH, stepping 3: software that wants a known Intel processor finds one. */
const SIGNATURE = 0x000506e3;
/** CLFLUSH line of 64 bytes (in units of 8), one logical processor. */
const LEAF1_EBX = (8 << 8) | (1 << 16);

function mask(bits: FeatureBits): number {
  return Object.values(bits).reduce((sum, bit) => (sum | (1 << bit)) >>> 0, 0);
}

function chars(text: string, at: number): number {
  let word = 0;
  for (let i = 3; i >= 0; i--) word = (word << 8) | text.charCodeAt(at + i);
  return word >>> 0;
}

function brand(part: number): CpuidResult {
  const at = part * 16;
  return [chars(BRAND, at), chars(BRAND, at + 4), chars(BRAND, at + 8), chars(BRAND, at + 12)];
}

const ZERO: CpuidResult = [0, 0, 0, 0];
const LEAF7: CpuidResult = [0, mask(LEAF7_EBX), mask(LEAF7_ECX), 0];
const EXTENDED64: CpuidResult = [0, 0, mask(EXTENDED_ECX), mask(EXTENDED_EDX)];
const EXTENDED32: CpuidResult = [
  0,
  0,
  mask(EXTENDED_ECX),
  (mask(EXTENDED_EDX) & ~(1 << EXTENDED_EDX.SYSCALL)) >>> 0,
];

type Leaf = (cpu: Cpu, subleaf: number) => CpuidResult;

/** A leaf that depends on nothing. */
function fixed(...result: CpuidResult): Leaf {
  return () => result;
}

const LEAF1: CpuidResult = [SIGNATURE, LEAF1_EBX, mask(LEAF1_ECX), mask(LEAF1_EDX)];
/** With the local APIC turned off (SDM 3A 11.4.3). */
const LEAF1_WITHOUT_APIC: CpuidResult = [
  SIGNATURE,
  LEAF1_EBX,
  mask(LEAF1_ECX),
  (mask(LEAF1_EDX) & ~(1 << LEAF1_EDX.APIC)) >>> 0,
];

/** Leaves by number; functions of the processor (for bits that follow its mode) and the subleaf in ECX. */
const LEAVES: ReadonlyMap<number, Leaf> = new Map<number, Leaf>([
  // EBX, EDX, ECX spell the vendor, in that order.
  [0, fixed(MAX_BASIC, chars(VENDOR, 0), chars(VENDOR, 8), chars(VENDOR, 4))],
  [1, (cpu) => (cpu.state.low(Slot.APIC_BASE) & ApicBase.ENABLED ? LEAF1 : LEAF1_WITHOUT_APIC)],
  // Leaf 2: "no cache descriptors", to be asked once. Leaf 4: no caches.
  [2, fixed(1, 0, 0, 0)],
  [7, (_cpu, subleaf) => (subleaf === 0 ? LEAF7 : ZERO)],
  [0x80000000, fixed(MAX_EXTENDED, 0, 0, 0)],
  [0x80000001, (cpu) => (cpu.code64 ? EXTENDED64 : EXTENDED32)],
  [0x80000002, fixed(...brand(0))],
  [0x80000003, fixed(...brand(1))],
  [0x80000004, fixed(...brand(2))],
  [0x80000007, fixed(0, 0, 0, mask(POWER_EDX))],
  [0x80000008, fixed(PHYSICAL_ADDRESS_BITS | (LINEAR_ADDRESS_BITS << 8), 0, 0, 0)],
]);

/** CPUID for EAX = `leaf`, ECX = `subleaf`. A leaf out of range answers as the highest basic one. */
export function cpuid(cpu: Cpu, leaf: number, subleaf: number): CpuidResult {
  const known = leaf <= MAX_BASIC || (leaf >= 0x80000000 && leaf <= MAX_EXTENDED);
  return (LEAVES.get(known ? leaf : MAX_BASIC)?.(cpu, subleaf) ?? ZERO) as CpuidResult;
}
