/** Integer, stack, branch and system instructions where NASM's forms differ from iced-x86's rows. */
import type { Form } from '../form';
import { add, additions, implied, tweak, tweaks } from './rows';

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
add('mov', 'Mov_r32_imm32', { modes: 4, rank: 1, o64: 'ignored' }, ([reg, imm]) => [
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

for (const size of [16, 32])
  tweak(`Jmpe_disp${size} Jmpe_rm${size}`, { modes: 7, noDistance: true, sizedTarget: true });

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
  // A `dword` is as good as the 32 bits that are extended.
  if (imm === 'imm32' && size === 64) tweak('Imul_r64_rm64_imm32', { dword64: true });
  add(
    'imul',
    `Imul_r${size}_rm${size}_${imm}`,
    imm === 'imm32' && size === 64 ? { dword64: true } : {},
    ([reg, , i]) => [{ ...reg, place: 'both' }, i],
  );
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

add('aad', 'Aad_imm8', { impliedImmediate: 10 }, () => []);
add('aam', 'Aam_imm8', { impliedImmediate: 10 }, () => []);

// Return, interrupt return and flags with a size in the name; without it the mode decides.
for (const op of ['ret', 'retn']) {
  for (const [suffix, form] of [
    ['w', 'Retnw'],
    ['d', 'Retnd'],
    ['q', 'Retnq'],
  ]) {
    const change: Partial<Form> = suffix === 'q' ? { o64: 'ignored' } : {};
    add(op + suffix, form, change);
    add(op + suffix, `${form}_imm16`, change);
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
tweak('Jmp_rel32_64 Call_rel32_64 Xbegin_rel16', { sizedTarget: true });
tweak('Xbegin_rel32', { modes: 3, sizedTarget: true });
add('xbegin', 'Xbegin_rel32', {
  modes: 4,
  operandSize: 64,
  default64: true,
  o64: 'ignored',
  sizedTarget: true,
});
// A far pointer without size is the widest of the mode, 16:64 in 64-bit mode.
for (const op of ['Jmp', 'Call'])
  tweaks[`${op}_m1664`] = { memorySize: 64, far: true, rank: 0, preferred: true };

// Loads of system registers take a 16-bit operand only and no operand-size prefix.
for (const op of ['Verr', 'Verw', 'Ltr', 'Lldt', 'Lmsw']) {
  tweaks[`${op}_rm16`] = { operandSize: 0 };
  tweaks[`${op}_r32m16`] = null;
  tweaks[`${op}_r64m16`] = null;
}
tweaks.Sldt_r64m16 = { operandSize: 0 };

// 16-bit mode needs 66 here, as for any 32-bit register.
for (const name of [
  'Incsspd_r32',
  'Rdsspd_r32',
  'Wrssd_m32_r32',
  'Wrussd_m32_r32',
  'Rdshr_rm32',
  'Wrshr_rm32',
])
  tweaks[name] = { operandSize: 32 };

// The modes in which NASM accepts an instruction.
for (const name of ['Wrpkru', 'Rdpkru', 'Wrmsrns', 'Skinit']) tweaks[name] = { modes: 4 };
tweaks.Rdpid_r32 = { modes: 7 };
tweaks.Rmpadjust = { modes: 7 };
tweaks.Popw_CS = { operandSize: 0, modes: 7 };

tweaks.Arpl_rm16_r16 = { operandSize: 0 };
tweaks.Invpcid_r64_m128 = { operandSize: 64, default64: false };

// Storing a segment register: 16 bits, or 64 when the memory says so.
tweaks.Mov_rm16_Sreg = { assumed: true };
tweaks.Mov_r32m16_Sreg = { assumed: true };
tweaks.Mov_r64m16_Sreg = null;
add('mov', 'Mov_r64m16_Sreg', { operandSize: 0, o64: 'ignored', optimised: true }, ([rm, seg]) => [
  { ...rm, memory: false },
  seg,
]);
add('mov', 'Mov_r64m16_Sreg', { memorySize: 64 }, ([rm, seg]) => [{ ...rm, register: undefined }, seg]);
add('movsx', 'Movsxd_r64_rm32');
add('mov', 'Mov_Sreg_r64m16', { memorySize: 64, operandSize: 64 }, ([seg, rm]) => [
  seg,
  { ...rm, register: undefined },
]);
tweaks.Mov_Sreg_rm16 = { operandSize: 0, assumed: true, optimised: true };
tweaks.Mov_Sreg_r32m16 = { operandSize: 0, assumed: true, optimised: true };
tweaks.Mov_Sreg_r64m16 = { operandSize: 0, assumed: true, o64: 'ignored', optimised: true };
// Without optimisation the register's size is written even where it means nothing.
for (const [row, operandSize] of [
  ['Mov_Sreg_rm16', 16],
  ['Mov_Sreg_r32m16', 32],
  ['Mov_Sreg_r64m16', 64],
] as const) {
  add('mov', row, { operandSize, rank: 50 }, ([seg, rm]) => [seg, { ...rm, memory: false }]);
}
add('mov', 'Mov_r64m16_Sreg', { operandSize: 64, rank: 50 }, ([rm, seg]) => [{ ...rm, memory: false }, seg]);
// Access rights and limits: the selector may be in a register of any size.
for (const op of ['Lar', 'Lsl']) {
  for (const [size, row] of [
    [16, `${op}_r16_rm16`],
    [32, `${op}_r32_r32m16`],
    [64, `${op}_r64_r64m16`],
  ] as const) {
    for (const source of [16, 32, 64] as const) {
      if (source === size) continue;
      const change: Partial<Form> = source === 64 ? { o64: 'ignored' } : {};
      add(op.toLowerCase(), row, change, ([reg, rm]) => [
        reg,
        { ...rm, register: `r${source}`, memory: false },
      ]);
    }
  }
}
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
// `retw 8` comes without its 66 outside 16-bit mode.
for (const a of additions)
  if (a.mnemonic === 'retw' && a.from === 'Retnw_imm16') a.change = { operandSize: 0 };

// NASM's names for all reserved no-operations: 0F 18 to 0F 1F, with a digit.
for (let n = 0; n < 64; n++) {
  for (const size of [16, 32, 64])
    add(`hint_nop${n}`, `Nop_rm${size}`, { opcode: 0x18 + (n >> 3), digit: n & 7 });
}
add('smi', 'Int1');
add('smintold', 'Smint_0F7E');

// Addresses and arguments in fixed registers; the address register decides on the 67.
for (const [suffix, register] of [
  ['w', 'r16'],
  ['d', 'r32'],
  ['q', 'r64'],
] as const) {
  add('invlpga', `Invlpga${suffix}`, { o64: 'ignored' }, () => [implied(register, 0), implied('r32', 1)]);
  add('clzero', `Clzero${suffix}`, {}, () => [implied(register, 0)]);
}
for (const [name, row, register, modes] of [
  ['monitor', 'Monitord', 'r32', 3],
  ['monitor', 'Monitord', 'r64', 4],
  ['monitorx', 'Monitorxd', 'r16', 7],
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
// All prefixes stand behind the F3 of these, and another repetition replaces it.
for (const op of ['ecb', 'cbc', 'ctr', 'cfb', 'ofb'])
  tweak(`Xcrypt${op}_16 Xcrypt${op}_32 Xcrypt${op}_64`, { prefix: 0, repeat: 0xf3 });
for (const op of ['Montmul', 'Xsha1', 'Xsha256'])
  tweak(`${op}_16 ${op}_32 ${op}_64`, { prefix: 0, repeat: 0xf3 });
// The instruction is its prefix, so other prefixes follow it.
tweak('Wait', { wait: true, opcodeLength: 0 });
add('ud1', 'Ud1_r32_rm32', { operandSize: 0, hasModRm: false }, () => []);
// Bytes of NASM 2.16 that a processor takes for something else.
tweak('Vmgexit', { prefix: 0xf2, opcode: 0x1c1, misread: true });
tweaks.Vmgexit_F2 = null;
tweak('Ptwrite_rm32 Ptwrite_rm64', { prefix: 0, misread: true });
for (const op of ['Enqcmd', 'Enqcmds']) {
  tweaks[`${op}_r64_m512`] = { operandSize: 64, default64: false };
  tweaks[`${op}_r32_m512`] = { modes: 4 };
  for (const size of [16, 32]) {
    const misread = size === 32;
    add(op.toLowerCase(), `${op}_r${size}_m512`, { modes: 3, addressSize: 16, misread });
  }
  tweaks[`${op}_r16_m512`] = null;
}

add('hreset', 'Hreset_imm8', {}, ([imm]) => [imm, implied('r32', 0)]);

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
add('pmulhrwc', 'Pmulhrw_mm_mmm64');
for (const [size, rm] of [
  [8, 'r8'],
  [16, 'r16'],
  [32, 'r32'],
]) {
  add('cmpxchg486', `Cmpxchg486_rm${size}_${rm}`);
}

// What an o64 prefix does where the operand size is 64 bits anyway: it adds REX.W, or NASM leaves it away.
tweak('Enterq_imm16_imm8 Leaveq Popfq Pushfq Lgdt_m1664 Lidt_m1664 Sgdt_m1664 Sidt_m1664', {
  o64: 'rex',
});
tweak(
  'Vmread_rm64_r64 Vmwrite_r64_rm64 Invept_r64_m128 Invvpid_r64_m128 Bndcl_bnd_rm64 Bndcu_bnd_rm64 Bndcn_bnd_rm64 Rdpid_r64 ' +
    'Umonitor_r64 Sldt_r64m16 Pextrb_r64m8_xmm_imm8 Jmp_rm64 Call_rm64 Jrcxz_rel8_64',
  { o64: 'ignored' },
);
