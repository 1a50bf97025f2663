/** What holds for all forms of a mnemonic, by its name. */

/** Mnemonics where a sized immediate says the size of an unsized memory operand too. */
export const sizedByImmediate = new Set('mov test add or adc sbb and sub xor cmp'.split(' '));

/** Mnemonics whose memory operand has the mode's own size when none is written. */
export const defaultSized = new Set(['jmp', 'call']);

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
