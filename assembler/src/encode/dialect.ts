/**
 * Where NASM's instruction table differs from iced-x86's in operand forms and
 * in which of several encodings wins (for names see names.ts). Everything here was measured against
 * NASM 2.16; test/nasm-bytes.test.ts keeps it so.
 */
import type { Form, Slot } from './form';
import type { RegisterClass } from './registers';

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
    add(op.toLowerCase(), name, { rank: op === 'Xchg' ? 5 : 10 }, ([rm, reg]) => [reg, rm]);
  }
  if (size !== 8) {
    const acc = size === 16 ? 'AX' : size === 32 ? 'EAX' : 'RAX';
    // 90 alone is nop, which in 64-bit mode does not clear the upper half of rax as `xchg eax,eax` must.
    const except64 = size === 32 ? 0 : undefined;
    add('xchg', `Xchg_r${size}_${acc}`, { rank: 0 }, ([reg, ax]) => [ax, { ...reg, except64 }]);
    add('xchg', `Xchg_r${size}_${acc}`, { rank: 0 }, ([reg, ax]) => [{ ...reg, except64 }, ax]);
    tweaks[`Xchg_r${size}_${acc}`] = null;
  }
}

// x87: `fadd st1` is `fadd st0,st1`, `faddp` is `faddp st1,st0`, `fxch` is `fxch st1`.
for (const op of ['Fadd', 'Fmul', 'Fsub', 'Fsubr', 'Fdiv', 'Fdivr']) {
  const lower = op.toLowerCase();
  add(lower, `${op}_st0_sti`, {}, ([, sti]) => [sti]);
  add(lower, `${op}_sti_st0`, { to: true }, ([sti]) => [sti]);
  tweaks[`${op}_sti_st0`] = { rank: 5 };
  add(`${lower}p`, `${op}p_sti_st0`, {}, ([sti]) => [sti]);
  add(`${lower}p`, `${op}p_sti_st0`, { opcodeOffset: 1 }, () => []);
  add(lower, `${op}p_sti_st0`, { opcodeOffset: 1 }, () => []);
}
for (const op of ['Fcom', 'Fcomp', 'Fucom', 'Fucomp', 'Fcomi', 'Fcomip', 'Fucomi', 'Fucomip', 'Fxch']) {
  const lower = op.toLowerCase();
  add(lower, `${op}_st0_sti`, {}, ([, sti]) => [sti]);
  add(lower, `${op}_st0_sti`, { opcodeOffset: 1 }, () => []);
}
for (const op of ['b', 'e', 'be', 'u', 'nb', 'ne', 'nbe', 'nu']) {
  add(`fcmov${op}`, `Fcmov${op}_st0_sti`, {}, ([, sti]) => [sti]);
  add(`fcmov${op}`, `Fcmov${op}_st0_sti`, { opcodeOffset: 1 }, () => []);
}
for (const op of ['Fst', 'Fstp', 'Fld']) {
  add(op.toLowerCase(), `${op}_sti`, { opcodeOffset: 1 }, () => []);
}
add('ffree', 'Ffree_sti', { opcodeOffset: 1 }, () => []);
add('ffreep', 'Ffreep_sti', { opcodeOffset: 1 }, () => []);
add('aad', 'Aad_imm8', { impliedImmediate: 10 }, () => []);
add('aam', 'Aam_imm8', { impliedImmediate: 10 }, () => []);
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

/** Mnemonics where a sized immediate says the size of an unsized memory operand too. */
export const sizedByImmediate = new Set('mov test add or adc sbb and sub xor cmp'.split(' '));

/** Mnemonics whose memory operand has the mode's own size when none is written. */
export const defaultSized = new Set(['jmp', 'call']);

// lea looks at the address only, so any size before it is meaningless and accepted.
for (const size of [16, 32, 64]) tweaks[`Lea_r${size}_m`] = { anySize: true };
// movzx to 16 bits reads a byte: the row that would copy 16 bits to 16 bits is not in NASM's table.
tweaks.Movzx_r16_rm16 = null;
tweaks.Movsx_r16_rm16 = null;
// Near branches are 64-bit in 64-bit mode (SDM vol. 2, CALL and JMP: r/m16 is not encodable there on Intel processors).
for (const op of ['Jmp', 'Call']) {
  tweaks[`${op}_rm16`] = { modes: 3 };
  tweaks[`${op}_rel16`] = { modes: 3, sizedTarget: true };
  tweaks[`${op}_rel32_32`] = { sizedTarget: true };
}
// A far pointer without size is the widest of the mode, 16:64 in 64-bit mode.
for (const op of ['Jmp', 'Call'])
  tweaks[`${op}_m1664`] = { memorySize: 64, far: true, rank: 0, preferred: true };

// Without a size keyword these take 32 bits (or 128 of a vector).
for (const name of [
  'Cvtsi2ss_xmm_rm32',
  'Cvtsi2sd_xmm_rm32',
  'VEX_Vcvtsi2ss_xmm_xmm_rm32',
  'VEX_Vcvtsi2sd_xmm_xmm_rm32',
  'VEX_Vcvtpd2dq_xmm_xmmm128',
  'VEX_Vcvtpd2ps_xmm_xmmm128',
  'VEX_Vcvttpd2dq_xmm_xmmm128',
]) {
  tweaks[name] = { assumed: true };
}

// Rows NASM does not have, or has under another name.
for (const name of [
  'Bswap_r16',
  'Cmpxchg486_rm8_r8',
  'Cmpxchg486_rm16_r16',
  'Cmpxchg486_rm32_r32',
  'Movsxd_r16_rm16',
  'Loadall286',
  'Arpl_r32m16_r32',
  'Tpause_r64',
  'Umwait_r64',
  'Pmovmskb_r64_mm',
  'Pmovmskb_r64_xmm',
  'Pextrw_r64_mm_imm8',
  'Pinsrw_mm_r64m16_imm8',
  'Movsxd_r32_rm32',
  'Pinsrb_xmm_r64m8_imm8',
  'VEX_Vpinsrb_xmm_xmm_r64m8_imm8',
  'VEX_Vpinsrw_xmm_xmm_r64m16_imm8',
  'EVEX_Vpinsrb_xmm_xmm_r64m8_imm8',
  'EVEX_Vpinsrw_xmm_xmm_r64m16_imm8',
]) {
  tweaks[name] = null;
}
add('loadall286', 'Loadall286');
add('pmulhrwa', 'D3NOW_Pmulhrw_mm_mmm64');
add('pmulhrwc', 'Cyrix_Pmulhrw_mm_mmm64');
for (const [size, rm] of [
  [8, 'r8'],
  [16, 'r16'],
  [32, 'r32'],
]) {
  add('cmpxchg486', `Cmpxchg486_rm${size}_${rm}`);
}

// Loads of system registers take a 16-bit operand only and no operand-size prefix.
for (const op of ['Verr', 'Verw', 'Ltr', 'Lldt', 'Lmsw']) {
  tweaks[`${op}_rm16`] = { operandSize: 0 };
  tweaks[`${op}_r32m16`] = null;
  tweaks[`${op}_r64m16`] = null;
}
tweaks.Sldt_r64m16 = { operandSize: 0 };

// No REX.W or VEX.W where the upper half of the destination is zero anyway.
tweaks.Pextrb_r64m8_xmm_imm8 = { operandSize: 0 };
for (const name of [
  'VEX_Vpextrb_r64m8_xmm_imm8',
  'VEX_Vpextrw_r64_xmm_imm8',
  'VEX_Vpmovmskb_r64_xmm',
  'VEX_Vpmovmskb_r64_ymm',
  'VEX_Vmovmskps_r64_xmm',
  'VEX_Vmovmskps_r64_ymm',
  'VEX_Vmovmskpd_r64_xmm',
  'VEX_Vmovmskpd_r64_ymm',
]) {
  tweaks[name] = { w: 0 };
}

// 16-bit mode needs 66 here, as for any 32-bit register.
for (const name of ['Incsspd_r32', 'Rdsspd_r32', 'Wrssd_m32_r32', 'Rdshr_rm32', 'Wrshr_rm32'])
  tweaks[name] = { operandSize: 32 };

// The modes in which NASM accepts an instruction.
for (const name of ['Wrpkru', 'Rdpkru', 'Wrmsrns', 'Skinit']) tweaks[name] = { modes: 4 };
tweaks.Rdpid_r32 = { modes: 7 };
tweaks.Rmpadjust = { modes: 7 };
tweaks.Popw_CS = { operandSize: 0, modes: 7 };

tweaks.Fsetpm = { wait: false };
tweaks.Arpl_rm16_r16 = { operandSize: 0 };
tweaks.Invpcid_r64_m128 = { operandSize: 64, default64: false };
tweaks.Bndldx_bnd_mib = { needSib: false };
tweaks.Bndstx_mib_bnd = { needSib: false };
// Of two encodings of the same operands NASM takes the other one than the order of opcodes suggests.
tweaks.VEX_Vmovq_xmm_rm64 = { rank: 15 };
tweaks.VEX_Vmovq_rm64_xmm = { rank: 15 };
tweaks.XOP_Vpperm_xmm_xmm_xmm_xmmm128 = { rank: 5 };
// Storing a segment register: 16 bits, or 64 when the memory says so.
tweaks.Mov_rm16_Sreg = { assumed: true };
tweaks.Mov_r32m16_Sreg = { assumed: true };
tweaks.Mov_r64m16_Sreg = null;
add('mov', 'Mov_r64m16_Sreg', { operandSize: 0 }, ([rm, seg]) => [{ ...rm, memory: false }, seg]);
add('mov', 'Mov_r64m16_Sreg', { memorySize: 64 }, ([rm, seg]) => [{ ...rm, register: undefined }, seg]);
add('movsx', 'Movsxd_r64_rm32');
add('mov', 'Mov_Sreg_r64m16', { memorySize: 64, operandSize: 64 }, ([seg, rm]) => [
  seg,
  { ...rm, register: undefined },
]);
tweaks.Mov_Sreg_rm16 = { operandSize: 0, assumed: true };
tweaks.Mov_Sreg_r32m16 = { operandSize: 0, assumed: true };
tweaks.Mov_Sreg_r64m16 = { operandSize: 0, assumed: true };
// Access rights and limits: the selector may be in a register of any size.
for (const op of ['Lar', 'Lsl']) {
  for (const [size, row] of [
    [16, `${op}_r16_rm16`],
    [32, `${op}_r32_r32m16`],
    [64, `${op}_r64_r64m16`],
  ] as const) {
    for (const source of [16, 32, 64] as const) {
      if (source === size) continue;
      add(op.toLowerCase(), row, {}, ([reg, rm]) => [reg, { ...rm, register: `r${source}`, memory: false }]);
    }
  }
}
// A narrower register may be named where only its low part counts.
for (const row of ['Pinsrw_mm_r32m16_imm8', 'Pinsrw_xmm_r32m16_imm8']) {
  add('pinsrw', row, {}, ([dest, rm, imm]) => [dest, { ...rm, register: 'r16', memory: false }, imm]);
}
add('kmovb', 'VEX_Kmovb_kr_r32', {}, ([k, rm]) => [k, { ...rm, register: 'r8' }]);
add('kmovw', 'VEX_Kmovw_kr_r32', {}, ([k, rm]) => [k, { ...rm, register: 'r16' }]);
// Loops count in the address-size register, which may be written.
for (const [op, names] of [
  ['Loop', ['loop']],
  ['Loope', ['loope', 'loopz']],
  ['Loopne', ['loopne', 'loopnz']],
] as const) {
  for (const bits of [16, 32, 64]) {
    for (const [counter, register] of [
      ['CX', 'r16'],
      ['ECX', 'r32'],
      ['RCX', 'r64'],
    ] as const) {
      const row = `${op}_rel8_${bits}_${counter}`;
      tweaks[row] = { onlyShort: true };
      for (const name of names) {
        add(name, row, { onlyShort: true }, ([rel]) => [
          rel,
          { ...rel, place: 'fixed', bytes: 0, register, only: 1 },
        ]);
      }
    }
  }
}
for (const op of ['Jcxz', 'Jecxz', 'Jrcxz']) {
  for (const bits of [16, 32, 64]) tweaks[`${op}_rel8_${bits}`] = { onlyShort: true };
}
// Memory whose size NASM's table does not know, so that no keyword is accepted.
for (const name of [
  'Palignr_xmm_xmmm128_imm8',
  'Pshufw_mm_mmm64_imm8',
  'Pshufd_xmm_xmmm128_imm8',
  'Pshufhw_xmm_xmmm128_imm8',
  'Pshuflw_xmm_xmmm128_imm8',
]) {
  tweaks[name] = { memorySize: 0 };
}
tweaks.Pmuludq_mm_mmm64 = { memorySize: 128 };
tweaks.Psubq_mm_mmm64 = { memorySize: 128 };
tweaks.Cmpsd_xmm_xmmm64_imm8 = { memorySize: 128 };
tweaks.VEX_Vcmpss_xmm_xmm_xmmm32_imm8 = { memorySize: 64 };
// `retw 8` comes without its 66 outside 16-bit mode.
for (const a of additions)
  if (a.mnemonic === 'retw' && a.from === 'Retnw_imm16') a.change = { operandSize: 0 };

tweaks.Movd_mm_rm32 = { assumed: true };
tweaks.Movd_rm32_mm = { assumed: true };
// movd with an MMX register is movq where the other operand says so.
add('movd', 'Movq_mm_rm64');
add('movd', 'Movq_rm64_mm');

// NASM's names for all reserved no-operations: 0F 18 to 0F 1F, with a digit.
for (let n = 0; n < 64; n++) {
  for (const size of [16, 32, 64])
    add(`hint_nop${n}`, `Nop_rm${size}`, { opcode: 0x18 + (n >> 3), digit: n & 7 });
}
// Names of moves of 256 bits.
for (const [name, rows] of [
  ['vmovqqa', ['VEX_Vmovdqa_ymm_ymmm256', 'VEX_Vmovdqa_ymmm256_ymm']],
  ['vmovqqu', ['VEX_Vmovdqu_ymm_ymmm256', 'VEX_Vmovdqu_ymmm256_ymm']],
  ['vldqqu', ['VEX_Vlddqu_ymm_m256']],
  ['vmovntqq', ['VEX_Vmovntdq_m256_ymm']],
] as const) {
  for (const row of rows) add(name, row);
}
add('smi', 'Int1');
add('smintold', 'Smint_0F7E');
// The EVEX forms that store an element take 64-bit registers without EVEX.W.
for (const name of [
  'EVEX_Vpextrb_r64m8_xmm_imm8',
  'EVEX_Vpextrw_r64m16_xmm_imm8',
  'EVEX_Vextractps_r64m32_xmm_imm8',
]) {
  tweaks[name] = { w: 0 };
}
for (const name of [
  'EVEX_Vpextrw_r32_xmm_imm8',
  'EVEX_Vpextrw_r64_xmm_imm8',
  'VEX_Vextractps_r64m32_xmm_imm8',
]) {
  tweaks[name] = null;
}

/** An operand that the opcode implies and that may be written nevertheless. */
function implied(register: RegisterClass, only: number): Slot {
  return { place: 'fixed', register, only, memory: false, bytes: 0, immediateSize: 0 };
}

// The third operand of these is always xmm0.
for (const name of ['Blendvps', 'Blendvpd', 'Pblendvb', 'Sha256rnds2'])
  add(name.toLowerCase(), `${name}_xmm_xmmm128`, {}, ([a, b]) => [a, b, implied('xmm', 0)]);
// Addresses and arguments in fixed registers; the address register decides on the 67.
for (const [suffix, register] of [
  ['w', 'r16'],
  ['d', 'r32'],
  ['q', 'r64'],
] as const) {
  add('invlpga', `Invlpga${suffix}`, {}, () => [implied(register, 0), implied('r32', 1)]);
  add('clzero', `Clzero${suffix}`, {}, () => [implied(register, 0)]);
}
for (const [name, row, register, modes] of [
  ['monitor', 'Monitord', 'r32', 3],
  ['monitor', 'Monitord', 'r64', 4],
  ['monitorx', 'Monitorxd', 'r32', 7],
  ['monitorx', 'Monitorxd', 'r64', 4],
] as const) {
  const operands = () => [implied(register, 0), implied('r32', 1), implied('r32', 2)];
  add(name, row, { modes, addressSize: 0 }, operands);
}
add('mwait', 'Mwait', {}, () => [implied('r32', 0), implied('r32', 1)]);
add('mwaitx', 'Mwaitx', {}, () => [implied('r32', 0), implied('r32', 1)]);
for (const name of ['Umwait', 'Tpause'])
  add(name.toLowerCase(), `${name}_r32`, {}, ([r]) => [r, implied('r32', 2), implied('r32', 0)]);
add('hreset', 'Hreset_imm8', {}, ([imm]) => [imm, implied('r32', 0)]);
// Bytes and words of registers where the table only has the whole register.
add('pinsrb', 'Pinsrb_xmm_r32m8_imm8', {}, ([a, rm, i]) => [
  a,
  { ...rm, register: 'r8', memory: false, whole: true },
  i,
]);
for (const [letter, bits] of [
  ['b', 8],
  ['w', 16],
] as const) {
  const register = `r${bits}` as const;
  for (const space of ['VEX', 'EVEX']) {
    add(`vpinsr${letter}`, `${space}_Vpinsr${letter}_xmm_xmm_r32m${bits}_imm8`, {}, ([a, b, rm, i]) => [
      a,
      b,
      { ...rm, register, memory: false },
      i,
    ]);
  }
  add(`vpextr${letter}`, `EVEX_Vpextr${letter}_r32m${bits}_xmm_imm8`, {}, ([rm, a, i]) => [
    { ...rm, register, memory: false },
    a,
    i,
  ]);
  // A broadcast may name the whole register or any part of it.
  for (const vector of ['xmm', 'ymm', 'zmm']) {
    for (const source of ['r8', 'r16', 'r64'] as const) {
      if (source === 'r8' && letter === 'w') continue;
      const row = `EVEX_Vpbroadcast${letter}_${vector}_k1z_r32`;
      add(`vpbroadcast${letter}`, row, source === 'r64' ? { modes: 4 } : {}, ([a, rm]) => [
        a,
        { ...rm, register: source, memory: false },
      ]);
    }
  }
}
add('vpextrd', 'VEX_Vpextrd_rm32_xmm_imm8', { modes: 4 }, ([rm, a, i]) => [
  { ...rm, register: 'r64', memory: false },
  a,
  i,
]);

/** Instructions that NASM encodes only where {vex} asks for it. */
export const onlyWithPrefix = new Set('vpdpbssd vpdpbssds vpdpbsud vpdpbsuds vpdpbuud vpdpbuuds'.split(' '));

/** Instructions that read their destination: the first source cannot be left away. */
export const neverShortened =
  /^(v4?fn?m(add|sub)|vmaskmov|vpmaskmov|vpdpb|vpdpw|vpmadd52|vp?blendm|vgetexps|vgetmants|vperm[it]2|vpternlog|vcvtusi2s)/;

// VEX twins of AVX-512 instructions, to be had with {vex} only.
export const evexFirst = new Set(
  'vpdpbusd vpdpbusds vpdpwssd vpdpwssds vpmadd52luq vpmadd52huq vcvtneps2bf16'.split(' '),
);

/** Old instructions that NASM, having no note on the mode, also accepts in 64-bit mode. */
export const everyMode = new Set(
  (
    'bb0_reset bb1_reset pmulhrwc cmpxchg486 cpu_read cpu_write dmint ibts loadall loadall286 paddsiw paveb pdistib pfrcpv pfrsqrtv pmachriw pmagw ' +
    'pmulhriw pmvgezb pmvlzb pmvnzb pmvzb psubsiw rdm rdshr rsdc rsldt rsts salc smint svdc svldt svts umov wrshr xbts'
  ).split(' '),
);

/** Mnemonics whose memory operand is written without size, or with the size given here. */
export const memorySizes: Record<string, number> = {
  punpcklbw: 64,
  punpcklwd: 64,
  punpckldq: 64,
  prefetch: 64,
  prefetchw: 64,
};
for (const name of (
  'lds les lfs lgs lss bound bndcl bndcu bndcn bndmk bndmov bndldx bndstx clflush clflushopt clwb cldemote ' +
  'vmptrld vmptrst vmxon vmclear ' +
  'sgdt sidt lgdt lidt pdistib pmachriw'
).split(' ')) {
  memorySizes[name] = 0;
}
