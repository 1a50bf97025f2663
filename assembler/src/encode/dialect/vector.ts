/** MMX, SSE, AVX and AVX-512 where NASM's forms differ from iced-x86's rows. */
import type { Slot } from '../form';
import { add, implied, tweak, tweaks } from './rows';

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

// No REX.W or VEX.W where the upper half of the destination is zero anyway.
tweak('Pextrb_r64m8_xmm_imm8', { operandSize: 0 });
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

tweaks.Bndldx_bnd_mib = { needSib: false };
tweaks.Bndstx_mib_bnd = { needSib: false };
// Of two encodings of the same operands NASM takes the other one than the order of opcodes suggests.
tweaks.VEX_Vmovq_xmm_rm64 = { rank: 15 };
tweaks.VEX_Vmovq_rm64_xmm = { rank: 15 };
tweaks.XOP_Vpperm_xmm_xmm_xmm_xmmm128 = { rank: 5 };
// A narrower register may be named where only its low part counts.
for (const row of ['Pinsrw_mm_r32m16_imm8', 'Pinsrw_xmm_r32m16_imm8']) {
  add('pinsrw', row, {}, ([dest, rm, imm]) => [dest, { ...rm, register: 'r16', memory: false }, imm]);
}
add('kmovb', 'VEX_Kmovb_kr_r32', {}, ([k, rm]) => [k, { ...rm, register: 'r8' }]);
add('kmovw', 'VEX_Kmovw_kr_r32', {}, ([k, rm]) => [k, { ...rm, register: 'r16' }]);
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
tweaks.Movd_mm_rm32 = { assumed: true };
tweaks.Movd_rm32_mm = { assumed: true };
// movd with an MMX register is movq where the other operand says so.
add('movd', 'Movq_mm_rm64');
add('movd', 'Movq_rm64_mm');

// Names of moves of 256 bits.
for (const [name, rows] of [
  ['vmovqqa', ['VEX_Vmovdqa_ymm_ymmm256', 'VEX_Vmovdqa_ymmm256_ymm']],
  ['vmovqqu', ['VEX_Vmovdqu_ymm_ymmm256', 'VEX_Vmovdqu_ymmm256_ymm']],
  ['vldqqu', ['VEX_Vlddqu_ymm_m256']],
  ['vmovntqq', ['VEX_Vmovntdq_m256_ymm']],
] as const) {
  for (const row of rows) add(name, row);
}
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

// The third operand of these is always xmm0.
for (const name of ['Blendvps', 'Blendvpd', 'Pblendvb', 'Sha256rnds2'])
  add(name.toLowerCase(), `${name}_xmm_xmmm128`, name === 'Pblendvb' ? { memorySize: 0 } : {}, ([a, b]) => [
    a,
    b,
    implied('xmm', 0),
  ]);
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
  add(`vpinsr${letter}`, `VEX_Vpinsr${letter}_xmm_xmm_r32m${bits}_imm8`, {}, ([a, b, rm, i]) => [
    a,
    b,
    { ...rm, register, memory: false },
    i,
  ]);
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

add('vpextrb', 'EVEX_Vpextrb_r32m8_xmm_imm8', {}, ([rm, a, i]) => [
  { ...rm, register: 'r16', memory: false },
  a,
  i,
]);
// kmov and kunpck without a size letter are told by their other operand.
for (const [letter, bits] of [
  ['w', 16],
  ['d', 32],
  ['q', 64],
] as const) {
  const memory = { modes: 7 };
  add('kmov', `VEX_Kmov${letter}_kr_km${bits}`, memory, ([k, rm]) => [k, { ...rm, register: undefined }]);
  add('kmov', `VEX_Kmov${letter}_m${bits}_kr`, memory);
}
add('kmov', 'VEX_Kmovw_kr_r32', {}, ([k, rm]) => [k, { ...rm, register: 'r16' }]);
add('kmov', 'VEX_Kmovb_kr_r32', {}, ([k, rm]) => [k, { ...rm, register: 'r8' }]);
add('kmov', 'VEX_Kmovq_kr_r64', { modes: 7 });
add('kmov', 'VEX_Kmovq_r64_kr', { modes: 7 });
tweak('VEX_Kmovb_m8_kr', { assumed: true });
tweak('VEX_Kmovq_kr_r64 VEX_Kmovq_r64_kr VEX_Vpmovmskb_r64_ymm', { modes: 7 });
// The scalar forms read all of the destination's register name.
for (const op of ['V4fmaddss', 'V4fnmaddss'])
  add(op.toLowerCase(), `EVEX_${op}_xmm_k1z_xmmp3_m128`, {}, ([a, b, m]) => [
    { ...a, register: 'zmm' },
    { ...b, register: 'zmm' },
    m,
  ]);
for (const op of ['V4fmaddss', 'V4fnmaddss']) tweaks[`EVEX_${op}_xmm_k1z_xmmp3_m128`] = null;
add('vcvtneps2bf16', 'VEX_Vcvtneps2bf16_xmm_ymmm256', { misread: true }, ([a, b]) => [
  { ...a, register: 'ymm' },
  b,
]);
tweaks.VEX_Vcvtneps2bf16_xmm_ymmm256 = null;
// Stores that NASM encodes with {z}.
for (const op of ['dqa32', 'dqa64', 'dqu8', 'dqu16', 'dqu32', 'dqu64'])
  for (const v of ['xmmm128_k1z_xmm', 'ymmm256_k1z_ymm', 'zmmm512_k1z_zmm'])
    tweak(`EVEX_Vmov${op}_${v}`, { zeroingStore: true });
// Rounding of a conversion from a general register stands behind the second operand.
for (const op of ['si', 'usi'])
  for (const type of ['ss', 'sd'])
    for (const size of [32, 64]) {
      tweak(`EVEX_Vcvt${op}2${type}_xmm_xmm_rm${size}_er`, { roundingAt: 2 });
      tweak(`EVEX_Vcvt${op}2${type}_xmm_xmm_rm${size}`, { roundingAt: 2 });
    }
// MPX: the index may be written as an operand of its own.
for (const size of [32, 64] as const) {
  const index: Slot = { place: 'index', register: `r${size}`, memory: false, bytes: 0, immediateSize: 0 };
  const modes = size === 64 ? 4 : 3;
  const change = { modes, needSib: false };
  add('bndldx', 'Bndldx_bnd_mib', change, ([bnd, mib]) => [bnd, mib, index]);
  add('bndstx', 'Bndstx_mib_bnd', change, ([mib, bnd]) => [mib, index, bnd]);
  add('bndstx', 'Bndstx_mib_bnd', change, ([mib, bnd]) => [mib, bnd, index]);
}
