import { isMnemonic, isPrefix, isRegister } from '../encode';
import type { SizeKeyword } from '../encode/statement';
import { type Word, wordOf } from '../text/word';

/** Size keywords in bits. */
export const SIZES: ReadonlyMap<string, SizeKeyword> = new Map([
  ['byte', 8],
  ['word', 16],
  ['dword', 32],
  ['qword', 64],
  ['tword', 80],
  ['oword', 128],
  ['yword', 256],
  ['zword', 512],
]);

/** `db` … `dz`: bytes of one element. */
export const DATA: ReadonlyMap<string, number> = new Map([
  ['db', 1],
  ['dw', 2],
  ['dd', 4],
  ['dq', 8],
  ['dt', 10],
  ['do', 16],
  ['ddq', 16],
  ['dy', 32],
  ['dz', 64],
]);

/** `resb` … `resz`: bytes of one element. */
export const RESERVE: ReadonlyMap<string, number> = new Map([
  ['resb', 1],
  ['resw', 2],
  ['resd', 4],
  ['resq', 8],
  ['rest', 10],
  ['reso', 16],
  ['resdq', 16],
  ['resy', 32],
  ['resz', 64],
]);

/** Prefixes and the byte each one is; `bits` decides the size overrides. */
export const PREFIX_BYTES: ReadonlyMap<string, number> = new Map([
  ['lock', 0xf0],
  ['rep', 0xf3],
  ['repe', 0xf3],
  ['repz', 0xf3],
  ['repne', 0xf2],
  ['repnz', 0xf2],
  ['xacquire', 0xf2],
  ['xrelease', 0xf3],
  ['bnd', 0xf2],
  ['es', 0x26],
  ['cs', 0x2e],
  ['ss', 0x36],
  ['ds', 0x3e],
  ['fs', 0x64],
  ['gs', 0x65],
  ['wait', 0x9b],
]);

const SIZE_PREFIXES = new Set(['a16', 'a32', 'a64', 'asp', 'o16', 'o32', 'o64', 'osp']);

const SEGMENTS = new Set(['es', 'cs', 'ss', 'ds', 'fs', 'gs']);

/** Other words that cannot be labels (NASM manual 3.1). */
const RESERVED = new Set([
  'long',
  'near',
  'far',
  'short',
  'strict',
  'nosplit',
  'rel',
  'abs',
  'to',
  'seg',
  'wrt',
  '?',
]);

/** Is this lower-case word part of the language, so that a label of that name needs a `$`? */
export function isReserved(word: string): boolean {
  return RESERVED.has(word) || SIZES.has(word) || isRegisterName(word);
}

/** Is this lower-case word a register? */
export function isRegisterName(word: string): boolean {
  return isRegister(word) !== undefined;
}

/** Is this lower-case word a segment register? */
export function isSegmentName(word: string): word is 'es' | 'cs' | 'ss' | 'ds' | 'fs' | 'gs' {
  return SEGMENTS.has(word);
}

/** Is this lower-case word an instruction prefix (segment registers included)? */
export function isPrefixName(word: string): boolean {
  return PREFIX_BYTES.has(word) ? word !== 'wait' : SIZE_PREFIXES.has(word) || isPrefix(word);
}

/** What a word is in this language. */
interface Meaning {
  /** It may start a statement (instruction, data definition, prefix); otherwise it is free for labels. */
  starts: boolean;
  mnemonic: boolean;
  /** An instruction, and nothing else. */
  instruction: boolean;
  /** The operand of this mnemonic is the target of a branch. */
  branch: boolean;
}

/** What a word is, found out once. */
export function meaningOf(word: Word): Meaning {
  word.meaning ??= find(word.lower);
  return word.meaning as Meaning;
}

function find(word: string): Meaning {
  const other =
    DATA.has(word) ||
    RESERVE.has(word) ||
    word === 'times' ||
    word === 'equ' ||
    word === 'incbin' ||
    isPrefixName(word);
  const mnemonic = isMnemonic(word);
  return {
    starts: other || mnemonic,
    mnemonic,
    instruction: mnemonic && !other && word !== 'wait',
    branch: mnemonic && /^(j|call|loop|xbegin)/.test(word),
  };
}

/** May a lower-case word start a statement? */
export function startsStatement(word: string): boolean {
  return meaningOf(wordOf(word)).starts;
}
