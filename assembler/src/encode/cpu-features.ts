/**
 * The oldest processor that has an encoding, by iced-x86's CPUID features and
 * what NASM's table says differently. Used only when a program is bundled, as
 * iced.ts is.
 */
import { Code, CpuidFeature, Instruction } from 'iced-x86';
import { LEVELS } from './cpu';
import type { Slot, Space } from './form';

/** Levels by CPUID feature; what stands nowhere needs none. */
const FEATURES: Record<string, string> = {
  INTEL186: '186',
  INTEL286: '286',
  INTEL286_ONLY: '286',
  INTEL386: '386',
  INTEL386_ONLY: '386',
  INTEL386_486_ONLY: '386',
  INTEL486: '486',
  INTEL486_A_ONLY: '486',
  X64: 'x64',
  FPU387: '386',
  FPU287: '286',
  CMOV: 'p6',
  CPUID: 'pentium',
  CX8: 'pentium',
  TSC: 'pentium',
  MSR: 'pentium',
  MMX: 'pentium',
  D3NOW: 'pentium',
  D3NOWEXT: 'pentium',
  PREFETCHW: 'pentium',
  RDPMC: 'p6',
  SEP: 'p6',
  FXSR: 'p6',
  MULTIBYTENOP: 'p6',
  SSE: 'katmai',
  SSE2: 'willamette',
  CLFSH: 'willamette',
  SSE3: 'prescott',
  MONITOR: 'prescott',
  CX16: 'x64',
  RDTSCP: 'x64',
  XSAVE: 'nehalem',
  POPCNT: 'nehalem',
  MOVBE: 'nehalem',
  AES: 'westmere',
  PCLMULQDQ: 'westmere',
  AVX: 'sandybridge',
  AVX2: 'future',
  FMA: 'future',
  F16C: 'future',
  BMI1: 'future',
  BMI2: 'future',
  AVX512F: 'future',
  ADX: 'future',
  FSGSBASE: 'future',
  INVPCID: 'future',
  RDRAND: 'future',
  RDSEED: 'future',
  SHA: 'future',
  LZCNT: 'p6',
  SYSCALL: 'p6',
};

/** By iced-x86's name of the encoding, where NASM's table says something else. */
const EXCEPTIONS: readonly (readonly [RegExp, string])[] = [
  [/^(Jmp|Call)_rel(16|32)/, '8086'],
  [/^Ud[012]/, '186'],
  [/^Ffreep/, '286'],
  [/^Fucomp?_/, '386'],
  [/^(Cmpxchg_|Rsm)/, 'pentium'],
  [/^Invlpga/, 'x64'],
];

/** A number of {@link LEVELS} for iced-x86's row `code`. */
export function leastCpu(code: number, space: Space, slots: readonly Slot[]): number {
  const exception = EXCEPTIONS.find(([name]) => name.test(Code[code]));
  if (exception) return LEVELS.indexOf(exception[1]);
  if (space === 'evex' || slots.some((s) => s.register === 'mask')) return LEVELS.indexOf('future');
  let level = space === 'vex' ? LEVELS.indexOf('sandybridge') : 0;
  const instruction = new Instruction();
  instruction.code = code as Code;
  for (const f of instruction.cpuidFeatures()) {
    const name = FEATURES[CpuidFeature[f]];
    if (name !== undefined) level = Math.max(level, LEVELS.indexOf(name));
  }
  instruction.free();
  return level;
}
