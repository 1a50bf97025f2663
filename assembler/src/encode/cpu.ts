/**
 * Processors of the directive `cpu` (NASM manual 7.10) and which of them an
 * encoding needs. Instructions come with iced-x86's CPUID features; NASM's
 * table differs for those named here.
 */
import { Code, CpuidFeature, Instruction } from 'iced-x86';
import type { Form } from './form';

/** NASM's levels, oldest first. */
const LEVELS = [
  '8086',
  '186',
  '286',
  '386',
  '486',
  'pentium',
  'p6',
  'katmai',
  'willamette',
  'prescott',
  'x64',
  'nehalem',
  'westmere',
  'sandybridge',
  'future',
  'ia64',
];

/** No restriction. */
export const EVERY_CPU = 99;

/** What `cpu` takes, in NASM's order: the first name that begins as written counts. */
const NAMES: readonly (readonly [string, string])[] = [
  ['default', ''],
  ['8086', '8086'],
  ['186', '186'],
  ['286', '286'],
  ['386', '386'],
  ['486', '486'],
  ['586', 'pentium'],
  ['pentium', 'pentium'],
  ['pentiummmx', 'pentium'],
  ['686', 'p6'],
  ['p6', 'p6'],
  ['ppro', 'p6'],
  ['pentiumpro', 'p6'],
  ['p2', 'p6'],
  ['pentiumii', 'p6'],
  ['p3', 'katmai'],
  ['katmai', 'katmai'],
  ['p4', 'willamette'],
  ['willamette', 'willamette'],
  ['prescott', 'prescott'],
  ['x64', 'x64'],
  ['x86-64', 'x64'],
  ['ia64', 'ia64'],
  ['ia-64', 'ia64'],
  ['itanium', 'ia64'],
  ['itanic', 'ia64'],
  ['merced', 'ia64'],
  ['nehalem', 'nehalem'],
  ['westmere', 'westmere'],
  ['sandybridge', 'sandybridge'],
  ['ivybridge', 'future'],
  ['any', ''],
  ['all', ''],
];

/** Names for completion and messages. */
export const CPU_NAMES: readonly string[] = NAMES.map(([name]) => name);

/** Switches of encodings, which are taken and change nothing here. */
const FLAGS = ['latevex', 'evex', 'vex'];

/** The level `word` names, −1 for a switch of encodings, undefined for anything else. */
export function cpuLevel(word: string): number | undefined {
  const lower = word.toLowerCase();
  if (lower === '') return undefined;
  const found = NAMES.find(([name]) => name.startsWith(lower));
  if (found) return found[1] === '' ? EVERY_CPU : LEVELS.indexOf(found[1]);
  const flag = lower.replace(/^no(?=.)/, '');
  return FLAGS.some((name) => name.startsWith(flag)) ? -1 : undefined;
}

/** A level's name. */
export function cpuName(level: number): string {
  return LEVELS[level] ?? 'default';
}

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

const levels = new Map<number, number>();
const none = LEVELS.indexOf('8086');

/** The oldest processor that has this encoding. */
export function levelOf(form: Form): number {
  const known = levels.get(form.code);
  if (known !== undefined) return known;
  const instruction = new Instruction();
  instruction.code = form.code as Code;
  let level = none;
  for (const f of instruction.cpuidFeatures()) {
    const name = FEATURES[CpuidFeature[f]];
    if (name !== undefined) level = Math.max(level, LEVELS.indexOf(name));
  }
  instruction.free();
  if (form.space === 'vex') level = Math.max(level, LEVELS.indexOf('sandybridge'));
  if (form.space === 'evex' || form.slots.some((s) => s.register === 'mask'))
    level = LEVELS.indexOf('future');
  const exception = EXCEPTIONS.find(([name]) => name.test(Code[form.code]));
  if (exception) level = LEVELS.indexOf(exception[1]);
  levels.set(form.code, level);
  return level;
}
