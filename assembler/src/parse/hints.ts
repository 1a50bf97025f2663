/** What to write instead, for words of other assemblers and for frequent slips. */

const PROCEDURE = 'NASM has no procedures: write a label, `name:`, and `ret`';
const NOT_NEEDED = 'NASM does not need that line';
const EXPORT = 'write `global name`';
const TEXTS = 'write `db "text", 0`';

/** By the word, lower case. */
const WORDS: Readonly<Record<string, string>> = {
  ptr: 'NASM writes the size alone: `word [bx]`',
  offset: 'a label without brackets is its address: `mov ax, label`',
  proc: PROCEDURE,
  endp: PROCEDURE,
  assume: NOT_NEEDED,
  end: NOT_NEEDED,
  ends: NOT_NEEDED,
  name: NOT_NEEDED,
  title: NOT_NEEDED,
  '.model': NOT_NEEDED,
  '.stack': 'reserve a stack with `resb` in `section .bss`',
  '.386': 'write `cpu 386`',
  '.486': 'write `cpu 486`',
  '.586': 'write `cpu 586`',
  '.686': 'write `cpu 686`',
  '.code': 'write `section .text`',
  '.text': 'write `section .text`',
  '.data': 'write `section .data`',
  '.data?': 'write `section .bss`',
  '.bss': 'write `section .bss`',
  '.section': 'write `section .text`',
  '.intel_syntax': NOT_NEEDED,
  '.globl': EXPORT,
  '.global': EXPORT,
  public: EXPORT,
  extrn: 'write `extern name`',
  '.extern': 'write `extern name`',
  '.ascii': TEXTS,
  '.asciz': TEXTS,
  '.string': TEXTS,
  '.byte': 'write `db`',
  '.word': 'write `dw`',
  '.long': 'write `dd`',
  '.quad': 'write `dq`',
  '.space': 'write `resb` or `times n db 0`',
  '.align': 'write `align n`',
  '.org': 'write `org`',
  '.code16': 'write `bits 16`',
  '.code32': 'write `bits 32`',
  '.code64': 'write `bits 64`',
  byte: 'bytes are written `db`',
  word: 'words are written `dw`',
  dword: 'doublewords are written `dd`',
  qword: 'quadwords are written `dq`',
  include: 'write `%include "file"`',
  includelib: 'name libraries to the linker',
  macro: 'write `%macro name count` and `%endmacro`',
  endm: 'write `%endmacro`',
  define: 'write `%define`',
  ifdef: 'write `%ifdef`',
  endif: 'write `%endif`',
};

/** The hint about a word, with `; ` before it; empty where there is none. */
export function hintFor(word: string): string {
  const lower = word.toLowerCase();
  if (Object.hasOwn(WORDS, lower)) return `; ${WORDS[lower]}`;
  if (/^[a-f][0-9a-f]*h$/.test(lower)) return `; a hexadecimal number begins with a digit: \`0${word}\``;
  return '';
}

/** The hint about a malformed number, as {@link hintFor}. */
export function numberHint(text: string): string {
  const m = /^0x([0-9a-f]+)h$/i.exec(text);
  if (m) return `; write \`0x${m[1]}\` or \`0${m[1]}h\``;
  if (/^[0-9][0-9a-f]*$/i.test(text)) return `; hexadecimal is \`0x${text}\``;
  return '';
}

/** What is said of a byte-order mark before the first word. */
export const BYTE_ORDER_MARK =
  'the file begins with a byte-order mark, which NASM takes for the beginning of the first word; save it as UTF-8 without one';
