/**
 * The macros NASM offers before the first line (manual chapter 6 and section
 * 4.12): user-level directives around the primitive ones in brackets, `struc`,
 * `align`. Written in the dialect itself, so that sources can redefine or wrap
 * them. `[__struc]` and `[__endstruc]` only tell the source map.
 */
export const STANDARD_MACROS = `
%define __?SECT?__ [section .text]
%imacro section 1+.nolist
%xdefine __?SECT?__ [section %1]
__?SECT?__
%endmacro
%imacro segment 1+.nolist
%xdefine __?SECT?__ [segment %1]
__?SECT?__
%endmacro
%imacro absolute 1+.nolist
%xdefine __?SECT?__ [absolute %1]
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
%imacro org 1+.nolist
[org %1]
%endmacro
%imacro default 1+.nolist
[default %1]
%endmacro
%imacro cpu 1+.nolist
[cpu %1]
%endmacro
%imacro float 1+.nolist
[float %1]
%endmacro
%imacro global 1+.nolist
[global %1]
%endmacro
%imacro static 1+.nolist
[static %1]
%endmacro
%imacro extern 1+.nolist
[extern %1]
%endmacro
%imacro required 1+.nolist
[required %1]
%endmacro
%imacro common 1+.nolist
[common %1]
%endmacro
%imacro sectalign 1.nolist
[sectalign %1]
%endmacro
%imacro struc 1-2.nolist 0
%push struc
%define %$strucname %1
[absolute %2]
[__struc %1]
%$strucname:
%endmacro
%imacro endstruc 0.nolist
%{$strucname}_size equ ($-%$strucname)
[__endstruc]
%pop struc
__?SECT?__
%endmacro
%imacro istruc 1.nolist
%push istruc
%define %$strucname %1
%$strucstart:
%endmacro
%imacro at 1-2+.nolist
%defstr %%member %1
%substr %%first %%member 1
%ifidn %%first, '.'
times (%$strucname%1-%$strucname)-($-%$strucstart) db 0
%else
times ((%1)-%$strucname)-($-%$strucstart) db 0
%endif
%2
%endmacro
%imacro iend 0.nolist
times %{$strucname}_size-($-%$strucstart) db 0
%pop istruc
%endmacro
%imacro align 1-2+.nolist nop
[sectalign %1]
times (((%1) - (($-$$) % (%1))) % (%1)) %2
%endmacro
%imacro alignb 1-2+.nolist resb 1
[sectalign %1]
times (((%1) - (($-$$) % (%1))) % (%1)) %2
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
];

/** Bodies of the `%use` packages (manual chapter 7). */
export const PACKAGES: Readonly<Record<string, string>> = {
  altreg: Array.from({ length: 8 }, (_, i) => {
    const base = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'][i];
    const low = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'][i];
    const high = i < 4 ? `%idefine r${i}h ${['ah', 'ch', 'dh', 'bh'][i]}\n` : '';
    return `%idefine r${i} r${base}\n%idefine r${i}d e${base}\n%idefine r${i}w ${base}\n%idefine r${i}l ${low}\n%idefine r${i}b ${low}\n${high}`;
  }).join(''),
  fp: ['8', '16', '32', '64', '80m', '80e', '128l', '128h']
    .map((n) => `%define float${n}(x) __?float${n}?__(x)\n`)
    .join('')
    .concat(
      '%define bfloat16(x) __?bfloat16?__(x)\n%define Inf __?Infinity?__\n%define NaN __?QNaN?__\n%define QNaN __?QNaN?__\n%define SNaN __?SNaN?__\n',
    ),
  ifunc: ['ilog2', 'ilog2e', 'ilog2w', 'ilog2f', 'ilog2c']
    .map((n) => `%define ${n}(x) __?${n}?__(x)\n`)
    .join(''),
};
