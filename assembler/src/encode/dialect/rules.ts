/** What holds for all forms of a mnemonic, by its name. */
import type { Form } from '../form';

/** Mnemonics where a sized immediate says the size of an unsized memory operand too. */
export const sizedByImmediate = new Set('mov test add or adc sbb and sub xor cmp'.split(' '));

/** Mnemonics whose memory operand has the mode's own size when none is written. */
export const defaultSized = new Set(['jmp', 'call']);

/** Instructions that NASM encodes only where {vex} asks for it. */
export const onlyWithPrefix = new Set(
  (
    'vpdpbssd vpdpbssds vpdpbsud vpdpbsuds vpdpbuud vpdpbuuds vbcstnebf16ps vbcstnesh2ps vcvtneebf162ps vcvtneeph2ps ' +
    'vcvtneobf162ps vcvtneoph2ps'
  ).split(' '),
);

/** Instructions that read their destination: the first source cannot be left away. */
const neverShortened =
  /^(v4fn?m|vfn?m(add|sub)(add|sub)?\d+[ps][sd]|vmaskmov|vp4dp|v4dp|vpdpb(ss|su|uu)d|vpmadd52|vp?blendm|vgetexps|vgetmants|vperm[it]2|vpternlog|vcvtusi2s)/;

/** May the first source of this form be left away where it is the destination? */
export function isShortened(name: string, form: Form): boolean {
  if (form.space === 'vex' && /^vpdp(bus|wss)ds?$/.test(name)) return false;
  if (form.space === 'evex' && /^vcvtsi2s[sd]$/.test(name)) return false;
  return !neverShortened.test(name);
}

// VEX twins of AVX-512 instructions, to be had with {vex} only.
const evexFirst = new Set(
  'vpdpbusd vpdpbusds vpdpwssd vpdpwssds vpmadd52luq vpmadd52huq vcvtneps2bf16'.split(' '),
);

/** Of these NASM's table gives no size to the immediate of the old forms, so that no keyword may stand before it. */
const unsizedImmediate =
  /^(enter|ps[lr]l[wdq]|psra[wd]|sh[lr]d|pinsrw|pextrw|pshuf[wd]|pshuf[hl]w|palignr|extrq|insertq)$/;

/** MMX instructions where an o64 prefix counts. */
const wideMmx = /^(mov|paddq|maskmov)/;

/** Corrects a form of a mnemonic, in place. */
export function correct(name: string, form: Form): void {
  const mmx = form.slots[0]?.register === 'mmx';
  const early = form.map < 2 || name === 'palignr';
  if (form.space === 'legacy' && early && unsizedImmediate.test(name) && (mmx || !/^ps[lr]/.test(name))) {
    const size = mmx && name === 'palignr' ? 64 : 0;
    form.slots = form.slots.map((s) => (s.immediate === 'plain' ? { ...s, immediateSize: size } : s));
  }
  if (mmx && form.slots[1]?.register === 'mmx' && form.map < 2 && !wideMmx.test(name)) form.o64 = 'ignored';
  // Nothing in NASM keeps registers of 64-bit mode out of an EVEX instruction in other modes.
  if (form.evex || everyMode.has(name)) form.modes = 7;
  if (form.space === 'vex' && evexFirst.has(name)) form.rank = 40;
  const size = Object.hasOwn(memorySizes, name) ? memorySizes[name] : undefined;
  if (
    size !== undefined &&
    (size === 0 || form.slots.length === 1 || form.slots.some((s) => s.register === 'mmx'))
  )
    form.memorySize = size;
}

/** Old instructions that NASM, having no note on the mode, also accepts in 64-bit mode. */
const everyMode = new Set(
  (
    'smintold bb0_reset bb1_reset pmulhrwc cmpxchg486 cpu_read cpu_write dmint ibts loadall loadall286 paddsiw paveb pdistib pfrcpv pfrsqrtv pmachriw pmagw ' +
    'pmulhriw pmvgezb pmvlzb pmvnzb pmvzb psubsiw rdm rdshr rsdc rsldt rsts salc smint svdc svldt svts umov wrshr xbts'
  ).split(' '),
);

/** Mnemonics whose memory operand is written without size, or with the size given here. */
const memorySizes: Record<string, number> = {
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
