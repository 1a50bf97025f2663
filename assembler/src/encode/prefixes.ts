/** Instruction prefixes written in the source (NASM manual, section 3.1). */
import type { EncodeError } from './statement';

/** The prefixes of one statement, one a group as the processor sees them (SDM vol. 2, 2.1.1). */
export interface Prefixes {
  /** F3, F2 or 0. */
  repeat: number;
  lock: boolean;
  /** Segment override byte or 0. */
  segment: number;
  operandSize: number;
  /** `osp`: a 66, whatever the operand size. */
  operandByte: boolean;
  addressSize: number;
  /** `xacquire` or `xrelease`. */
  elided: boolean;
  /** `bnd`, which a short jump drops. */
  bound: boolean;
  /** `repne` or `repnz`, which `bnd` shares its byte with. */
  repne: boolean;
  /** `wait` before the instruction. */
  wait: boolean;
  /** `{vex}`, `{vex2}`, `{vex3}`, `{evex}`, `{rex}` without braces: only these encodings. */
  encoding?: 'vex' | 'vex2' | 'vex3' | 'evex' | 'rex';
}

type Group = 'repeat' | 'lock' | 'segment' | 'operandSize' | 'addressSize' | 'wait' | 'encoding';

const table: Record<string, [Group, number]> = {
  '{vex}': ['encoding', 0],
  '{vex2}': ['encoding', 0],
  '{vex3}': ['encoding', 0],
  '{evex}': ['encoding', 0],
  '{rex}': ['encoding', 0],
  wait: ['wait', 0x9b],
  rep: ['repeat', 0xf3],
  repe: ['repeat', 0xf3],
  repz: ['repeat', 0xf3],
  repne: ['repeat', 0xf2],
  repnz: ['repeat', 0xf2],
  bnd: ['repeat', 0xf2],
  xacquire: ['repeat', 0xf2],
  xrelease: ['repeat', 0xf3],
  lock: ['lock', 0xf0],
  es: ['segment', 0x26],
  cs: ['segment', 0x2e],
  ss: ['segment', 0x36],
  ds: ['segment', 0x3e],
  fs: ['segment', 0x64],
  gs: ['segment', 0x65],
  o16: ['operandSize', 16],
  o32: ['operandSize', 32],
  o64: ['operandSize', 64],
  a16: ['addressSize', 16],
  a32: ['addressSize', 32],
  a64: ['addressSize', 64],
  osp: ['operandSize', 0],
  // The mode's other size; see combinePrefixes.
  asp: ['addressSize', 0],
};

const none: Prefixes = {
  repeat: 0,
  lock: false,
  segment: 0,
  operandSize: 0,
  operandByte: false,
  addressSize: 0,
  elided: false,
  bound: false,
  repne: false,
  wait: false,
};

/** Is this lower-case word an instruction prefix? (Segment registers and `wait` are prefixes only before a mnemonic.) */
export function isPrefix(name: string): boolean {
  return Object.hasOwn(table, name) && name !== 'wait';
}

/** Combines the prefixes, or says which two exclude each other. */
export function combinePrefixes(names: readonly string[], bits: number): Prefixes | EncodeError {
  if (names.length === 0) return none;
  const out: Prefixes = { ...none };
  const seen = new Map<Group, string>();
  for (const name of names) {
    const entry = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!entry) return { code: 'prefix', message: `\`${name}\` is not an instruction prefix` };
    const [group, value] = entry;
    const before = seen.get(group);
    if (before !== undefined && before !== name) {
      return { code: 'prefix', message: `prefixes \`${before}\` and \`${name}\` exclude each other` };
    }
    seen.set(group, name);
    if (group === 'lock') out.lock = true;
    else if (group === 'wait') out.wait = true;
    else if (group === 'encoding') out.encoding = name.slice(1, -1) as Prefixes['encoding'];
    else out[group] = value;
    if (name === 'bnd') out.bound = true;
    if (name === 'osp') out.operandByte = true;
    if (name === 'asp') out.addressSize = bits === 32 ? 16 : 32;
    if (name === 'xacquire' || name === 'xrelease') out.elided = true;
    if (name === 'repne' || name === 'repnz') out.repne = true;
  }
  if (bits !== 64 && out.addressSize === 64)
    return { code: 'mode', message: '`a64` exists only in 64-bit mode' };
  if (bits === 64 && out.addressSize === 16) {
    return { code: 'mode', message: '16-bit addresses do not exist in 64-bit mode' };
  }
  return out;
}
