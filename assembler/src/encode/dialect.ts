/**
 * Where NASM's instruction table differs from iced-x86's: names, operand forms
 * and which of several encodings wins. Everything here was measured against
 * NASM 2.16; test/nasm-bytes.test.ts keeps it so.
 */
import type { Form, Slot } from './form';

/** NASM name → iced-x86 name with the same forms. */
export const aliases: Record<string, string> = {
  sal: 'shl',
  fwait: 'wait',
  xlat: 'xlatb',
  retn: 'ret',
  icebp: 'int1',
  int01: 'int1',
  int03: 'int3',
  loopz: 'loope',
  loopnz: 'loopne',
};

/** Condition names that iced-x86 does not use → the one it uses. */
const conditionAliases: Record<string, string> = {
  z: 'e',
  nz: 'ne',
  c: 'b',
  nae: 'b',
  nb: 'ae',
  nc: 'ae',
  na: 'be',
  nbe: 'a',
  pe: 'p',
  po: 'np',
  nge: 'l',
  nl: 'ge',
  ng: 'le',
  nle: 'g',
};
for (const [alias, name] of Object.entries(conditionAliases)) {
  for (const stem of ['j', 'set', 'cmov']) aliases[stem + alias] = stem + name;
}

/** iced-x86 names that NASM does not know. */
export const unknown = new Set<string>(['sysretq', 'sysexitq', 'invalid']);

/** Corrections to rows, by iced-x86's name of the row; a null removes the row. */
export const tweaks: Record<string, Partial<Form> | null> = {};

/** Rows that NASM has in addition: made from an iced-x86 row. */
export interface Addition {
  mnemonic: string;
  from: string;
  change: Partial<Form>;
  /** New operand list, from the row's own. */
  slots?: (slots: Slot[]) => Slot[];
}

/** See {@link Addition}. */
export const additions: Addition[] = [];

function add(mnemonic: string, from: string, change: Partial<Form> = {}, slots?: Addition['slots']) {
  additions.push({ mnemonic, from, change, slots });
}

// Segment registers: their size does not depend on the operand size.
tweaks.Mov_Sreg_rm16 = { operandSize: 0 };
tweaks.Mov_Sreg_r32m16 = { operandSize: 0 };
tweaks.Mov_Sreg_r64m16 = { operandSize: 0 };
for (const [seg, modes] of [
  ['FS', 7],
  ['GS', 7],
  ['ES', 3],
  ['CS', 3],
  ['SS', 3],
  ['DS', 3],
] as const) {
  for (const op of ['Push', 'Pop']) {
    tweaks[`${op}w_${seg}`] = { operandSize: 0, modes };
    tweaks[`${op}d_${seg}`] = null;
    if (modes === 7) tweaks[`${op}q_${seg}`] = null;
  }
}

// mov r64,imm: 32 bits zero-extended, 32 bits sign-extended, 64 bits, in that order; `dword` asks for the second.
add('mov', 'Mov_r32_imm32', { modes: 4, rank: 1 }, ([reg, imm]) => [
  { ...reg, register: 'r64' },
  { ...imm, immediate: 'fits-u32', immediateSize: 64 },
]);
add('mov', 'Mov_rm64_imm32', { rank: 2 }, ([rm, imm]) => [
  { ...rm, memory: false },
  { ...imm, immediate: 'fits-s32' },
]);
tweaks.Mov_rm64_imm32 = { rank: 20, dword64: true };
tweaks.Pushq_imm32 = { dword64: true };
tweaks.Pushq_imm8 = { dword64: true, rank: 0 };

// Far pointers in memory: the size keyword names the offset part.
for (const op of ['Jmp', 'Call']) {
  for (const size of [16, 32, 64]) {
    tweaks[`${op}_m16${size}`] = { memorySize: size, far: true, rank: size === 64 ? 0 : 10 };
  }
}

// Two-operand imul with an immediate multiplies the register by it.
for (const [size, imm] of [
  [16, 'imm8'],
  [32, 'imm8'],
  [64, 'imm8'],
  [16, 'imm16'],
  [32, 'imm32'],
  [64, 'imm32'],
]) {
  add('imul', `Imul_r${size}_rm${size}_${imm}`, {}, ([reg, , i]) => [{ ...reg, place: 'both' }, i]);
}

// The operand orders that the table has only once.
for (const size of [8, 16, 32, 64]) {
  for (const op of ['Xchg', 'Test']) {
    const name = `${op}_rm${size}_r${size}`;
    add(op.toLowerCase(), name, {}, ([rm, reg]) => [reg, rm]);
  }
  if (size !== 8) {
    const acc = size === 16 ? 'AX' : size === 32 ? 'EAX' : 'RAX';
    add('xchg', `Xchg_r${size}_${acc}`, { rank: 0 }, ([reg, ax]) => [ax, reg]);
    tweaks[`Xchg_r${size}_${acc}`] = { rank: 0 };
  }
}

// x87: `fadd st1` is `fadd st0,st1`, `faddp` is `faddp st1,st0`, `fxch` is `fxch st1`.
for (const op of ['Fadd', 'Fmul', 'Fsub', 'Fsubr', 'Fdiv', 'Fdivr']) {
  const lower = op.toLowerCase();
  add(lower, `${op}_st0_sti`, {}, ([, sti]) => [sti]);
  add(lower, `${op}_sti_st0`, { to: true }, ([sti]) => [sti]);
  add(`${lower}p`, `${op}p_sti_st0`, {}, ([sti]) => [sti]);
  add(`${lower}p`, `${op}p_sti_st0`, { to: true }, ([sti]) => [sti]);
  add(`${lower}p`, `${op}p_sti_st0`, { opcodeOffset: 1 }, () => []);
  add(lower, `${op}p_sti_st0`, { opcodeOffset: 1 }, () => []);
}
for (const op of ['Fcom', 'Fcomp', 'Fucom', 'Fucomp', 'Fcomi', 'Fcomip', 'Fucomi', 'Fucomip', 'Fxch']) {
  const lower = op.toLowerCase();
  add(lower, `${op}_st0_sti`, {}, ([, sti]) => [sti]);
  add(lower, `${op}_st0_sti`, { opcodeOffset: 1 }, () => []);
}
add('fxch', 'Fxch_st0_sti', {}, ([st0, sti]) => [sti, st0]);

// Return, interrupt return and flags with a size in the name; without it the mode decides.
for (const op of ['ret', 'retn']) {
  for (const [suffix, form] of [
    ['w', 'Retnw'],
    ['d', 'Retnd'],
    ['q', 'Retnq'],
  ]) {
    add(op + suffix, form);
    add(op + suffix, `${form}_imm16`);
  }
}
for (const [suffix, form] of [
  ['w', 'Retfw'],
  ['d', 'Retfd'],
  ['q', 'Retfq'],
]) {
  add(`retf${suffix}`, form);
  add(`retf${suffix}`, `${form}_imm16`);
}
add('iretw', 'Iretw');
add('iret', 'Iretd', { operandSize: 0 });
tweaks.Iretw = { rank: 90 };
for (const op of ['push', 'pop']) {
  const Op = op === 'push' ? 'Push' : 'Pop';
  add(`${op}fw`, `${Op}fw`);
  add(`${op}f`, `${Op}fw`, { operandSize: 0, rank: 0 });
  add(`${op}a`, `${Op}aw`, { operandSize: 0, rank: 0 });
  add(`${op}aw`, `${Op}aw`);
}

/** Mnemonics whose memory operand has the mode's own size when none is written. */
export const defaultSized = new Set(['jmp', 'call']);
