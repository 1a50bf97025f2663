/**
 * The macros NASM offers before the first line (manual chapter 6 and section
 * 4.12): user-level directives around the primitive ones in brackets, `struc`,
 * `align`. Written in the dialect itself, so that sources can redefine or wrap
 * them. `[__struc]` and `[__endstruc]` only tell the source map.
 */
export const STANDARD_MACROS = `
%define __?SECT?__ [section .text]
%imacro section 1+.nolist
%define __?SECT?__ [section %1]
__?SECT?__
%endmacro
%imacro segment 1+.nolist
%define __?SECT?__ [segment %1]
__?SECT?__
%endmacro
%imacro absolute 1+.nolist
%define __?SECT?__ [absolute %1]
__?SECT?__
%endmacro
%imacro bits 1+.nolist
[bits %1]
%endmacro
%imacro use16 0.nolist
[bits 16]
%endmacro
%imacro use32 0.nolist
[bits 32]
%endmacro
%imacro use64 0.nolist
[bits 64]
%endmacro
%imacro default 1+.nolist
[default %1]
%endmacro
%imacro cpu 1+.nolist
[cpu %1]
%endmacro
%define __?FLOAT_DAZ?__ nodaz
%define __?FLOAT_ROUND?__ near
%define __?FLOAT?__ __?FLOAT_DAZ?__,__?FLOAT_ROUND?__
%imacro float 1-*.nolist
%rep %0
[float %1]
%ifidni %1, default
%define __?FLOAT_DAZ?__ nodaz
%define __?FLOAT_ROUND?__ near
%elifidni %1, daz
%define __?FLOAT_DAZ?__ daz
%elifidni %1, nodaz
%define __?FLOAT_DAZ?__ nodaz
%else
%define __?FLOAT_ROUND?__ %1
%endif
%rotate 1
%endrep
%endmacro
%imacro global 1-*.nolist
%rep %0
[global %1]
%rotate 1
%endrep
%endmacro
%imacro static 1-*.nolist
%rep %0
[static %1]
%rotate 1
%endrep
%endmacro
%imacro extern 1-*.nolist
%rep %0
[extern %1]
%rotate 1
%endrep
%endmacro
%imacro required 1-*.nolist
%rep %0
[required %1]
%rotate 1
%endrep
%endmacro
%imacro common 1-*.nolist
%rep %0
[common %1]
%rotate 1
%endrep
%endmacro
%imacro userel 0.nolist
[default rel]
%endmacro
%imacro useabs 0.nolist
[default abs]
%endmacro
%imacro usebnd 0.nolist
[default bnd]
%endmacro
%imacro usenobnd 0.nolist
[default nobnd]
%endmacro
%define __?SECTALIGN_ALIGN_UPDATES_SECTION?__ 1
%imacro sectalign 1+.nolist
%ifidni %1,off
%define __?SECTALIGN_ALIGN_UPDATES_SECTION?__ 0
%elifidni %1,on
%define __?SECTALIGN_ALIGN_UPDATES_SECTION?__ 1
%else
[sectalign %1]
%endif
%endmacro
%imacro struc 1-2.nolist 0
%push
%define %$strucname %1
[absolute %2]
[__struc %1]
%$strucname:
%endmacro
%imacro endstruc 0.nolist
%{$strucname}_size equ ($-%$strucname)
[__endstruc]
%pop
__?SECT?__
%endmacro
%imacro istruc 1.nolist
%push
%define %$strucname %1
%$strucstart:
%endmacro
%imacro at 1-2+.nolist
%defstr %$member %1
%substr %$member1 %$member 1
%ifidn %$member1, '.'
times (%$strucname%1-%$strucname)-($-%$strucstart) db 0
%else
times (%1-%$strucname)-($-%$strucstart) db 0
%endif
%2
%endmacro
%imacro iend 0.nolist
times %{$strucname}_size-($-%$strucstart) db 0
%pop
%endmacro
%imacro align 1-2+.nolist nop
%if __?SECTALIGN_ALIGN_UPDATES_SECTION?__
sectalign %1
%endif
times (((%1) - (($-$$) % (%1))) % (%1)) %2
%endmacro
%imacro alignb 1-2+.nolist
%if __?SECTALIGN_ALIGN_UPDATES_SECTION?__
sectalign %1
%endif
%ifempty %2
[warning push]
[warning -zeroing]
resb (((%1) - (($-$$) % (%1))) % (%1))
[warning pop]
%else
times (((%1) - (($-$$) % (%1))) % (%1)) %2
%endif
%endmacro
%define __?NASM_MAJOR?__ 2
%define __?NASM_MINOR?__ 16
%define __?NASM_SUBMINOR?__ 1
%define __?NASM_PATCHLEVEL?__ 0
%define __?NASM_VERSION_ID?__ 0x02100100
%define __?NASM_VER?__ "2.16.01"
%define __?OUTPUT_FORMAT?__ bin
%define __?DEBUG_FORMAT?__ null
`;

/** Macros whose spelling before NASM 2.15 was `__NAME__`. */
export const OLD_SPELLINGS = [
  'SECT',
  'NASM_MAJOR',
  'NASM_MINOR',
  'NASM_SUBMINOR',
  'NASM_PATCHLEVEL',
  'NASM_VERSION_ID',
  'NASM_VER',
  'OUTPUT_FORMAT',
  'DEBUG_FORMAT',
  'FILE',
  'LINE',
  'BITS',
  'PASS',
  'PTR',
  'SECTALIGN_ALIGN_UPDATES_SECTION',
  'FLOAT_DAZ',
  'FLOAT_ROUND',
  'FLOAT',
];

/**
 * Fillers of `alignmode` (manual 5.2): for each number of bytes up to the
 * largest the instructions that do nothing; longer gaps repeat the largest.
 */
const FILLERS: Record<string, Record<number, string>> = {
  generic: {
    16: '90 89f6 8d7400 8db40000 8db4000090 8db4000089ff 8db400008d7d00 8db400008dbd0000',
    32: '90 89f6 8d7600 8d742600 908d742600 8db600000000 8db42600000000',
    64: '90 6690 666690 66666690',
  },
  nop: { 16: '90', 32: '90', 64: '90' },
  k7: {
    16: '90 6690 666690 66666690 8db4000090 8db4000089ff 8db400008d7d00 8db400008dbd0000',
    32: '90 8bc0 8d0420 8d442000 8d44200090 8d8000000000 8d040500000000',
    64: '90 6690 666690 66666690',
  },
  k8: { 16: '90 6690 666690 66666690', 32: '90 6690 666690 66666690', 64: '90 6690 666690 66666690' },
  p6: {
    16: '90 6690 0f1f00 0f1f4000',
    32: '90 6690 0f1f00 0f1f4000 0f1f440000 660f1f440000 0f1f8000000000 0f1f840000000000',
    64: '90 6690 0f1f00 0f1f4000 0f1f440000 660f1f440000 0f1f8000000000 0f1f840000000000',
  },
};

/** The package `smartalign`. */
function smartAlign(): string {
  const lines = ['%imacro alignmode 1-2.nolist'];
  let branch = '%ifidni';
  for (const [mode, byBits] of Object.entries(FILLERS)) {
    lines.push(`${branch} %1, ${mode}`, `%define __?ALIGN_JMP_THRESHOLD?__ ${mode === 'generic' ? 8 : 16}`);
    branch = '%elifidni';
    for (const [bits, fillers] of Object.entries(byBits)) {
      const all = fillers.split(' ');
      lines.push(`%define __?ALIGN_${bits}BIT_GROUP?__ ${all.length}`);
      all.forEach((hex, i) => {
        const bytes = hex.match(/../g)!.map((b) => `0x${b}`);
        lines.push(`%define __?ALIGN_${bits}BIT_${i + 1}B?__ ${bytes.join(',')}`);
      });
    }
  }
  lines.push('%else', '%error unknown alignment mode: %1', '%endif');
  lines.push('%ifempty %2', '%elifidni %2, nojmp', '%define __?ALIGN_JMP_THRESHOLD?__ -1');
  lines.push('%else', '%define __?ALIGN_JMP_THRESHOLD?__ %2', '%endif');
  lines.push('%xdefine __?ALIGNMODE?__ %1,__?ALIGN_JMP_THRESHOLD?__', '%endmacro');
  lines.push('%defalias __ALIGNMODE__ __?ALIGNMODE?__', 'alignmode generic');
  lines.push(
    '%unimacro align 1-2+.nolist',
    '%imacro align 1-2+.nolist',
    'sectalign %1',
    '%ifnempty %2',
    'times (((%1) - (($-$$) % (%1))) % (%1)) %2',
    '%else',
    '%push',
    '%assign %$pad (((%1) - (($-$$) % (%1))) % (%1))',
    '%assign %$limit __?ALIGN_JMP_THRESHOLD?__',
    '%if %$limit != -1 && %$pad > %$limit',
    'jmp %$end',
    'times (((%1) - (($-$$) % (%1))) % (%1)) nop',
    '%else',
    'times (%$pad / __?ALIGN_%[__?BITS?__]BIT_GROUP?__) db __?ALIGN_%[__?BITS?__]BIT_%[__?ALIGN_%[__?BITS?__]BIT_GROUP?__]B?__',
    '%assign %$pad %$pad % __?ALIGN_%[__?BITS?__]BIT_GROUP?__',
    '%if %$pad > 0',
    'db __?ALIGN_%[__?BITS?__]BIT_%[%$pad]B?__',
    '%endif',
    '%endif',
    '%$end:',
    '%pop',
    '%endif',
    '%endmacro',
  );
  return `${lines.join('\n')}\n`;
}

/** The package `masm` (manual 5.5): enough of MASM for the frequent things. */
const MASM = `%idefine ptr __?masm_ptr?__
%idefine flat __?masm_flat?__
%idefine offset
%idefine tbyte tword
%unimacro segment 1+
%imacro segment 0-1+.nolist
%define __?SECT?__ [segment %00 %1]
__?SECT?__
%endmacro
%imacro ends 0+.nolist
%null ends %00
%endmacro
%imacro proc 0-*.nolist
%rep %0
%ifidni %1,far
%idefine ret retf
%else
%idefine ret retn
%endif
%rotate 1
%endrep
%endmacro
%imacro endp 0.nolist
%null endp %00
%undef ret
%endmacro
%imacro end 0+.nolist
%endmacro
default rel
`;

/** Bodies of the `%use` packages (manual chapter 7). */
export const PACKAGES: Readonly<Record<string, string>> = {
  altreg: Array.from({ length: 8 }, (_, i) => {
    const base = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'][i];
    const low = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'][i];
    const high = i < 4 ? `%idefine r${i}h ${['ah', 'ch', 'dh', 'bh'][i]}\n` : '';
    return `%idefine r${i} r${base}\n%idefine r${i}d e${base}\n%idefine r${i}w ${base}\n%idefine r${i}l ${low}\n%idefine r${i}b ${low}\n${high}`;
  })
    .join('')
    .concat(Array.from({ length: 8 }, (_, i) => `%idefine r${i + 8}l r${i + 8}b\n`).join('')),
  smartalign: smartAlign(),
  masm: MASM,
  fp: ['8', '16', '32', '64', '80m', '80e', '128l', '128h']
    .map((n) => `%define float${n}(x) __?float${n}?__(x)\n`)
    .join('')
    .concat(
      '%define bfloat16(x) __?bfloat16?__(x)\n%define Inf __?Infinity?__\n%define NaN __?QNaN?__\n%define QNaN __?QNaN?__\n%define SNaN __?SNaN?__\n' +
        '%imacro bf16 1-*.nolist\n%rep %0\ndw __?bfloat16?__(%1)\n%rotate 1\n%endrep\n%endmacro\n',
    ),
  ifunc: `%idefine ilog2(x) (__?ilog2e?__(x))
%idefine ilog2e(x) (__?ilog2e?__(x))
%idefine ilog2w(x) (__?ilog2w?__(x))
%idefine ilog2f(x) (__?ilog2f?__(x))
%idefine ilog2c(x) (__?ilog2c?__(x))
`,
};
